/* SPDX-License-Identifier: Apache-2.0 */
/* What a VM is to whoever started it in the background: a process that says when it runs, a number
 * in a file, the unit of a service manager. */
#ifndef VHART_SERVICE_H
#define VHART_SERVICE_H

#include <stdbool.h>

#include "vmm/run/daemon.h"
#include "vmm/run/notify.h"
#include "vmm/run/pidfile.h"

struct config;
struct writer;

struct service {
	const struct config *config;
	struct daemon_child daemon;
	struct notify notify;
	struct pidfile pidfile;
	struct writer *lines; /* on their way to standard error; NULL */
	int words; /* where lines go when the parent does not wait any more; -1: nowhere */
};

/* In the process that will be the VM's. False after error(). */
bool service_begin(struct service *service, const struct config *config);
/* All harts of the first life have their threads. False after error(): the VM is to end. NULL is
 * fine, here and below. */
bool service_running(struct service *service);
/* WHY is a word. */
void service_ending(struct service *service, const char *why);
void service_end(struct service *service);

#endif
