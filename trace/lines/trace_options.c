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

static const char *class_name(unsigned int index)
{
	return index < sizeof(classes) / sizeof(classes[0]) ? classes[index].name : NULL;
}

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

static const struct option_spec specs[] = {
	{"--events", "CLASS[,CLASS]",
	 "sbi, mmio, csr, wfi, fault, irq, lcofi, other, all; with ! in\n"
	 "front all but these (default: !irq,fault)",
	 OPTION_OTHER(parse_classes), .letter = "-e", .word = class_name},
	{"--vcpu", "N[,N]", "only these vCPUs", OPTION_OTHER(parse_vcpus)},
	{"--durations", NULL, "how long the host took, who answered, and the VMM's part",
	 OPTION_FLAG(struct trace_options, view.durations), .letter = "-T"},
	{"--relative", NULL, "times since the line before",
	 OPTION_SET(struct trace_options, view.time, TIME_SINCE_LAST), .letter = "-r"},
	{"--time", NULL, "times of day", OPTION_SET(struct trace_options, view.time, TIME_OF_DAY),
	 .letter = "-t"},
	{"--monotonic", NULL, "times of the host's CLOCK_MONOTONIC",
	 OPTION_SET(struct trace_options, view.time, TIME_MONOTONIC)},
	{"--summary-only", NULL, "only the table of 'vhart stat', at the end",
	 OPTION_FLAG(struct trace_options, only_summary), .letter = "-c"},
	{"--summary", NULL, "the table as well", OPTION_FLAG(struct trace_options, summary),
	 .letter = "-C"},
	{"--err", NULL, "only SBI calls that returned an error",
	 OPTION_FLAG(struct trace_options, errors)},
	{"--than", "DURATION", "only what took the host longer: 50us, 2ms",
	 OPTION_OTHER(parse_than)},
	{"--count", "N", "stop after N lines",
	 OPTION_NUMBER(struct trace_options, count, 1, UINT64_MAX), .letter = "-n"},
	{"--string", "N",
	 "show N bytes of what a guest writes to its console (default 32,\n"
	 "at most 256)",
	 OPTION_NUMBER(struct trace_options, string, 0, RECORD_LONG_TEXT), .letter = "-s",
	 .expected = "expected a number of bytes, 0 to 256"},
	{"--buffer", "SIZE",
	 "memory in which exits wait, of all vCPUs (default: a 32nd of the\n"
	 "host's, from 64M to 256M): more of it loses less",
	 OPTION_SIZE(struct trace_options, buffer, COLLECTOR_BUFFER_LEAST, COLLECTOR_BUFFER_MOST)},
	{"--json", NULL, "JSON: an object a line, times in ns",
	 OPTION_FLAG(struct trace_options, view.json)},
	{"--output", "FILE", "write there", OPTION_TEXT(struct trace_options, output),
	 .letter = "-o"},
	{"--perfetto", "FILE",
	 "no lines, but a timeline for ui.perfetto.dev (of all exits unless\n"
	 "-e says which)",
	 OPTION_TEXT(struct trace_options, perfetto)},
	{"--tier", "WAY",
	 "functions: BPF at KVM's functions and tracepoints; tracepoints: BPF\n"
	 "at tracepoints only (default: the first that can be had)",
	 OPTION_CHOICE(struct trace_options, tier, collector_tiers)},
};

const struct option_table trace_options = {
	.command = "trace",
	.usage = "[options] [-p PID | --name NAME | --all | -- run ...]",
	.summary =
		"Shows the exits of guests one by one, as strace shows system calls: SBI calls by "
		"name\n"
		"with arguments and results, device and CSR accesses, halts. Until the VM ends or\n"
		"Ctrl-C. With -- run, starts a VM with these options; the lines then go to "
		"standard\n"
		"error.",
	.shared = {target_options, TARGET_OPTIONS_ALL, offsetof(struct trace_options, target)},
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
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
	int status = target_read_options(&trace_options, argc, argv, options, help);

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
