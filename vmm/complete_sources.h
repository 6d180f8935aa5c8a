/* SPDX-License-Identifier: Apache-2.0 */
/* What completions need beside the tables of options: verbs, and the VMs that run. */
#ifndef VHART_COMPLETE_SOURCES_H
#define VHART_COMPLETE_SOURCES_H

#include <stdbool.h>
#include <sys/types.h>

struct verb;

struct complete_vm {
	const char *name;
	pid_t pid;
	bool control; /* it has a control socket */
};

typedef void complete_vm_function(const struct complete_vm *vm, void *opaque);

/* What only a running system can say. */
struct complete_sources {
	const struct verb *verbs; /* of `vhart ctl`, up to a name of NULL; NULL: there are none */
	/* EACH of every VM of this program that runs. NULL: nobody knows. */
	void (*vms)(complete_vm_function *each, void *opaque);
};

#endif
