/* SPDX-License-Identifier: Apache-2.0 */
/* What is written of several VMs is read as theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/record/record_file.h"
#include "trace/record/report_samples.h"

#define PC 0x80001004ull

static struct record_vm vms[2];
static struct record_file file;
static struct report report;
static FILE *out;

static struct record_vms known;

/* Each has another function at the same place. */
static int setup(void **state)
{
	static const char *const names[] = {"web1", "web2"}, *const functions[] = {"work", "idle"};
	char message[IMAGE_MESSAGE_MAX];

	(void)state;
	memset(vms, 0, sizeof(vms));
	for (size_t i = 0; i < 2; i++) {
		vms[i].is.vm = i + 1;
		vms[i].is.pid = 10 + i;
		vms[i].modules = record_modules_new();
		assert_non_null(vms[i].modules);
		snprintf(vms[i].is.name, sizeof(vms[i].is.name), "%s", names[i]);
		symbols_add(&vms[i].symbols, PC - 4, 64, 't', functions[i], 4, "", 0);
		assert_true(symbols_finish(&vms[i].symbols, message));
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	record_file_end(&file);
	for (size_t i = 0; i < 2; i++) {
		record_modules_free(vms[i].modules);
		symbols_free(&vms[i].symbols);
	}
	profile_free(report.profile);
	report_free(&report);
	memset(&report, 0, sizeof(report));
	if (out)
		fclose(out);
	out = NULL;
	return 0;
}

static void begin(uint32_t count)
{
	static const struct recording_header header = {.event = "cpu-clock"};

	record_file_end(&file);
	known = (struct record_vms){.several = true, .vms = {&vms[0], &vms[1]}, .count = count};
	if (out)
		fclose(out);
	out = tmpfile();
	assert_non_null(out);
	assert_true(record_file_begin(&file, out, &header, &known));
}

static void put_sample(size_t index)
{
	const struct recording_sample sample = {.vm = vms[index].is.vm, .pc = PC, .count = 1};

	assert_true(record_file_sample(&file, &vms[index], &sample));
}

static void put_lost(size_t index)
{
	file.line.type = RECORDING_LOST;
	file.line.lost = (struct recording_lost){.vm = vms[index].is.vm, .records = 3};
	record_file_line_of(&file, &vms[index]);
}

static void read_back(void)
{
	char message[REPORT_MESSAGE_MAX] = "";

	fflush(out);
	report.in = out;
	report.profile = profile_new(1 << 20);
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
}

/* The stack NUMBER of all, which are in order of their VMs. */
static void expect_stack(size_t number, const char *vm, const char *function)
{
	struct profile_stack stack;

	profile_sort(report.profile);
	stack = profile_stack(report.profile, number);
	assert_string_equal(stack.labels.vm, vm);
	assert_string_equal(profile_frame(report.profile, stack.frames[0]).name, function);
}

static void expect_both(void)
{
	assert_int_equal(profile_count(report.profile), 2);
	expect_stack(0, "web1", "work");
	expect_stack(1, "web2", "idle");
}

static void the_same_place_has_the_name_of_its_vm(void **state)
{
	(void)state;
	begin(2);
	put_sample(0);
	put_sample(1);
	put_sample(0);
	read_back();
	expect_both();
	assert_int_equal(report.vms.vms[2]->is.pid, 11);
}

/* Whatever comes of it first. */
static void a_vm_that_comes_later_is_told_of_first(void **state)
{
	(void)state;
	begin(1);
	put_sample(0);
	known.count = 2;
	put_lost(1);
	put_sample(1);
	read_back();
	assert_int_equal(report.lost, 3);
	expect_stack(1, "web2", "idle");
}

static void each_file_has_all_that_it_needs(void **state)
{
	(void)state;
	begin(2);
	put_sample(0);
	put_sample(1);
	begin(2);
	put_sample(1);
	put_sample(0);
	read_back();
	expect_both();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_place_has_the_name_of_its_vm),
		TEST(a_vm_that_comes_later_is_told_of_first),
		TEST(each_file_has_all_that_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
