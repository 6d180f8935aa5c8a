/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/collector.h"

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
#include "base/log.h"
#include "base/options.h"
#include "base/way_out.h"
#include "trace/exits/exit_copy.h"
#include "trace/exits/exit_fold.h"
#include "trace/sources/asleep.h"
#include "trace/sources/bpf_programs.h"
#include "trace/sources/log_source.h"
#include "trace/sources/perf_source.h"
#include "trace/sources/ring_room.h"

/* linux/proc_ns.h: PROC_PID_INIT_INO */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCu

struct collector {
	struct exit_rules rules;
	struct collector_programs programs;
	struct log_source *log;	  /* instead of programs */
	struct perf_source *perf; /* the same */
	const char *way;
	struct exit_counts *vcpus;	   /* rules.vcpus of them */
	struct exit_ring *rings;	   /* NULL: nothing is traced */
	const struct exit_record *records; /* rules.ring for each vCPU */
	const struct exit_text *texts;	   /* of the records; NULL: theirs are enough */
	const struct exit_stack *stacks;   /* of the records; NULL: they are not kept */
	const struct stack_piece *pieces;  /* of the stacks: rules.pieces for each vCPU */
	uint32_t *patience; /* with those who write while one reads; until the next look */
	size_t vcpus_size, rings_size, records_size, texts_size, stacks_size, pieces_size;
};

static void *map(int fd, size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool map_rings(struct collector *collector)
{
	const struct exit_rules *rules = &collector->rules;

	size_t records = (size_t)rules->vcpus * rules->ring;

	if (!exit_rules_use_rings(rules))
		return true;
	collector->rings_size = rules->vcpus * sizeof(*collector->rings);
	collector->records_size = records * sizeof(*collector->records);
	collector->rings =
		map(collector->programs.rings, collector->rings_size, PROT_READ | PROT_WRITE);
	collector->records = map(collector->programs.records, collector->records_size, PROT_READ);
	if (exit_rules_long_text(rules)) {
		collector->texts_size = records * sizeof(*collector->texts);
		collector->texts = map(collector->programs.texts, collector->texts_size, PROT_READ);
		if (!collector->texts)
			return false;
	}
	if (rules->stacks) {
		collector->stacks_size = records * sizeof(*collector->stacks);
		collector->stacks =
			map(collector->programs.stacks, collector->stacks_size, PROT_READ);
		collector->pieces_size =
			(size_t)rules->vcpus * rules->pieces * sizeof(*collector->pieces);
		collector->pieces =
			map(collector->programs.pieces, collector->pieces_size, PROT_READ);
		if (!collector->stacks || !collector->pieces)
			return false;
	}
	return collector->rings && collector->records;
}

static void unmap(const void *memory, size_t size)
{
	if (memory)
		munmap((void *)(uintptr_t)memory, size);
}

static void unmap_all(struct collector *collector)
{
	unmap(collector->vcpus, collector->vcpus_size);
	unmap(collector->rings, collector->rings_size);
	unmap(collector->records, collector->records_size);
	unmap(collector->texts, collector->texts_size);
	unmap(collector->stacks, collector->stacks_size);
	unmap(collector->pieces, collector->pieces_size);
	collector->vcpus = NULL;
	collector->rings = NULL;
	collector->records = NULL;
	collector->texts = NULL;
	collector->stacks = NULL;
	collector->pieces = NULL;
}

static long map_call(enum bpf_cmd command, int fd, const void *key, void *value)
{
	union bpf_attr attr = {.map_fd = (uint32_t)fd,
			       .key = (uint64_t)(uintptr_t)key,
			       .value = (uint64_t)(uintptr_t)value};

	return syscall(__NR_bpf, command, &attr, sizeof(attr));
}

/* A vCPU that no event tells of yet: its row is there, and its thread is known. */
static void add_asleep(struct collector *collector, uint32_t tgid, const struct asleep_vcpu *asleep,
		       uint64_t now)
{
	uint32_t index = *collector->programs.vcpu_count;
	const struct known_name name = {.tgid = tgid, .vcpu_id = asleep->vcpu_id};
	struct runner runner = {.tid = asleep->tid, .index = index, .watched = 1};
	struct exit_vcpu *vcpu;

	if (index >= collector->rules.vcpus ||
	    map_call(BPF_MAP_UPDATE_ELEM, collector->programs.known, &name, &index) < 0)
		return;
	*collector->programs.vcpu_count = index + 1;
	vcpu = &collector->vcpus[index].vcpu;
	vcpu->tgid = tgid;
	fold_vcpu_asleep(vcpu, asleep->vcpu_id, asleep->tid, asleep->state, asleep->since, now);
	vcpu->pc = asleep->pc;
	vcpu->apart = collector->rules.apart;
	/* In a PID namespace of its own this process does not know what the programs call it. */
	if (collector->rules.pid_namespace_inode == FIRST_PID_NAMESPACE)
		map_call(BPF_MAP_UPDATE_ELEM, collector->programs.runners, &asleep->tid, &runner);
}

static void add_asleep_of(void *opaque, pid_t pid, const struct asleep_vcpu *asleep)
{
	add_asleep(opaque, (uint32_t)pid, asleep, clock_now());
}

/* The programs are loaded: those vCPUs that sleep, and then all that follows. */
static int begin_counting(struct collector *collector)
{
	int result = -EIO;

	collector->vcpus_size = collector->rules.vcpus * sizeof(*collector->vcpus);
	collector->programs.step = "mapping what they count";
	errno = ENOMEM;
	collector->vcpus =
		map(collector->programs.vcpus, collector->vcpus_size, PROT_READ | PROT_WRITE);
	if (collector->vcpus && map_rings(collector)) {
		asleep_each((pid_t)collector->rules.tgid, add_asleep_of, collector);
		result = collector_attach(&collector->programs);
	} else {
		result = -errno;
	}
	if (result == 0)
		return 0;
	unmap_all(collector);
	collector_unload(&collector->programs);
	return result;
}

static int load_fentry(void *opaque)
{
	struct collector *collector = opaque;

	int result = collector_load_fentry(&collector->programs, &collector->rules);

	return result < 0 ? result : begin_counting(collector);
}

static int load_lcofi(void *opaque)
{
	struct collector *collector = opaque;

	int result = collector_load_lcofi(&collector->programs, &collector->rules);

	return result < 0 ? result : begin_counting(collector);
}

static int load_tracepoint(void *opaque)
{
	struct collector *collector = opaque;

	int result = collector_load_tracepoint(&collector->programs, &collector->rules);

	return result < 0 ? result : begin_counting(collector);
}

static int load(struct collector *collector, enum collector_tier tier)
{
	int result = -ENOTSUP;

	if (tier != TIER_TRACEPOINTS && collector->rules.lcofi) {
		collector->way = "BPF at tracepoints and functions, those of LCOFI too";
		result = bpf_load_patiently(load_lcofi, collector);
	}
	if (tier != TIER_TRACEPOINTS && result < 0 && result != -EPERM) {
		collector->rules.lcofi = 0;
		collector->way = "BPF at tracepoints and functions";
		result = bpf_load_patiently(load_fentry, collector);
	}
	if (tier != TIER_FUNCTIONS && result < 0 && result != -EPERM) {
		collector->rules.lcofi = 0;
		collector->way = "BPF at tracepoints";
		result = bpf_load_patiently(load_tracepoint, collector);
	}
	if (result == 0)
		collector_next_interval(collector);
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

static uint64_t host_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

uint64_t collector_usual_buffer(void)
{
	return ring_buffer(&(struct ring_wish){.host_memory = host_memory()});
}

const char *collector_parse_buffer(const char *value, uint64_t *buffer)
{
	return option_size(value, buffer) && *buffer >= (1u << 20) && *buffer <= RINGS_MOST
		       ? NULL
		       : "expected a size from 1M to 2G";
}

static void make_rings(struct exit_rules *rules, uint64_t buffer)
{
	struct ring_room room = {1, 1};

	if (exit_rules_use_rings(rules))
		room = ring_room(&(struct ring_wish){.buffer = buffer,
						     .host_memory = host_memory(),
						     .vcpus = rules->vcpus,
						     .long_text = exit_rules_long_text(rules),
						     .stacks = rules->stacks});
	rules->ring = room.records;
	rules->pieces = room.pieces;
}

const char *collector_parse_tier(const char *value, enum collector_tier *tier)
{
	static const char *const names[] = {"functions", "tracepoints", "perf", "log"};
	int choice = option_choice(value, names, sizeof(names) / sizeof(names[0]));

	*tier = (enum collector_tier)(TIER_FUNCTIONS + choice);
	return choice < 0 ? "expected functions, tracepoints, perf or log" : NULL;
}

/* No single exits: that takes the guest's registers. False with REFUSAL filled. */
static bool open_perf(struct collector *collector, const struct collector_options *options,
		      struct collector_refusal *refusal)
{
	const struct perf_fold_rules rules = {
		.tgid = (uint32_t)options->pid, .vcpus = options->vcpus, .key = options->key};
	struct perf_refusal why = {.why = "--tier perf: it has no single exits",
				   .way_out = "leave it out"};

	if (!options->traced && !options->sampled) {
		collector->vcpus = calloc(options->vcpus, sizeof(*collector->vcpus));
		collector->perf =
			collector->vcpus ? perf_source_open(&rules, collector->vcpus, &why) : NULL;
	}
	if (collector->perf) {
		collector->way = "perf tracepoints";
		collector_next_interval(collector);
		return true;
	}
	free(collector->vcpus);
	collector->vcpus = NULL;
	snprintf(refusal->why, sizeof(refusal->why), "%s", why.why);
	snprintf(refusal->way_out, sizeof(refusal->way_out), "%s", why.way_out);
	return false;
}

/* Its exits are those of one VM, and it tells them apart by their kinds only. */
static bool open_log(struct collector *collector, const struct collector_options *options)
{
	if (!options->pid || options->key != KEY_NONE || options->traced || options->sampled)
		return false;
	collector->log = log_source_open(options->pid, options->log);
	if (!collector->log)
		return false;
	collector->vcpus = log_source_counts(collector->log);
	collector->way = "the VMM's log";
	collector_next_interval(collector);
	return true;
}

static void refuse_bpf(struct collector_refusal *refusal, const struct collector *collector,
		       int reason)
{
	snprintf(refusal->why, sizeof(refusal->why), "%s BPF programs: %s",
		 collector->programs.step ? collector->programs.step : "loading", strerror(reason));
	snprintf(refusal->way_out, sizeof(refusal->way_out), "%s", way_out(WAY_OUT_BPF, reason));
}

/* False: by no way that is wanted. */
static bool begin_watching(struct collector *collector, const struct collector_options *options,
			   struct collector_refusal *refusal)
{
	struct collector_refusal no_perf;
	int result;

	if (options->tier == TIER_PERF)
		return open_perf(collector, options, refusal);
	if (options->tier != TIER_LOG) {
		result = load(collector, options->tier);
		if (result == 0)
			return true;
		refuse_bpf(refusal, collector, -result);
	}
	if (options->tier == TIER_BEST && open_perf(collector, options, &no_perf))
		return true;
	if ((options->tier == TIER_LOG || options->tier == TIER_BEST) &&
	    open_log(collector, options))
		return true;
	if (options->tier == TIER_LOG)
		*refusal = (struct collector_refusal){
			"--tier log: there is none",
			"only a VM of vhart keeps one, of the same build, and it tells exits apart "
			"by their kind alone"};
	return false;
}

struct collector *collector_open(const struct collector_options *options,
				 struct collector_refusal *refusal)
{
	struct collector *collector = calloc(1, sizeof(*collector));

	*refusal = (struct collector_refusal){0};
	if (collector)
		collector->patience = calloc(1, sizeof(*collector->patience));
	if (!collector || !collector->patience) {
		free(collector);
		*refusal = (struct collector_refusal){"no memory", "end other programs"};
		return NULL;
	}
	*collector->patience = EXIT_COPY_PATIENCE;
	collector->rules = (struct exit_rules){
		.tgid = (uint32_t)options->pid,
		.key = options->key,
		.vcpus = options->vcpus,
		.traced = options->traced,
		.text = options->text,
		.lcofi = options->lcofi,
		.sampled = options->sampled,
		.stacks = options->stacks,
		.apart = options->key != KEY_NONE || options->traced || options->sampled,
	};
	make_rings(&collector->rules, options->buffer);
	name_pid_namespace(&collector->rules);
	if (begin_watching(collector, options, refusal))
		return collector;
	collector_close(collector);
	return NULL;
}

void collector_close(struct collector *collector)
{
	if (!collector)
		return;
	if (collector->perf)
		free(collector->vcpus);
	else if (!collector->log)
		unmap_all(collector);
	perf_source_close(collector->perf);
	log_source_close(collector->log);
	collector_unload(&collector->programs);
	free(collector->patience);
	free(collector);
}

const char *collector_way(const struct collector *collector)
{
	return collector->way;
}

void collector_poll(struct collector *collector)
{
	*collector->patience = EXIT_COPY_PATIENCE;
	if (collector->log)
		log_source_renew(collector->log);
	if (collector->perf)
		perf_source_poll(collector->perf);
}

int collector_fd(const struct collector *collector)
{
	return collector->perf ? perf_source_fd(collector->perf) : -1;
}

const char *collector_lacks(const struct collector *collector)
{
	return collector->log	 ? "only exits that reach the VMM are counted"
	       : collector->perf ? "SBI calls, and instructions that the hardware does not "
				   "name, are not told apart"
				 : "";
}

uint64_t collector_now(const struct collector *collector)
{
	return collector->perf ? perf_source_until(collector->perf) : clock_now();
}

int collector_sampling_program(const struct collector *collector)
{
	return collector->programs.sampling;
}

uint32_t collector_seen(const struct collector *collector)
{
	if (collector->perf)
		return perf_fold_seen(perf_source_fold(collector->perf));
	return collector->log ? log_source_vcpus(collector->log)
			      : __atomic_load_n(collector->programs.vcpu_count, __ATOMIC_ACQUIRE);
}

void collector_warn_of_room(const struct collector *collector)
{
	if (collector_seen(collector) > collector->rules.vcpus)
		warning("only the first %u vCPUs were watched", collector->rules.vcpus);
}

uint64_t collector_keys_lost(const struct collector *collector)
{
	if (collector->perf)
		return key_table_lost(perf_fold_keys(perf_source_fold(collector->perf)));
	return collector->log ? 0
			      : __atomic_load_n(collector->programs.keys_lost, __ATOMIC_RELAXED);
}

uint64_t collector_events_missed(const struct collector *collector)
{
	uint64_t missed = collector->perf ? perf_source_lost(collector->perf) : 0;

	for (unsigned int i = 0; i < collector->programs.link_count; i++)
		missed += bpf_program_missed(collector->programs.attached[i]);
	return missed;
}

void collector_next_interval(struct collector *collector)
{
	uint32_t count = collector->log ? log_source_vcpus(collector->log) : collector->rules.vcpus;

	for (uint32_t i = 0; i < count; i++)
		__atomic_fetch_add(&collector->vcpus[i].vcpu.interval, 1, __ATOMIC_RELAXED);
}

/* What has begun is counted up to NOW. A sleep in WFI is a halt as soon as one looks at it, not
 * only when KVM says how long it was. */
static void count_open_state(struct exit_vcpu *vcpu, uint64_t now)
{
	uint64_t ns = now > vcpu->since ? now - vcpu->since : 0;

	if (vcpu->state >= VCPU_STATES)
		return;
	if (vcpu->state == VCPU_BLOCKED && vcpu->open && vcpu->row == EXIT_WFI)
		vcpu->state = VCPU_HALTED;
	vcpu->since = now;
	vcpu->ns[vcpu->state] += ns;
}

bool collector_vcpu(const struct collector *collector, uint32_t index, struct exit_vcpu *vcpu)
{
	const struct exit_vcpu *from = &collector->vcpus[index].vcpu;

	if (index >= collector_seen(collector) || index >= collector->rules.vcpus || !from->first)
		return false;
	exit_copy(from, vcpu, from, sizeof(*vcpu), collector->patience);
	if (collector->log)
		log_source_trust(collector->log, index, vcpu);
	if (collector->log)
		log_source_trim(collector->log, vcpu);
	count_open_state(vcpu, collector_now(collector));
	if (collector->log)
		log_source_split(collector->log, vcpu);
	return true;
}

bool collector_times(const struct collector *collector, uint32_t index, uint32_t row,
		     struct exit_times *times)
{
	const struct exit_counts *counts = &collector->vcpus[index];
	const struct exit_times *from = &counts->times[row];

	if (index >= collector_seen(collector) || !__atomic_load_n(&from->count, __ATOMIC_RELAXED))
		return false;
	exit_copy(&counts->vcpu, times, from, sizeof(*times), collector->patience);
	return true;
}

/* Which of all records is number AT of vCPU INDEX. */
static size_t place_of(const struct collector *collector, uint32_t index, uint64_t at)
{
	return (size_t)index * collector->rules.ring + at % collector->rules.ring;
}

bool collector_peek(const struct collector *collector, uint32_t index, struct exit_record *record,
		    const uint8_t **text)
{
	if (!collector->rings || index >= collector->rules.vcpus)
		return false;
	const struct exit_ring *ring = &collector->rings[index];
	size_t place = place_of(collector, index, ring->tail);

	if (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == ring->tail)
		return false;
	*record = collector->records[place];
	*text = collector->texts ? collector->texts[place].bytes : NULL;
	return true;
}

const struct exit_stack *collector_stack(const struct collector *collector, uint32_t index)
{
	const struct exit_stack *stack;

	if (!collector->stacks || index >= collector->rules.vcpus)
		return NULL;
	stack = &collector->stacks[place_of(collector, index, collector->rings[index].tail)];
	return stack->pieces && stack->pieces <= STACK_PIECES ? stack : NULL;
}

bool collector_stack_word(const struct collector *collector, uint32_t index,
			  const struct exit_stack *stack, uint64_t address, uint64_t *value)
{
	uint64_t offset = address - stack->base, number = stack->first + offset / STACK_PIECE;

	if (offset / STACK_PIECE >= stack->pieces || address % sizeof(*value))
		return false;
	number %= collector->rules.pieces;
	*value = collector->pieces[(size_t)index * collector->rules.pieces + number]
			 .words[offset % STACK_PIECE / sizeof(*value)];
	return true;
}

void collector_take(struct collector *collector, uint32_t index)
{
	struct exit_ring *ring = &collector->rings[index];
	const struct exit_stack *stack =
		collector->stacks ? &collector->stacks[place_of(collector, index, ring->tail)]
				  : NULL;

	if (stack)
		__atomic_store_n(&ring->pieces_tail, stack->first + stack->pieces,
				 __ATOMIC_RELEASE);
	__atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
}

bool collector_open_exit(const struct collector *collector, uint32_t index,
			 struct exit_record *record)
{
	struct exit_vcpu vcpu;

	if (!collector->rings || !collector_vcpu(collector, index, &vcpu) ||
	    (vcpu.open != EXIT_DIRECT && vcpu.open != EXIT_DETOUR))
		return false;
	const struct exit_ring *ring = &collector->rings[index];
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);

	*record = collector->records[place_of(collector, index, head)];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* It is this exit's, and it was whole all the time. */
	if (ring->open != 1 || __atomic_load_n(&ring->head, __ATOMIC_RELAXED) != head ||
	    record->exited != vcpu.exited ||
	    !(collector->rules.traced & exit_class((uint32_t)vcpu.row)))
		return false;
	record->row = (uint32_t)vcpu.row;
	record->to_vmm = vcpu.open == EXIT_DETOUR ? (uint32_t)vcpu.to_vmm : 0;
	record->ns = vcpu.since - vcpu.exited;
	return true;
}

uint64_t collector_records_lost(const struct collector *collector, uint32_t index)
{
	if (!collector->rings || index >= collector->rules.vcpus)
		return 0;
	return __atomic_load_n(&collector->rings[index].lost, __ATOMIC_RELAXED);
}

bool collector_keyed(const struct collector *collector,
		     bool (*each)(void *opaque, const struct exit_key_name *name,
				  const struct exit_times *times),
		     void *opaque)
{
	struct exit_key_name name, next;
	const struct exit_key_name *at = NULL;
	struct exit_times times;

	if (collector->perf)
		return key_table_each(perf_fold_keys(perf_source_fold(collector->perf)), each,
				      opaque);
	while (map_call(BPF_MAP_GET_NEXT_KEY, collector->programs.keyed, at, &next) == 0) {
		name = next;
		at = &name;
		if (map_call(BPF_MAP_LOOKUP_ELEM, collector->programs.keyed, &name, &times) == 0 &&
		    !each(opaque, &name, &times))
			return false;
	}
	return true;
}
