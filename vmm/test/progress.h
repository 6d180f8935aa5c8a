/* SPDX-License-Identifier: Apache-2.0 */
/* The line on a terminal that says how far `vhart test` is. */
#ifndef VHART_PROGRESS_H
#define VHART_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
	bool on;    /* standard error is a terminal */
	bool shown; /* the line stands there */
	char line[128];
};

void progress_begin(struct progress *progress);
/* RUNNING is the name of one that runs, or NULL. */
void progress_show(struct progress *progress, size_t done, size_t count, unsigned int failed,
		   const char *running);
/* Before anything else is written to the terminal, and at the end. */
void progress_clear(struct progress *progress);

#endif
