/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_options.h"

#include "trace/sources/collector.h"

const struct option_choice record_events[] = {
	{"cycles", SAMPLE_CYCLES},
	{"cpu-clock", SAMPLE_CLOCK},
	{"exits", SAMPLE_EXITS},
	{"cycles:G", SAMPLE_CYCLES}, /* perf's way to say whose */
	{NULL, 0},
};

/* Below that a file has hardly more than names. */
#define RECORD_SIZE_LEAST (64u << 10)
#define RECORD_FILES_MOST 1000u

static const struct option_spec specs[] = {
	{"--event", "EVENT",
	 "cycles: the guest's, by a counter; cpu-clock: time, by a timer;\n"
	 "exits: every exit, for what it takes the host (default: cycles\n"
	 "where a counter can interrupt, else cpu-clock)",
	 OPTION_CHOICE(struct record_options, sampling.event, record_events), .letter = "-e"},
	{"--freq", "HZ", "so many samples a second (default: 997)",
	 OPTION_NUMBER(struct record_options, sampling.frequency, 1, 1000000), .letter = "-F",
	 .expected = "expected samples a second, from 1 to 1000000"},
	{"--period", "N", "a sample every N cycles, or ns of cpu-clock",
	 OPTION_NUMBER(struct record_options, sampling.period, 1, INT64_MAX), .letter = "-c",
	 .expected = "expected a number of events from 1 up"},
	{"--call-graph", NULL, "and who called: the guest kernel's frame pointers",
	 OPTION_FLAG(struct record_options, chains), .letter = "-g"},
	{"--no-tasks", NULL,
	 "not which process and thread of a Linux guest it was: an exit\n"
	 "costs less without",
	 OPTION_FLAG(struct record_options, no_tasks)},
	{"--buffer", "SIZE",
	 "memory in which samples wait, of all vCPUs (default: a 32nd of the\n"
	 "host's, from 64M to 256M): more of it loses less",
	 OPTION_SIZE(struct record_options, buffer, COLLECTOR_BUFFER_LEAST, COLLECTOR_BUFFER_MOST)},
	{"--output", "FILE", "the recording (default: vhart.recording)",
	 OPTION_TEXT(struct record_options, output), .letter = "-o"},
	{"--time", "SECONDS", "records for so long; a VM that was started goes on",
	 OPTION_SECONDS(struct record_options, time)},
	{"--size", "SIZE",
	 "records until the file is as large; with --files N it goes on in\n"
	 "a new one",
	 OPTION_SIZE(struct record_options, size, RECORD_SIZE_LEAST, INT64_MAX)},
	{"--files", "N", "keeps the last N files of --size: FILE, FILE.1 before it, and so on",
	 OPTION_NUMBER(struct record_options, files, 1, RECORD_FILES_MOST),
	 .expected = "expected a number of files, from 1 to 1000"},
	{"--guestkallsyms", "FILE", "names: the guest's /proc/kallsyms, or its System.map",
	 OPTION_TEXT(struct record_options, names.kallsyms)},
	{"--guestvmlinux", "FILE",
	 "names: an ELF, or a Linux Image, which has its own (default:\n"
	 "the kernel that the VM was started with, or has in memory)",
	 OPTION_TEXT(struct record_options, names.vmlinux)},
};

const struct option_table record_options = {
	.command = "record",
	.usage = "[options] [-p PID | --name NAME | --all | -- run ...]",
	.summary = "Samples where a guest spends its time, from the host, into a file for\n"
		   "'vhart report'. Until the VM ends or Ctrl-C. With -- run, starts a VM with\n"
		   "these options; with --all, of all VMs, also those that start meanwhile.",
	.shared = {target_options, TARGET_OPTIONS_ALL, offsetof(struct record_options, target)},
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
};
