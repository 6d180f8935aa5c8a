/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/session.h"

void gdb_ok(struct gdb_session *session)
{
	gdb_print(&session->reply, "OK");
}

void gdb_fail(struct gdb_session *session)
{
	session->reply.len = 0;
	gdb_print(&session->reply, "E01");
}

void gdb_fail_because(struct gdb_session *session, const char *why)
{
	session->reply.len = 0;
	gdb_print(&session->reply, "E.%s", why);
}
