/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other ends of vhost-user devices: virtiofsd for each --share, passt for each --net passt, and
 * whoever listens for a --vhost-user. They are there from the first life of the machine to its
 * last, and one that has ended is made, or connected to, anew for the next.
 */
#ifndef VHART_BACKENDS_H
#define VHART_BACKENDS_H

#include <limits.h>
#include <stdbool.h>

#include "base/loop.h"
#include "devices/vhost_link.h"
#include "vmm/config.h"
#include "vmm/run/virtiofsd.h"

struct backend {
	const struct config_backend *config;
	const struct config_net *net; /* passt's; NULL: it is another */
	char who[PATH_MAX + 32];      /* for messages */
	bool there;		      /* LINK is one */
	struct vhost_link link;
	struct virtiofsd process;
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
