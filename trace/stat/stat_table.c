/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/json_text.h"
#include "trace/names/exit_names.h"
#include "trace/names/text.h"

#define AT_LENGTH   96
#define LINE_LENGTH 160
#define NAME_WIDTH  32 /* of the table's first column, at least */

/* One line of the exit table. */
struct line {
	struct exit_name name;
	char at[AT_LENGTH]; /* which device address, CSR or pc; "" where it does not matter */
	uint32_t row;
	int64_t vcpu; /* -1: of all */
	uint32_t tgid;
	struct exit_times times;
};

struct lines {
	struct line *lines;
	size_t count, room;
};

/* ---- numbers ---- */

const char *stat_duration(uint64_t ns, char out[16])
{
	return text_duration(ns, out);
}

uint64_t stat_percentile(const struct exit_times *times, double share)
{
	uint64_t total = 0, below = 0;

	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		total += times->buckets[i];
	for (uint32_t i = 0; i < EXIT_BUCKETS && total; i++) {
		uint64_t upto = below + times->buckets[i];

		if (times->buckets[i] && (double)upto >= share * (double)total) {
			double part = (share * (double)total - (double)below) / times->buckets[i];
			uint64_t start = exit_bucket_start(i), end = exit_bucket_start(i + 1);
			uint64_t ns = start + (uint64_t)(part * (double)(end - start));

			return ns < times->min ? times->min : ns > times->max ? times->max : ns;
		}
		below = upto;
	}
	return times->max;
}

static void subtract_times(struct exit_times *after, const struct exit_times *before)
{
	after->count -= before->count;
	after->to_vmm -= before->to_vmm;
	after->ns -= before->ns;
	after->vmm_ns -= before->vmm_ns;
	after->halted_ns -= before->halted_ns;
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		after->buckets[i] -= before->buckets[i];
}

static void add_times(struct exit_times *sum, const struct exit_times *more)
{
	if (!more->count)
		return;
	if (!sum->count || more->min < sum->min)
		sum->min = more->min;
	if (!sum->count || more->max > sum->max)
		sum->max = more->max;
	sum->count += more->count;
	sum->to_vmm += more->to_vmm;
	sum->ns += more->ns;
	sum->vmm_ns += more->vmm_ns;
	sum->halted_ns += more->halted_ns;
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		sum->buckets[i] += more->buckets[i];
}

static bool same_key(const struct exit_key_name *a, const struct exit_key_name *b)
{
	return a->value == b->value && a->vcpu == b->vcpu && a->row == b->row;
}

/*
 * That a vCPU halted is known when the halt is over: what went by before, as when KVM looked
 * whether it ends soon, was counted as another state's until then. Where that was before the
 * interval, the other state has less than it had; so much is not of the interval, and another one's
 * too much.
 */
static void subtract_states(struct exit_vcpu *after, const struct exit_vcpu *before)
{
	static const enum vcpu_state likely[] = {VCPU_HALTED,  VCPU_BLOCKED, VCPU_KERNEL,
						 VCPU_WAITING, VCPU_VMM,     VCPU_GUEST};
	uint64_t too_much = 0;

	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		const uint64_t now = after->ns[state], then = before->ns[state];

		too_much += now < then ? then - now : 0;
		after->ns[state] = now < then ? 0 : now - then;
	}
	for (size_t i = 0; i < VCPU_STATES && too_much; i++) {
		uint64_t *ns = &after->ns[likely[i]];
		const uint64_t part = too_much < *ns ? too_much : *ns;

		*ns -= part;
		too_much -= part;
	}
}

void stat_difference(struct stat_sample *after, const struct stat_sample *before)
{
	for (uint32_t i = 0; i < before->vcpu_count && i < after->vcpu_count; i++) {
		struct exit_vcpu *vcpu = &after->vcpus[i];

		if (!before->vcpus[i].first)
			continue;
		vcpu->exits -= before->vcpus[i].exits;
		vcpu->orphans -= before->vcpus[i].orphans;
		vcpu->timed -= before->vcpus[i].timed;
		vcpu->own_ns -= before->vcpus[i].own_ns;
		subtract_states(vcpu, &before->vcpus[i]);
		for (uint32_t row = 0; row < EXIT_TIMES; row++)
			subtract_times(&after->times[i * EXIT_TIMES + row],
				       &before->times[i * EXIT_TIMES + row]);
	}
	/* A hash gives no order: each key is looked for. */
	for (size_t i = 0; i < after->keyed_count; i++)
		for (size_t j = 0; j < before->keyed_count; j++)
			if (same_key(&after->keyed[i].name, &before->keyed[j].name))
				subtract_times(&after->keyed[i].times, &before->keyed[j].times);
}

/* ---- lines ---- */

static struct line *find_line(struct lines *lines, const struct line *like)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct line *line = &lines->lines[i];

		if (line->row == like->row && line->vcpu == like->vcpu &&
		    line->tgid == like->tgid && !strcmp(line->at, like->at))
			return line;
	}
	if (lines->count == lines->room) {
		size_t room = lines->room ? lines->room * 2 : 64;
		struct line *more = realloc(lines->lines, room * sizeof(*more));

		if (!more)
			return NULL;
		lines->lines = more;
		lines->room = room;
	}
	lines->lines[lines->count] = *like;
	return &lines->lines[lines->count++];
}

static const char *line_text(const struct line *line, char *out, size_t size)
{
	char vcpu[32] = "", text[LINE_LENGTH];

	if (line->vcpu >= 0)
		snprintf(vcpu, sizeof(vcpu), "%" PRIu32 "/%" PRId64 " ", line->tgid, line->vcpu);
	snprintf(text, sizeof(text), "%s%s%s%s%s%s", vcpu, line->name.reason,
		 line->name.sub[0] ? " " : "", line->name.sub, line->at[0] ? " " : "", line->at);
	return printable(out, size, text);
}

static bool is_shown(const struct stat_view *view, const struct exit_vcpu *vcpu)
{
	return vcpu->first && (!view->only || vcpu->tgid == view->only);
}

static bool add_line(struct lines *lines, const struct stat_view *view,
		     const struct exit_vcpu *vcpu, uint32_t row, const char *at,
		     const struct exit_times *times)
{
	struct line like = {.name = exit_name(row),
			    .row = row,
			    .vcpu = view->by == BY_VCPU ? (int64_t)vcpu->vcpu_id : -1};
	struct line *line;
	char text[LINE_LENGTH];

	if (!times->count || !is_shown(view, vcpu))
		return true;
	if (view->by == BY_VCPU)
		like.tgid = vcpu->tgid;
	snprintf(like.at, sizeof(like.at), "%s", at);
	if (view->filter && regexec(view->filter, line_text(&like, text, sizeof(text)), 0, NULL, 0))
		return true;
	line = find_line(lines, &like);
	if (line)
		add_times(&line->times, times);
	return line != NULL;
}

static void describe_key(const struct stat_view *view, const struct exit_vcpu *vcpu,
			 const struct stat_keyed *keyed, char out[AT_LENGTH])
{
	uint64_t value = keyed->name.value;
	const char *csr = view->by == BY_CSR ? csr_name((uint32_t)value) : NULL;
	char place[64] = "";

	if (csr) {
		snprintf(out, AT_LENGTH, "%s", csr);
		return;
	}
	if (view->by != BY_CSR && view->place)
		view->place(view->opaque, vcpu->tgid, value, place, sizeof(place));
	snprintf(out, AT_LENGTH, "0x%0*" PRIx64 "%s%s", view->by == BY_CSR ? 3 : 1, value,
		 place[0] ? " " : "", place);
}

static bool collect_lines(struct lines *lines, const struct stat_view *view,
			  const struct stat_sample *sample)
{
	bool keyed = stat_by_is_keyed(view->by);

	for (size_t i = 0; keyed && i < sample->keyed_count; i++) {
		const struct stat_keyed *key = &sample->keyed[i];
		const struct exit_vcpu *vcpu = &sample->vcpus[key->name.vcpu];
		char at[AT_LENGTH];

		if (key->name.vcpu >= sample->vcpu_count || !key->times.count)
			continue;
		describe_key(view, vcpu, key, at);
		if (!add_line(lines, view, vcpu, key->name.row, at, &key->times))
			return false;
	}
	for (uint32_t i = 0; !keyed && i < sample->vcpu_count; i++)
		for (uint32_t row = view->by == BY_SBI ? EXIT_SBI : 0; row < EXIT_ROWS; row++)
			if (!add_line(lines, view, &sample->vcpus[i], row, "",
				      &sample->times[i * EXIT_TIMES + row]))
				return false;
	return true;
}

static double rank(const struct line *line, enum stat_order order)
{
	switch (order) {
	case ORDER_COUNT: return (double)line->times.count;
	case ORDER_AVERAGE: return (double)line->times.ns / (double)line->times.count;
	case ORDER_P99: return (double)stat_percentile(&line->times, 0.99);
	case ORDER_MAX: return (double)line->times.max;
	case ORDER_TIME: break;
	}
	return (double)line->times.ns;
}

static int compare(const void *a, const void *b, void *opaque)
{
	const struct line *left = a, *right = b;
	const struct stat_view *view = opaque;
	double first = rank(left, view->order), second = rank(right, view->order);

	if (first != second)
		return first < second ? 1 : -1;
	return left->row < right->row ? -1 : left->row > right->row;
}

/* ---- text ---- */

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static uint64_t time_of(const struct exit_vcpu *vcpu)
{
	uint64_t sum = 0;

	for (uint32_t state = 0; state < VCPU_STATES; state++)
		sum += vcpu->ns[state];
	return sum;
}

/* What the programs took themselves: 0 where too few exits say. */
struct own_cost {
	uint64_t ns;	/* an exit */
	double percent; /* of the vCPUs' time */
};

static struct own_cost own_cost(const struct stat_sample *sample)
{
	uint64_t timed = 0, own_ns = 0, exits = 0, whole = 0;

	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		timed += sample->vcpus[i].timed;
		own_ns += sample->vcpus[i].own_ns;
		exits += sample->vcpus[i].exits;
		whole += time_of(&sample->vcpus[i]);
	}
	if (!timed || !whole)
		return (struct own_cost){0};
	double each = (double)own_ns / (double)timed;
	return (struct own_cost){(uint64_t)each, 100.0 * each * (double)exits / (double)whole};
}

static void print_header(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
			 uint64_t wall)
{
	uint64_t exits = 0, orphans = 0;
	uint32_t vcpus = 0;
	char resolution[16], each[16];

	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		if (!is_shown(view, &sample->vcpus[i]))
			continue;
		vcpus++;
		exits += sample->vcpus[i].exits;
		orphans += sample->vcpus[i].orphans;
	}
	fprintf(out, "%" PRIu32 " vCPU%s  %" PRIu64 " exits in %.3f s  %s  clock %s  lost %" PRIu64,
		vcpus, vcpus == 1 ? "" : "s", exits, (double)wall / 1e9, view->way,
		stat_duration(view->resolution, resolution), view->lost);
	const struct own_cost cost = own_cost(sample);
	if (cost.ns)
		fprintf(out, "  tracer %s/exit (%.1f%%)", stat_duration(cost.ns, each),
			cost.percent);
	if (orphans)
		fprintf(out, "  unpaired %" PRIu64, orphans);
	if (view->vcpus_lost)
		fprintf(out, "  vCPUs not counted %" PRIu64, view->vcpus_lost);
	fprintf(out, "\n\n");
}

/* What a vCPU slept in when watching began. */
static const char *const asleep_words[VCPU_STATES] = {
	[VCPU_VMM] = "in the VMM",
	[VCPU_HALTED] = "halted",
	[VCPU_WAITING] = "stopped by a signal",
	[VCPU_BLOCKED] = "stopped",
};

static bool is_in_exit(const struct exit_vcpu *vcpu)
{
	return vcpu->open == EXIT_DIRECT || vcpu->open == EXIT_DETOUR;
}

static bool is_asleep(const struct exit_vcpu *vcpu)
{
	return vcpu->open == EXIT_UNSEEN && vcpu->exited && vcpu->state < VCPU_STATES &&
	       asleep_words[vcpu->state];
}

static bool sleeps_at(const struct exit_vcpu *vcpu)
{
	return vcpu->state == VCPU_HALTED || vcpu->state == VCPU_BLOCKED;
}

/* How long the exit has taken. It may have come after WHEN: vCPUs are read one after the other. */
static uint64_t in_flight(const struct exit_vcpu *vcpu, uint64_t when)
{
	return when > vcpu->exited ? when - vcpu->exited : 0;
}

static void print_in_flight(FILE *out, const struct exit_vcpu *vcpu, uint64_t when)
{
	char row[64], since[16];

	if (vcpu->open == EXIT_ENDED)
		fprintf(out, "  %s (ended in it)", exit_row_text(vcpu->row, row, sizeof(row)));
	else if (is_in_exit(vcpu))
		fprintf(out, "  %s %s", exit_row_text(vcpu->row, row, sizeof(row)),
			stat_duration(in_flight(vcpu, when), since));
	else if (is_asleep(vcpu))
		fprintf(out, "  %s %s", asleep_words[vcpu->state],
			stat_duration(in_flight(vcpu, when), since));
	if (vcpu->pc && sleeps_at(vcpu))
		fprintf(out, " at 0x%" PRIx64, vcpu->pc);
}

static void print_vcpus(FILE *out, const struct stat_view *view, const struct stat_sample *sample)
{
	fprintf(out, "%-16s %7s %4s %7s %8s %6s %7s %6s %7s %10s  %s\n", "VM", "PID", "VCPU",
		"GUEST%", "KERNEL%", "VMM%", "HALT%", "WAIT%", "BLOCK%", "EXITS/S", "IN-FLIGHT");
	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		const struct exit_vcpu *vcpu = &sample->vcpus[i];
		uint64_t whole = time_of(vcpu);
		char name[64];

		if (!is_shown(view, vcpu))
			continue;
		fprintf(out,
			"%-16.16s %7" PRIu32 " %4" PRIu32
			" %7.1f %8.1f %6.1f %7.1f %6.1f %7.1f %10.0f",
			printable(name, sizeof(name), view->vm_name(view->opaque, vcpu->tgid)),
			vcpu->tgid, vcpu->vcpu_id, percent(vcpu->ns[VCPU_GUEST], whole),
			percent(vcpu->ns[VCPU_KERNEL], whole), percent(vcpu->ns[VCPU_VMM], whole),
			percent(vcpu->ns[VCPU_HALTED], whole),
			percent(vcpu->ns[VCPU_WAITING], whole),
			percent(vcpu->ns[VCPU_BLOCKED], whole),
			whole ? (double)vcpu->exits * 1e9 / (double)whole : 0);
		print_in_flight(out, vcpu, sample->when);
		fprintf(out, "\n");
	}
	fprintf(out, "\n");
}

static void print_times(FILE *out, int width, const char *name, const struct exit_times *times,
			const struct exit_times *total)
{
	char sum[16], min[16], average[16], p50[16], p99[16], max[16], halted[16];

	fprintf(out, "%-*s %9" PRIu64 " %6.1f%% %6.1f%% %8s %8s %8s %8s %8s %8s %6.1f %8s\n", width,
		name, times->count, percent(times->count, total->count),
		percent(times->ns, total->ns), stat_duration(times->ns, sum),
		stat_duration(times->min, min),
		stat_duration(times->count ? times->ns / times->count : 0, average),
		stat_duration(stat_percentile(times, 0.5), p50),
		stat_duration(stat_percentile(times, 0.99), p99), stat_duration(times->max, max),
		percent(times->to_vmm, times->count),
		times->halted_ns ? stat_duration(times->halted_ns, halted) : "-");
}

/* How long the guest ran each time: of all vCPUs that are shown. Not where runs are not seen. */
static void print_runs(FILE *out, int width, const struct stat_view *view,
		       const struct stat_sample *sample)
{
	struct exit_times runs = {0};
	char sum[16], min[16], average[16], p50[16], p99[16], max[16];

	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		if (is_shown(view, &sample->vcpus[i]))
			add_times(&runs, &sample->times[i * EXIT_TIMES + EXIT_RUNS]);
	if (!runs.count)
		return;
	fprintf(out, "%-*s %9" PRIu64 " %7s %7s %8s %8s %8s %8s %8s %8s\n", width, "guest runs",
		runs.count, "-", "-", stat_duration(runs.ns, sum), stat_duration(runs.min, min),
		stat_duration(runs.ns / runs.count, average),
		stat_duration(stat_percentile(&runs, 0.5), p50),
		stat_duration(stat_percentile(&runs, 0.99), p99), stat_duration(runs.max, max));
}

static void print_text(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		       uint64_t wall, const struct lines *lines)
{
	struct exit_times total = {0};
	int width = NAME_WIDTH;
	char name[LINE_LENGTH];

	for (size_t i = 0; i < lines->count; i++) {
		int length = (int)strlen(line_text(&lines->lines[i], name, sizeof(name)));

		add_times(&total, &lines->lines[i].times);
		width = length > width ? length : width;
	}
	print_header(out, view, sample, wall);
	print_vcpus(out, view, sample);
	fprintf(out, "%-*s %9s %7s %7s %8s %8s %8s %8s %8s %8s %6s %8s\n", width, "EXIT REASON",
		"COUNT", "COUNT%", "TIME%", "TOTAL", "MIN", "AVG", "P50", "P99", "MAX", ">VMM%",
		"HALTED");
	for (size_t i = 0; i < lines->count; i++)
		print_times(out, width, line_text(&lines->lines[i], name, sizeof(name)),
			    &lines->lines[i].times, &total);
	print_times(out, width, "total", &total, &total);
	print_runs(out, width, view, sample);
}

/* ---- for scripts ---- */

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
	json_line_uint(line, "tracer_ns", own_cost(sample).ns);
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
	if (is_in_exit(vcpu) || vcpu->open == EXIT_ENDED)
		json_line_string(line, "in", exit_row_text((uint32_t)vcpu->row, row, sizeof(row)));
	else if (is_asleep(vcpu))
		json_line_string(line, "in", asleep_words[vcpu->state]);
	if (is_in_exit(vcpu) || is_asleep(vcpu))
		json_line_uint(line, "in_ns", in_flight(vcpu, when));
	if (vcpu->pc && sleeps_at(vcpu))
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

static void print_json_line(FILE *out, const struct line *row)
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

static void print_json(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		       uint64_t wall, const struct lines *lines)
{
	print_json_header(out, view, sample, wall);
	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		if (sample->vcpus[i].first)
			print_json_vcpu(out, view, &sample->vcpus[i],
					&sample->times[i * EXIT_TIMES + EXIT_RUNS], sample->when);
	for (size_t i = 0; i < lines->count; i++)
		print_json_line(out, &lines->lines[i]);
}

/* RFC 4180: in quotes, which are doubled within. What a guest calls its functions is its own. */
static void print_csv_text(FILE *out, const char *name, const char *end)
{
	char shown[4 * AT_LENGTH];
	const char *text = printable(shown, sizeof(shown), name);

	if (!strpbrk(text, ",\"\r\n")) {
		fprintf(out, "%s%s", text, end);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fprintf(out, "\"%s", end);
}

/* Each state of a vCPU is a line: its time, and of the guest how often it ran, and how long. */
static void print_csv_states(FILE *out, const struct stat_view *view, const struct exit_vcpu *vcpu,
			     const struct exit_times *runs, uint64_t when)
{
	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		fprintf(out, "%" PRIu64 ",state,%s,,%" PRIu32 ",%" PRIu32 ",", when,
			vcpu_state_name((enum vcpu_state)state), vcpu->tgid, vcpu->vcpu_id);
		if (state == VCPU_GUEST && runs->count)
			fprintf(out,
				"%" PRIu64 ",,%" PRIu64 ",,,%" PRIu64 ",%" PRIu64 ",%" PRIu64
				",%" PRIu64 ",",
				runs->count, vcpu->ns[state], runs->min, runs->max,
				stat_percentile(runs, 0.5), stat_percentile(runs, 0.99));
		else
			fprintf(out, ",,%" PRIu64 ",,,,,,,", vcpu->ns[state]);
		print_csv_text(out, view->vm_name(view->opaque, vcpu->tgid), "\n");
	}
}

static void print_csv_line(FILE *out, const struct stat_view *view, const struct line *line,
			   uint64_t when)
{
	const struct exit_times *times = &line->times;
	char who[48] = ",";

	if (line->vcpu >= 0)
		snprintf(who, sizeof(who), "%" PRIu32 ",%" PRId64, line->tgid, line->vcpu);
	fprintf(out, "%" PRIu64 ",%s,%s,", when, line->name.reason, line->name.sub);
	print_csv_text(out, line->at, ",");
	fprintf(out,
		"%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
		who, times->count, times->to_vmm, times->ns, times->vmm_ns, times->halted_ns,
		times->min, times->max, stat_percentile(times, 0.5), stat_percentile(times, 0.99));
	print_csv_text(out, line->vcpu >= 0 ? view->vm_name(view->opaque, line->tgid) : "", "\n");
}

static void print_csv(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		      const struct lines *lines)
{
	fprintf(out,
		"t_ns,reason,sub,at,pid,vcpu,count,to_vmm,ns,vmm_ns,halted_ns,min_ns,max_ns,p50_ns,"
		"p99_ns,vm\n");
	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		if (is_shown(view, &sample->vcpus[i]))
			print_csv_states(out, view, &sample->vcpus[i],
					 &sample->times[i * EXIT_TIMES + EXIT_RUNS], sample->when);
	for (size_t i = 0; i < lines->count; i++)
		print_csv_line(out, view, &lines->lines[i], sample->when);
}

static bool print_lines(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
			uint64_t wall)
{
	struct lines lines = {0};
	bool good = collect_lines(&lines, view, sample);

	if (good) {
		if (lines.count)
			qsort_r(lines.lines, lines.count, sizeof(*lines.lines), compare,
				(void *)(uintptr_t)view);
		switch (view->format) {
		case STAT_TEXT: print_text(out, view, sample, wall, &lines); break;
		case STAT_JSON: print_json(out, view, sample, wall, &lines); break;
		case STAT_CSV: print_csv(out, view, sample, &lines); break;
		}
	}
	free(lines.lines);
	return good;
}

/* In one piece: warnings of the VM's may come to the same terminal. */
bool stat_print(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		uint64_t wall)
{
	char *text = NULL;
	size_t size = 0;
	FILE *whole = open_memstream(&text, &size);
	bool good = whole && print_lines(whole, view, sample, wall);

	if (whole && fclose(whole) != 0)
		good = false;
	if (good)
		good = fwrite(text, 1, size, out) == size && fflush(out) == 0;
	free(text);
	return good;
}
