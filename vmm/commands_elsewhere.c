/* SPDX-License-Identifier: Apache-2.0 */
/* Machines that are no riscv64 host have the commands that need no KVM; of the others they say so.
 */
#include "base/exit_status.h"
#include "base/log.h"
#include "trace/commands.h"
#include "vmm/commands.h"
#include "vmm/complete.h"

static int not_here(const char *command)
{
	error("%s: it takes a riscv64 machine with KVM, and this build is for another: here "
	      "are only 'vhart report' and 'vhart diff', for files that were made there",
	      command);
	return STATUS_USAGE;
}

int command_run(int argc, char **argv)
{
	(void)argc;
	not_here(argv[0]);
	return STATUS_NOT_RUN;
}

int command_script(int argc, char **argv)
{
	(void)argc;
	not_here(argv[0]);
	return STATUS_NOT_RUN;
}

int command_probe(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}

int command_ctl(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}

int command_list(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}

int command_test(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}

/* Without verbs, and VMs. */
int command_complete(int argc, char **argv)
{
	return complete_command(argc, argv, &(const struct complete_sources){.verbs = NULL});
}

int command_stat(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}

int command_watch(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}

int command_trace(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}

int command_record(int argc, char **argv)
{
	(void)argc;
	return not_here(argv[0]);
}
