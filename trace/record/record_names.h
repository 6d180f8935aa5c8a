/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a recording: of the functions, and the modules, that its samples are in. */
#ifndef VHART_RECORD_NAMES_H
#define VHART_RECORD_NAMES_H

#include <stdint.h>

#include "trace/export/intern.h"
#include "trace/guest/symbols.h"
#include "trace/record/record_modules.h"
#include "trace/record/recording.h"

/* Of one VM, in one file. */
struct record_names {
	uint64_t vm;			      /* its number */
	const struct symbols *symbols;	      /* of the guest's kernel */
	const struct record_modules *modules; /* and of its modules */
	void (*write)(void *opaque);	      /* what is in LINE */
	void *opaque;
	struct recording_line *line;
	/* record_names_begin() makes the rest. */
	struct budget budget, nameless_budget;
	struct intern named;	/* what was written */
	struct intern nameless; /* addresses of which nothing is known so far */
};

void record_names_begin(struct record_names *names);
void record_names_end(struct record_names *names);

/* Writes what ADDRESS is in, if that was not written yet. */
void record_names_put(struct record_names *names, uint64_t address);

/* The same of those that had no name: there are modules that were not known. */
void record_names_again(struct record_names *names);

#endif
