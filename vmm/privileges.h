/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rights that a program file gives to whoever starts it: set-user-ID, set-group-ID, file
 * capabilities. vhart opens files that its user names, so it must open them with that user's
 * rights.
 */
#ifndef VHART_PRIVILEGES_H
#define VHART_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

/* What is kept of a set of capabilities, bit N for CAP_*: those by which no file is opened. */
uint64_t privileges_kept(uint64_t set);

/*
 * At the very start, before anything is opened and while there is one thread: gives up what came
 * with the program's file, except what is kept. Rights that the user has anyway (root,
 * ambient capabilities) stay. False after error(): an ID came with it, or the kernel refuses.
 */
bool privileges_settle(void);

#endif
