/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's tasks: where they are in its memory, and what the BPF programs read there, with their
 * helpers played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include <linux/types.h>

#include "tests/symbols/made_linux.h"
#include "trace/guest/task_search.h"

/* ---- what bpf_helpers.h gives the programs ---- */

#include "tests/unit/fixtures/bpf_words.h"

#define bpf_probe_read_user(to, size, from) read_user(to, size, from)

static long read_user(void *to, size_t size, const void *from);

#include "trace/bpf/guest_task.bpf.h"

/* That of the VM that is made here, among others. */
#define PLACES (&task_places[TASK_VMS - 1])

static struct made_linux made;
static struct task_kernel kernel;

static long read_user(void *to, size_t size, const void *from)
{
	return made_read(&made, (uintptr_t)from, to, size) ? 0 : -14;
}

#define KVM 0x1234u

static enum task_search_end look(void)
{
	const struct task_search search = {
		.symbols = &made.symbols, .read = made_read, .opaque = &made};

	enum task_search_end end = task_search(&search, &made.place, &kernel);

	*PLACES = kernel.places;
	return end;
}

static int set_up(void **state)
{
	(void)state;
	memset(task_places, 0, sizeof(task_places));
	memset(&kernel, 0, sizeof(kernel));
	make_linux(&made, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free_linux(&made);
	return 0;
}

static struct exit_task task_of(uint32_t hart)
{
	struct exit_task task = {.address = 1};

	read_task(KVM, hart, 1, &task);
	return task;
}

static void find(void)
{
	assert_int_equal(look(), TASKS_FOUND);
	PLACES->kvm = KVM;
}

static void harts_run_the_tasks_of_their_run_queues(void **state)
{
	struct exit_task task;

	(void)state;
	find();
	task = task_of(0);
	assert_true(task.address);
	assert_int_equal(task.pid, 0);
	assert_string_equal(task.comm, "swapper/0");
	assert_string_equal(task.process, "swapper/0");
	task = task_of(5);
	assert_true(task.address);
	assert_int_equal(task.pid, 77);
	assert_int_equal(task.tgid, 70);
	assert_string_equal(task.comm, "worker");
	assert_string_equal(task.process, "server");
	assert_int_equal(made.ram + MADE_MM_AT, task_host(PLACES, task.mm, 8));
	assert_int_equal(task.satp, 9ull << 60 | (MADE_START + MADE_PGD_AT) >> 12);
	assert_false(PLACES->stale);
}

static void a_kernel_may_have_been_moved(void **state)
{
	(void)state;
	free_linux(&made);
	make_linux(&made, 0x1a00000);
	harts_run_the_tasks_of_their_run_queues(state);
	/* And its names with it. */
	made.symbols.slide = 0x1a00000;
	harts_run_the_tasks_of_their_run_queues(state);
}

static void before_anything_is_found_no_task_is_known(void **state)
{
	(void)state;
	assert_int_equal(task_of(0).address, 0);
	assert_false(PLACES->stale);
}

static void harts_that_linux_does_not_have_run_none(void **state)
{
	(void)state;
	find();
	assert_int_equal(task_of(1).address, 0);
	assert_int_equal(task_of(TASK_HARTS - 1).address, 0);
	assert_int_equal(task_of(TASK_HARTS).address, 0);
	assert_int_equal(task_of(UINT32_MAX).address, 0);
}

static void before_it_has_tasks_a_kernel_is_none(void **state)
{
	(void)state;
	memset(made_variable(&made, "__per_cpu_offset"), 0, 16);
	assert_int_equal(look(), TASKS_NO_KERNEL);
}

/* A copy of it says where the one that runs is, or nothing. */
static void a_copy_that_does_not_run_is_none(void **state)
{
	(void)state;
	memset(made_variable(&made, "kernel_map"), 0, 24);
	assert_int_equal(look(), TASKS_NO_KERNEL);
}

static void without_names_or_types_it_says_so(void **state)
{
	struct symbols none = {0};
	const struct task_search search = {.symbols = &none, .read = made_read, .opaque = &made};

	(void)state;
	assert_int_equal(task_search(&search, &made.place, &kernel), TASKS_NO_NAMES);
	memset(made_variable(&made, "__start_BTF"), 0, 64);
	assert_int_equal(look(), TASKS_NO_TYPES);
	for (enum task_search_end end = TASKS_FOUND; end < TASKS_ENDS; end++)
		assert_int_equal(*task_search_words(end) == '\0', end == TASKS_FOUND);
}

/* What lies is not known, and never another task's name. */
static void lies_are_not_believed(void **state)
{
	static const uint64_t nowhere[] = {
		0, 1, UINT64_MAX, MADE_START, MADE_LINK - 8, MADE_LINK + MADE_LINUX_SIZE - 8};
	uint64_t other;

	(void)state;
	find();
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		run_task(&made, 1, nowhere[i]);
		assert_int_equal(task_of(5).address, 0);
	}
	/* It runs elsewhere. */
	other = make_task(&made, 210 * 1024, 0, 9, 9, "other");
	run_task(&made, 1, other);
	assert_int_equal(task_of(5).address, 0);
	/* Its leader is another process's. */
	other = make_task(&made, 210 * 1024, 1, 9, 8, "other");
	run_task(&made, 1, other);
	assert_int_equal(task_of(5).address, 0);
}

static void a_guest_that_boots_again_is_looked_for_again(void **state)
{
	(void)state;
	find();
	made_variable(&made, "__per_cpu_offset")[3] ^= 1;
	assert_int_equal(task_of(0).address, 0);
	assert_true(PLACES->stale);
	find();
	assert_false(PLACES->stale);
}

static void each_vm_has_its_own_tasks(void **state)
{
	(void)state;
	find();
	task_places[0] = task_places[3] = *PLACES;
	task_places[0].kvm = KVM + 1;
	task_places[3].known = 0;
	task_places[3].proof ^= 1;
	assert_true(task_of(0).address);
	PLACES->kvm = KVM + 2;
	assert_int_equal(task_of(0).address, 0);
	for (size_t i = 0; i < TASK_VMS; i++)
		assert_false(task_places[i].stale);
}

static void a_process_whose_tables_are_not_there_has_none(void **state)
{
	(void)state;
	find();
	memset(made.ram + 200 * 1024 + MADE_TASK_MM, 0xff, 8);
	assert_true(task_of(5).mm);
	assert_int_equal(task_of(5).satp, 0);
	/* Of a thread of the kernel, and where the guest runs without tables. */
	memset(made.ram + 200 * 1024 + MADE_TASK_MM, 0, 8);
	assert_int_equal(task_of(5).satp, 0);
	free_linux(&made);
	make_linux(&made, 0);
	memset(made_variable(&made, "satp_mode"), 0, 8);
	find();
	assert_true(task_of(5).mm);
	assert_int_equal(task_of(5).satp, 0);
}

static void modules_are_in_the_kernels_own_list(void **state)
{
	static struct module_list list;
	struct module_reader reader = {.places = &kernel.places,
				       .modules = &kernel.modules,
				       .read = made_read,
				       .opaque = &made};

	(void)state;
	find();
	assert_true(kernel.modules.known);
	assert_int_equal(kernel.modules.head, MADE_LINK + 4096 + 320);
	assert_int_equal(kernel.modules.satp,
			 9ull << 60 | (MADE_START + MADE_IMAGE_AT + 40960) >> 12);
	assert_int_equal(kernel.modules.offsets[MODULE_MEMORY], 128);
	assert_int_equal(kernel.modules.offsets[MEMORY_SIZE], 12);
	assert_true(module_list_read(&reader, &list));
	assert_int_equal(list.count, 0);
	/* It runs without its own page tables. */
	memset(made_variable(&made, "satp_mode"), 0, 8);
	find();
	assert_false(kernel.modules.known);
}

static void a_name_need_not_end(void **state)
{
	struct exit_task task;

	(void)state;
	find();
	run_task(&made, 0, make_task(&made, 210 * 1024, 0, 9, 9, "0123456789abcdefghi"));
	task = task_of(0);
	assert_memory_equal(task.comm, "0123456789abcdef", TASK_COMM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(harts_run_the_tasks_of_their_run_queues),
		TEST(a_kernel_may_have_been_moved),
		TEST(before_anything_is_found_no_task_is_known),
		TEST(harts_that_linux_does_not_have_run_none),
		TEST(before_it_has_tasks_a_kernel_is_none),
		TEST(a_copy_that_does_not_run_is_none),
		TEST(without_names_or_types_it_says_so),
		TEST(lies_are_not_believed),
		TEST(a_guest_that_boots_again_is_looked_for_again),
		TEST(each_vm_has_its_own_tasks),
		TEST(a_process_whose_tables_are_not_there_has_none),
		TEST(modules_are_in_the_kernels_own_list),
		TEST(a_name_need_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
