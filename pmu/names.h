/* SPDX-License-Identifier: Apache-2.0 */
/* What people call functions, events and counters; for tracers and reports. */
#ifndef VHART_PMU_NAMES_H
#define VHART_PMU_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* As in the text, "counter_start"; NULL: there is no such function. */
const char *pmu_function_name(uint64_t fid);
/* SBI_ERR_..., without that prefix and in the text's own case, "INVALID_PARAM"; NULL: unknown. */
const char *pmu_error_name(int64_t error);

/*
 * The name that perf has for a hardware or cache event ("cycles", "dTLB-load-misses"); raw events
 * as "raw:0x1234"; firmware events in the text's words ("fw-set-timer"), platform ones as
 * "platform:0x1234"; else "event:0x40000". Cut to SIZE, always terminated.
 */
void pmu_event_name(char *to, size_t size, uint64_t event_idx, uint64_t data);
/* "cycle", "instret", "hpmcounter3", "firmware0" of a PMU with so many hardware counters (H). */
void pmu_counter_name(char *to, size_t size, uint64_t index, unsigned int hw_counters);

#endif
