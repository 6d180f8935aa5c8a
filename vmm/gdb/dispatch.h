/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with gdb: its packets and what they mean, over the few things that can be done to a
 * machine (struct gdb_target). All-stop mode; a thread of gdb's is a hart, with the number hart
 * + 1. Pure: who stops harts and owns the connection is in server.c.
 */
#ifndef VHART_GDB_DISPATCH_H
#define VHART_GDB_DISPATCH_H

#include "vmm/gdb/session.h"

/* A gdb has come. The harts are held, for STOP. */
void gdb_session_begin(struct gdb_session *session, const struct gdb_target *target, void *context,
		       const struct gdb_stop *stop);
/*
 * Bytes have come at once, and are taken next. What is behind a packet among them was sent before
 * its reply: a gdb that has waited for two seconds sends its packet again, or a NAK. A second reply
 * would be taken for that to its next packet, so there is none.
 */
void gdb_session_heard(struct gdb_session *session);
/* What came from it; any bytes, in pieces of any size. Nothing is taken any more once it is over.
 */
void gdb_session_take(struct gdb_session *session, const void *bytes, size_t len);
/* Harts that ran are held again. TEXT (NULL: none) is shown to the user first. */
void gdb_session_stopped(struct gdb_session *session, const struct gdb_stop *stop,
			 const char *text);
/* The machine has ended for good, with STATUS. */
void gdb_session_ended(struct gdb_session *session, unsigned int status);

#endif
