/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's `monitor`: the table of verbs (vmm/control/verbs.h). */
#ifndef VHART_GDB_MONITOR_H
#define VHART_GDB_MONITOR_H

#include <stdio.h>

struct control;

/* Does COMMAND, a verb with its arguments, or "help [VERB]"; what it says, or why it cannot be
 * done, goes to OUT. One that waits stops when the peer of GDB_FD is gone. */
void gdb_monitor(struct control *control, int gdb_fd, const char *command, FILE *out);

#endif
