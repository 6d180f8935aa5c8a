/* SPDX-License-Identifier: Apache-2.0 */
/* What is longer than a terminal goes through the user's pager, as git does it. */
#ifndef VHART_PAGER_H
#define VHART_PAGER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct pager {
	FILE *out; /* where to write */
	pid_t process;
};

/*
 * Where standard output is a terminal, starts $VHART_PAGER, else $PAGER, else less, for which
 * $LESS is FRX unless it is set. Where there is none, or it is "cat" or "", OUT is standard output.
 */
void pager_open(struct pager *pager, bool wanted);
/* Until the user has left it. False: OUT took no more, and no pager was left before its end. */
bool pager_close(struct pager *pager, bool written);

/* The words of the environment as the shell is to run them; NULL: none is wanted. */
const char *pager_command(const char *own, const char *general);

#endif
