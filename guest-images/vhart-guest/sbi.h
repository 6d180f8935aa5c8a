/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBI calls (SBI 3.0). Functions that are named sbi_ are the SBI's of that name, with its
 * parameters; errors are its own (SBI_SUCCESS, SBI_ERR_...). One that has no value gives the error
 * alone. The PMU's are in pmu.h.
 */
#ifndef GUEST_SBI_H
#define GUEST_SBI_H

#include <stdint.h>

#include "base/sbi_spec.h"

struct sbi_result {
	int64_t error;
	uint64_t value;
};

/* ---- any call (chapter 3, binary encoding) ---- */

/* sbi.S: the calling convention gives back a0 and a1 just as the SBI does. */
struct sbi_result sbi_call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2);
struct sbi_result sbi_call6(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2,
			    uint64_t a3, uint64_t a4, uint64_t a5);

/* All of a0 to a7, before and after. */
void sbi_call_registers(uint64_t registers[8]);

/* ---- BASE (chapter 4) ---- */

static inline uint64_t sbi_get_spec_version(void)
{
	return sbi_call(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0, 0).value;
}

/* sbi_probe_extension: 0 when it is not there. */
static inline uint64_t sbi_probe(uint64_t eid)
{
	return sbi_call(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, eid, 0, 0).value;
}

/* ---- TIME, IPI, RFENCE (chapters 6 to 8) ---- */

/* The timer interrupt is due when the time CSR reaches TIME; but see timer.h: timer_set_by_call().
 */
static inline int64_t sbi_set_timer(uint64_t time)
{
	return sbi_call(SBI_EID_TIME, 0, time, 0, 0).error;
}

/* Harts are a mask that begins at the ID BASE; BASE UINT64_MAX: all. */
static inline int64_t sbi_send_ipi(uint64_t mask, uint64_t base)
{
	return sbi_call(SBI_EID_IPI, 0, mask, base, 0).error;
}

static inline int64_t sbi_remote_fence_i(uint64_t mask, uint64_t base)
{
	return sbi_call(SBI_EID_RFENCE, SBI_RFENCE_FENCE_I, mask, base, 0).error;
}

static inline int64_t sbi_remote_sfence_vma(uint64_t mask, uint64_t base, uint64_t start,
					    uint64_t size)
{
	return sbi_call6(SBI_EID_RFENCE, SBI_RFENCE_SFENCE_VMA, mask, base, start, size, 0, 0)
		.error;
}

static inline int64_t sbi_remote_sfence_vma_asid(uint64_t mask, uint64_t base, uint64_t start,
						 uint64_t size, uint64_t asid)
{
	return sbi_call6(SBI_EID_RFENCE, SBI_RFENCE_SFENCE_VMA_ASID, mask, base, start, size, asid,
			 0)
		.error;
}

/* ---- HSM (chapter 9); see hart.h, too ---- */

/* The hart begins at ADDRESS with a0 = its ID, a1 = OPAQUE, and nothing else that C needs. */
static inline int64_t sbi_hart_start(uint64_t hart, uint64_t address, uint64_t opaque)
{
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_START, hart, address, opaque).error;
}

/* Returns only when it failed. */
static inline int64_t sbi_hart_stop(void)
{
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_STOP, 0, 0, 0).error;
}

/* SBI_HSM_STARTED, ... */
static inline struct sbi_result sbi_hart_get_status(uint64_t hart)
{
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, hart, 0, 0);
}

/* Retentive types return; others begin at ADDRESS, as sbi_hart_start() does. */
static inline int64_t sbi_hart_suspend(uint32_t type, uint64_t address, uint64_t opaque)
{
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_SUSPEND, type, address, opaque).error;
}

/* ---- SRST (chapter 10), SUSP (chapter 13) ---- */

/* Returns only when it failed; reset() never. */
static inline int64_t sbi_system_reset(uint64_t type, uint64_t reason)
{
	return sbi_call(SBI_EID_SRST, 0, type, reason, 0).error;
}

/* Suspend to RAM; the hart goes on at ADDRESS. Returns only when it failed. */
static inline int64_t sbi_system_suspend(uint64_t address, uint64_t opaque)
{
	return sbi_call(SBI_EID_SUSP, 0, 0, address, opaque).error;
}

_Noreturn void reset(uint64_t type, uint64_t reason);
_Noreturn void power_off(void);

/* ---- DBCN (chapter 12): the value is how many bytes were taken, or given ---- */

static inline struct sbi_result sbi_debug_console_write(const void *bytes, uint64_t count)
{
	return sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE, count, (uint64_t)bytes, 0);
}

static inline struct sbi_result sbi_debug_console_read(void *bytes, uint64_t count)
{
	return sbi_call(SBI_EID_DBCN, SBI_DBCN_READ, count, (uint64_t)bytes, 0);
}

static inline int64_t sbi_debug_console_write_byte(uint8_t byte)
{
	return sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE_BYTE, byte, 0, 0).error;
}

/* ---- STA (chapter 16), FWFT (chapter 18) ---- */

/* PAGE: 64 bytes, aligned; UINT64_MAX with HIGH UINT64_MAX: none. */
static inline int64_t sbi_steal_time_set_shmem(uint64_t page, uint64_t high)
{
	return sbi_call(SBI_EID_STA, 0, page, high, 0).error;
}

static inline int64_t sbi_fwft_set(uint32_t feature, uint64_t value, uint64_t flags)
{
	return sbi_call(SBI_EID_FWFT, SBI_FWFT_SET, feature, value, flags).error;
}

static inline struct sbi_result sbi_fwft_get(uint32_t feature)
{
	return sbi_call(SBI_EID_FWFT, SBI_FWFT_GET, feature, 0, 0);
}

#endif
