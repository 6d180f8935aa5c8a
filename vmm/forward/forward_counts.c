/* SPDX-License-Identifier: Apache-2.0 */
/* What the forward's programs count: firmware events that are KVM's own answers, and exits. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bpf.h"
#include "base/riscv.h"
#include "base/way_out.h"
#include "vmm/forward/forward.h"
#include "vmm/forward/forward_private.h"

static int load(void *opaque)
{
	struct forward *forward = opaque;

	return forward_load(&forward->count_programs,
			    forward->programs.on_functions ? FORWARD_COUNTS_AT_FUNCTIONS
							   : FORWARD_COUNTS_AT_TRACEPOINTS,
			    &forward->rules, &forward->target);
}

static int start_counting(struct forward *forward)
{
	struct forward_counts *counts;
	int result = bpf_load_patiently(load, forward);

	if (result < 0)
		return result;
	counts = forward_map(forward->count_programs.map, forward->harts * sizeof(*counts));
	if (!counts)
		return -errno;
	atomic_store_explicit(&forward->counts, counts, memory_order_release);
	return 0;
}

bool forward_count(struct forward *forward, struct forward_refusal *refusal)
{
	int result;

	if (atomic_load_explicit(&forward->counts, memory_order_acquire))
		return true;
	pthread_mutex_lock(&forward->lock);
	/* What failed once is not tried again: a guest asks as often as it likes. */
	if (!forward->counts && forward->count_failure == 0)
		forward->count_failure = start_counting(forward);
	result = forward->count_failure;
	pthread_mutex_unlock(&forward->lock);
	if (result == 0)
		return true;
	snprintf(refusal->why, sizeof(refusal->why), "%s the BPF programs that count: %s",
		 forward->count_programs.step, strerror(-result));
	refusal->way_out = way_out(WAY_OUT_BPF, -result);
	return false;
}

void forward_end_counts(struct forward *forward)
{
	if (forward->counts)
		munmap((void *)(uintptr_t)forward->counts,
		       forward->harts * sizeof(*forward->counts));
	forward_unload(&forward->count_programs);
}

static const struct forward_counts *counts_of(const struct forward *forward, unsigned int hart)
{
	const struct forward_counts *counts =
		atomic_load_explicit(&forward->counts, memory_order_acquire);

	return counts && hart < forward->harts ? &counts[hart] : NULL;
}

static uint64_t load_count(const uint64_t *count)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static uint64_t sum_exits(const struct forward_counts *counts, uint64_t causes)
{
	uint64_t sum = 0;

	for (unsigned int cause = 0; cause < FORWARD_CAUSES; cause++)
		if (causes >> cause & 1)
			sum += load_count(&counts->exits[cause]);
	return sum;
}

bool forward_firmware_count(const struct forward *forward, unsigned int hart, unsigned int code,
			    uint64_t *count)
{
	/* Events 0 to 4 are exceptions that get to the host, and these their causes. */
	static const unsigned int cause_of[] = {4, 6, 5, 7, 2};
	const struct forward_counts *counts = counts_of(forward, hart);

	if (!counts)
		return false;
	if (code < sizeof(cause_of) / sizeof(cause_of[0])) {
		*count = load_count(&counts->exits[cause_of[code]]);
		return true;
	}
	/* KVM sends and receives an hfence.vvma for each sfence.vma that it is asked for, and
	 * counts that (arch/riscv/kvm/vcpu_sbi_replace.c, tlb.c). The guest's own hfence calls it
	 * does not have. */
	if (code >= FORWARD_FW_HFENCE_VVMA_SENT && code <= FORWARD_FW_HFENCE_VVMA_SENT + 3)
		code -= FORWARD_FW_HFENCE_VVMA_SENT - FORWARD_FW_SFENCE_VMA_SENT;
	if (code < FORWARD_FW_SET_TIMER || code > FORWARD_FW_SFENCE_VMA_SENT + 3)
		return false;
	*count = load_count(&counts->firmware[code]);
	return true;
}

/* Bits of CAUSES: exceptions, then from bit 32 interrupts (privileged specification, scause). */
static const uint64_t platform_causes[] = {
	[FORWARD_EXITS] = UINT64_MAX,
	[FORWARD_STAGE_2_FAULTS] = 1u << CAUSE_FETCH_GUEST_PAGE_FAULT |
				   1u << CAUSE_LOAD_GUEST_PAGE_FAULT |
				   1u << CAUSE_STORE_GUEST_PAGE_FAULT,
	[FORWARD_HALTS] = 0, /* has a count of its own */
	[FORWARD_HOST_INTERRUPTS] = UINT64_MAX << 32,
	[FORWARD_ECALLS] = 1u << CAUSE_VIRTUAL_SUPERVISOR_ECALL,
	[FORWARD_VIRTUAL_INSTRUCTIONS] = 1u << CAUSE_VIRTUAL_INSTRUCTION,
};

bool forward_platform_count(const struct forward *forward, unsigned int hart, unsigned int event,
			    uint64_t *count)
{
	const struct forward_counts *counts = counts_of(forward, hart);

	if (!counts || event >= FORWARD_PLATFORM_EVENTS)
		return false;
	*count = event == FORWARD_HALTS ? load_count(&counts->halts)
					: sum_exits(counts, platform_causes[event]);
	return true;
}
