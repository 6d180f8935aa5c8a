/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/perf_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/way_out.h"
#include "trace/sources/asleep.h"
#include "trace/sources/perf_records.h"

/* What every user may lock for each CPU (kernel.perf_event_mlock_kb), less the page before it. */
#define RING_SIZE     (512u << 10)
#define RING_SMALLEST (16u << 10)
#define FORMAT_SIZE   16384u

struct ring {
	int events[PERF_TRACEPOINTS]; /* -1: none. The first has the memory, and the switches. */
	struct perf_event_mmap_page *page;
	size_t size; /* without the page */
	bool cut;    /* events are missing behind the last one that was read */
	uint64_t last;
	uint64_t told; /* so many are missing, by records */
};

struct perf_source {
	struct perf_formats formats;
	struct exit_counts *counts;
	struct perf_fold *fold;
	struct ring *rings;
	unsigned int ring_count;
	int epoll;
	struct vcpu_event *events; /* not counted yet */
	size_t event_count, event_room;
	uint64_t order, until;
};

/* ---- tracefs ---- */

static bool read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	while (used < size - 1 && (got = read(fd, out + used, size - 1 - used)) > 0)
		used += (size_t)got;
	out[used] = '\0';
	close(fd);
	return got >= 0;
}

static bool read_format(const char *tracepoint, char *out)
{
	static const char *const roots[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	char path[128];

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(path, sizeof(path), "%s/events/kvm/%s/format", roots[i], tracepoint);
		if (read_file(path, out, FORMAT_SIZE))
			return true;
		if (errno == EACCES)
			return false;
	}
	return false;
}

static bool read_formats(struct perf_source *source, struct perf_refusal *refusal)
{
	char *texts = malloc((size_t)PERF_TRACEPOINTS * FORMAT_SIZE);
	const char *formats[PERF_TRACEPOINTS], *missing = NULL;
	bool good = texts != NULL;

	for (size_t i = 0; i < PERF_TRACEPOINTS && good; i++) {
		formats[i] = texts + i * FORMAT_SIZE;
		good = read_format(perf_tracepoints[i], texts + i * FORMAT_SIZE);
		if (good)
			continue;
		snprintf(refusal->why, sizeof(refusal->why), "tracefs: kvm/%s: %s",
			 perf_tracepoints[i], strerror(errno));
		refusal->way_out = way_out(WAY_OUT_TRACEFS, errno);
	}
	if (good && (missing = perf_formats_read(&source->formats, formats))) {
		snprintf(refusal->why, sizeof(refusal->why), "tracefs: KVM's events have no %s",
			 missing);
		refusal->way_out = "run Linux 6.11 or later";
	}
	free(texts);
	return good && !missing;
}

/* ---- rings ---- */

static int open_event(const struct perf_source *source, unsigned int which, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_TRACEPOINT,
		.config = source->formats.ids[which],
		.sample_period = 1,
		.sample_type = PERF_RECORDS_SAMPLE_TYPE,
		.read_format = PERF_FORMAT_LOST,
		.disabled = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = RING_SIZE / 4,
		/* Threads' switches, names and ends: one event of the ring reports them. */
		.context_switch = which == 0,
		.comm = which == 0,
		.task = which == 0,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static bool map_ring(struct ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory = MAP_FAILED;

	for (ring->size = RING_SIZE; ring->size >= RING_SMALLEST; ring->size /= 2) {
		memory = mmap(NULL, page + ring->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      ring->events[0], 0);
		if (memory != MAP_FAILED || (errno != EPERM && errno != ENOMEM))
			break;
	}
	ring->page = memory == MAP_FAILED ? NULL : memory;
	return ring->page != NULL;
}

/* False with errno: ENODEV where the CPU is offline. */
static bool open_ring(struct perf_source *source, struct ring *ring, int cpu)
{
	struct epoll_event wanted = {.events = EPOLLIN};

	for (unsigned int i = 0; i < PERF_TRACEPOINTS; i++) {
		ring->events[i] = open_event(source, i, cpu);
		if (ring->events[i] < 0)
			return false;
		if (i == 0 ? !map_ring(ring)
			   : ioctl(ring->events[i], PERF_EVENT_IOC_SET_OUTPUT, ring->events[0]) < 0)
			return false;
	}
	return epoll_ctl(source->epoll, EPOLL_CTL_ADD, ring->events[0], &wanted) == 0;
}

static void close_ring(struct ring *ring)
{
	if (ring->page)
		munmap(ring->page, (size_t)sysconf(_SC_PAGESIZE) + ring->size);
	for (unsigned int i = 0; i < PERF_TRACEPOINTS; i++)
		if (ring->events[i] >= 0)
			close(ring->events[i]);
	*ring = (struct ring){.events = {-1, -1, -1, -1}};
}

/* Many CPUs take more files than a user has by default. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool open_rings(struct perf_source *source, struct perf_refusal *refusal)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	allow_files();
	source->epoll = epoll_create1(EPOLL_CLOEXEC);
	source->rings = calloc((size_t)cpus, sizeof(*source->rings));
	if (!source->rings || source->epoll < 0)
		return false;
	for (long cpu = 0; cpu < cpus; cpu++) {
		struct ring *ring = &source->rings[source->ring_count];

		*ring = (struct ring){.events = {-1, -1, -1, -1}};
		if (open_ring(source, ring, (int)cpu)) {
			source->ring_count++;
			continue;
		}
		int reason = errno;
		close_ring(ring);
		if (reason == ENODEV)
			continue;
		snprintf(refusal->why, sizeof(refusal->why), "perf events at tracepoints: %s",
			 strerror(reason));
		refusal->way_out = way_out(WAY_OUT_TRACEPOINT, reason);
		return false;
	}
	return true;
}

static bool start(const struct perf_source *source)
{
	for (unsigned int i = 0; i < source->ring_count; i++)
		for (unsigned int j = 0; j < PERF_TRACEPOINTS; j++)
			if (ioctl(source->rings[i].events[j], PERF_EVENT_IOC_ENABLE, 0) < 0)
				return false;
	return true;
}

/* ---- for the fold ---- */

static uint32_t number_of(void *opaque, uint32_t tgid, uint32_t tid)
{
	char path[64], name[32];

	(void)opaque;
	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", tgid, tid);
	if (!read_file(path, name, sizeof(name)))
		return VCPU_UNNAMED;
	name[strcspn(name, "\n")] = '\0';
	return vcpu_number(name);
}

static void add_asleep(void *opaque, pid_t pid, const struct asleep_vcpu *asleep)
{
	perf_fold_asleep(opaque, (uint32_t)pid, asleep->tid, asleep->vcpu_id, asleep->state,
			 asleep->since, clock_now());
}

static void close_source(void *opaque)
{
	struct perf_source *source = opaque;

	for (unsigned int i = 0; i < source->ring_count; i++)
		close_ring(&source->rings[i]);
	free(source->rings);
	if (source->epoll >= 0)
		close(source->epoll);
	perf_fold_free(source->fold);
	free(source->counts);
	free(source->events);
	free(source);
}

struct perf_source *perf_source_open(const struct perf_fold_rules *rules,
				     struct perf_refusal *refusal)
{
	struct perf_source *source = calloc(1, sizeof(*source));
	struct perf_fold_rules own = *rules;

	*refusal = (struct perf_refusal){.why = "perf events: no memory", .way_out = "make room"};
	if (!source)
		return NULL;
	source->epoll = -1;
	own.number = number_of;
	source->counts = calloc(rules->vcpus, sizeof(*source->counts));
	source->fold = source->counts ? perf_fold_new(&own, source->counts) : NULL;
	if (source->fold && read_formats(source, refusal) && open_rings(source, refusal)) {
		asleep_each((pid_t)rules->tgid, add_asleep, source->fold);
		source->until = clock_now();
		if (start(source))
			return source;
	}
	close_source(source);
	return NULL;
}

/* ---- events ---- */

/* Room for one record, and for the news that events before it are missing. */
static bool make_room(struct perf_source *source)
{
	size_t room = source->event_room ? source->event_room * 2 : 4096;
	struct vcpu_event *more;

	if (source->event_count + 2 <= source->event_room)
		return true;
	more = realloc(source->events, room * sizeof(*more));
	if (!more)
		return false;
	source->events = more;
	source->event_room = room;
	return true;
}

static void push(struct perf_source *source, const struct ring *ring,
		 const struct vcpu_event *event)
{
	struct vcpu_event *pushed = &source->events[source->event_count++];

	*pushed = *event;
	pushed->cpu = (uint32_t)(ring - source->rings);
	pushed->order = source->order++;
}

/* Behind the last event that was read from RING. */
static void push_cut(struct perf_source *source, struct ring *ring)
{
	const struct vcpu_event event = {.kind = VCPU_EVENT_CUT, .time = ring->last};

	if (ring->cut)
		return;
	ring->cut = true;
	push(source, ring, &event);
}

static void copy_out(const struct ring *ring, uint64_t at, void *out, size_t size)
{
	const uint8_t *data = (const uint8_t *)ring->page + ring->page->data_offset;
	size_t place = at & (ring->size - 1), first = ring->size - place;

	if (first > size)
		first = size;
	memcpy(out, data + place, first);
	memcpy((uint8_t *)out + first, data, size - first);
}

static void take_record(struct perf_source *source, struct ring *ring,
			const struct perf_event_header *record)
{
	struct vcpu_event event;

	perf_record_read(&source->formats, record, &event);
	if (event.kind == VCPU_EVENT_MENDED) {
		push_cut(source, ring);
		ring->cut = false;
		ring->told += event.lost;
	}
	if (event.kind != VCPU_EVENT_NOTHING)
		push(source, ring, &event);
	if (event.time > ring->last)
		ring->last = event.time;
}

static uint64_t lost_of(const struct ring *ring)
{
	uint64_t lost = 0;

	for (unsigned int i = 0; i < PERF_TRACEPOINTS; i++) {
		struct {
			uint64_t value, lost;
		} now; /* PERF_FORMAT_LOST */

		if (read(ring->events[i], &now, sizeof(now)) == sizeof(now))
			lost += now.lost;
	}
	return lost;
}

/*
 * The record that says how many are missing comes when there is room again, perhaps much later.
 * Events of other CPUs that come before it must not be taken for all there was: so whoever finds a
 * ring full asks at once.
 */
static void empty_ring(struct perf_source *source, struct ring *ring)
{
	union {
		struct perf_event_header header;
		uint64_t words[PERF_RECORDS_LARGEST / sizeof(uint64_t)];
	} record = {0};
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail, used = head - tail;

	while (tail != head && make_room(source)) {
		copy_out(ring, tail, &record, sizeof(record.header));
		uint16_t size = record.header.size;

		if (size < sizeof(record.header))
			tail = head;
		else
			tail += size;
		if (size < sizeof(record.header) || size > sizeof(record))
			continue;
		copy_out(ring, tail - size, &record, size);
		take_record(source, ring, &record.header);
	}
	__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
	if (used + PERF_RECORDS_LARGEST > ring->size && lost_of(ring) != ring->told &&
	    make_room(source))
		push_cut(source, ring);
}

/*
 * What is in the rings from before NOW is in the order in which each thread did it: an event that
 * was being written then, and is not there yet, can be followed on another CPU only by later ones.
 */
static void poll_rings(void *opaque)
{
	struct perf_source *source = opaque;
	uint64_t now = clock_now();
	size_t count = 0;

	for (unsigned int i = 0; i < source->ring_count; i++)
		empty_ring(source, &source->rings[i]);
	perf_fold_sort(source->events, source->event_count);
	for (; count < source->event_count && source->events[count].time < now; count++)
		perf_fold_event(source->fold, &source->events[count]);
	perf_fold_until(source->fold, now);
	source->until = now;
	source->event_count -= count;
	memmove(source->events, source->events + count,
		source->event_count * sizeof(*source->events));
}

struct exit_counts *perf_source_counts(const struct perf_source *source)
{
	return source->counts;
}

/* ---- as a source ---- */

static int fd(const void *opaque)
{
	const struct perf_source *source = opaque;

	return source->epoll;
}

static uint64_t until(const void *opaque)
{
	const struct perf_source *source = opaque;

	return source->until;
}

static uint32_t seen(const void *opaque)
{
	const struct perf_source *source = opaque;

	return perf_fold_seen(source->fold);
}

static uint64_t keys_lost(const void *opaque)
{
	const struct perf_source *source = opaque;

	return key_table_lost(perf_fold_keys(source->fold));
}

/* Nobody emptied the rings in time. */
static uint64_t missed(const void *opaque)
{
	const struct perf_source *source = opaque;
	uint64_t lost = 0;

	for (unsigned int i = 0; i < source->ring_count; i++)
		lost += lost_of(&source->rings[i]);
	return lost;
}

static bool each_key(const void *opaque, exit_key_function *each, void *each_opaque)
{
	const struct perf_source *source = opaque;

	return key_table_each(perf_fold_keys(source->fold), each, each_opaque);
}

const struct exit_source perf_source_ops = {
	.lacks = "SBI calls, and instructions that the hardware does not name, are not told apart",
	.close = close_source,
	.poll = poll_rings,
	.fd = fd,
	.until = until,
	.seen = seen,
	.keys_lost = keys_lost,
	.missed = missed,
	.each_key = each_key,
};
