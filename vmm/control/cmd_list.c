/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart list`: the VMs of this program that run on this machine. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/options.h"
#include "base/printable.h"
#include "trace/sources/vms.h"
#include "vmm/commands.h"
#include "vmm/control/client.h"
#include "vmm/control/ctl_options.h"
#include "vmm/control/event_json.h"

#define MAX_VMS 256u

/* What is known of one. */
struct row {
	const struct vm *vm;
	uint64_t memory;       /* bytes; 0: not known, as of a script's machines, or in a file */
	double seconds;	       /* since its process began */
	char socket[PATH_MAX]; /* "": it has none */
};

/* False: it has ended meanwhile. */
static bool look_at(const struct vm *vm, struct row *row)
{
	static const char *const memory[] = {"--memory", "-m", NULL};
	static const char *const file[] = {"--config", NULL};
	char given[PATH_MAX];

	*row = (struct row){.vm = vm};
	if (vm_option(vm->pid, memory, given, sizeof(given))) {
		if (!option_size(given, &row->memory))
			row->memory = 0;
	} else if (vm_is_run(vm->pid) && !vm_option(vm->pid, file, given, sizeof(given))) {
		/* With a file, the process could not be executed anew (config_execute()). */
		row->memory = CONFIG_MEMORY_DEFAULT;
	}
	if (!client_socket_of(vm->pid, row->socket))
		row->socket[0] = '\0';
	row->seconds = vm_seconds(vm->pid);
	/* Last: what was read is its own then. */
	return vm_is_alive(vm->pid);
}

static void print_json(const struct row *row)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(row->vm->name));
	json_object_object_add(object, "pid", json_object_new_int(row->vm->pid));
	json_object_object_add(object, "vcpus", json_object_new_int((int)row->vm->vcpus));
	json_object_object_add(object, "memory",
			       row->memory ? json_object_new_uint64(row->memory) : NULL);
	json_object_object_add(object, "seconds", json_of_seconds(row->seconds));
	json_object_object_add(object, "control",
			       *row->socket ? json_of_bytes(row->socket, strlen(row->socket))
					    : NULL);
	json_print(stdout, object);
	json_object_put(object);
}

static void print_row(const struct row *row)
{
	char socket[PATH_MAX], memory[24] = "-";

	if (row->memory)
		snprintf(memory, sizeof(memory), "%" PRIu64 "M", row->memory >> 20);
	printf("%-24s %8d %6u %8s %9.0fs  %s\n", row->vm->name, (int)row->vm->pid, row->vm->vcpus,
	       memory, row->seconds,
	       printable(socket, sizeof(socket), *row->socket ? row->socket : "-"));
}

int command_list(int argc, char **argv)
{
	struct list_options options = {.json = false};
	struct vm vms[MAX_VMS];
	struct row row;
	size_t count;
	bool help;
	int status = options_read(&list_options, argc, argv, &options, &help);

	if (status || help)
		return status;
	count = vms_list(vms, MAX_VMS);
	if (!options.json)
		printf("%-24s %8s %6s %8s %10s  %s\n", "NAME", "PID", "VCPUS", "MEMORY", "UPTIME",
		       "CONTROL");
	for (size_t i = 0; i < count && i < MAX_VMS; i++) {
		if (!vms[i].ours || !look_at(&vms[i], &row))
			continue;
		if (options.json)
			print_json(&row);
		else
			print_row(&row);
	}
	if (count > MAX_VMS)
		warning("list: there are %zu VMs, and the first %u were looked at", count, MAX_VMS);
	return STATUS_OK;
}
