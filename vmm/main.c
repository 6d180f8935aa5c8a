/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/suggest.h"
#include "trace/commands.h"
#include "vmm/commands.h"
#include "vmm/privileges.h"
#include "vmm/surroundings.h"
#include "vmm/version.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", command_run, "boot a VM"},
	{"list", command_list, "list the VMs that run"},
	{"ctl", command_ctl, "drive a running VM: pause it, look into it, ..."},
	{"stat", command_stat,
	 "show why the guests of a running VM exit, and where their time goes"},
	{"trace", command_trace, "show the exits of a running VM one by one: SBI calls, MMIO, ..."},
	{"record", command_record, "sample where the guest of a running VM spends its time"},
	{"report", command_report, "show what was recorded: functions, flame graphs"},
	{"script", command_script, "run a Lua script that makes VMs and drives them"},
	{"test", command_test, "run test guests and scripts, and print their verdicts"},
	{"probe", command_probe, "say what this host can do, and how to mend what it cannot"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* The first also stands for its options, where somebody forgot it. */
enum { COMMAND_RUN };

static const struct other_name other_names[] = {
	{"start", "run", NULL},	   {"boot", "run", NULL},     {"launch", "run", NULL},
	{"top", "stat", NULL},	   {"strace", "trace", NULL}, {"check", "probe", NULL},
	{"doctor", "probe", NULL}, {"ls", "list", NULL},      {"ps", "list", NULL},
	{NULL, NULL, NULL},
};

static void print_help(FILE *to)
{
	fprintf(to, "usage: vhart COMMAND [OPTIONS]\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(to, "  %-8s %s\n  %-8s %s\n", "help", "show this, or the options of a command",
		"version", "show the version, and what it was built with");
	fprintf(to,
		"\nA Linux guest:  vhart run --kernel Image --initrd FILE --append console=ttyS0\n"
		"'vhart help COMMAND' lists the options of a command; see also vhart(1).\n");
}

static size_t find_command(const char *name)
{
	size_t index = 0;

	while (index < COMMAND_COUNT && strcmp(name, commands[index].name) != 0)
		index++;
	return index;
}

static int refuse_command(const char *name)
{
	const struct other_name *other = other_name_find(other_names, name);
	struct suggestion near = {.word = name};

	suggest_offer(&near, "help");
	suggest_offer(&near, "version");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		suggest_offer(&near, commands[i].name);
	if (other)
		near.best = other->ours;
	if (name[0] == '-')
		error("'%s' is not a command, which comes first: vhart %s %s ..., for instance",
		      name, commands[COMMAND_RUN].name, name);
	else if (near.best)
		error("'%s' is not a command: did you mean %s?", name, near.best);
	else
		error("'%s' is not a command: 'vhart help' lists them", name);
	return STATUS_USAGE;
}

/* vhart help [COMMAND] */
static int command_help(int argc, char **argv)
{
	static char help[] = "--help";
	char *arguments[] = {NULL, help, NULL};
	const size_t index = argc > 1 ? find_command(argv[1]) : COMMAND_COUNT;

	/* help, too, is what help lists. */
	if (argc == 1 || !strcmp(argv[1], "help") || !strcmp(argv[1], "version")) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (index == COMMAND_COUNT)
		return refuse_command(argv[1]);
	arguments[0] = argv[1];
	return commands[index].run(2, arguments);
}

static int command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	version_print(stdout);
	return STATUS_OK;
}

/* What is a word and an option. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} asked[] = {
	{"help", command_help},	      {"--help", command_help},	      {"-h", command_help},
	{"version", command_version}, {"--version", command_version}, {"-V", command_version},
};

int main(int argc, char **argv)
{
	if (!privileges_settle() || !surroundings_settle())
		return STATUS_NOT_RUN;
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (!strcmp(argv[1], asked[i].name))
			return asked[i].run(argc - 1, argv + 1);
	const size_t index = find_command(argv[1]);
	if (index == COMMAND_COUNT)
		return refuse_command(argv[1]);
	return commands[index].run(argc - 1, argv + 1);
}
