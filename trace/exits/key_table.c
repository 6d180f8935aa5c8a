/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/exits/key_table.h"

#include <stdlib.h>

struct key_entry {
	struct exit_key_name name;
	struct exit_times times;
};

struct key_table {
	struct key_entry *entries; /* as they came */
	uint32_t *places;	   /* 1 + their index, by hash; twice as many and more */
	uint32_t count, room;
	uint32_t mask; /* of places */
	uint64_t lost;
};

struct key_table *key_table_new(uint32_t room)
{
	struct key_table *table = calloc(1, sizeof(*table));
	uint32_t places = 2;

	if (!table)
		return NULL;
	while (places < 2 * room)
		places *= 2;
	table->room = room;
	table->mask = places - 1;
	table->entries = calloc(room, sizeof(*table->entries));
	table->places = calloc(places, sizeof(*table->places));
	if (table->entries && table->places)
		return table;
	key_table_free(table);
	return NULL;
}

void key_table_free(struct key_table *table)
{
	if (!table)
		return;
	free(table->entries);
	free(table->places);
	free(table);
}

static uint32_t hash(const struct exit_key_name *name)
{
	/* Fibonacci hashing: the high bits depend on all. */
	uint64_t value = (name->value * 31 + name->vcpu) * 31 + name->row;

	return (uint32_t)(value * 0x9E3779B97F4A7C15u >> 32);
}

struct exit_times *key_table_at(struct key_table *table, const struct exit_key_name *name)
{
	uint32_t place = hash(name) & table->mask;

	for (; table->places[place]; place = (place + 1) & table->mask) {
		struct key_entry *entry = &table->entries[table->places[place] - 1];

		if (entry->name.value == name->value && entry->name.vcpu == name->vcpu &&
		    entry->name.row == name->row)
			return &entry->times;
	}
	if (table->count == table->room) {
		table->lost++;
		return NULL;
	}
	table->entries[table->count].name = *name;
	table->places[place] = ++table->count;
	return &table->entries[table->count - 1].times;
}

uint64_t key_table_lost(const struct key_table *table)
{
	return table->lost;
}

bool key_table_each(const struct key_table *table,
		    bool (*each)(void *opaque, const struct exit_key_name *name,
				 const struct exit_times *times),
		    void *opaque)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (!each(opaque, &table->entries[i].name, &table->entries[i].times))
			return false;
	return true;
}
