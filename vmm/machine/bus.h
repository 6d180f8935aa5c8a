/* SPDX-License-Identifier: Apache-2.0 */
/* The MMIO address map: which region answers an address. Pure; the machine's lock guards it. */
#ifndef VHART_BUS_H
#define VHART_BUS_H

#include "base/machine.h"

#define BUS_MAX_REGIONS 192

struct bus {
	struct mmio_region *regions[BUS_MAX_REGIONS]; /* sorted by base */
	unsigned int count;
	struct mmio_region *last; /* found last: a driver stays with its device */
};

int bus_add(struct bus *bus, struct mmio_region *region); /* 0, -EEXIST, -EINVAL, -ENOSPC */
void bus_remove(struct bus *bus, struct mmio_region *region);
/* The region that holds all of SIZE bytes at GPA, or NULL. */
struct mmio_region *bus_find(struct bus *bus, uint64_t gpa, unsigned int size);

#endif
