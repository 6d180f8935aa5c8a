/* SPDX-License-Identifier: Apache-2.0 */
/* The folder in which consoles of failed tests stay. */
#ifndef VHART_KEPT_CONSOLES_H
#define VHART_KEPT_CONSOLES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "vmm/test/child.h"

struct kept_consoles {
	char folder[PATH_MAX]; /* "": there is none yet */
	bool failed;	       /* a warning said why */
};

/* WANTED is --keep, or NULL: then a new folder is made when one is needed. False after error(). */
bool kept_consoles_open(struct kept_consoles *kept, const char *wanted);

/*
 * Writes what CHILD said, as test NUMBER, to a file whose name goes into PATH, and beside it what
 * vhart said of it. False: it could not be written; the first time a warning says why.
 */
bool kept_consoles_write(struct kept_consoles *kept, size_t number, const struct test *test,
			 const struct child *child, char path[PATH_MAX]);

#endif
