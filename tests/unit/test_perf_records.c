/* SPDX-License-Identifier: Apache-2.0 */
/* perf's records, read by the formats that the kernel has for its tracepoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "trace/sources/perf_records.h"

enum { PROCESS = 10, THREAD = 11 };

#define COMMON                                                                                     \
	"format:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"            \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

/* As 7.2 has them, but with scause where nobody would assume it. */
static const char *const formats_text[PERF_TRACEPOINTS] = {
	"name: kvm_entry\nID: 1398\n" COMMON
	"\tfield:unsigned long pc;\toffset:8;\tsize:8;\tsigned:0;\n",
	"name: kvm_exit\nID: 1397\n" COMMON
	"\tfield:unsigned long sepc;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long scause;\toffset:48;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long stval;\toffset:24;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long htval;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long htinst;\toffset:40;\tsize:8;\tsigned:0;\n",
	"name: kvm_userspace_exit\nID: 1396\n" COMMON
	"\tfield:__u32 reason;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:int errno;\toffset:12;\tsize:4;\tsigned:1;\n",
	"name: kvm_vcpu_wakeup\nID: 1395\n" COMMON
	"\tfield:__u64 ns;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:bool waited;\toffset:16;\tsize:1;\tsigned:0;\n",
};

/* A sample of 56 bytes of tracepoint data. */
struct sample {
	struct perf_event_header header;
	uint32_t tgid, tid;
	uint64_t time;
	uint32_t raw_size;
	uint8_t raw[60];
};

static void records_are_read_where_formats_say(void **state)
{
	struct perf_formats formats;
	struct sample sample = {.header = {PERF_RECORD_SAMPLE, 0, sizeof(sample)},
				.tgid = PROCESS,
				.tid = THREAD,
				.time = 77,
				.raw_size = 60};
	const uint16_t type = 1397;
	const uint64_t scause = CAUSE_VIRTUAL_SUPERVISOR_ECALL, sepc = 0x80200000;
	struct vcpu_event event;

	(void)state;
	assert_null(perf_formats_read(&formats, formats_text));
	memcpy(sample.raw, &type, sizeof(type));
	memcpy(sample.raw + 8, &sepc, sizeof(sepc));
	memcpy(sample.raw + 48, &scause, sizeof(scause));
	perf_record_read(&formats, &sample.header, &event);
	assert_int_equal(event.kind, VCPU_EVENT_EXIT);
	assert_int_equal(event.tid, THREAD);
	assert_int_equal(event.time, 77);
	assert_int_equal(event.scause, CAUSE_VIRTUAL_SUPERVISOR_ECALL);
	assert_int_equal(event.sepc, 0x80200000);
	/* A record that claims more than it has is none. */
	sample.raw_size = 61;
	perf_record_read(&formats, &sample.header, &event);
	assert_int_equal(event.kind, VCPU_EVENT_NOTHING);
}

static void formats_that_lack_a_field_are_named(void **state)
{
	const char *texts[PERF_TRACEPOINTS];
	struct perf_formats formats;

	(void)state;
	memcpy(texts, formats_text, sizeof(texts));
	texts[1] = texts[0];
	assert_string_equal(perf_formats_read(&formats, texts), "sepc");
	texts[1] = "";
	assert_string_equal(perf_formats_read(&formats, texts), "kvm_exit");
}

static void losses_switches_and_ends_are_read(void **state)
{
	static const struct perf_formats formats;
	struct {
		struct perf_event_header header;
		uint64_t words[5];
	} record = {.header = {PERF_RECORD_LOST, 0, 8 + 16 + 16},
		    .words = {1, 23, (uint64_t)THREAD << 32 | PROCESS, 99}};
	struct vcpu_event event;

	(void)state;
	perf_record_read(&formats, &record.header, &event);
	assert_int_equal(event.kind, VCPU_EVENT_MENDED);
	assert_int_equal(event.lost, 23);
	assert_int_equal(event.time, 99);
	record.header = (struct perf_event_header){PERF_RECORD_EXIT, 0, 8 + 24 + 16};
	record.words[0] = 5;
	record.words[1] = 6;
	record.words[3] = (uint64_t)THREAD << 32 | PROCESS;
	record.words[4] = 101;
	struct {
		struct perf_event_header header;
		uint64_t words[2];
	} turn = {.header = {PERF_RECORD_SWITCH_CPU_WIDE,
			     PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT,
			     8 + 16},
		  .words = {(uint64_t)THREAD << 32 | PROCESS, 100}};
	perf_record_read(&formats, &turn.header, &event);
	assert_int_equal(event.kind, VCPU_EVENT_OUT);
	assert_true(event.preempted);
	assert_int_equal(event.tid, THREAD);
	perf_record_read(&formats, &record.header, &event);
	assert_int_equal(event.kind, VCPU_EVENT_END);
	assert_int_equal(event.tgid, 5);
	assert_int_equal(event.tid, 6);
	assert_int_equal(event.time, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_where_formats_say),
		cmocka_unit_test(formats_that_lack_a_field_are_named),
		cmocka_unit_test(losses_switches_and_ends_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
