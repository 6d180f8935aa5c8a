/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SBI PMU extension of one hart (SBI 3.0, chapter 11) as a state machine.
 *
 * Pure: what counts, what the guest's memory is and how an interrupt is raised are given in a
 * struct pmu_environment, so that one and the same code answers a guest, runs under fuzzers, and
 * replays what a kernel's PMU was seen to do. Where Linux's KVM and the text differ, behaviour is a
 * set of named quirks over this one machine; a profile is a set of quirks.
 *
 * Threads: a struct pmu belongs to one thread at a time (its hart's). Errors: everything here is
 * answered to the guest; nothing fails on the host's side.
 */
#ifndef VHART_PMU_H
#define VHART_PMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PMU_EID		 0x504D55ull
#define PMU_MAX_COUNTERS 64u /* a mask of counters is one register */
#define PMU_FW_EVENTS	 22u /* standard firmware events, codes 0 to 21 (section 11.3.4) */
#define PMU_CSR_CYCLE	 0xC00u

/* ---- profiles ---- */

enum pmu_profile { PMU_BEST, PMU_SPEC, PMU_LINUX_7_2, PMU_LINUX_6_12, PMU_PROFILES };

/* "best", "spec", "linux-7.2", "linux-6.12"; NULL after the last. */
const char *pmu_profile_name(enum pmu_profile profile);
bool pmu_profile_find(const char *name, enum pmu_profile *profile);
uint64_t pmu_profile_quirks(enum pmu_profile profile); /* quirk bits, see pmu/quirks.h */

/* ---- what is counted ---- */

/* What one hardware counter counts. TYPE and CODE are those of event_idx (section 11.3). */
struct pmu_event {
	unsigned int type;	     /* 0 hardware, 1 cache, 2 raw, 3 raw v2, 15 firmware */
	unsigned int code;	     /* bits 15:0 of event_idx */
	uint64_t data;		     /* event_data, of raw and platform events */
	bool no_user, no_supervisor; /* UINH, SINH: what runs in these modes is not counted */
};

/* ---- what is given to it ---- */

/*
 * Hardware counters are named by their index; an index has at most one source open. Counts are of
 * events since open() and never go back. Every function runs on the thread that called into the
 * PMU, with the OPAQUE given to pmu_init().
 */
struct pmu_environment {
	/* A stopped source; 0, or -errno when the host cannot count this: the guest then gets
	 * NOT_SUPPORTED. */
	int (*open)(void *opaque, unsigned int counter, const struct pmu_event *event);
	void (*close)(void *opaque, unsigned int counter);

	/* Counts from here on; pmu_overflow() is to be called once, after PERIOD more events
	 * (PMU_NO_OVERFLOW: never). False when the host lost the counter. */
	bool (*start)(void *opaque, unsigned int counter, uint64_t period);
	void (*stop)(void *opaque, unsigned int counter);

	/* False when the host lost the counter (it could not be scheduled): *COUNT is then the last
	 * that was known, and the environment has told its user. */
	bool (*read)(void *opaque, unsigned int counter, uint64_t *count);

	/* Firmware events of this hart since ever, whoever answered them. False: not countable. */
	bool (*firmware)(void *opaque, unsigned int code, uint64_t *count);
	/* Platform firmware events (code 0xFFFF), named by event_data. False: there is no such. */
	bool (*platform)(void *opaque, uint64_t data, uint64_t *count);

	/* Whether open() has a chance, for EVENT_GET_INFO. */
	bool (*supported)(void *opaque, const struct pmu_event *event);

	/* The guest's physical memory; false when not all of it is RAM (write: writable RAM). */
	bool (*memory_read)(void *opaque, uint64_t address, void *to, size_t size);
	bool (*memory_write)(void *opaque, uint64_t address, const void *from, size_t size);

	/* Makes LCOFI (interrupt 13) pending for this hart. */
	void (*raise_lcofi)(void *opaque);
};

#define PMU_NO_OVERFLOW 0ull

/* ---- the PMU ---- */

struct pmu_config {
	uint64_t quirks;
	unsigned int
		hw_counters; /* H: indices 0 to H - 1, where 1 is time's and no counter; 3 to 32 */
	unsigned int hw_width; /* of the programmable ones (index 3 and up): bits - 1, 0 to 63 */
};

struct pmu_snapshot {
	uint64_t overflow; /* bitmap */
	uint64_t values[PMU_MAX_COUNTERS];
	uint64_t reserved[447];
};

struct pmu_counter {
	struct pmu_event event;
	uint32_t event_idx; /* as it was given */
	bool configured, started;
	bool open;	/* has a source */
	uint64_t value; /* what the guest sees while it is stopped; else its part before BASE */
	uint64_t base;	/* the source's count when VALUE was right */
};

/* Plain data, no pointers: copied, saved and restored as it is (see pmu_restore()). */
struct pmu_state {
	struct pmu_counter counters[PMU_MAX_COUNTERS];
	uint64_t overflown; /* bit i: counter i, since it was started */
	bool has_snapshot;
	uint64_t snapshot_address; /* of the guest's page */
	struct pmu_snapshot cache; /* linux-*: KVM's copy of that page */
};

struct pmu {
	struct pmu_config config;
	const struct pmu_environment *environment;
	void *opaque;
	struct pmu_state state;
};

/* SBI's struct sbiret: a0 and a1. */
struct pmu_result {
	int64_t error;
	uint64_t value;
};

void pmu_init(struct pmu *pmu, const struct pmu_config *config,
	      const struct pmu_environment *environment, void *opaque);

/* A call with this FID (a6) and these arguments (a0 to a5). */
struct pmu_result pmu_call(struct pmu *pmu, uint64_t fid, const uint64_t args[6]);

/* A read of a counter CSR (0xC00 to 0xC1F). False: the hart takes an illegal-instruction trap. */
bool pmu_read_csr(struct pmu *pmu, unsigned int csr, uint64_t *value);

/* The source of COUNTER has counted its period. */
void pmu_overflow(struct pmu *pmu, unsigned int counter);

/* The hart was reset (HSM stop and start): closes all sources. */
void pmu_reset(struct pmu *pmu);

/*
 * STATE comes from pmu->state of a PMU of the same configuration, maybe of another process or from
 * a file: everything in it is checked. Sources are opened again, and started where they ran; their
 * counts go on from where they were. False, with the PMU as after pmu_reset(), when STATE is not
 * possible or a source cannot be had.
 */
bool pmu_save(struct pmu *pmu, struct pmu_state *state);
bool pmu_restore(struct pmu *pmu, const struct pmu_state *state);

#endif
