/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the forward's BPF programs and forward.c agree on. Plain data and pure functions: also
 * compiled for BPF, where there is no C library.
 */
#ifndef VHART_FORWARD_MAP_H
#define VHART_FORWARD_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/riscv.h"
#include "base/sbi_spec.h"

/* ---- which calls ---- */

#define FORWARD_MAX_HARTS 512u /* as many as a board has (BOARD_MAX_HARTS) */
#define FORWARD_MAX_RULES 8u
#define FORWARD_ALL_FIDS  UINT64_MAX

struct forward_rule {
	uint64_t eid;
	uint64_t fids; /* a bit for each FID; bit 63 stands for all from 63 on */
};

struct forward_rules {
	uint32_t count;
	uint32_t probes; /* bit i: sbi_probe_extension() of the EID of rule i as well */
	/* Bit i: KVM answers the calls of rule i, and its answer is what the handler finds. Else
	 * KVM says NOT_SUPPORTED. */
	uint32_t kept;
	/*
	 * Linux's PMU driver restarts its counters after an overflow with counter_idx_base 64 * 64:
	 * the loop variable of pmu_sbi_start_ovf_ctrs_snapshot() has run out. This forwards exactly
	 * that call: counter_start with INIT_SNAPSHOT and that base, which no valid call has.
	 */
	uint32_t mend_restart;
	uint32_t counter_reads;	   /* instructions that read the CSRs 0xC00 to 0xC1F, and trap */
	uint32_t tracepoints_only; /* not at functions, even where the kernel could */
	uint32_t hart_stops;	   /* FORWARD_STOPPED comes before a hart stops: KVM stops it */
	uint32_t unused;
	uint64_t filter; /* forward_open() sets it: forward_filter() */
	struct forward_rule rules[FORWARD_MAX_RULES];
};

/* Of the PMU's counter_start: */
#define FORWARD_INIT_SHMEM 2u	 /* its flag INIT_SNAPSHOT */
#define FORWARD_ODD_BASE   4096u /* see mend_restart */

static inline bool forward_has_fid(uint64_t fids, uint64_t fid)
{
	return fids >> (fid < 63 ? fid : 63) & 1;
}

/*
 * Most calls are none of these. The first look at one is at six bits of its EID, in which the
 * standard extensions differ: rules->filter has a bit for each that is looked for.
 */
static inline bool forward_may_want(const volatile struct forward_rules *rules, uint64_t eid)
{
	return rules->filter >> (eid & 63) & 1;
}

static inline uint64_t forward_filter(const struct forward_rules *rules)
{
	uint64_t filter = 0;

	for (unsigned int i = 0; i < rules->count; i++)
		filter |= 1ull << (rules->rules[i].eid & 63);
	if (rules->probes)
		filter |= 1ull << (SBI_EID_BASE & 63);
	if (rules->mend_restart)
		filter |= 1ull << (SBI_EID_PMU & 63);
	if (rules->hart_stops)
		filter |= 1ull << (SBI_EID_HSM & 63);
	return filter;
}

/* The first rule is the one that has to be fast: whether it is for all calls of EID. */
static inline bool forward_wants_all(const volatile struct forward_rules *rules, uint64_t eid)
{
	return eid == rules->rules[0].eid && rules->rules[0].fids == FORWARD_ALL_FIDS &&
	       rules->count;
}

/* For the programs RULES is constant: what cannot happen is removed when they are loaded. */
static inline __attribute__((always_inline)) bool
forward_wants(const volatile struct forward_rules *rules, uint64_t eid, uint64_t fid, uint64_t a0,
	      uint64_t a2)
{
	bool probe = eid == SBI_EID_BASE && fid == SBI_BASE_PROBE_EXTENSION;

#pragma GCC unroll 8
	for (unsigned int i = 0; i < FORWARD_MAX_RULES; i++) {
		if (i >= rules->count)
			break;
		if (eid == rules->rules[i].eid && forward_has_fid(rules->rules[i].fids, fid))
			return true;
		if (probe && rules->probes >> i & 1 && a0 == rules->rules[i].eid)
			return true;
	}
	if (rules->hart_stops && eid == SBI_EID_HSM && fid == SBI_HSM_HART_STOP)
		return true;
	return rules->mend_restart && eid == SBI_EID_PMU && fid == PMU_COUNTER_START &&
	       a0 == FORWARD_ODD_BASE && a2 & FORWARD_INIT_SHMEM;
}

/* Whether KVM has answered the call: see kept. */
static inline bool forward_keeps(const struct forward_rules *rules, uint64_t eid, uint64_t fid,
				 uint64_t a0)
{
	bool kept = false, probe = eid == SBI_EID_BASE && fid == SBI_BASE_PROBE_EXTENSION;

	for (unsigned int i = 0; i < rules->count; i++) {
		if (probe && rules->probes >> i & 1 && a0 == rules->rules[i].eid)
			return false;
		kept = kept || (rules->kept >> i & 1 && eid == rules->rules[i].eid);
	}
	return kept;
}

/* Whether KVM stops the hart by the call: not where its HSM was taken from it. */
static inline bool forward_stops(const struct forward_rules *rules, uint64_t eid, uint64_t fid)
{
	if (!rules->hart_stops || eid != SBI_EID_HSM || fid != SBI_HSM_HART_STOP)
		return false;
	for (unsigned int i = 0; i < rules->count; i++)
		if (rules->rules[i].eid == eid && !(rules->kept >> i & 1))
			return false;
	return true;
}

/* ---- what came ---- */

enum forward_kind {
	FORWARD_NOTHING,
	FORWARD_CALL,
	FORWARD_COUNTER, /* a read of a counter CSR */
	FORWARD_STOPPED, /* the hart has stopped: nothing to answer. The programs say CALL. */
};

/* One for each hart: written by the programs, on the thread of its vCPU, and read there. */
struct forward_slot {
	uint64_t sequence; /* moves with everything that is forwarded */
	uint64_t lost;	   /* how often the signal could not be raised: KVM's answer stood */
	uint64_t kind;
	/* Of the call or read; 0: the hart is at the instruction after it. */
	uint64_t pc;
	/* FORWARD_COUNTER: the instruction (0: the hardware does not say it), and where KVM goes on
	 * (0: not known yet). */
	uint64_t instruction, next_pc;
	uint64_t sstatus; /* KVM's, whose SPP is the hart's mode */
	uint64_t args[8]; /* FORWARD_CALL: a0 to a7 */
	uint64_t unused;
};

/* Privileged specification, 10.1.1: what traps as a read of cycle, instret or hpmcounter. */
static inline bool forward_reads_counter(uint32_t instruction)
{
	uint32_t csr = instruction >> 20, operation = instruction >> 12 & 7;
	bool reads = (operation & 2) && (instruction >> 15 & 31) == 0; /* csrrs, csrrc of x0 or 0 */

	return (instruction & 0x7f) == 0x73 && reads && csr >= CSR_CYCLE &&
	       csr <= CSR_HPMCOUNTER_LAST && csr != CSR_TIME;
}

/* ---- what is counted ---- */

#define FORWARD_FW_EVENTS 24u /* 22 of them are standard */
#define FORWARD_CAUSES	  64u /* exceptions 0 to 31, then interrupts 0 to 31 */

/* SBI 3.0, 11.3.4: codes of firmware events. Each SENT is followed by its RECEIVED. */
#define FORWARD_FW_SET_TIMER	5u
#define FORWARD_FW_IPI_SENT	6u
#define FORWARD_FW_FENCE_I_SENT 8u
/* Each with its received, then both by ASID. */
#define FORWARD_FW_SFENCE_VMA_SENT  10u
#define FORWARD_FW_HFENCE_VVMA_SENT 18u

/* Of one hart. */
struct forward_counts {
	uint64_t exits[FORWARD_CAUSES];
	uint64_t firmware[FORWARD_FW_EVENTS];
	uint64_t halts; /* WFI */
	uint64_t unused;
};

#endif
