/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_options.h"

static const struct option_choice rows[] = {
	{"symbol", REPORT_BY_SYMBOL}, {"pc", REPORT_BY_PC},
	{"vcpu", REPORT_BY_VCPU},     {"exit", REPORT_BY_EXIT},
	{"comm", REPORT_BY_COMM},     {"process", REPORT_BY_PROCESS},
	{"vm", REPORT_BY_VM},	      {NULL, 0},
};

static const struct option_spec specs[] = {
	{"--input", "FILE", "the recording (default: vhart.recording)",
	 OPTION_TEXT(struct report_options, input), .letter = "-i"},
	{"--by", "WHAT",
	 "symbol, pc, vcpu, exit, comm (the guest's threads by name), process\n"
	 "or vm (default: symbol)",
	 OPTION_CHOICE(struct report_options, view.by, rows)},
	{"--guestkallsyms", "FILE", "names: the guest's /proc/kallsyms, or its System.map",
	 OPTION_TEXT(struct report_options, names.kallsyms)},
	{"--guestvmlinux", "FILE", "names: an ELF, or a Linux Image, which has its own",
	 OPTION_TEXT(struct report_options, names.vmlinux)},
	{"--guestmount", "DIR", "names of functions in user mode: the guest's root, as it is here",
	 OPTION_TEXT(struct report_options, guestmount)},
	{"--flamegraph", "FILE", "write a flame graph: SVG",
	 OPTION_TEXT(struct report_options, flamegraph)},
	{"--html", "FILE", "write a page: time line, exits, SBI calls, flame graph; HTML",
	 OPTION_TEXT(struct report_options, html)},
	{"--per-vcpu", NULL, "flame graph: each vCPU by itself, not all added up",
	 OPTION_FLAG(struct report_options, per_vcpu)},
	{"--folded", "FILE", "write collapsed stacks, for flamegraph.pl and others",
	 OPTION_TEXT(struct report_options, folded)},
	{"--pprof", "FILE", "write a profile for pprof", OPTION_TEXT(struct report_options, pprof)},
	{"--json", NULL, "JSON: an object a row, times in ns",
	 OPTION_FLAG(struct report_options, view.json)},
	{"--limit", "N", "the first N rows only",
	 OPTION_NUMBER(struct report_options, view.limit, 1, UINT64_MAX)},
	{"--no-children", NULL,
	 "not what functions took with all that they called (record -g), and in\n"
	 "the order of what they took themselves",
	 OPTION_FLAG(struct report_options, view.only_self)},
	{"--no-pager", NULL, "not through VHART_PAGER, PAGER or less on a terminal",
	 OPTION_FLAG(struct report_options, no_pager)},
};

const struct option_table report_options = {
	.command = "report",
	.usage = "[options] [-i FILE]",
	.summary = "Shows a recording of 'vhart record': which functions of the guest its samples\n"
		   "fell in, or for exits: which functions cost the host the time. The recording\n"
		   "has the names itself.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
};
