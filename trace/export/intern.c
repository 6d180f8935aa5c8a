/* SPDX-License-Identifier: Apache-2.0 */
/* A numbered set of byte strings in bounded memory. */

#include "trace/export/intern.h"

#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int budget_grow(struct budget *budget, void **memory, size_t *room, size_t need, size_t unit)
{
	size_t wanted = *room * 2 > need ? *room * 2 : need;
	void *grown;

	if (need <= *room)
		return 0;
	if (wanted > SIZE_MAX / 2 / unit || (wanted - *room) * unit > budget->left)
		return -ENOSPC;
	grown = realloc(*memory, wanted * unit);
	if (!grown)
		return -ENOMEM;
	budget->left -= (wanted - *room) * unit;
	*memory = grown;
	*room = wanted;
	return 0;
}

void intern_free(struct intern *set)
{
	free(set->bytes);
	free(set->entries);
	free(set->slots);
	*set = (struct intern){.budget = set->budget};
}

/* FNV-1a, 64 bits: stable over runs and machines, which colours depend on. */
uint64_t intern_hash(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3;
	return hash;
}

static uint32_t *free_slot(uint32_t *slots, size_t room, uint64_t hash)
{
	size_t slot = hash & (room - 1);

	while (slots[slot])
		slot = (slot + 1) & (room - 1);
	return &slots[slot];
}

static int grow_slots(struct intern *set)
{
	size_t room = set->slots_room ? set->slots_room * 2 : 16;
	size_t more = (room - set->slots_room) * sizeof(*set->slots);
	uint32_t *slots;

	/* At most three in four are taken, so that a search always ends. */
	if ((set->count + 1ul) * 4 <= set->slots_room * 3)
		return 0;
	if (more > set->budget->left)
		return -ENOSPC;
	slots = calloc(room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->count; i++)
		*free_slot(slots, room, set->entries[i].hash) = i + 1;
	free(set->slots);
	set->slots = slots;
	set->slots_room = room;
	set->budget->left -= more;
	return 0;
}

static bool find(const struct intern *set, const void *bytes, size_t size, uint64_t hash,
		 uint32_t *number)
{
	if (set->slots_room == 0)
		return false;
	for (size_t slot = hash & (set->slots_room - 1); set->slots[slot];
	     slot = (slot + 1) & (set->slots_room - 1)) {
		const struct intern_entry *entry = &set->entries[set->slots[slot] - 1];

		if (entry->hash == hash && entry->size == size &&
		    !memcmp(set->bytes + entry->offset, bytes, size)) {
			*number = set->slots[slot] - 1;
			return true;
		}
	}
	return false;
}

bool intern_find(const struct intern *set, const void *bytes, size_t size, uint32_t *number)
{
	return find(set, bytes, size, intern_hash(bytes, size), number);
}

int intern_add(struct intern *set, const void *bytes, size_t size, uint32_t *number)
{
	const size_t align = alignof(max_align_t);
	uint64_t hash = intern_hash(bytes, size);
	size_t padded = (size + align - 1) / align * align;
	void *pool = set->bytes, *entries = set->entries;
	int error;

	if (find(set, bytes, size, hash, number))
		return 0;
	if (padded < size || set->count == UINT32_MAX - 1)
		return -ENOSPC;
	error = budget_grow(set->budget, &pool, &set->bytes_room, set->used + padded, 1);
	set->bytes = pool;
	if (error)
		return error;
	error = budget_grow(set->budget, &entries, &set->entries_room, set->count + 1ul,
			    sizeof(*set->entries));
	set->entries = entries;
	if (error)
		return error;
	error = grow_slots(set);
	if (error)
		return error;
	memcpy(set->bytes + set->used, bytes, size);
	set->entries[set->count] =
		(struct intern_entry){.offset = set->used, .size = size, .hash = hash};
	set->used += padded;
	*number = set->count++;
	*free_slot(set->slots, set->slots_room, hash) = set->count;
	return 0;
}

const void *intern_get(const struct intern *set, uint32_t number, size_t *size)
{
	if (size)
		*size = set->entries[number].size;
	return set->bytes + set->entries[number].offset;
}
