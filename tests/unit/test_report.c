/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/fixtures/printable_text.h"
#include "trace/export/export.h"
#include "trace/record/recording_packed.h"
#include "trace/record/report_page.h"
#include "trace/record/report_samples.h"
#include "trace/record/report_table.h"
#include "trace/record/report_words.h"

#define HEADER(event)                                                                              \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":1,\"event\":\"" event            \
	"\",\"frequency\":997,\"vm\":\"web1\",\"pid\":12,\"way\":\"BPF at tracepoints\"}\n"
#define SYMBOL(start, size, name)                                                                  \
	"{\"type\":\"symbol\",\"start\":\"" start "\",\"size\":" #size ",\"name\":\"" name "\"}\n"
#define SAMPLE(vcpu, mode, pc, more)                                                               \
	"{\"type\":\"sample\",\"vcpu\":" #vcpu ",\"mode\":\"" mode "\",\"pc\":\"" pc               \
	"\",\"n\":1" more "}\n"
#define FINDING(headline)                                                                          \
	"{\"type\":\"finding\",\"headline\":\"" headline                                           \
	"\",\"seen\":\"up\",\"why\":\"so\",\"try\":\"this\"}\n"
#define END "{\"type\":\"end\",\"t\":1,\"samples\":1}\n"

static const char names[] = SYMBOL("0xffffffff80001000", 256, "idle")
	SYMBOL("0xffffffff80001100", 256, "work") SYMBOL("0xffffffff80001200", 16, "start");

static void begin(struct report *report, const char *text, size_t len)
{
	*report = (struct report){.in = tmpfile(), .profile = profile_new(1 << 20)};
	assert_non_null(report->in);
	assert_int_equal(fwrite(text, 1, len, report->in), len);
}

static void end(struct report *report)
{
	fclose(report->in);
	profile_free(report->profile);
	report_free(report);
}

static void expect_view(const char *text, const struct report_view *view, const char *wanted)
{
	char message[REPORT_MESSAGE_MAX] = "", *out = NULL;
	struct report report;
	size_t size;
	FILE *to;

	begin(&report, text, strlen(text));
	report.by_pc = view->by == REPORT_BY_PC;
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	to = open_memstream(&out, &size);
	assert_true(report_print(to, &report, view));
	fclose(to);
	assert_string_equal(out, wanted);
	free(out);
	end(&report);
}

static void expect_report(const char *text, enum report_by by, bool json, const char *wanted)
{
	expect_view(text, &(struct report_view){.by = by, .json = json}, wanted);
}

static char *joined(const char *first, const char *second, const char *third)
{
	static char text[8192];

	snprintf(text, sizeof(text), "%s%s%s", first, second, third);
	return text;
}

static const char samples[] = SAMPLE(0, "g", "0xffffffff80001104", "")
	SAMPLE(1, "g", "0xffffffff800011fc", "") SAMPLE(0, "g", "0xffffffff80001000", "")
		SAMPLE(0, "u", "0x10234",
		       "") "{\"type\":\"lost\",\"vcpu\":0,\"records\":3}\n"
			   "{\"type\":\"vcpu\",\"vcpu\":0,\"overflows\":9,\"stvec\":\"0x0\"}\n" END;

static void samples_are_shown_as_perf_shows_them(void **state)
{
	(void)state;
	expect_report(joined(HEADER("cpu-clock"), names, samples), REPORT_BY_SYMBOL, false,
		      "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		      "# Samples: 4 of event 'cpu-clock', 997 a second\n"
		      "# While the host ran: 2\n"
		      "# Lost: 3\n"
		      "#\n"
		      "# Overhead  Samples  VCPU  Mode  Symbol\n"
		      "# ........  .......  ....  ....  ......\n"
		      "#\n"
		      "    50.00%        2     *  [g]   work\n"
		      "    25.00%        1     0  [u]   [user]\n"
		      "    25.00%        1     0  [g]   idle\n");
	expect_report(joined(HEADER("cpu-clock"), names, samples), REPORT_BY_PC, true,
		      "{\"vhart\":\"report\",\"version\":1,\"vm\":\"web1\",\"pid\":12,"
		      "\"event\":\"cpu-clock\",\"samples\":4,\"lost\":3,\"whole\":true}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":0,\"mode\":\"u\","
		      "\"symbol\":\"0x0000000000010234\"}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":0,\"mode\":\"g\","
		      "\"symbol\":\"idle+0x0\"}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":0,\"mode\":\"g\","
		      "\"symbol\":\"work+0x4\"}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":1,\"mode\":\"g\","
		      "\"symbol\":\"work+0xfc\"}\n");
}

/* A task of the guest's; COMM is of one thread. */
static struct recording_task task_of(uint32_t process, uint32_t thread, const char *comm,
				     const char *name)
{
	struct recording_task task = {.known = 1, .process = process, .thread = thread};

	snprintf(task.comm, sizeof(task.comm), "%s", comm);
	snprintf(task.name, sizeof(task.name), "%s", name);
	return task;
}

/* Five samples: two of a server, in a worker of it and itself; two of a shell; one of nobody. */
static FILE *recording_of_tasks(void)
{
	const struct recording_task tasks[] = {task_of(70, 77, "worker", "server"),
					       task_of(70, 70, "server", "server"),
					       task_of(9, 9, "sh", "sh"),
					       task_of(8, 8, "sh", "sh"),
					       {0}};
	struct recording_packer *packer = recording_packer_new();
	FILE *file = tmpfile();
	uint8_t bytes[RECORDING_LINE];

	assert_non_null(file);
	fputs(HEADER("cpu-clock"), file);
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
		const struct recording_sample sample = {
			.user = true, .pc = 0x10000, .count = 1, .task = tasks[i]};

		fwrite(bytes, 1, recording_pack(packer, &sample, bytes), file);
	}
	fputs("{\"type\":\"tasks\",\"why\":\"it hides\"}\n" END, file);
	recording_packer_free(packer);
	return file;
}

static void expect_tasks(enum report_by by, bool json, const char *wanted)
{
	char message[REPORT_MESSAGE_MAX] = "", *out = NULL;
	struct report report = {.in = recording_of_tasks(), .profile = profile_new(1 << 20)};
	size_t size;
	FILE *to = open_memstream(&out, &size);

	report.by_process = by == REPORT_BY_PROCESS;
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	assert_true(report_print(to, &report, &(struct report_view){.by = by, .json = json}));
	fclose(to);
	assert_non_null(strstr(out, wanted));
	free(out);
	end(&report);
}

static void samples_are_of_the_guests_tasks(void **state)
{
	(void)state;
	expect_tasks(REPORT_BY_COMM, false,
		     "# Lost: 0\n"
		     "# Of 1 of the samples the task is not known: it hides\n"
		     "#\n"
		     "# Overhead  Samples  VCPU  Mode  Command\n"
		     "# ........  .......  ....  ....  .......\n"
		     "#\n"
		     "    40.00%        2     0  [u]   sh\n"
		     "    20.00%        1     0  [u]   [not known]\n"
		     "    20.00%        1     0  [u]   server\n"
		     "    20.00%        1     0  [u]   worker\n");
	expect_tasks(REPORT_BY_PROCESS, false,
		     "# Overhead  Samples  VCPU  Mode  Process\n"
		     "# ........  .......  ....  ....  .......\n"
		     "#\n"
		     "    40.00%        2     0  [u]   server (70)\n"
		     "    20.00%        1     0  [u]   [not known]\n"
		     "    20.00%        1     0  [u]   sh (8)\n"
		     "    20.00%        1     0  [u]   sh (9)\n");
	expect_tasks(REPORT_BY_PROCESS, true,
		     "{\"share\":0.400000,\"samples\":2,\"vcpu\":0,\"mode\":\"u\","
		     "\"process\":\"server (70)\"}\n"
		     "{\"share\":0.200000,\"samples\":1,\"vcpu\":0,\"mode\":\"u\","
		     "\"process\":null}\n");
	expect_tasks(REPORT_BY_SYMBOL, false, "   100.00%        5     0  [u]   [user]\n");
}

/* ---- several VMs ---- */

#define NO_VM_HEADER(event)                                                                        \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":2,\"event\":\"" event            \
	"\",\"frequency\":997,\"vm\":\"\",\"pid\":0,\"way\":\"BPF at tracepoints\"}\n"
#define VM(number, name, pid)                                                                      \
	"{\"type\":\"vm\",\"vm\":" #number ",\"name\":\"" name "\",\"pid\":" #pid "}\n"
#define SYMBOL_OF(vm, start, name)                                                                 \
	"{\"type\":\"symbol\",\"vm\":" #vm ",\"start\":\"" start                                   \
	"\",\"size\":256,\"name\":\"" name "\"}\n"

static void put_sample_of(FILE *file, struct recording_packer *packer, uint64_t vm, uint64_t vcpu,
			  uint64_t count)
{
	const struct recording_sample sample = {
		.vm = vm, .vcpu = vcpu, .pc = 0x80001004, .count = count, .time = 1};
	uint8_t bytes[RECORDING_LINE];

	fwrite(bytes, 1, recording_pack(packer, &sample, bytes), file);
}

/* The same address is another function in each. */
static void begin_several(struct report *report, const char *second)
{
	struct recording_packer *packer = recording_packer_new();
	char message[REPORT_MESSAGE_MAX] = "";

	*report = (struct report){.in = tmpfile(), .profile = profile_new(1 << 20)};
	fputs(NO_VM_HEADER("cpu-clock") VM(1, "web1", 12) SYMBOL_OF(1, "0x80001000", "work"),
	      report->in);
	fputs(second, report->in);
	put_sample_of(report->in, packer, 1, 0, 5);
	put_sample_of(report->in, packer, 2, 0, 2);
	put_sample_of(report->in, packer, 2, 1, 1);
	fputs("{\"type\":\"lost\",\"vm\":2,\"vcpu\":0,\"records\":3}\n"
	      "{\"type\":\"tasks\",\"vm\":2,\"why\":\"it hides\"}\n" END,
	      report->in);
	recording_packer_free(packer);
	if (!report_read_frame(report, message) || !report_read_samples(report, message))
		fail_msg("%s", message);
}

static char *print_several(const char *second, const struct report_view *view)
{
	struct report report;
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	begin_several(&report, second);
	assert_true(report_print(to, &report, view));
	fclose(to);
	end(&report);
	return out;
}

static const char web2[] = VM(2, "web2", 14) SYMBOL_OF(2, "0x80001000", "idle");

static void expect_several(enum report_by by, bool json, const char *wanted)
{
	char *out = print_several(web2, &(struct report_view){.by = by, .json = json});

	if (!strstr(out, wanted))
		fail_msg("no\n%s\nin\n%s", wanted, out);
	free(out);
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
	char *out = print_several(VM(2, "web1", 14), &view);

	(void)state;
	assert_non_null(strstr(out, "[g]   web1 (pid 12)\n"));
	assert_non_null(strstr(out, "[g]   web1 (pid 14)\n"));
	free(out);
	out = print_several("", &view);
	assert_non_null(strstr(out, "[g]   VM 2\n"));
	free(out);
}

/* Where only one ran meanwhile it is as if it alone had been asked for. */
static void one_of_all_vms_is_shown_as_one(void **state)
{
	(void)state;
	expect_report(joined(NO_VM_HEADER("cpu-clock"), VM(3, "web1", 12), END), REPORT_BY_SYMBOL,
		      false,
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
	struct report report = {.in = tmpfile(), .profile = profile_new(1 << 20)};
	char message[REPORT_MESSAGE_MAX] = "", *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	(void)state;
	fputs(NO_VM_HEADER("cpu-clock") END, report.in);
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	assert_true(report_print(to, &report, &(struct report_view){.by = REPORT_BY_VM}));
	fclose(to);
	assert_non_null(strstr(out, "# VM: none, seen by BPF at tracepoints\n"));
	free(out);
	end(&report);
}

#define FUSE_OF(vm, name)                                                                          \
	"{\"type\":\"module\",\"vm\":" #vm                                                         \
	",\"start\":\"0x80001000\",\"size\":4096,\"name\":\"fuse\"}\n"                             \
	"{\"type\":\"symbol\",\"vm\":" #vm                                                         \
	",\"start\":\"0x80001000\",\"size\":256,\"name\":\"" name "\",\"module\":\"fuse\"}\n"

/* That of the other has the same name and place, and comes after it. */
static void each_vm_has_its_own_modules(void **state)
{
	char *out = print_several(VM(2, "web2", 14) FUSE_OF(2, "two") FUSE_OF(1, "one"),
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
	assert_int_equal(export_folded(report.profile, &how, to), 0);
	fclose(to);
	assert_string_equal(out, "web1;vcpu0;[guest.kernel];work 5\n"
				 "web2;vcpu0;[guest.kernel];idle 2\n"
				 "web2;vcpu1;[guest.kernel];idle 1\n");
	assert_string_equal(report_title(&report, title), "2 VMs");
	free(out);
	end(&report);
}

static void each_vcpu_of_each_vm_has_its_lane(void **state)
{
	struct page_series series = {0};
	char message[REPORT_MESSAGE_MAX];
	struct report report;

	(void)state;
	begin_several(&report, web2);
	assert_true(report_page_begin(&report, &series));
	assert_true(report_read_samples(&report, message));
	assert_int_equal(series.vcpus_count, 3);
	assert_string_equal(series.vcpus[0].label, "web1 vcpu0");
	assert_string_equal(series.vcpus[2].label, "web2 vcpu1");
	page_series_free(&series);
	end(&report);
}

#define MAPPING(space, start, end, file)                                                           \
	"{\"type\":\"mapping\",\"space\":" #space ",\"start\":\"" start "\",\"end\":\"" end        \
	"\",\"offset\":4096,\"file\":\"" file "\"}\n"

/* In user mode at PC, in what SPACE has mapped. */
static void put_user_sample(FILE *file, struct recording_packer *packer, uint32_t space,
			    uint64_t pc)
{
	struct recording_sample sample = {.user = true, .pc = pc, .count = 1};
	uint8_t bytes[RECORDING_LINE];

	sample.task = task_of(1, 1, "sh", "sh");
	sample.task.space = space;
	fwrite(bytes, 1, recording_pack(packer, &sample, bytes), file);
}

static char *report_of_files(bool by_pc)
{
	struct recording_packer *packer = recording_packer_new();
	struct report report = {.in = tmpfile(), .profile = profile_new(1 << 20), .by_pc = by_pc};
	char message[REPORT_MESSAGE_MAX] = "", *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	fputs(HEADER("cpu-clock") MAPPING(1, "0x10000", "0x20000", "/bin/busybox")
		      MAPPING(1, "0x40000", "0x50000", "") MAPPING(2, "0x10000", "0x20000", "x"),
	      report.in);
	put_user_sample(report.in, packer, 1, 0x10123);
	put_user_sample(report.in, packer, 1, 0x40000);
	put_user_sample(report.in, packer, 2, 0x1ffff);
	/* Behind its end, before its beginning, and nobody's. */
	put_user_sample(report.in, packer, 2, 0x20000);
	put_user_sample(report.in, packer, 1, 0xffff);
	put_user_sample(report.in, packer, 0, 0x10123);
	recording_packer_free(packer);
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	assert_true(report_print(
		to, &report, &(struct report_view){.by = by_pc ? REPORT_BY_PC : REPORT_BY_SYMBOL}));
	fclose(to);
	end(&report);
	return out;
}

/* In SPACE, called from two places in its code, and by what is none. */
static size_t depth_of_user_stack(uint32_t space)
{
	struct recording_packer *packer = recording_packer_new();
	struct report report = {.in = tmpfile(), .profile = profile_new(1 << 20)};
	struct recording_sample sample = {.user = true,
					  .pc = 0x10123,
					  .count = 1,
					  .depth = 4,
					  .callers = {0x10456, 0x20000, 0x999, 0x10789}};
	char message[REPORT_MESSAGE_MAX] = "";
	uint8_t bytes[RECORDING_LINE];
	size_t depth;

	sample.task = task_of(1, 1, "sh", "sh");
	sample.task.space = space;
	fputs(HEADER("cpu-clock") MAPPING(1, "0x10000", "0x20000", "/bin/sh"), report.in);
	fwrite(bytes, 1, recording_pack(packer, &sample, bytes), report.in);
	recording_packer_free(packer);
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	assert_int_equal(profile_count(report.profile), 1);
	depth = profile_stack(report.profile, 0).depth;
	end(&report);
	return depth;
}

/* The call that returns to the end of its code is in it. */
static void callers_in_no_code_of_the_process_are_not_believed(void **state)
{
	(void)state;
	assert_int_equal(depth_of_user_stack(1), 3);
	assert_int_equal(depth_of_user_stack(0), 1);
}

/* Only where there is no file: what is elsewhere is of its file, whatever a map says. */
static void code_of_no_file_may_have_been_made(void **state)
{
	char root[] = "/tmp/report-root.XXXXXX", path[64], command[128];
	struct recording_packer *packer = recording_packer_new();
	struct report report = {.in = tmpfile(), .profile = profile_new(1 << 20)};
	char message[REPORT_MESSAGE_MAX] = "", *out = NULL;
	FILE *to, *map;
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(root));
	report.users = user_symbols_new(root);
	snprintf(path, sizeof(path), "%s/tmp", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/tmp/perf-1.map", root);
	map = fopen(path, "w");
	assert_non_null(map);
	fputs("10000 70000 made\n", map);
	fclose(map);
	fputs(HEADER("cpu-clock") MAPPING(1, "0x10000", "0x20000", "/bin/busybox")
		      MAPPING(1, "0x40000", "0x50000", "")
			      MAPPING(1, "0x60000", "0x70000", "/memfd:code (deleted)"),
	      report.in);
	put_user_sample(report.in, packer, 1, 0x10123);
	put_user_sample(report.in, packer, 1, 0x40000);
	put_user_sample(report.in, packer, 1, 0x60000);
	put_user_sample(report.in, packer, 1, 0x7ffff);
	put_user_sample(report.in, packer, 1, 0x80000);
	recording_packer_free(packer);
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	to = open_memstream(&out, &size);
	assert_true(report_print(to, &report, &(struct report_view){.by = REPORT_BY_SYMBOL}));
	fclose(to);
	assert_non_null(strstr(out, " 3     0  [u]   made [JIT]\n"));
	assert_non_null(strstr(out, " 1     0  [u]   [busybox]\n"));
	assert_non_null(strstr(out, " 1     0  [u]   [user]\n"));
	free(out);
	user_symbols_free(report.users);
	end(&report);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

static void what_processes_run_is_named_by_its_file(void **state)
{
	static const char *const files[] = {"[busybox]\n", "[no file]\n", "[x]\n",
					    "3     0  [u]   [user]\n"};
	static const char *const places[] = {"busybox+0x1123\n",     "[no file]\n",
					     "x+0x10fff\n",	     "0x000000000000ffff\n",
					     "0x0000000000010123\n", "0x0000000000020000\n"};
	char *by_symbol = report_of_files(false), *by_pc = report_of_files(true);

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strstr(by_symbol, files[i]))
			fail_msg("no %s in %s", files[i], by_symbol);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strstr(by_pc, places[i]))
			fail_msg("no %s in %s", places[i], by_pc);
	free(by_symbol);
	free(by_pc);
}

#define MODULE(start, size, name)                                                                  \
	"{\"type\":\"module\",\"start\":\"" start "\",\"size\":" #size ",\"name\":\"" name "\"}\n"
#define OF_MODULE(start, size, name, module)                                                       \
	"{\"type\":\"symbol\",\"start\":\"" start "\",\"size\":" #size ",\"name\":\"" name         \
	"\",\"module\":\"" module "\"}\n"

/* The rows of a report without its head. */
static void expect_rows(const char *text, enum report_by by, const char *wanted)
{
	char message[REPORT_MESSAGE_MAX] = "", *out = NULL, *rows;
	struct report report;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	begin(&report, text, strlen(text));
	report.by_pc = by == REPORT_BY_PC;
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	assert_true(report_print(to, &report, &(struct report_view){.by = by}));
	fclose(to);
	rows = strstr(out, "....\n#\n");
	assert_non_null(rows);
	assert_string_equal(rows + 7, wanted);
	free(out);
	end(&report);
}

static void modules_have_functions_or_only_their_name(void **state)
{
	static const char text[] = HEADER("cpu-clock") SYMBOL("0xffffffff80001000", 256, "idle")
		MODULE("0xffffffff01000000", 8192, "fuse")
			OF_MODULE("0xffffffff01000100", 64, "fuse_read", "fuse")
				MODULE("0xffffffff01004000", 4096, "virtiofs")
					SAMPLE(0, "g", "0xffffffff01000110", "")
						SAMPLE(0, "g", "0xffffffff01000120", "")
							SAMPLE(0, "g", "0xffffffff01000140", "")
								END;

	(void)state;
	expect_rows(text, REPORT_BY_SYMBOL,
		    "    66.67%        2     0  [g]   fuse_read [fuse]\n"
		    "    33.33%        1     0  [g]   [fuse]\n");
	expect_rows(text, REPORT_BY_PC,
		    "    33.33%        1     0  [g]   fuse+0x140\n"
		    "    33.33%        1     0  [g]   fuse_read+0x10 [fuse]\n"
		    "    33.33%        1     0  [g]   fuse_read+0x20 [fuse]\n");
}

/* Their edges, and what is beside them. */
static void beside_modules_there_is_nobody(void **state)
{
	static const char text[] = HEADER("cpu-clock") MODULE("0xffffffff01001000", 4096, "fuse")
		OF_MODULE("0xffffffff01001000", 99999, "long", "fuse")
			SAMPLE(0, "g", "0xffffffff01000fff", "")
				SAMPLE(0, "g", "0xffffffff01001000", "")
					SAMPLE(0, "g", "0xffffffff01001fff", "")
						SAMPLE(0, "g", "0xffffffff01002000", "")
							SAMPLE(0, "u", "0xffffffff01001000", "")
								END;

	(void)state;
	expect_rows(text, REPORT_BY_SYMBOL,
		    "    40.00%        2     0  [g]   long [fuse]\n"
		    "    20.00%        1     0  [g]   0xffffffff01000fff\n"
		    "    20.00%        1     0  [g]   0xffffffff01002000\n"
		    "    20.00%        1     0  [u]   [user]\n");
}

/* What is loaded where another one was has its own names from then on; the first one was also what
 * was sampled before anybody looked. */
static void a_module_takes_the_place_of_others(void **state)
{
	static const char text[] = HEADER("cpu-clock") SAMPLE(
		0, "g", "0xffffffff01001010", "") MODULE("0xffffffff01001000", 4096, "old")
		OF_MODULE("0xffffffff01001000", 256, "old_work", "old") MODULE(
			"0xffffffff01002000", 4096, "next") SAMPLE(0, "g", "0xffffffff01001010", "")
			MODULE("0xffffffff01000000", 16384, "new")
				OF_MODULE("0xffffffff01001000", 16, "new_work", "new")
					OF_MODULE("0xffffffff01001010", 16, "new_rest", "new")
						SAMPLE(0, "g", "0xffffffff01001010", "")
							SAMPLE(0, "g", "0xffffffff01002010", "")
								END;

	(void)state;
	expect_rows(text, REPORT_BY_SYMBOL,
		    "    50.00%        2     0  [g]   old_work [old]\n"
		    "    25.00%        1     0  [g]   [new]\n"
		    "    25.00%        1     0  [g]   new_rest [new]\n");
}

/* Of recordings from before there were lines of modules. */
static void functions_of_a_module_need_no_module(void **state)
{
	(void)state;
	expect_rows(HEADER("cpu-clock") OF_MODULE("0xffffffff01000100", 64, "fuse_read", "fuse")
			    SAMPLE(0, "g", "0xffffffff01000110", "") END,
		    REPORT_BY_SYMBOL, "   100.00%        1     0  [g]   fuse_read [fuse]\n");
}

#define TIMED(event)                                                                               \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":1,\"event\":\"" event            \
	"\",\"period\":1000,\"vm\":\"web1\",\"start\":5000000000}\n"

static void expect_subtitle(const char *text, const char *wanted)
{
	char message[REPORT_MESSAGE_MAX] = "", subtitle[REPORT_SUBTITLE];
	struct report report;

	begin(&report, text, strlen(text));
	if (!report_read_frame(&report, message) || !report_read_samples(&report, message))
		fail_msg("%s", message);
	assert_string_equal(report_subtitle(&report, subtitle), wanted);
	end(&report);
}

/* Until the end, or the last sample where there is none; without a start it is not said. */
static void a_subtitle_says_what_was_measured(void **state)
{
	(void)state;
	expect_subtitle(joined(HEADER("cpu-clock"), names, samples),
			"4 samples of cpu-clock, 997 a second, 3 lost");
	expect_subtitle(joined(TIMED("cpu-clock"), SAMPLE(0, "g", "0x1", ",\"t\":6000000000"),
			       SAMPLE(0, "g", "0x1", ",\"t\":5500000000")),
			"2 samples of cpu-clock, one every 1000 ns, in 1.00s, 0 lost");
	expect_subtitle(joined(TIMED("cycles"), SAMPLE(0, "g", "0x1", ",\"t\":6000000000"),
			       "{\"type\":\"end\",\"t\":7500000000,\"samples\":1}\n"),
			"1 samples of cycles, one every 1000, in 2.50s, 0 lost");
	expect_subtitle(joined(TIMED("cycles"), SAMPLE(0, "g", "0x1", ",\"t\":4000000000"), ""),
			"1 samples of cycles, one every 1000, 0 lost");
	expect_subtitle(joined(TIMED("exits"),
			       SAMPLE(0, "g", "0x1", ",\"t\":6000000000,\"ns\":2500000"), ""),
			"1 exits, 2.50ms of the host's time, one every 1000, in 1.00s, 0 lost");
}

/* idle, called by start; work, called by idle, which called itself. */
static const char chains[] =
	SAMPLE(0, "g", "0xffffffff80001000", ",\"callers\":\"0xffffffff80001204\"")
		SAMPLE(0, "g", "0xffffffff80001104",
		       ",\"callers\":\"0xffffffff80001020 0xffffffff80001010 0xffffffff80001204\"")
			END;

/* As perf's: once for each function that a chain is in, however often. */
static void chains_show_what_was_called(void **state)
{
	char *text = joined(HEADER("cpu-clock"), names, chains);

	(void)state;
	expect_view(text, &(struct report_view){.by = REPORT_BY_SYMBOL},
		    "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		    "# Samples: 2 of event 'cpu-clock', 997 a second\n"
		    "# Lost: 0\n"
		    "#\n"
		    "# Children Overhead  Samples  VCPU  Mode  Symbol\n"
		    "# ........ ........  .......  ....  ....  ......\n"
		    "#\n"
		    "   100.00%   50.00%        1     0  [g]   idle\n"
		    "   100.00%    0.00%        0     0  [g]   start\n"
		    "    50.00%   50.00%        1     0  [g]   work\n");
	expect_view(text,
		    &(struct report_view){.by = REPORT_BY_SYMBOL, .only_self = true, .limit = 1},
		    "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		    "# Samples: 2 of event 'cpu-clock', 997 a second\n"
		    "# Lost: 0\n"
		    "#\n"
		    "# Overhead  Samples  VCPU  Mode  Symbol\n"
		    "# ........  .......  ....  ....  ......\n"
		    "#\n"
		    "    50.00%        1     0  [g]   idle\n"
		    "# 1 more row\n");
	expect_view(text, &(struct report_view){.by = REPORT_BY_SYMBOL, .json = true, .limit = 2},
		    "{\"vhart\":\"report\",\"version\":1,\"vm\":\"web1\",\"pid\":12,"
		    "\"event\":\"cpu-clock\",\"samples\":2,\"lost\":0,\"whole\":true}\n"
		    "{\"share\":0.500000,\"children\":1.000000,\"samples\":1,\"vcpu\":0,"
		    "\"mode\":\"g\",\"symbol\":\"idle\"}\n"
		    "{\"share\":0.000000,\"children\":1.000000,\"samples\":0,\"vcpu\":0,"
		    "\"mode\":\"g\",\"symbol\":\"start\"}\n");
}

static const char exits[] =
	SAMPLE(0, "g", "0xffffffff80001104", ",\"ns\":9000,\"exit\":\"sbi time.set_timer\"")
		SAMPLE(0, "g", "0xffffffff80001108", ",\"ns\":500,\"exit\":\"sbi time.set_timer\"")
			SAMPLE(0, "g", "0xffffffff80001104", ",\"ns\":500,\"exit\":\"irq s_timer\"")
				END;

#define HOSTILE_HEADER(event)                                                                      \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":1,\"event\":\"" event            \
	"\",\"why\":\"" HOSTILE_JSON "\",\"vm\":\"" HOSTILE_JSON "\",\"way\":\"" HOSTILE_JSON      \
	"\",\"kernel\":\"" HOSTILE_JSON "\"}\n"
static const char hostile_rest[] =
	"{\"type\":\"symbol\",\"start\":\"0xffffffff80001000\",\"size\":256,\"name\":"
	"\"" HOSTILE_JSON "\",\"module\":\"" HOSTILE_JSON
	"\"}\n" SAMPLE(0, "g", "0xffffffff80001104", ",\"ns\":9,\"exit\":\"" HOSTILE_JSON "\"")
		SAMPLE(0, "g", "0xffffffff80001004", ",\"ns\":9,\"exit\":\"" HOSTILE_JSON "\"")
			FINDING(HOSTILE_JSON) END;

static void read_hostile(struct report *report, const char *head, enum report_by by)
{
	char message[REPORT_MESSAGE_MAX] = "", *text = joined(head, hostile_rest, "");

	begin(report, text, strlen(text));
	report->by_pc = by == REPORT_BY_PC;
	if (!report_read_frame(report, message) || !report_read_samples(report, message))
		fail_msg("%s", message);
}

/* A recording is anybody's: of no field a control character reaches a terminal or an export. */
static void a_hostile_recording_is_shown_as_text(void **state)
{
	static const char *const heads[] = {HOSTILE_HEADER(HOSTILE_JSON), HOSTILE_HEADER("exits")};

	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		enum report_by by = (enum report_by)(i % 4);
		struct report report;
		char *out = NULL;
		size_t size;
		FILE *to = open_memstream(&out, &size);

		read_hostile(&report, heads[i / 8], by);
		assert_true(report_print(to, &report,
					 &(struct report_view){.by = by, .json = i / 4 % 2}));
		fclose(to);
		assert_printable(out);
		if (i == 0) {
			assert_non_null(strstr(out, "# VM: " HOSTILE_JSON_SHOWN " (pid"));
			assert_non_null(strstr(out, "# " HOSTILE_JSON_SHOWN "\n#\n"));
			assert_non_null(strstr(out, "[g]   " HOSTILE_JSON_SHOWN
						    " [" HOSTILE_JSON_SHOWN "]\n"));
		}
		free(out);
		end(&report);
	}
}

static void a_hostile_recording_is_exported_as_text(void **state)
{
	int (*const exports[])(struct profile *, const struct export_options *,
			       FILE *) = {export_folded, export_flamegraph};

	(void)state;
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
		struct export_options how = {.labels_as_roots = true};
		struct report report;
		char *out = NULL;
		size_t size;
		FILE *to = open_memstream(&out, &size);

		read_hostile(&report, HOSTILE_HEADER("exits"), REPORT_BY_SYMBOL);
		how.title = report.header.vm;
		how.counts = report.header.event;
		assert_int_equal(exports[i](report.profile, &how, to), 0);
		fclose(to);
		assert_printable(out);
		free(out);
		end(&report);
	}
}

static void what_was_odd_stands_above_the_table(void **state)
{
	struct report report;
	char *text = NULL, *out = NULL, message[REPORT_MESSAGE_MAX];
	size_t size;
	FILE *to;

	(void)state;
	for (int count = 0; count <= 300; count += count < 7 ? 1 : 293) {
		char line[32], *more;

		to = open_memstream(&text, &size);
		fputs(HEADER("cycles"), to);
		for (int i = 0; i < count; i++)
			fprintf(to, FINDING("odd: %d"), i);
		fputs(END, to);
		fclose(to);
		begin(&report, text, size);
		assert_true(report_read_frame(&report, message));
		to = open_memstream(&out, &size);
		report_findings_print(to, &report.findings);
		fclose(to);
		snprintf(line, sizeof(line), "# odd: %d\n", count <= 5 ? count - 1 : 3);
		assert_true(!count == !strstr(out, line));
		assert_null(strstr(out, "# odd: 5\n"));
		more = strstr(out, "# and ");
		assert_int_equal(more ? atoi(more + strlen("# and ")) : 0,
				 count > 5 ? count - 4 : 0);
		assert_int_equal(report.findings.count, count < 256 ? count : 256);
		if (count) {
			const struct page_finding *last =
				&report.findings.on_page[report.findings.count - 1];

			snprintf(line, sizeof(line), "odd: %zu", report.findings.count - 1);
			assert_string_equal(last->headline, line);
			assert_string_equal(last->seen, "up");
			assert_string_equal(last->why, "so");
			assert_string_equal(last->help, "this");
		}
		end(&report);
		free(text);
		free(out);
	}
}

static void exits_are_weighed_by_the_hosts_time(void **state)
{
	(void)state;
	expect_report(joined(HEADER("exits"), names, exits), REPORT_BY_SYMBOL, false,
		      "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		      "# Samples: 3 of event 'exits', 997 a second, weighed by the host's time: "
		      "10.0us\n"
		      "# Lost: 0\n"
		      "#\n"
		      "#   Time%    Exits      Time  VCPU  Mode  Reason                        "
		      "Symbol\n"
		      "# ......  .......  ........  ....  ....  ............................  "
		      "......\n"
		      "#\n"
		      "  95.00%        2    9.50us     0  [g]   sbi time.set_timer            "
		      "work\n"
		      "   5.00%        1     500ns     0  [g]   irq s_timer                   "
		      "work\n");
}

/* The last instruction of idle calls; entry.S goes on at the first of start, where the interrupted
 * function begins. */
static void callers_have_the_name_of_who_called(void **state)
{
	static const char chain[] = SYMBOL("0xffffffff80001300", 16, "handle_exception")
		SAMPLE(0, "g", "0xffffffff80001104",
		       ",\"callers\":\"0xffffffff80001100 0xffffffff80001304 "
		       "0xffffffff80001200 0xffffffff90000000\"") END;
	static const char *const wanted[] = {"work", "idle", "handle_exception", "start",
					     "0xffffffff90000000"};
	char message[REPORT_MESSAGE_MAX] = "", *text = joined(HEADER("cycles"), names, chain);
	struct profile_stack stack;
	struct report report;

	(void)state;
	begin(&report, text, strlen(text));
	assert_true(report_read_frame(&report, message));
	assert_true(report_read_samples(&report, message));
	assert_int_equal(profile_count(report.profile), 1);
	stack = profile_stack(report.profile, 0);
	assert_int_equal(stack.depth, 5);
	for (size_t i = 0; i < stack.depth; i++)
		assert_string_equal(profile_frame(report.profile, stack.frames[i]).name, wanted[i]);
	end(&report);
}

static void a_recording_that_was_cut_off_shows_what_it_has(void **state)
{
	char message[REPORT_MESSAGE_MAX] = "", *text = joined(HEADER("cycles"), names, samples);
	size_t whole = strlen(text), head = strlen(HEADER("cycles"));

	(void)state;
	for (size_t len = 1; len < whole; len += len < head + 80 ? 1 : 37) {
		struct report report;

		begin(&report, text, len);
		if (len < head) {
			assert_false(report_read_frame(&report, message));
			assert_string_equal(message, "is no recording of 'vhart record'");
		} else {
			assert_true(report_read_frame(&report, message));
			assert_true(report_read_samples(&report, message));
			assert_false(report.whole);
			assert_true(profile_total(report.profile).count <= 4);
		}
		end(&report);
	}
}

static void what_is_no_recording_is_refused_in_one_line(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: the string's */
		const char *why;
	} bad[] = {
		{"", 0, "is empty"},
		{"\n", 0, "is no recording of 'vhart record'"},
		{"hello\n", 0, "is no recording of 'vhart record'"},
		{"PERFILE2\0\0\0\0", 12, "is no recording of 'vhart record'"},
		{END, 0, "is no recording of 'vhart record'"},
		{"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":9}\n", 0,
		 "is of another version of vhart"},
		{HEADER("cycles") HEADER("cycles"), 0, "line 2 is a second header"},
		{HEADER("cycles") "{\"type\":\"sample\"}\n" END, 0,
		 "line 2 has a sample without its vCPU or pc"},
		{HEADER("cycles") "x\n" END, 0, "line 2 is no flat JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char message[REPORT_MESSAGE_MAX] = "";
		struct report report;

		begin(&report, bad[i].text, bad[i].len ? bad[i].len : strlen(bad[i].text));
		assert_false(report_read_frame(&report, message));
		assert_string_equal(message, bad[i].why);
		end(&report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_shown_as_perf_shows_them),
		cmocka_unit_test(samples_are_of_the_guests_tasks),
		cmocka_unit_test(several_vms_are_told_apart_and_have_their_own_names),
		cmocka_unit_test(each_vm_has_its_own_modules),
		cmocka_unit_test(a_recording_of_no_vm_says_so),
		cmocka_unit_test(
			vms_of_one_name_have_their_process_too_and_one_that_nobody_told_of_a_number),
		cmocka_unit_test(one_of_all_vms_is_shown_as_one),
		cmocka_unit_test(stacks_of_several_vms_begin_with_them),
		cmocka_unit_test(each_vcpu_of_each_vm_has_its_lane),
		cmocka_unit_test(what_processes_run_is_named_by_its_file),
		cmocka_unit_test(callers_in_no_code_of_the_process_are_not_believed),
		cmocka_unit_test(code_of_no_file_may_have_been_made),
		cmocka_unit_test(modules_have_functions_or_only_their_name),
		cmocka_unit_test(beside_modules_there_is_nobody),
		cmocka_unit_test(a_module_takes_the_place_of_others),
		cmocka_unit_test(functions_of_a_module_need_no_module),
		cmocka_unit_test(a_subtitle_says_what_was_measured),
		cmocka_unit_test(chains_show_what_was_called),
		cmocka_unit_test(a_hostile_recording_is_shown_as_text),
		cmocka_unit_test(a_hostile_recording_is_exported_as_text),
		cmocka_unit_test(what_was_odd_stands_above_the_table),
		cmocka_unit_test(exits_are_weighed_by_the_hosts_time),
		cmocka_unit_test(callers_have_the_name_of_who_called),
		cmocka_unit_test(a_recording_that_was_cut_off_shows_what_it_has),
		cmocka_unit_test(what_is_no_recording_is_refused_in_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
