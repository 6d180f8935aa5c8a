/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits of a recording by their reason: when they came, and how long they took. However long it is,
 * the columns of time are bounded: when there is no more room each two become one. Pure.
 */
#ifndef VHART_EXIT_SERIES_H
#define VHART_EXIT_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"
#include "trace/record/recording.h"

#define EXIT_SERIES_STEP 100000000ull /* ns: a column's length at first */

struct exit_series;

/* FROM, of CLOCK_MONOTONIC in ns, is where the first column begins. NULL: no memory. */
struct exit_series *exit_series_new(uint64_t from);
void exit_series_free(struct exit_series *series); /* NULL is fine */

/* An exit of ROW at TIME whose handling took NS. */
void exit_series_add(struct exit_series *series, uint32_t row, uint64_t time, uint64_t ns);

/* ROW's line of a recording. False: it has no exits. */
bool exit_series_get(const struct exit_series *series, uint32_t row,
		     struct recording_reason *reason);

#endif
