/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/ctl_options.h"

static const char *take_word(char *value, void *target)
{
	struct ctl_options *options = target;

	if (options->count == CTL_WORDS_MAX)
		return "expected fewer words";
	options->words[options->count++] = value;
	return NULL;
}

static const struct option_spec ctl_specs[] = {
	{"--json", NULL, "print the result as JSON", OPTION_FLAG(struct ctl_options, json)},
};

const struct option_table ctl_options = {
	.command = "ctl",
	.usage = "[--json] VM VERB [ARGUMENT...]",
	.summary =
		"Drives a running VM that was started with --control. VM is its name, or the\n"
		"path of its socket with a slash in it. 'vhart ctl help [VERB]' lists the verbs.",
	.specs = ctl_specs,
	.count = sizeof(ctl_specs) / sizeof(ctl_specs[0]),
	.operand = take_word,
};

static const struct option_spec list_specs[] = {
	{"--json", NULL, "a JSON object on each line", OPTION_FLAG(struct list_options, json)},
};

const struct option_table list_options = {
	.command = "list",
	.usage = "[--json]",
	.summary = "Lists the VMs that vhart runs and that you may look at.",
	.specs = list_specs,
	.count = sizeof(list_specs) / sizeof(list_specs[0]),
};
