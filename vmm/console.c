/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/log.h"

#define ESCAPE_KEY   1	   /* Ctrl-A */
#define NONBLOCK_LEN 4096u /* PIPE_BUF: a pipe with POLLOUT takes this much without blocking */
#define SHORT_PIECE  64u
#define COLLECT_MAX  4096u
#define COLLECT_NS   1000000u

static bool fd_may_block(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return true;
	return !(S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(fd)));
}

/* ---- output ---- */

/* Writes what OUT takes now. Returns bytes taken; everything, once the reader is gone. */
static size_t write_now(struct console *console, const uint8_t *bytes, size_t len)
{
	struct pollfd out = {.fd = console->out, .events = POLLOUT};
	size_t done = 0;

	while (done < len && !console->out_broken) {
		size_t piece = len - done;
		ssize_t written;

		if (console->may_block) {
			if (poll(&out, 1, 0) <= 0)
				return done;
			if (piece > NONBLOCK_LEN)
				piece = NONBLOCK_LEN;
		}
		written = write(console->out, bytes + done, piece);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			return done;
		if (written < 0) {
			console->out_broken = true;
			error("standard output: %s: the console has nowhere to go, the machine "
			      "stops",
			      strerror(errno));
			machine_request_end(console->machine, END_HOST);
			break;
		}
		done += (size_t)written;
	}
	return console->out_broken ? len : done;
}

static size_t ring_append(struct console *console, const uint8_t *bytes, size_t len)
{
	size_t space = CONSOLE_RING - console->ring_len;

	if (len > space)
		len = space;
	for (size_t i = 0; i < len; i++)
		console->ring[(console->ring_start + console->ring_len + i) % CONSOLE_RING] =
			bytes[i];
	console->ring_len += len;
	return len;
}

static void drain_ring(struct console *console)
{
	while (console->ring_len > 0) {
		size_t piece = CONSOLE_RING - console->ring_start;
		size_t done;

		if (piece > console->ring_len)
			piece = console->ring_len;
		done = write_now(console, console->ring + console->ring_start, piece);
		console->ring_start = (console->ring_start + done) % CONSOLE_RING;
		console->ring_len -= done;
		if (done < piece)
			return;
	}
}

static void out_ready(struct loop_watch *watch, short revents)
{
	struct console *console = watch->opaque;

	(void)revents;
	drain_ring(console);
	if (console->ring_len == 0) {
		loop_watch_remove(console->loop, watch);
		console->out_watched = false;
	}
	if (console->device && console->ring_len < CONSOLE_RING)
		console->device->room(console->device);
}

/* What OUT does not take now goes when it has room. */
static void watch_output(struct console *console)
{
	if (console->ring_len > 0 && !console->out_watched)
		console->out_watched = loop_watch_add(console->loop, &console->out_watch) == 0;
}

static void flush(struct console *console)
{
	if (console->out_watched)
		return;
	drain_ring(console);
	watch_output(console);
}

static void flush_expired(struct loop_timer *timer)
{
	flush(timer->opaque);
}

static size_t write_short(struct console *console, const uint8_t *bytes, size_t len)
{
	size_t done = ring_append(console, bytes, len);

	if (console->out_watched || done == 0)
		return done;
	if (bytes[done - 1] == '\n' || console->ring_len >= COLLECT_MAX)
		flush(console);
	else if (!console->flush.deadline)
		loop_timer_set(console->loop, &console->flush, COLLECT_NS);
	return done;
}

static size_t write_long(struct console *console, const uint8_t *bytes, size_t len)
{
	size_t done;

	flush(console);
	done = console->ring_len == 0 ? write_now(console, bytes, len) : 0;
	if (done < len)
		done += ring_append(console, bytes + done, len - done);
	watch_output(console);
	return done;
}

size_t console_write(struct console *console, const void *bytes, size_t len)
{
	size_t done = len <= SHORT_PIECE ? write_short(console, bytes, len)
					 : write_long(console, bytes, len);

	panic_text_look(&console->panic, bytes, done);
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
		case 'x': machine_request_end(console->machine, END_QUIT); break;
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

static void in_ready(struct loop_watch *watch, short revents)
{
	struct console *console = watch->opaque;
	uint8_t typed[256];
	size_t space = CONSOLE_INPUT - console->input_len;
	ssize_t got = read(console->in, typed, space < sizeof(typed) ? space : sizeof(typed));
	size_t len = got > 0 ? (size_t)got : 0;

	(void)revents;
	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		console->in_open = false;
	if (console->escapes)
		len = filter_escapes(console, typed, len);
	for (size_t i = 0; i < len; i++)
		console->input[(console->input_start + console->input_len + i) % CONSOLE_INPUT] =
			typed[i];
	console->input_len += len;
	watch_input(console);
	if (len > 0 && console->device)
		console->device->input(console->device);
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

/* ---- life ---- */

void console_init(struct console *console, struct machine *machine, struct loop *loop, int in,
		  int out, bool escapes)
{
	*console = (struct console){
		.machine = machine,
		.loop = loop,
		.in = in,
		.out = out,
		.may_block = fd_may_block(out),
		.in_open = true,
		.escapes = escapes,
		.in_watch = {.fd = in, .events = POLLIN, .ready = in_ready},
		.out_watch = {.fd = out, .events = POLLOUT, .ready = out_ready},
		.flush = {.expired = flush_expired},
	};
	console->in_watch.opaque = console;
	console->out_watch.opaque = console;
	console->flush.opaque = console;
	watch_input(console);
}

void console_finish(struct console *console)
{
	struct pollfd out = {.fd = console->out, .events = POLLOUT};

	for (int tries = 0; tries < 10 && console->ring_len > 0; tries++) {
		drain_ring(console);
		if (console->ring_len > 0)
			poll(&out, 1, 100);
	}
	if (console->ring_len > 0)
		warning("standard output does not take the last %zu bytes of the console",
			console->ring_len);
}
