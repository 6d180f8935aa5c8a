/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Perfetto trace, written as it happens: for ui.perfetto.dev and trace_processor. A VM is a
 * process; a vCPU is a thread of it with three tracks below: its state, its exits (with what is
 * done about them nested inside), and its exits per second.
 *
 * Times are CLOCK_MONOTONIC in nanoseconds, and do not go backwards on one vCPU: an earlier one is
 * taken for the last. Nothing is allocated; what is written about one event is bounded, and longer
 * text is cut. A failed write stops the writer: see perfetto_error().
 */
#ifndef VHART_EXPORT_PERFETTO_H
#define VHART_EXPORT_PERFETTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Writes all of it: 0 or a negative error number. */
typedef int perfetto_write(void *opaque, const void *bytes, size_t size);

struct perfetto {
	perfetto_write *write;
	void *opaque;
	int error;
	bool begun;   /* the first packet is written */
	bool dropped; /* told with the next packet */
};

enum perfetto_state {
	PERFETTO_OFF,
	PERFETTO_GUEST,
	PERFETTO_KERNEL,
	PERFETTO_VMM,
	PERFETTO_HALTED,
	PERFETTO_WAITING,
	PERFETTO_STATES
};

struct perfetto_vcpu {
	uint32_t pid; /* of the VM's process: which VM */
	uint32_t tid;
	uint32_t vcpu;
	uint32_t again; /* of how many of that process that number was before: it has several VMs */
	/* The writer's own, 0 at first. */
	enum perfetto_state state;
	uint32_t open; /* slices on the exits track */
	uint64_t last_ns;
};

enum perfetto_kind {
	PERFETTO_UINT,
	PERFETTO_INT,
	PERFETTO_POINTER,
	PERFETTO_STRING,
	PERFETTO_BOOL
};

/* Something said about an event; at most PERFETTO_NOTES are written. */
#define PERFETTO_NOTES 16

struct perfetto_note {
	const char *name;
	enum perfetto_kind kind;
	union {
		uint64_t number; /* UINT, POINTER, BOOL */
		int64_t integer;
		const char *text;
	};
};

struct perfetto_event {
	const char *name;
	const char *category; /* NULL: none */
	const struct perfetto_note *notes;
	size_t note_count;
	/* Events of the same flow are joined by an arrow, 0 for none: an interrupt and the exit it
	 * causes. */
	uint64_t flow;
	bool flow_ends;
};

/* One moment on three clocks, which places this trace beside others. */
struct perfetto_clocks {
	uint64_t monotonic_ns;
	uint64_t boottime_ns;
	uint64_t realtime_ns;
};

void perfetto_open(struct perfetto *perfetto, perfetto_write *write, void *opaque,
		   const struct perfetto_clocks *clocks);
/* opaque is a FILE. */
perfetto_write perfetto_write_file;
/* The first error, 0 if there was none. Says nothing of what a FILE still buffers. */
int perfetto_error(const struct perfetto *perfetto);

/* Before anything about its vCPUs. */
void perfetto_vm(struct perfetto *perfetto, uint32_t pid, const char *name);
void perfetto_vcpu(struct perfetto *perfetto, const struct perfetto_vcpu *vcpu);

/* From now on in this state; in none for PERFETTO_OFF. */
void perfetto_state(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		    enum perfetto_state state);

/*
 * A slice on the exits track, inside the one that is open: an exit, and in it the SBI call or the
 * VMM's work. The end may bring more notes, as a call's result is known only then. An end where
 * nothing is open is not written.
 */
void perfetto_begin(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		    const struct perfetto_event *event);
void perfetto_end(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		  const struct perfetto_note *notes, size_t note_count);
void perfetto_instant(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		      const struct perfetto_event *event);
void perfetto_exits_per_second(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
			       uint64_t exits);

/*
 * Events of this vCPU were lost before this moment: what was open is closed, so that no slice spans
 * the gap, an instant event tells how many, and the packet is marked as after a loss.
 */
void perfetto_lost(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		   uint64_t events);
/* Closes what is open. */
void perfetto_vcpu_end(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns);

#endif
