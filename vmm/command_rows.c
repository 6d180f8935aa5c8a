/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command_rows.h"

#include <string.h>

#include "trace/alerts/watch_options.h"
#include "trace/diff/diff_options.h"
#include "trace/lines/trace_options.h"
#include "trace/record/record_options.h"
#include "trace/record/report_options.h"
#include "trace/stat/stat_options.h"
#include "vmm/control/ctl_options.h"
#include "vmm/probe/probe_options.h"
#include "vmm/run/run_options.h"
#include "vmm/script/script_options.h"
#include "vmm/test/test_options.h"

const struct command_row command_rows[COMMANDS] = {
	[COMMAND_RUN] = {.name = "run",
			 .help = "boot a VM",
			 .options = &run_options,
			 .rest = REST_COMMAND},
	[COMMAND_LIST] = {.name = "list",
			  .help = "list the VMs that run",
			  .options = &list_options},
	[COMMAND_CTL] = {.name = "ctl",
			 .help = "drive a running VM: pause it, look into it, ...",
			 .options = &ctl_options,
			 .operand = OPERAND_VERB},
	[COMMAND_STAT] = {.name = "stat",
			  .help = "show why the guests of a running VM exit, and where their time "
				  "goes",
			  .options = &stat_options,
			  .rest = REST_RUN},
	[COMMAND_WATCH] = {.name = "watch",
			   .help = "tell what is odd in running VMs, as it begins and is over",
			   .options = &watch_options,
			   .rest = REST_RUN},
	[COMMAND_TRACE] = {.name = "trace",
			   .help = "show the exits of a running VM one by one: SBI calls, MMIO, "
				   "...",
			   .options = &trace_options,
			   .rest = REST_RUN},
	[COMMAND_RECORD] = {.name = "record",
			    .help = "sample where the guest of a running VM spends its time",
			    .options = &record_options,
			    .rest = REST_RUN},
	[COMMAND_REPORT] = {.name = "report",
			    .help = "show what was recorded: functions, flame graphs",
			    .options = &report_options},
	[COMMAND_DIFF] = {.name = "diff",
			  .help = "say what changed between runs: more exits, slower, new, ...",
			  .options = &diff_options,
			  .operand = OPERAND_FILE,
			  .rest = REST_FILES},
	[COMMAND_SCRIPT] = {.name = "script",
			    .help = "run a Lua script that makes VMs and drives them",
			    .options = &script_options,
			    .operand = OPERAND_SCRIPT},
	[COMMAND_TEST] = {.name = "test",
			  .help = "run test guests and scripts, and print their verdicts",
			  .options = &test_options,
			  .operand = OPERAND_FILE,
			  .rest = REST_RUN_OPTIONS},
	[COMMAND_PROBE] = {.name = "probe",
			   .help = "say what this host can do, and how to mend what it cannot",
			   .options = &probe_options},
};

size_t command_row_find(const char *name)
{
	size_t index = 0;

	while (index < COMMANDS && strcmp(name, command_rows[index].name) != 0)
		index++;
	return index;
}
