/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a machine as a core file: see core_file.h. */
#ifndef VHART_DUMP_H
#define VHART_DUMP_H

#include "vmm/debug/core_file.h"

#define DUMP_WHY_MAX 160u

struct dump {
	uint64_t size;	  /* of the file */
	uint64_t written; /* the rest is zero, and has no room on the disk where holes are none */
};

/*
 * To PATH, which must not exist: a core file that is there is evidence, and another file is not
 * meant. Only the user may read it, as it has all that the guest knows. Pages of zeros become
 * holes. GOES_ON (NULL: always) is asked now and then whether there is still a point in it.
 * False with words in WHY, without PATH; then there is no file left that this made. Waits for the
 * disk; pure but for the file.
 */
bool dump_write(const char *path, const struct core *core, bool (*goes_on)(void *context),
		void *context, struct dump *dump, char why[DUMP_WHY_MAX]);

/* All of MACHINE, whose harts are held. */
struct machine;
bool dump_machine(struct machine *machine, const char *path, struct dump *dump,
		  char why[DUMP_WHY_MAX]);

#endif
