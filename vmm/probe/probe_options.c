/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/probe/probe_options.h"

static const struct option_spec specs[] = {
	{"--json", NULL, "write JSON: the same findings, with ids that do not change",
	 OPTION_FLAG(struct probe_options, json)},
	{"--measure", NULL, "measure what an exit costs, too, which takes some seconds",
	 OPTION_FLAG(struct probe_options, measure)},
};

const struct option_table probe_options = {
	.command = "probe",
	.usage = "[--json] [--measure]",
	.summary = "Says what this host can do, what the things that are missing cost, and how to\n"
		   "mend them. The exit status is 0 where VMs can be run and 1 where they cannot.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
};
