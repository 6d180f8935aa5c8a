/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/dispatch.h"

#include <string.h>

/* ---- sending ---- */

static void send_frame(struct gdb_session *session)
{
	session->target->send(session->context, session->frame, session->frame_len);
}

static void send_reply(struct gdb_session *session)
{
	if (session->reply.overflow)
		gdb_fail(session);
	session->frame_len = gdb_frame(&session->reply, session->frame);
	send_frame(session);
}

static void begin_reply(struct gdb_session *session)
{
	session->reply.len = 0;
	session->reply.overflow = false;
}

/* ---- small packets ---- */

static void take_no_ack(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	session->no_ack = true;
	gdb_ok(session);
}

static void take_attached(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	gdb_print(&session->reply, "1");
}

static void take_nothing(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)session, (void)arguments, (void)len;
}

static void take_symbol(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	gdb_ok(session);
}

static void take_why(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	gdb_put_stop(session);
}

static void take_detach(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	session->target->detach(session->context);
	session->over = true;
	gdb_ok(session);
}

static void take_kill(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	session->target->kill(session->context);
	session->over = true;
	gdb_ok(session);
}

/* ---- which packet it is ---- */

/* What a packet needs of the harts. */
enum when { EVER, STOPPED, HELD };

static const struct {
	const char *name; /* that it begins with; longer ones first */
	gdb_packet_handler *take;
	enum when when;
} packets[] = {
	{"QStartNoAckMode", take_no_ack, EVER},
	{"qSupported", gdb_take_supported, EVER},
	{"qXfer:", gdb_take_xfer, EVER},
	{"qfThreadInfo", gdb_take_threads, EVER},
	{"qsThreadInfo", gdb_take_rest_of_threads, EVER},
	{"qThreadExtraInfo,", gdb_take_thread_info, HELD},
	{"qAttached", take_attached, EVER},
	{"qOffsets", gdb_take_offsets, HELD},
	{"qSymbol:", take_symbol, EVER},
	{"qRcmd,", gdb_take_rcmd, STOPPED},
	{"qC", gdb_take_current, EVER},
	{"vMustReplyEmpty", take_nothing, EVER},
	{"vCont?", gdb_take_vCont_query, EVER},
	{"vCont", gdb_take_vCont, STOPPED},
	{"vKill", take_kill, EVER},
	{"?", take_why, HELD},
	{"g", gdb_take_g, HELD},
	{"G", gdb_take_G, HELD},
	{"p", gdb_take_p, HELD},
	{"P", gdb_take_P, HELD},
	{"m", gdb_take_m, HELD},
	{"M", gdb_take_M, HELD},
	{"X", gdb_take_X, HELD},
	{"Z", gdb_take_Z, HELD},
	{"z", gdb_take_z, HELD},
	{"c", gdb_take_c, STOPPED},
	{"C", gdb_take_C, STOPPED},
	{"s", gdb_take_s, STOPPED},
	{"S", gdb_take_S, STOPPED},
	{"H", gdb_take_H, EVER},
	{"T", gdb_take_T, EVER},
	{"D", take_detach, EVER},
	{"k", take_kill, EVER},
};

/* "qC" is not "qCRC:...": a name of letters ends where letters do. */
static bool is_called(const char *text, const char *name)
{
	const size_t len = strlen(name);

	return !strncmp(text, name, len) && (strcmp(name, "qC") != 0 || text[len] == '\0');
}

#define PACKETS (sizeof(packets) / sizeof(packets[0]))

static size_t find(const char *text)
{
	size_t i = 0;

	while (i < PACKETS && !is_called(text, packets[i].name))
		i++;
	return i;
}

static void dispatch(struct gdb_session *session)
{
	const struct gdb_parser *packet = &session->parser;
	const size_t which = find(packet->text);

	if (which == PACKETS)
		return;
	const size_t name = strlen(packets[which].name);
	const bool held = packets[which].when == HELD;

	if (session->running && packets[which].when != EVER) {
		gdb_fail_because(session, "the guest runs: stop it first");
		return;
	}
	if (held && !session->target->hold(session->context)) {
		gdb_fail_because(session, "there is no machine now");
		return;
	}
	packets[which].take(session, packet->text + name, packet->len - name);
	if (held)
		session->target->let_go(session->context);
}

static bool is_copy(const struct gdb_session *session)
{
	return session->copies && session->has_taken && session->taken_len == session->parser.len &&
	       !memcmp(session->taken, session->parser.text, session->taken_len);
}

static void acknowledge(const struct gdb_session *session)
{
	if (!session->no_ack)
		session->target->send(session->context, "+", 1);
}

/* With no_ack as it was before the packet: that of the packet itself is acknowledged. */
static void take_packet(struct gdb_session *session)
{
	const bool was_running = session->running;

	session->has_taken = true;
	session->taken_len = session->parser.len;
	memcpy(session->taken, session->parser.text, session->taken_len);
	acknowledge(session);
	begin_reply(session);
	dispatch(session);
	/* What lets harts run is answered by their stop. */
	if (was_running || !session->running)
		send_reply(session);
}

static void take_item(struct gdb_session *session, enum gdb_item item)
{
	switch (item) {
	case GDB_PACKET:
		if (is_copy(session))
			acknowledge(session);
		else
			take_packet(session);
		break;
	case GDB_TOO_LONG:
		begin_reply(session);
		gdb_fail_because(session, "the packet is longer than PacketSize");
		send_reply(session);
		break;
	case GDB_DAMAGED:
		if (!session->no_ack)
			session->target->send(session->context, "-", 1);
		break;
	case GDB_NAK:
		if (session->copies && session->frame_len && !session->has_taken)
			send_frame(session);
		break;
	case GDB_INTERRUPT:
		if (session->running)
			session->target->interrupt(session->context);
		break;
	default: break;
	}
}

void gdb_session_heard(struct gdb_session *session)
{
	session->copies = !session->no_ack;
	session->has_taken = false;
}

void gdb_session_take(struct gdb_session *session, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < len && !session->over; i++)
		take_item(session, gdb_parse(&session->parser, from[i]));
}

void gdb_session_begin(struct gdb_session *session, const struct gdb_target *target, void *context,
		       const struct gdb_stop *stop)
{
	memset(session, 0, sizeof(*session));
	session->target = target;
	session->context = context;
	session->stop = *stop;
	session->general = session->control = stop->hart;
}

/* ---- what happens by itself ---- */

static void say(struct gdb_session *session, const char *text)
{
	begin_reply(session);
	gdb_print(&session->reply, "O");
	gdb_put_hex(&session->reply, text, strlen(text));
	send_reply(session);
}

void gdb_session_stopped(struct gdb_session *session, const struct gdb_stop *stop, const char *text)
{
	session->stop = *stop;
	session->general = session->control = stop->hart;
	if (!session->running || session->over)
		return;
	session->running = false;
	if (text)
		say(session, text);
	begin_reply(session);
	if (session->target->hold(session->context)) {
		gdb_put_stop(session);
		session->target->let_go(session->context);
	} else {
		gdb_print(&session->reply, "T%02xthread:%x;", stop->signal, stop->hart + 1);
	}
	send_reply(session);
}

void gdb_session_ended(struct gdb_session *session, unsigned int status)
{
	/* One that waits for nothing takes no such packet: it sees that the connection ends. */
	if (session->running && !session->over) {
		begin_reply(session);
		gdb_print(&session->reply, "W%02x", status & 0xff);
		send_reply(session);
	}
	session->running = false;
	session->over = true;
}
