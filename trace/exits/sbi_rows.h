/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small number for each SBI function: the row in which its calls are counted. Pure, and compiled
 * for BPF too: comparisons with constants only, no table. sbi_names.c has the names of the same
 * rows.
 */
#ifndef VHART_SBI_ROWS_H
#define VHART_SBI_ROWS_H

#include <stdint.h>

#include "base/sbi_spec.h"

/* The first row of each: one for each function, then one for all FIDs that it does not have. */
enum {
	SBI_ROW_LEGACY = 0,
	SBI_ROW_BASE = SBI_ROW_LEGACY + SBI_LEGACY_FUNCTIONS + 1,
	SBI_ROW_TIME = SBI_ROW_BASE + SBI_BASE_FUNCTIONS + 1,
	SBI_ROW_IPI = SBI_ROW_TIME + SBI_TIME_FUNCTIONS + 1,
	SBI_ROW_RFENCE = SBI_ROW_IPI + SBI_IPI_FUNCTIONS + 1,
	SBI_ROW_HSM = SBI_ROW_RFENCE + SBI_RFENCE_FUNCTIONS + 1,
	SBI_ROW_SRST = SBI_ROW_HSM + SBI_HSM_FUNCTIONS + 1,
	SBI_ROW_PMU = SBI_ROW_SRST + SBI_SRST_FUNCTIONS + 1,
	SBI_ROW_DBCN = SBI_ROW_PMU + SBI_PMU_FUNCTIONS + 1,
	SBI_ROW_SUSP = SBI_ROW_DBCN + SBI_DBCN_FUNCTIONS + 1,
	SBI_ROW_CPPC = SBI_ROW_SUSP + SBI_SUSP_FUNCTIONS + 1,
	SBI_ROW_NACL = SBI_ROW_CPPC + SBI_CPPC_FUNCTIONS + 1,
	SBI_ROW_STA = SBI_ROW_NACL + SBI_NACL_FUNCTIONS + 1,
	SBI_ROW_SSE = SBI_ROW_STA + SBI_STA_FUNCTIONS + 1,
	SBI_ROW_FWFT = SBI_ROW_SSE + SBI_SSE_FUNCTIONS + 1,
	SBI_ROW_DBTR = SBI_ROW_FWFT + SBI_FWFT_FUNCTIONS + 1,
	SBI_ROW_MPXY = SBI_ROW_DBTR + SBI_DBTR_FUNCTIONS + 1,
	SBI_ROW_EXPERIMENTAL = SBI_ROW_MPXY + SBI_MPXY_FUNCTIONS + 1,
	SBI_ROW_VENDOR,
	SBI_ROW_FIRMWARE,
	SBI_ROW_UNKNOWN,
	SBI_ROWS,
};

static inline uint32_t sbi_function_row(uint32_t first, uint32_t functions, uint32_t number)
{
	return first + (number < functions ? number : functions);
}

/*
 * VALUE, of which the compiler knows nothing. These functions run at each exit; clang's BPF code is
 * twice as long where it makes a conversion of a branch, or compares halves of registers.
 */
static inline uint64_t sbi_opaque(uint64_t value)
{
	__asm__("" : "+r"(value));
	return value;
}

/*
 * EIDs and FIDs are signed 32-bit integers (SBI 3.0, chapter 3): the upper halves of a7 and a6 do
 * not count here, though KVM compares whole registers.
 */
static inline uint32_t sbi_row(uint64_t a7, uint64_t a6)
{
	uint64_t eid = sbi_opaque((uint32_t)a7);
	uint32_t fid = (uint32_t)a6;

	if (eid <= SBI_EID_LEGACY_LAST)
		return sbi_function_row(SBI_ROW_LEGACY, SBI_LEGACY_FUNCTIONS, (uint32_t)eid);
	switch (eid) {
	case SBI_EID_BASE: return sbi_function_row(SBI_ROW_BASE, SBI_BASE_FUNCTIONS, fid);
	case SBI_EID_TIME: return sbi_function_row(SBI_ROW_TIME, SBI_TIME_FUNCTIONS, fid);
	case SBI_EID_IPI: return sbi_function_row(SBI_ROW_IPI, SBI_IPI_FUNCTIONS, fid);
	case SBI_EID_RFENCE: return sbi_function_row(SBI_ROW_RFENCE, SBI_RFENCE_FUNCTIONS, fid);
	case SBI_EID_HSM: return sbi_function_row(SBI_ROW_HSM, SBI_HSM_FUNCTIONS, fid);
	case SBI_EID_SRST: return sbi_function_row(SBI_ROW_SRST, SBI_SRST_FUNCTIONS, fid);
	case SBI_EID_PMU: return sbi_function_row(SBI_ROW_PMU, SBI_PMU_FUNCTIONS, fid);
	case SBI_EID_DBCN: return sbi_function_row(SBI_ROW_DBCN, SBI_DBCN_FUNCTIONS, fid);
	case SBI_EID_SUSP: return sbi_function_row(SBI_ROW_SUSP, SBI_SUSP_FUNCTIONS, fid);
	case SBI_EID_CPPC: return sbi_function_row(SBI_ROW_CPPC, SBI_CPPC_FUNCTIONS, fid);
	case SBI_EID_NACL: return sbi_function_row(SBI_ROW_NACL, SBI_NACL_FUNCTIONS, fid);
	case SBI_EID_STA: return sbi_function_row(SBI_ROW_STA, SBI_STA_FUNCTIONS, fid);
	case SBI_EID_SSE: return sbi_function_row(SBI_ROW_SSE, SBI_SSE_FUNCTIONS, fid);
	case SBI_EID_FWFT: return sbi_function_row(SBI_ROW_FWFT, SBI_FWFT_FUNCTIONS, fid);
	case SBI_EID_DBTR: return sbi_function_row(SBI_ROW_DBTR, SBI_DBTR_FUNCTIONS, fid);
	case SBI_EID_MPXY: return sbi_function_row(SBI_ROW_MPXY, SBI_MPXY_FUNCTIONS, fid);
	default: break;
	}
	switch (eid >> SBI_EID_RANGE_BITS) {
	case SBI_EID_EXPERIMENTAL >> SBI_EID_RANGE_BITS: return SBI_ROW_EXPERIMENTAL;
	case SBI_EID_VENDOR >> SBI_EID_RANGE_BITS: return SBI_ROW_VENDOR;
	case SBI_EID_FIRMWARE >> SBI_EID_RANGE_BITS: return SBI_ROW_FIRMWARE;
	default: return SBI_ROW_UNKNOWN;
	}
}

#endif
