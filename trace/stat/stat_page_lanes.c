/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_page_lanes.h"

#include <inttypes.h>

#include "trace/names/exit_names.h"
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

static void name_row(const void *opaque, size_t row, char *out, size_t size)
{
	(void)opaque;
	exit_row_text((uint32_t)row, out, size);
}

static uint64_t exits_of_row(const void *opaque, size_t row, size_t column)
{
	const struct stat_history *history = opaque;

	return history->columns[column].exits[row];
}

/* ---- both ---- */

bool stat_page_lanes(struct stat_page_lanes *lanes, const struct stat_history *history,
		     const struct stat_view *view, const struct stat_sample *counts)
{
	const struct page_rates_source rates = {
		.from = history->from,
		.ends = lanes->ends,
		.columns = history->count,
		.reasons = EXIT_ROWS,
		.name = name_row,
		.exits = exits_of_row,
		.opaque = history,
	};

	lanes->history = history;
	for (uint32_t i = 0; i < history->count; i++)
		lanes->ends[i] = history->columns[i].end;
	lanes->vcpus = (struct page_lanes){
		.title = "Time line of the vCPUs",
		.words = "What each did, as shares of its time: kernel is KVM handling an exit, "
			 "vmm the "
			 "VMM; waiting could run and has no CPU, halted is in WFI.",
		.unit = " %",
		.none = "No vCPU was seen.",
		.from = history->from,
		.ends = lanes->ends,
		.columns = history->count,
		.layers = states,
		.layers_count = VCPU_STATES,
		.lanes = lanes->vcpu_lanes,
		.height = state_height,
		.opaque = lanes,
	};
	add_vcpus(lanes, view, counts);
	return page_rates_make(&lanes->rates, &rates);
}
