/* SPDX-License-Identifier: Apache-2.0 */
/* SBI calls. */
#ifndef GUEST_SBI_H
#define GUEST_SBI_H

#include <stdint.h>

#include "base/sbi_spec.h"

struct sbi_result {
	int64_t error;
	uint64_t value;
};

/* sbi.S: the calling convention gives back a0 and a1 just as the SBI does. */
struct sbi_result sbi_call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2);

/* All of a0 to a7, before and after. */
void sbi_call_registers(uint64_t registers[8]);

static inline uint64_t sbi_probe(uint64_t eid)
{
	return sbi_call(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, eid, 0, 0).value;
}

/* Runs FUNCTION on the stopped hart HART. */
int64_t sbi_hart_start(uint64_t hart, void (*function)(uint64_t hart));

/* SRST; does not return. */
_Noreturn void reset(uint64_t type, uint64_t reason);
_Noreturn void power_off(void);

#endif
