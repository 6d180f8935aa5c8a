/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart trace` prints. With VHART_WRITE_GOLDEN set it writes golden/trace*. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "tests/unit/fixtures/printable_text.h"
#include "tests/unit/fixtures/sample_exits.h"

static char *printed;
static size_t printed_size;

static int teardown(void **state)
{
	(void)state;
	free(printed);
	printed = NULL;
	return 0;
}

static void print_all(struct trace_view view)
{
	FILE *out = open_memstream(&printed, &printed_size);
	enum trace_part part;
	struct trace_exit exit;

	assert_non_null(out);
	trace_print_header(out, &view, "BPF at tracepoints and functions", 100);
	for (unsigned int i = 0; sample_exit(i, &exit, &part); i++) {
		trace_print_lost(out, &view, &exit.who, exit.record->lost);
		trace_print(out, &view, &exit, part);
	}
	assert_int_equal(fclose(out), 0);
}

static void equals_golden(const char *name)
{
	char path[512], *wanted = calloc(1, 65536);
	size_t size;
	FILE *file;

	assert_non_null(wanted);
	snprintf(path, sizeof(path), "%s/tests/unit/golden/%s", getenv("VHART_SOURCE"), name);
	if (getenv("VHART_WRITE_GOLDEN")) {
		file = fopen(path, "w");
		assert_non_null(file);
		fwrite(printed, 1, printed_size, file);
		fclose(file);
	}
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(wanted, 1, 65535, file);
	fclose(file);
	assert_string_equal(printed, wanted);
	assert_int_equal(size, printed_size);
	free(wanted);
}

/* One write for each line, also where nothing is kept back (standard error). */
static ssize_t expect_whole_lines(void *opaque, const char *bytes, size_t size)
{
	unsigned int *writes = opaque;

	assert_int_equal(bytes[size - 1], '\n');
	assert_ptr_equal(memchr(bytes, '\n', size), bytes + size - 1);
	++*writes;
	return (ssize_t)size;
}

static void a_line_is_one_write(void **state)
{
	struct trace_view view = {.durations = true};
	unsigned int writes = 0, lines = 0;
	enum trace_part part;
	struct trace_exit exit;
	FILE *out = fopencookie(&writes, "w", (cookie_io_functions_t){.write = expect_whole_lines});

	(void)state;
	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	for (; sample_exit(lines, &exit, &part); lines++)
		trace_print(out, &view, &exit, part);
	assert_int_equal(writes, lines);
	fclose(out);
}

static void text_is_the_golden_one(void **state)
{
	struct trace_view view = sample_exits_view();

	(void)state;
	view.durations = true;
	print_all(view);
	equals_golden("trace.txt");
}

static void text_without_durations_is_the_golden_one(void **state)
{
	struct trace_view view = sample_exits_view();

	(void)state;
	view.time = TIME_OF_DAY;
	view.names = true;
	print_all(view);
	equals_golden("trace-names.txt");
}

static void json_is_the_golden_one(void **state)
{
	struct trace_view view = sample_exits_view();

	(void)state;
	view.json = true;
	print_all(view);
	equals_golden("trace.jsonl");
}

static bool hostile_device(void *opaque, uint32_t pid, uint64_t address, char *out, size_t size)
{
	(void)opaque;
	(void)pid;
	(void)address;
	snprintf(out, size, "%s", HOSTILE_NAME);
	return true;
}

/* What a VM, its devices and its functions are called, and what it writes. */
static void lines_are_printable_with_any_name(void **state)
{
	struct trace_view view = sample_exits_view();

	(void)state;
	view.names = true;
	view.device = view.symbol = hostile_device;
	for (int json = 0; json < 2; json++) {
		const struct trace_who who = {.vm = HOSTILE_NAME};
		FILE *out;

		view.json = json;
		print_all(view);
		assert_printable(printed);
		assert_int_equal(!json, strstr(printed, " " HOSTILE_SHOWN " sbi ") != NULL);
		teardown(NULL);
		out = open_memstream(&printed, &printed_size);
		trace_print_lost(out, &view, &who, 1);
		fclose(out);
		assert_printable(printed);
		teardown(NULL);
	}
}

/* Exits that were waiting when the clock was read come at their own times, the first of them at 0.
 */
static void times_begin_with_the_first_exit(void **state)
{
	struct trace_view view = sample_exits_view();
	const char *line;

	(void)state;
	/* The clock was read behind all of them. */
	view.start = view.last = SAMPLE_EXITS_START + 1000000000;
	trace_begin_at(&view, SAMPLE_EXITS_START + 2000000000);
	assert_true(view.start == SAMPLE_EXITS_START + 1000000000);
	trace_begin_at(&view, SAMPLE_EXITS_START);
	assert_true(view.last == SAMPLE_EXITS_START);
	print_all(view);
	line = strstr(printed, "\n    0.000001 ");
	assert_non_null(line);
	assert_non_null(strstr(line, "\n    0.000010 "));
	assert_null(strstr(printed, "\n    0.000000 "));
}

/* Each line by json-c: what the record had comes back out. */
static void every_json_line_parses(void **state)
{
	struct trace_view view = sample_exits_view();
	unsigned int lines = 0, exits = 0;
	struct trace_exit exit;
	enum trace_part part;
	char *rest;

	(void)state;
	view.json = true;
	print_all(view);
	rest = printed;
	for (char *line; (line = strsep(&rest, "\n")) && *line; lines++) {
		struct json_object *object = json_tokener_parse(line), *value;

		assert_non_null(object);
		assert_true(json_object_object_get_ex(object, "type", &value));
		if (!strcmp(json_object_get_string(value), "exit") ||
		    !strcmp(json_object_get_string(value), "unfinished")) {
			assert_true(sample_exit(exits++, &exit, &part));
			assert_true(json_object_object_get_ex(object, "pc", &value));
			assert_true(strtoull(json_object_get_string(value), NULL, 16) ==
				    exit.record->pc);
			assert_true(json_object_object_get_ex(object, "vm", &value));
			assert_string_equal(json_object_get_string(value), exit.who.vm);
		}
		json_object_put(object);
	}
	assert_false(sample_exit(exits, &exit, &part));
	/* And the header and the loss. */
	assert_int_equal(lines, exits + 2);
}

static void relative_times_are_since_the_line_before(void **state)
{
	struct trace_view view = sample_exits_view();

	(void)state;
	view.time = TIME_SINCE_LAST;
	print_all(view);
	assert_non_null(strstr(printed, "\n    0.000001 v0 S ffffffff80012a4c f+0xa4c sbi"));
	assert_non_null(strstr(printed, "\n    0.000009 v0 S 0000000080001000 sbi"));
}

static void an_error_is_one_of_a_call_that_returned(void **state)
{
	unsigned int failed = 0;
	struct trace_exit exit;
	enum trace_part part;

	(void)state;
	/* Not the legacy call that returned -2, nor the one that never came back. */
	for (unsigned int i = 0; sample_exit(i, &exit, &part); i++)
		failed += exit_failed(&exit);
	assert_int_equal(failed, 1);
}

static void guest_time_goes_with_the_clock(void **state)
{
	struct exit_record record = {.exited = 2000000000,
				     .row = EXIT_SBI + SBI_ROW_TIME,
				     .args = {0, 0, 0, 0, 0, 0, 0, SBI_EID_TIME}};
	struct trace_exit exit = {.record = &record,
				  .who = {.time_delta = (uint64_t)-5000},
				  .clock = {3000000000, 30005000, 10000000}};

	(void)state;
	assert_int_equal(exit_call(&exit).now, 20000000);
	record.exited = 4000000000;
	assert_int_equal(exit_call(&exit).now, 40000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_write),
		cmocka_unit_test_teardown(text_is_the_golden_one, teardown),
		cmocka_unit_test_teardown(text_without_durations_is_the_golden_one, teardown),
		cmocka_unit_test_teardown(json_is_the_golden_one, teardown),
		cmocka_unit_test_teardown(times_begin_with_the_first_exit, teardown),
		cmocka_unit_test_teardown(lines_are_printable_with_any_name, teardown),
		cmocka_unit_test_teardown(every_json_line_parses, teardown),
		cmocka_unit_test_teardown(relative_times_are_since_the_line_before, teardown),
		cmocka_unit_test(an_error_is_one_of_a_call_that_returned),
		cmocka_unit_test(guest_time_goes_with_the_clock),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
