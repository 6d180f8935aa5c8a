/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/collector.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/log.h"
#include "trace/exits/exit_copy.h"
#include "trace/sources/bpf_source.h"
#include "trace/sources/exit_log_source.h"
#include "trace/sources/exit_source.h"
#include "trace/sources/perf_source.h"
#include "trace/sources/ring_room.h"

struct collector {
	const struct exit_source *class;
	void *source;
	struct bpf_source *bpf; /* the same; NULL: it has no exits one by one */
	const char *way;
	struct exit_counts *vcpus; /* ROOM of them */
	uint32_t room;
	uint32_t *patience; /* with those who write while one reads; until the next look */
};

uint64_t collector_usual_buffer(void)
{
	return ring_buffer(&(struct ring_wish){.host_memory = host_memory()});
}

/* ---- beginning ---- */

static bool open_bpf(struct collector *collector, const struct collector_options *options,
		     struct collector_refusal *refusal)
{
	collector->bpf = bpf_source_open(options, refusal);
	if (!collector->bpf)
		return false;
	collector->class = &bpf_source_ops;
	collector->source = collector->bpf;
	collector->vcpus = bpf_source_counts(collector->bpf);
	collector->way = bpf_source_way(collector->bpf);
	return true;
}

/* No single exits: that takes the guest's registers. */
static bool open_perf(struct collector *collector, const struct collector_options *options,
		      struct collector_refusal *refusal)
{
	const struct perf_fold_rules rules = {
		.tgid = (uint32_t)options->pid, .vcpus = options->vcpus, .key = options->key};
	struct perf_refusal why = {.why = "--tier perf: it has no single exits",
				   .way_out = "leave it out"};
	struct perf_source *source = NULL;

	if (!options->traced && !options->sampled)
		source = perf_source_open(&rules, &why);
	if (source) {
		collector->class = &perf_source_ops;
		collector->source = source;
		collector->vcpus = perf_source_counts(source);
		collector->way = "perf tracepoints";
		return true;
	}
	snprintf(refusal->why, sizeof(refusal->why), "%s", why.why);
	snprintf(refusal->way_out, sizeof(refusal->way_out), "%s", why.way_out);
	return false;
}

/* Its exits are those of one VM, and it tells them apart by their kinds only. */
static bool open_log(struct collector *collector, const struct collector_options *options)
{
	struct exit_log_source *source;

	if (!options->pid || options->key != KEY_NONE || options->traced || options->sampled)
		return false;
	source = exit_log_source_open(options->pid, options->log);
	if (!source)
		return false;
	collector->class = &exit_log_ops;
	collector->source = source;
	collector->vcpus = exit_log_source_counts(source);
	collector->way = "the VMM's log";
	return true;
}

/* False: by no way that is wanted. */
static bool begin_watching(struct collector *collector, const struct collector_options *options,
			   struct collector_refusal *refusal)
{
	struct collector_refusal no_perf;

	if (options->tier == TIER_PERF)
		return open_perf(collector, options, refusal);
	if (options->tier != TIER_LOG && open_bpf(collector, options, refusal))
		return true;
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
	collector->room = options->vcpus;
	if (begin_watching(collector, options, refusal)) {
		collector_next_interval(collector);
		return collector;
	}
	collector_close(collector);
	return NULL;
}

void collector_close(struct collector *collector)
{
	if (!collector)
		return;
	if (collector->source)
		collector->class->close(collector->source);
	free(collector->patience);
	free(collector);
}

/* ---- what it has counted ---- */

const char *collector_way(const struct collector *collector)
{
	return collector->way;
}

void collector_poll(struct collector *collector)
{
	*collector->patience = EXIT_COPY_PATIENCE;
	if (collector->class->poll)
		collector->class->poll(collector->source);
}

int collector_fd(const struct collector *collector)
{
	return collector->class->fd ? collector->class->fd(collector->source) : -1;
}

const char *collector_lacks(const struct collector *collector)
{
	return collector->class->lacks;
}

uint64_t collector_now(const struct collector *collector)
{
	return collector->class->until ? collector->class->until(collector->source) : clock_now();
}

int collector_sampling_program(const struct collector *collector)
{
	return collector->bpf ? bpf_source_sampling_program(collector->bpf) : 0;
}

uint32_t collector_seen(const struct collector *collector)
{
	return collector->class->seen(collector->source);
}

void collector_warn_of_room(const struct collector *collector)
{
	if (collector_seen(collector) > collector->room)
		warning("only the first %u vCPUs were watched", collector->room);
}

uint64_t collector_keys_lost(const struct collector *collector)
{
	return collector->class->keys_lost ? collector->class->keys_lost(collector->source) : 0;
}

uint64_t collector_events_missed(const struct collector *collector)
{
	return collector->class->missed ? collector->class->missed(collector->source) : 0;
}

void collector_next_interval(struct collector *collector)
{
	uint32_t count = collector->class->counted ? collector->class->counted(collector->source)
						   : collector->room;

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
	/* It woke, and KVM has not said yet that this was a halt, or sleeps again. */
	if (vcpu->open == EXIT_DETOUR && vcpu->row == EXIT_WFI) {
		const uint64_t halted = vcpu->ns[VCPU_BLOCKED] - vcpu->at_exit[VCPU_BLOCKED];

		vcpu->ns[VCPU_BLOCKED] -= halted;
		vcpu->ns[VCPU_HALTED] += halted;
	}
	if (vcpu->state == VCPU_BLOCKED && vcpu->open && vcpu->row == EXIT_WFI)
		vcpu->state = VCPU_HALTED;
	vcpu->since = now;
	vcpu->ns[vcpu->state] += ns;
}

/* NULL: no such vCPU was seen. */
static const struct exit_vcpu *seen_vcpu(const struct collector *collector, uint32_t index)
{
	if (index >= collector_seen(collector) || index >= collector->room ||
	    !collector->vcpus[index].vcpu.first)
		return NULL;
	return &collector->vcpus[index].vcpu;
}

bool collector_vcpu(const struct collector *collector, uint32_t index, struct exit_vcpu *vcpu)
{
	const struct exit_vcpu *from = seen_vcpu(collector, index);

	if (!from)
		return false;
	exit_copy(from, vcpu, from, sizeof(*vcpu), collector->patience);
	if (collector->class->trust)
		collector->class->trust(collector->source, index, vcpu);
	count_open_state(vcpu, collector_now(collector));
	if (collector->class->split)
		collector->class->split(collector->source, vcpu);
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

bool collector_keyed(const struct collector *collector, exit_key_function *each, void *opaque)
{
	return !collector->class->each_key ||
	       collector->class->each_key(collector->source, each, opaque);
}

/* ---- exits one by one ---- */

bool collector_peek(const struct collector *collector, uint32_t index, struct exit_record *record,
		    const uint8_t **text)
{
	return collector->bpf && bpf_source_peek(collector->bpf, index, record, text);
}

const struct exit_stack *collector_stack(const struct collector *collector, uint32_t index)
{
	return collector->bpf ? bpf_source_stack(collector->bpf, index) : NULL;
}

bool collector_stack_word(const struct collector *collector, uint32_t index,
			  const struct exit_stack *stack, uint64_t address, uint64_t *value)
{
	return bpf_source_stack_word(collector->bpf, index, stack, address, value);
}

const struct exit_task *collector_task(const struct collector *collector, uint32_t index)
{
	return collector->bpf ? bpf_source_task(collector->bpf, index) : NULL;
}

struct task_places *collector_task_places(const struct collector *collector)
{
	return collector->bpf ? bpf_source_task_places(collector->bpf) : NULL;
}

void collector_take(struct collector *collector, uint32_t index)
{
	bpf_source_take(collector->bpf, index);
}

uint64_t collector_look_after(const struct collector *collector, uint64_t before)
{
	return collector->bpf ? bpf_source_look_after(collector->bpf, before)
			      : ring_look_after(before, 0, 1);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool collector_open_exit(const struct collector *collector, uint32_t index,
			 struct exit_record *record, uint64_t *until)
{
	const struct exit_vcpu *from = seen_vcpu(collector, index);
	struct exit_vcpu vcpu;

	if (!from || !collector->bpf)
		return false;
	if (!exit_copy(from, &vcpu, from, sizeof(vcpu), collector->patience)) {
		*until = earlier(*until, __atomic_load_n(&from->since, __ATOMIC_RELAXED));
		return false;
	}
	if (bpf_source_may_turn_out(collector->bpf, &vcpu))
		*until = earlier(*until, vcpu.exited);
	if (vcpu.open != EXIT_DIRECT && vcpu.open != EXIT_DETOUR)
		return false;
	count_open_state(&vcpu, clock_now());
	return bpf_source_open_exit(collector->bpf, index, &vcpu, record);
}

uint64_t collector_records_lost(const struct collector *collector, uint32_t index)
{
	return collector->bpf ? bpf_source_records_lost(collector->bpf, index) : 0;
}
