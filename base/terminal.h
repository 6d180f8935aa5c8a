/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other modes of the user's terminal than the shell's, given back on every way out: a normal end,
 * exit(), and signals that kill. The saved state is the process's, as the terminal is.
 */
#ifndef VHART_TERMINAL_H
#define VHART_TERMINAL_H

#include <stdbool.h>

/* Raw mode if standard input is a terminal that is ours to use (foreground). True: it is raw now.
 */
bool terminal_raw(void);
/* The same, but only as raw as single keys take: Ctrl-C stays a signal, output is as ever. */
bool terminal_keys(void);
void terminal_restore(void); /* harmless when neither was asked for */
/* What SIGTSTP does: gives it back, stops the process, and takes it again when it goes on in the
 * foreground. Only after terminal_raw(), or neither. */
void terminal_stop(void);

#endif
