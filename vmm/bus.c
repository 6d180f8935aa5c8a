/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/bus.h"

#include <errno.h>
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
		bus->count--;
		memmove(&bus->regions[i], &bus->regions[i + 1],
			(bus->count - i) * sizeof(bus->regions[0]));
		return;
	}
}

struct mmio_region *bus_find(const struct bus *bus, uint64_t gpa, unsigned int size)
{
	unsigned int at = first_after(bus, gpa);
	struct mmio_region *region = at < bus->count ? bus->regions[at] : NULL;

	if (!region || gpa < region->base || gpa - region->base > region->len - size ||
	    size > region->len)
		return NULL;
	return region;
}
