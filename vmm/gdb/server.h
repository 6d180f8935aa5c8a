/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server for gdb: listens at a port of this machine or a socket of this user, and serves one
 * gdb after the other on a thread of its own. A gdb that comes finds the harts held; when it
 * leaves, in whatever way, its breakpoints are gone and the harts run.
 */
#ifndef VHART_GDB_SERVER_H
#define VHART_GDB_SERVER_H

#include <stdbool.h>

#include "vmm/control/control.h"

struct gdb_server;

/*
 * For a machine with CONTROL, before it starts: the server that its config asks for, if it does, in
 * control->gdb, and the verb that opens one later. False after error(). It listens from now on, and
 * says so once there is a machine: a gdb that comes before may have to wait for longer than it
 * does. A machine that is to wait at its first instruction has control->start_paused; the first gdb
 * lets it go.
 */
bool gdb_server_begin(struct control *control);
/*
 * For control->open_gdb, with the machine taken (control_take()): one at WHERE in control->gdb,
 * unless there is one already. WHERE: a number is the port at 127.0.0.1 (0: one that is free), else
 * a path, of mode 0600. SAID: what gdb takes; or, where the answer is false, words that name WHERE
 * and a way out.
 */
bool gdb_server_open(struct control *control, const char *where, char said[CONTROL_ERROR_MAX]);
/* The machine has ended: gdb is told. NULL: nothing. */
void gdb_server_free(struct gdb_server *server);

#endif
