/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart complete`: what shells are told of the VMs that run, and of the verbs. */
#include "trace/sources/vms.h"
#include "vmm/commands.h"
#include "vmm/complete.h"
#include "vmm/control/client.h"
#include "vmm/control/verbs.h"

#define MAX_VMS 256u

static void each_vm(complete_vm_function *each, void *opaque)
{
	struct vm vms[MAX_VMS];
	const size_t count = vms_list(vms, MAX_VMS);
	char path[PATH_MAX];

	for (size_t i = 0; i < count && i < MAX_VMS; i++)
		if (vms[i].ours)
			each(&(struct complete_vm){vms[i].name, vms[i].pid,
						   client_socket_of(vms[i].pid, path)},
			     opaque);
}

int command_complete(int argc, char **argv)
{
	return complete_command(argc, argv,
				&(const struct complete_sources){.verbs = verbs, .vms = each_vm});
}
