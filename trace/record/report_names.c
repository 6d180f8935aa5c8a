/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_names.h"

#include <stdio.h>

bool report_names(struct report *report, const struct guest_names_options *options)
{
	const bool asked = options->kallsyms || options->vmlinux;
	struct guest_kernel kernel = {0};

	if (report->symbols.count && !asked)
		return true;
	symbols_free(&report->symbols);
	snprintf(kernel.name, sizeof(kernel.name), "%s", report->header.kernel);
	if (!guest_names_find(&report->symbols, options, &kernel, 0))
		return false;
	if (report->stvec)
		guest_names_move(&report->symbols, report->stvec);
	return true;
}
