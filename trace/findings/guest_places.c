/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/guest_places.h"

#include <inttypes.h>
#include <stdio.h>

#include "trace/names/device_names.h"

bool guest_places_read_kernel(struct guest_places *places,
			      const struct guest_names_options *options,
			      const struct target *target)
{
	struct guest_kernel kernel;

	if (!target->process)
		return true;
	target_kernel(target, &kernel);
	return guest_names_find(&places->symbols, options, &kernel, target->process);
}

void guest_places_free(struct guest_places *places)
{
	symbols_free(&places->symbols);
}

bool guest_places_device(void *opaque, uint32_t tgid, uint64_t address, char *out, size_t size)
{
	const struct guest_places *places = opaque;

	out[0] = '\0';
	if (!vm_names_ours(&places->vms, tgid))
		return false;
	device_name(address, out, size);
	return true;
}

/* The kernel may be anywhere (KASLR), and is there once it has set its trap handler. */
static void follow_kernel(struct guest_places *places)
{
	const struct stat_sample *now = places->sample;

	for (uint32_t i = 0; i < now->vcpu_count; i++) {
		uint64_t stvec = now->vcpus[i].stvec;

		if (!stvec || stvec == places->stvec)
			continue;
		places->stvec = stvec;
		guest_names_move(&places->symbols, stvec);
		return;
	}
}

void guest_places_function(void *opaque, uint32_t tgid, uint64_t pc, char *out, size_t size)
{
	struct guest_places *places = opaque;
	struct symbol_place place;

	(void)tgid;
	follow_kernel(places);
	if (symbols_lookup(&places->symbols, pc, &place))
		snprintf(out, size, "%s+0x%" PRIx64, place.name, place.offset);
}
