/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "vmm/commands.h"
#include "vmm/config.h"
#include "vmm/log.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", command_run, "boot a VM"},
	{"stat", command_stat,
	 "show why the guests of a running VM exit, and where their time goes"},
	{"trace", command_trace, "show the exits of a running VM one by one: SBI calls, MMIO, ..."},
	{"record", command_record, "sample where the guest of a running VM spends its time"},
	{"report", command_report, "show what was recorded: functions, flame graphs"},
	{"probe", command_probe, "say what this host can do, and how to mend what it cannot"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
	fprintf(to, "usage: vhart COMMAND [OPTIONS]\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(to,
		"\n'vhart COMMAND --help' lists the options of a command; see also vhart(1).\n");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("vhart %s\n", VHART_VERSION);
		return STATUS_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	error("'%s' is not a command: 'vhart --help' lists them", argv[1]);
	return STATUS_USAGE;
}
