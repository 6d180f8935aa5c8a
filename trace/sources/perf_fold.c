/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/perf_fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/riscv.h"
#include "trace/exits/exit_fold.h"

#define THREADS	 (4u << 20) /* the kernel's PID_MAX_LIMIT */
#define NO_ROOM	 UINT32_MAX
#define NO_CPU	 UINT32_MAX
#define RUN_MMIO 6u /* KVM_EXIT_MMIO */
#define KEYS	 8192u

struct perf_fold {
	struct perf_fold_rules rules;
	struct exit_counts *counts;
	uint32_t seen;
	unsigned int cuts; /* CPUs whose events are missing right now */
	uint64_t now;
	uint32_t *cpus; /* of each vCPU: where its thread is, or NO_CPU */
	/* By thread; the kernel gives memory only to what is touched. */
	uint32_t *vcpus;   /* 0, 1 + the index of its vCPU, or NO_ROOM */
	uint32_t *numbers; /* 0, or 1 + the vCPU's number by the name that it took */
	struct key_table *keys;
};

struct perf_fold *perf_fold_new(const struct perf_fold_rules *rules, struct exit_counts *counts)
{
	struct perf_fold *fold = calloc(1, sizeof(*fold));

	if (!fold)
		return NULL;
	fold->rules = *rules;
	fold->counts = counts;
	fold->cpus = calloc(rules->vcpus, sizeof(*fold->cpus));
	fold->vcpus = calloc(THREADS, sizeof(*fold->vcpus));
	fold->numbers = calloc(THREADS, sizeof(*fold->numbers));
	fold->keys = key_table_new(rules->key == KEY_NONE ? 1 : KEYS);
	if (fold->cpus && fold->vcpus && fold->numbers && fold->keys)
		return fold;
	perf_fold_free(fold);
	return NULL;
}

void perf_fold_free(struct perf_fold *fold)
{
	if (!fold)
		return;
	free(fold->cpus);
	free(fold->vcpus);
	free(fold->numbers);
	key_table_free(fold->keys);
	free(fold);
}

uint32_t perf_fold_seen(const struct perf_fold *fold)
{
	return fold->seen;
}

const struct key_table *perf_fold_keys(const struct perf_fold *fold)
{
	return fold->keys;
}

uint32_t vcpu_number(const char *name)
{
	static const char *const forms[] = {"vcpu%u%n", "CPU %u/KVM%n", "kvm-vcpu-%u%n"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		unsigned int number;
		int length = 0;

		if (sscanf(name, forms[i], &number, &length) == 1 && length && !name[length])
			return number;
	}
	return VCPU_UNNAMED;
}

static int compare(const void *a, const void *b)
{
	const struct vcpu_event *first = a, *second = b;

	if (first->time != second->time)
		return first->time < second->time ? -1 : 1;
	return first->order < second->order ? -1 : first->order > second->order;
}

void perf_fold_sort(struct vcpu_event *events, size_t count)
{
	if (count)
		qsort(events, count, sizeof(*events), compare);
}

/* ---- what is not known ---- */

/* What VCPU does from NOW on was not seen: it is counted again where an event says what it does. */
static void lose_sight(struct exit_vcpu *vcpu, uint64_t now)
{
	if (vcpu->open == EXIT_DIRECT || vcpu->open == EXIT_DETOUR)
		vcpu->orphans++;
	if (vcpu->open != EXIT_NONE)
		vcpu->open = EXIT_UNSEEN;
	fold_enter_state(vcpu, VCPU_UNSEEN, now);
	vcpu->before = VCPU_UNSEEN;
	/* fold_halt_ended() takes from what came after it only. */
	memcpy(vcpu->at_exit, vcpu->ns, sizeof(vcpu->at_exit));
}

/* A thread that has no CPU, or has this one, may have done anything there. */
static void cut(struct perf_fold *fold, uint32_t cpu, uint64_t now)
{
	fold->cuts++;
	for (uint32_t i = 0; i < fold->seen && i < fold->rules.vcpus; i++)
		if (fold->counts[i].vcpu.state != VCPU_GONE &&
		    (fold->cpus[i] == cpu || fold->cpus[i] == NO_CPU))
			lose_sight(&fold->counts[i].vcpu, now);
}

/* ---- whose event it is ---- */

/* The vCPU that has NUMBER in process TGID, or NO_ROOM. */
static uint32_t find(const struct perf_fold *fold, uint32_t tgid, uint32_t number)
{
	for (uint32_t i = 0; i < fold->seen && i < fold->rules.vcpus; i++)
		if (fold->counts[i].vcpu.tgid == tgid && fold->counts[i].vcpu.vcpu_id == number)
			return i;
	return NO_ROOM;
}

static uint32_t named_number(const struct perf_fold *fold, const struct vcpu_event *event)
{
	if (fold->numbers[event->tid])
		return fold->numbers[event->tid] - 1;
	return fold->rules.number(fold->rules.opaque, event->tgid, event->tid);
}

/*
 * The index for a thread that is new. A VM that was reset has new threads for the vCPUs that it
 * had; a second VM in one process has vCPUs of the same names, which then count on.
 */
static uint32_t index_for(struct perf_fold *fold, const struct vcpu_event *event, uint32_t *number)
{
	uint32_t index;

	*number = named_number(fold, event);
	index = *number == VCPU_UNNAMED ? NO_ROOM : find(fold, event->tgid, *number);
	if (index != NO_ROOM && fold->counts[index].vcpu.state == VCPU_GONE)
		return index;
	if (index != NO_ROOM || *number == VCPU_UNNAMED)
		for (*number = 0; find(fold, event->tgid, *number) != NO_ROOM;)
			++*number;
	index = fold->seen++;
	return index < fold->rules.vcpus ? index : NO_ROOM;
}

static uint32_t adopt(struct perf_fold *fold, const struct vcpu_event *event, uint64_t now)
{
	uint32_t number, index = index_for(fold, event, &number);
	struct exit_vcpu *vcpu;

	fold->vcpus[event->tid] = index == NO_ROOM ? NO_ROOM : index + 1;
	if (index == NO_ROOM)
		return NO_ROOM;
	vcpu = &fold->counts[index].vcpu;
	vcpu->tgid = event->tgid;
	vcpu->tid = event->tid;
	vcpu->thread = event->tid;
	vcpu->vcpu_id = number;
	vcpu->state = VCPU_UNSEEN;
	vcpu->before = VCPU_UNSEEN;
	vcpu->open = EXIT_UNSEEN;
	vcpu->since = now;
	if (!vcpu->first)
		vcpu->first = now;
	memcpy(vcpu->at_exit, vcpu->ns, sizeof(vcpu->at_exit));
	return index;
}

void perf_fold_asleep(struct perf_fold *fold, uint32_t tgid, uint32_t tid, uint32_t number,
		      uint64_t state, uint64_t since, uint64_t now)
{
	uint32_t index = fold->seen;

	if (index >= fold->rules.vcpus || tid >= THREADS || find(fold, tgid, number) != NO_ROOM)
		return;
	fold->seen++;
	fold->vcpus[tid] = index + 1;
	fold->cpus[index] = NO_CPU;
	fold->counts[index].vcpu.tgid = tgid;
	fold_vcpu_asleep(&fold->counts[index].vcpu, number, tid, state, since, now);
}

/* NO_ROOM: none that is counted. Only KVM's own events make a thread a vCPU's. */
static uint32_t index_of(struct perf_fold *fold, const struct vcpu_event *event, uint64_t now)
{
	uint32_t known = fold->vcpus[event->tid];

	if (known == NO_ROOM)
		return NO_ROOM;
	if (known && fold->counts[known - 1].vcpu.tgid == event->tgid)
		return known - 1;
	return event->kind <= VCPU_EVENT_WAKEUP ? adopt(fold, event, now) : NO_ROOM;
}

/* ---- events ---- */

static bool is_csr(const struct exit_vcpu *vcpu)
{
	return vcpu->row == EXIT_CSR_READ || vcpu->row == EXIT_CSR_WRITE;
}

/* Of KEY_FINDINGS, what a call returned is not in the events. */
static bool key_of(const struct perf_fold *fold, const struct exit_vcpu *vcpu)
{
	const bool device = vcpu->row == EXIT_LOAD_MMIO || vcpu->row == EXIT_STORE_MMIO;

	switch (fold->rules.key) {
	case KEY_MMIO: return device;
	case KEY_CSR: return is_csr(vcpu);
	case KEY_FINDINGS: return device || is_csr(vcpu);
	case KEY_PC: return true;
	default: return false;
	}
}

/* An exit of that vCPU is over. */
static void count_by_key(const struct perf_fold *fold, uint32_t index, const struct spent *spent)
{
	const struct exit_vcpu *vcpu = &fold->counts[index].vcpu;
	const struct exit_key_name name = {vcpu->key, index, (uint32_t)vcpu->row};
	struct exit_times *times = key_of(fold, vcpu) ? key_table_at(fold->keys, &name) : NULL;

	if (!times)
		return;
	fold_add_time(times, vcpu->interval, spent->ns);
	fold_add_detour(times, spent);
}

static void entered(struct perf_fold *fold, uint32_t index, uint64_t now)
{
	struct exit_counts *counts = &fold->counts[index];
	struct spent spent;

	if (fold_finish_exit(counts, &spent, now))
		count_by_key(fold, index, &spent);
	fold_guest_entered(&counts->vcpu, now);
}

/* A call's registers are not in the event: its row is that of all. */
static void exited(const struct perf_fold *fold, struct exit_counts *counts,
		   const struct vcpu_event *event, uint64_t now)
{
	struct exit_vcpu *vcpu = &counts->vcpu;
	uint32_t row = event->scause == CAUSE_VIRTUAL_SUPERVISOR_ECALL
			       ? EXIT_SBI_CALL
			       : exit_row(event->scause, event->stval, event->htinst, 0, 0);

	fold_guest_ran(counts, now);
	exit_came(vcpu, row, event->sepc, now);
	if (fold->rules.key == KEY_CSR || (fold->rules.key == KEY_FINDINGS && is_csr(vcpu)))
		vcpu->key = event->stval >> 20 & 0xFFF;
	else if (fold->rules.key == KEY_MMIO || fold->rules.key == KEY_FINDINGS)
		vcpu->key = exit_guest_address(event->htval, event->stval);
	else
		vcpu->key = event->sepc;
}

static void lost_its_cpu(const struct perf_fold *fold, struct exit_vcpu *vcpu, bool preempted,
			 uint64_t now)
{
	uint64_t state = vcpu->state == VCPU_VMM ? VCPU_VMM : VCPU_BLOCKED;

	/* The kernel lets nobody take its CPU while it is in the guest: the exit is missing. */
	if (fold->cuts || vcpu->state == VCPU_GUEST) {
		lose_sight(vcpu, now);
	} else if (vcpu->state != VCPU_UNSEEN) {
		vcpu->before = vcpu->state;
		fold_take_detour(vcpu, preempted ? VCPU_WAITING : state, now);
	}
}

static void thread_ended(struct perf_fold *fold, uint32_t index, uint32_t tid, uint64_t now)
{
	struct spent spent;

	if (index != NO_ROOM && fold_vcpu_ended(&fold->counts[index], &spent, now))
		count_by_key(fold, index, &spent);
	fold->vcpus[tid] = 0;
	fold->numbers[tid] = 0;
}

/* A vCPU that ran before it had its name has another's number, or one that nobody has. */
static void take_name(struct perf_fold *fold, uint32_t index, const struct vcpu_event *event)
{
	uint32_t *number, other;

	fold->numbers[event->tid] = event->number == VCPU_UNNAMED ? 0 : event->number + 1;
	if (index == NO_ROOM || event->number == VCPU_UNNAMED)
		return;
	number = &fold->counts[index].vcpu.vcpu_id;
	other = find(fold, event->tgid, event->number);
	if (other != NO_ROOM)
		fold->counts[other].vcpu.vcpu_id = *number;
	*number = event->number;
}

static void event_of_vcpu(struct perf_fold *fold, uint32_t index, const struct vcpu_event *event,
			  uint64_t now)
{
	struct exit_vcpu *vcpu = &fold->counts[index].vcpu;

	switch (event->kind) {
	case VCPU_EVENT_ENTRY: entered(fold, index, now); break;
	case VCPU_EVENT_EXIT: exited(fold, &fold->counts[index], event, now); break;
	case VCPU_EVENT_TO_VMM:
		exit_to_vmm(vcpu, event->reason, event->reason == RUN_MMIO && event->error >= 0,
			    now);
		break;
	case VCPU_EVENT_WAKEUP: fold_halt_ended(vcpu, event->halted_ns, now); break;
	case VCPU_EVENT_OUT: lost_its_cpu(fold, vcpu, event->preempted, now); break;
	case VCPU_EVENT_IN:
		if (fold->cpus[index] == NO_CPU && vcpu->state != VCPU_UNSEEN)
			fold_take_detour(vcpu, vcpu->before, now);
		break;
	default: break;
	}
	fold->cpus[index] = event->kind == VCPU_EVENT_OUT ? NO_CPU : event->cpu;
}

void perf_fold_until(struct perf_fold *fold, uint64_t now)
{
	if (now > fold->now)
		fold->now = now;
}

void perf_fold_event(struct perf_fold *fold, const struct vcpu_event *event)
{
	uint32_t index;
	uint64_t now;

	perf_fold_until(fold, event->time);
	now = fold->now;
	if (event->kind == VCPU_EVENT_CUT) {
		cut(fold, event->cpu, now);
		return;
	}
	if (event->kind == VCPU_EVENT_MENDED) {
		fold->cuts--;
		return;
	}
	if (!event->tgid || event->tid >= THREADS ||
	    (fold->rules.tgid && event->tgid != fold->rules.tgid))
		return;
	index = index_of(fold, event, now);
	if (event->kind == VCPU_EVENT_NAME)
		take_name(fold, index, event);
	else if (event->kind == VCPU_EVENT_END)
		thread_ended(fold, index, event->tid, now);
	else if (index != NO_ROOM)
		event_of_vcpu(fold, index, event, now);
}
