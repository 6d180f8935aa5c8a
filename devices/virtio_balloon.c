/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory balloon (virtio 1.2, section 5.5): pages that the guest puts into it, or reports as
 * free, go back to the host; the guest finds zeros when it touches them again. The loop's ring does
 * it, so that nothing waits here.
 *
 * Drivers may number the queues behind one that is missing in two ways. With all of them offered
 * both agree, which is why free page hints are, of which this device never asks for any.
 */
#include <endian.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "devices/balloon.h"
#include "devices/devices.h"

/* Feature bits, section 5.5.3. */
#define F_STATS_VQ	 1u
#define F_DEFLATE_ON_OOM 2u
#define F_FREE_PAGE_HINT 3u
#define F_PAGE_REPORTING 5u

#define PAGE	    4096ull
#define LONGEST	    (1ull << 30) /* that the host takes at once */
#define PIECE	    256u /* page numbers that are looked at together, and of reports the segments */
#define TURN_CHAINS 64u
#define PATIENCE_NS 2000000000ull /* for the driver's statistics */

enum { INFLATE, DEFLATE, STATISTICS, HINTS, REPORTS, QUEUES };

/* Section 5.5.4. Hints are not asked for: command 0, VIRTIO_BALLOON_CMD_ID_STOP. */
struct balloon_config {
	uint32_t wanted, actual, hint_command, poison;
};

/* Section 5.5.6.2. */
struct statistic {
	uint16_t tag;
	uint64_t value;
} __attribute__((packed));

struct range {
	uint64_t start, len; /* bytes from the first of RAM */
};

/* A queue whose chains name pages for the host. One at a time: BUSY. */
struct giver {
	struct balloon *balloon;
	unsigned int queue;
	bool busy;
	struct virtqueue_chain chain;
	uint64_t offset; /* of the chain's page numbers that were taken */
	struct range ranges[PIECE];
	unsigned int count, next;
	struct loop_io io;
	struct loop_task more;
};

struct balloon {
	struct virtio_device device;
	struct giver inflating, reporting;
	unsigned int in_flight;
	bool dying, warned;
	uint32_t wanted, actual; /* pages */
	uint64_t returned;	 /* bytes */

	/* The driver keeps a buffer here, which it fills again when it is given back. */
	bool has_buffer;
	uint16_t buffer;
	unsigned int asked; /* 1: the statistics are on their way */
	struct loop_timer patience;
	struct balloon_statistics statistics;
};

static void go_on(struct giver *giver);

/* ---- pages to the host ---- */

static void release(struct balloon *balloon)
{
	struct loop *loop = machine_loop(balloon->device.machine);

	loop_withdraw(loop, &balloon->inflating.more);
	loop_withdraw(loop, &balloon->reporting.more);
	loop_timer_set(loop, &balloon->patience, 0);
	free(balloon);
}

static void given(struct loop_io *io, int result)
{
	struct giver *giver = io->opaque;
	struct balloon *balloon = giver->balloon;

	balloon->in_flight--;
	if (result == 0)
		balloon->returned += io->len;
	else if (!balloon->warned)
		warning("%s: the host cannot take the guest's pages back: %s", balloon->device.name,
			strerror(-result));
	balloon->warned |= result != 0;
	if (balloon->dying) {
		if (!balloon->in_flight)
			release(balloon);
		return;
	}
	if (!balloon->in_flight)
		machine_idle(balloon->device.machine);
	if (virtio_is_running(&balloon->device))
		go_on(giver);
}

static void give_next(struct giver *giver)
{
	struct balloon *balloon = giver->balloon;
	const struct guest_memory *memory = machine_memory(balloon->device.machine);
	struct range *range = &giver->ranges[giver->next];
	const uint64_t len = range->len < LONGEST ? range->len : LONGEST;

	giver->io = (struct loop_io){.done = given, .opaque = giver, .len = len};
	if (memory->shared_fd) {
		giver->io.op = LOOP_FALLOCATE;
		giver->io.fd = memory->shared_fd;
		giver->io.mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
		giver->io.offset = range->start;
	} else {
		giver->io.op = LOOP_MADVISE;
		giver->io.mode = MADV_DONTNEED;
		giver->io.offset = (uint64_t)(uintptr_t)memory->host + range->start;
	}
	range->start += len;
	range->len -= len;
	giver->next += range->len == 0;
	balloon->in_flight++;
	loop_submit(machine_loop(balloon->device.machine), &giver->io);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

/* Neighbours in one piece: a call for each page would be most of the work. */
static void join_ranges(struct giver *giver)
{
	unsigned int used = 0;

	qsort(giver->ranges, giver->count, sizeof(giver->ranges[0]), compare_ranges);
	for (unsigned int i = 1; i < giver->count; i++) {
		struct range *last = &giver->ranges[used];
		const struct range *range = &giver->ranges[i];

		if (range->start > last->start + last->len)
			giver->ranges[++used] = *range;
		else if (range->start + range->len > last->start + last->len)
			last->len = range->start + range->len - last->start;
	}
	giver->count = giver->count ? used + 1 : 0;
}

/* Section 5.5.6: a 32-bit number each, of 4096 bytes of guest-physical memory. False: no more. */
static bool take_numbers(struct giver *giver)
{
	struct virtio_device *device = &giver->balloon->device;
	const struct guest_memory *memory = machine_memory(device->machine);
	uint32_t numbers[PIECE];
	const uint64_t len = virtqueue_read(&giver->chain, giver->offset, numbers, sizeof(numbers));

	giver->count = giver->next = 0;
	giver->offset += len;
	for (unsigned int i = 0; i < len / sizeof(numbers[0]); i++) {
		const uint64_t gpa = le32toh(numbers[i]) * PAGE;

		if (guest_memory_at(memory, gpa, PAGE))
			giver->ranges[giver->count++] = (struct range){gpa - memory->base, PAGE};
		else
			machine_guest_error(device->machine, device->name,
					    "page 0x%x, which is not RAM, for the balloon",
					    le32toh(numbers[i]));
	}
	join_ranges(giver);
	return len >= sizeof(numbers[0]);
}

/* Section 5.5.6.7: the buffers are the pages. Only whole ones can be taken. False: no more. */
static bool take_buffers(struct giver *giver)
{
	const struct guest_memory *memory = machine_memory(giver->balloon->device.machine);
	const struct iovec *segments = &giver->chain.segments[giver->chain.readable];
	unsigned int at = (unsigned int)giver->offset;

	giver->count = giver->next = 0;
	for (; at < giver->chain.writable && giver->count < PIECE; at++) {
		const uint64_t start =
			(uint64_t)((const uint8_t *)segments[at].iov_base - memory->host);
		const uint64_t first = (start + PAGE - 1) / PAGE * PAGE;
		const uint64_t end = (start + segments[at].iov_len) / PAGE * PAGE;

		if (end > first)
			giver->ranges[giver->count++] = (struct range){first, end - first};
	}
	join_ranges(giver);
	const bool some = at > giver->offset;
	giver->offset = at;
	return some;
}

static bool take_ranges(struct giver *giver)
{
	return giver->queue == REPORTS ? take_buffers(giver) : take_numbers(giver);
}

static void chain_done(struct giver *giver)
{
	struct virtio_device *device = &giver->balloon->device;

	virtio_push(device, giver->queue, giver->chain.head, 0);
	virtio_notify(device, giver->queue);
}

/* Until something is in flight, there is no chain, or this turn has had enough. */
static void go_on(struct giver *giver)
{
	struct virtio_device *device = &giver->balloon->device;
	unsigned int turns = 0;

	while (giver->next == giver->count) {
		if (turns++ == TURN_CHAINS) {
			loop_post(machine_loop(device->machine), &giver->more);
			return;
		}
		if (take_ranges(giver))
			continue;
		chain_done(giver);
		if (!virtio_pop(device, giver->queue, &giver->chain)) {
			giver->busy = false;
			return;
		}
		giver->offset = 0;
	}
	give_next(giver);
}

static void more_task(struct loop_task *task)
{
	struct giver *giver = task->opaque;

	if (giver->busy && virtio_is_running(&giver->balloon->device))
		go_on(giver);
}

static void start(struct giver *giver)
{
	if (giver->busy || !virtio_pop(&giver->balloon->device, giver->queue, &giver->chain))
		return;
	giver->busy = true;
	giver->offset = 0;
	giver->count = giver->next = 0;
	go_on(giver);
}

/* Pages that the guest takes out again are just touched: nothing is to be done. */
static void deflate(struct balloon *balloon)
{
	struct virtqueue_chain chain;

	/* Once more than there can be: the pop that finds nothing asks for the next doorbell. */
	for (unsigned int i = 0; i <= VIRTIO_QUEUE_SIZE; i++) {
		if (!virtio_pop(&balloon->device, DEFLATE, &chain))
			break;
		virtio_push(&balloon->device, DEFLATE, chain.head, 0);
	}
	virtio_notify(&balloon->device, DEFLATE);
}

/* ---- what the driver says of its memory ---- */

static void answered(struct balloon *balloon)
{
	balloon->asked = 0;
	loop_timer_set(machine_loop(balloon->device.machine), &balloon->patience, 0);
	machine_idle(balloon->device.machine);
}

static void take_statistics(struct balloon *balloon)
{
	struct virtqueue_chain chain;
	struct statistic stat;
	uint64_t offset = 0;

	if (balloon->has_buffer || !virtio_pop(&balloon->device, STATISTICS, &chain))
		return;
	balloon->has_buffer = true;
	balloon->buffer = chain.head;
	for (unsigned int i = 0; i < PIECE; i++, offset += sizeof(stat)) {
		if (virtqueue_read(&chain, offset, &stat, sizeof(stat)) < sizeof(stat))
			break;
		const uint16_t tag = le16toh(stat.tag);
		if (tag >= BALLOON_STATISTICS)
			continue;
		balloon->statistics.known[tag] = true;
		balloon->statistics.values[tag] = le64toh(stat.value);
	}
	answered(balloon);
}

static void lost_patience(struct loop_timer *timer)
{
	answered(timer->opaque);
}

/* ---- for the machine ---- */

void balloon_want(struct virtio_device *device, uint32_t pages)
{
	struct balloon *balloon = device->state;

	balloon->wanted = pages;
	virtio_config_changed(device);
}

void balloon_look(const struct virtio_device *device, struct balloon_state *state)
{
	const struct balloon *balloon = device->state;

	*state = (struct balloon_state){
		.driven = virtio_is_running(device),
		.wanted = balloon->wanted,
		.actual = balloon->actual,
		.returned = balloon->returned,
		.statistics = balloon->statistics,
	};
}

const unsigned int *balloon_ask(struct virtio_device *device)
{
	struct balloon *balloon = device->state;

	if (!balloon->has_buffer || !virtio_is_running(device))
		return NULL;
	balloon->has_buffer = false;
	balloon->asked = 1;
	loop_timer_set(machine_loop(device->machine), &balloon->patience, PATIENCE_NS);
	virtio_push(device, STATISTICS, balloon->buffer, 0);
	virtio_notify(device, STATISTICS);
	return &balloon->asked;
}

/* ---- the class ---- */

static uint64_t balloon_features(struct virtio_device *device)
{
	(void)device;
	return 1ull << F_STATS_VQ | 1ull << F_DEFLATE_ON_OOM | 1ull << F_FREE_PAGE_HINT |
	       1ull << F_PAGE_REPORTING;
}

static void balloon_config_read(struct virtio_device *device, uint64_t offset, void *to,
				unsigned size)
{
	const struct balloon *balloon = device->state;
	const struct balloon_config config = {
		.wanted = htole32(balloon->wanted),
		.actual = htole32(balloon->actual),
	};

	memset(to, 0, size);
	if (offset < sizeof(config))
		memcpy(to, (const uint8_t *)&config + offset,
		       size < sizeof(config) - offset ? size : sizeof(config) - offset);
}

/* The driver writes one field: how much it has in the balloon. */
static void balloon_config_write(struct virtio_device *device, uint64_t offset, const void *from,
				 unsigned size)
{
	struct balloon *balloon = device->state;
	uint32_t actual;

	if (offset != offsetof(struct balloon_config, actual) || size != sizeof(actual))
		return;
	memcpy(&actual, from, sizeof(actual));
	balloon->actual = le32toh(actual);
}

/* Linux fills its buffer for statistics before it says that it runs. */
static void balloon_started(struct virtio_device *device)
{
	struct balloon *balloon = device->state;

	take_statistics(balloon);
	start(&balloon->inflating);
	start(&balloon->reporting);
}

static void balloon_kick(struct virtio_device *device, unsigned int queue)
{
	struct balloon *balloon = device->state;

	switch (queue) {
	case INFLATE: start(&balloon->inflating); break;
	case DEFLATE: deflate(balloon); break;
	case STATISTICS: take_statistics(balloon); break;
	case REPORTS: start(&balloon->reporting); break;
	default: break; /* hints that nobody asked for */
	}
}

static void balloon_reset(struct virtio_device *device)
{
	struct balloon *balloon = device->state;

	machine_wait_idle(device->machine, &balloon->in_flight);
	balloon->inflating.busy = balloon->reporting.busy = false;
	balloon->actual = 0;
	balloon->has_buffer = false;
	balloon->statistics = (struct balloon_statistics){0};
	answered(balloon);
}

/* With pages in flight the last of them frees: at the latest when the loop is freed. */
static void balloon_free(struct virtio_device *device)
{
	struct balloon *balloon = device->state;

	balloon->dying = true;
	if (!balloon->in_flight)
		release(balloon);
}

static const struct virtio_class balloon_class = {
	.name = "balloon",
	.device_id = 5,
	.pci_class = 0x00ff00, /* unclassified */
	.features = balloon_features,
	.config_read = balloon_config_read,
	.config_write = balloon_config_write,
	.started = balloon_started,
	.kick = balloon_kick,
	.reset = balloon_reset,
	.free = balloon_free,
};

static void giver_init(struct giver *giver, struct balloon *balloon, unsigned int queue)
{
	giver->balloon = balloon;
	giver->queue = queue;
	giver->more = (struct loop_task){.run = more_task, .opaque = giver};
}

struct virtio_device *virtio_balloon_new(struct machine *machine, const char *name)
{
	struct balloon *balloon = calloc(1, sizeof(*balloon));

	if (!balloon) {
		error("no memory for the balloon");
		return NULL;
	}
	giver_init(&balloon->inflating, balloon, INFLATE);
	giver_init(&balloon->reporting, balloon, REPORTS);
	balloon->patience = (struct loop_timer){
		.expired = lost_patience, .opaque = balloon, .while_frozen = true};
	balloon->device.class = &balloon_class;
	balloon->device.machine = machine;
	balloon->device.queue_count = QUEUES;
	balloon->device.state = balloon;
	strncpy(balloon->device.name, name, sizeof(balloon->device.name) - 1);
	return &balloon->device;
}
