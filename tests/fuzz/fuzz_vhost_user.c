/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vhost-user back-end that lies: whatever it answers, and when, the device works or is broken,
 * nothing waits for ever, and what it says is not read beyond its end.
 *
 * The answers to what is going to be asked are written in advance, honest or not, and behind them
 * bytes that are an answer to nothing: who waits for more than was foreseen finds those.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/socket_path.h"
#include "tests/fuzz/liar.h"

#define STEPS	24u
#define TURN_NS 1000u
#define WORDS	6u /* at most, until one that is back is known */

/* Instead of log.c's: formatted, not shown. */
static void format_only(const char *format, va_list arguments)
{
	char line[400];

	if (vsnprintf(line, sizeof(line), format, arguments) < 0)
		abort();
}

void error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_only(format, arguments);
	va_end(arguments);
}

void warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_only(format, arguments);
	va_end(arguments);
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_only(format, arguments);
	va_end(arguments);
}

/* ---- where it comes back ---- */

struct place {
	char folder[32], path[48];
	int listener;
};

static void leave_place(void);

/* Of all inputs: it has no state but who connects, and each of them is taken at once. */
static struct place *place(void)
{
	static struct place place;

	if (place.listener)
		return &place;
	strcpy(place.folder, "/tmp/fuzz-vhost.XXXXXX");
	if (!mkdtemp(place.folder))
		abort();
	snprintf(place.path, sizeof(place.path), "%s/socket", place.folder);
	place.listener = socket_path_listen("fuzz", place.path);
	if (place.listener < 0 || fcntl(place.listener, F_SETFL, O_NONBLOCK) < 0)
		abort();
	atexit(leave_place);
	return &place;
}

static void leave_place(void)
{
	unlink(place()->path);
	rmdir(place()->folder);
}

/* ---- what happens ---- */

static void restart(struct liar *liar)
{
	liar_answer_stop(liar);
	guest_driver_restart(&liar->driver, ~0ull);
	liar_forget(liar);
}

static void pause_and_go_on(struct liar *liar)
{
	struct machine_outsider *outsider = liar->machine.outsiders;

	liar_answer_stop(liar);
	outsider->stop(outsider);
	machine_wait_answers(&liar->machine, outsider->busy);
	liar_forget(liar);
	outsider->go_on(outsider);
}

static void call(struct liar *liar)
{
	const struct vhost_device *vhost = liar->device->state;
	const unsigned int queue =
		(unsigned int)input_take(liar->input, 1) % liar->device->queue_count;

	eventfd_write(vhost->calls[queue].fd, 1);
}

static void say_anything(struct liar *liar)
{
	uint8_t bytes[64];
	const size_t len = input_take(liar->input, 1) % sizeof(bytes);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)input_take(liar->input, 1);
	liar_say(liar, bytes, len);
}

static void kick(struct liar *liar)
{
	guest_driver_kick(&liar->driver, (unsigned int)input_take(liar->input, 1));
}

static void go_away(struct liar *liar)
{
	shutdown(liar->socket, SHUT_RDWR);
}

/* One that has gone, if the front-end awaits it: with another greeting, or the same. */
static void come_back(struct liar *liar)
{
	struct vhost_device *vhost = liar->device->state;
	int again;

	if (vhost->absence != VHOST_AWAITED)
		return;
	loop_timer_set(liar->machine.loop, &vhost->again, 0);
	vhost->again.expired(&vhost->again);
	again = accept4(place()->listener, NULL, NULL, SOCK_CLOEXEC);
	if (again < 0)
		return;
	close(liar->socket);
	liar->socket = again;
	for (unsigned int i = 0; i < WORDS && vhost->absence >= VHOST_GREETED; i++) {
		liar_answer_pending(liar);
		fake_machine_run_for(&liar->machine, TURN_NS);
	}
}

/* What a driver and a back-end may have written into a ring: its indices and heads. */
static void write_ring(struct liar *liar)
{
	const struct virtqueue *queue =
		&liar->device->queues[input_take(liar->input, 1) % liar->device->queue_count];
	const uint64_t way = input_take(liar->input, 1);
	const uint64_t gpa = way & 1 ? queue->driver : queue->device;
	uint16_t *at = guest_memory_at(&liar->machine.memory, gpa + 2 * (way >> 1), sizeof(*at));

	if (at && queue->ready)
		*at = (uint16_t)input_take(liar->input, 2);
}

static void answer(struct liar *liar)
{
	liar_answer_pending(liar);
}

static void (*const steps[])(struct liar *liar) = {
	restart, pause_and_go_on, call, say_anything, kick, answer, go_away, come_back, write_ring};

static void step(struct liar *liar)
{
	const struct vhost_device *vhost = liar->device->state;

	steps[input_take(liar->input, 1) % (sizeof(steps) / sizeof(steps[0]))](liar);
	fake_machine_run_for(&liar->machine, TURN_NS);
	if (liar->link.backend.pending > VHOST_LINK_AWAITED)
		abort();
	/* Whoever is told of a broken link is told once, and needs a reset. */
	if (liar->link.backend.broken && (liar->link.backend.fd >= 0 || liar->link.backend.pending))
		abort();
	/* Nobody waits for one that is not there. */
	if (vhost->absence != VHOST_THERE && vhost->busy)
		abort();
}

static void run(struct liar *liar)
{
	if (liar->device->queue_count < 1 || liar->device->queue_count > VIRTIO_MAX_QUEUES)
		abort();
	liar_forget(liar);
	guest_driver_start(&liar->driver, &liar->machine, liar->device, ~0ull);
	for (unsigned int i = 0; i < STEPS && liar->input->left; i++)
		step(liar);
	liar_answer_stop(liar);
	virtio_device_free(liar->device);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const types[] = {"fs", "blk", "net"};
	struct input input = {.bytes = bytes, .left = size};
	struct liar liar = {.input = &input};
	static const uint8_t mac[6] = {0x52};
	struct vhost_user_options options = {.tag = "t",
					     .mac = mac,
					     .who = "the liar",
					     .path = place()->path,
					     .link = &liar.link};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	options.type = types[input_take(&input, 1) % 3];
	liar.socket = ends[1];
	vhost_link_init(&liar.link, ends[0]);
	program_machine(&liar.machine);
	liar.machine.memory.shared_fd = liar_memory();
	liar.type = vhost_user_type_find(options.type);
	liar_answer_greeting(&liar);
	liar_say_nonsense(&liar);
	liar.device = virtio_vhost_user_new(&liar.machine, "device0", &options);
	if (liar.device)
		run(&liar);
	vhost_link_close(&liar.link);
	close(liar.socket);
	fake_machine_destroy(&liar.machine);
	return 0;
}
