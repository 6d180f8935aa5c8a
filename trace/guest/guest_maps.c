/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/guest_maps.h"

#include "trace/guest/helper.h"
#include "trace/guest/process_memory.h"

/* ---- in the helper ---- */

struct request {
	struct process_memory memory;
	const struct guest_maps *guest;
	uint64_t mm;
	int out;
};

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	return process_memory_read(&((const struct request *)opaque)->memory, address, out, size);
}

static bool write_mapping(void *opaque, const struct task_mapping *mapping)
{
	return helper_write(((const struct request *)opaque)->out, mapping, sizeof(*mapping));
}

static void list(void *opaque, int out)
{
	struct request *request = opaque;
	const struct task_maps_reader reader = {.places = request->guest->places,
						.maps = request->guest->maps,
						.read = read_memory,
						.take = write_mapping,
						.opaque = request};

	request->out = out;
	task_maps_list(&reader, request->mm);
}

/* ---- in this process ---- */

void guest_maps_list(const struct guest_maps *guest, uint64_t mm, uint64_t patience,
		     bool (*take)(void *opaque, const struct task_mapping *mapping), void *opaque)
{
	struct request request = {.guest = guest, .mm = mm};
	struct task_mapping mapping;
	struct helper helper;

	if (process_memory_open(guest->pid, &request.memory) &&
	    helper_start(&helper, list, &request, patience)) {
		while (helper_read(&helper, &mapping, sizeof(mapping)) && take(opaque, &mapping))
			;
		helper_end(&helper);
	}
	process_memory_close(&request.memory);
}
