/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the programs that bring calls and counter reads, and those that count. */
#include <errno.h>

#include "vmm/forward/forward_programs.h"

/* Generated; they need what is above. */
#include "vmm/forward/forward_calls_fentry.skel.h"
#include "vmm/forward/forward_calls_tracepoint.skel.h"
#include "vmm/forward/forward_counts_fentry.skel.h"
#include "vmm/forward/forward_counts_tracepoint.skel.h"

SKELETON_CLASS(calls_fentry);
SKELETON_CLASS(calls_tracepoint);
SKELETON_CLASS(counts_fentry);
SKELETON_CLASS(counts_tracepoint);

/* Where in a skeleton of its kind things are. */
struct kind {
	const struct skeleton_class *class;
	size_t rodata; /* the pointer; behind it: */
	bool has_rules;
	size_t rules, number; /* of the signal, or how many harts there are */
	size_t machine;
	size_t map;
	size_t setup, first, second;
	bool on_functions, may_be_late;
};

#define CALLS(type)                                                                                \
	.class = &type##_class, .rodata = offsetof(struct type, rodata), .has_rules = true,        \
	.rules = offsetof(struct type##__rodata, rules),                                           \
	.number = offsetof(struct type##__rodata, signal_number),                                  \
	.machine = offsetof(struct type##__rodata, own_machine), .map = SKELETON_MAP(type, slots), \
	.setup = SKELETON_PROGRAM(type, who_am_i)
#define COUNTS(type)                                                                               \
	.class = &type##_class, .rodata = offsetof(struct type, rodata),                           \
	.number = offsetof(struct type##__rodata, hart_count),                                     \
	.machine = offsetof(struct type##__rodata, own_machine),                                   \
	.map = SKELETON_MAP(type, counts), .setup = SKELETON_PROGRAM(type, who_am_i)

static const struct kind kinds[] = {
	[FORWARD_CALLS_AT_FUNCTIONS] = {CALLS(calls_fentry),
					.first = SKELETON_PROGRAM(calls_fentry, on_ecall),
					.second = SKELETON_PROGRAM(calls_fentry, on_instruction),
					.on_functions = true},
	[FORWARD_CALLS_AT_TRACEPOINTS] = {CALLS(calls_tracepoint),
					  .first = SKELETON_PROGRAM(calls_tracepoint, on_entry),
					  .second = SKELETON_PROGRAM(calls_tracepoint, on_exit),
					  .may_be_late = true},
	[FORWARD_COUNTS_AT_FUNCTIONS] = {COUNTS(counts_fentry),
					 .first = SKELETON_PROGRAM(counts_fentry, on_exit),
					 .second = SKELETON_PROGRAM(counts_fentry, on_wfi),
					 .on_functions = true},
	[FORWARD_COUNTS_AT_TRACEPOINTS] = {COUNTS(counts_tracepoint),
					   .first = SKELETON_PROGRAM(counts_tracepoint, on_entry),
					   .second = SKELETON_PROGRAM(counts_tracepoint, on_exit)},
};

/* At functions each of the two has one purpose, and is left out where that is not wanted. */
static bool wants_first(const struct kind *kind, const struct forward_rules *rules)
{
	return !kind->has_rules || !kind->on_functions || rules->count || rules->mend_restart ||
	       rules->hart_stops;
}

static bool wants_second(const struct kind *kind, const struct forward_rules *rules)
{
	return !kind->has_rules || !kind->on_functions || rules->counter_reads;
}

static void configure(void *skeleton, const struct kind *kind, const struct forward_rules *rules,
		      const struct forward_target *target)
{
	void *rodata = *(void **)skeleton_at(skeleton, kind->rodata);
	struct bpf_map_desc *map = skeleton_at(skeleton, kind->map);

	if (kind->has_rules)
		*(struct forward_rules *)skeleton_at(rodata, kind->rules) = *rules;
	*(uint64_t *)skeleton_at(rodata, kind->machine) = target->machine;
	*(uint32_t *)skeleton_at(rodata, kind->number) =
		kind->has_rules ? target->signal_number : target->harts;
	map->max_entries = target->harts;
}

int forward_load(struct forward_programs *programs, enum forward_object object,
		 const struct forward_rules *rules, const struct forward_target *target)
{
	const struct kind *kind = &kinds[object];
	void *skeleton = kind->class->open();
	int result;

	*programs = (struct forward_programs){.step = "loading",
					      .loaded = {kind->class, skeleton, {0}, 0},
					      .on_functions = kind->on_functions,
					      .may_be_late = kind->may_be_late};
	if (!skeleton)
		return -ENOMEM;
	configure(skeleton, kind, rules, target);
	result = kind->class->load(skeleton);
	return forward_begin(
		programs, result,
		((const struct bpf_map_desc *)skeleton_at(skeleton, kind->map))->map_fd,
		skeleton_program(skeleton, kind->setup),
		wants_first(kind, rules) ? skeleton_program(skeleton, kind->first) : -1,
		wants_second(kind, rules) ? skeleton_program(skeleton, kind->second) : -1);
}
