/* SPDX-License-Identifier: Apache-2.0 */
/* A set of byte strings, each numbered from 0 in the order of arrival; its memory is bounded. */
#ifndef VHART_INTERN_H
#define VHART_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What several growing things may take together, in bytes. */
struct budget {
	size_t left;
};

struct intern_entry {
	size_t offset;
	size_t size;
	uint64_t hash;
};

struct intern {
	struct budget *budget;
	uint32_t count;
	uint8_t *bytes;
	size_t used, bytes_room;
	struct intern_entry *entries;
	size_t entries_room;
	/* Open addressing: an entry's number plus one, 0 for a free slot; a power of two of them.
	 */
	uint32_t *slots;
	size_t slots_room;
};

/*
 * Makes *memory hold at least need units. 0, -ENOSPC where the budget does not allow it, -ENOMEM;
 * on an error all is as before.
 */
int budget_grow(struct budget *budget, void **memory, size_t *room, size_t need, size_t unit);

/* A set that is all zeros but for its budget is empty. */
void intern_free(struct intern *set);

/* Whether it is there, and its number. */
bool intern_find(const struct intern *set, const void *bytes, size_t size, uint32_t *number);

/* Finds or adds; errors as above, and the set is as before. */
int intern_add(struct intern *set, const void *bytes, size_t size, uint32_t *number);

/* Aligned for any type; valid until the next intern_add. */
const void *intern_get(const struct intern *set, uint32_t number, size_t *size);

uint64_t intern_hash(const void *bytes, size_t size);

#endif
