/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_names.h"

#include <stdio.h>

/* Those that its samples have been given, or of its kernel. */
static bool name_vm(struct report_vm *vm, const struct guest_names_options *options)
{
	const bool asked = options->kallsyms || options->vmlinux;
	struct guest_kernel kernel = {0};

	if (vm->symbols.count && !asked)
		return true;
	symbols_free(&vm->symbols);
	snprintf(kernel.name, sizeof(kernel.name), "%s", vm->is.kernel);
	if (!guest_names_find(&vm->symbols, options, &kernel, 0))
		return false;
	if (vm->stvec)
		guest_names_move(&vm->symbols, vm->stvec);
	return true;
}

bool report_names(struct report *report, const struct guest_names_options *options)
{
	const struct report_vm *vm = NULL;

	while ((vm = report_vms_next(&report->vms, vm ? (int64_t)vm->is.vm : -1)))
		if (!name_vm(report->vms.vms[vm->is.vm], options))
			return false;
	return true;
}
