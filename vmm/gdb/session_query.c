/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that ask. */
#include <stdlib.h>
#include <string.h>

#include "vmm/gdb/session.h"

static bool has_word(const char *list, const char *word)
{
	const char *found = strstr(list, word);

	return found && (found == list || strchr(":;", found[-1]));
}

void gdb_take_supported(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	session->knows_swbreak = has_word(arguments, "swbreak+");
	gdb_print(&session->reply,
		  "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;qXfer:threads:read+;"
		  "vContSupported+;swbreak+",
		  GDB_PACKET_MOST);
}

/* ---- threads ---- */

void gdb_take_current(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	gdb_print(&session->reply, "QC%x", session->stop.hart + 1);
}

/* At most 512, of four characters: they fit into one packet. */
void gdb_take_threads(struct gdb_session *session, const char *arguments, size_t len)
{
	const unsigned int harts = session->target->harts(session->context);

	(void)arguments, (void)len;
	for (unsigned int i = 0; i < harts; i++)
		gdb_print(&session->reply, "%c%x", i ? ',' : 'm', i + 1);
}

void gdb_take_rest_of_threads(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	gdb_print(&session->reply, "l");
}

void gdb_take_thread_info(struct gdb_session *session, const char *arguments, size_t len)
{
	char text[64] = "";
	const char *at = arguments;
	unsigned int hart;
	bool all;

	(void)len;
	if (!gdb_take_thread(session, &at, &hart, &all)) {
		gdb_fail(session);
		return;
	}
	session->target->describe(session->context, hart, text, sizeof(text));
	gdb_put_hex(&session->reply, text, strlen(text));
}

static void write_threads(struct gdb_session *session, FILE *to)
{
	const unsigned int harts = session->target->harts(session->context);
	const bool held = !session->running && session->target->hold(session->context);
	char text[64] = "";

	fprintf(to, "<?xml version=\"1.0\"?>\n<threads>\n");
	for (unsigned int i = 0; i < harts; i++) {
		if (held)
			session->target->describe(session->context, i, text, sizeof(text));
		fprintf(to, "<thread id=\"%x\" name=\"hart %u\">%s</thread>\n", i + 1, i, text);
	}
	fprintf(to, "</threads>\n");
	if (held)
		session->target->let_go(session->context);
}

/* ---- documents ---- */

static void write_features(struct gdb_session *session, FILE *to)
{
	gdb_write_target_xml(to, session->target->register_size, session->context);
}

static const struct {
	const char *name;
	void (*write)(struct gdb_session *session, FILE *to);
} documents[] = {
	{"features:read:target.xml:", write_features},
	{"threads:read::", write_threads},
};

/* OFFSET,LEN of a document: m and a piece, or l and the last. */
static void put_piece(struct gdb_session *session, const char *at, const char *bytes, size_t size)
{
	uint64_t offset, len, most = GDB_PACKET_MOST - 1;

	if (!gdb_take_number(&at, &offset) || *at++ != ',' || !gdb_take_number(&at, &len)) {
		gdb_fail(session);
		return;
	}
	if (offset > size)
		offset = size;
	if (len > most)
		len = most;
	if (len > size - offset)
		len = size - offset;
	gdb_print(&session->reply, offset + len < size ? "m" : "l");
	gdb_put(&session->reply, bytes + offset, len);
}

static void put_document(struct gdb_session *session, const char *span,
			 void (*write)(struct gdb_session *session, FILE *to))
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&bytes, &size);

	if (to) {
		write(session, to);
		fclose(to);
	}
	if (bytes)
		put_piece(session, span, bytes, size);
	else
		gdb_fail(session);
	free(bytes);
}

void gdb_take_xfer(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		const size_t name = strlen(documents[i].name);

		if (strncmp(arguments, documents[i].name, name) != 0)
			continue;
		put_document(session, arguments + name, documents[i].write);
		return;
	}
}

/* The whole kernel was moved: by where its first segment is. */
void gdb_take_offsets(struct gdb_session *session, const char *arguments, size_t len)
{
	uint64_t address;

	(void)arguments, (void)len;
	if (session->target->kernel_start(session->context, &address))
		gdb_print(&session->reply, "TextSeg=%llx", (unsigned long long)address);
}

/* ---- monitor ---- */

/* What it says goes out in pieces that fit; the last is the answer. */
static void send_console(struct gdb_session *session, const char *text, size_t size)
{
	const size_t most = (GDB_PACKET_MOST - 1) / 2;
	struct gdb_text *reply = &session->reply;

	for (size_t at = 0; at < size; at += most) {
		*reply = (struct gdb_text){.len = 0};
		gdb_print(reply, "O");
		gdb_put_hex(reply, text + at, size - at < most ? size - at : most);
		session->frame_len = gdb_frame(reply, session->frame);
		session->target->send(session->context, session->frame, session->frame_len);
	}
	reply->len = 0;
	gdb_ok(session);
}

static void run_monitor(struct gdb_session *session, const char *command)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		session->target->monitor(session->context, command, out);
		fclose(out);
	}
	if (text)
		send_console(session, text, size);
	else
		gdb_fail(session);
	free(text);
}

void gdb_take_rcmd(struct gdb_session *session, const char *arguments, size_t len)
{
	char command[GDB_PACKET_MOST / 2 + 1] = "";
	const char *at = arguments;

	if (len % 2 || !gdb_take_hex(&at, command, len / 2)) {
		gdb_fail(session);
		return;
	}
	command[len / 2] = '\0';
	run_monitor(session, command);
}
