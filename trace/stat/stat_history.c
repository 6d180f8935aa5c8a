/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_history.h"

#include <stdlib.h>
#include <string.h>

#include "trace/stat/stat_times.h"

struct stat_history *stat_history_new(void)
{
	struct stat_history *history = calloc(1, sizeof(*history));

	if (!history)
		return NULL;
	history->step = STAT_HISTORY_STEP;
	history->columns = calloc(STAT_HISTORY_COLUMNS, sizeof(*history->columns));
	if (history->columns)
		return history;
	free(history);
	return NULL;
}

void stat_history_free(struct stat_history *history)
{
	if (history)
		free(history->columns);
	free(history);
}

uint64_t stat_history_length(const struct stat_history *history, uint32_t column)
{
	return history->columns[column].end -
	       (column ? history->columns[column - 1].end : history->from);
}

static void add_column(struct stat_column *to, const struct stat_column *more)
{
	to->end = more->end;
	for (uint32_t i = 0; i < EXIT_VCPUS; i++)
		for (uint32_t state = 0; state < VCPU_STATES; state++)
			to->ns[i][state] += more->ns[i][state];
	for (uint32_t row = 0; row < EXIT_ROWS; row++)
		to->exits[row] += more->exits[row];
}

/* Each two become one. */
static void make_room(struct stat_history *history)
{
	for (uint32_t i = 0; i < STAT_HISTORY_COLUMNS / 2; i++) {
		history->columns[i] = history->columns[2ul * i];
		add_column(&history->columns[i], &history->columns[2ul * i + 1]);
	}
	history->count = STAT_HISTORY_COLUMNS / 2;
	history->step *= 2;
}

/* What has been counted so far. */
static void take_sums(struct stat_column *sums, bool seen[EXIT_VCPUS],
		      const struct stat_sample *sample)
{
	memset(sums, 0, sizeof(*sums));
	sums->end = sample->when;
	for (uint32_t i = 0; i < EXIT_VCPUS; i++) {
		seen[i] = i < sample->vcpu_count && sample->vcpus[i].first;
		if (!seen[i])
			continue;
		memcpy(sums->ns[i], sample->vcpus[i].ns, sizeof(sums->ns[i]));
		for (uint32_t row = 0; row < EXIT_ROWS; row++)
			sums->exits[row] += sample->times[(size_t)i * EXIT_TIMES + row].count;
	}
}

void stat_history_reset(struct stat_history *history, const struct stat_sample *sample)
{
	history->count = 0;
	history->step = STAT_HISTORY_STEP;
	history->from = sample->when;
	take_sums(&history->before, history->seen, sample);
}

/* Looks may come sooner than they are due: those of tables. What is short goes on. */
static bool is_full(const struct stat_history *history)
{
	return !history->count ||
	       stat_history_length(history, history->count - 1) >= history->step * 3 / 4;
}

static void append(struct stat_history *history, const struct stat_column *column)
{
	if (history->count == STAT_HISTORY_COLUMNS && is_full(history))
		make_room(history);
	if (is_full(history))
		history->columns[history->count++] = *column;
	else
		add_column(&history->columns[history->count - 1], column);
}

void stat_history_look(struct stat_history *history, const struct stat_sample *sample)
{
	struct stat_column now, column;
	bool seen[EXIT_VCPUS];

	if (!history->from) {
		stat_history_reset(history, sample);
		return;
	}
	/* What was counted up to then is told already: of a VMM's log the clock may stand still. */
	if (sample->when <= history->before.end)
		return;
	take_sums(&now, seen, sample);
	column = now;
	for (uint32_t i = 0; i < EXIT_VCPUS; i++)
		if (seen[i] && history->seen[i])
			stat_subtract_states(column.ns[i], history->before.ns[i]);
	for (uint32_t row = 0; row < EXIT_ROWS; row++)
		column.exits[row] = now.exits[row] > history->before.exits[row]
					    ? now.exits[row] - history->before.exits[row]
					    : 0;
	append(history, &column);
	history->before = now;
	memcpy(history->seen, seen, sizeof(seen));
}
