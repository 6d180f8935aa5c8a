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

#include "tests/unit/fixtures/made_recording.h"

#define MAPPING(space, start, end, file)                                                           \
	"{\"type\":\"mapping\",\"space\":" #space ",\"start\":\"" start "\",\"end\":\"" end        \
	"\",\"offset\":4096,\"file\":\"" file "\"}\n"

/* In user mode at PC, in what SPACE has mapped. */
static void put_user_sample(struct report *report, struct recording_packer *packer, uint32_t space,
			    uint64_t pc)
{
	struct recording_sample sample = {.user = true, .pc = pc, .count = 1};

	sample.task = made_task(1, 1, "sh", "sh");
	sample.task.space = space;
	made_report_put(report, packer, &sample);
}

static char *report_of_files(bool by_pc)
{
	static const char mapped[] =
		HEADER("cpu-clock") MAPPING(1, "0x10000", "0x20000", "/bin/busybox")
			MAPPING(1, "0x40000", "0x50000", "") MAPPING(2, "0x10000", "0x20000", "x");
	struct recording_packer *packer = recording_packer_new();
	struct report report;
	char *out;

	made_report_begin(&report, mapped, strlen(mapped));
	report.by_pc = by_pc;
	put_user_sample(&report, packer, 1, 0x10123);
	put_user_sample(&report, packer, 1, 0x40000);
	put_user_sample(&report, packer, 2, 0x1ffff);
	/* Behind its end, before its beginning, and nobody's. */
	put_user_sample(&report, packer, 2, 0x20000);
	put_user_sample(&report, packer, 1, 0xffff);
	put_user_sample(&report, packer, 0, 0x10123);
	recording_packer_free(packer);
	out = made_report_shown(
		&report, &(struct report_view){.by = by_pc ? REPORT_BY_PC : REPORT_BY_SYMBOL});
	made_report_end(&report);
	return out;
}

/* In SPACE, called from two places in its code, and by what is none. */
static size_t depth_of_user_stack(uint32_t space)
{
	static const char mapped[] =
		HEADER("cpu-clock") MAPPING(1, "0x10000", "0x20000", "/bin/sh");
	struct recording_packer *packer = recording_packer_new();
	struct recording_sample sample = {.user = true,
					  .pc = 0x10123,
					  .count = 1,
					  .depth = 4,
					  .callers = {0x10456, 0x20000, 0x999, 0x10789}};
	struct report report;
	size_t depth;

	sample.task = made_task(1, 1, "sh", "sh");
	sample.task.space = space;
	made_report_begin(&report, mapped, strlen(mapped));
	made_report_put(&report, packer, &sample);
	recording_packer_free(packer);
	made_report_read(&report);
	assert_int_equal(profile_count(report.profile), 1);
	depth = profile_stack(report.profile, 0).depth;
	made_report_end(&report);
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
	static const char mapped[] =
		HEADER("cpu-clock") MAPPING(1, "0x10000", "0x20000", "/bin/busybox")
			MAPPING(1, "0x40000", "0x50000", "")
				MAPPING(1, "0x60000", "0x70000", "/memfd:code (deleted)");
	char root[] = "/tmp/report-root.XXXXXX", path[64], command[128], *out;
	struct recording_packer *packer = recording_packer_new();
	struct report report;
	FILE *map;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/tmp", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/tmp/perf-1.map", root);
	map = fopen(path, "w");
	assert_non_null(map);
	fputs("10000 70000 made\n", map);
	fclose(map);
	made_report_begin(&report, mapped, strlen(mapped));
	report.users = user_symbols_new(root);
	put_user_sample(&report, packer, 1, 0x10123);
	put_user_sample(&report, packer, 1, 0x40000);
	put_user_sample(&report, packer, 1, 0x60000);
	put_user_sample(&report, packer, 1, 0x7ffff);
	put_user_sample(&report, packer, 1, 0x80000);
	recording_packer_free(packer);
	out = made_report_shown(&report, &(struct report_view){.by = REPORT_BY_SYMBOL});
	assert_non_null(strstr(out, " 3     0  [u]   made [JIT]\n"));
	assert_non_null(strstr(out, " 1     0  [u]   [busybox]\n"));
	assert_non_null(strstr(out, " 1     0  [u]   [user]\n"));
	free(out);
	user_symbols_free(report.users);
	made_report_end(&report);
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
	struct report report;
	char *out, *rows;

	made_report_begin(&report, text, strlen(text));
	report.by_pc = by == REPORT_BY_PC;
	out = made_report_shown(&report, &(struct report_view){.by = by});
	rows = strstr(out, "....\n#\n");
	assert_non_null(rows);
	assert_string_equal(rows + 7, wanted);
	free(out);
	made_report_end(&report);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_processes_run_is_named_by_its_file),
		cmocka_unit_test(callers_in_no_code_of_the_process_are_not_believed),
		cmocka_unit_test(code_of_no_file_may_have_been_made),
		cmocka_unit_test(modules_have_functions_or_only_their_name),
		cmocka_unit_test(beside_modules_there_is_nobody),
		cmocka_unit_test(a_module_takes_the_place_of_others),
		cmocka_unit_test(functions_of_a_module_need_no_module),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
