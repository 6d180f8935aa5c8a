/* SPDX-License-Identifier: Apache-2.0 */
/* The file of `vhart stat --save`: what is written is read, and what is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/names/exit_names.h"
#include "trace/stat/stat_file.h"

static struct stat_file file;
static char why[STAT_FILE_WHY];

static int teardown(void **state)
{
	(void)state;
	stat_file_free(&file);
	return 0;
}

static bool read_bytes(const char *bytes, size_t size)
{
	FILE *in = size ? fmemopen((void *)(uintptr_t)bytes, size, "r") : fopen("/dev/null", "re");
	bool good;

	assert_non_null(in);
	stat_file_free(&file);
	why[0] = '\0';
	good = stat_file_read(in, &file, why);
	fclose(in);
	return good;
}

#define HEADER                                                                                     \
	"{\"type\":\"header\",\"vhart\":\"stat\",\"version\":1,\"by\":\"0.4.0\",\"kernel\":\"7."   \
	"2\","                                                                                     \
	"\"guest\":\"Image\",\"way\":\"BPF\",\"realtime_ns\":1,\"wall_ns\":2,\"vcpus\":1,"         \
	"\"lost\":0}\n"
#define EXIT_OF(count, to_vmm, buckets)                                                            \
	"{\"type\":\"exit\",\"vcpu\":0,\"reason\":\"sbi\",\"sub\":\"x\",\"count\":" count          \
	",\"to_vmm\":" to_vmm ",\"ns\":9,\"vmm_ns\":0,\"halted_ns\":0,\"min_ns\":4,\"max_ns\":5,"  \
	"\"buckets\":{" buckets "}}\n"
#define EXIT EXIT_OF("2", "1", "\"4\":1,\"5\":1")
#define END  "{\"type\":\"end\",\"exits\":1}\n"
#define KEYED_HEADER                                                                               \
	"{\"type\":\"header\",\"vhart\":\"stat\",\"version\":1,\"by\":\"0.5.0\",\"kernel\":\"7."   \
	"2\","                                                                                     \
	"\"guest\":\"Image\",\"way\":\"BPF\",\"realtime_ns\":1,\"wall_ns\":2,\"vcpus\":1,"         \
	"\"lost\":0,\"keys\":\"mmio\"}\n"
#define KEY_OF(value, name)                                                                        \
	"{\"type\":\"key\",\"vcpu\":0,\"reason\":\"load\",\"sub\":\"mmio\",\"count\":2,\"to_"      \
	"vmm\":2,"                                                                                 \
	"\"ns\":9,\"vmm_ns\":0,\"halted_ns\":0,\"value\":\"" value "\",\"name\":\"" name           \
	"\",\"buckets\":{\"4\":2}}\n"
#define KEY	  KEY_OF("0x10000005", "uart+0x5 (LSR)")
#define KEYED_END "{\"type\":\"end\",\"exits\":1,\"keys\":1}\n"

static void refuses(const char *text, const char *because)
{
	assert_false(read_bytes(text, strlen(text)));
	assert_null(strchr(why, '\n'));
	if (strcmp(why, because) != 0)
		print_message("%s\nwas refused with '%s'\n", text, why);
	assert_string_equal(why, because);
}

static const struct stat_view by_reason = {.by = BY_REASON};

static void what_was_written_is_read(void **state)
{
	static struct exit_vcpu vcpus[2];
	static struct exit_times times[2 * EXIT_TIMES];
	const struct stat_sample sample = {.vcpu_count = 2, .vcpus = vcpus, .times = times};
	const struct stat_facts facts = {.vhart = "1",
					 .kernel = "7.2 \"\\",
					 .guest = "\xff\x1b/I",
					 .way = "w",
					 .realtime = UINT64_MAX,
					 .wall = 5,
					 .lost = 3};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	vcpus[1] = (struct exit_vcpu){.first = 1, .vcpu_id = 7};
	struct exit_times *wfi = &times[EXIT_TIMES + EXIT_WFI];
	*wfi = (struct exit_times){.count = 3,
				   .to_vmm = 1,
				   .ns = 30,
				   .vmm_ns = 4,
				   .halted_ns = UINT64_MAX,
				   .min = 1,
				   .max = 20};
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		wfi->buckets[i] = UINT32_MAX - i;
	/* Of a vCPU that was not there. */
	times[EXIT_WFI].count = 1;
	assert_true(stat_file_write(out, &facts, &by_reason, &sample));
	fclose(out);
	assert_true(read_bytes(text, size));
	free(text);
	assert_string_equal(file.facts.kernel, facts.kernel);
	assert_string_equal(file.facts.guest, "\xef\xbf\xbd\x1b/I");
	assert_true(file.facts.realtime == UINT64_MAX && file.facts.wall == 5);
	assert_true(file.facts.lost == 3 && file.facts.vcpus == 1);
	assert_int_equal(file.count, 1);
	assert_string_equal(file.rows[0].reason, "virtual_inst");
	assert_string_equal(file.rows[0].sub, "wfi");
	assert_int_equal(file.rows[0].vcpu, 7);
	assert_memory_equal(&file.rows[0].times, wfi, sizeof(*wfi));
}

static void name_one(void *opaque, uint32_t tgid, uint64_t value, char *out, size_t size)
{
	(void)opaque;
	if (value == 0x10000005)
		snprintf(out, size, "uart+0x5 (LSR) of %u", tgid);
}

/* What VIEW keeps of three keys, of which one is of a vCPU that is not there, and one has no exit.
 */
static void write_keys(const struct stat_view *view, uint64_t value)
{
	static struct exit_vcpu vcpu = {.first = 1, .vcpu_id = 7, .tgid = 42};
	static struct exit_times times[EXIT_TIMES];
	static struct stat_keyed keyed[] = {
		{{0x10000005, 0, EXIT_LOAD_MMIO}, {.count = 3, .to_vmm = 3, .ns = 30, .vmm_ns = 4}},
		{{0x10000005, 1, EXIT_LOAD_MMIO}, {.count = 1}},
		{{0x10000006, 0, EXIT_LOAD_MMIO}, {.count = 0}},
		{{UINT64_MAX, 0, EXIT_STORE_MMIO}, {.count = 1, .ns = 5, .halted_ns = 6}},
	};
	const struct stat_sample sample = {
		.vcpu_count = 1, .vcpus = &vcpu, .times = times, .keyed_count = 4, .keyed = keyed};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	keyed[0].name.value = value;
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		keyed[0].times.buckets[i] = UINT32_MAX - i;
	assert_true(stat_file_write(out, &(struct stat_facts){.vhart = "1"}, view, &sample));
	fclose(out);
	assert_true(read_bytes(text, size));
	free(text);
}

static void what_exits_are_told_apart_by_is_kept_with_its_names(void **state)
{
	(void)state;
	write_keys(&(struct stat_view){.by = BY_MMIO, .place = name_one}, 0x10000005);
	assert_string_equal(file.facts.keys, "mmio");
	assert_int_equal(file.keys_count, 2);
	assert_string_equal(file.keys[0].row.reason, "load_guest_page_fault");
	assert_string_equal(file.keys[0].row.sub, "mmio");
	assert_string_equal(file.keys[0].name, "uart+0x5 (LSR) of 42");
	assert_true(file.keys[0].value == 0x10000005 && file.keys[0].row.vcpu == 7);
	assert_true(file.keys[0].row.times.count == 3 && file.keys[0].row.times.to_vmm == 3);
	assert_true(file.keys[0].row.times.ns == 30 && file.keys[0].row.times.vmm_ns == 4);
	assert_int_equal(file.keys[0].row.times.buckets[9], UINT32_MAX - 9);
	assert_string_equal(file.keys[1].name, "");
	assert_true(file.keys[1].value == UINT64_MAX && file.keys[1].row.times.halted_ns == 6);
}

static void csrs_are_kept_with_their_names(void **state)
{
	(void)state;
	write_keys(&(struct stat_view){.by = BY_CSR, .place = name_one}, 0xC01);
	assert_string_equal(file.facts.keys, "csr");
	assert_string_equal(file.keys[0].name, "time");
	/* There is no such CSR. */
	assert_string_equal(file.keys[1].name, "");
}

/* Those of findings are not. */
static void no_key_is_kept_that_was_not_asked_for(void **state)
{
	(void)state;
	write_keys(&by_reason, 1);
	assert_string_equal(file.facts.keys, "");
	assert_int_equal(file.keys_count, 0);
}

/* The longest name of a row fits as it is read. */
static void every_row_has_room(void **state)
{
	struct stat_row row;

	(void)state;
	for (uint32_t i = 0; i < EXIT_ROWS; i++) {
		assert_true(strlen(exit_name(i).reason) < sizeof(row.reason));
		assert_true(strlen(exit_name(i).sub) < sizeof(row.sub));
	}
}

static void what_a_later_writer_adds_is_passed_over(void **state)
{
	(void)state;
	static const char text[] = HEADER "{\"type\":\"finding\",\"what\":[1,{}]}\n" EXIT END;

	assert_true(read_bytes(text, strlen(text)));
	assert_int_equal(file.count, 1);
}

static void each_fault_has_its_words(void **state)
{
	static const struct {
		const char *text, *why;
	} faults[] = {
		{"", "it is empty: save anew"},
		{"\n", "line 1: expected a JSON object"},
		{"hello\n", "line 1: expected a JSON object"},
		{"[]\n", "line 1: expected a JSON object"},
		{"{}\n", "it was not written by 'vhart stat --save': give a file that was"},
		{END, "it was not written by 'vhart stat --save': give a file that was"},
		{"{\"type\":\"header\",\"vhart\":\"stat\",\"version\":2}\n",
		 "version 2 of such files, and this vhart reads 1: take the vhart that wrote it, "
		 "or save anew"},
		{"{\"type\":\"header\",\"vhart\":\"stat\",\"version\":\"1\"}\n",
		 "line 1: expected a number that is not negative as version"},
		{"{\"type\":\"header\",\"vhart\":\"stat\",\"version\":1,\"by\":\"a\\u0000b\"}\n",
		 "line 1: too long a text, or a zero in it, as by"},
		{"{\"type\":\"header\",\"vhart\":\"stat\",\"version\":1}\n",
		 "line 1: expected a text as by"},
		{HEADER, "line 1: the end is missing behind it: save anew"},
		{HEADER EXIT, "line 2: the end is missing behind it: save anew"},
		{HEADER END, "line 2: lines are missing before the end: save anew"},
		{HEADER EXIT END EXIT, "line 4: there is something behind the end"},
		{HEADER "{\"type\":\"exit\"", "line 2: it is cut short: save anew"},
		{HEADER "{\"type\":\"exit\"}\n",
		 "line 2: expected a number that is not negative as vcpu"},
		{HEADER EXIT_OF("-2", "0", ""),
		 "line 2: expected a number that is not negative as count"},
		{HEADER EXIT_OF("1.5", "0", ""),
		 "line 2: expected a number that is not negative as count"},
		{HEADER EXIT_OF("0", "0", ""), "line 2: a kind of exit of which there was none"},
		{HEADER EXIT_OF("2", "3", ""), "line 2: too large a number as to_vmm"},
		{HEADER EXIT_OF("2", "1", "\"160\":1"), "line 2: there is no such bucket"},
		{HEADER EXIT_OF("2", "1", "\"-1\":1"), "line 2: there is no such bucket"},
		{HEADER EXIT_OF("2", "1", "\"\":1"), "line 2: there is no such bucket"},
		{HEADER EXIT_OF("2", "1", "\"4\":4294967296"),
		 "line 2: expected a number of exits in each bucket"},
		{HEADER EXIT_OF("2", "1", "\"4\":{\"5\":{}}"), "line 2: expected a JSON object"},
		{HEADER EXIT KEY KEYED_END, "line 3: a key, and by the first line there are none"},
		{KEYED_HEADER EXIT KEY END, "line 4: lines are missing before the end: save anew"},
		{KEYED_HEADER EXIT KEYED_END,
		 "line 3: lines are missing before the end: save anew"},
		{KEYED_HEADER KEY_OF("10", ""), "line 2: expected 0x and up to 16 digits as value"},
		{KEYED_HEADER KEY_OF("0x", ""), "line 2: expected 0x and up to 16 digits as value"},
		{KEYED_HEADER KEY_OF("0x-1", ""),
		 "line 2: expected 0x and up to 16 digits as value"},
		{KEYED_HEADER KEY_OF("0x1g", ""),
		 "line 2: expected 0x and up to 16 digits as value"},
		{KEYED_HEADER KEY_OF("0x11111111111111111", ""),
		 "line 2: expected 0x and up to 16 digits as value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		refuses(faults[i].text, faults[i].why);
}

static void a_line_that_is_too_long_is_refused(void **state)
{
	static char text[STAT_FILE_LINE + 100];

	(void)state;
	memset(text, ' ', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	refuses(text, "line 1: it is too long");
}

static void a_zero_byte_ends_no_line(void **state)
{
	static const char text[] = HEADER "{\"type\":\"end\"\0,\"exits\":0}\n";

	(void)state;
	assert_false(read_bytes(text, sizeof(text) - 1));
	assert_string_equal(why, "line 2: it is cut short: save anew");
}

static void more_rows_or_keys_than_any_vm_has_are_refused(void **state)
{
	static const char *const lines[] = {EXIT, KEY};

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		fputs(KEYED_HEADER, out);
		for (uint32_t i = 0; i < STAT_FILE_ROWS + 1; i++)
			fputs(lines[kind], out);
		fclose(out);
		assert_false(read_bytes(text, size));
		free(text);
		assert_string_equal(why, "line 65538: more kinds of exits than any VM has");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_was_written_is_read, teardown),
		cmocka_unit_test_teardown(what_exits_are_told_apart_by_is_kept_with_its_names,
					  teardown),
		cmocka_unit_test_teardown(csrs_are_kept_with_their_names, teardown),
		cmocka_unit_test_teardown(no_key_is_kept_that_was_not_asked_for, teardown),
		cmocka_unit_test(every_row_has_room),
		cmocka_unit_test_teardown(what_a_later_writer_adds_is_passed_over, teardown),
		cmocka_unit_test_teardown(each_fault_has_its_words, teardown),
		cmocka_unit_test_teardown(a_line_that_is_too_long_is_refused, teardown),
		cmocka_unit_test_teardown(a_zero_byte_ends_no_line, teardown),
		cmocka_unit_test_teardown(more_rows_or_keys_than_any_vm_has_are_refused, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
