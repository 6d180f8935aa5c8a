/* SPDX-License-Identifier: Apache-2.0 */
/* Where exits were, by name: of the VM, the device register and the guest's function. One thread.
 */
#ifndef VHART_GUEST_PLACES_H
#define VHART_GUEST_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exit_sample.h"
#include "trace/guest/guest_names.h"
#include "trace/sources/vms.h"
#include "trace/watch/target.h"

/* All 0 but for SAMPLE at the start; ends with guest_places_free(). */
struct guest_places {
	struct vm_names vms;	/* first: what is opaque below is for vm_names_get() too */
	struct symbols symbols; /* of the kernel of the one VM that is watched */
	uint64_t stvec;		/* by which they were moved */
	const struct stat_sample *sample; /* the last look, the caller's */
};

/* Names functions from now on, where TARGET is one VM, from what OPTIONS say or its own kernel.
 * False after error(). */
bool guest_places_read_kernel(struct guest_places *places,
			      const struct guest_names_options *options,
			      const struct target *target);
void guest_places_free(struct guest_places *places);

/* For stat_view, findings_view and findings_options: OPAQUE is a struct guest_places. The devices
 * of a VM of ours are known; guest_places_device() makes OUT "" where it has nothing to say. */
bool guest_places_device(void *opaque, uint32_t tgid, uint64_t address, char *out, size_t size);
void guest_places_function(void *opaque, uint32_t tgid, uint64_t pc, char *out, size_t size);

#endif
