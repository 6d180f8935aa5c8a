/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "trace/record/recording_packed.h"
#include "trace/record/report.h"
#include "trace/record/report_samples.h"

struct pair {
	struct recording_packer *packer;
	struct recording_unpacker *unpacker;
	unsigned int forgotten;
};

static int begin(void **state)
{
	static struct pair pair;

	pair = (struct pair){.packer = recording_packer_new(),
			     .unpacker = recording_unpacker_new()};
	*state = &pair;
	return !pair.packer || !pair.unpacker;
}

static int end(void **state)
{
	struct pair *pair = *state;

	recording_packer_free(pair->packer);
	recording_unpacker_free(pair->unpacker);
	return 0;
}

/* The record at BYTES: into *LINE, how many bytes it has. */
static size_t unpack(struct pair *pair, const uint8_t *bytes, struct recording_line *line)
{
	size_t head = 2, len = bytes[1] & 0x7f;
	const char *why = "";

	if (bytes[1] & 0x80)
		len |= (size_t)bytes[head++] << 7;
	assert_true(bytes[0] >= RECORDING_TAGS);
	assert_true(len <= RECORDING_PACKED_MAX);
	pair->forgotten += bytes[0] == RECORDING_TAG_FORGET;
	if (!recording_unpack(pair->unpacker, bytes[0], bytes + head, len, line, &why))
		fail_msg("%s", why);
	return head + len;
}

/* Packs SAMPLE, and requires it back; how many bytes it took. */
static size_t round_trip(struct pair *pair, const struct recording_sample *sample)
{
	static struct recording_line line;
	static uint8_t bytes[RECORDING_LINE];
	size_t size = recording_pack(pair->packer, sample, bytes);

	assert_in_range(size, 1, sizeof(bytes));
	for (size_t at = 0; at < size;) {
		at += unpack(pair, bytes + at, &line);
		assert_true(at <= size);
		assert_int_equal(line.type, at == size ? RECORDING_SAMPLE : RECORDING_OTHER);
	}
	assert_memory_equal(&line.sample, sample, sizeof(*sample));
	return size;
}

static struct recording_sample sample_of(uint64_t depth)
{
	struct recording_sample sample;

	/* With its padding: it is compared as bytes. */
	memset(&sample, 0, sizeof(sample));
	sample.time = 123456789012;
	sample.vcpu = 3;
	sample.pc = 0xffffffff80001234;
	sample.count = 1;
	sample.ns = 1500;
	snprintf(sample.exit, sizeof(sample.exit), "sbi time.set_timer");
	sample.depth = depth;
	for (uint64_t i = 0; i < depth; i++)
		sample.callers[i] = 0xffffffff80010000 + i * 0x1234;
	return sample;
}

static void a_sample_is_read_as_it_was_written(void **state)
{
	struct recording_sample sample = sample_of(RECORDING_CALLERS);

	round_trip(*state, &sample);
	for (uint64_t i = 0; i < RECORDING_CALLERS; i++)
		sample.callers[i] = i % 2 ? UINT64_MAX - i : i << 62;
	sample.time = 0;
	sample.vcpu = INT32_MAX;
	sample.user = true;
	sample.pc = UINT64_MAX;
	sample.count = sample.ns = sample.vmm_ns = UINT64_MAX;
	memset(sample.exit, 'e', sizeof(sample.exit) - 1);
	round_trip(*state, &sample);
	sample.time = UINT64_MAX;
	sample.pc = 1ull << 63;
	memset(sample.exit, 0, sizeof(sample.exit));
	sample.depth = 0;
	memset(sample.callers, 0, sizeof(sample.callers));
	round_trip(*state, &sample);
}

static void a_sample_is_of_its_vm(void **state)
{
	struct recording_sample sample = sample_of(1);
	size_t alone, one_of_many;

	round_trip(*state, &sample);
	alone = round_trip(*state, &sample);
	sample.vm = RECORDING_VMS;
	one_of_many = round_trip(*state, &sample);
	/* That of no task, and its own. */
	assert_in_range(one_of_many - alone, 1, 3);
	sample.task.known = 1;
	sample.task.process = 5;
	sample.task.comm[0] = 'c';
	round_trip(*state, &sample);
	sample.vm = 0;
	round_trip(*state, &sample);
}

static void put_task(struct recording_sample *sample, uint32_t process, const char *comm,
		     const char *name)
{
	memset(&sample->task, 0, sizeof(sample->task));
	sample->task.known = 1;
	sample->task.process = process;
	sample->task.thread = process + 1;
	sample->task.space = 7;
	memcpy(sample->task.comm, comm, strlen(comm));
	memcpy(sample->task.name, name, strlen(name));
}

/* Equal ones are written once; those without one take nothing. */
static void tasks_are_read_as_they_were_written(void **state)
{
	struct recording_sample sample = sample_of(2);
	size_t first, without;

	round_trip(*state, &sample);
	without = round_trip(*state, &sample);
	put_task(&sample, 70, "worker", "server");
	first = round_trip(*state, &sample);
	assert_int_equal(round_trip(*state, &sample), without + 1);
	assert_true(first > without + strlen("workerserver"));
	put_task(&sample, UINT32_MAX - 1, "0123456789abcde", "0123456789abcde");
	round_trip(*state, &sample);
	put_task(&sample, 0, "", "");
	round_trip(*state, &sample);
	memset(&sample.task, 0, sizeof(sample.task));
	assert_int_equal(round_trip(*state, &sample), without);
}

static void more_tasks_than_are_remembered_begin_anew(void **state)
{
	struct pair *pair = *state;
	struct recording_sample sample = sample_of(1);

	for (uint32_t i = 0; i <= RECORDING_TASKS_MAX; i++) {
		put_task(&sample, i, "a", "b");
		round_trip(pair, &sample);
	}
	assert_int_equal(pair->forgotten, 1);
}

/* A record of a task, LEN bytes. */
static bool takes_task(struct pair *pair, const char *bytes, size_t len)
{
	static struct recording_line line;
	const char *why = NULL;
	bool good = recording_unpack(pair->unpacker, RECORDING_TAG_TASK, (const uint8_t *)bytes,
				     len, &line, &why);

	assert_int_equal(good, why == NULL);
	return good;
}

static void tasks_that_are_none_are_refused(void **state)
{
	struct pair *pair = *state;

	assert_true(takes_task(pair, "\1\2\0\1ab", 6));
	assert_true(takes_task(pair, "\1\2\3\0", 4));
	assert_false(takes_task(pair, "", 0));
	assert_false(takes_task(pair, "\1\2\201\200\4\0", 6));
	assert_false(takes_task(pair, "\1\2", 2));
	assert_false(takes_task(pair, "\1\2\0\2a", 5));
	assert_false(takes_task(pair, "\1\2\0\2a\0b", 7));
	assert_false(takes_task(pair, "\1\2\0\0a\0", 6));
	assert_false(takes_task(pair, "\1\2\0\200", 4));
	assert_false(takes_task(pair, "\1\2\0\0200123456789abcdef", 20));
	assert_false(takes_task(pair, "\1\2\0\0000123456789abcdef", 20));
	assert_false(takes_task(pair, "\377\377\377\377\177\2\0\0", 8));
}

static void a_sample_needs_no_name_of_its_exit(void **state)
{
	struct recording_sample sample = sample_of(0);

	memset(sample.exit, 0, sizeof(sample.exit));
	round_trip(*state, &sample);
}

static void callers_that_came_before_cost_nothing(void **state)
{
	struct recording_sample sample = sample_of(40);

	assert_true(round_trip(*state, &sample) > 200);
	sample.time += 1003009;
	sample.pc += 0x100000;
	assert_in_range(round_trip(*state, &sample), 1, 24);
	/* And where only the inmost one is new, that one. */
	sample.callers[0] += 8;
	assert_in_range(round_trip(*state, &sample), 1, 32);
}

/* Were the frame known by its address alone, the second would have the callers of the first. */
static void one_function_has_many_callers(void **state)
{
	struct recording_sample sample = sample_of(3);

	round_trip(*state, &sample);
	sample.callers[2] += 4;
	round_trip(*state, &sample);
	sample.callers[1] += 4;
	round_trip(*state, &sample);
}

static void numbers_begin_anew_where_there_would_be_too_many(void **state)
{
	struct pair *pair = *state;
	struct recording_sample sample = sample_of(RECORDING_CALLERS);
	uint64_t rounds = 2 * (RECORDING_FRAMES_MAX / RECORDING_CALLERS) + 2;

	for (uint64_t i = 0; i < rounds; i++) {
		sample.callers[RECORDING_CALLERS - 1] = i << 1;
		round_trip(pair, &sample);
	}
	assert_int_equal(pair->forgotten, 2);
	for (unsigned int i = 0; i <= RECORDING_NAMES_MAX; i++) {
		snprintf(sample.exit, sizeof(sample.exit), "a register at 0x%08x", i);
		round_trip(pair, &sample);
	}
	assert_int_equal(pair->forgotten, 3);
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void what_a_later_writer_adds_is_passed_over(void **state)
{
	static const struct {
		uint8_t tag;
		const uint8_t *bytes;
		size_t len;
	} records[] = {
		{0xff, BYTES("\x01\x02\x03")},
		{RECORDING_TAG_NAME, BYTES("\x65")},
		{RECORDING_TAG_FRAME, BYTES("\x00\x02\x4d\x4e")},
		{RECORDING_TAG_SAMPLE, BYTES("\x04\x06\x08\x05\x06\x07\x00\x01\x00\x63")},
	};
	static struct recording_line line;
	struct pair *pair = *state;
	const char *why = "";

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		if (!recording_unpack(pair->unpacker, records[i].tag, records[i].bytes,
				      records[i].len, &line, &why))
			fail_msg("%s", why);
	assert_int_equal(line.type, RECORDING_SAMPLE);
	assert_int_equal(line.sample.time, 2);
	assert_int_equal(line.sample.vcpu, 3);
	assert_int_equal(line.sample.pc, 4);
	assert_int_equal(line.sample.count, 5);
	assert_int_equal(line.sample.ns, 6);
	assert_int_equal(line.sample.vmm_ns, 7);
	assert_string_equal(line.sample.exit, "e");
	assert_int_equal(line.sample.depth, 1);
	assert_int_equal(line.sample.callers[0], 1);
}

static void what_is_no_record_is_refused(void **state)
{
	static const char no_frame[] = "has a caller without its address or caller",
			  no_sample[] = "has a sample without its numbers",
			  nowhere[] = "has a sample whose callers, exit or task are "
				      "not in the recording";
	static const struct {
		uint8_t tag;
		const uint8_t *bytes;
		size_t len;
		const char *why;
	} bad[] = {
		{RECORDING_TAG_FRAME, NULL, 0, no_frame},
		{RECORDING_TAG_FRAME, BYTES("\x00"), no_frame},
		{RECORDING_TAG_FRAME, BYTES("\x00\x80"), no_frame},
		{RECORDING_TAG_FRAME, BYTES("\x02\x00"), no_frame},
		/* More than 64 bits: by one, and by a byte of nothing. */
		{RECORDING_TAG_FRAME, BYTES("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		 no_frame},
		{RECORDING_TAG_FRAME, BYTES("\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
		 no_frame},
		{RECORDING_TAG_SAMPLE, NULL, 0, no_sample},
		{RECORDING_TAG_SAMPLE, BYTES("\x00\x00\x00\x01\x00\x00\x00"), no_sample},
		{RECORDING_TAG_SAMPLE, BYTES("\x00\x00\x00\x01\x00\x00\x01\x00"), nowhere},
		{RECORDING_TAG_SAMPLE, BYTES("\x00\x00\x00\x01\x00\x00\x00\x01"), nowhere},
		{RECORDING_TAG_SAMPLE, BYTES("\x00\x00\x00\x01\x00\x00\x00\x00\x01"), nowhere},
		{RECORDING_TAG_SAMPLE, BYTES("\x00\x80\x80\x80\x80\x10\x00\x01\x00\x00\x00\x00"),
		 "has a vCPU of impossible number"},
		{RECORDING_TAG_SAMPLE, BYTES("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x81\x01"),
		 "has a VM of impossible number"},
		{RECORDING_TAG_NAME, BYTES("\x61\x00\x62"), "has names that are too long"},
	};
	static const uint8_t name[RECORDING_PACKED_MAX] = "long";
	static struct recording_line line;
	struct pair *pair = *state;
	const char *why = "";

	assert_true(recording_unpack(pair->unpacker, RECORDING_TAG_NAME, name, 4, &line, &why));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(recording_unpack(pair->unpacker, bad[i].tag, bad[i].bytes, bad[i].len,
					      &line, &why));
		assert_string_equal(why, bad[i].why);
	}
	/* Numbers of before are none any more. */
	assert_true(recording_unpack(pair->unpacker, RECORDING_TAG_FORGET, NULL, 0, &line, &why));
	assert_false(recording_unpack(pair->unpacker, RECORDING_TAG_SAMPLE,
				      BYTES("\x00\x00\x00\x01\x00\x00\x00\x00"), &line, &why));
	assert_string_equal(why, nowhere);
}

static void a_name_has_an_end(void **state)
{
	uint8_t name[sizeof(((struct recording_sample *)0)->exit)];
	static struct recording_line line;
	struct pair *pair = *state;
	const char *why = "";

	memset(name, 'n', sizeof(name));
	assert_true(recording_unpack(pair->unpacker, RECORDING_TAG_NAME, name, sizeof(name) - 1,
				     &line, &why));
	assert_false(recording_unpack(pair->unpacker, RECORDING_TAG_NAME, name, sizeof(name), &line,
				      &why));
	assert_string_equal(why, "has names that are too long");
}

/* Else a file would make its reader take memory without end. */
static void a_reader_keeps_no_more_than_a_writer_names(void **state)
{
	static struct recording_line line;
	struct pair *pair = *state;
	const char *why = "";

	for (uint32_t i = 0; i < RECORDING_FRAMES_MAX; i++)
		assert_true(recording_unpack(pair->unpacker, RECORDING_TAG_FRAME, BYTES("\x00\x02"),
					     &line, &why));
	assert_false(recording_unpack(pair->unpacker, RECORDING_TAG_FRAME, BYTES("\x00\x02"), &line,
				      &why));
	assert_string_equal(why, "has more callers, names or tasks than a recording can");
	for (uint32_t i = 0; i < RECORDING_NAMES_MAX; i++)
		assert_true(recording_unpack(pair->unpacker, RECORDING_TAG_NAME, BYTES("\x61"),
					     &line, &why));
	assert_false(
		recording_unpack(pair->unpacker, RECORDING_TAG_NAME, BYTES("\x61"), &line, &why));
	assert_string_equal(why, "has more callers, names or tasks than a recording can");
	for (uint32_t i = 0; i < RECORDING_TASKS_MAX; i++)
		assert_true(takes_task(pair, "\1\2\0\1ab", 6));
	assert_false(takes_task(pair, "\1\2\0\1ab", 6));
}

static void a_stack_is_no_deeper_than_a_sample_can_be(void **state)
{
	static struct recording_line line;
	struct pair *pair = *state;
	const char *why = "";

	for (uint8_t i = 0; i < RECORDING_CALLERS; i++)
		assert_true(recording_unpack(pair->unpacker, RECORDING_TAG_FRAME,
					     ((const uint8_t[]){i, 2}), 2, &line, &why));
	assert_false(recording_unpack(pair->unpacker, RECORDING_TAG_FRAME,
				      ((const uint8_t[]){RECORDING_CALLERS, 2}), 2, &line, &why));
	assert_string_equal(why, "has more callers, names or tasks than a recording can");
}

/* ---- in a file ---- */

#define HEADER                                                                                     \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":2,\"event\":\"cpu-clock\"}\n"
#define END "{\"type\":\"end\",\"t\":1,\"samples\":2}\n"

/* A header, two samples and an end; how many bytes. */
static size_t make_recording(struct pair *pair, uint8_t out[4 * RECORDING_LINE])
{
	struct recording_sample sample = sample_of(3);
	size_t size = sizeof(HEADER) - 1;

	memcpy(out, HEADER, size);
	size += recording_pack(pair->packer, &sample, out + size);
	sample.callers[1] += 4;
	sample.count = 2;
	size += recording_pack(pair->packer, &sample, out + size);
	memcpy(out + size, END, sizeof(END) - 1);
	return size + sizeof(END) - 1;
}

/* False with MESSAGE; SAMPLES are those that there were. */
static bool read_file(const uint8_t *bytes, size_t size, uint64_t *samples, bool *whole,
		      char message[REPORT_MESSAGE_MAX])
{
	struct report report = {.in = tmpfile(), .profile = profile_new(1 << 20)};
	bool good;

	assert_non_null(report.in);
	assert_int_equal(fwrite(bytes, 1, size, report.in), size);
	good = report_read_frame(&report, message) && report_read_samples(&report, message);
	*samples = profile_total(report.profile).count;
	*whole = report.whole;
	assert_null(report.unpacker);
	fclose(report.in);
	profile_free(report.profile);
	report_free(&report);
	return good;
}

static void a_recording_is_read_as_far_as_it_goes(void **state)
{
	static uint8_t bytes[4 * RECORDING_LINE];
	size_t size = make_recording(*state, bytes);
	uint64_t samples, before = 0;
	bool whole;

	for (size_t len = sizeof(HEADER) - 1; len <= size; len++) {
		char message[REPORT_MESSAGE_MAX] = "";

		if (!read_file(bytes, len, &samples, &whole, message))
			fail_msg("of %zu bytes: %s", len, message);
		assert_int_equal(whole, len == size);
		assert_true(samples >= before);
		before = samples;
	}
	assert_int_equal(samples, 3);
}

static void what_is_damaged_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *message;
	} bad[] = {
#define WITH(bytes, message) {HEADER bytes END, sizeof(HEADER bytes END) - 1, message}
		WITH("\x81\x01\x09", "record 2 has a caller without its address or caller"),
		WITH("\x82\x01g\x80\x01\x09", "record 3 has a sample without its numbers"),
		WITH("\x80\x81\x08", "record 2 is too long"),
		WITH("\x80\x80\x80\x80\x80\x80", "record 2 is too long"),
		WITH("\x83\x01g" HEADER, "record 3 is a second header"),
		WITH("\x01", "line 2 is no flat JSON object"),
		{"\x82\x01g\n" END, sizeof("\x82\x01g\n" END) - 1,
		 "is no recording of 'vhart record'"},
	};
	uint64_t samples;
	bool whole;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char message[REPORT_MESSAGE_MAX] = "";

		assert_false(read_file((const uint8_t *)bad[i].bytes, bad[i].len, &samples, &whole,
				       message));
		assert_string_equal(message, bad[i].message);
	}
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_sample_is_read_as_it_was_written),
		ROW(a_sample_needs_no_name_of_its_exit),
		ROW(a_sample_is_of_its_vm),
		ROW(tasks_are_read_as_they_were_written),
		ROW(more_tasks_than_are_remembered_begin_anew),
		ROW(tasks_that_are_none_are_refused),
		ROW(callers_that_came_before_cost_nothing),
		ROW(one_function_has_many_callers),
		ROW(numbers_begin_anew_where_there_would_be_too_many),
		ROW(what_a_later_writer_adds_is_passed_over),
		ROW(what_is_no_record_is_refused),
		ROW(a_name_has_an_end),
		ROW(a_reader_keeps_no_more_than_a_writer_names),
		ROW(a_stack_is_no_deeper_than_a_sample_can_be),
		ROW(a_recording_is_read_as_far_as_it_goes),
		ROW(what_is_damaged_is_refused_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
