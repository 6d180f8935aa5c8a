/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits of KVM's vCPUs by BPF programs (trace/bpf/): the counts of each vCPU, and, where that is
 * wanted, exits one by one in a ring for each. One thread.
 */
#ifndef VHART_BPF_SOURCE_H
#define VHART_BPF_SOURCE_H

#include "trace/exits/exit_task.h"
#include "trace/sources/collector_options.h"
#include "trace/sources/exit_source.h"

struct bpf_source;

extern const struct exit_source bpf_source_ops;

/* Watches as OPTIONS say from now on, at TIER or (TIER_BEST) at the best of functions and
 * tracepoints. NULL with REFUSAL filled. */
struct bpf_source *bpf_source_open(const struct collector_options *options,
				   struct collector_refusal *refusal);

/* "BPF at tracepoints". */
const char *bpf_source_way(const struct bpf_source *source);
/* Of as many vCPUs as OPTIONS have room for. */
struct exit_counts *bpf_source_counts(const struct bpf_source *source);
int bpf_source_sampling_program(const struct bpf_source *source);

/* collector_peek() and the others that collector.h says more of. */
bool bpf_source_peek(const struct bpf_source *source, uint32_t index, struct exit_record *record,
		     const uint8_t **text);
const struct exit_stack *bpf_source_stack(const struct bpf_source *source, uint32_t index);
bool bpf_source_stack_word(const struct bpf_source *source, uint32_t index,
			   const struct exit_stack *stack, uint64_t address, uint64_t *value);
const struct exit_task *bpf_source_task(const struct bpf_source *source, uint32_t index);
struct task_places *bpf_source_task_places(const struct bpf_source *source);
void bpf_source_take(struct bpf_source *source, uint32_t index);
uint64_t bpf_source_look_after(const struct bpf_source *source, uint64_t before);
/* exit_may_turn_out(). */
bool bpf_source_may_turn_out(const struct bpf_source *source, const struct exit_vcpu *vcpu);
/* VCPU is a copy of vCPU INDEX, with an exit open. */
bool bpf_source_open_exit(const struct bpf_source *source, uint32_t index,
			  const struct exit_vcpu *vcpu, struct exit_record *record);
uint64_t bpf_source_records_lost(const struct bpf_source *source, uint32_t index);

#endif
