/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server for gdb listens. */
#ifndef VHART_GDB_LISTEN_H
#define VHART_GDB_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether WHERE, as a user gives it, is a port: all digits. */
bool gdb_is_port(const char *where);
/* Listens there; see gdb_server_new(). -1, with words in WHY. ADDRESS is for gdb. */
int gdb_listen(const char *where, char *address, char *why, size_t room);

#endif
