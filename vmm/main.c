/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/suggest.h"
#include "trace/commands.h"
#include "vmm/command_rows.h"
#include "vmm/commands.h"
#include "vmm/privileges.h"
#include "vmm/surroundings.h"
#include "vmm/version.h"

static int (*const runs[COMMANDS])(int argc, char **argv) = {
	[COMMAND_RUN] = command_run,	   [COMMAND_LIST] = command_list,
	[COMMAND_CTL] = command_ctl,	   [COMMAND_STAT] = command_stat,
	[COMMAND_TRACE] = command_trace,   [COMMAND_RECORD] = command_record,
	[COMMAND_REPORT] = command_report, [COMMAND_DIFF] = command_diff,
	[COMMAND_SCRIPT] = command_script, [COMMAND_TEST] = command_test,
	[COMMAND_PROBE] = command_probe,   [COMMAND_WATCH] = command_watch,
};

static const struct other_name other_names[] = {
	{"start", "run", NULL},	   {"boot", "run", NULL},      {"launch", "run", NULL},
	{"top", "stat", NULL},	   {"strace", "trace", NULL},  {"check", "probe", NULL},
	{"doctor", "probe", NULL}, {"ls", "list", NULL},       {"ps", "list", NULL},
	{"compare", "diff", NULL}, {"monitor", "watch", NULL}, {NULL, NULL, NULL},
};

static void print_help(FILE *to)
{
	fprintf(to, "usage: vhart COMMAND [OPTIONS]\n\nCommands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", command_rows[i].name, command_rows[i].help);
	fprintf(to, "  %-8s %s\n  %-8s %s\n", "help", "show this, or the options of a command",
		"version", "show the version, and what it was built with");
	fprintf(to,
		"\nA Linux guest:  vhart run --kernel Image --initrd FILE --append console=ttyS0\n"
		"'vhart help COMMAND' lists the options of a command; see also vhart(1).\n");
}

static int refuse_command(const char *name)
{
	const struct other_name *other = other_name_find(other_names, name);
	struct suggestion near = {.word = name};

	suggest_offer(&near, "help");
	suggest_offer(&near, "version");
	for (size_t i = 0; i < COMMANDS; i++)
		suggest_offer(&near, command_rows[i].name);
	if (other)
		near.best = other->ours;
	if (name[0] == '-')
		error("'%s' is not a command, which comes first: vhart %s %s ..., for instance",
		      name, command_rows[COMMAND_RUN].name, name);
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
	const size_t index = argc > 1 ? command_row_find(argv[1]) : COMMANDS;

	/* help, too, is what help lists. */
	if (argc == 1 || !strcmp(argv[1], "help") || !strcmp(argv[1], "version")) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (index == COMMANDS)
		return refuse_command(argv[1]);
	arguments[0] = argv[1];
	return runs[index](2, arguments);
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
	{"help", command_help},		{"--help", command_help},	{"-h", command_help},
	{"version", command_version},	{"--version", command_version}, {"-V", command_version},
	{"complete", command_complete},
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
	const size_t index = command_row_find(argv[1]);
	if (index == COMMANDS)
		return refuse_command(argv[1]);
	return runs[index](argc - 1, argv + 1);
}
