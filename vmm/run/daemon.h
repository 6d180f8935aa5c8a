/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --daemonize: the VM is a child of the process that was started, which waits until the VM runs.
 * Until then the child is of the same session and process group, so that Ctrl-C ends both, and
 * writes its errors where the parent would.
 */
#ifndef VHART_DAEMON_H
#define VHART_DAEMON_H

#include <stdbool.h>

struct daemon_child {
	int parent; /* is told here that the VM runs; -1: nobody waits */
};

/*
 * Forks, before there is any thread. True: this is the child. False: this is the parent, or there
 * is no child after error(), and it ends with *STATUS: 0 when the VM runs, else the child's.
 */
bool daemon_begin(struct daemon_child *child, int *status);
/*
 * In the child, once it runs: it leaves the parent's session and standard files, of which error
 * becomes WORDS (-1: nowhere, as the others), and lets the parent go. False: that one has not
 * waited.
 */
bool daemon_leave(struct daemon_child *child, int words);

#endif
