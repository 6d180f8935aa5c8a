/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/exit_series.h"

#include <stdlib.h>
#include <string.h>

#include "trace/names/exit_names.h"

struct row {
	uint64_t exits, min, max;
	uint32_t columns[RECORDING_COLUMNS];
	uint32_t buckets[EXIT_BUCKETS];
};

struct exit_series {
	uint64_t from, step;
	uint32_t used; /* columns, of all rows */
	struct row rows[EXIT_ROWS];
};

struct exit_series *exit_series_new(uint64_t from)
{
	struct exit_series *series = calloc(1, sizeof(*series));

	if (series) {
		series->from = from;
		series->step = EXIT_SERIES_STEP;
	}
	return series;
}

void exit_series_free(struct exit_series *series)
{
	free(series);
}

static void make_room(struct exit_series *series)
{
	for (uint32_t row = 0; row < EXIT_ROWS; row++) {
		uint32_t *columns = series->rows[row].columns;

		for (uint32_t i = 0; i < RECORDING_COLUMNS / 2; i++)
			columns[i] = columns[2 * i] + columns[2 * i + 1];
		memset(columns + RECORDING_COLUMNS / 2, 0,
		       RECORDING_COLUMNS / 2 * sizeof(*columns));
	}
	series->used = (series->used + 1) / 2;
	series->step *= 2;
}

void exit_series_add(struct exit_series *series, uint32_t row, uint64_t time, uint64_t ns)
{
	const uint64_t since = time > series->from ? time - series->from : 0;
	struct row *to = &series->rows[row < EXIT_ROWS ? row : EXIT_OTHER];

	while (since / series->step >= RECORDING_COLUMNS)
		make_room(series);
	const uint32_t column = (uint32_t)(since / series->step);
	series->used = column >= series->used ? column + 1 : series->used;
	to->columns[column]++;
	to->buckets[exit_bucket(ns)]++;
	to->min = !to->exits || ns < to->min ? ns : to->min;
	to->max = ns > to->max ? ns : to->max;
	to->exits++;
}

bool exit_series_get(const struct exit_series *series, uint32_t row,
		     struct recording_reason *reason)
{
	const struct row *from = &series->rows[row];

	if (!from->exits)
		return false;
	*reason = (struct recording_reason){.from = series->from,
					    .step = series->step,
					    .min = from->min,
					    .max = from->max,
					    .count = series->used};
	exit_row_text(row, reason->exit, sizeof(reason->exit));
	memcpy(reason->columns, from->columns, sizeof(reason->columns));
	memcpy(reason->buckets, from->buckets, sizeof(reason->buckets));
	return true;
}
