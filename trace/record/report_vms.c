/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_vms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct report_vm *report_vms_at(struct report_vms *vms, uint64_t number)
{
	if (!vms->vms[number]) {
		vms->vms[number] = calloc(1, sizeof(*vms->vms[number]));
		if (vms->vms[number])
			vms->vms[number]->is.vm = number;
	}
	return vms->vms[number];
}

/* The header's is one of several, or nobody: then it is none of them. */
static bool is_there(const struct report_vms *vms, uint64_t number)
{
	const struct report_vm *vm = vms->vms[number];

	if (number || !vm || vm->is.name[0] || vm->is.pid)
		return vm;
	for (size_t i = 1; i <= RECORDING_VMS; i++)
		if (vms->vms[i])
			return false;
	return true;
}

const struct report_vm *report_vms_next(const struct report_vms *vms, int64_t after)
{
	for (int64_t i = after + 1; i <= (int64_t)RECORDING_VMS; i++)
		if (is_there(vms, (uint64_t)i))
			return vms->vms[i];
	return NULL;
}

size_t report_vms_count(const struct report_vms *vms)
{
	size_t count = 0;

	for (uint64_t i = 0; i <= RECORDING_VMS; i++)
		count += is_there(vms, i);
	return count;
}

static bool has_same_name(const struct report_vms *vms, const struct report_vm *vm)
{
	for (size_t i = 0; i <= RECORDING_VMS; i++)
		if (vms->vms[i] && vms->vms[i] != vm && !strcmp(vms->vms[i]->is.name, vm->is.name))
			return true;
	return false;
}

static void give_name(const struct report_vms *vms, struct report_vm *vm)
{
	/* A file may have samples of a VM that it does not tell of, as where it was cut. */
	if (vm->is.vm && !vm->is.name[0])
		snprintf(vm->name, sizeof(vm->name), "VM %" PRIu64, vm->is.vm);
	else if (!vm->is.name[0] && !vm->is.pid) /* all were recorded, and none ran */
		snprintf(vm->name, sizeof(vm->name), "none");
	else if (has_same_name(vms, vm))
		snprintf(vm->name, sizeof(vm->name), "%s (pid %" PRIu64 ")", vm->is.name,
			 vm->is.pid);
	else
		snprintf(vm->name, sizeof(vm->name), "%s", vm->is.name);
}

bool report_vms_finish(struct report_vms *vms, char message[IMAGE_MESSAGE_MAX])
{
	for (size_t i = 0; i <= RECORDING_VMS; i++) {
		if (!vms->vms[i])
			continue;
		give_name(vms, vms->vms[i]);
		if (vms->vms[i]->symbols.count && !symbols_finish(&vms->vms[i]->symbols, message))
			return false;
	}
	return true;
}

void report_vms_free(struct report_vms *vms)
{
	for (size_t i = 0; i <= RECORDING_VMS; i++) {
		if (!vms->vms[i])
			continue;
		symbols_free(&vms->vms[i]->symbols);
		report_modules_free(&vms->vms[i]->modules);
		free(vms->vms[i]);
	}
	*vms = (struct report_vms){{NULL}};
}
