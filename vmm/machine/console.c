/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "base/reader.h"
#include "base/window.h"
#include "base/writer.h"
#include "vmm/machine/console_log.h"

#define ESCAPE_KEY  1 /* Ctrl-A */
#define SHORT_PIECE 64u
#define COLLECT_MAX 4096u
#define COLLECT_NS  1000000u

#define HURRY_MS 200u
#define QUIET_MS 1000u
#define MOST_MS	 10000u

/* ---- output ---- */

static void output_failed(struct console *console, int err)
{
	loop_watch_remove(console->loop, &console->out_watch);
	error("standard output: %s: the console has nowhere to go, the machine stops",
	      strerror(err));
	console->owner.ended(console->owner.opaque, CONSOLE_FAILED);
}

static void out_event(struct loop_watch *watch, short revents)
{
	struct console *console = watch->opaque;
	int err = writer_error(console->ends.out);

	(void)revents;
	writer_heard(console->ends.out);
	if (err) {
		output_failed(console, err);
		return;
	}
	if (console->device)
		console->device->room(console->device);
	console->owner.room(console->owner.opaque);
}

static void log_event(struct loop_watch *watch, short revents)
{
	struct console *console = watch->opaque;

	(void)revents;
	if (!console_log_heard(console->ends.log))
		loop_watch_remove(console->loop, watch);
}

static void go(struct console *console)
{
	writer_go(console->ends.out);
	if (console->ends.log)
		console_log_go(console->ends.log);
}

static void flush_expired(struct loop_timer *timer)
{
	go(timer->opaque);
}

/* Behind a short piece that ends with LAST. */
static void collect(struct console *console, uint8_t last)
{
	if (last == '\n' || writer_left(console->ends.out) >= COLLECT_MAX)
		go(console);
	else if (!console->flush.deadline)
		loop_timer_set(console->loop, &console->flush, COLLECT_NS);
}

size_t console_write(struct console *console, const void *bytes, size_t len)
{
	const size_t done = writer_put(console->ends.out, bytes, len);

	if (console->ends.log)
		console_log_put(console->ends.log, bytes, done);
	if (len > SHORT_PIECE)
		go(console);
	else if (done)
		collect(console, ((const uint8_t *)bytes)[done - 1]);
	panic_text_look(&console->panic, bytes, done);
	if (console->ends.heard && done)
		console->ends.heard(console->ends.opaque, bytes, done);
	console->line_seen = console->line_seen || memchr(bytes, '\n', done) != NULL;
	return done;
}

/* ---- input ---- */

/* Takes escape sequences out of LEN typed BYTES; returns how many are the guest's. */
static size_t filter_escapes(struct console *console, uint8_t *bytes, size_t len)
{
	static const char help[] = "\r\nvhart: Ctrl-A x quits, Ctrl-A h shows this, "
				   "Ctrl-A Ctrl-A sends a Ctrl-A\r\n";
	size_t kept = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t key = bytes[i];

		if (!console->escape_seen) {
			console->escape_seen = key == ESCAPE_KEY;
			if (key != ESCAPE_KEY)
				bytes[kept++] = key;
			continue;
		}
		console->escape_seen = false;
		switch (key) {
		case 'x': console->owner.ended(console->owner.opaque, CONSOLE_QUIT); break;
		case 'h': console_write(console, help, sizeof(help) - 1); break;
		default: bytes[kept++] = key; break;
		}
	}
	return kept;
}

static void watch_input(struct console *console)
{
	bool want = console->in_open && console->input_len < CONSOLE_INPUT;

	if (want && !console->in_watched)
		console->in_watched = loop_watch_add(console->loop, &console->in_watch) == 0;
	if (!want && console->in_watched) {
		loop_watch_remove(console->loop, &console->in_watch);
		console->in_watched = false;
	}
}

static void put_input(struct console *console, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		console->input[(console->input_start + console->input_len + i) % CONSOLE_INPUT] =
			bytes[i];
	console->input_len += len;
	watch_input(console);
	if (len > 0)
		loop_post(console->loop, &console->tell_input);
}

static void tell_input(struct loop_task *task)
{
	struct console *console = task->opaque;

	if (console->device && console->input_len > 0)
		console->device->input(console->device);
}

size_t console_type(struct console *console, const void *bytes, size_t len)
{
	size_t space = CONSOLE_INPUT - console->input_len;

	if (len > space)
		len = space;
	put_input(console, bytes, len);
	return len;
}

static void in_ready(struct loop_watch *watch, short revents)
{
	struct console *console = watch->opaque;
	uint8_t typed[256];
	size_t space = CONSOLE_INPUT - console->input_len;
	bool ended;
	size_t len = reader_take(console->ends.in, typed,
				 space < sizeof(typed) ? space : sizeof(typed), &ended);

	(void)revents;
	console->in_open = !ended;
	if (console->ends.escapes)
		len = filter_escapes(console, typed, len);
	put_input(console, typed, len);
}

size_t console_read(struct console *console, void *bytes, size_t len)
{
	uint8_t *to = bytes;

	if (len > console->input_len)
		len = console->input_len;
	for (size_t i = 0; i < len; i++)
		to[i] = console->input[(console->input_start + i) % CONSOLE_INPUT];
	console->input_start = (console->input_start + len) % CONSOLE_INPUT;
	console->input_len -= len;
	if (len > 0)
		watch_input(console);
	return len;
}

void console_attach(struct console *console, struct console_device *device)
{
	console->device = device;
	if (device && console->input_len > 0)
		device->input(device);
}

/* ---- size ---- */

/* What a terminal of ours has. */
static void look_at_size(struct console *console)
{
	uint16_t columns, rows;

	if (!console->ends.escapes || !window_size(&columns, &rows))
		return;
	console->columns = columns;
	console->rows = rows;
}

bool console_size(struct console *console, uint16_t *columns, uint16_t *rows)
{
	*columns = console->columns;
	*rows = console->rows;
	return console->columns != 0;
}

void console_resized(struct console *console)
{
	const uint16_t columns = console->columns, rows = console->rows;

	look_at_size(console);
	if ((columns != console->columns || rows != console->rows) && console->device &&
	    console->device->resized)
		console->device->resized(console->device);
}

/* ---- life ---- */

void console_init(struct console *console, const struct console_owner *owner, struct loop *loop,
		  const struct console_ends *ends)
{
	*console = (struct console){
		.owner = *owner,
		.loop = loop,
		.ends = *ends,
		.in_open = ends->in != NULL,
		/* A paused machine is ended by Ctrl-A x too. */
		.in_watch = {.events = POLLIN, .while_frozen = true, .ready = in_ready},
		.out_watch = {.fd = writer_event(ends->out), .events = POLLIN, .ready = out_event},
		.log_watch = {.events = POLLIN, .ready = log_event},
		.flush = {.expired = flush_expired, .while_frozen = true},
		.tell_input = {.run = tell_input, .opaque = console},
	};
	if (ends->in)
		console->in_watch.fd = reader_event(ends->in);
	console->in_watch.opaque = console;
	console->out_watch.opaque = console;
	console->flush.opaque = console;
	console->log_watch.opaque = console;
	look_at_size(console);
	loop_watch_add(loop, &console->out_watch);
	if (ends->log) {
		console->log_watch.fd = console_log_event(ends->log);
		loop_watch_add(loop, &console->log_watch);
	}
	watch_input(console);
}

bool console_has_room(struct console *console)
{
	return writer_room(console->ends.out) > 0;
}

void console_finish(struct console *console, bool hurry)
{
	if (hurry)
		writer_finish(console->ends.out, HURRY_MS, HURRY_MS);
	else
		writer_finish(console->ends.out, QUIET_MS, MOST_MS);
}
