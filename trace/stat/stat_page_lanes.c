/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_page_lanes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "trace/names/exit_names.h"
#include "trace/names/text.h"
#include "trace/stat/stat_lines.h"
#include "trace/stat/stat_now.h"

/* ---- states ---- */

/* What is work is below, and sleep above. */
static const enum vcpu_state order[VCPU_STATES] = {VCPU_GUEST,	 VCPU_KERNEL,  VCPU_VMM,
						   VCPU_WAITING, VCPU_BLOCKED, VCPU_HALTED};
static const struct page_layer states[VCPU_STATES] = {
	{"guest", "guest"},	{"host", "kernel"},	{"vmm", "vmm"},
	{"waiting", "waiting"}, {"blocked", "blocked"}, {"halted", "halted"},
};

static double state_height(const void *opaque, size_t lane, size_t column, size_t layer)
{
	const struct stat_page_lanes *lanes = opaque;
	const struct stat_history *history = lanes->history;
	const uint32_t vcpu = lanes->vcpu_indices[lane];

	return (double)history->columns[column].ns[vcpu][order[layer]] /
	       (double)stat_history_length(history, (uint32_t)column);
}

/* "guest 40 %, halted 55 %": the three that are most. */
static void note_states(const struct exit_vcpu *vcpu, char *out, size_t size)
{
	const uint64_t whole = stat_time_of(vcpu);
	bool told[VCPU_STATES] = {false};
	size_t used = 0;

	out[0] = '\0';
	for (int part = 0; part < 3 && whole; part++) {
		uint32_t most = VCPU_STATES;

		for (uint32_t state = 0; state < VCPU_STATES; state++)
			if (!told[state] && vcpu->ns[state] &&
			    (most == VCPU_STATES || vcpu->ns[state] > vcpu->ns[most]))
				most = state;
		if (most == VCPU_STATES || used >= size)
			return;
		told[most] = true;
		used += (size_t)snprintf(out + used, size - used, "%s%s %.1f %%", part ? ", " : "",
					 vcpu_state_name((enum vcpu_state)most),
					 100.0 * (double)vcpu->ns[most] / (double)whole);
	}
}

static void add_vcpus(struct stat_page_lanes *lanes, const struct stat_view *view,
		      const struct stat_sample *counts)
{
	bool one_vm = true;
	uint32_t tgid = 0;

	for (uint32_t i = 0; i < counts->vcpu_count; i++) {
		if (!counts->vcpus[i].first)
			continue;
		one_vm = one_vm && (!tgid || tgid == counts->vcpus[i].tgid);
		tgid = counts->vcpus[i].tgid;
	}
	for (uint32_t i = 0; i < counts->vcpu_count; i++) {
		const struct exit_vcpu *vcpu = &counts->vcpus[i];
		struct page_lane *lane = &lanes->vcpu_lanes[lanes->vcpus.count];

		if (!vcpu->first)
			continue;
		if (lanes->vcpus.count == STAT_PAGE_VCPUS) {
			lanes->vcpus.more++;
			continue;
		}
		lanes->vcpu_indices[lanes->vcpus.count++] = i;
		*lane = (struct page_lane){.most = 100};
		snprintf(lane->label, sizeof(lane->label), "%.60s%svcpu%" PRIu32,
			 one_vm ? "" : view->vm_name(view->opaque, vcpu->tgid), one_vm ? "" : " ",
			 vcpu->vcpu_id);
		note_states(vcpu, lane->note, sizeof(lane->note));
	}
}

/* ---- exits a second ---- */

#define ALL_ROWS EXIT_ROWS

static double rate_of(const struct stat_page_lanes *lanes, uint32_t row, size_t column)
{
	const struct stat_history *history = lanes->history;
	const uint64_t *exits = history->columns[column].exits;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < EXIT_ROWS; i++)
		sum += row == ALL_ROWS || row == i ? exits[i] : 0;
	return (double)sum * 1e9 / (double)stat_history_length(history, (uint32_t)column);
}

static double rate_height(const void *opaque, size_t lane, size_t column, size_t layer)
{
	const struct stat_page_lanes *lanes = opaque;

	(void)layer;
	return rate_of(lanes, lanes->rows[lane], column) / lanes->rate_lanes[lane].most;
}

struct row_total {
	uint32_t row;
	uint64_t count;
};

static int compare_totals(const void *a, const void *b)
{
	const struct row_total *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return left->row < right->row ? -1 : left->row > right->row;
}

static void add_rate(struct stat_page_lanes *lanes, const struct row_total *total)
{
	struct page_lane *lane = &lanes->rate_lanes[lanes->rates.count];
	char count[TEXT_COUNT], most[TEXT_COUNT];

	lanes->rows[lanes->rates.count++] = total->row;
	*lane = (struct page_lane){.label = "all exits"};
	if (total->row != ALL_ROWS)
		exit_row_text(total->row, lane->label, sizeof(lane->label));
	for (size_t column = 0; column < lanes->rates.columns; column++) {
		const double rate = rate_of(lanes, total->row, column);

		lane->most = rate > lane->most ? rate : lane->most;
	}
	snprintf(lane->note, sizeof(lane->note), "%s exits, up to %s a second",
		 text_count(total->count, count), text_count((uint64_t)(lane->most + 0.5), most));
}

static void add_rates(struct stat_page_lanes *lanes)
{
	const struct stat_history *history = lanes->history;
	struct row_total totals[EXIT_ROWS], all = {.row = ALL_ROWS};

	for (uint32_t row = 0; row < EXIT_ROWS; row++) {
		totals[row] = (struct row_total){.row = row};
		for (uint32_t column = 0; column < history->count; column++)
			totals[row].count += history->columns[column].exits[row];
		all.count += totals[row].count;
	}
	if (!all.count)
		return;
	qsort(totals, EXIT_ROWS, sizeof(totals[0]), compare_totals);
	add_rate(lanes, &all);
	for (uint32_t i = 0; i < EXIT_ROWS && totals[i].count; i++)
		if (lanes->rates.count < STAT_PAGE_REASONS)
			add_rate(lanes, &totals[i]);
		else
			lanes->rates.more++;
}

/* ---- both ---- */

void stat_page_lanes(struct stat_page_lanes *lanes, const struct stat_history *history,
		     const struct stat_view *view, const struct stat_sample *counts)
{
	static const struct page_layer rate[] = {{"rate", "exits"}};
	const struct page_lanes both = {
		.from = history->from,
		.ends = lanes->ends,
		.columns = history->count,
		.opaque = lanes,
	};

	lanes->history = history;
	for (uint32_t i = 0; i < history->count; i++)
		lanes->ends[i] = history->columns[i].end;
	lanes->vcpus = both;
	lanes->vcpus.title = "Time line of the vCPUs";
	lanes->vcpus.words =
		"What each did, as shares of its time: kernel is KVM handling an exit, vmm the "
		"VMM; waiting could run and has no CPU, halted is in WFI.";
	lanes->vcpus.unit = " %";
	lanes->vcpus.none = "No vCPU was seen.";
	lanes->vcpus.layers = states;
	lanes->vcpus.layers_count = VCPU_STATES;
	lanes->vcpus.lanes = lanes->vcpu_lanes;
	lanes->vcpus.height = state_height;
	add_vcpus(lanes, view, counts);
	lanes->rates = both;
	lanes->rates.title = "Exits a second";
	lanes->rates.words = "By reason, those of all vCPUs. Each lane has a scale of its own: its "
			     "height is the most that it had.";
	lanes->rates.unit = "/s";
	lanes->rates.none = "There were none.";
	lanes->rates.layers = rate;
	lanes->rates.layers_count = 1;
	lanes->rates.lanes = lanes->rate_lanes;
	lanes->rates.height = rate_height;
	add_rates(lanes);
}
