/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process that is started may reach, by Landlock: files that rules name, and the network or
 * not. It needs no rights to be used, and once on it stays on, for what that process starts too.
 */
#ifndef VHART_CONFINE_H
#define VHART_CONFINE_H

#include <stdbool.h>

enum confine_right {
	CONFINE_READ,
	CONFINE_RUN,   /* and read */
	CONFINE_WRITE, /* and read */
};

/* This kernel has it. */
bool confine_can(void);
/* A file descriptor of rules by which nothing but the network (if NETWORK) is allowed. Negative
 * errno. */
int confine_new(bool network);
/* Allows a file, or all below a folder. One that is not there is left out. 0, or an errno. */
int confine_allow(int rules, const char *path, enum confine_right right);
/* Puts the calling thread, and what it will start, under the rules. System calls only; an errno. */
int confine_enter(int rules);

#endif
