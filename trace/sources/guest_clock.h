/* SPDX-License-Identifier: Apache-2.0 */
/* The time CSR, from which that of every guest differs by a constant. */
#ifndef VHART_GUEST_CLOCK_H
#define VHART_GUEST_CLOCK_H

#include "trace/names/exit_record.h"

/* Ticks in a second, 0: the host does not say. */
uint64_t guest_clock_timebase(void);

/* How finely CLOCK_MONOTONIC counts, ns: by the timebase. */
uint64_t guest_clock_resolution(void);

/* The two clocks at one moment. */
struct trace_clock guest_clock(uint64_t timebase);

#endif
