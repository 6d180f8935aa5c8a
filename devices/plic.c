/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform-level interrupt controller in userspace: RISC-V PLIC specification 1.0.0, register
 * map of "sifive,plic-1.0.0". One S-mode context per hart. All sources are level-sensitive.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices.h"

/* Section 3, memory map. */
#define PENDING_BASE   0x001000u
#define ENABLE_BASE    0x002000u
#define ENABLE_STRIDE  0x000080u
#define CONTEXT_BASE   0x200000u
#define CONTEXT_STRIDE 0x001000u
#define CONTEXT_CLAIM  4u
#define PRIORITY_BITS  0x7u
#define WORDS	       (PLIC_SOURCES / 32)

struct context {
	uint32_t enable[WORDS];
	uint32_t threshold;
	bool external; /* what set_external() was told last */
};

struct plic {
	struct machine *machine;
	struct mmio_region region;
	void (*set_external)(void *opaque, unsigned int hart, bool level);
	void *opaque;

	uint32_t priority[PLIC_SOURCES];
	uint32_t level[WORDS];	    /* the wires */
	uint32_t pending[WORDS];    /* accepted by the gateway, not claimed */
	uint32_t in_service[WORDS]; /* claimed, not completed: the gateway is closed */

	unsigned int context_count;
	struct context contexts[];
};

static bool bit_test(const uint32_t *words, unsigned int source)
{
	return words[source / 32] >> (source % 32) & 1;
}

static void bit_assign(uint32_t *words, unsigned int source, bool value)
{
	uint32_t bit = 1u << (source % 32);

	if (value)
		words[source / 32] |= bit;
	else
		words[source / 32] &= ~bit;
}

/* The pending and enabled source with the highest priority, the lowest number among equals; 0:
 * none. */
static unsigned int best_source(const struct plic *plic, const struct context *context)
{
	unsigned int best = 0;

	for (unsigned int word = 0; word < WORDS; word++) {
		uint32_t candidates = plic->pending[word] & context->enable[word];

		while (candidates) {
			unsigned int source = word * 32 + (unsigned int)__builtin_ctz(candidates);

			candidates &= candidates - 1;
			/* priority[0] is 0, and priority 0 never interrupts (section 4). */
			if (plic->priority[source] > plic->priority[best])
				best = source;
		}
	}
	return best;
}

static void update_context(struct plic *plic, unsigned int index)
{
	struct context *context = &plic->contexts[index];
	bool external = plic->priority[best_source(plic, context)] > context->threshold;

	if (external == context->external)
		return;
	context->external = external;
	plic->set_external(plic->opaque, index, external);
}

static void update_all(struct plic *plic)
{
	for (unsigned int i = 0; i < plic->context_count; i++)
		update_context(plic, i);
}

/* Section 2.1: an open gateway forwards a request, which then stays until it is claimed. */
static bool gateway_sample(struct plic *plic, unsigned int source)
{
	if (!bit_test(plic->level, source) || bit_test(plic->in_service, source) ||
	    bit_test(plic->pending, source))
		return false;
	bit_assign(plic->pending, source, true);
	return true;
}

void plic_set(struct plic *plic, unsigned int line, bool level)
{
	if (line == 0 || line >= PLIC_SOURCES)
		return;
	bit_assign(plic->level, line, level);
	if (gateway_sample(plic, line))
		update_all(plic);
}

/* Section 9: not affected by the threshold. */
static uint32_t claim(struct plic *plic, struct context *context)
{
	unsigned int source = best_source(plic, context);

	if (source) {
		bit_assign(plic->pending, source, false);
		bit_assign(plic->in_service, source, true);
		update_all(plic);
	}
	return source;
}

/* Section 10: a completion of a source that this context has not enabled is ignored. */
static void complete(struct plic *plic, const struct context *context, uint32_t source)
{
	if (source == 0 || source >= PLIC_SOURCES || !bit_test(context->enable, source))
		return;
	bit_assign(plic->in_service, source, false);
	if (gateway_sample(plic, source))
		update_all(plic);
}

static struct context *context_at(struct plic *plic, uint64_t index)
{
	return index < plic->context_count ? &plic->contexts[index] : NULL;
}

/* Registers of sources and contexts that do not exist read 0 and ignore writes. */
static uint32_t register_read(struct plic *plic, uint64_t offset)
{
	struct context *context;

	if (offset < PENDING_BASE)
		return offset / 4 < PLIC_SOURCES ? plic->priority[offset / 4] : 0;
	if (offset < ENABLE_BASE) {
		uint64_t word = (offset - PENDING_BASE) / 4;

		return word < WORDS ? plic->pending[word] : 0;
	}
	if (offset < CONTEXT_BASE) {
		uint64_t word = (offset - ENABLE_BASE) % ENABLE_STRIDE / 4;

		context = context_at(plic, (offset - ENABLE_BASE) / ENABLE_STRIDE);
		return context && word < WORDS ? context->enable[word] : 0;
	}
	context = context_at(plic, (offset - CONTEXT_BASE) / CONTEXT_STRIDE);
	if (!context)
		return 0;
	switch (offset % CONTEXT_STRIDE) {
	case 0: return context->threshold;
	case CONTEXT_CLAIM: return claim(plic, context);
	default: return 0;
	}
}

static void write_enable(struct plic *plic, uint64_t offset, uint32_t value)
{
	uint64_t index = offset / ENABLE_STRIDE, word = offset % ENABLE_STRIDE / 4;
	struct context *context = context_at(plic, index);

	if (!context || word >= WORDS)
		return;
	context->enable[word] = word == 0 ? value & ~1u : value; /* there is no source 0 */
	update_context(plic, (unsigned int)index);
}

static void write_context(struct plic *plic, uint64_t offset, uint32_t value)
{
	uint64_t index = offset / CONTEXT_STRIDE;
	struct context *context = context_at(plic, index);

	if (!context)
		return;
	switch (offset % CONTEXT_STRIDE) {
	case 0:
		context->threshold = value & PRIORITY_BITS;
		update_context(plic, (unsigned int)index);
		break;
	case CONTEXT_CLAIM: complete(plic, context, value); break;
	default: break;
	}
}

static void register_write(struct plic *plic, uint64_t offset, uint32_t value)
{
	if (offset < PENDING_BASE) {
		if (offset == 0 || offset / 4 >= PLIC_SOURCES)
			return;
		plic->priority[offset / 4] = value & PRIORITY_BITS;
		update_all(plic);
	} else if (offset >= CONTEXT_BASE) {
		write_context(plic, offset - CONTEXT_BASE, value);
	} else if (offset >= ENABLE_BASE) {
		write_enable(plic, offset - ENABLE_BASE, value);
	}
}

static bool access_valid(struct plic *plic, uint64_t offset, unsigned int size)
{
	if (size == 4 && offset % 4 == 0)
		return true;
	machine_guest_error(plic->machine, "plic", "access of %u bytes at 0x%" PRIx64, size,
			    offset);
	return false;
}

static uint64_t plic_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct plic *plic = region->opaque;

	return access_valid(plic, offset, size) ? register_read(plic, offset) : 0;
}

static void plic_write(struct mmio_region *region, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct plic *plic = region->opaque;

	if (access_valid(plic, offset, size))
		register_write(plic, offset, (uint32_t)value);
}

struct plic *plic_new(struct machine *machine, uint64_t gpa, unsigned int hart_count,
		      void (*set_external)(void *opaque, unsigned int hart, bool level),
		      void *opaque)
{
	struct plic *plic = calloc(1, sizeof(*plic) + hart_count * sizeof(plic->contexts[0]));
	int err;

	if (!plic) {
		error("no memory for the PLIC");
		return NULL;
	}
	plic->machine = machine;
	plic->context_count = hart_count;
	plic->set_external = set_external;
	plic->opaque = opaque;
	plic->region = (struct mmio_region){.name = "plic",
					    .base = gpa,
					    .len = PLIC_LEN,
					    .read = plic_read,
					    .write = plic_write,
					    .opaque = plic};
	err = machine_mmio_add(machine, &plic->region);
	if (err) {
		error("the PLIC cannot be placed at 0x%" PRIx64 ": %s", gpa, strerror(-err));
		free(plic);
		return NULL;
	}
	return plic;
}

void plic_free(struct plic *plic)
{
	if (!plic)
		return;
	machine_mmio_remove(plic->machine, &plic->region);
	free(plic);
}
