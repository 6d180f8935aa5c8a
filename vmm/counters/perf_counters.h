/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware counters of one hart: perf events of its vCPU's thread that count in the guest only.
 *
 * Linux configures, starts, stops and resets its counters at every switch of tasks, and the host's
 * perf_event_open() and enabling of an event are dear. So for a while an event that is not used any
 * more stays open for the next who wants the same, and one that only counts stays enabled: what it
 * counts then is left out by reading it. perf_counters_settle() ends that: the host looks at every
 * event of a thread whenever it switches to it.
 *
 * Threads: all on the vCPU's thread. What the guest asks for and the host cannot give is an errno
 * for the caller; a counter that the host takes away while it counts is told to the user once.
 */
#ifndef VHART_PERF_COUNTERS_H
#define VHART_PERF_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pmu/pmu.h"

#define PERF_SLOTS 48u

struct perf_event_attr;

/* The system calls, so that tests can make each of them fail. */
struct perf_calls {
	/* An event of this thread, disabled; overflows raise SIGNAL on it (0: none). fd or -errno.
	 */
	int (*open)(void *opaque, const struct perf_event_attr *attr, int signal);
	int (*control)(void *opaque, int fd, unsigned long request, uint64_t argument);
	/* COUNT, and whether it counted all the time that it should. False: it is in error. */
	bool (*read)(void *opaque, int fd, uint64_t *count);
	void (*close)(void *opaque, int fd);
	/* How many bits of a raw event the host's driver knows; others it cuts off, and counts
	 * something else. */
	unsigned int (*raw_bits)(void *opaque);
};
extern const struct perf_calls perf_calls_kernel;

/* One perf event. */
struct perf_slot {
	int fd; /* -1: none */
	struct pmu_event event;
	bool sampling;	      /* opened with a period: it can overflow */
	bool used;	      /* a counter has it */
	bool enabled;	      /* the host counts */
	bool idle;	      /* nobody took or started it since perf_counters_settle() saw it */
	uint64_t count;	      /* when it was read last; right while it is not enabled */
	uint64_t hidden;      /* what the host counted besides, see perf_counters_hide() */
	uint64_t hiding_from; /* what the host had counted there */
	uint64_t last_use;    /* serial number, to find the oldest */
};

/* One counter of the PMU. */
struct perf_counter {
	bool open, running, lost;
	struct pmu_event event;
	unsigned int slot;
	uint64_t before; /* counted until it was stopped last */
	uint64_t base;	 /* its slot's count when it was started last */
	uint64_t due;	 /* what the host will have counted when it overflows */
};

struct perf_counters {
	unsigned int hart;
	int signal;
	unsigned int raw_bits;
	const struct perf_calls *calls;
	void *opaque; /* of CALLS */
	struct perf_slot slots[PERF_SLOTS];
	struct perf_counter counters[PMU_MAX_COUNTERS];
	uint64_t serial;
	uint64_t lost;		  /* how often the host took a counter away */
	uint64_t without_counter; /* how often none was free */
	uint64_t told[3];	  /* errnos that the user knows: a guest cannot fill the log */
};

/* Overflows raise SIGNAL, a real-time signal, on the thread that opens a counter. */
void perf_counters_init(struct perf_counters *perf, unsigned int hart, int signal,
			const struct perf_calls *calls, void *opaque);
void perf_counters_free(struct perf_counters *perf);

/* As struct pmu_environment wants them. */
int perf_counters_open(struct perf_counters *perf, unsigned int counter,
		       const struct pmu_event *event);
void perf_counters_close(struct perf_counters *perf, unsigned int counter);
bool perf_counters_schedulable(struct perf_counters *perf, unsigned int counter);
bool perf_counters_start(struct perf_counters *perf, unsigned int counter, uint64_t period);
void perf_counters_stop(struct perf_counters *perf, unsigned int counter);
bool perf_counters_read(struct perf_counters *perf, unsigned int counter, uint64_t *count);
/* TRY: raw events, any of which the driver opens, are enabled to see whether one counts them. */
bool perf_counters_supported(struct perf_counters *perf, const struct pmu_event *event, bool try);

/*
 * How many counters, MOST at most, the host has free for whatever events they are to count, found
 * by enabling as many: before any counter is open. MOST where it cannot be found.
 */
unsigned int perf_counters_together(struct perf_counters *perf, unsigned int most);

/*
 * Disables what nobody started since the last call, and closes what nobody has or took. True while
 * there are events that a later call is to do that to: to be called again, after a time that is
 * long for a switch of tasks.
 */
bool perf_counters_settle(struct perf_counters *perf);

/*
 * The counter that the overflow signal of FD is for. -1: it is late, of a start before the last
 * one, or of a counter that does not run any more.
 */
int perf_counters_of_signal(struct perf_counters *perf, int fd);

/*
 * What is counted between the two is not the guest's: the VMM has its hart do something for itself.
 * No counter is started or stopped in between.
 */
void perf_counters_hide(struct perf_counters *perf);
void perf_counters_show(struct perf_counters *perf);

/*
 * The event of ATTR, stopped: fd or -errno; SAMPLING: its overflows signal. One that only counts
 * has a period as well: without one the driver starts it 2^63 before its overflow, and that makes
 * QEMU lose the next overflow of the counter (target/riscv/pmu.c). Where overflows cannot be had it
 * goes without.
 */
int perf_event_take(struct perf_counters *perf, struct perf_event_attr *attr, bool sampling);
/* -errno of the former: the host has no such event. */
bool perf_no_event(int error);

/* The attributes for EVENT; false: perf has no such event. Pure. */
bool perf_counters_attr(const struct pmu_event *event, struct perf_event_attr *attr);

#endif
