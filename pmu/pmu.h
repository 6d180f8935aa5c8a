/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SBI PMU extension of one hart (SBI 3.0, chapter 11) as a state machine.
 *
 * Pure: what counts, what the guest's memory is and how an interrupt is raised are given in a
 * struct pmu_environment, so that one and the same code answers a guest, runs under fuzzers, and
 * replays what a kernel's PMU was seen to do. Where Linux's KVM and the text differ, behaviour is a
 * set of named quirks over this one machine (quirks.h); a profile is a set of quirks.
 *
 * Threads: a struct pmu belongs to one thread at a time (its hart's). Errors: everything here is
 * answered to the guest; nothing fails on the host's side.
 */
#ifndef VHART_PMU_H
#define VHART_PMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sbi_spec.h"

#define PMU_MAX_COUNTERS 64u /* a mask of counters is one register */
#define PMU_FW_EVENTS	 22u /* standard firmware events, codes 0 to 21 (section 11.5) */
#define PMU_FW_COUNTERS	 22u /* F: as many as KVM has */

/* ---- profiles ---- */

enum pmu_profile {
	PMU_BEST,
	PMU_SPEC,
	/* A series' name is that of the newest kernel of it that is known. */
	PMU_LINUX_7_2,
	PMU_LINUX_6_12,
	PMU_LINUX_6_12_107,
	PMU_PROFILES
};

/* "best", "spec", "linux-7.2", "linux-6.12", "linux-6.12.107"; NULL after the last. */
const char *pmu_profile_name(enum pmu_profile profile);
/* By that name, or by any version that is known (pmu/kernels.h): "linux-6.12.115". */
bool pmu_profile_find(const char *name, enum pmu_profile *profile);
bool pmu_profile_is_linux(enum pmu_profile profile);
uint64_t pmu_profile_quirks(enum pmu_profile profile); /* quirk bits, see pmu/quirks.h */

/* ---- what is counted ---- */

enum pmu_event_type {
	PMU_EVENT_HARDWARE = 0,
	PMU_EVENT_CACHE = 1,
	PMU_EVENT_RAW = 2,
	PMU_EVENT_RAW_V2 = 3,
	PMU_EVENT_FIRMWARE = 15,
};

#define PMU_FW_PLATFORM 0xFFFFu /* the code of all platform firmware events */

/* What one counter counts. TYPE and CODE are those of event_idx (chapter 11). */
struct pmu_event {
	uint32_t type;
	uint32_t code;			/* bits 15:0 of event_idx */
	uint64_t data;			/* event_data, of raw and platform events */
	uint8_t no_user, no_supervisor; /* UINH, SINH: what runs in these modes is not counted */
};

/* ---- what is given to it ---- */

/*
 * Hardware counters are named by their index; an index has at most one source open. open() finds no
 * source open, start() an open and stopped one, stop() a running one, close() an open and stopped
 * one, read() an open one. Counts are of events since open() and never go back. Every function runs
 * on the thread that called into the PMU, with the OPAQUE given to pmu_init(), and must not call
 * back into it. None may be NULL.
 */
struct pmu_environment {
	/* A stopped source; 0, or -errno when the host cannot count this: the guest then gets
	 * NOT_SUPPORTED. EVENT is valid: its type is not firmware, its code one of the text. */
	int (*open)(void *opaque, unsigned int counter, const struct pmu_event *event);
	void (*close)(void *opaque, unsigned int counter);
	/* Whether the source, open and stopped, could be started now beside all others that are
	 * open: many hosts open events that no counter of their hardware counts. */
	bool (*schedulable)(void *opaque, unsigned int counter);

	/*
	 * Counts from here on; pmu_overflow() is to be called once, after PERIOD more events
	 * (PMU_NO_OVERFLOW: never), and no more once stop() was called: an overflow that was on its
	 * way then is found by its count. False when the host lost the counter.
	 */
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

	/* The guest's physical memory; false, with nothing done, when not all of it is RAM (write:
	 * writable RAM). ADDRESS + SIZE may be beyond 2^64. */
	bool (*memory_read)(void *opaque, uint64_t address, void *to, size_t size);
	bool (*memory_write)(void *opaque, uint64_t address, const void *from, size_t size);
	/* Whether memory_write() would succeed; touches nothing. */
	bool (*memory_writable)(void *opaque, uint64_t address, size_t size);

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

struct pmu_snapshot {	   /* section 11.13, the guest's page */
	uint64_t overflow; /* bitmap */
	uint64_t values[PMU_MAX_COUNTERS];
	uint64_t reserved[447];
};

/* Flags are bytes, 0 or 1, because a state may come from a file. */
struct pmu_counter {
	struct pmu_event event; /* of a hardware counter: its source's */
	uint8_t configured, started;
	uint8_t open, running; /* its source; running is started, but for quirks */
	uint8_t armed;	       /* it overflows when its count reaches OVERFLOW_AT */
	uint64_t value;	       /* at the last stop or start */
	uint64_t base;	       /* the count at which VALUE was right */
	uint64_t carried;      /* counted before this source was opened: see pmu_restore() */
	uint64_t overflow_at;
};

/* What a firmware counter has counted: per counter, under quirks per event. */
struct pmu_tally {
	uint64_t value;
	uint64_t base; /* the event's count when VALUE was right, while it is started */
	uint8_t started;
};

/* Plain data, no pointers: copied, saved and restored as it is (see pmu_restore()). */
struct pmu_state {
	struct pmu_counter counters[PMU_MAX_COUNTERS];
	struct pmu_tally tallies[PMU_FW_COUNTERS];
	uint64_t overflown; /* bit i: counter i, since it was started */
	uint8_t unserved;   /* under a quirk: one was, and has been reset since */
	uint8_t has_snapshot;
	uint64_t snapshot_address; /* of the guest's page */
	struct pmu_snapshot page;  /* as it was read last; under quirks, KVM's copy of it */
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

/*
 * A read of a counter CSR (0xC00 to 0xC1F) in supervisor mode. False: the hart takes an
 * illegal-instruction trap.
 */
bool pmu_read_csr(struct pmu *pmu, unsigned int csr, uint64_t *value);
/* The same in user mode, where scounteren is that of the hart. */
bool pmu_user_read_csr(struct pmu *pmu, unsigned int csr, uint64_t scounteren, uint64_t *value);

/* The source of COUNTER has counted its period. Ignored when it is not running or not armed. */
void pmu_overflow(struct pmu *pmu, unsigned int counter);

/* The hart was reset (HSM stop and start), or the PMU is given up: closes all sources. */
void pmu_reset(struct pmu *pmu);

/* The whole state as it is now; the PMU runs on. */
void pmu_save(struct pmu *pmu, struct pmu_state *state);
/*
 * STATE comes from pmu_save() on a PMU of the same configuration, maybe of another process or from
 * a file: everything in it is checked. Sources are opened again, and started where they ran; their
 * counts go on from where they were. False, with the PMU as after pmu_init(), when STATE is not
 * possible or a source cannot be had. A pending LCOFI is the vCPU's state and not part of this.
 */
bool pmu_restore(struct pmu *pmu, const struct pmu_state *state);

/* ---- a state outside of the PMU ---- */

/* What counter INDEX is in a state that pmu_save() gave. */
struct pmu_shown {
	bool configured, started, overflown;
	struct pmu_event event; /* configured */
	uint64_t value;		/* as the guest would read it */
	uint64_t left;		/* events until it overflows; PMU_NO_OVERFLOW: it does not */
};
struct pmu_shown pmu_shown(const struct pmu_config *config, const struct pmu_state *state,
			   unsigned int index);

/*
 * A state as bytes: version 1 of a format that is the same on every machine, with what it is the
 * state of. pmu_unpack() takes any bytes, and gives NULL, or says in words why they are no state of
 * a PMU as CONFIG has it; whether the state is possible pmu_restore() sees.
 */
#define PMU_PACKED_SIZE 7475u
void pmu_pack(const struct pmu_config *config, const struct pmu_state *state,
	      uint8_t packed[PMU_PACKED_SIZE]);
const char *pmu_unpack(const struct pmu_config *config, const uint8_t *packed, size_t size,
		       struct pmu_state *state);

#endif
