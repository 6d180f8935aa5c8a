/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/bus.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* The index of the first region that ends after GPA. */
static unsigned int first_after(const struct bus *bus, uint64_t gpa)
{
	unsigned int low = 0, high = bus->count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct mmio_region *region = bus->regions[middle];

		if (region->base + (region->len - 1) < gpa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int bus_add(struct bus *bus, struct mmio_region *region)
{
	unsigned int at;

	if (region->len == 0 || region->base + (region->len - 1) < region->base)
		return -EINVAL;
	if (bus->count == BUS_MAX_REGIONS)
		return -ENOSPC;
	at = first_after(bus, region->base);
	if (at < bus->count && bus->regions[at]->base <= region->base + (region->len - 1))
		return -EEXIST;
	memmove(&bus->regions[at + 1], &bus->regions[at],
		(bus->count - at) * sizeof(bus->regions[0]));
	bus->regions[at] = region;
	bus->count++;
	return 0;
}

void bus_remove(struct bus *bus, struct mmio_region *region)
{
	for (unsigned int i = 0; i < bus->count; i++) {
		if (bus->regions[i] != region)
			continue;
		if (bus->last == region)
			bus->last = NULL;
		bus->count--;
		memmove(&bus->regions[i], &bus->regions[i + 1],
			(bus->count - i) * sizeof(bus->regions[0]));
		return;
	}
}

static bool holds(const struct mmio_region *region, uint64_t gpa, unsigned int size)
{
	uint64_t offset = gpa - region->base; /* wraps to more than any length below the base */

	return offset < region->len && size <= region->len - offset;
}

struct mmio_region *bus_find(struct bus *bus, uint64_t gpa, unsigned int size)
{
	unsigned int at;

	if (bus->last && holds(bus->last, gpa, size))
		return bus->last;
	at = first_after(bus, gpa);
	if (at == bus->count || !holds(bus->regions[at], gpa, size))
		return NULL;
	bus->last = bus->regions[at];
	return bus->last;
}
