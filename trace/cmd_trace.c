/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart trace`: strace for a guest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/await.h"
#include "trace/collector.h"
#include "trace/devices.h"
#include "trace/sampler.h"
#include "trace/target.h"
#include "trace/trace_format.h"
#include "trace/vms.h"
#include "vmm/commands.h"
#include "vmm/config.h"
#include "vmm/log.h"
#include "vmm/options.h"

/* How often the rings are emptied. They hold twenty times what comes in between. */
#define LOOK_NS 10000000u

/* So many vCPUs have rings where it is not known how many there will be. */
#define LIKELY_VCPUS 16u

struct trace_options {
	struct target target; /* first: target.h */
	uint32_t classes;
	bool summary, only_summary, errors, tracepoints;
	uint64_t than;	/* ns: only exits that took longer */
	uint64_t count; /* lines; 0: no limit */
	const char *output;
	struct trace_view view;
	struct vm_names names;
};

/* ---- options ---- */

static const struct {
	const char *name;
	uint32_t classes;
} classes[] = {
	{"sbi", CLASS_SBI},	{"mmio", CLASS_MMIO},	{"csr", CLASS_CSR},
	{"wfi", CLASS_WFI},	{"fault", CLASS_FAULT}, {"irq", CLASS_IRQ},
	{"lcofi", CLASS_LCOFI}, {"other", CLASS_OTHER}, {"all", CLASS_ALL},
};

static uint32_t class_called(const char *name)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (!strcmp(classes[i].name, name))
			return classes[i].classes;
	return 0;
}

/* As strace has it: "sbi,mmio", "!irq" is all but these. */
static const char *parse_classes(char *value, void *target)
{
	struct trace_options *options = target;
	bool all_but = *value == '!';
	uint32_t named = 0;
	char *rest = value + all_but;

	for (char *name; (name = strsep(&rest, ","));) {
		uint32_t more = class_called(name);

		if (!more)
			return "expected sbi, mmio, csr, wfi, fault, irq, lcofi, other or all, "
			       "separated by commas; ! in front: all but these";
		named |= more;
	}
	options->classes = all_but ? CLASS_ALL & ~named : named;
	return options->classes ? NULL : "that leaves nothing";
}

static const char *parse_durations(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->view.durations = true;
	return NULL;
}

static const char *parse_relative(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->view.time = TIME_SINCE_LAST;
	return NULL;
}

static const char *parse_monotonic(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->view.time = TIME_MONOTONIC;
	return NULL;
}

static const char *parse_only_summary(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->only_summary = true;
	return NULL;
}

static const char *parse_summary(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->summary = true;
	return NULL;
}

static const char *parse_errors(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->errors = true;
	return NULL;
}

static const char *parse_than(char *value, void *target)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
	size_t digits = strspn(value, "0123456789");

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t number;

		if (strcmp(value + digits, units[i].unit) != 0)
			continue;
		value[digits] = '\0';
		if (!option_number(value, UINT64_MAX / units[i].ns, &number))
			break;
		((struct trace_options *)target)->than = number * units[i].ns;
		return NULL;
	}
	return "expected a duration: 50us, 2ms";
}

static const char *parse_count(char *value, void *target)
{
	uint64_t *count = &((struct trace_options *)target)->count;

	return option_number(value, UINT64_MAX, count) && *count ? NULL
								 : "expected a number from 1 up";
}

static const char *parse_output(char *value, void *target)
{
	((struct trace_options *)target)->output = value;
	return NULL;
}

static const char *parse_json(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->view.json = true;
	return NULL;
}

static const char *parse_tracepoints(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->tracepoints = true;
	return NULL;
}

static const struct option_spec specs[] = {
	TARGET_OPTIONS,
	{"--events", "CLASSES", false,
	 "sbi, mmio, csr, wfi, fault, irq, lcofi, other, all; with ! in\n"
	 "front all but these (default: !irq,fault)",
	 parse_classes},
	{"--durations", NULL, false, "how long the host took, who answered, and the VMM's part",
	 parse_durations},
	{"--relative", NULL, false, "times since the line before", parse_relative},
	{"--monotonic", NULL, false, "times of the host's CLOCK_MONOTONIC", parse_monotonic},
	{"--summary-only", NULL, false, "only the table of 'vhart stat', at the end",
	 parse_only_summary},
	{"--summary", NULL, false, "the table as well", parse_summary},
	{"--err", NULL, false, "only SBI calls that returned an error", parse_errors},
	{"--than", "DURATION", false, "only what took the host longer: 50us, 2ms", parse_than},
	{"--count", "N", false, "stop after N lines", parse_count},
	{"--json", NULL, false, "JSON: an object a line, times in ns", parse_json},
	{"--output", "FILE", false, "write there", parse_output},
	{"--tracepoints", NULL, false, "do not hook KVM's functions, only tracepoints",
	 parse_tracepoints},
};

static const struct option_letter letters[] = {
	TARGET_LETTERS,	      {"-e", "--events"},	{"-T", "--durations"},
	{"-r", "--relative"}, {"-c", "--summary-only"}, {"-C", "--summary"},
	{"-n", "--count"},    {"-o", "--output"},	{NULL, NULL},
};

static const struct option_table trace_options = {
	.command = "trace",
	.usage = "[options] [-p PID | --name NAME | --all | -- run ...]",
	.summary =
		"Shows the exits of guests one by one, as strace shows system calls: SBI calls by "
		"name\n"
		"with arguments and results, device and CSR accesses, halts. Until the VM ends or\n"
		"Ctrl-C. With -- run, starts a VM with these options; the lines then go to "
		"standard\n"
		"error.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
	.letters = letters,
};

/* ---- tracing ---- */

struct tracer {
	struct trace_options *options;
	struct collector *collector;
	int signals;
	FILE *out;
	uint64_t lines;
	uint64_t lost_told[SAMPLER_VCPUS];
	struct batch {
		uint32_t vcpu;
		struct exit_record record;
	} *batch;
	size_t count, room;
};

static bool is_wanted(const struct trace_options *options, const struct exit_record *record)
{
	if (options->errors && !trace_failed(record))
		return false;
	return record->ns >= options->than;
}

/* All that the rings have now. */
static bool gather(struct tracer *tracer)
{
	uint32_t seen = collector_seen(tracer->collector);

	tracer->count = 0;
	for (uint32_t i = 0; i < seen && i < SAMPLER_VCPUS; i++) {
		for (;;) {
			if (tracer->count == tracer->room) {
				size_t room = tracer->room ? tracer->room * 2 : 1024;
				struct batch *more = realloc(tracer->batch, room * sizeof(*more));

				if (!more)
					return false;
				tracer->batch = more;
				tracer->room = room;
			}
			if (!collector_record(tracer->collector, i,
					      &tracer->batch[tracer->count].record))
				break;
			tracer->batch[tracer->count++].vcpu = i;
		}
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct batch *left = a, *right = b;
	uint64_t first = left->record.exited, second = right->record.exited;

	return first < second ? -1 : first > second;
}

static struct trace_who who_is(struct tracer *tracer, uint32_t vcpu)
{
	struct exit_vcpu seen = {0};

	collector_vcpu(tracer->collector, vcpu, &seen);
	return (struct trace_who){
		.vm = vm_names_get(&tracer->options->names, seen.tgid),
		.pid = seen.tgid,
		.vcpu = seen.vcpu_id,
	};
}

/* False: enough, or OUT takes no more. */
static bool print_batch(struct tracer *tracer)
{
	struct trace_options *options = tracer->options;

	if (tracer->count)
		qsort(tracer->batch, tracer->count, sizeof(*tracer->batch), compare);
	for (size_t i = 0; i < tracer->count; i++) {
		const struct batch *one = &tracer->batch[i];
		const struct trace_who who = who_is(tracer, one->vcpu);

		tracer->lost_told[one->vcpu] += one->record.lost;
		if (!is_wanted(options, &one->record)) {
			trace_print_lost(tracer->out, &options->view, &who, one->record.lost);
			continue;
		}
		trace_print(tracer->out, &options->view, &who, &one->record);
		if (++tracer->lines == options->count)
			return false;
	}
	return fflush(tracer->out) == 0;
}

/* Behind the last record of each vCPU. */
static void print_last_losses(struct tracer *tracer)
{
	uint32_t seen = collector_seen(tracer->collector);

	for (uint32_t i = 0; i < seen && i < SAMPLER_VCPUS; i++) {
		const struct trace_who who = who_is(tracer, i);

		trace_print_lost(tracer->out, &tracer->options->view, &who,
				 collector_records_lost(tracer->collector, i) -
					 tracer->lost_told[i]);
	}
}

static bool trace(struct tracer *tracer)
{
	const struct target *target = &tracer->options->target;
	uint64_t deadline = clock_now();
	enum wake wake;

	tracer->options->view.start = deadline;
	tracer->options->view.last = deadline;
	do {
		deadline += LOOK_NS;
		wake = await(tracer->signals, target->pidfd, deadline);
		if (wake == WAKE_FAILED || !gather(tracer))
			return false;
		if (!tracer->options->only_summary && !print_batch(tracer))
			return !ferror(tracer->out);
	} while (wake == WAKE_TIME);
	if (!tracer->options->only_summary)
		print_last_losses(tracer);
	return fflush(tracer->out) == 0;
}

static bool print_summary(struct tracer *tracer, uint64_t wall)
{
	struct stat_sample sample;
	const struct stat_view view = {
		.format = tracer->options->view.json ? STAT_JSON : STAT_TEXT,
		.way = collector_way(tracer->collector),
		.resolution = clock_resolution(),
		.vm_name = vm_names_get,
		.opaque = &tracer->options->names,
	};
	bool good = sample_new(&sample) && sample_take(&sample, tracer->collector, false) &&
		    stat_print(tracer->out, &view, &sample, wall);

	sample_free(&sample);
	return good;
}

static FILE *open_output(const struct trace_options *options)
{
	FILE *out = options->target.command ? stderr : stdout;

	if (!options->output)
		return out;
	out = fopen(options->output, "we");
	if (!out)
		error("%s: %s", options->output, strerror(errno));
	return out;
}

static bool device_of(void *opaque, uint32_t pid, uint64_t address, char *out, size_t size)
{
	(void)opaque;
	return device_name(pid, address, out, size);
}

/* A few more than there are: a VM that resets has new ones. */
static uint32_t vcpu_room(const struct target *target)
{
	uint32_t room = target->vcpus ? 2 * target->vcpus : LIKELY_VCPUS;

	if (target->all)
		return SAMPLER_VCPUS;
	return room < SAMPLER_VCPUS ? room : SAMPLER_VCPUS;
}

static int run_tracer(struct trace_options *options)
{
	struct tracer tracer = {.options = options, .signals = -1};
	const struct collector_options wanted = {
		.pid = options->target.process,
		.vcpus = vcpu_room(&options->target),
		.traced = options->only_summary ? 0 : options->classes,
		.tracepoints = options->tracepoints,
	};
	struct collector_refusal refusal;
	int status = STATUS_HOST;

	tracer.out = open_output(options);
	if (!tracer.out)
		return STATUS_USAGE;
	tracer.collector = collector_open(&wanted, &refusal);
	if (!tracer.collector) {
		error("%s: %s", refusal.why, refusal.way_out);
	} else {
		tracer.signals = await_signals();
		target_go(&options->target);
		bool good = trace(&tracer);
		if (good && (options->summary || options->only_summary))
			good = print_summary(&tracer, clock_now() - options->view.start);
		status = good ? STATUS_OK : STATUS_HOST;
		if (!good)
			error("writing the trace: %s", strerror(errno));
	}
	free(tracer.batch);
	collector_close(tracer.collector);
	if (tracer.signals >= 0)
		close(tracer.signals);
	if (options->output && fclose(tracer.out) != 0) {
		error("%s: %s", options->output, strerror(errno));
		status = STATUS_HOST;
	}
	return status;
}

int command_trace(int argc, char **argv)
{
	struct trace_options options = {
		.classes = CLASS_ALL & ~(CLASS_IRQ | CLASS_FAULT),
		.view = {.device = device_of},
	};
	bool help, found;
	int status = target_read_options(&trace_options, argc, argv, &options.target, &help);

	if (status || help)
		return status;
	options.view.names = options.target.all;
	found = options.target.command ? target_start(&options.target)
				       : target_find(&options.target);
	if (!found)
		return STATUS_USAGE;
	status = run_tracer(&options);
	target_close(&options.target);
	if (options.target.command) {
		int ended = target_wait(&options.target);

		status = status ? status : ended;
	}
	return status;
}
