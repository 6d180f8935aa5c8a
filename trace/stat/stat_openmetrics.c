/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_openmetrics.h"

#include <inttypes.h>

#include "trace/export/openmetrics.h"
#include "trace/names/exit_names.h"

/* ---- what there is ---- */

static uint64_t exits_of(const struct exit_times *times)
{
	return times->count;
}

static uint64_t to_vmm_of(const struct exit_times *times)
{
	return times->to_vmm;
}

static uint64_t handling_of(const struct exit_times *times)
{
	return times->ns;
}

static uint64_t vmm_of(const struct exit_times *times)
{
	return times->vmm_ns;
}

static uint64_t halted_of(const struct exit_times *times)
{
	return times->halted_ns;
}

/* Of exits of one kind. */
static const struct {
	struct openmetrics_family family;
	uint64_t (*value)(const struct exit_times *times);
} exit_families[] = {
	{{"vhart_exits", OPENMETRICS_COUNTER, NULL, "Exits of a vCPU, by what they were for."},
	 exits_of},
	{{"vhart_exits_to_vmm", OPENMETRICS_COUNTER, NULL,
	  "Those of them that went on to the VMM's process."},
	 to_vmm_of},
	{{"vhart_exit_handling_seconds", OPENMETRICS_COUNTER, "seconds",
	  "Time in which exits were handled, in the kernel and in the VMM."},
	 handling_of},
	{{"vhart_exit_vmm_seconds", OPENMETRICS_COUNTER, "seconds",
	  "The part of that time that was the VMM's."},
	 vmm_of},
	{{"vhart_exit_halted_seconds", OPENMETRICS_COUNTER, "seconds",
	  "Time in which a vCPU slept in its exits, beside the time of handling."},
	 halted_of},
};

static const struct openmetrics_family vcpu_family = {
	"vhart_vcpu_seconds", OPENMETRICS_COUNTER, "seconds",
	"Time of a vCPU by what it did: in the guest, in the kernel, in the VMM, halted, waiting "
	"for a CPU, blocked."};
static const struct openmetrics_family lost_family = {"vhart_stat_lost", OPENMETRICS_COUNTER, NULL,
						      "Events that were not counted, of all VMs."};
static const struct openmetrics_family room_family = {
	"vhart_stat_uncounted_vcpus", OPENMETRICS_GAUGE, NULL,
	"vCPUs that were seen and for which there was no room: start vhart stat anew."};
/* Not of the type info, for which parsers of Prometheus' older text refuse the whole. */
static const struct openmetrics_family about_family = {"vhart_stat_info", OPENMETRICS_GAUGE, NULL,
						       "The program that counts, and how it does."};

/* ---- one vCPU ---- */

/* The labels of a vCPU, and room for more. */
enum { LABELS = 5 };
struct vcpu_labels {
	char pid[16], vcpu[16];
	struct openmetrics_label all[LABELS];
};

enum { LABEL_VM, LABEL_PID, LABEL_VCPU, LABEL_REASON, LABEL_SUB, LABEL_STATE = LABEL_REASON };

static void label(struct vcpu_labels *labels, const struct stat_view *view,
		  const struct exit_vcpu *vcpu)
{
	snprintf(labels->pid, sizeof(labels->pid), "%" PRIu32, vcpu->tgid);
	snprintf(labels->vcpu, sizeof(labels->vcpu), "%" PRIu32, vcpu->vcpu_id);
	labels->all[LABEL_VM] =
		(struct openmetrics_label){"vm", view->vm_name(view->opaque, vcpu->tgid)};
	labels->all[LABEL_PID] = (struct openmetrics_label){"pid", labels->pid};
	labels->all[LABEL_VCPU] = (struct openmetrics_label){"vcpu", labels->vcpu};
}

/* A process may have several VMs, and a VM that was reset has new vCPUs: those with the same labels
 * are one to whoever reads them, and are added up at the first. */
static bool are_one(const struct exit_vcpu *a, const struct exit_vcpu *b)
{
	return a->first && b->first && a->tgid == b->tgid && a->vcpu_id == b->vcpu_id;
}

static bool comes_first(const struct stat_sample *sample, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (are_one(&sample->vcpus[i], &sample->vcpus[index]))
			return false;
	return sample->vcpus[index].first != 0;
}

static uint64_t sum_of_row(const struct stat_sample *sample, uint32_t index, uint32_t row,
			   uint64_t (*value)(const struct exit_times *times))
{
	uint64_t sum = 0;

	for (uint32_t i = index; i < sample->vcpu_count; i++)
		if (are_one(&sample->vcpus[index], &sample->vcpus[i]))
			sum += value(&sample->times[(size_t)i * EXIT_TIMES + row]);
	return sum;
}

static uint64_t sum_of_state(const struct stat_sample *sample, uint32_t index, uint32_t state)
{
	uint64_t sum = 0;

	for (uint32_t i = index; i < sample->vcpu_count; i++)
		if (are_one(&sample->vcpus[index], &sample->vcpus[i]))
			sum += sample->vcpus[i].ns[state];
	return sum;
}

/* ---- families ---- */

static void put_exits(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		      size_t which)
{
	const struct openmetrics_family *family = &exit_families[which].family;
	struct vcpu_labels labels;

	openmetrics_family(out, family);
	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		if (!comes_first(sample, i))
			continue;
		label(&labels, view, &sample->vcpus[i]);
		for (uint32_t row = 0; row < EXIT_ROWS; row++) {
			const struct exit_name name = exit_name(row);

			/* A kind that never came has no sample yet. */
			if (!sum_of_row(sample, i, row, exits_of))
				continue;
			labels.all[LABEL_REASON] =
				(struct openmetrics_label){"reason", name.reason};
			labels.all[LABEL_SUB] = (struct openmetrics_label){"sub", name.sub};
			(family->unit ? openmetrics_ns : openmetrics_uint)(
				out, family, labels.all, LABEL_SUB + 1,
				sum_of_row(sample, i, row, exit_families[which].value));
		}
	}
}

static void put_states(FILE *out, const struct stat_view *view, const struct stat_sample *sample)
{
	struct vcpu_labels labels;

	openmetrics_family(out, &vcpu_family);
	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		if (!comes_first(sample, i))
			continue;
		label(&labels, view, &sample->vcpus[i]);
		for (uint32_t state = 0; state < VCPU_STATES; state++) {
			labels.all[LABEL_STATE] = (struct openmetrics_label){
				"state", vcpu_state_name((enum vcpu_state)state)};
			openmetrics_ns(out, &vcpu_family, labels.all, LABEL_STATE + 1,
				       sum_of_state(sample, i, state));
		}
	}
}

bool stat_openmetrics(FILE *out, const struct stat_view *view, const struct stat_sample *sample)
{
	const struct openmetrics_label about[] = {{"version", VHART_VERSION}, {"way", view->way}};

	for (size_t i = 0; i < sizeof(exit_families) / sizeof(exit_families[0]); i++)
		put_exits(out, view, sample, i);
	put_states(out, view, sample);
	openmetrics_family(out, &lost_family);
	openmetrics_uint(out, &lost_family, NULL, 0, view->lost);
	openmetrics_family(out, &room_family);
	openmetrics_uint(out, &room_family, NULL, 0, view->vcpus_lost);
	openmetrics_family(out, &about_family);
	openmetrics_uint(out, &about_family, about, sizeof(about) / sizeof(about[0]), 1);
	openmetrics_end(out);
	return fflush(out) == 0 && !ferror(out);
}
