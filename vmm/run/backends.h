/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other ends of vhost-user devices: a process of ours (backend_programs.h), or whoever listens
 * for a --vhost-user. They are there from the first life of the machine to its last, and one that
 * has ended is made, or connected to, anew for the next.
 */
#ifndef VHART_BACKENDS_H
#define VHART_BACKENDS_H

#include <limits.h>
#include <stdbool.h>

#include "base/loop.h"
#include "devices/vhost_link.h"
#include "vmm/config.h"
#include "vmm/run/backend_process.h"
#include "vmm/run/backend_programs.h"

struct backend {
	const struct config *all;
	const struct config_backend *config; /* of it */
	const char *option, *subject;	     /* what the user calls it: "--share", "DIR" */
	char who[PATH_MAX + 32];	     /* for messages */
	bool there;			     /* LINK is one */
	struct vhost_link link;
	const struct backend_program *program; /* NULL: it is not ours */
	struct backend_process process;
	bool began;		 /* one was started before */
	struct loop_watch words; /* of PROCESS, while a machine runs */
	struct loop *loop;	 /* of WORDS; NULL: nobody listens */
	unsigned int lines;	 /* that were shown */
};

struct backends {
	unsigned int count;
	struct backend each[CONFIG_MAX_BACKENDS];
};

/* Before each life. NULL in *BACKENDS: the first; freed by backends_close(). False after error().
 */
bool backends_ready(const struct config *config, struct backends **backends);
void backends_close(struct backends *backends);

/* What a process of ours says is shown with --verbose, while this loop runs. */
void backend_listen(struct backend *backend, struct loop *loop);
void backend_ignore(struct backend *backend);

#endif
