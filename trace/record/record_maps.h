/* SPDX-License-Identifier: Apache-2.0 */
/* While a VM is recorded: what code the processes have mapped that are sampled in user mode, looked
 * up when code is seen that was not seen before. */
#ifndef VHART_RECORD_MAPS_H
#define VHART_RECORD_MAPS_H

#include <stdint.h>

#include "trace/guest/guest_maps.h"
#include "trace/record/recording.h"

struct record_maps;

/* For one file. NULL: no memory. */
struct record_maps *record_maps_new(void);
void record_maps_free(struct record_maps *maps);

/* Whose mappings: of the mm_struct at MM in the VM of that number. */
struct record_space {
	uint64_t vm, mm;
};

/* What is written of a mapping that is new. */
typedef void record_maps_write(void *opaque, const struct recording_mapping *mapping);

/*
 * The number of what TASK, of FROM, has mapped; 0: there is no room for more.
 * Where nothing is known of the page of PC, and GUEST is there, it looks, now and then.
 */
uint32_t record_maps_space(struct record_maps *maps, const struct guest_maps *guest,
			   const struct record_space *from, const struct recording_task *task,
			   uint64_t pc, record_maps_write *write, void *opaque);

#endif
