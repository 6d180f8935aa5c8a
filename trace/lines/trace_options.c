/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/lines/trace_options.h"

#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/options.h"

#define STRING_LENGTH 32u /* as strace has it */

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

/* "0,2". */
static const char *parse_vcpus(char *value, void *target)
{
	struct trace_options *options = target;
	char *rest = value;

	for (char *word; (word = strsep(&rest, ","));) {
		uint64_t vcpu;

		if (!option_number(word, sizeof(options->vcpus) * 8 - 1, &vcpu))
			return "expected numbers of vCPUs: 0,2";
		options->vcpus[vcpu / 64] |= 1ull << vcpu % 64;
	}
	return NULL;
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

static const char *parse_time_of_day(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->view.time = TIME_OF_DAY;
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

static const char *parse_string(char *value, void *target)
{
	uint64_t size;

	if (!option_number(value, RECORD_LONG_TEXT, &size))
		return "expected a number of bytes, 0 to 256";
	((struct trace_options *)target)->string = (uint32_t)size;
	return NULL;
}

static const char *parse_perfetto(char *value, void *target)
{
	((struct trace_options *)target)->perfetto = value;
	return NULL;
}

static const char *parse_output(char *value, void *target)
{
	((struct trace_options *)target)->output = value;
	return NULL;
}

static const char *parse_buffer(char *value, void *target)
{
	return collector_parse_buffer(value, &((struct trace_options *)target)->buffer);
}

static const char *parse_json(char *value, void *target)
{
	(void)value;
	((struct trace_options *)target)->view.json = true;
	return NULL;
}

static const char *parse_tier(char *value, void *target)
{
	return collector_parse_tier(value, &((struct trace_options *)target)->tier);
}

static const struct option_spec specs[] = {
	TARGET_OPTIONS,
	{"--events", "CLASSES", false,
	 "sbi, mmio, csr, wfi, fault, irq, lcofi, other, all; with ! in\n"
	 "front all but these (default: !irq,fault)",
	 parse_classes},
	{"--vcpu", "N[,N]", false, "only these vCPUs", parse_vcpus},
	{"--durations", NULL, false, "how long the host took, who answered, and the VMM's part",
	 parse_durations},
	{"--relative", NULL, false, "times since the line before", parse_relative},
	{"--time", NULL, false, "times of day", parse_time_of_day},
	{"--monotonic", NULL, false, "times of the host's CLOCK_MONOTONIC", parse_monotonic},
	{"--summary-only", NULL, false, "only the table of 'vhart stat', at the end",
	 parse_only_summary},
	{"--summary", NULL, false, "the table as well", parse_summary},
	{"--err", NULL, false, "only SBI calls that returned an error", parse_errors},
	{"--than", "DURATION", false, "only what took the host longer: 50us, 2ms", parse_than},
	{"--count", "N", false, "stop after N lines", parse_count},
	{"--string", "N", false,
	 "show N bytes of what a guest writes to its console (default 32,\n"
	 "at most 256)",
	 parse_string},
	{"--buffer", "SIZE", false,
	 "memory in which exits wait, of all vCPUs (default: a 32nd of the\n"
	 "host's, from 64M to 256M): more of it loses less",
	 parse_buffer},
	{"--json", NULL, false, "JSON: an object a line, times in ns", parse_json},
	{"--output", "FILE", false, "write there", parse_output},
	{"--perfetto", "FILE", false,
	 "no lines, but a timeline for ui.perfetto.dev (of all exits unless\n"
	 "-e says which)",
	 parse_perfetto},
	{"--tier", "WAY", false,
	 "functions: BPF at KVM's functions and tracepoints; tracepoints: BPF\n"
	 "at tracepoints only (default: the first that can be had)",
	 parse_tier},
};

static const struct option_letter letters[] = {
	TARGET_LETTERS,		  {"-e", "--events"},  {"-T", "--durations"},
	{"-r", "--relative"},	  {"-t", "--time"},    {"-s", "--string"},
	{"-c", "--summary-only"}, {"-C", "--summary"}, {"-n", "--count"},
	{"-o", "--output"},	  {NULL, NULL},
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

bool trace_shows_vcpu(const struct trace_options *options, uint32_t vcpu)
{
	const uint64_t *vcpus = options->vcpus;

	if (!vcpus[0] && !vcpus[1])
		return true;
	return vcpu < sizeof(options->vcpus) * 8 && vcpus[vcpu / 64] >> vcpu % 64 & 1;
}

int trace_read_options(int argc, char **argv, struct trace_options *options, bool *help)
{
	options->string = STRING_LENGTH;
	int status = target_read_options(&trace_options, argc, argv, &options->target, help);

	if (status || *help)
		return status;
	if (options->perfetto &&
	    (options->view.json || options->output || options->summary || options->only_summary ||
	     options->than || options->errors || options->count)) {
		error("--perfetto: it shows all there is: no --json, -o, -c, -C, -n, --than or "
		      "--err with it");
		return STATUS_USAGE;
	}
	options->paths = options->classes & CLASS_LCOFI || options->perfetto;
	if (!options->classes)
		options->classes =
			options->perfetto ? CLASS_ALL : CLASS_ALL & ~(CLASS_IRQ | CLASS_FAULT);
	options->view.names = options->target.all;
	return 0;
}
