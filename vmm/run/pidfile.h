/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file with this process's number, locked while it lives (an open file description's lock, which
 * ends with the process however that ends), and taken away at its end.
 */
#ifndef VHART_PIDFILE_H
#define VHART_PIDFILE_H

#include <stdbool.h>

struct pidfile {
	const char *path;
	int fd; /* -1: there is none */
};

/* PATH outlives it. One that a process left that was killed is taken over; one of a process that
 * lives, or a file with anything else in it, is not touched. False after error(). */
bool pidfile_open(struct pidfile *file, const char *path);
void pidfile_close(struct pidfile *file);

#endif
