/* SPDX-License-Identifier: Apache-2.0 */
/* SBI calls. */
#ifndef GUEST_SBI_H
#define GUEST_SBI_H

#include <stdint.h>

#define EID_LEGACY_PUTCHAR 0x01ull
#define EID_LEGACY_GETCHAR 0x02ull
#define EID_BASE	   0x10ull
#define EID_HSM		   0x48534dull
#define EID_IPI		   0x735049ull
#define EID_RFENCE	   0x52464e43ull
#define EID_SRST	   0x53525354ull
#define EID_SUSP	   0x53555350ull
#define EID_TIME	   0x54494d45ull
#define EID_DBCN	   0x4442434eull

#define FID_BASE_PROBE	    3u
#define FID_DBCN_WRITE	    0u
#define FID_DBCN_READ	    1u
#define FID_DBCN_WRITE_BYTE 2u
#define FID_HSM_START	    0u
#define FID_HSM_STOP	    1u
#define FID_HSM_STATUS	    2u

enum {
	SBI_SUCCESS = 0,
	SBI_ERR_NOT_SUPPORTED = -2,
	SBI_ERR_INVALID_PARAM = -3,
	SBI_ERR_INVALID_ADDRESS = -5,
	SBI_ERR_ALREADY_AVAILABLE = -6,
};

enum { HART_STARTED, HART_STOPPED };
enum { RESET_SHUTDOWN, RESET_COLD_REBOOT, RESET_WARM_REBOOT };
enum { REASON_NONE, REASON_SYSTEM_FAILURE };

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
	return sbi_call(EID_BASE, FID_BASE_PROBE, eid, 0, 0).value;
}

/* Runs FUNCTION on the stopped hart HART. */
int64_t sbi_hart_start(uint64_t hart, void (*function)(uint64_t hart));

/* SRST; does not return. */
_Noreturn void reset(uint64_t type, uint64_t reason);
_Noreturn void power_off(void);

#endif
