/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/script_options.h"

#include "vmm/script/state.h"

static const struct option_spec specs[] = {
	{"--allow-host", NULL, "give the script io, os and require: all that its user may do",
	 OPTION_FLAG(struct script_options, allow_host)},
	{"--seed", "N", "what math.random begins with (another each time)",
	 OPTION_NUMBER(struct script_options, seed, 0, UINT64_MAX)},
	{"--timeout", "SECONDS", "end the script after this time (300)",
	 OPTION_SECONDS(struct script_options, timeout),
	 .expected = "expected a number of seconds above 0, such as 30 or 1.5"},
	{"--verbose", NULL, "say what is being done", OPTION_FLAG(struct script_options, verbose)},
};

static const char *take_file(char *value, void *target)
{
	struct script_options *options = target;

	if (options->path)
		return "expected one script";
	options->path = value;
	return NULL;
}

const struct option_table script_options = {
	.command = "script",
	.usage = "[options] FILE.lua [ARGUMENT...]",
	.summary = "Runs a Lua script that makes virtual machines and drives them: see\n"
		   "docs/scripting.md. Its arguments follow it. Defaults are in parentheses.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
	.operand = take_file,
};
