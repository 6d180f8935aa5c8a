/* SPDX-License-Identifier: Apache-2.0 */
/* Counts from perf's events: in order, cut, and begun in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "trace/names/exit_names.h"
#include "trace/sources/perf_fold.h"

enum { VCPUS = 4, PROCESS = 10, THREAD = 11, OTHER = 12, A = 0, B = 1 };

struct machine {
	struct exit_counts *counts;
	struct perf_fold *fold;
	uint32_t cpu, tgid, tid; /* of what comes next */
};

/* Thread 11 is "vcpu0", 12 "vcpu1"; others have no name. */
static uint32_t number_of(void *opaque, uint32_t tgid, uint32_t tid)
{
	(void)opaque;
	(void)tgid;
	return tid == THREAD ? 0 : tid == OTHER ? 1 : VCPU_UNNAMED;
}

static void set_up_with(struct machine *machine, enum exit_key key)
{
	const struct perf_fold_rules rules = {.vcpus = VCPUS, .key = key, .number = number_of};

	*machine = (struct machine){.cpu = A, .tgid = PROCESS, .tid = THREAD};
	machine->counts = calloc(VCPUS, sizeof(*machine->counts));
	machine->fold = perf_fold_new(&rules, machine->counts);
	assert_non_null(machine->fold);
}

static void set_up(struct machine *machine)
{
	set_up_with(machine, KEY_NONE);
}

static void tear_down(struct machine *machine)
{
	perf_fold_free(machine->fold);
	free(machine->counts);
}

static void happens(struct machine *machine, struct vcpu_event event)
{
	event.cpu = machine->cpu;
	event.tgid = machine->tgid;
	event.tid = machine->tid;
	perf_fold_event(machine->fold, &event);
}

static void plain(struct machine *machine, enum vcpu_event_kind kind, uint64_t time)
{
	happens(machine, (struct vcpu_event){.kind = kind, .time = time});
}

static void enters(struct machine *machine, uint64_t time)
{
	plain(machine, VCPU_EVENT_ENTRY, time);
}

static void exits(struct machine *machine, uint64_t time, uint64_t scause)
{
	happens(machine,
		(struct vcpu_event){.kind = VCPU_EVENT_EXIT, .time = time, .scause = scause});
}

static void goes(struct machine *machine, uint64_t time, bool preempted)
{
	happens(machine,
		(struct vcpu_event){.kind = VCPU_EVENT_OUT, .time = time, .preempted = preempted});
}

static void comes(struct machine *machine, uint64_t time)
{
	plain(machine, VCPU_EVENT_IN, time);
}

static const struct exit_vcpu *vcpu(const struct machine *machine, uint32_t index)
{
	return &machine->counts[index].vcpu;
}

static const struct exit_times *times(const struct machine *machine, uint32_t index, uint32_t row)
{
	return &machine->counts[index].times[row];
}

/* ---- what is whole ---- */

static void one_exit_after_another(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	exits(&machine, 150, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	enters(&machine, 170);
	exits(&machine, 200, CAUSE_INTERRUPT | 5);
	enters(&machine, 210);
	assert_int_equal(vcpu(&machine, 0)->exits, 2);
	assert_int_equal(vcpu(&machine, 0)->orphans, 0);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_GUEST], 80);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_KERNEL], 30);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 1);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->ns, 20);
	assert_int_equal(times(&machine, 0, EXIT_IRQ + 5)->count, 1);
	assert_int_equal(times(&machine, 0, EXIT_RUNS)->count, 2);
	assert_int_equal(times(&machine, 0, EXIT_RUNS)->ns, 80);
	assert_int_equal(times(&machine, 0, EXIT_RUNS)->max, 50);
	assert_string_equal(exit_name(EXIT_SBI_CALL).reason, "sbi");
	assert_string_equal(exit_name(EXIT_SBI_CALL).sub, "");
	tear_down(&machine);
}

static void a_thread_moves_between_exit_and_entry(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	exits(&machine, 110, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	goes(&machine, 120, true);
	machine.cpu = B;
	comes(&machine, 170);
	enters(&machine, 180);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 1);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->ns, 20);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_WAITING], 50);
	assert_int_equal(vcpu(&machine, 0)->orphans, 0);
	tear_down(&machine);
}

static void a_device_and_a_halt(void **state)
{
	struct machine machine;

	(void)state;
	set_up_with(&machine, KEY_MMIO);
	enters(&machine, 100);
	happens(&machine, (struct vcpu_event){.kind = VCPU_EVENT_EXIT,
					      .time = 110,
					      .scause = CAUSE_LOAD_GUEST_PAGE_FAULT,
					      .htval = 0x10000000 >> 2,
					      .stval = 3});
	happens(&machine, (struct vcpu_event){.kind = VCPU_EVENT_TO_VMM, .time = 115, .reason = 6});
	enters(&machine, 150);
	happens(&machine, (struct vcpu_event){.kind = VCPU_EVENT_EXIT,
					      .time = 200,
					      .scause = CAUSE_VIRTUAL_INSTRUCTION,
					      .stval = INSTRUCTION_WFI});
	goes(&machine, 210, false);
	comes(&machine, 300);
	happens(&machine,
		(struct vcpu_event){.kind = VCPU_EVENT_WAKEUP, .time = 310, .halted_ns = 100});
	enters(&machine, 320);
	assert_int_equal(times(&machine, 0, EXIT_LOAD_MMIO)->count, 1);
	assert_int_equal(times(&machine, 0, EXIT_LOAD_MMIO)->to_vmm, 1);
	assert_int_equal(times(&machine, 0, EXIT_LOAD_MMIO)->vmm_ns, 35);
	assert_int_equal(times(&machine, 0, EXIT_WFI)->halted_ns, 100);
	assert_int_equal(times(&machine, 0, EXIT_WFI)->ns, 20);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_HALTED], 100);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_BLOCKED], 0);
	const struct exit_key_name name = {0x10000003, 0, EXIT_LOAD_MMIO};
	assert_int_equal(
		key_table_at((struct key_table *)(uintptr_t)perf_fold_keys(machine.fold), &name)
			->count,
		1);
	tear_down(&machine);
}

/* A file of events from two CPUs is in no order; the same tick has its CPU's. */
static void events_are_put_in_order(void **state)
{
	struct vcpu_event events[] = {
		{.time = 30, .order = 0}, {.time = 10, .order = 2}, {.time = 30, .order = 1},
		{.time = 20, .order = 3}, {.time = 10, .order = 1},
	};

	(void)state;
	perf_fold_sort(events, 5);
	for (size_t i = 1; i < 5; i++)
		assert_true(events[i].time > events[i - 1].time ||
			    (events[i].time == events[i - 1].time &&
			     events[i].order > events[i - 1].order));
	perf_fold_sort(NULL, 0);
}

/* ---- what began before ---- */

static void watching_begins_in_the_guest(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	exits(&machine, 100, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	enters(&machine, 130);
	assert_int_equal(vcpu(&machine, 0)->exits, 1);
	assert_int_equal(vcpu(&machine, 0)->orphans, 1);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_GUEST], 0);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->ns, 30);
	tear_down(&machine);
}

static void watching_begins_in_an_exit(void **state)
{
	struct machine machine;
	uint64_t counted = 0;

	(void)state;
	set_up(&machine);
	happens(&machine, (struct vcpu_event){.kind = VCPU_EVENT_TO_VMM, .time = 100, .reason = 6});
	comes(&machine, 110);
	happens(&machine,
		(struct vcpu_event){.kind = VCPU_EVENT_WAKEUP, .time = 120, .halted_ns = 99});
	enters(&machine, 130);
	for (uint32_t row = 0; row < EXIT_ROWS; row++)
		counted += times(&machine, 0, row)->count;
	assert_int_equal(counted, 0);
	assert_int_equal(vcpu(&machine, 0)->orphans, 0);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_HALTED], 0);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_VMM] + vcpu(&machine, 0)->ns[VCPU_KERNEL], 30);
	tear_down(&machine);
}

/* ---- what is missing ---- */

static void cut_at(struct machine *machine, uint32_t cpu, uint64_t time)
{
	const struct vcpu_event event = {.kind = VCPU_EVENT_CUT, .time = time, .cpu = cpu};

	perf_fold_event(machine->fold, &event);
}

static void mended_at(struct machine *machine, uint32_t cpu, uint64_t time)
{
	const struct vcpu_event event = {
		.kind = VCPU_EVENT_MENDED, .time = time, .cpu = cpu, .lost = 2};

	perf_fold_event(machine->fold, &event);
}

/* exit 110 (entry, exit: lost) entry 500: not one exit of 390. */
static void an_exit_that_was_cut_is_not_fused(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	exits(&machine, 110, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	cut_at(&machine, A, 115);
	mended_at(&machine, A, 490);
	enters(&machine, 500);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 0);
	assert_int_equal(vcpu(&machine, 0)->orphans, 1);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_KERNEL], 5);
	exits(&machine, 510, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	enters(&machine, 520);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 1);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->ns, 10);
	tear_down(&machine);
}

static void an_entry_that_was_lost_leaves_both_exits_apart(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	exits(&machine, 110, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	cut_at(&machine, A, 110);
	mended_at(&machine, A, 190);
	exits(&machine, 200, CAUSE_INTERRUPT | 5);
	enters(&machine, 210);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 0);
	assert_int_equal(times(&machine, 0, EXIT_IRQ + 5)->count, 1);
	assert_int_equal(times(&machine, 0, EXIT_IRQ + 5)->ns, 10);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_GUEST], 10);
	tear_down(&machine);
}

/* Its exit was seen on A and its next entry too; what it did on B between them was not. */
static void a_thread_that_may_have_been_where_events_are_missing(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	exits(&machine, 110, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	cut_at(&machine, B, 112);
	goes(&machine, 120, true);
	comes(&machine, 300);
	enters(&machine, 310);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 0);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_WAITING], 0);
	tear_down(&machine);
}

/* It stayed on A all the time: nothing of it is missing. */
static void a_thread_elsewhere_is_counted_on(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	exits(&machine, 110, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	cut_at(&machine, B, 112);
	enters(&machine, 120);
	mended_at(&machine, B, 130);
	exits(&machine, 140, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	goes(&machine, 145, true);
	comes(&machine, 150);
	enters(&machine, 160);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 2);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->ns, 25);
	assert_int_equal(vcpu(&machine, 0)->orphans, 0);
	tear_down(&machine);
}

/* ---- whose they are ---- */

static void two_vms_with_equal_vcpu_numbers(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	machine.tgid = 20;
	machine.tid = 21;
	machine.cpu = B;
	enters(&machine, 105);
	exits(&machine, 120, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	enters(&machine, 130);
	assert_int_equal(perf_fold_seen(machine.fold), 2);
	assert_int_equal(vcpu(&machine, 0)->tgid, PROCESS);
	assert_int_equal(vcpu(&machine, 1)->tgid, 20);
	assert_int_equal(vcpu(&machine, 0)->vcpu_id, 0);
	assert_int_equal(vcpu(&machine, 1)->vcpu_id, 0);
	assert_int_equal(vcpu(&machine, 0)->exits, 0);
	assert_int_equal(vcpu(&machine, 1)->exits, 1);
	tear_down(&machine);
}

static void a_vm_that_was_reset_has_new_threads(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	enters(&machine, 100);
	exits(&machine, 110, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	plain(&machine, VCPU_EVENT_END, 120);
	comes(&machine, 125);
	assert_int_equal(vcpu(&machine, 0)->state, VCPU_GONE);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_KERNEL], 10);
	machine.tid = 15;
	happens(&machine, (struct vcpu_event){.kind = VCPU_EVENT_NAME, .time = 200, .number = 0});
	enters(&machine, 210);
	exits(&machine, 230, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	enters(&machine, 231);
	assert_int_equal(perf_fold_seen(machine.fold), 1);
	assert_int_equal(vcpu(&machine, 0)->tid, 15);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_GUEST], 30);
	/* The exit in which a thread ended is counted, up to there: its reset. */
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 2);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->ns, 11);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->max, 10);
	assert_int_equal(vcpu(&machine, 0)->orphans, 0);
	tear_down(&machine);
}

/* One that sleeps when watching begins has no event yet, and is there; then it wakes. */
static void a_vcpu_that_sleeps(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	perf_fold_asleep(machine.fold, machine.tgid, machine.tid, 3, VCPU_HALTED, 40, 100);
	assert_int_equal(perf_fold_seen(machine.fold), 1);
	assert_int_equal(vcpu(&machine, 0)->vcpu_id, 3);
	assert_int_equal(vcpu(&machine, 0)->exited, 40);
	comes(&machine, 150);
	enters(&machine, 151);
	exits(&machine, 160, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	enters(&machine, 161);
	assert_int_equal(perf_fold_seen(machine.fold), 1);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_HALTED], 50);
	assert_int_equal(vcpu(&machine, 0)->ns[VCPU_GUEST], 9);
	assert_int_equal(vcpu(&machine, 0)->orphans, 0);
	assert_int_equal(times(&machine, 0, EXIT_SBI_CALL)->count, 1);
	tear_down(&machine);
}

/* In the order in which they came, until a name says better. */
static void threads_without_names(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	machine.tid = 30;
	enters(&machine, 100);
	machine.tid = 31;
	enters(&machine, 101);
	assert_int_equal(vcpu(&machine, 0)->vcpu_id, 0);
	assert_int_equal(vcpu(&machine, 1)->vcpu_id, 1);
	happens(&machine, (struct vcpu_event){.kind = VCPU_EVENT_NAME, .time = 110, .number = 0});
	assert_int_equal(vcpu(&machine, 0)->vcpu_id, 1);
	assert_int_equal(vcpu(&machine, 1)->vcpu_id, 0);
	tear_down(&machine);
}

static void more_vcpus_than_there_is_room_for(void **state)
{
	struct machine machine;

	(void)state;
	set_up(&machine);
	for (uint32_t i = 0; i < VCPUS + 3; i++) {
		machine.tid = 100 + i;
		enters(&machine, 100 + i);
		exits(&machine, 200 + i, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
		plain(&machine, VCPU_EVENT_END, 300 + i);
	}
	machine.tid = 8u << 20;
	enters(&machine, 400);
	assert_int_equal(vcpu(&machine, VCPUS - 1)->exits, 1);
	assert_int_equal(perf_fold_seen(machine.fold), VCPUS + 3);
	tear_down(&machine);
}

static bool add_up(void *opaque, const struct exit_key_name *name, const struct exit_times *counted)
{
	uint64_t *sum = opaque;

	*sum += counted->count * name->value;
	return true;
}

static void keys_are_kept_until_there_is_no_room(void **state)
{
	struct key_table *table = key_table_new(100);
	uint64_t sum = 0;

	(void)state;
	for (uint32_t round = 0; round < 2; round++)
		for (uint64_t i = 1; i <= 101; i++) {
			const struct exit_key_name name = {i, 0, EXIT_LOAD_MMIO};
			struct exit_times *found = key_table_at(table, &name);

			assert_int_equal(found != NULL, i <= 100);
			if (found)
				found->count++;
		}
	assert_int_equal(key_table_lost(table), 2);
	assert_true(key_table_each(table, add_up, &sum));
	assert_int_equal(sum, 2 * 5050);
	key_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_exit_after_another),
		cmocka_unit_test(a_thread_moves_between_exit_and_entry),
		cmocka_unit_test(a_device_and_a_halt),
		cmocka_unit_test(events_are_put_in_order),
		cmocka_unit_test(watching_begins_in_the_guest),
		cmocka_unit_test(watching_begins_in_an_exit),
		cmocka_unit_test(an_exit_that_was_cut_is_not_fused),
		cmocka_unit_test(an_entry_that_was_lost_leaves_both_exits_apart),
		cmocka_unit_test(a_thread_that_may_have_been_where_events_are_missing),
		cmocka_unit_test(a_thread_elsewhere_is_counted_on),
		cmocka_unit_test(two_vms_with_equal_vcpu_numbers),
		cmocka_unit_test(a_vm_that_was_reset_has_new_threads),
		cmocka_unit_test(a_vcpu_that_sleeps),
		cmocka_unit_test(threads_without_names),
		cmocka_unit_test(more_vcpus_than_there_is_room_for),
		cmocka_unit_test(keys_are_kept_until_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
