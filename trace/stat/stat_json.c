/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `vhart stat` as JSON: an object a line. */
#include <inttypes.h>

#include "trace/export/json_text.h"
#include "trace/stat/stat_lines.h"
#include "trace/stat/stat_now.h"

/* The names of a VM and of what its guest touched are the longest. */
struct stat_object {
	struct json_line line;
	char text[1024];
};

static struct json_line *begin_object(struct stat_object *object, const char *type)
{
	json_line_begin(&object->line, object->text, sizeof(object->text));
	json_line_string(&object->line, "type", type);
	return &object->line;
}

static void end_object(struct stat_object *object, FILE *out)
{
	size_t size = json_line_end(&object->line);

	fwrite(object->text, 1, size, out);
}

static void print_json_header(FILE *out, const struct stat_view *view,
			      const struct stat_sample *sample, uint64_t wall)
{
	uint64_t exits = 0, orphans = 0;
	struct stat_object object;
	struct json_line *line = begin_object(&object, "stat");

	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		exits += sample->vcpus[i].exits;
		orphans += sample->vcpus[i].orphans;
	}
	json_line_uint(line, "version", 1);
	json_line_uint(line, "t_ns", sample->when);
	json_line_uint(line, "wall_ns", wall);
	json_line_uint(line, "exits", exits);
	json_line_uint(line, "unpaired", orphans);
	json_line_uint(line, "lost", view->lost);
	json_line_uint(line, "vcpus_lost", view->vcpus_lost);
	json_line_uint(line, "tracer_ns", stat_own_cost(sample).ns);
	json_line_uint(line, "clock_ns", view->resolution);
	json_line_string(line, "way", view->way);
	end_object(&object, out);
}

/* What it does now, for how long, and where. */
static void put_now(struct json_line *line, const struct exit_vcpu *vcpu, uint64_t when)
{
	char row[64];

	json_line_string(line, "state",
			 vcpu->state < VCPU_STATES  ? vcpu_state_name((enum vcpu_state)vcpu->state)
			 : vcpu->state == VCPU_GONE ? "ended"
						    : "unseen");
	if (stat_in_exit(vcpu) || vcpu->open == EXIT_ENDED)
		json_line_string(line, "in", exit_row_text((uint32_t)vcpu->row, row, sizeof(row)));
	else if (stat_is_asleep(vcpu))
		json_line_string(line, "in", stat_asleep_word(vcpu->state));
	if (stat_in_exit(vcpu) || stat_is_asleep(vcpu))
		json_line_uint(line, "in_ns", stat_in_flight(vcpu, when));
	if (vcpu->pc && stat_sleeps_at(vcpu))
		json_line_hex(line, "pc", vcpu->pc);
}

static void print_json_vcpu(FILE *out, const struct stat_view *view, const struct exit_vcpu *vcpu,
			    const struct exit_times *runs, uint64_t when)
{
	struct stat_object object;
	struct json_line *line = begin_object(&object, "vcpu");

	json_line_string(line, "vm", view->vm_name(view->opaque, vcpu->tgid));
	json_line_uint(line, "pid", vcpu->tgid);
	json_line_uint(line, "tid", vcpu->tid);
	json_line_uint(line, "vcpu", vcpu->vcpu_id);
	json_line_uint(line, "exits", vcpu->exits);
	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		char name[16];

		snprintf(name, sizeof(name), "%s_ns", vcpu_state_name(state));
		json_line_uint(line, name, vcpu->ns[state]);
	}
	if (runs->count) {
		json_line_uint(line, "runs", runs->count);
		json_line_uint(line, "run_min_ns", runs->min);
		json_line_uint(line, "run_max_ns", runs->max);
		json_line_uint(line, "run_p50_ns", stat_percentile(runs, 0.5));
		json_line_uint(line, "run_p99_ns", stat_percentile(runs, 0.99));
	}
	put_now(line, vcpu, when);
	end_object(&object, out);
}

static void print_json_line(FILE *out, const struct stat_line *row)
{
	const struct exit_times *times = &row->times;
	struct stat_object object;
	struct json_line *line = begin_object(&object, "exit");

	json_line_string(line, "reason", row->name.reason);
	json_line_string(line, "sub", row->name.sub);
	if (row->at[0])
		json_line_string(line, "at", row->at);
	if (row->vcpu >= 0) {
		json_line_uint(line, "pid", row->tgid);
		json_line_int(line, "vcpu", row->vcpu);
	}
	json_line_uint(line, "count", times->count);
	json_line_uint(line, "to_vmm", times->to_vmm);
	json_line_uint(line, "ns", times->ns);
	json_line_uint(line, "vmm_ns", times->vmm_ns);
	json_line_uint(line, "halted_ns", times->halted_ns);
	json_line_uint(line, "min_ns", times->min);
	json_line_uint(line, "max_ns", times->max);
	json_line_uint(line, "p50_ns", stat_percentile(times, 0.5));
	json_line_uint(line, "p99_ns", stat_percentile(times, 0.99));
	end_object(&object, out);
}

void stat_print_json(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		     uint64_t wall, const struct stat_lines *lines)
{
	print_json_header(out, view, sample, wall);
	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		if (sample->vcpus[i].first)
			print_json_vcpu(out, view, &sample->vcpus[i],
					&sample->times[i * EXIT_TIMES + EXIT_RUNS], sample->when);
	for (size_t i = 0; i < lines->count; i++)
		print_json_line(out, &lines->lines[i]);
}
