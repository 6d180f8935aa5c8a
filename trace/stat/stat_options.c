/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_options.h"

#include <stddef.h>

#include "base/log.h"
#include "trace/stat/metrics_place.h"

static const struct option_choice rows[] = {
	{"reason", BY_REASON}, {"sbi", BY_SBI}, {"mmio", BY_MMIO}, {"csr", BY_CSR},
	{"vcpu", BY_VCPU},     {"pc", BY_PC},	{NULL, 0},
};

static const struct option_choice orders[] = {
	{"time", ORDER_TIME},
	{"count", ORDER_COUNT},
	{"avg", ORDER_AVERAGE},
	{"p99", ORDER_P99},
	{"max", ORDER_MAX},
	/* perf's names. */
	{"sample", ORDER_COUNT},
	{"mean_t", ORDER_AVERAGE},
	{"max_t", ORDER_MAX},
	{NULL, 0},
};

static const struct option_spec specs[] = {
	{"--interval", "SECONDS",
	 "a table every so often, each of its own interval; on a terminal it is\n"
	 "drawn anew (every second unless -i says another), and h shows the keys",
	 OPTION_SECONDS(struct stat_options, interval), .letter = "-i"},
	{"--once", NULL, "one table after one interval (1 s unless -i says another)",
	 OPTION_FLAG(struct stat_options, once)},
	{"--by", "WHAT",
	 "reason (the default), sbi: calls only, mmio: device addresses,\n"
	 "csr: CSRs, vcpu: each apart, pc: where the guest was",
	 OPTION_CHOICE(struct stat_options, view.by, rows)},
	{"--guestkallsyms", "FILE",
	 "names for --by pc: the guest's /proc/kallsyms, or its System.map",
	 OPTION_TEXT(struct stat_options, kernel_names.kallsyms)},
	{"--guestvmlinux", "FILE",
	 "names for --by pc: an ELF, or a Linux Image, which has its own\n"
	 "(default: the kernel that the VM was started with, or has\n"
	 "in memory)",
	 OPTION_TEXT(struct stat_options, kernel_names.vmlinux)},
	{"--sort", "KEY", "time (the default), count, avg, p99 or max",
	 OPTION_CHOICE(struct stat_options, view.order, orders), .letter = "-k"},
	{"--json", NULL, "JSON: an object a line, times in ns",
	 OPTION_FLAG(struct stat_options, json)},
	{"--csv", NULL, "comma-separated values, times in ns",
	 OPTION_FLAG(struct stat_options, csv)},
	{"--output", "FILE", "write there", OPTION_TEXT(struct stat_options, output),
	 .letter = "-o"},
	{"--openmetrics", "FILE|unix=PATH",
	 "no table, but the counts of each vCPU as OpenMetrics: in FILE, anew every\n"
	 "interval, or for each client that connects to a socket at PATH",
	 OPTION_TEXT(struct stat_options, openmetrics)},
	{"--findings", NULL, "at the end, what is odd: when, where, what it cost, and what to try",
	 OPTION_FLAG(struct stat_options, findings)},
	{"--threshold", "RULE=VALUE",
	 "from which value on a rule of --findings calls it odd\n"
	 "(may be given several times; the manual page has the rules)",
	 OPTION_OTHER(wishes_parse_threshold), .repeatable = true},
	{"--fail-on", "RULE|any",
	 "--findings, and the exit status is 121 where the rule found something\n"
	 "(may be given several times)",
	 OPTION_OTHER(wishes_parse_fail_on), .repeatable = true, .word = wishes_fail_on_word},
	{"--save", "FILE", "at the end write all that was counted there as well, for 'vhart diff'",
	 OPTION_TEXT(struct stat_options, save)},
	{"--html", "FILE",
	 "at the end write a page there as well: findings, what each vCPU did when,\n"
	 "exits a second, how long they took, SBI calls; HTML",
	 OPTION_TEXT(struct stat_options, html)},
	{"--tier", "WAY",
	 "functions: BPF at KVM's functions and tracepoints; tracepoints: BPF\n"
	 "at tracepoints only; perf: perf events, where there is no BPF;\n"
	 "log: what the VMM sees, without privileges\n"
	 "(default: the first that can be had)",
	 OPTION_CHOICE(struct stat_options, tier, collector_tiers)},
};

const struct option_table stat_options = {
	.command = "stat",
	.usage = "[options] [-p PID | --name NAME | --all | -- run ...]",
	.summary =
		"Counts why guests exit, and where the time of each vCPU goes, until the VM ends\n"
		"or Ctrl-C. With -- run, starts a VM with these options and watches it from its\n"
		"start; the table then goes to standard error.",
	.shared = {target_options, TARGET_OPTIONS_ALL, offsetof(struct stat_options, target)},
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
};

/* It has all that is counted, in one form, and runs until it is ended. */
static bool openmetrics_agree(const struct stat_options *options)
{
	const bool socket = metrics_place_is_socket(options->openmetrics);

	if (!metrics_place_is_named(options->openmetrics))
		error("--openmetrics %s: expected FILE or unix=PATH", options->openmetrics);
	else if (options->save || options->html)
		error("--openmetrics and %s exclude each other: it goes with a table",
		      options->save ? "--save" : "--html");
	else if (options->json || options->csv || options->output)
		error("--openmetrics: it has a form and a place of its own: no --json, --csv or "
		      "-o with it");
	else if (options->view.by != BY_REASON)
		error("--openmetrics: it tells exits apart by vCPU, reason and SBI call: no --by "
		      "with it");
	else if (socket && options->once)
		error("--openmetrics unix=PATH: it answers whoever connects, until it is ended: "
		      "no --once with it");
	else if (socket && options->interval > 0)
		error("--openmetrics unix=PATH: each client has the counts of its moment: no "
		      "--interval with it");
	else
		return true;
	return false;
}

/* parse functions of wishes.h take what they store in by its start. */
_Static_assert(offsetof(struct stat_options, wishes) == 0, "they come first");

bool stat_options_agree(struct stat_options *options)
{
	const struct guest_names_options *names = &options->kernel_names;

	/* Who fails on findings wants to see them. */
	options->findings = options->findings || wishes_may_fail(&options->wishes);
	if (names->kallsyms && names->vmlinux)
		error("--guestkallsyms and --guestvmlinux exclude each other");
	else if (options->json && options->csv)
		error("--json and --csv exclude each other");
	else if ((names->kallsyms || names->vmlinux) && options->view.by != BY_PC &&
		 !options->findings)
		error("--guestkallsyms and --guestvmlinux name what --by pc shows: add that");
	else if (wishes_have_threshold(&options->wishes) && !options->findings)
		error("--threshold: it is of a rule of --findings: add that");
	else if (options->findings && (options->csv || options->openmetrics))
		error("--findings: text and --json have them: no --csv or --openmetrics with it");
	else if (options->openmetrics)
		return openmetrics_agree(options);
	else
		return true;
	return false;
}
