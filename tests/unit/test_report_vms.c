/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/made_recording.h"
#include "trace/export/export.h"
#include "trace/record/report_page.h"
#include "trace/record/report_words.h"

#define NO_VM_HEADER(event)                                                                        \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":2,\"event\":\"" event            \
	"\",\"frequency\":997,\"vm\":\"\",\"pid\":0,\"way\":\"BPF at tracepoints\"}\n"
#define VM(number, name, pid)                                                                      \
	"{\"type\":\"vm\",\"vm\":" #number ",\"name\":\"" name "\",\"pid\":" #pid "}\n"
#define SYMBOL_OF(vm, start, name)                                                                 \
	"{\"type\":\"symbol\",\"vm\":" #vm ",\"start\":\"" start                                   \
	"\",\"size\":256,\"name\":\"" name "\"}\n"

static void put_sample_of(struct report *report, struct recording_packer *packer, uint64_t vm,
			  uint64_t vcpu, uint64_t count)
{
	made_report_put(
		report, packer,
		&(struct recording_sample){
			.vm = vm, .vcpu = vcpu, .pc = 0x80001004, .count = count, .time = 1});
}

/* The same address is another function in each. */
static void begin_several(struct report *report, const char *second)
{
	static const char first[] =
		NO_VM_HEADER("cpu-clock") VM(1, "web1", 12) SYMBOL_OF(1, "0x80001000", "work");
	struct recording_packer *packer = recording_packer_new();

	made_report_begin(report, first, strlen(first));
	fputs(second, report->in);
	put_sample_of(report, packer, 1, 0, 5);
	put_sample_of(report, packer, 2, 0, 2);
	put_sample_of(report, packer, 2, 1, 1);
	fputs("{\"type\":\"lost\",\"vm\":2,\"vcpu\":0,\"records\":3}\n"
	      "{\"type\":\"tasks\",\"vm\":2,\"why\":\"it hides\"}\n" END,
	      report->in);
	recording_packer_free(packer);
}

static char *show_several(const char *second, const struct report_view *view)
{
	struct report report;
	char *out;

	begin_several(&report, second);
	out = made_report_shown(&report, view);
	made_report_end(&report);
	return out;
}

/* OUT, which is freed, has WANTED. */
static void expect_in(char *out, const char *wanted)
{
	if (!strstr(out, wanted))
		fail_msg("no\n%s\nin\n%s", wanted, out);
	free(out);
}

static void expect_of(const char *text, enum report_by by, const char *wanted)
{
	struct report report;

	made_report_begin(&report, text, strlen(text));
	expect_in(made_report_shown(&report, &(struct report_view){.by = by}), wanted);
	made_report_end(&report);
}

static const char web2[] = VM(2, "web2", 14) SYMBOL_OF(2, "0x80001000", "idle");

static void expect_several(enum report_by by, bool json, const char *wanted)
{
	expect_in(show_several(web2, &(struct report_view){.by = by, .json = json}), wanted);
}

static void several_vms_are_told_apart_and_have_their_own_names(void **state)
{
	(void)state;
	expect_several(REPORT_BY_SYMBOL, false,
		       "# VMs: web1 (pid 12), web2 (pid 14), seen by BPF at tracepoints\n"
		       "# Samples: 8 of event 'cpu-clock', 997 a second\n"
		       "# Lost: 3\n"
		       "#\n"
		       "# Overhead  Samples  VM                VCPU  Mode  Symbol\n"
		       "# ........  .......  ................  ....  ....  ......\n"
		       "#\n"
		       "    62.50%        5  web1                 0  [g]   work\n"
		       "    37.50%        3  web2                 *  [g]   idle\n");
	expect_several(REPORT_BY_VM, false,
		       "# Overhead  Samples  VCPU  Mode  VM\n"
		       "# ........  .......  ....  ....  ..\n"
		       "#\n"
		       "    62.50%        5     0  [g]   web1\n"
		       "    37.50%        3     *  [g]   web2\n");
	expect_several(REPORT_BY_VCPU, false,
		       "    62.50%        5  web1                 0  [g]\n"
		       "    25.00%        2  web2                 0  [g]\n"
		       "    12.50%        1  web2                 1  [g]\n");
	expect_several(REPORT_BY_COMM, false,
		       "# Of 5 of the samples of web1 the task is not known\n"
		       "# Of 3 of the samples of web2 the task is not known: it hides\n");
	expect_several(REPORT_BY_VM, true,
		       "\"vm\":\"2 VMs\",\"pid\":0,\"vms\":2,\"event\":\"cpu-clock\"");
	expect_several(REPORT_BY_VM, true, "\"mode\":\"g\",\"vm\":\"web1\"}\n");
	expect_several(REPORT_BY_SYMBOL, true,
		       "\"vm\":\"web2\",\"mode\":\"g\",\"symbol\":\"idle\"}\n");
}

static void
vms_of_one_name_have_their_process_too_and_one_that_nobody_told_of_a_number(void **state)
{
	static const struct report_view view = {.by = REPORT_BY_VM};
	char *out = show_several(VM(2, "web1", 14), &view);

	(void)state;
	assert_non_null(strstr(out, "[g]   web1 (pid 12)\n"));
	assert_non_null(strstr(out, "[g]   web1 (pid 14)\n"));
	free(out);
	out = show_several("", &view);
	assert_non_null(strstr(out, "[g]   VM 2\n"));
	free(out);
}

/* Where only one ran meanwhile it is as if it alone had been asked for. */
static void one_of_all_vms_is_shown_as_one(void **state)
{
	(void)state;
	expect_of(NO_VM_HEADER("cpu-clock") VM(3, "web1", 12) END, REPORT_BY_SYMBOL,
		  "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		  "# Samples: 0 of event 'cpu-clock', 997 a second\n"
		  "# Lost: 0\n"
		  "#\n"
		  "# Overhead  Samples  VCPU  Mode  Symbol\n"
		  "# ........  .......  ....  ....  ......\n"
		  "#\n");
}

/* All were recorded, and none ran. */
static void a_recording_of_no_vm_says_so(void **state)
{
	(void)state;
	expect_of(NO_VM_HEADER("cpu-clock") END, REPORT_BY_VM,
		  "# VM: none, seen by BPF at tracepoints\n");
}

#define FUSE_OF(vm, name)                                                                          \
	"{\"type\":\"module\",\"vm\":" #vm                                                         \
	",\"start\":\"0x80001000\",\"size\":4096,\"name\":\"fuse\"}\n"                             \
	"{\"type\":\"symbol\",\"vm\":" #vm                                                         \
	",\"start\":\"0x80001000\",\"size\":256,\"name\":\"" name "\",\"module\":\"fuse\"}\n"

/* That of the other has the same name and place, and comes after it. */
static void each_vm_has_its_own_modules(void **state)
{
	char *out = show_several(VM(2, "web2", 14) FUSE_OF(2, "two") FUSE_OF(1, "one"),
				 &(struct report_view){.by = REPORT_BY_SYMBOL});

	(void)state;
	assert_non_null(strstr(out, "two [fuse]"));
	assert_null(strstr(out, "one [fuse]"));
	free(out);
}

static void stacks_of_several_vms_begin_with_them(void **state)
{
	const struct export_options how = {.labels_as_roots = true};
	struct report report;
	char *out = NULL, title[REPORT_TITLE];
	size_t size;
	FILE *to = open_memstream(&out, &size);

	(void)state;
	begin_several(&report, web2);
	made_report_read(&report);
	assert_int_equal(export_folded(report.profile, &how, to), 0);
	fclose(to);
	assert_string_equal(out, "web1;vcpu0;[guest.kernel];work 5\n"
				 "web2;vcpu0;[guest.kernel];idle 2\n"
				 "web2;vcpu1;[guest.kernel];idle 1\n");
	assert_string_equal(report_title(&report, title), "2 VMs");
	free(out);
	made_report_end(&report);
}

static void each_vcpu_of_each_vm_has_its_lane(void **state)
{
	struct page_series series = {0};
	char message[REPORT_MESSAGE_MAX];
	struct report report;

	(void)state;
	begin_several(&report, web2);
	assert_true(report_read_frame(&report, message));
	assert_true(report_page_begin(&report, &series));
	assert_true(report_read_samples(&report, message));
	assert_int_equal(series.vcpus_count, 3);
	assert_string_equal(series.vcpus[0].label, "web1 vcpu0");
	assert_string_equal(series.vcpus[2].label, "web2 vcpu1");
	page_series_free(&series);
	made_report_end(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_vms_are_told_apart_and_have_their_own_names),
		cmocka_unit_test(each_vm_has_its_own_modules),
		cmocka_unit_test(a_recording_of_no_vm_says_so),
		cmocka_unit_test(
			vms_of_one_name_have_their_process_too_and_one_that_nobody_told_of_a_number),
		cmocka_unit_test(one_of_all_vms_is_shown_as_one),
		cmocka_unit_test(stacks_of_several_vms_begin_with_them),
		cmocka_unit_test(each_vcpu_of_each_vm_has_its_lane),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
