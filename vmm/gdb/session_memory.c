/* SPDX-License-Identifier: Apache-2.0 */
/* Packets about memory, and breakpoints in it. */
#include <string.h>

#include "vmm/gdb/session.h"

/* ADDRESS,LEN and the character END behind them. */
static bool take_span(const char **at, uint64_t *address, uint64_t *len, char end)
{
	return gdb_take_number(at, address) && *(*at)++ == ',' && gdb_take_number(at, len) &&
	       *(*at)++ == end;
}

void gdb_take_m(struct gdb_session *session, const char *arguments, size_t len)
{
	uint8_t bytes[GDB_PACKET_MOST / 2];
	const char *at = arguments;
	uint64_t address, wanted;
	size_t got;

	(void)len;
	if (!take_span(&at, &address, &wanted, '\0')) {
		gdb_fail(session);
		return;
	}
	got = session->target->read_memory(session->context, session->general, address, bytes,
					   wanted < sizeof(bytes) ? wanted : sizeof(bytes));
	if (got || !wanted)
		gdb_put_hex(&session->reply, bytes, got);
	else
		gdb_fail(session);
}

static void write_memory(struct gdb_session *session, uint64_t address, const void *bytes,
			 size_t len)
{
	if (session->target->write_memory(session->context, session->general, address, bytes,
					  len) == len)
		gdb_ok(session);
	else
		gdb_fail(session);
}

void gdb_take_M(struct gdb_session *session, const char *arguments, size_t len)
{
	uint8_t bytes[GDB_PACKET_MOST / 2];
	const char *at = arguments;
	uint64_t address, wanted;

	(void)len;
	if (take_span(&at, &address, &wanted, ':') && wanted <= sizeof(bytes) &&
	    gdb_take_hex(&at, bytes, wanted))
		write_memory(session, address, bytes, wanted);
	else
		gdb_fail(session);
}

void gdb_take_X(struct gdb_session *session, const char *arguments, size_t len)
{
	const char *at = arguments;
	uint64_t address, wanted;

	if (take_span(&at, &address, &wanted, ':') && wanted == len - (size_t)(at - arguments))
		write_memory(session, address, at, wanted);
	else
		gdb_fail(session);
}

/* ---- breakpoints ---- */

#define NO_WATCHPOINTS                                                                             \
	"KVM on RISC-V gives a VMM no watchpoints: the hart's triggers are out of its reach; "     \
	"'set can-use-hw-watchpoints 0' makes gdb step and look, which is slow"

/* By the type in Z packets: 0 software, 1 hardware breakpoint, 2 to 4 watchpoints. A hardware
 * breakpoint is one in software here: what differs is that it would leave the code as it is. */
static void change(struct gdb_session *session, const char *arguments,
		   const char *(*how)(void *context, unsigned int hart, uint64_t address))
{
	const char *at = arguments, *why;
	uint64_t type, address;

	if (!gdb_take_number(&at, &type) || *at++ != ',' || !gdb_take_number(&at, &address)) {
		gdb_fail(session);
		return;
	}
	if (type > 4)
		return;
	/* gdb keeps the reason to itself. */
	if (type > 1)
		session->target->note(session->context, NO_WATCHPOINTS);
	why = type > 1 ? NO_WATCHPOINTS : how(session->context, session->general, address);
	if (why)
		gdb_fail_because(session, why);
	else
		gdb_ok(session);
}

void gdb_take_Z(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	change(session, arguments, session->target->insert);
}

void gdb_take_z(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	change(session, arguments, session->target->remove);
}
