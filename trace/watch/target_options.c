/* SPDX-License-Identifier: Apache-2.0 */
/* The options that name what is watched. Pure. */
#include <limits.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "trace/watch/target.h"

const struct option_spec target_options[TARGET_OPTIONS_ALL] = {
	{"--pid", "PID", "the VM of this process, whatever VMM it is",
	 OPTION_NUMBER(struct target, pid, 1, INT_MAX), .letter = "-p", .vm = OFFER_VM_PID,
	 .expected = "expected a process id"},
	{"--name", "NAME", "the VM of that name", OPTION_TEXT(struct target, name),
	 .vm = OFFER_VM_NAME},
	{"--all", NULL, "all VMs of this machine", OPTION_FLAG(struct target, all), .letter = "-a"},
};

int target_read_options(const struct option_table *table, int argc, char **argv, void *options,
			bool *help)
{
	struct target *target = (void *)((char *)options + table->shared.offset);
	int own = 1, status, named;

	while (own < argc && strcmp(argv[own], "--") != 0)
		own++;
	if (own < argc)
		target->command = argv + own + 1;
	status = options_read(table, own, argv, options, help);
	if (status || *help)
		return status;
	if (target->command && (!*target->command || strcmp(*target->command, "run") != 0)) {
		error("--: expected run and its options: vhart %s -- run --kernel FILE ...",
		      table->command);
		return STATUS_USAGE;
	}
	named = (target->pid != 0) + (target->name != NULL) + target->all +
		(target->command != NULL);
	if (named > 1) {
		error("--pid, --name, --all and -- run exclude each other");
		return STATUS_USAGE;
	}
	return 0;
}

int target_failure(const struct target *target, int status)
{
	return target->command ? STATUS_NOT_RUN : status;
}
