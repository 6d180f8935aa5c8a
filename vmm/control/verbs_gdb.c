/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for gdb. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/control/verbs.h"
#include "vmm/debug/names.h"
#include "vmm/machine/machine_private.h"

bool verb_gdb(struct verb_call *call)
{
	struct control *control = call->control;
	char said[CONTROL_ERROR_MAX];

	if (!control->open_gdb)
		return verb_fail(call, "gdb", "this VM cannot serve it");
	if (!control->open_gdb(control, call->args[0].text, said)) {
		snprintf(call->error, sizeof(call->error), "%s", said);
		return false;
	}
	json_object_object_add(call->result, "address", json_object_new_string(said));
	return true;
}

/* ---- symbols ---- */

/* Those of the harts: one that has set up traps tells where Linux is. */
static bool find_names(const struct machine *machine)
{
	uint64_t stvec;

	if (!debug_names_find(machine->names))
		return false;
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		if (kvm_get_reg(machine->vcpus[i].fd, KVM_CSR_REG(stvec), &stvec) == 0)
			debug_names_move(machine->names, stvec);
	return true;
}

static bool write_names(struct debug_names *names, FILE *to)
{
	const bool written = debug_names_write(names, to);
	const int why = errno;
	const bool closed = fclose(to) == 0;

	if (!written)
		errno = why;
	return written && closed;
}

bool verb_symbols(struct verb_call *call)
{
	const char *path = call->args[0].text;
	FILE *to;

	if (!find_names(call->machine))
		return verb_fail(call, "symbols", "this guest's kernel shows none");
	to = fopen(path, "wxe");
	if (to && write_names(call->machine->names, to))
		return true;
	verb_fail(call, "symbols", "%.128s: %s", path, strerror(errno));
	if (to)
		unlink(path);
	return false;
}
