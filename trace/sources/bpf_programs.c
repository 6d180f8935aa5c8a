/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/bpf_programs.h"

#include <errno.h>
#include <unistd.h>

#include "base/bpf.h"

/* Generated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "trace/bpf/exits_fentry.skel.h"
#include "trace/bpf/exits_lcofi.skel.h"
#include "trace/bpf/exits_tracepoint.skel.h"
#pragma GCC diagnostic pop

void collector_unload(struct collector_programs *programs)
{
	for (unsigned int i = 0; i < programs->link_count; i++)
		close(programs->links[i]);
	programs->link_count = 0;
	if (programs->skeleton)
		programs->destroy(programs->skeleton);
	programs->skeleton = NULL;
}

/* The maps, by their names: the same in both skeletons, at different places. */
struct maps {
	struct bpf_map_desc *vcpus, *known, *runners, *keyed, *rings, *records, *texts, *stacks,
		*pieces;
};

/* Of a skeleton of whichever kind. */
#define MAPS_OF(skeleton)                                                                          \
	{                                                                                          \
		.vcpus = &(skeleton)->maps.vcpus,                                                  \
		.known = &(skeleton)->maps.known,                                                  \
		.runners = &(skeleton)->maps.runners,                                              \
		.keyed = &(skeleton)->maps.keyed,                                                  \
		.rings = &(skeleton)->maps.rings,                                                  \
		.records = &(skeleton)->maps.records,                                              \
		.texts = &(skeleton)->maps.texts,                                                  \
		.stacks = &(skeleton)->maps.stacks,                                                \
		.pieces = &(skeleton)->maps.pieces,                                                \
	}

static void make_room(const struct exit_rules *rules, const struct maps *maps)
{
	uint32_t traced = exit_rules_use_rings(rules) ? rules->vcpus : 1;

	maps->vcpus->max_entries = rules->vcpus;
	/* Each by its VM, and by its number alone. */
	maps->known->max_entries = 2 * rules->vcpus;
	maps->keyed->max_entries = rules->key == KEY_NONE ? 1 : COLLECTOR_KEYS;
	maps->rings->max_entries = traced;
	maps->records->max_entries = traced * rules->ring;
	maps->texts->max_entries = exit_rules_long_text(rules) ? traced * rules->ring : 1;
	maps->stacks->max_entries = rules->stacks ? traced * rules->ring : 1;
	maps->pieces->max_entries = rules->stacks ? traced * rules->pieces : 1;
}

static void keep_maps(struct collector_programs *programs, const struct maps *maps)
{
	programs->vcpus = maps->vcpus->map_fd;
	programs->known = maps->known->map_fd;
	programs->runners = maps->runners->map_fd;
	programs->keyed = maps->keyed->map_fd;
	programs->rings = maps->rings->map_fd;
	programs->records = maps->records->map_fd;
	programs->texts = maps->texts->map_fd;
	programs->stacks = maps->stacks->map_fd;
	programs->pieces = maps->pieces->map_fd;
}

/* The skeleton was loaded with RESULT. WHICH are to be attached in this order: the last begins it
 * all. */
static int keep(struct collector_programs *programs, int result, const int *which,
		unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		programs->attached[i] = which[i];
	programs->program_count = count;
	if (result < 0)
		collector_unload(programs);
	return result;
}

int collector_attach(struct collector_programs *programs)
{
	programs->step = "attaching";
	while (programs->link_count < programs->program_count) {
		int link = bpf_attach(programs->attached[programs->link_count]);

		if (link < 0)
			return link;
		programs->links[programs->link_count++] = link;
	}
	return 0;
}

/* ---- at tracepoints and functions ---- */

static void destroy_fentry(void *skeleton)
{
	exits_fentry__destroy(skeleton);
}

int collector_load_fentry(struct collector_programs *programs, const struct exit_rules *rules)
{
	struct exits_fentry *skeleton = exits_fentry__open();
	int result;

	*programs = (struct collector_programs){
		.step = "loading", .skeleton = skeleton, .destroy = destroy_fentry};
	if (!skeleton)
		return -ENOMEM;
	const struct maps maps = MAPS_OF(skeleton);
	skeleton->rodata->rules = *rules;
	make_room(rules, &maps);
	result = exits_fentry__load(skeleton);
	keep_maps(programs, &maps);
	if (result == 0) {
		/* Only now is it the memory that the programs see. */
		programs->keys_lost = (uint64_t *)&skeleton->bss->keys_lost;
		programs->vcpu_count = &skeleton->bss->vcpu_count;
		programs->sampling = skeleton->progs.on_overflow.prog_fd;
	}
	const int which[] = {
		skeleton->progs.on_run.prog_fd,	       skeleton->progs.on_mmio_load.prog_fd,
		skeleton->progs.on_mmio_store.prog_fd, skeleton->progs.on_switch.prog_fd,
		skeleton->progs.on_wakeup.prog_fd,     skeleton->progs.on_userspace.prog_fd,
		skeleton->progs.on_exit.prog_fd,       skeleton->progs.on_entry.prog_fd,
	};
	return keep(programs, result, which, sizeof(which) / sizeof(which[0]));
}

/* ---- and at those that a sample passes ---- */

static void destroy_lcofi(void *skeleton)
{
	exits_lcofi__destroy(skeleton);
}

int collector_load_lcofi(struct collector_programs *programs, const struct exit_rules *rules)
{
	struct exits_lcofi *skeleton = exits_lcofi__open();
	int result;

	*programs = (struct collector_programs){
		.step = "loading", .skeleton = skeleton, .destroy = destroy_lcofi};
	if (!skeleton)
		return -ENOMEM;
	const struct maps maps = MAPS_OF(skeleton);
	skeleton->rodata->rules = *rules;
	make_room(rules, &maps);
	result = exits_lcofi__load(skeleton);
	keep_maps(programs, &maps);
	if (result == 0) {
		/* Only now is it the memory that the programs see. */
		programs->keys_lost = (uint64_t *)&skeleton->bss->keys_lost;
		programs->vcpu_count = &skeleton->bss->vcpu_count;
		programs->sampling = skeleton->progs.on_overflow.prog_fd;
	}
	const int which[] = {
		skeleton->progs.on_irq.prog_fd,	      skeleton->progs.on_inject.prog_fd,
		skeleton->progs.on_set_reg.prog_fd,   skeleton->progs.on_run.prog_fd,
		skeleton->progs.on_mmio_load.prog_fd, skeleton->progs.on_mmio_store.prog_fd,
		skeleton->progs.on_switch.prog_fd,    skeleton->progs.on_wakeup.prog_fd,
		skeleton->progs.on_userspace.prog_fd, skeleton->progs.on_exit.prog_fd,
		skeleton->progs.on_entry.prog_fd,
	};
	return keep(programs, result, which, sizeof(which) / sizeof(which[0]));
}

/* ---- at tracepoints ---- */

static void destroy_tracepoint(void *skeleton)
{
	exits_tracepoint__destroy(skeleton);
}

int collector_load_tracepoint(struct collector_programs *programs, const struct exit_rules *rules)
{
	struct exits_tracepoint *skeleton = exits_tracepoint__open();
	int result;

	*programs = (struct collector_programs){
		.step = "loading", .skeleton = skeleton, .destroy = destroy_tracepoint};
	if (!skeleton)
		return -ENOMEM;
	const struct maps maps = MAPS_OF(skeleton);
	skeleton->rodata->rules = *rules;
	make_room(rules, &maps);
	result = exits_tracepoint__load(skeleton);
	keep_maps(programs, &maps);
	if (result == 0) {
		/* Only now is it the memory that the programs see. */
		programs->keys_lost = (uint64_t *)&skeleton->bss->keys_lost;
		programs->vcpu_count = &skeleton->bss->vcpu_count;
		programs->sampling = skeleton->progs.on_overflow.prog_fd;
	}
	const int which[] = {
		skeleton->progs.on_switch.prog_fd,    skeleton->progs.on_wakeup.prog_fd,
		skeleton->progs.on_userspace.prog_fd, skeleton->progs.on_exit.prog_fd,
		skeleton->progs.on_entry.prog_fd,
	};
	return keep(programs, result, which, sizeof(which) / sizeof(which[0]));
}
