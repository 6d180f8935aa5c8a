/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/alerts/watch_options.h"

#include <stddef.h>

#include "base/log.h"
#include "trace/stat/metrics_place.h"

/* parse functions of wishes.h take what they store in by its start. */
_Static_assert(offsetof(struct watch_options, wishes) == 0, "they come first");

static const struct option_spec specs[] = {
	{"--interval", "SECONDS", "how long the intervals are that are judged (1, and no less)",
	 OPTION_SECONDS(struct watch_options, interval), .letter = "-i"},
	{"--threshold", "RULE=VALUE",
	 "from which value on a rule calls something odd\n"
	 "(may be given several times; the manual page has the rules)",
	 OPTION_OTHER(wishes_parse_threshold), .repeatable = true},
	{"--baseline", "FILE",
	 "what 'vhart stat --save' kept of a usual run: what comes far more often is a finding",
	 OPTION_PATH(struct watch_options, baseline)},
	{"--fail-on", "RULE|any",
	 "end with exit status 121 as soon as the rule finds something\n"
	 "(may be given several times)",
	 OPTION_OTHER(wishes_parse_fail_on), .repeatable = true, .word = wishes_fail_on_word},
	{"--on-finding", "CMD",
	 "run CMD with sh when a finding begins: VHART_RULE, VHART_VM, VHART_PID and\n"
	 "VHART_VCPU say which, and its JSON is CMD's standard input",
	 OPTION_TEXT(struct watch_options, on_finding)},
	{"--openmetrics", "FILE|unix=PATH",
	 "how many began, and how many there are now, by VM and rule, as OpenMetrics:\n"
	 "in FILE, anew every interval, or for each client that connects to a socket at\n"
	 "PATH",
	 OPTION_TEXT(struct watch_options, openmetrics)},
	{"--json", NULL, "JSON, an object a line, on a terminal too",
	 OPTION_FLAG(struct watch_options, json)},
	{"--guestkallsyms", "FILE",
	 "names of functions: the guest's /proc/kallsyms, or its System.map",
	 OPTION_TEXT(struct watch_options, kernel_names.kallsyms)},
	{"--guestvmlinux", "FILE",
	 "names of functions: an ELF, or a Linux Image, which has its own\n"
	 "(default: the kernel that the VM was started with, or has\n"
	 "in memory)",
	 OPTION_TEXT(struct watch_options, kernel_names.vmlinux)},
	{"--tier", "WAY", "how it is counted, as for stat (default: the first that can be had)",
	 OPTION_CHOICE(struct watch_options, tier, collector_tiers)},
};

const struct option_table watch_options = {
	.command = "watch",
	.usage = "[options] [-p PID | --name NAME | --all | -- run ...]",
	.summary = "Tells what is odd in running guests, as it begins and as it is over, until the "
		   "VM\n"
		   "ends or Ctrl-C; with --all, of all VMs, those included that are yet to come.",
	.shared = {target_options, TARGET_OPTIONS_ALL, offsetof(struct watch_options, target)},
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
};

bool watch_options_agree(const struct watch_options *options)
{
	const struct guest_names_options *names = &options->kernel_names;

	if (names->kallsyms && names->vmlinux)
		error("--guestkallsyms and --guestvmlinux exclude each other");
	else if ((names->kallsyms || names->vmlinux) && options->target.all)
		error("--guestkallsyms and --guestvmlinux are of one guest: no --all with it");
	else if (options->interval > 0 && options->interval < 1)
		error("--interval %g: rules judge a second, and no less", options->interval);
	else if (options->on_finding && !options->on_finding[0])
		error("--on-finding: expected a command for sh");
	else if (options->openmetrics && !metrics_place_is_named(options->openmetrics))
		error("--openmetrics %s: expected FILE or unix=PATH", options->openmetrics);
	else
		return true;
	return false;
}
