/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/serial.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory_map.h"
#include "base/writer.h"
#include "devices/devices.h"
#include "vmm/run/serial_private.h"

#define PATIENCE_NS 1000000000u

struct serials {
	unsigned int count;
	struct serial each[CONFIG_MAX_SERIALS];
};

static void watch(struct serial *serial, struct loop_watch *which, bool *on, bool want)
{
	if (want == *on || !serial->loop)
		return;
	if (!want)
		loop_watch_remove(serial->loop, which);
	*on = want && loop_watch_add(serial->loop, which) == 0;
}

static void set_patience(struct serial *serial, uint64_t ns)
{
	if (serial->loop && (ns || serial->patience.deadline))
		loop_timer_set(serial->loop, &serial->patience, ns);
}

/* ---- who is there ---- */

static void watch_line(struct serial *serial)
{
	watch(serial, &serial->in, &serial->in_on,
	      serial->line >= 0 && serial->input_len < SERIAL_INPUT);
	watch(serial, &serial->knock, &serial->knock_on, serial->line < 0 && serial->listener >= 0);
}

/* A new one is sent what comes from now on. */
static void take_line(struct serial *serial)
{
	serial->in.fd = serial->out.fd = serial->line;
	serial->deaf = false;
	watch_line(serial);
}

static void drop_line(struct serial *serial)
{
	watch(serial, &serial->in, &serial->in_on, false);
	watch(serial, &serial->out, &serial->out_on, false);
	set_patience(serial, 0);
	close(serial->line);
	serial->line = -1;
	watch_line(serial);
}

static void knocked(struct loop_watch *which, short revents)
{
	struct serial *serial = which->opaque;
	bool exhausted;

	(void)revents;
	if (serial_end_accept(serial, &exhausted)) {
		take_line(serial);
	} else if (exhausted) {
		/* There may be a descriptor later. */
		watch(serial, which, &serial->knock_on, false);
		set_patience(serial, PATIENCE_NS);
	}
}

/* ---- from the guest ---- */

static bool is_file(const struct serial *serial)
{
	return serial->file.writer != NULL;
}

static void lose(void *opaque, size_t len)
{
	struct serial *serial = opaque;

	if (is_file(serial))
		output_file_lose(&serial->file, len);
	else
		serial->lost += len;
}

static void wait_for_room(struct serial *serial)
{
	if (!serial->patience.deadline)
		set_patience(serial, PATIENCE_NS);
	if (!is_file(serial))
		watch(serial, &serial->out, &serial->out_on, true);
}

static void stop_waiting(struct serial *serial)
{
	set_patience(serial, 0);
	if (!is_file(serial))
		watch(serial, &serial->out, &serial->out_on, false);
}

/* A file's tells of its errors, too. */
static void out_ready(struct loop_watch *which, short revents)
{
	struct serial *serial = which->opaque;

	(void)revents;
	if (!is_file(serial))
		stop_waiting(serial);
	else if (!output_file_heard(&serial->file))
		watch(serial, which, &serial->out_on, false);
	uart_room(serial->uart);
}

static void patience_ended(struct loop_timer *timer)
{
	struct serial *serial = timer->opaque;

	if (serial->line < 0 && !is_file(serial)) {
		watch_line(serial);
		return;
	}
	stop_waiting(serial);
	serial->deaf = true;
	uart_room(serial->uart);
}

/*
 * Not while it waits for room: a write to a terminal, also one that it does not take, wakes those
 * who wait to write there (tty_write_unlock()), and io_uring says of each who is woken that there
 * is room, without looking (io_poll_wake()).
 */
static size_t put(void *opaque, const void *bytes, size_t len)
{
	struct serial *serial = opaque;
	ssize_t done;

	if (serial->line < 0 && !is_file(serial))
		return len;
	if (serial->out_on && !is_file(serial))
		return 0;
	done = serial_end_write(serial, bytes, len);
	if (done < 0) {
		drop_line(serial);
		return len;
	}
	if (done > 0) {
		serial->deaf = false;
		stop_waiting(serial);
	}
	if ((size_t)done == len)
		return len;
	/* A driver waits for room, or nobody does. */
	if (!serial->deaf) {
		wait_for_room(serial);
		return (size_t)done;
	}
	lose(serial, len - (size_t)done);
	return len;
}

/* ---- to the guest ---- */

static void add_input(struct serial *serial, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t at = serial->input_start + serial->input_len + i;

		serial->input[at % SERIAL_INPUT] = bytes[i];
	}
	serial->input_len += len;
}

static void in_ready(struct loop_watch *which, short revents)
{
	struct serial *serial = which->opaque;
	uint8_t bytes[1024];
	size_t room = SERIAL_INPUT - serial->input_len;
	ssize_t got = read(serial->line, bytes, room < sizeof(bytes) ? room : sizeof(bytes));

	(void)revents;
	if (got > 0) {
		add_input(serial, bytes, (size_t)got);
		watch_line(serial);
		uart_input(serial->uart);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		drop_line(serial);
		/* What waited for it is nobody's now. */
		uart_room(serial->uart);
	}
}

static size_t get(void *opaque, void *bytes, size_t len)
{
	struct serial *serial = opaque;
	uint8_t *to = bytes;

	if (len > serial->input_len)
		len = serial->input_len;
	for (size_t i = 0; i < len; i++)
		to[i] = serial->input[(serial->input_start + i) % SERIAL_INPUT];
	serial->input_start = (serial->input_start + len) % SERIAL_INPUT;
	serial->input_len -= len;
	if (len > 0)
		watch_line(serial);
	return len;
}

/* ---- a life ---- */

static void begin(struct serial *serial, struct machine *machine)
{
	serial->loop = machine_loop(machine);
	serial->in = (struct loop_watch){.events = POLLIN, .ready = in_ready, .opaque = serial};
	serial->out = (struct loop_watch){.events = POLLOUT, .ready = out_ready, .opaque = serial};
	serial->knock = (struct loop_watch){
		.fd = serial->listener, .events = POLLIN, .ready = knocked, .opaque = serial};
	serial->patience = (struct loop_timer){.expired = patience_ended, .opaque = serial};
	serial->in_on = serial->out_on = serial->knock_on = false;
	if (is_file(serial)) {
		serial->out.fd = writer_event(serial->file.writer);
		serial->out.events = POLLIN;
		watch(serial, &serial->out, &serial->out_on, !serial->file.failed);
	}
	take_line(serial);
}

static bool plug(struct serial *serial, struct machine *machine)
{
	const struct uart_wire wire = {.write = put, .read = get, .lost = lose, .opaque = serial};
	const struct uart_place place = {
		.name = serial->name,
		.gpa = MAP_SERIAL + serial->number * MAP_SERIAL_STRIDE,
		.line = LINE_SERIAL + serial->number,
	};

	if (serial->config->kind == SERIAL_STDIO)
		serial->uart = uart_new(machine, place.gpa, place.line);
	else
		serial->uart = uart_new_on(machine, &place, &wire);
	if (serial->uart)
		begin(serial, machine);
	return serial->uart != NULL;
}

bool serials_plug(struct serials *serials, struct machine *machine)
{
	for (unsigned int i = 0; serials && i < serials->count; i++)
		if (!plug(&serials->each[i], machine))
			return false;
	return true;
}

/* The UART's last characters still go out, where there is room for them. */
static void unplug(struct serial *serial)
{
	watch(serial, &serial->in, &serial->in_on, false);
	watch(serial, &serial->out, &serial->out_on, false);
	watch(serial, &serial->knock, &serial->knock_on, false);
	set_patience(serial, 0);
	serial->loop = NULL;
	uart_free(serial->uart);
	serial->uart = NULL;
}

void serials_unplug(struct serials *serials)
{
	for (unsigned int i = 0; serials && i < serials->count; i++)
		unplug(&serials->each[i]);
}

/* ---- all lives ---- */

struct serials *serials_open(const struct config *config)
{
	struct serials *serials = calloc(1, sizeof(*serials));

	if (!serials) {
		error("no memory for serial ports");
		return NULL;
	}
	while (serials->count < config->serial_count) {
		struct serial *serial = &serials->each[serials->count];

		serial->config = &config->serials[serials->count];
		serial->number = ++serials->count;
		snprintf(serial->name, sizeof(serial->name), "serial%u", serial->number);
		serial->line = serial->held = serial->listener = -1;
		if (!serial_end_open(serial)) {
			serials_close(serials, true);
			return NULL;
		}
	}
	return serials;
}

void serials_close(struct serials *serials, bool hurry)
{
	for (unsigned int i = 0; serials && i < serials->count; i++)
		serial_end_close(&serials->each[i], hurry);
	free(serials);
}
