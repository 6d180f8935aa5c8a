/* SPDX-License-Identifier: Apache-2.0 */
/* The verb that writes a core file. */
#include "base/printable.h"
#include "vmm/control/verbs.h"
#include "vmm/debug/dump.h"

bool verb_dump(struct verb_call *call)
{
	char why[DUMP_WHY_MAX], path[96];
	struct dump dump;

	if (!dump_machine(call->machine, call->args[0].text, &dump, why))
		return verb_fail(call, "dump", "%s: %s",
				 printable(path, sizeof(path), call->args[0].text), why);
	json_object_object_add(call->result, "size", json_object_new_uint64(dump.size));
	json_object_object_add(call->result, "written", json_object_new_uint64(dump.written));
	return true;
}
