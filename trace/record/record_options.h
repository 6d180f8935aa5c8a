/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart record`. Pure. */
#ifndef VHART_RECORD_OPTIONS_H
#define VHART_RECORD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "trace/guest/guest_names.h"
#include "trace/sources/sampling.h"
#include "trace/watch/target.h"

struct record_options {
	struct target target;
	struct sampling_options sampling;
	struct guest_names_options names;
	bool chains, no_tasks;
	uint64_t buffer; /* bytes of the rings; 0: as usual */
	const char *why; /* an event was taken that nobody chose; "" */
	double time;	 /* seconds; 0: until the VM ends or a signal comes */
	uint64_t size;	 /* of a file, bytes; 0: as it comes */
	uint64_t files;	 /* that are kept; 0: not said */
	const char *output;
};

extern const struct option_table record_options;
/* The names of events; "cycles" is the first of its own. */
extern const struct option_choice record_events[];

#endif
