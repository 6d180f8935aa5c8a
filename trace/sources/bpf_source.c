/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/bpf_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/bpf.h"
#include "base/clock.h"
#include "base/host.h"
#include "base/way_out.h"
#include "trace/exits/exit_fold.h"
#include "trace/sources/asleep.h"
#include "trace/sources/bpf_programs.h"
#include "trace/sources/ring_room.h"

/* linux/proc_ns.h: PROC_PID_INIT_INO */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCu

struct bpf_source {
	struct exit_rules rules;
	struct bpf_programs programs;
	const struct place *place;	   /* where the programs are attached, or would have been */
	struct exit_counts *vcpus;	   /* rules.vcpus of them */
	struct exit_ring *rings;	   /* NULL: nothing is traced */
	const struct exit_record *records; /* rules.ring for each vCPU */
	const struct exit_text *texts;	   /* of the records; NULL: theirs are enough */
	const struct exit_stack *stacks;   /* of the records; NULL: they are not kept */
	const struct stack_piece *pieces;  /* of the stacks: rules.pieces for each vCPU */
	const struct exit_task *tasks;	   /* of the records; NULL: they are not kept */
	size_t vcpus_size, rings_size, records_size, texts_size, stacks_size, pieces_size,
		tasks_size;
};

/* Where programs can be attached, best first. */
static const struct place {
	enum bpf_programs_at at;
	enum collector_tier tier;
	const char *way;
} places[] = {
	{PROGRAMS_AT_LCOFI, TIER_FUNCTIONS, "BPF at tracepoints and functions, those of LCOFI too"},
	{PROGRAMS_AT_FUNCTIONS, TIER_FUNCTIONS, "BPF at tracepoints and functions"},
	{PROGRAMS_AT_TRACEPOINTS, TIER_TRACEPOINTS, "BPF at tracepoints"},
};

/* ---- memory that the programs share ---- */

static void *map(int fd, size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool map_rings(struct bpf_source *source)
{
	const struct exit_rules *rules = &source->rules;

	size_t records = (size_t)rules->vcpus * rules->ring;

	if (!exit_rules_use_rings(rules))
		return true;
	source->rings_size = rules->vcpus * sizeof(*source->rings);
	source->records_size = records * sizeof(*source->records);
	source->rings = map(source->programs.rings, source->rings_size, PROT_READ | PROT_WRITE);
	source->records = map(source->programs.records, source->records_size, PROT_READ);
	if (exit_rules_long_text(rules)) {
		source->texts_size = records * sizeof(*source->texts);
		source->texts = map(source->programs.texts, source->texts_size, PROT_READ);
		if (!source->texts)
			return false;
	}
	if (rules->stacks) {
		source->stacks_size = records * sizeof(*source->stacks);
		source->stacks = map(source->programs.stacks, source->stacks_size, PROT_READ);
		source->pieces_size =
			(size_t)rules->vcpus * rules->pieces * sizeof(*source->pieces);
		source->pieces = map(source->programs.pieces, source->pieces_size, PROT_READ);
		if (!source->stacks || !source->pieces)
			return false;
	}
	if (rules->tasks) {
		source->tasks_size = records * sizeof(*source->tasks);
		source->tasks = map(source->programs.tasks, source->tasks_size, PROT_READ);
		if (!source->tasks)
			return false;
	}
	return source->rings && source->records;
}

static void unmap(const void *memory, size_t size)
{
	if (memory)
		munmap((void *)(uintptr_t)memory, size);
}

static void unmap_all(struct bpf_source *source)
{
	unmap(source->vcpus, source->vcpus_size);
	unmap(source->rings, source->rings_size);
	unmap(source->records, source->records_size);
	unmap(source->texts, source->texts_size);
	unmap(source->stacks, source->stacks_size);
	unmap(source->pieces, source->pieces_size);
	unmap(source->tasks, source->tasks_size);
	source->vcpus = NULL;
	source->rings = NULL;
	source->records = NULL;
	source->texts = NULL;
	source->stacks = NULL;
	source->pieces = NULL;
	source->tasks = NULL;
}

static long map_call(enum bpf_cmd command, int fd, const void *key, void *value)
{
	union bpf_attr attr = {.map_fd = (uint32_t)fd,
			       .key = (uint64_t)(uintptr_t)key,
			       .value = (uint64_t)(uintptr_t)value};

	return syscall(__NR_bpf, command, &attr, sizeof(attr));
}

/* A vCPU that no event tells of yet: its row is there, and its thread is known. */
static void add_asleep(struct bpf_source *source, uint32_t tgid, const struct asleep_vcpu *asleep,
		       uint64_t now)
{
	uint32_t index = *source->programs.vcpu_count;
	const struct known_name name = {.tgid = tgid, .vcpu_id = asleep->vcpu_id};
	struct runner runner = {.tid = asleep->tid, .index = index, .watched = 1};
	struct exit_vcpu *vcpu;

	if (index >= source->rules.vcpus ||
	    map_call(BPF_MAP_UPDATE_ELEM, source->programs.known, &name, &index) < 0)
		return;
	*source->programs.vcpu_count = index + 1;
	vcpu = &source->vcpus[index].vcpu;
	vcpu->tgid = tgid;
	fold_vcpu_asleep(vcpu, asleep->vcpu_id, asleep->tid, asleep->state, asleep->since, now);
	vcpu->pc = asleep->pc;
	vcpu->apart = source->rules.apart;
	/* In a PID namespace of its own this process does not know what the programs call it. */
	if (source->rules.pid_namespace_inode == FIRST_PID_NAMESPACE)
		map_call(BPF_MAP_UPDATE_ELEM, source->programs.runners, &asleep->tid, &runner);
}

static void add_asleep_of(void *opaque, pid_t pid, const struct asleep_vcpu *asleep)
{
	add_asleep(opaque, (uint32_t)pid, asleep, clock_now());
}

/* The programs are loaded: those vCPUs that sleep, and then all that follows. */
static int begin_counting(struct bpf_source *source)
{
	int result = -EIO;

	source->vcpus_size = source->rules.vcpus * sizeof(*source->vcpus);
	source->programs.step = "mapping what they count";
	errno = ENOMEM;
	source->vcpus = map(source->programs.vcpus, source->vcpus_size, PROT_READ | PROT_WRITE);
	if (source->vcpus && map_rings(source)) {
		asleep_each((pid_t)source->rules.tgid, add_asleep_of, source);
		result = bpf_programs_attach(&source->programs);
	} else {
		result = -errno;
	}
	if (result == 0)
		return 0;
	unmap_all(source);
	bpf_programs_unload(&source->programs);
	return result;
}

/* The programs give process ids as this process sees them. */
static void name_pid_namespace(struct exit_rules *rules)
{
	struct stat status;

	if (stat("/proc/self/ns/pid", &status) < 0)
		return;
	rules->pid_namespace_device = status.st_dev;
	rules->pid_namespace_inode = status.st_ino;
}

static void make_rings(struct exit_rules *rules, uint64_t buffer)
{
	struct ring_room room = {1, 1};

	if (exit_rules_use_rings(rules))
		room = ring_room(&(struct ring_wish){.buffer = buffer,
						     .host_memory = host_memory(),
						     .vcpus = rules->vcpus,
						     .long_text = exit_rules_long_text(rules),
						     .stacks = rules->stacks,
						     .tasks = rules->tasks});
	rules->ring = room.records;
	rules->pieces = room.pieces;
}

/* ---- beginning ---- */

static int load(void *opaque)
{
	struct bpf_source *source = opaque;
	int result = bpf_programs_load(&source->programs, source->place->at, &source->rules);

	return result < 0 ? result : begin_counting(source);
}

/* 0, or -errno of the last place that was tried. */
static int load_best(struct bpf_source *source, enum collector_tier tier)
{
	bool lcofi = source->rules.lcofi;
	int result = -ENOTSUP;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if ((tier != TIER_BEST && tier != places[i].tier) ||
		    (places[i].at == PROGRAMS_AT_LCOFI && !lcofi))
			continue;
		source->place = &places[i];
		source->rules.lcofi = places[i].at == PROGRAMS_AT_LCOFI;
		result = bpf_load_patiently(load, source);
		if (result == 0 || result == -EPERM)
			break;
	}
	return result;
}

static void refuse(struct collector_refusal *refusal, const struct bpf_source *source, int reason)
{
	snprintf(refusal->why, sizeof(refusal->why), "%s BPF programs: %s",
		 source->programs.step ? source->programs.step : "loading", strerror(reason));
	snprintf(refusal->way_out, sizeof(refusal->way_out), "%s", way_out(WAY_OUT_BPF, reason));
}

struct bpf_source *bpf_source_open(const struct collector_options *options,
				   struct collector_refusal *refusal)
{
	struct bpf_source *source = calloc(1, sizeof(*source));
	int result;

	if (!source) {
		*refusal = (struct collector_refusal){"no memory", "end other programs"};
		return NULL;
	}
	source->rules = (struct exit_rules){
		.tgid = (uint32_t)options->pid,
		.key = options->key,
		.vcpus = options->vcpus,
		.traced = options->traced,
		.text = options->text,
		.lcofi = options->lcofi,
		.sampled = options->sampled,
		.stacks = options->stacks,
		.tasks = options->tasks,
		.apart = options->key != KEY_NONE || options->traced || options->sampled,
	};
	make_rings(&source->rules, options->buffer);
	name_pid_namespace(&source->rules);
	result = load_best(source, options->tier);
	if (result == 0)
		return source;
	refuse(refusal, source, -result);
	free(source);
	return NULL;
}

const char *bpf_source_way(const struct bpf_source *source)
{
	return source->place->way;
}

struct exit_counts *bpf_source_counts(const struct bpf_source *source)
{
	return source->vcpus;
}

int bpf_source_sampling_program(const struct bpf_source *source)
{
	return source->programs.sampling;
}

/* ---- as a source ---- */

static void close_source(void *opaque)
{
	struct bpf_source *source = opaque;

	unmap_all(source);
	bpf_programs_unload(&source->programs);
	free(source);
}

static uint32_t seen(const void *opaque)
{
	const struct bpf_source *source = opaque;

	return __atomic_load_n(source->programs.vcpu_count, __ATOMIC_ACQUIRE);
}

static uint64_t keys_lost(const void *opaque)
{
	const struct bpf_source *source = opaque;

	return __atomic_load_n(source->programs.keys_lost, __ATOMIC_RELAXED);
}

static uint64_t missed(const void *opaque)
{
	const struct bpf_source *source = opaque;
	uint64_t missed = 0;

	for (unsigned int i = 0; i < source->programs.loaded.link_count; i++)
		missed += bpf_program_missed(source->programs.attached[i]);
	return missed;
}

static bool each_key(const void *opaque, exit_key_function *each, void *each_opaque)
{
	const struct bpf_source *source = opaque;
	struct exit_key_name name, next;
	const struct exit_key_name *at = NULL;
	struct exit_times times;

	while (map_call(BPF_MAP_GET_NEXT_KEY, source->programs.keyed, at, &next) == 0) {
		name = next;
		at = &name;
		if (map_call(BPF_MAP_LOOKUP_ELEM, source->programs.keyed, &name, &times) == 0 &&
		    !each(each_opaque, &name, &times))
			return false;
	}
	return true;
}

const struct exit_source bpf_source_ops = {
	.lacks = "",
	.close = close_source,
	.seen = seen,
	.keys_lost = keys_lost,
	.missed = missed,
	.each_key = each_key,
};

/* ---- exits one by one ---- */

/* Which of all records is number AT of vCPU INDEX. */
static size_t place_of(const struct bpf_source *source, uint32_t index, uint64_t at)
{
	return (size_t)index * source->rules.ring + at % source->rules.ring;
}

bool bpf_source_peek(const struct bpf_source *source, uint32_t index, struct exit_record *record,
		     const uint8_t **text)
{
	if (!source->rings || index >= source->rules.vcpus)
		return false;
	const struct exit_ring *ring = &source->rings[index];
	size_t place = place_of(source, index, ring->tail);

	if (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == ring->tail)
		return false;
	*record = source->records[place];
	*text = source->texts ? source->texts[place].bytes : NULL;
	return true;
}

const struct exit_stack *bpf_source_stack(const struct bpf_source *source, uint32_t index)
{
	const struct exit_stack *stack;

	if (!source->stacks || index >= source->rules.vcpus)
		return NULL;
	stack = &source->stacks[place_of(source, index, source->rings[index].tail)];
	return stack->pieces && stack->pieces <= STACK_PIECES ? stack : NULL;
}

bool bpf_source_stack_word(const struct bpf_source *source, uint32_t index,
			   const struct exit_stack *stack, uint64_t address, uint64_t *value)
{
	uint64_t offset = address - stack->base, number = stack->first + offset / STACK_PIECE;

	if (offset / STACK_PIECE >= stack->pieces || address % sizeof(*value))
		return false;
	number %= source->rules.pieces;
	*value = source->pieces[(size_t)index * source->rules.pieces + number]
			 .words[offset % STACK_PIECE / sizeof(*value)];
	return true;
}

struct task_places *bpf_source_task_places(const struct bpf_source *source)
{
	return source->tasks ? source->programs.task_places : NULL;
}

const struct exit_task *bpf_source_task(const struct bpf_source *source, uint32_t index)
{
	const struct exit_task *task;

	if (!source->tasks || index >= source->rules.vcpus)
		return NULL;
	task = &source->tasks[place_of(source, index, source->rings[index].tail)];
	return task->address ? task : NULL;
}

void bpf_source_take(struct bpf_source *source, uint32_t index)
{
	struct exit_ring *ring = &source->rings[index];
	const struct exit_stack *stack =
		source->stacks ? &source->stacks[place_of(source, index, ring->tail)] : NULL;

	if (stack)
		__atomic_store_n(&ring->pieces_tail, stack->first + stack->pieces,
				 __ATOMIC_RELEASE);
	__atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
}

uint64_t bpf_source_look_after(const struct bpf_source *source, uint64_t before)
{
	uint64_t waiting = 0;

	for (uint32_t i = 0; source->rings && i < source->rules.vcpus; i++) {
		const struct exit_ring *ring = &source->rings[i];
		uint64_t here = __atomic_load_n(&ring->head, __ATOMIC_RELAXED) - ring->tail;

		if (here > waiting)
			waiting = here;
	}
	return ring_look_after(before, waiting, source->rules.ring);
}

bool bpf_source_may_turn_out(const struct bpf_source *source, const struct exit_vcpu *vcpu)
{
	return exit_may_turn_out(&source->rules, vcpu);
}

bool bpf_source_open_exit(const struct bpf_source *source, uint32_t index,
			  const struct exit_vcpu *vcpu, struct exit_record *record)
{
	if (!source->rings)
		return false;
	const struct exit_ring *ring = &source->rings[index];
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);

	*record = source->records[place_of(source, index, head)];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* It is this exit's, and it was whole all the time. */
	if (ring->open != 1 || __atomic_load_n(&ring->head, __ATOMIC_RELAXED) != head ||
	    record->exited != vcpu->exited ||
	    !(source->rules.traced & exit_class((uint32_t)vcpu->row)))
		return false;
	record->row = (uint32_t)vcpu->row;
	record->to_vmm = vcpu->open == EXIT_DETOUR ? (uint32_t)vcpu->to_vmm : 0;
	record->ns = vcpu->since - vcpu->exited;
	return true;
}

uint64_t bpf_source_records_lost(const struct bpf_source *source, uint32_t index)
{
	if (!source->rings || index >= source->rules.vcpus)
		return 0;
	return __atomic_load_n(&source->rings[index].lost, __ATOMIC_RELAXED);
}
