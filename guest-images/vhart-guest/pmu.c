/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/pmu.h"

uint64_t pmu_eid = SBI_EID_PMU;

struct sbi_result sbi_pmu(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
			  uint64_t a4)
{
	return sbi_call6(pmu_eid, fid, a0, a1, a2, a3, a4, 0);
}
