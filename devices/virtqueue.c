/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/virtqueue.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

/* Descriptor flags, section 2.7.5. */
#define DESC_F_NEXT	1u
#define DESC_F_WRITE	2u
#define DESC_F_INDIRECT 4u

/* Flags of the two rings, sections 2.7.6 and 2.7.8; only without VIRTIO_F_EVENT_IDX. */
#define AVAIL_F_NO_INTERRUPT 1u
#define USED_F_NO_NOTIFY     1u

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct used_element {
	uint32_t id;
	uint32_t len;
};

/* Offsets in the driver area (flags, idx, ring, used_event) and in the device area (flags, idx,
 * ring, avail_event), both in bytes. */
enum { RING_FLAGS = 0, RING_IDX = 2, RING_ENTRIES = 4 };

static uint64_t driver_area_len(uint16_t size)
{
	return RING_ENTRIES + sizeof(uint16_t) * (size + 1ull);
}

static uint64_t device_area_len(uint16_t size)
{
	return RING_ENTRIES + sizeof(struct used_element) * size + sizeof(uint16_t);
}

/* virtqueue_start() checked both areas, so these are never NULL while the queue is ready. */
static uint8_t *driver_area(const struct virtqueue *queue, const struct guest_memory *memory)
{
	return guest_memory_at(memory, queue->driver, driver_area_len(queue->size));
}

static uint8_t *device_area(const struct virtqueue *queue, const struct guest_memory *memory)
{
	return guest_memory_at(memory, queue->device, device_area_len(queue->size));
}

static uint16_t load16(const uint8_t *from, int order)
{
	return le16toh(__atomic_load_n((const uint16_t *)(const void *)from, order));
}

static void store16(uint8_t *to, uint16_t value, int order)
{
	__atomic_store_n((uint16_t *)(void *)to, htole16(value), order);
}

/* The index of the next entry that the driver will make available. */
static uint16_t avail_idx(const struct virtqueue *queue, const struct guest_memory *memory)
{
	return load16(driver_area(queue, memory) + RING_IDX, __ATOMIC_ACQUIRE);
}

void virtqueue_reset(struct virtqueue *queue)
{
	*queue = (struct virtqueue){.size = VIRTQUEUE_MAX_SIZE};
}

static const char *bad_configuration(const struct virtqueue *queue,
				     const struct guest_memory *memory)
{
	uint16_t size = queue->size;

	if (size == 0 || size > VIRTQUEUE_MAX_SIZE || (size & (size - 1)))
		return "the queue size is not a power of two up to the maximum";
	/* Section 2.7, table of alignments. */
	if (queue->desc % 16 || queue->driver % 2 || queue->device % 4)
		return "a part of the queue is not aligned";
	if (!guest_memory_at(memory, queue->desc, sizeof(struct desc) * size) ||
	    !guest_memory_at(memory, queue->driver, driver_area_len(size)) ||
	    !guest_memory_at(memory, queue->device, device_area_len(size)))
		return "a part of the queue lies outside RAM";
	return NULL;
}

bool virtqueue_start(struct virtqueue *queue, const struct guest_memory *memory)
{
	if (!queue->broken)
		queue->broken = bad_configuration(queue, memory);
	if (queue->broken)
		return false;
	queue->next_avail = 0;
	queue->next_used = 0;
	queue->signalled_used = 0;
	queue->given_back = 0;
	queue->doorbell_off = false;
	queue->ready = true;
	return true;
}

/* ---- chains ---- */

static int breaks(struct virtqueue *queue, const char *why)
{
	queue->broken = why;
	return -1;
}

/* A table of descriptors: the queue's own, or an indirect one. */
struct descriptor_table {
	const uint8_t *descs;
	uint32_t count;
};

/* An indirect table has no alignment, hence memcpy(). */
static struct desc read_desc(const struct descriptor_table *table, uint32_t index)
{
	struct desc desc;

	memcpy(&desc, table->descs + sizeof(desc) * index, sizeof(desc));
	/* From here on only the copy counts: the compiler must not read the guest's again. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	desc.addr = le64toh(desc.addr);
	desc.len = le32toh(desc.len);
	desc.flags = le16toh(desc.flags);
	desc.next = le16toh(desc.next);
	return desc;
}

/* Section 2.7.5.3: the table that DESC refers to, which replaces the rest of the chain. */
static const char *enter_indirect(struct descriptor_table *table, const struct desc *desc,
				  bool nested, const struct guest_memory *memory)
{
	if (nested)
		return "an indirect table within an indirect table";
	if (desc->flags & DESC_F_NEXT)
		return "an indirect descriptor that has a next one";
	if (desc->len == 0 || desc->len % sizeof(struct desc))
		return "the length of an indirect table is not a multiple of 16";
	table->descs = guest_memory_at(memory, desc->addr, desc->len);
	table->count = desc->len / sizeof(struct desc);
	return table->descs ? NULL : "an indirect table outside RAM";
}

static const char *add_segment(struct virtqueue_chain *chain, const struct desc *desc,
			       const struct guest_memory *memory)
{
	unsigned int count = chain->readable + chain->writable;
	bool writable = desc->flags & DESC_F_WRITE;

	/* Section 2.7.4.2: all readable ones come first. */
	if (!writable && chain->writable)
		return "a readable descriptor after a writable one";
	void *host = guest_memory_at(memory, desc->addr, desc->len);
	if (!host && desc->len)
		return "a descriptor's buffer lies outside RAM";
	if (count == VIRTQUEUE_MAX_SEGMENTS)
		return "a chain of too many descriptors";
	chain->segments[count].iov_base = host;
	chain->segments[count].iov_len = desc->len;
	if (writable) {
		chain->writable++;
		chain->writable_len += desc->len;
	} else {
		chain->readable++;
		chain->readable_len += desc->len;
	}
	return NULL;
}

/* Follows the chain that starts at CHAIN->head. Returns what is wrong with it, or NULL. */
static const char *walk(const struct virtqueue *queue, const struct guest_memory *memory,
			struct virtqueue_chain *chain)
{
	struct descriptor_table table = {
		.descs = guest_memory_at(memory, queue->desc, sizeof(struct desc) * queue->size),
		.count = queue->size,
	};
	uint32_t index = chain->head;
	bool indirect = false;

	/* Section 2.7.4.1: no chain is longer than the queue. That also ends every loop. */
	for (unsigned int steps = 0; steps < queue->size;) {
		struct desc desc = read_desc(&table, index);
		const char *wrong;

		if (desc.flags & DESC_F_INDIRECT) {
			/* It stands for the chain in its table and is no step of it. */
			wrong = enter_indirect(&table, &desc, indirect, memory);
			if (wrong)
				return wrong;
			indirect = true;
			index = 0;
			continue;
		}
		wrong = add_segment(chain, &desc, memory);
		if (wrong)
			return wrong;
		steps++;
		if (!(desc.flags & DESC_F_NEXT))
			return NULL;
		index = desc.next;
		if (index >= table.count)
			return "a descriptor's next one is out of range";
	}
	return "a chain longer than the queue";
}

int virtqueue_pop(struct virtqueue *queue, const struct guest_memory *memory,
		  struct virtqueue_chain *chain)
{
	if (queue->broken)
		return -1;
	if (!queue->ready)
		return 0;

	uint16_t ahead = (uint16_t)(avail_idx(queue, memory) - queue->next_avail);
	/* Who finds nothing waits for a doorbell: ask for it, and look once more. */
	if (ahead == 0 && queue->event_idx && !queue->doorbell_off &&
	    virtqueue_enable_doorbell(queue, memory, true))
		ahead = (uint16_t)(avail_idx(queue, memory) - queue->next_avail);
	if (ahead == 0)
		return 0;
	if (ahead > queue->size)
		return breaks(queue, "the available index is ahead by more than the queue size");

	uint16_t slot = queue->next_avail & (queue->size - 1);
	chain->head = load16(driver_area(queue, memory) + RING_ENTRIES + sizeof(uint16_t) * slot,
			     __ATOMIC_RELAXED);
	if (chain->head >= queue->size)
		return breaks(queue, "the head of a chain is out of range");
	chain->readable = chain->writable = 0;
	chain->readable_len = chain->writable_len = 0;

	const char *wrong = walk(queue, memory, chain);
	if (wrong)
		return breaks(queue, wrong);
	queue->next_avail++;
	if (queue->given_back)
		queue->given_back--;
	return 1;
}

void virtqueue_unpop(struct virtqueue *queue, unsigned int count)
{
	queue->next_avail = (uint16_t)(queue->next_avail - count);
	queue->given_back = (uint16_t)(queue->given_back + count);
}

void virtqueue_push_all(struct virtqueue *queue, const struct guest_memory *memory,
			const struct virtqueue_used *used, unsigned int count)
{
	/* The driver may have stopped the queue while these chains were in flight. */
	if (!queue->ready)
		return;
	uint8_t *area = device_area(queue, memory);
	for (unsigned int i = 0; i < count; i++) {
		struct used_element element = {.id = htole32(used[i].head),
					       .len = htole32(used[i].len)};
		uint16_t slot = queue->next_used & (queue->size - 1);

		memcpy(area + RING_ENTRIES + sizeof(element) * slot, &element, sizeof(element));
		queue->next_used++;
	}
	/* The entries, and what the device wrote into the buffers, before the index. */
	store16(area + RING_IDX, queue->next_used, __ATOMIC_RELEASE);
}

void virtqueue_push(struct virtqueue *queue, const struct guest_memory *memory, uint16_t head,
		    uint32_t len)
{
	const struct virtqueue_used used = {.head = head, .len = len};

	virtqueue_push_all(queue, memory, &used, 1);
}

/* ---- notifications, section 2.7.7 and 2.7.10 ---- */

/* Whether going from OLD to NEW passed EVENT: an entry with that index is among the new ones. */
static bool passed(uint16_t event, uint16_t new, uint16_t old)
{
	return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

bool virtqueue_wants_interrupt(struct virtqueue *queue, const struct guest_memory *memory)
{
	uint16_t old = queue->signalled_used;
	uint16_t new = queue->next_used;

	if (!queue->ready || new == old)
		return false;
	queue->signalled_used = new;

	/* The used index must be out before we look at what the driver wants; it writes what it
	 * wants, and then looks at the used index again. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	const uint8_t *area = driver_area(queue, memory);
	if (!queue->event_idx)
		return !(load16(area + RING_FLAGS, __ATOMIC_RELAXED) & AVAIL_F_NO_INTERRUPT);
	uint64_t used_event = RING_ENTRIES + sizeof(uint16_t) * queue->size;
	return passed(load16(area + used_event, __ATOMIC_RELAXED), new, old);
}

bool virtqueue_enable_doorbell(struct virtqueue *queue, const struct guest_memory *memory,
			       bool enable)
{
	if (!queue->ready || queue->broken)
		return false;

	uint8_t *area = device_area(queue, memory);
	/* Chains given back do not count: the driver must ring for the one after them. */
	uint16_t expected = (uint16_t)(queue->next_avail + queue->given_back);

	queue->doorbell_off = !enable;
	if (queue->event_idx) {
		/* Without an update the event index stays behind: no doorbell for a full round. */
		if (enable)
			store16(area + RING_ENTRIES + sizeof(struct used_element) * queue->size,
				expected, __ATOMIC_RELAXED);
	} else {
		store16(area + RING_FLAGS, enable ? 0 : USED_F_NO_NOTIFY, __ATOMIC_RELAXED);
	}
	if (!enable)
		return false;
	/* Our wish must be out before we look: the driver publishes its index, then reads it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return avail_idx(queue, memory) != expected;
}

/* ---- copies ---- */

/* The part of SEGMENT from *OFFSET on, at most LEN bytes; *OFFSET becomes what is left to skip. */
static uint64_t part_of(const struct iovec *segment, uint64_t *offset, uint64_t len, uint8_t **at)
{
	if (*offset >= segment->iov_len) {
		*offset -= segment->iov_len;
		return 0;
	}
	uint64_t part = segment->iov_len - *offset;
	*at = (uint8_t *)segment->iov_base + *offset;
	*offset = 0;
	return part < len ? part : len;
}

uint64_t virtqueue_read(const struct virtqueue_chain *chain, uint64_t offset, void *to,
			uint64_t len)
{
	uint64_t done = 0;

	for (unsigned int i = 0; i < chain->readable && done < len; i++) {
		uint8_t *at = NULL;
		uint64_t part = part_of(&chain->segments[i], &offset, len - done, &at);
		if (part)
			memcpy((uint8_t *)to + done, at, part);
		done += part;
	}
	return done;
}

uint64_t virtqueue_write(const struct virtqueue_chain *chain, uint64_t offset, const void *from,
			 uint64_t len)
{
	uint64_t done = 0;

	for (unsigned int i = 0; i < chain->writable && done < len; i++) {
		uint8_t *at = NULL;
		uint64_t part =
			part_of(&chain->segments[chain->readable + i], &offset, len - done, &at);
		if (part)
			memcpy(at, (const uint8_t *)from + done, part);
		done += part;
	}
	return done;
}
