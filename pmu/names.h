/* SPDX-License-Identifier: Apache-2.0 */
/* What people call events; for tracers and reports. */
#ifndef VHART_PMU_NAMES_H
#define VHART_PMU_NAMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The name that perf has for a hardware or cache event ("cycles", "dTLB-load-misses"); raw events
 * as "raw:0x1234"; firmware events in the text's words ("fw-set-timer"), platform ones as
 * "platform:0x1234"; else "event:0x40000". Cut to SIZE, always terminated.
 */
void pmu_event_name(char *to, size_t size, uint64_t event_idx, uint64_t data);

#endif
