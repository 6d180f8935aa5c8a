/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/bpf_programs.h"

#include <errno.h>

#include "trace/bpf/exits_fentry.skel.h"
#include "trace/bpf/exits_lcofi.skel.h"
#include "trace/bpf/exits_tracepoint.skel.h"

SKELETON_CLASS(exits_fentry);
SKELETON_CLASS(exits_lcofi);
SKELETON_CLASS(exits_tracepoint);

/* Where in a skeleton of its kind things are. */
struct kind {
	const struct skeleton_class *class;
	size_t rodata, rules; /* the pointer, and what is behind it */
	size_t bss, keys_lost, vcpu_count, task_places;
	size_t vcpus, known, runners, keyed, rings, records, texts, stacks, pieces, tasks;
	size_t sampling;
	size_t attached[SKELETON_LINKS]; /* in this order: the last begins it all */
};

#define KIND(type, ...)                                                                            \
	{                                                                                          \
		.class = &type##_class,                                                            \
		.rodata = offsetof(struct type, rodata),                                           \
		.rules = offsetof(struct type##__rodata, rules),                                   \
		.bss = offsetof(struct type, bss),                                                 \
		.keys_lost = offsetof(struct type##__bss, keys_lost),                              \
		.vcpu_count = offsetof(struct type##__bss, vcpu_count),                            \
		.task_places = offsetof(struct type##__bss, task_places),                          \
		.vcpus = SKELETON_MAP(type, vcpus),                                                \
		.known = SKELETON_MAP(type, known),                                                \
		.runners = SKELETON_MAP(type, runners),                                            \
		.keyed = SKELETON_MAP(type, keyed),                                                \
		.rings = SKELETON_MAP(type, rings),                                                \
		.records = SKELETON_MAP(type, records),                                            \
		.texts = SKELETON_MAP(type, texts),                                                \
		.stacks = SKELETON_MAP(type, stacks),                                              \
		.pieces = SKELETON_MAP(type, pieces),                                              \
		.tasks = SKELETON_MAP(type, tasks),                                                \
		.sampling = SKELETON_PROGRAM(type, on_overflow),                                   \
		.attached = {__VA_ARGS__},                                                         \
	}
#define TRACEPOINTS(type)                                                                          \
	SKELETON_PROGRAM(type, on_switch), SKELETON_PROGRAM(type, on_wakeup),                      \
		SKELETON_PROGRAM(type, on_userspace), SKELETON_PROGRAM(type, on_exit),             \
		SKELETON_PROGRAM(type, on_entry)
#define FUNCTIONS(type)                                                                            \
	SKELETON_PROGRAM(type, on_run), SKELETON_PROGRAM(type, on_mmio_load),                      \
		SKELETON_PROGRAM(type, on_mmio_store), TRACEPOINTS(type)

static const struct kind kinds[] = {
	[PROGRAMS_AT_LCOFI] =
		KIND(exits_lcofi, SKELETON_PROGRAM(exits_lcofi, on_irq),
		     SKELETON_PROGRAM(exits_lcofi, on_inject),
		     SKELETON_PROGRAM(exits_lcofi, on_set_reg), FUNCTIONS(exits_lcofi)),
	[PROGRAMS_AT_FUNCTIONS] = KIND(exits_fentry, FUNCTIONS(exits_fentry)),
	[PROGRAMS_AT_TRACEPOINTS] = KIND(exits_tracepoint, TRACEPOINTS(exits_tracepoint)),
};

static struct bpf_map_desc *map_at(const struct bpf_programs *programs, size_t offset)
{
	return skeleton_at(programs->loaded.skeleton, offset);
}

static void make_room(const struct bpf_programs *programs, const struct kind *kind,
		      const struct exit_rules *rules)
{
	uint32_t traced = exit_rules_use_rings(rules) ? rules->vcpus : 1;
	uint32_t records = traced * rules->ring;

	map_at(programs, kind->vcpus)->max_entries = rules->vcpus;
	/* Each by its VM, and by its number alone. */
	map_at(programs, kind->known)->max_entries = 2 * rules->vcpus;
	map_at(programs, kind->keyed)->max_entries = rules->key == KEY_NONE ? 1 : BPF_PROGRAMS_KEYS;
	map_at(programs, kind->rings)->max_entries = traced;
	map_at(programs, kind->records)->max_entries = records;
	map_at(programs, kind->texts)->max_entries = exit_rules_long_text(rules) ? records : 1;
	map_at(programs, kind->stacks)->max_entries = rules->stacks ? records : 1;
	map_at(programs, kind->pieces)->max_entries = rules->stacks ? traced * rules->pieces : 1;
	map_at(programs, kind->tasks)->max_entries = rules->tasks ? records : 1;
}

static void keep_maps(struct bpf_programs *programs, const struct kind *kind)
{
	programs->vcpus = map_at(programs, kind->vcpus)->map_fd;
	programs->known = map_at(programs, kind->known)->map_fd;
	programs->runners = map_at(programs, kind->runners)->map_fd;
	programs->keyed = map_at(programs, kind->keyed)->map_fd;
	programs->rings = map_at(programs, kind->rings)->map_fd;
	programs->records = map_at(programs, kind->records)->map_fd;
	programs->texts = map_at(programs, kind->texts)->map_fd;
	programs->stacks = map_at(programs, kind->stacks)->map_fd;
	programs->pieces = map_at(programs, kind->pieces)->map_fd;
	programs->tasks = map_at(programs, kind->tasks)->map_fd;
}

/* It is loaded: only now is its bss the memory that the programs see. */
static void keep(struct bpf_programs *programs, const struct kind *kind)
{
	void *bss = *(void **)skeleton_at(programs->loaded.skeleton, kind->bss);

	keep_maps(programs, kind);
	programs->keys_lost = skeleton_at(bss, kind->keys_lost);
	programs->vcpu_count = skeleton_at(bss, kind->vcpu_count);
	programs->task_places = skeleton_at(bss, kind->task_places);
	programs->sampling = skeleton_program(programs->loaded.skeleton, kind->sampling);
	while (programs->program_count < SKELETON_LINKS &&
	       kind->attached[programs->program_count]) {
		programs->attached[programs->program_count] = skeleton_program(
			programs->loaded.skeleton, kind->attached[programs->program_count]);
		programs->program_count++;
	}
}

int bpf_programs_load(struct bpf_programs *programs, enum bpf_programs_at at,
		      const struct exit_rules *rules)
{
	const struct kind *kind = &kinds[at];
	int result;

	*programs = (struct bpf_programs){
		.step = "loading",
		.loaded = {.class = kind->class, .skeleton = kind->class->open()}};
	if (!programs->loaded.skeleton)
		return -ENOMEM;
	*(struct exit_rules *)skeleton_at(
		*(void **)skeleton_at(programs->loaded.skeleton, kind->rodata), kind->rules) =
		*rules;
	make_room(programs, kind, rules);
	result = kind->class->load(programs->loaded.skeleton);
	if (result == 0)
		keep(programs, kind);
	else
		bpf_programs_unload(programs);
	return result;
}

int bpf_programs_attach(struct bpf_programs *programs)
{
	int result = 0;

	programs->step = "attaching";
	for (unsigned int i = 0; i < programs->program_count && result == 0; i++)
		result = skeleton_attach(&programs->loaded, programs->attached[i]);
	return result;
}

void bpf_programs_unload(struct bpf_programs *programs)
{
	skeleton_unload(&programs->loaded);
}
