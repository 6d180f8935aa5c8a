/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_account.h"

#include <endian.h>
#include <string.h>

/* Section 2.7 of virtio 1.2: both rings have flags, an index, and entries; one of the used ring is
 * two words, the head first. */
#define INDEX	   2u
#define ENTRIES	   4u
#define USED_ENTRY 8u

/* virtqueue_start() has found that all of a queue lies in memory. */
static uint16_t load(const struct guest_memory *memory, uint64_t gpa)
{
	const uint16_t *at = guest_memory_at(memory, gpa, sizeof(*at));

	return at ? le16toh(__atomic_load_n(at, __ATOMIC_ACQUIRE)) : 0;
}

static uint64_t offer_at(const struct vhost_account *account, uint16_t position)
{
	return account->driver + ENTRIES + sizeof(uint16_t) * (position % account->size);
}

static uint16_t offered_head(const struct vhost_account *account, const struct guest_memory *memory,
			     uint16_t position)
{
	return load(memory, offer_at(account, position)) % account->size;
}

static uint16_t used_head(const struct vhost_account *account, const struct guest_memory *memory,
			  uint16_t position)
{
	const uint64_t gpa = account->device + ENTRIES + USED_ENTRY * (position % account->size);

	return load(memory, gpa) % account->size;
}

static void lose_count(struct vhost_account *account, uint16_t offered, uint16_t used)
{
	memset(account->under_way, 0, sizeof(account->under_way));
	account->offered = offered;
	account->used = used;
	account->unknown = (uint16_t)(offered - used);
}

void vhost_account_begin(struct vhost_account *account, const struct virtqueue *queue,
			 const struct guest_memory *memory, uint16_t position)
{
	account->size = queue->size;
	account->driver = queue->driver;
	account->device = queue->device;
	lose_count(account, position, load(memory, queue->device + INDEX));
}

/* False: a head that nobody has offered. */
static bool count_used(struct vhost_account *account, uint16_t head)
{
	if (account->under_way[head])
		account->under_way[head]--;
	else if (account->unknown)
		account->unknown--;
	else
		return false;
	return true;
}

static bool is_overrun(const struct vhost_account *account, uint16_t from, uint16_t to)
{
	return (uint16_t)(to - from) > account->size;
}

void vhost_account_look(struct vhost_account *account, const struct guest_memory *memory)
{
	/* In this order: what is used was offered before. */
	const uint16_t used = load(memory, account->device + INDEX);
	const uint16_t offered = load(memory, account->driver + INDEX);
	bool good = !is_overrun(account, account->used, used) &&
		    !is_overrun(account, account->offered, offered);

	for (uint16_t i = account->offered; good && i != offered; i++)
		account->under_way[offered_head(account, memory, i)]++;
	for (uint16_t i = account->used; good && i != used; i++)
		good = count_used(account, used_head(account, memory, i));
	/* Both sides go on meanwhile, and may have come around to what was read last. */
	if (!good || is_overrun(account, account->used, load(memory, account->device + INDEX)) ||
	    is_overrun(account, account->offered, load(memory, account->driver + INDEX)))
		lose_count(account, offered, used);
	account->offered = offered;
	account->used = used;
}

/* The next head from HEAD on that is under way; the queue's size: there is none. */
static uint16_t next_under_way(const struct vhost_account *account, const uint16_t *under_way,
			       uint16_t head)
{
	while (head < account->size && !under_way[head])
		head++;
	return head;
}

/* Those that are behind the position already stay where they are. */
static void find_misplaced(const struct vhost_account *account, const struct guest_memory *memory,
			   uint16_t *misplaced, bool *free_place)
{
	memcpy(misplaced, account->under_way, sizeof(account->under_way));
	for (uint16_t i = account->used; i != account->offered; i++) {
		const uint16_t head = offered_head(account, memory, i);

		free_place[i % account->size] = !misplaced[head];
		misplaced[head] -= misplaced[head] > 0;
	}
}

static void put(const struct vhost_account *account, const struct guest_memory *memory,
		uint16_t position, uint16_t head)
{
	uint16_t *at = guest_memory_at(memory, offer_at(account, position), sizeof(*at));

	if (at)
		__atomic_store_n(at, htole16(head), __ATOMIC_RELEASE);
}

bool vhost_account_restore(struct vhost_account *account, const struct guest_memory *memory,
			   uint16_t *position)
{
	uint16_t misplaced[VIRTQUEUE_MAX_SIZE], head;
	bool free_place[VIRTQUEUE_MAX_SIZE] = {false};

	vhost_account_look(account, memory);
	*position = account->used;
	if (account->unknown || is_overrun(account, account->used, account->offered))
		return account->used == account->offered;
	find_misplaced(account, memory, misplaced, free_place);
	head = next_under_way(account, misplaced, 0);
	for (uint16_t i = account->used; i != account->offered && head < account->size; i++) {
		if (!free_place[i % account->size])
			continue;
		put(account, memory, i, head);
		misplaced[head]--;
		head = next_under_way(account, misplaced, head);
	}
	return true;
}
