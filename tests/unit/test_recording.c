/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "trace/record/recording.h"

/* Writes LINE and reads it again, into *BACK. */
static void round_trip(const struct recording_line *line, struct recording_line *back)
{
	static char text[RECORDING_LINE];
	const char *why = "";
	size_t len = recording_write(line, text);

	assert_true(len < sizeof(text));
	assert_int_equal(text[len - 1], '\n');
	assert_ptr_equal(memchr(text, '\n', len), text + len - 1);
	if (!recording_read(text, len, back, &why))
		fail_msg("%s", why);
	assert_int_equal(back->type, line->type);
}

static void a_header_is_read_as_it_was_written(void **state)
{
	static struct recording_line line = {.type = RECORDING_HEADER}, back;
	struct recording_header *header = &line.header;

	(void)state;
	snprintf(header->event, sizeof(header->event), "cpu-clock");
	snprintf(header->why, sizeof(header->why), "no counter \"here\"");
	snprintf(header->vm, sizeof(header->vm), "web\t1 \xc3\xa4 \\ \"");
	snprintf(header->way, sizeof(header->way), "tracepoints");
	memset(header->kernel, 'k', sizeof(header->kernel) - 1);
	header->kernel[0] = '/';
	header->period = 1;
	header->frequency = UINT64_MAX;
	header->pid = 4711;
	header->start = 12;
	header->realtime = 13;
	header->chains = true;
	round_trip(&line, &back);
	assert_memory_equal(&back.header, header, sizeof(*header));
}

static void a_sample_is_read_as_it_was_written(void **state)
{
	static struct recording_line line = {.type = RECORDING_SAMPLE}, back;
	struct recording_sample *sample = &line.sample;

	(void)state;
	sample->time = 123456789012;
	sample->vcpu = 3;
	sample->user = true;
	sample->pc = 0xffffffff80001234;
	sample->count = 2;
	sample->ns = 1500;
	sample->vmm_ns = 1000;
	snprintf(sample->exit, sizeof(sample->exit), "sbi time.set_timer");
	round_trip(&line, &back);
	assert_memory_equal(&back.sample, sample, sizeof(*sample));
	sample->depth = RECORDING_CALLERS;
	for (uint64_t i = 0; i < RECORDING_CALLERS; i++)
		sample->callers[i] = UINT64_MAX - i;
	round_trip(&line, &back);
	assert_memory_equal(&back.sample, sample, sizeof(*sample));
}

static void the_other_lines_are_read_as_they_were_written(void **state)
{
	static struct recording_line line, back;

	(void)state;
	line = (struct recording_line){.type = RECORDING_SYMBOL,
				       .symbol = {.vm = 2,
						  .start = 0x80200000,
						  .size = 64,
						  .name = "work",
						  .module = "virtio"}};
	round_trip(&line, &back);
	assert_memory_equal(&back.symbol, &line.symbol, sizeof(line.symbol));
	line = (struct recording_line){.type = RECORDING_LOST,
				       .lost = {.vm = 3, .vcpu = 1, .records = 132}};
	round_trip(&line, &back);
	assert_memory_equal(&back.lost, &line.lost, sizeof(line.lost));
	line = (struct recording_line){
		.type = RECORDING_VCPU,
		.vcpu = {.vm = 4, .vcpu = 1, .overflows = 9, .stvec = 0x80200001}};
	round_trip(&line, &back);
	assert_memory_equal(&back.vcpu, &line.vcpu, sizeof(line.vcpu));
	line = (struct recording_line){.type = RECORDING_REASON,
				       .reason = {.exit = "sbi time.set_timer",
						  .from = 7,
						  .step = 100,
						  .min = 1,
						  .max = 900,
						  .count = 3,
						  .columns = {0, 12, UINT32_MAX},
						  .buckets = {[0] = 1, [159] = 11}}};
	round_trip(&line, &back);
	assert_memory_equal(&back.reason, &line.reason, sizeof(line.reason));
	/* The longest. */
	line.reason.count = RECORDING_COLUMNS;
	for (size_t i = 0; i < RECORDING_COLUMNS; i++)
		line.reason.columns[i] = UINT32_MAX;
	for (size_t i = 0; i < EXIT_BUCKETS; i++)
		line.reason.buckets[i] = UINT32_MAX;
	round_trip(&line, &back);
	assert_memory_equal(&back.reason, &line.reason, sizeof(line.reason));
	line = (struct recording_line){.type = RECORDING_TASKS,
				       .tasks = {.vm = 5, .why = "\"none\""}};
	round_trip(&line, &back);
	assert_int_equal(back.tasks.vm, 5);
	assert_string_equal(back.tasks.why, "\"none\"");
	line = (struct recording_line){.type = RECORDING_MAPPING,
				       .mapping = {.space = RECORDING_SPACES_MAX,
						   .start = 0x10000,
						   .end = 0x20000,
						   .offset = 4096,
						   .file = "/bin/sh"}};
	round_trip(&line, &back);
	assert_memory_equal(&back.mapping, &line.mapping, sizeof(line.mapping));
	line = (struct recording_line){
		.type = RECORDING_VM,
		.vm = {.vm = RECORDING_VMS, .name = "web\x7f", .pid = 12, .kernel = "/boot/Image"}};
	round_trip(&line, &back);
	assert_memory_equal(&back.vm, &line.vm, sizeof(line.vm));
	line = (struct recording_line){.type = RECORDING_FINDING,
				       .finding = {.headline = "timer-storm: \"web\" vCPU 0",
						   .seen = "up to 31 %",
						   .why = "again and again",
						   .help = "Sstc"}};
	round_trip(&line, &back);
	assert_memory_equal(&back.finding, &line.finding, sizeof(line.finding));
	line = (struct recording_line){
		.type = RECORDING_MODULE,
		.module = {.start = UINT64_MAX - UINT32_MAX, .size = UINT32_MAX, .name = "fuse"}};
	round_trip(&line, &back);
	assert_memory_equal(&back.module, &line.module, sizeof(line.module));
	line = (struct recording_line){.type = RECORDING_END, .end = {.time = 5, .samples = 7}};
	round_trip(&line, &back);
	assert_memory_equal(&back.end, &line.end, sizeof(line.end));
}

/* Reads a copy of TEXT. */
static bool reads(const char *text, struct recording_line *line, const char **why)
{
	static char copy[RECORDING_LINE];

	snprintf(copy, sizeof(copy), "%s", text);
	return recording_read(copy, strlen(copy), line, why);
}

static void what_a_later_writer_adds_is_passed_over(void **state)
{
	static struct recording_line line;
	const char *why;

	(void)state;
	assert_true(reads("{\"type\":\"weather\",\"rain\":true}", &line, &why));
	assert_int_equal(line.type, RECORDING_OTHER);
	assert_true(
		reads(" { \"new\" : null , \"type\" : \"lost\", \"vcpu\":0,\"records\":3 } \r\n",
		      &line, &why));
	assert_int_equal(line.lost.records, 3);
}

#define NO_COLUMNS "has exits without the columns of time in which they came"
#define NO_SUCH_VM "has a VM of impossible number"
#define NO_MODULE  "has a module without its place or name"
#define NO_BUCKETS "has exits without how long they took"

static void what_is_no_line_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "is no flat JSON object"},
		{"{", "is no flat JSON object"},
		{"{\"type\":\"lost\"", "is no flat JSON object"},
		{"{\"type\":\"lost\"}x", "is no flat JSON object"},
		{"{\"type\":\"lost\",\"records\":18446744073709551616}", "is no flat JSON object"},
		{"{\"type\":\"lost\",\"records\":-1}", "is no flat JSON object"},
		{"{\"type\":\"lo\\qst\"}", "is no flat JSON object"},
		{"{\"type\":\"\\u12g4\"}", "is no flat JSON object"},
		{"{\"type\":[1]}", "is no flat JSON object"},
		{"{\"type\":\"header\",\"vhart\":\"trace\",\"version\":1}",
		 "is no recording of vhart's"},
		{"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":3}",
		 recording_of_another_version},
		{"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":0}",
		 recording_of_another_version},
		{"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":2}",
		 "does not say what was sampled"},
		{"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":1}",
		 "does not say what was sampled"},
		{"{\"type\":\"sample\",\"mode\":\"g\",\"pc\":\"0x1\"}",
		 "has a sample without its vCPU or pc"},
		{"{\"type\":\"sample\",\"vcpu\":0,\"mode\":\"g\",\"pc\":\"12\"}",
		 "has a sample without its vCPU or pc"},
		{"{\"type\":\"sample\",\"vcpu\":0,\"mode\":\"k\",\"pc\":\"0x1\"}",
		 "has a sample of an unknown mode"},
		{"{\"type\":\"sample\",\"vcpu\":0,\"mode\":\"g\",\"pc\":\"0x1\",\"callers\":\"0x1 "
		 "two\"}",
		 "has callers that are no addresses"},
		{"{\"type\":\"sample\",\"vcpu\":2147483648,\"mode\":\"g\",\"pc\":\"0x1\"}",
		 "has a vCPU of impossible number"},
		{"{\"type\":\"symbol\",\"name\":\"x\"}",
		 "has a symbol without its name or address"},
		{"{\"type\":\"vcpu\",\"vcpu\":1}", "has a vCPU without its stvec"},
		{"{\"type\":\"finding\",\"seen\":\"x\"}", "has a finding without what it is"},
		{"{\"type\":\"reason\",\"columns\":\"1 2\"}", NO_COLUMNS},
		{"{\"type\":\"reason\",\"step\":1,\"columns\":\"1 2 \"}", NO_COLUMNS},
		{"{\"type\":\"reason\",\"step\":1,\"columns\":\"1,2\"}", NO_COLUMNS},
		{"{\"type\":\"reason\",\"step\":1,\"columns\":\"-1\"}", NO_COLUMNS},
		{"{\"type\":\"reason\",\"step\":1,\"columns\":\"4294967296\"}", NO_COLUMNS},
		{"{\"type\":\"reason\",\"step\":99999999999999999,\"columns\":\"1\"}", NO_COLUMNS},
		{"{\"type\":\"reason\",\"step\":9,\"from\":18446744073709551615}", NO_COLUMNS},
		{"{\"type\":\"reason\",\"step\":1,\"buckets\":\"160:1\"}", NO_BUCKETS},
		{"{\"type\":\"reason\",\"step\":1,\"buckets\":\"5\"}", NO_BUCKETS},
		{"{\"type\":\"reason\",\"step\":1,\"buckets\":\"5:1 \"}", NO_BUCKETS},
		{"{\"type\":\"vm\",\"name\":\"web1\"}", "has a VM without its number"},
		{"{\"type\":\"vm\",\"vm\":129}", NO_SUCH_VM},
		{"{\"type\":\"lost\",\"vm\":129}", NO_SUCH_VM},
		{"{\"type\":\"tasks\",\"vm\":129}", NO_SUCH_VM},
		{"{\"type\":\"vcpu\",\"vm\":129,\"stvec\":\"0x1\"}", NO_SUCH_VM},
		{"{\"type\":\"symbol\",\"vm\":129,\"start\":\"0x1\",\"name\":\"x\"}", NO_SUCH_VM},
		{"{\"type\":\"mapping\",\"space\":1,\"start\":\"0x2\"}",
		 "has a mapping without its place"},
		{"{\"type\":\"mapping\",\"space\":1,\"start\":\"0x2\",\"end\":\"0x2\"}",
		 "has a mapping without its place"},
		{"{\"type\":\"mapping\",\"space\":0,\"start\":\"0x2\",\"end\":\"0x3\"}",
		 "has a mapping without its place"},
		{"{\"type\":\"module\",\"start\":\"0x2\",\"size\":4}", NO_MODULE},
		{"{\"type\":\"module\",\"start\":\"0x2\",\"name\":\"m\"}", NO_MODULE},
		{"{\"type\":\"module\",\"size\":4,\"name\":\"m\"}", NO_MODULE},
		{"{\"type\":\"module\",\"start\":\"0x0\",\"size\":4294967296,\"name\":\"m\"}",
		 NO_MODULE},
		{"{\"type\":\"module\",\"start\":\"0xffffffffffffffff\",\"size\":1,"
		 "\"name\":\"m\"}",
		 NO_MODULE},
		{"{\"type\":\"mapping\",\"space\":65537,\"start\":\"0x2\",\"end\":\"0x3\"}",
		 "has a mapping without its place"},
	};
	static struct recording_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = "";

		if (reads(bad[i].text, &line, &why))
			fail_msg("%s was read", bad[i].text);
		assert_string_equal(why, bad[i].why);
	}
}

static void more_callers_than_fit_are_refused(void **state)
{
	static char text[RECORDING_LINE];
	static struct recording_line line;
	size_t used = (size_t)snprintf(text, sizeof(text),
				       "{\"type\":\"sample\",\"vcpu\":0,"
				       "\"mode\":\"g\",\"pc\":\"0x1\","
				       "\"callers\":\"");
	const char *why = "";

	(void)state;
	for (unsigned int i = 0; i <= RECORDING_CALLERS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "0x%x ", i);
	snprintf(text + used, sizeof(text) - used, "\"}");
	assert_false(reads(text, &line, &why));
	assert_string_equal(why, "has callers that are no addresses");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_as_it_was_written),
		cmocka_unit_test(a_sample_is_read_as_it_was_written),
		cmocka_unit_test(the_other_lines_are_read_as_they_were_written),
		cmocka_unit_test(what_a_later_writer_adds_is_passed_over),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(more_callers_than_fit_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
