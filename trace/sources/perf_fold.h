/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's perf events say of vCPUs, as counts (exits_map.h). An event names a thread, not
 * a vCPU, and may be missing: what was cut by that is counted nowhere, rather than put together
 * from two halves. Pure.
 */
#ifndef VHART_PERF_FOLD_H
#define VHART_PERF_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"
#include "trace/exits/key_table.h"

enum vcpu_event_kind {
	VCPU_EVENT_ENTRY,   /* kvm_entry */
	VCPU_EVENT_EXIT,    /* kvm_exit */
	VCPU_EVENT_TO_VMM,  /* kvm_userspace_exit */
	VCPU_EVENT_WAKEUP,  /* kvm_vcpu_wakeup */
	VCPU_EVENT_OUT,	    /* its thread gives its CPU away */
	VCPU_EVENT_IN,	    /* and has one again */
	VCPU_EVENT_NAME,    /* is called something else */
	VCPU_EVENT_END,	    /* ends */
	VCPU_EVENT_CUT,	    /* from here on events of this CPU are missing */
	VCPU_EVENT_MENDED,  /* now they come again */
	VCPU_EVENT_NOTHING, /* of interest */
};

#define VCPU_UNNAMED UINT32_MAX

struct vcpu_event {
	uint64_t time;
	uint64_t order; /* of its CPU's, where times are the same */
	enum vcpu_event_kind kind;
	uint32_t cpu, tgid, tid;
	union {
		struct {
			uint64_t sepc, scause, stval, htval, htinst;
		};
		struct {
			uint32_t reason;
			int32_t error; /* 0, or -errno */
		};
		uint64_t halted_ns;
		bool preempted;
		uint32_t number; /* of the vCPU, by its new name, or VCPU_UNNAMED */
		uint64_t lost;	 /* MENDED: so many are missing */
	};
};

struct perf_fold;

struct perf_fold_rules {
	uint32_t tgid; /* watch only its threads; 0: all */
	uint32_t vcpus;
	enum exit_key key;
	/* A vCPU's number by its thread's name, or VCPU_UNNAMED: asked once. */
	uint32_t (*number)(void *opaque, uint32_t tgid, uint32_t tid);
	void *opaque;
};

/* COUNTS are rules->vcpus, all 0; they stay the caller's. NULL: no memory. */
struct perf_fold *perf_fold_new(const struct perf_fold_rules *rules, struct exit_counts *counts);
void perf_fold_free(struct perf_fold *fold);

/* A vCPU of process TGID that sleeps, before the first event (exit_fold.h, fold_vcpu_asleep()). */
void perf_fold_asleep(struct perf_fold *fold, uint32_t tgid, uint32_t tid, uint32_t number,
		      uint64_t state, uint64_t since, uint64_t now);

/* Puts COUNT events of all CPUs in the order in which they were. */
void perf_fold_sort(struct vcpu_event *events, size_t count);
/* The next event. */
void perf_fold_event(struct perf_fold *fold, const struct vcpu_event *event);
/* Nothing that comes later is counted as earlier than NOW. */
void perf_fold_until(struct perf_fold *fold, uint64_t now);

/* How many vCPUs there were, those included that there was no room for. */
uint32_t perf_fold_seen(const struct perf_fold *fold);
const struct key_table *perf_fold_keys(const struct perf_fold *fold);

/* The number in a vCPU thread's name, as vhart, QEMU and kvmtool give them: "vcpu3", "CPU 3/KVM",
 * "kvm-vcpu-3". */
uint32_t vcpu_number(const char *name);

#endif
