/* SPDX-License-Identifier: Apache-2.0 */
/* The hardware counters of a hart on a host that is made up, and whose every call can fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/perf_event.h>

#include "vmm/counters/perf_counters.h"

enum { HOST_EVENTS = 200, SIGNAL = 40 };

struct host_event {
	struct perf_event_attr attr;
	bool open, enabled, in_error;
	bool taken; /* another user of perf has its counter */
	uint64_t count, period;
};

struct host {
	struct host_event events[HOST_EVENTS]; /* by fd */
	unsigned int opened;		       /* calls of open */
	unsigned int limit;		       /* descriptors: more give EMFILE */
	int open_error;
	bool no_overflow; /* a PMU that cannot sample */
	int control_error;
	unsigned long control_fails; /* this request */
	unsigned int hardware;	     /* counters of the hardware */
	bool no_others;		     /* it has cycles, instructions and no more */
};

static unsigned int open_count(const struct host *host)
{
	unsigned int count = 0;

	for (int i = 0; i < HOST_EVENTS; i++)
		count += host->events[i].open;
	return count;
}

/* As QEMU's: no counter counts a raw event. */
static bool host_schedules(const struct host *host, const struct perf_event_attr *attr)
{
	unsigned int enabled = 0;

	for (int i = 0; i < HOST_EVENTS; i++)
		enabled += host->events[i].open && host->events[i].enabled;
	return attr->type != PERF_TYPE_RAW && enabled < host->hardware;
}

static int host_open(void *opaque, const struct perf_event_attr *attr, int signal)
{
	struct host *host = opaque;

	assert_true(signal == 0 || signal == SIGNAL);
	assert_true(signal == 0 || attr->sample_period);
	assert_true(attr->exclude_host && attr->pinned && attr->disabled);
	if (host->open_error)
		return host->open_error;
	if (host->no_overflow && attr->sample_period)
		return -EOPNOTSUPP;
	if (open_count(host) == host->limit)
		return -EMFILE;
	if (host->no_others && (attr->type != PERF_TYPE_HARDWARE || attr->config > 1))
		return -ENOENT;
	for (int fd = 0; fd < HOST_EVENTS; fd++) {
		if (host->events[fd].open)
			continue;
		host->opened++;
		host->events[fd] = (struct host_event){.attr = *attr, .open = true};
		return fd;
	}
	return -EMFILE;
}

static int host_control(void *opaque, int fd, unsigned long request, uint64_t argument)
{
	struct host *host = opaque;
	struct host_event *event = &host->events[fd];

	assert_true(event->open);
	if (host->control_error && host->control_fails == request)
		return host->control_error;
	switch (request) {
	case PERF_EVENT_IOC_ENABLE:
		if (event->enabled && !event->in_error)
			break;
		event->in_error = event->taken || !host_schedules(host, &event->attr);
		event->enabled = !event->in_error;
		break;
	case PERF_EVENT_IOC_DISABLE: event->enabled = event->in_error = false; break;
	case PERF_EVENT_IOC_PERIOD:
		assert_true(event->attr.sample_period != 0);
		assert_true(argument != 0 && argument <= INT64_MAX);
		event->period = argument;
		break;
	default: fail();
	}
	return 0;
}

static bool host_read(void *opaque, int fd, uint64_t *count)
{
	struct host *host = opaque;

	assert_true(host->events[fd].open);
	*count = host->events[fd].count;
	return !host->events[fd].in_error;
}

static void host_close(void *opaque, int fd)
{
	struct host *host = opaque;

	assert_true(host->events[fd].open);
	host->events[fd].open = false;
}

static unsigned int host_raw_bits(void *opaque)
{
	(void)opaque;
	return 48;
}

static const struct perf_calls calls = {host_open, host_control, host_read, host_close,
					host_raw_bits};

/* The guest runs: whatever is enabled counts. */
static void run(struct host *host, uint64_t events)
{
	for (int i = 0; i < HOST_EVENTS; i++)
		if (host->events[i].open && host->events[i].enabled)
			host->events[i].count += events;
}

struct fixture {
	struct host host;
	struct perf_counters perf;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	fixture->host.limit = HOST_EVENTS;
	fixture->host.hardware = HOST_EVENTS;
	perf_counters_init(&fixture->perf, 0, SIGNAL, &calls, &fixture->host);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	unsigned int left;

	perf_counters_free(&fixture->perf);
	left = open_count(&fixture->host);
	free(fixture);
	return left == 0 ? 0 : -1; /* no descriptor leaks, in no test */
}

static const struct pmu_event cycles = {.type = 0, .code = 1};
static const struct pmu_event instructions = {.type = 0, .code = 2};

static uint64_t count(struct fixture *fixture, unsigned int counter)
{
	uint64_t value = 0;

	assert_true(perf_counters_read(&fixture->perf, counter, &value));
	return value;
}

static void a_counter_counts_from_start_to_stop(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	run(&fixture->host, 5);
	assert_int_equal(count(fixture, 0), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 7);
	assert_int_equal(count(fixture, 0), 7);
	perf_counters_stop(&fixture->perf, 0);
	run(&fixture->host, 11);
	assert_int_equal(count(fixture, 0), 7);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 13);
	assert_int_equal(count(fixture, 0), 20);
}

static void a_closed_event_is_used_again_and_starts_from_zero(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(perf_counters_open(&fixture->perf, 3, &cycles), 0);
		assert_true(perf_counters_start(&fixture->perf, 3, PMU_NO_OVERFLOW));
		run(&fixture->host, 10);
		assert_int_equal(count(fixture, 3), 10);
		perf_counters_close(&fixture->perf, 3);
		run(&fixture->host, 1);
	}
	assert_int_equal(fixture->host.opened, 1);
}

static void counters_of_one_event_do_not_share(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_int_equal(perf_counters_open(&fixture->perf, 3, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 3, PMU_NO_OVERFLOW));
	run(&fixture->host, 9);
	assert_int_equal(count(fixture, 0), 0);
	assert_int_equal(count(fixture, 3), 9);
}

static void the_count_goes_on_when_a_counter_begins_to_sample(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 2, &instructions), 0);
	assert_true(perf_counters_start(&fixture->perf, 2, PMU_NO_OVERFLOW));
	run(&fixture->host, 100);
	perf_counters_stop(&fixture->perf, 2);
	assert_true(perf_counters_start(&fixture->perf, 2, 1000));
	run(&fixture->host, 20);
	assert_int_equal(count(fixture, 2), 120);
	perf_counters_stop(&fixture->perf, 2);
	assert_true(perf_counters_start(&fixture->perf, 2, PMU_NO_OVERFLOW));
	run(&fixture->host, 3);
	assert_int_equal(count(fixture, 2), 123);
	assert_int_equal(fixture->host.opened, 2);
}

static void every_start_sets_its_period(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	assert_int_equal(perf_counters_open(&fixture->perf, 2, &instructions), 0);
	assert_true(perf_counters_start(&fixture->perf, 2, 1000));
	fd = fixture->perf.slots[fixture->perf.counters[2].slot].fd;
	assert_int_equal(fixture->host.events[fd].period, 1000);
	perf_counters_stop(&fixture->perf, 2);
	fixture->host.events[fd].period = 0;
	assert_true(perf_counters_start(&fixture->perf, 2, 1000));
	assert_int_equal(fixture->host.events[fd].period, 1000);
}

static void an_overflow_finds_its_counter_while_it_runs(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	assert_int_equal(perf_counters_open(&fixture->perf, 5, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 5, 1000));
	fd = fixture->perf.slots[fixture->perf.counters[5].slot].fd;
	run(&fixture->host, 1000);
	assert_int_equal(perf_counters_of_signal(&fixture->perf, fd), 5);
	assert_int_equal(perf_counters_of_signal(&fixture->perf, fd + 1), -1);
	perf_counters_stop(&fixture->perf, 5);
	assert_int_equal(perf_counters_of_signal(&fixture->perf, fd), -1);
	perf_counters_close(&fixture->perf, 5);
	assert_int_equal(perf_counters_of_signal(&fixture->perf, fd), -1);
}

static void a_signal_of_the_start_before_is_for_nobody(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	assert_int_equal(perf_counters_open(&fixture->perf, 5, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 5, 1000));
	fd = fixture->perf.slots[fixture->perf.counters[5].slot].fd;
	run(&fixture->host, 1001);
	perf_counters_stop(&fixture->perf, 5);
	assert_true(perf_counters_start(&fixture->perf, 5, 1000));
	run(&fixture->host, 999);
	assert_int_equal(perf_counters_of_signal(&fixture->perf, fd), -1);
	run(&fixture->host, 1);
	assert_int_equal(perf_counters_of_signal(&fixture->perf, fd), 5);
}

static void whatever_open_fails_with_is_told_and_nothing_is_kept(void **state)
{
	static const int errors[] = {EACCES, EPERM, ENOENT,	EMFILE, ENFILE, EBUSY,
				     ENODEV, EINTR, EOPNOTSUPP, ENOMEM, EINVAL, ENOSYS};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fixture->host.open_error = -errors[i];
		assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), -errors[i]);
		assert_int_equal(open_count(&fixture->host), 0);
		assert_false(perf_counters_supported(&fixture->perf, &cycles, true));
	}
	fixture->host.open_error = 0;
	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
}

static void a_start_that_needs_a_new_event_can_fail_and_be_tried_again(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 4);
	perf_counters_stop(&fixture->perf, 0);
	fixture->host.open_error = -EBUSY;
	assert_false(perf_counters_start(&fixture->perf, 0, 1000));
	assert_int_equal(count(fixture, 0), 4);
	fixture->host.open_error = 0;
	fixture->host.control_fails = PERF_EVENT_IOC_PERIOD;
	fixture->host.control_error = -EINVAL;
	assert_false(perf_counters_start(&fixture->perf, 0, 1000));
	fixture->host.control_fails = PERF_EVENT_IOC_ENABLE;
	assert_false(perf_counters_start(&fixture->perf, 0, 1000));
	fixture->host.control_error = 0;
	assert_true(perf_counters_start(&fixture->perf, 0, 1000));
	run(&fixture->host, 2);
	assert_int_equal(count(fixture, 0), 6);
}

static void a_host_that_cannot_sample_counts(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.no_overflow = true;
	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 4);
	perf_counters_stop(&fixture->perf, 0);
	assert_false(perf_counters_start(&fixture->perf, 0, 1000));
	assert_int_equal(count(fixture, 0), 4);
}

static void a_raw_event_that_the_driver_would_cut_is_refused(void **state)
{
	const struct pmu_event fits = {.type = PMU_EVENT_RAW_V2, .data = 1ull << 47};
	const struct pmu_event wide = {.type = PMU_EVENT_RAW_V2, .data = 1ull << 48 | 1};
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 3, &wide), -ENOENT);
	assert_false(perf_counters_supported(&fixture->perf, &wide, true));
	assert_int_equal(perf_counters_open(&fixture->perf, 3, &fits), 0);
}

static void parked_events_give_way_when_descriptors_run_out(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.limit = 2;
	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	perf_counters_close(&fixture->perf, 0);
	assert_int_equal(perf_counters_open(&fixture->perf, 2, &instructions), 0);
	for (unsigned int code = 3; code < 11; code++) {
		const struct pmu_event event = {.type = 0, .code = code};

		assert_int_equal(perf_counters_open(&fixture->perf, 3, &event), 0);
		perf_counters_close(&fixture->perf, 3);
	}
	assert_int_equal(perf_counters_open(&fixture->perf, 3, &cycles), 0);
	assert_int_equal(perf_counters_open(&fixture->perf, 4, &cycles), -EMFILE);
}

static void no_number_of_different_events_fills_the_slots(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t data = 0; data < 3 * PERF_SLOTS; data++) {
		const struct pmu_event event = {.type = 2, .data = data};

		assert_int_equal(perf_counters_open(&fixture->perf, 3, &event), 0);
		assert_false(perf_counters_start(&fixture->perf, 3, 100));
		perf_counters_close(&fixture->perf, 3);
	}
	assert_true(open_count(&fixture->host) <= PERF_SLOTS);
}

static void a_counter_that_the_host_takes_stands_still_and_is_counted(void **state)
{
	struct fixture *fixture = *state;
	struct host_event *event = &fixture->host.events[0];
	uint64_t value;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 8);
	assert_int_equal(count(fixture, 0), 8);
	event->in_error = true;
	assert_false(perf_counters_read(&fixture->perf, 0, &value));
	assert_int_equal(value, 8);
	event->in_error = false;
	assert_false(perf_counters_read(&fixture->perf, 0, &value));
	perf_counters_stop(&fixture->perf, 0);
	assert_int_equal(fixture->perf.lost, 1);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	assert_int_equal(count(fixture, 0), 8);
}

static unsigned int enabled_count(const struct host *host)
{
	unsigned int enabled = 0;

	for (int i = 0; i < HOST_EVENTS; i++)
		enabled += host->events[i].open && host->events[i].enabled;
	return enabled;
}

static void what_nobody_starts_again_is_disabled(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	assert_false(perf_counters_settle(&fixture->perf));
	perf_counters_stop(&fixture->perf, 0);
	assert_true(perf_counters_settle(&fixture->perf));
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 5);
	perf_counters_close(&fixture->perf, 0);
	run(&fixture->host, 100);
	assert_true(perf_counters_settle(&fixture->perf));
	assert_int_equal(enabled_count(&fixture->host), 1);
	assert_false(perf_counters_settle(&fixture->perf));
	assert_int_equal(enabled_count(&fixture->host), 0);
	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 3);
	assert_int_equal(count(fixture, 0), 3);
}

/* The host goes through all of a thread's events whenever it switches to it. */
static void what_nobody_has_or_takes_again_is_closed(void **state)
{
	struct fixture *fixture = *state;

	assert_true(perf_counters_supported(&fixture->perf, &instructions, true));
	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_int_equal(open_count(&fixture->host), 2);
	assert_true(perf_counters_settle(&fixture->perf));
	assert_int_equal(perf_counters_open(&fixture->perf, 2, &instructions), 0);
	perf_counters_close(&fixture->perf, 2);
	assert_true(perf_counters_settle(&fixture->perf));
	assert_int_equal(open_count(&fixture->host), 2);
	assert_false(perf_counters_settle(&fixture->perf));
	assert_int_equal(open_count(&fixture->host), 1);
	/* Of a counter that is configured it stays. */
	assert_false(perf_counters_settle(&fixture->perf));
	assert_int_equal(open_count(&fixture->host), 1);
	assert_int_equal(perf_counters_open(&fixture->perf, 2, &instructions), 0);
	assert_true(perf_counters_start(&fixture->perf, 2, PMU_NO_OVERFLOW));
	run(&fixture->host, 3);
	assert_int_equal(count(fixture, 2), 3);
}

static void an_event_that_lingers_gives_way_to_another_of_its_kind(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	perf_counters_stop(&fixture->perf, 0);
	assert_int_equal(enabled_count(&fixture->host), 1);
	assert_true(perf_counters_start(&fixture->perf, 0, 1000));
	assert_int_equal(enabled_count(&fixture->host), 1);
	perf_counters_stop(&fixture->perf, 0);
	assert_int_equal(enabled_count(&fixture->host), 0);
}

static void a_counter_that_the_host_does_not_have_free_fails_to_start(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	fixture->host.events[0].taken = true;
	assert_false(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	perf_counters_stop(&fixture->perf, 0);
	fixture->host.events[0].taken = false;
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
}

/* ---- events that no counter of the hardware counts ---- */

static void an_event_that_opens_and_is_never_counted_is_not_schedulable(void **state)
{
	const struct pmu_event raw = {.type = PMU_EVENT_RAW, .data = 5};
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 3, &raw), 0);
	assert_false(perf_counters_schedulable(&fixture->perf, 3));
	assert_false(perf_counters_supported(&fixture->perf, &raw, true));
	assert_true(perf_counters_supported(&fixture->perf, &raw, false));
	assert_int_equal(enabled_count(&fixture->host), 0);
	perf_counters_close(&fixture->perf, 3);
	assert_int_equal(perf_counters_open(&fixture->perf, 3, &cycles), 0);
	assert_true(perf_counters_schedulable(&fixture->perf, 3));
	assert_true(perf_counters_supported(&fixture->perf, &cycles, true));
}

static void a_trial_counts_nothing(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_schedulable(&fixture->perf, 0));
	run(&fixture->host, 50);
	assert_int_equal(count(fixture, 0), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 3);
	assert_int_equal(count(fixture, 0), 3);
	perf_counters_stop(&fixture->perf, 0);
	assert_true(perf_counters_settle(&fixture->perf));
	assert_false(perf_counters_settle(&fixture->perf));
	assert_int_equal(enabled_count(&fixture->host), 0);
}

static struct pmu_event event_of(unsigned int counter)
{
	return (struct pmu_event){.type = PMU_EVENT_HARDWARE, .code = counter % 10 + 1};
}

/* Configured, and started only when all are. */
static void one_more_than_the_hardware_has_is_refused_when_it_is_configured(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.hardware = 12;
	for (unsigned int i = 0; i < 14; i++) {
		const struct pmu_event event = event_of(i);

		assert_int_equal(perf_counters_open(&fixture->perf, i, &event), 0);
		assert_int_equal(perf_counters_schedulable(&fixture->perf, i), i < 12);
		if (i >= 12)
			perf_counters_close(&fixture->perf, i);
	}
	for (unsigned int i = 0; i < 12; i++)
		assert_true(perf_counters_start(&fixture->perf, i, i == 3 ? 1000 : 0));
	run(&fixture->host, 7);
	for (unsigned int i = 0; i < 12; i++)
		assert_int_equal(count(fixture, i), 7);
}

/* Events that linger are nobody's: they make room. */
static void what_lingers_takes_no_counter_from_another(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.hardware = 1;
	for (unsigned int i = 0; i < 10; i++) {
		const struct pmu_event event = event_of(i);

		assert_int_equal(perf_counters_open(&fixture->perf, 3, &event), 0);
		assert_true(perf_counters_schedulable(&fixture->perf, 3));
		assert_true(perf_counters_start(&fixture->perf, 3, PMU_NO_OVERFLOW));
		run(&fixture->host, 9);
		assert_int_equal(count(fixture, 3), 9);
		perf_counters_close(&fixture->perf, 3);
	}
}

static void a_counter_that_another_user_has_is_refused_until_it_is_free(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.hardware = 0;
	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_false(perf_counters_schedulable(&fixture->perf, 0));
	/* What the host has at all is another question. */
	assert_true(perf_counters_supported(&fixture->perf, &cycles, true));
	fixture->host.hardware = 1;
	assert_true(perf_counters_schedulable(&fixture->perf, 0));
}

/* It was counted, then lost before anyone read it. */
static void what_a_lost_counter_had_is_not_counted_twice(void **state)
{
	struct fixture *fixture = *state;
	struct host_event *event = &fixture->host.events[0];

	assert_int_equal(perf_counters_open(&fixture->perf, 0, &cycles), 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	run(&fixture->host, 1000);
	event->in_error = true;
	event->enabled = false;
	perf_counters_stop(&fixture->perf, 0);
	assert_true(perf_counters_start(&fixture->perf, 0, PMU_NO_OVERFLOW));
	assert_int_equal(count(fixture, 0), 0);
	run(&fixture->host, 6);
	assert_int_equal(count(fixture, 0), 6);
}

static void what_fits_together_is_found_by_trying(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int hardware = 0; hardware < 30; hardware++) {
		fixture->host.hardware = hardware;
		for (int others = 0; others < 2; others++) {
			fixture->host.no_others = others;
			assert_int_equal(perf_counters_together(&fixture->perf, 18),
					 hardware < 18 ? hardware : 18);
			assert_int_equal(open_count(&fixture->host), 0);
		}
	}
	/* That there is no descriptor, or no right, says nothing of counters. */
	fixture->host.limit = 5;
	assert_int_equal(perf_counters_together(&fixture->perf, 18), 18);
	assert_int_equal(open_count(&fixture->host), 0);
	fixture->host.open_error = -EACCES;
	assert_int_equal(perf_counters_together(&fixture->perf, 18), 18);
}

/* SBI 3.0, section 11.3, against include/uapi/linux/perf_event.h. */
static void events_become_the_perf_events_that_they_name(void **state)
{
	static const struct {
		struct pmu_event event;
		uint32_t type;
		uint64_t config;
	} rows[] = {
		{{.type = 0, .code = 1}, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
		{{.type = 0, .code = 2}, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
		{{.type = 0, .code = 10}, PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
		{{.type = 1, .code = 3 << 3 | 0 << 1 | 1},
		 PERF_TYPE_HW_CACHE,
		 PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_RESULT_MISS << 16},
		{{.type = 1, .code = 6 << 3 | 2 << 1},
		 PERF_TYPE_HW_CACHE,
		 PERF_COUNT_HW_CACHE_NODE | PERF_COUNT_HW_CACHE_OP_PREFETCH << 8},
		{{.type = 2, .data = UINT64_MAX}, PERF_TYPE_RAW, (1ull << 48) - 1},
		{{.type = 3, .data = UINT64_MAX}, PERF_TYPE_RAW, (1ull << 56) - 1},
	};
	static const struct pmu_event nothing[] = {
		{.type = 0, .code = 0}, {.type = 0, .code = 11},     {.type = 1, .code = 7 << 3},
		{.type = 1, .code = 6}, {.type = 1, .code = 0xffff}, {.type = 4},
		{.type = 15},
	};
	struct perf_event_attr attr;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(perf_counters_attr(&rows[i].event, &attr));
		assert_int_equal(attr.type, rows[i].type);
		assert_int_equal(attr.config, rows[i].config);
		assert_int_equal(attr.config1, 1);
		assert_false(attr.exclude_user || attr.exclude_kernel);
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		assert_false(perf_counters_attr(&nothing[i], &attr));
	assert_true(perf_counters_attr(&(struct pmu_event){.code = 1, .no_user = true}, &attr));
	assert_true(attr.exclude_user && !attr.exclude_kernel && attr.exclude_host);
	assert_true(
		perf_counters_attr(&(struct pmu_event){.code = 1, .no_supervisor = true}, &attr));
	assert_true(attr.exclude_kernel && !attr.exclude_user);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* What the hart did for the VMM is in no count, and moves no overflow. */
static void what_is_hidden_is_not_counted(void **state)
{
	struct fixture *fixture = *state;
	struct perf_counters *perf = &fixture->perf;
	uint64_t count;

	assert_int_equal(perf_counters_open(perf, 3, &cycles), 0);
	assert_true(perf_counters_start(perf, 3, 1000));
	run(&fixture->host, 100);
	perf_counters_hide(perf);
	run(&fixture->host, 3);
	perf_counters_show(perf);
	assert_true(perf_counters_read(perf, 3, &count));
	assert_int_equal(count, 100);
	run(&fixture->host, 200);
	perf_counters_hide(perf);
	run(&fixture->host, 3);
	perf_counters_show(perf);
	assert_true(perf_counters_read(perf, 3, &count));
	assert_int_equal(count, 300);
	/* The host counts to its period, whoever did it. */
	run(&fixture->host, 694);
	assert_int_equal(perf_counters_of_signal(perf, perf->slots[perf->counters[3].slot].fd), 3);
	perf_counters_stop(perf, 3);
	assert_true(perf_counters_read(perf, 3, &count));
	assert_int_equal(count, 994);
	/* And again from there. */
	assert_true(perf_counters_start(perf, 3, 500));
	run(&fixture->host, 499);
	assert_int_equal(perf_counters_of_signal(perf, perf->slots[perf->counters[3].slot].fd), -1);
	run(&fixture->host, 1);
	assert_int_equal(perf_counters_of_signal(perf, perf->slots[perf->counters[3].slot].fd), 3);
}

/* One that the host took away in between stays lost, with the count that was known. */
static void what_is_lost_while_hidden_stays_lost(void **state)
{
	struct fixture *fixture = *state;
	struct perf_counters *perf = &fixture->perf;
	uint64_t count;
	int fd;

	assert_int_equal(perf_counters_open(perf, 3, &cycles), 0);
	assert_true(perf_counters_start(perf, 3, 1000));
	run(&fixture->host, 100);
	assert_true(perf_counters_read(perf, 3, &count));
	fd = perf->slots[perf->counters[3].slot].fd;
	perf_counters_hide(perf);
	fixture->host.events[fd].in_error = true;
	perf_counters_show(perf);
	assert_false(perf_counters_read(perf, 3, &count));
	assert_int_equal(count, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_counter_counts_from_start_to_stop),
		TEST(a_closed_event_is_used_again_and_starts_from_zero),
		TEST(counters_of_one_event_do_not_share),
		TEST(the_count_goes_on_when_a_counter_begins_to_sample),
		TEST(every_start_sets_its_period),
		TEST(an_overflow_finds_its_counter_while_it_runs),
		TEST(a_signal_of_the_start_before_is_for_nobody),
		TEST(whatever_open_fails_with_is_told_and_nothing_is_kept),
		TEST(a_start_that_needs_a_new_event_can_fail_and_be_tried_again),
		TEST(a_host_that_cannot_sample_counts),
		TEST(a_raw_event_that_the_driver_would_cut_is_refused),
		TEST(parked_events_give_way_when_descriptors_run_out),
		TEST(no_number_of_different_events_fills_the_slots),
		TEST(a_counter_that_the_host_takes_stands_still_and_is_counted),
		TEST(a_counter_that_the_host_does_not_have_free_fails_to_start),
		TEST(what_nobody_starts_again_is_disabled),
		TEST(what_nobody_has_or_takes_again_is_closed),
		TEST(an_event_that_lingers_gives_way_to_another_of_its_kind),
		TEST(what_is_hidden_is_not_counted),
		TEST(what_is_lost_while_hidden_stays_lost),
		TEST(an_event_that_opens_and_is_never_counted_is_not_schedulable),
		TEST(a_trial_counts_nothing),
		TEST(one_more_than_the_hardware_has_is_refused_when_it_is_configured),
		TEST(what_lingers_takes_no_counter_from_another),
		TEST(a_counter_that_another_user_has_is_refused_until_it_is_free),
		TEST(what_a_lost_counter_had_is_not_counted_twice),
		TEST(what_fits_together_is_found_by_trying),
		cmocka_unit_test(events_become_the_perf_events_that_they_name),
	};

	return cmocka_run_group_tests_name("perf_counters", tests, NULL, NULL);
}
