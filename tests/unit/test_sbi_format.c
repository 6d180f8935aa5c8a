/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/printable_text.h"

#include "pmu/names.h"
#include "pmu/pmu.h"
#include "trace/names/sbi_format.h"
#include "trace/names/sbi_value.h"
#include "vmm/forward/forward_map.h"

#define ALL UINT64_MAX

/* ---- rows ---- */

static void every_function_has_its_own_row_and_the_row_its_name(void **state)
{
	bool taken[SBI_ROWS] = {false};

	(void)state;
	for (const struct sbi_named_extension *extension = sbi_named_extensions; extension->name;
	     extension++) {
		/* One more than there are: the row of the unknown ones. */
		for (uint32_t fid = 0; fid <= extension->function_count; fid++) {
			bool is_legacy = extension->first == 0;
			uint32_t eid = is_legacy ? fid : extension->first;
			uint32_t row = sbi_row(eid, is_legacy ? ~0u : fid);
			const char *row_name = sbi_row_name(row);
			char name[64];

			assert_int_equal(row, extension->row + fid);
			assert_true(row < SBI_ROWS);
			assert_false(taken[row]);
			taken[row] = true;
			sbi_format_name(name, sizeof(name), eid, fid);
			assert_int_equal(strcspn(row_name, "."), strlen(extension->name));
			assert_memory_equal(row_name, extension->name, strlen(extension->name));
			if (fid < extension->function_count)
				assert_string_equal(row_name, name);
			else
				assert_string_not_equal(row_name, name);
		}
	}
	assert_false(taken[SBI_ROW_UNKNOWN]);
	taken[SBI_ROW_UNKNOWN] = true;
	for (unsigned int row = 0; row < SBI_ROWS; row++)
		assert_true(taken[row]);
}

static void no_two_rows_have_one_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SBI_ROWS; i++) {
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(sbi_row_name(i), sbi_row_name(j));
	}
	assert_string_equal(sbi_row_name(SBI_ROW_PMU + SBI_PMU_FUNCTIONS), "pmu.unknown");
	assert_string_equal(sbi_row_name(SBI_ROW_VENDOR), "vendor");
	assert_string_equal(sbi_row_name(SBI_ROW_UNKNOWN), "unknown");
	assert_string_equal(sbi_row_name(SBI_ROWS), "unknown");
	assert_string_equal(sbi_row_name(~0u), "unknown");
}

static void eids_are_32_bits_wide_and_their_ranges_end_where_the_text_says(void **state)
{
	static const struct {
		uint64_t eid, fid;
		uint32_t row;
	} calls[] = {
		{0x09, 0, SBI_ROW_LEGACY + SBI_LEGACY_FUNCTIONS},
		{0x0F, 0, SBI_ROW_LEGACY + SBI_LEGACY_FUNCTIONS},
		{0x11, 0, SBI_ROW_UNKNOWN},
		{0x07FFFFFF, 0, SBI_ROW_UNKNOWN},
		{0x08000000, 0, SBI_ROW_EXPERIMENTAL},
		{0x08FFFFFF, 9, SBI_ROW_EXPERIMENTAL},
		{0x09000000, 0, SBI_ROW_VENDOR},
		{0x09FFFFFF, 0, SBI_ROW_VENDOR},
		{0x0A000000, 0, SBI_ROW_FIRMWARE},
		{0x0AFFFFFF, 0, SBI_ROW_FIRMWARE},
		{0x0B000000, 0, SBI_ROW_UNKNOWN},
		{0xFFFFFFFF80000000, 0, SBI_ROW_UNKNOWN},
		{0xFFFFFFFF09000001, 0, SBI_ROW_VENDOR},
		{0xFFFFFFFF00504D55, 1ull << 32, SBI_ROW_PMU},
		{SBI_EID_PMU, UINT64_MAX, SBI_ROW_PMU + SBI_PMU_FUNCTIONS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct sbi_named_extension *extension = sbi_find_extension(calls[i].eid);

		assert_int_equal(sbi_row(calls[i].eid, calls[i].fid), calls[i].row);
		assert_int_equal(extension != NULL, calls[i].row != SBI_ROW_UNKNOWN);
	}
}

static void errors_have_the_names_of_the_text(void **state)
{
	(void)state;
	assert_string_equal(sbi_error_name(SBI_SUCCESS), "SUCCESS");
	assert_string_equal(sbi_error_name(SBI_ERR_NO_SHMEM), "NO_SHMEM");
	assert_string_equal(sbi_error_name(-14), "DENIED_LOCKED");
	assert_null(sbi_error_name(-15));
	assert_null(sbi_error_name(1));
	assert_null(sbi_error_name(INT64_MIN));
}

static void names_of_functions_that_nobody_knows_are_numbers(void **state)
{
	static const struct {
		uint64_t eid, fid;
		const char *name;
	} calls[] = {
		{SBI_EID_PMU, 3, "pmu.counter_start"},
		{SBI_EID_PMU, 9, "pmu.9"},
		{SBI_EID_PMU, ALL, "pmu.0xffffffff"},
		{0, 77, "legacy.set_timer"},
		{9, 77, "legacy.9"},
		{0x09000000, 3, "0x09000000.3"},
		{0xFFFFFFFFFFFFFFFE, 3, "0xfffffffe.3"},
	};
	char name[64];

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		sbi_format_name(name, sizeof(name), calls[i].eid, calls[i].fid);
		assert_string_equal(name, calls[i].name);
	}
}

/* ---- calls ---- */

static void calls_read_as_people_write_them(void **state)
{
	static const struct {
		uint64_t eid, fid, args[6];
		const char *text;
	} calls[] = {
		{SBI_EID_TIME, 0, {0x1f3a9c00}, "time.set_timer(0x1f3a9c00)"},
		{SBI_EID_TIME, 0, {ALL}, "time.set_timer(disarm)"},
		{0, 0, {ALL}, "legacy.set_timer(disarm)"},
		{1, 0, {'a'}, "legacy.console_putchar('a')"},
		{1, 0, {'\n'}, "legacy.console_putchar('\\n')"},
		{1, 0, {'\''}, "legacy.console_putchar('\\'')"},
		{1, 0, {'"'}, "legacy.console_putchar('\"')"},
		{2, 0, {7}, "legacy.console_getchar()"},
		{6,
		 0,
		 {0x1000, 0, 0},
		 "legacy.remote_sfence_vma(mask=0x1000 start=0 size=0 [all])"},
		{SBI_EID_BASE, 3, {SBI_EID_PMU}, "base.probe_extension(PMU)"},
		{SBI_EID_BASE, 3, {0}, "base.probe_extension(legacy.set_timer)"},
		{SBI_EID_BASE, 3, {0x09504D55}, "base.probe_extension(0x9504d55)"},
		{SBI_EID_IPI, 0, {6, 0}, "ipi.send_ipi(mask=0x6 base=0)"},
		{SBI_EID_IPI, 0, {0, ALL}, "ipi.send_ipi(mask=0 base=all)"},
		{SBI_EID_RFENCE,
		 1,
		 {0xe, 0, 0xffff8000, 0x1000},
		 "rfence.remote_sfence_vma(mask=0xe base=0 start=0xffff8000 size=0x1000)"},
		{SBI_EID_RFENCE,
		 2,
		 {0, ALL, 0x1000, ALL, 5},
		 "rfence.remote_sfence_vma_asid(mask=0 base=all start=0x1000 size=all asid=0x5)"},
		{SBI_EID_RFENCE,
		 3,
		 {1, 64, 0x1000, 0, 5},
		 "rfence.remote_hfence_gvma_vmid(mask=0x1 base=64 start=0x1000 size=0 vmid=0x5)"},
		{SBI_EID_HSM,
		 0,
		 {1, 0x80200000, 0x1234},
		 "hsm.hart_start(hartid=1 addr=0x80200000 opaque=0x1234)"},
		{SBI_EID_HSM, 1, {1}, "hsm.hart_stop()"},
		{SBI_EID_HSM, 2, {ALL}, "hsm.hart_get_status(hartid=-1)"},
		{SBI_EID_HSM,
		 3,
		 {0xFFFFFFFF80000000, 0, 0},
		 "hsm.hart_suspend(type=non-retentive addr=0 opaque=0)"},
		{SBI_EID_HSM,
		 3,
		 {0x90000001, 0, 0},
		 "hsm.hart_suspend(type=0x90000001 addr=0 opaque=0)"},
		{SBI_EID_SRST, 0, {0, 0}, "srst.system_reset(shutdown, no-reason)"},
		{SBI_EID_SRST, 0, {2, 1}, "srst.system_reset(warm-reboot, system-failure)"},
		{SBI_EID_SRST, 0, {1ull << 32, 3}, "srst.system_reset(0x100000000, 0x3)"},
		{SBI_EID_SUSP,
		 0,
		 {0, 0x80200000, 0},
		 "susp.system_suspend(type=suspend-to-ram addr=0x80200000 opaque=0)"},
		{SBI_EID_PMU, 0, {1}, "pmu.num_counters()"},
		{SBI_EID_PMU, 1, {3}, "pmu.counter_get_info(3)"},
		{SBI_EID_PMU,
		 2,
		 {0, 0x7ffff, 0x22, 1, 0},
		 "pmu.counter_config_matching(base=0 mask=0x7ffff flags=CLEAR_VALUE|SET_UINH "
		 "event=cycles data=0)"},
		{SBI_EID_PMU,
		 2,
		 {3, 1, 0x101, 0x10001, 0},
		 "pmu.counter_config_matching(base=3 mask=0x1 flags=SKIP_MATCH|0x100 "
		 "event=L1-dcache-load-misses data=0)"},
		{SBI_EID_PMU,
		 2,
		 {0, 1, 0, 0x30000, 0x1234},
		 "pmu.counter_config_matching(base=0 mask=0x1 flags=0 event=raw:0x1234 "
		 "data=0x1234)"},
		{SBI_EID_PMU,
		 2,
		 {0, 1, 0, 0xF0005, 0},
		 "pmu.counter_config_matching(base=0 mask=0x1 flags=0 event=fw-set-timer data=0)"},
		{SBI_EID_PMU,
		 2,
		 {0, 1, 0, 0xFFFFF, 1},
		 "pmu.counter_config_matching(base=0 mask=0x1 flags=0 event=platform:0x1 "
		 "data=0x1)"},
		{SBI_EID_PMU,
		 3,
		 {0, 9, 1, 0x8000},
		 "pmu.counter_start(base=0 mask=0x9 flags=SET_INIT_VALUE initial=0x8000)"},
		{SBI_EID_PMU,
		 4,
		 {64, ALL, 3},
		 "pmu.counter_stop(base=64 mask=0xffffffffffffffff flags=RESET|TAKE_SNAPSHOT)"},
		{SBI_EID_PMU, 7, {ALL, ALL, 0}, "pmu.snapshot_set_shmem(shmem=disable flags=0)"},
		{SBI_EID_PMU,
		 7,
		 {0x81000000, 0},
		 "pmu.snapshot_set_shmem(shmem=0x81000000 flags=0)"},
		{SBI_EID_PMU,
		 7,
		 {0x1000, 1},
		 "pmu.snapshot_set_shmem(shmem=0x10000000000001000 flags=0)"},
		{SBI_EID_PMU,
		 8,
		 {ALL, ALL, 2, 0},
		 "pmu.event_get_info(shmem=0xffffffffffffffffffffffffffffffff entries=2 flags=0)"},
		{SBI_EID_PMU, 9, {1, 0, 3}, "pmu.9(0x1, 0, 0x3, 0, 0, 0)"},
		{SBI_EID_DBCN, 0, {12, 0x81f2a000, 0}, "dbcn.console_write(12, 0x81f2a000)"},
		{SBI_EID_DBCN, 2, {0x107}, "dbcn.console_write_byte(263)"},
		{SBI_EID_CPPC, 3, {5, 9}, "cppc.write(DesiredPerformanceRegister, 0x9)"},
		{SBI_EID_NACL, 2, {ALL}, "nacl.sync_csr(all)"},
		{SBI_EID_NACL, 3, {4}, "nacl.sync_hfence(4)"},
		{SBI_EID_STA, 0, {0x1000, 0, 0}, "sta.steal_time_set_shmem(shmem=0x1000 flags=0)"},
		{SBI_EID_SSE,
		 0,
		 {0x10000, 2, 1, 0x1000, 0},
		 "sse.read_attrs(event=local-pmu-overflow attr=CONFIG count=1 output=0x1000)"},
		{SBI_EID_SSE, 4, {0xFFFFFFFFFFFF0000}, "sse.enable(local-software)"},
		{SBI_EID_FWFT,
		 0,
		 {0, 1, 1},
		 "fwft.set(feature=MISALIGNED_EXC_DELEG value=0x1 flags=LOCK)"},
		{SBI_EID_FWFT, 1, {5}, "fwft.get(POINTER_MASKING_PMLEN)"},
		{SBI_EID_DBTR, 6, {0, 3}, "dbtr.enable_triggers(base=0 mask=0x3)"},
		{SBI_EID_MPXY,
		 1,
		 {0x1000, 0, 1},
		 "mpxy.set_shmem(shmem=0x1000 flags=OVERWRITE-RETURN)"},
		{SBI_EID_MPXY,
		 3,
		 {4, 0, 12},
		 "mpxy.read_attributes(channel=0x4 attr=MSG_PROT_ID count=12)"},
		{0x09000000,
		 3,
		 {1, 2, 3, 4, 5, ALL},
		 "0x09000000.3(0x1, 0x2, 0x3, 0x4, 0x5, 0xffffffffffffffff)"},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct sbi_traced_call call = {.eid = calls[i].eid, .fid = calls[i].fid};

		memcpy(call.args, calls[i].args, sizeof(call.args));
		assert_int_equal(sbi_format_call(text, sizeof(text), &call), strlen(calls[i].text));
		assert_string_equal(text, calls[i].text);
	}
}

static void a_time_is_shown_with_its_distance_from_now(void **state)
{
	static const struct {
		uint64_t time, now, timebase;
		const char *text;
	} times[] = {
		{1040000, 1000000, 10000000, "time.set_timer(0xfde80 [+4.000ms])"},
		{1000000, 1000001, 10000000, "time.set_timer(0xf4240 [-100ns])"},
		{1000, 1000, 10000000, "time.set_timer(0x3e8 [+0ns])"},
		{1015, 1000, 10000000, "time.set_timer(0x3f7 [+1.500us])"},
		{3000, 1000, 1000, "time.set_timer(0xbb8 [+2.000s])"},
		{ALL, 1000, 1000, "time.set_timer(disarm)"},
		{ALL - 1, 0, 1, "time.set_timer(0xfffffffffffffffe [+18446744073709551616.000s])"},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct sbi_traced_call call = {.eid = SBI_EID_TIME,
					       .args = {times[i].time},
					       .now = times[i].now,
					       .timebase = times[i].timebase};

		sbi_format_call(text, sizeof(text), &call);
		assert_string_equal(text, times[i].text);
	}
}

static void bytes_of_the_console_are_escaped(void **state)
{
	static const uint8_t bytes[] = "\"a\\\n\0011\002x\x7f\xff";
	struct sbi_traced_call call = {.eid = SBI_EID_DBCN,
				       .args = {40, 0x1000},
				       .bytes = bytes,
				       .length = sizeof(bytes) - 1,
				       .cut = true};
	char text[128];

	(void)state;
	sbi_format_call(text, sizeof(text), &call);
	assert_string_equal(text, "dbcn.console_write(40, 0x1000 "
				  "\"\\\"a\\\\\\n\\x011\\x02x\\x7f\\xff\"...)");
	call.cut = false;
	call.length = 2;
	sbi_format_call(text, sizeof(text), &call);
	assert_string_equal(text, "dbcn.console_write(40, 0x1000 \"\\\"a\")");
	call.length = 0;
	sbi_format_call(text, sizeof(text), &call);
	assert_string_equal(text, "dbcn.console_write(40, 0x1000 \"\")");
}

/* ---- results ---- */

static void results_have_a_value_where_the_function_has_one(void **state)
{
	static const struct {
		uint64_t eid, fid;
		struct sbi_traced_result result;
		const char *text;
	} calls[] = {
		{SBI_EID_TIME, 0, {true, 0, 77}, "= 0"},
		{SBI_EID_TIME, 0, {false, 0, 77}, "= ?"},
		{SBI_EID_PMU, 0, {true, 0, 0}, "= 0, 0"},
		{SBI_EID_DBCN, 0, {true, 0, 12}, "= 0, 12"},
		{SBI_EID_PMU, 1, {true, 0, 0x3FC00}, "= 0, 0x3fc00 [csr 0xc00, 64 bits]"},
		{SBI_EID_PMU,
		 1,
		 {true, 0, 0x800000000003F000},
		 "= 0, 0x800000000003f000 [firmware]"},
		{SBI_EID_PMU, 2, {true, 0, 3}, "= 0, 3"},
		{SBI_EID_PMU, 2, {true, -2, 3}, "= -2 NOT_SUPPORTED"},
		{SBI_EID_PMU, 3, {true, -7, 3}, "= -7 ALREADY_STARTED"},
		{SBI_EID_PMU, 9, {true, -2, 0}, "= -2 NOT_SUPPORTED"},
		{SBI_EID_FWFT, 0, {true, -14, 0}, "= -14 DENIED_LOCKED"},
		{SBI_EID_DBTR, 3, {true, -3, 2}, "= -3 INVALID_PARAM, 2"},
		{SBI_EID_BASE, 0, {true, 0, 0x3000000}, "= 0, 3.0"},
		{SBI_EID_BASE, 1, {true, 0, 3}, "= 0, KVM"},
		{SBI_EID_BASE, 1, {true, 0, 99}, "= 0, 0x63"},
		{SBI_EID_HSM, 2, {true, 0, 1}, "= 0, STOPPED"},
		{0x09000000, 0, {true, 0, 0x55}, "= 0, 0x55"},
		{0x09000000, 0, {true, 0, 0}, "= 0"},
		{0x09000000, 0, {true, 1234, 1}, "= 1234"},
		{0x09000000, 0, {true, -99, 1}, "= -99"},
		{0, 0, {true, 0, 77}, "= 0"},
		{1, 0, {true, -1, 77}, "= -1"},
		{2, 0, {true, 'x', 77}, "= 'x'"},
		{2, 0, {true, -1, 77}, "= -1"},
		{8, 0, {false, 0, 0}, "= ?"},
		{9, 0, {true, -2, 5}, "= -2"},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct sbi_traced_call call = {.eid = calls[i].eid, .fid = calls[i].fid};

		assert_int_equal(sbi_format_result(text, sizeof(text), &call, &calls[i].result),
				 strlen(calls[i].text));
		assert_string_equal(text, calls[i].text);
	}
}

/* ---- arguments one by one ---- */

static void arguments_come_one_by_one_with_name_value_and_text(void **state)
{
	const struct sbi_traced_call config = {
		.eid = SBI_EID_PMU, .fid = 2, .args = {0, 1, 2, 0x10001, 0, 99}};
	const struct sbi_traced_call shmem = {.eid = SBI_EID_PMU, .fid = 7, .args = {ALL, ALL, 0}};
	const struct sbi_traced_call unknown = {.eid = 0x11, .args = {1, 2, 3, 4, 5, 6}};
	struct sbi_argument argument;

	(void)state;
	assert_true(sbi_argument(&config, 2, &argument));
	assert_string_equal(argument.name, "flags");
	assert_int_equal(argument.value, 2);
	assert_string_equal(argument.text, "CLEAR_VALUE");
	assert_true(sbi_argument(&config, 3, &argument));
	assert_string_equal(argument.name, "event");
	assert_int_equal(argument.value, 0x10001);
	assert_string_equal(argument.text, "L1-dcache-load-misses");
	assert_true(sbi_argument(&config, 4, &argument));
	assert_false(sbi_argument(&config, 5, &argument));

	assert_true(sbi_argument(&shmem, 0, &argument));
	assert_string_equal(argument.text, "disable");
	assert_true(sbi_argument(&shmem, 1, &argument));
	assert_string_equal(argument.name, "shmem_hi");
	assert_int_equal(argument.value, ALL);

	assert_true(sbi_argument(&unknown, 5, &argument));
	assert_string_equal(argument.name, "a5");
	assert_int_equal(argument.value, 6);
	assert_false(sbi_argument(&unknown, 6, &argument));
	assert_false(sbi_argument(&unknown, ~0u, &argument));
}

/* ---- whatever a guest passes ---- */

#define TEXT_MAX 2048

static uint64_t random_state = 1;

static uint64_t random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t random_register(void)
{
	static const uint64_t special[] = {0,	       1,   2,	     0x7FFFFFFF,
					   0x80000000, ALL, ALL - 1, INT64_MIN};

	switch (random_bits() % 4) {
	case 0: return special[random_bits() % (sizeof(special) / sizeof(special[0]))];
	case 1: return random_bits() % 32;
	case 2: return random_bits() % 16 << 16 | random_bits() % 64;
	default: return random_bits();
	}
}

static struct sbi_traced_call random_call(void)
{
	static uint8_t bytes[64];
	struct sbi_traced_call call = {.eid = random_register(), .fid = random_bits() % 12};

	/* Mostly what has a name. */
	if (random_bits() % 8) {
		const struct sbi_named_extension *extension =
			&sbi_named_extensions[random_bits() % 20];

		call.eid = extension->first +
			   random_bits() % (extension->last - extension->first + 1ull);
	}
	if (random_bits() % 16 == 0)
		call.fid = random_register();
	for (unsigned int i = 0; i < SBI_ARGUMENTS_MAX; i++)
		call.args[i] = random_register();
	if (random_bits() % 2) {
		call.now = random_register();
		call.timebase = random_register();
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_bits();
	if (random_bits() % 2) {
		call.bytes = bytes;
		call.length = random_bits() % sizeof(bytes);
		call.cut = random_bits() % 2;
	}
	return call;
}

typedef size_t (*format_function)(char *out, size_t size, const struct sbi_traced_call *call,
				  const struct sbi_traced_result *result);

static size_t format_name(char *out, size_t size, const struct sbi_traced_call *call,
			  const struct sbi_traced_result *result)
{
	(void)result;
	return sbi_format_name(out, size, call->eid, call->fid);
}

static size_t format_call(char *out, size_t size, const struct sbi_traced_call *call,
			  const struct sbi_traced_result *result)
{
	(void)result;
	return sbi_format_call(out, size, call);
}

/* A buffer of SIZE bytes has the start of the whole text, and nothing behind it is written. */
static void assert_cut_at(size_t size, format_function format, const char *whole, size_t length,
			  const struct sbi_traced_call *call,
			  const struct sbi_traced_result *result)
{
	char *out = malloc(size + 1);

	assert_non_null(out);
	memset(out, 0x5A, size + 1);
	assert_int_equal(format(out, size, call, result), length);
	assert_int_equal(out[size], 0x5A);
	if (size) {
		size_t expected = length < size ? length : size - 1;

		/* Not within a character of UTF-8. */
		while ((whole[expected] & 0xc0) == 0x80)
			expected--;
		assert_int_equal(strlen(out), expected);
		assert_memory_equal(out, whole, expected);
	}
	free(out);
}

static void check_format(format_function format, const struct sbi_traced_call *call,
			 const struct sbi_traced_result *result, size_t sizes)
{
	char whole[TEXT_MAX];
	size_t length = format(whole, sizeof(whole), call, result);

	assert_true(length > 0 && length < sizeof(whole));
	assert_int_equal(strlen(whole), length);
	assert_printable(whole);
	assert_int_equal(format(NULL, 0, call, result), length);
	for (size_t size = 0; size <= sizes; size++)
		assert_cut_at(size, format, whole, length, call, result);
}

static void check_arguments(const struct sbi_traced_call *call)
{
	struct sbi_argument argument;
	unsigned int count = 0;

	while (sbi_argument(call, count, &argument)) {
		assert_true(*argument.name);
		assert_int_equal(argument.value, call->args[count]);
		assert_true(*argument.text);
		assert_true(strlen(argument.text) < SBI_TEXT_MAX - 1);
		assert_printable(argument.text);
		count++;
	}
	assert_true(count <= SBI_ARGUMENTS_MAX);
}

static void whatever_is_passed_becomes_printable_text_that_fits(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		struct sbi_traced_call call = random_call();
		struct sbi_traced_result result = {.known = random_bits() % 8,
						   .error = -(int64_t)(random_bits() % 20),
						   .value = random_register()};
		size_t sizes = i % 50 ? 0 : 200;

		assert_true(sbi_row(call.eid, call.fid) < SBI_ROWS);
		check_arguments(&call);
		check_format(format_name, &call, &result, sizes);
		check_format(format_call, &call, &result, sizes);
		check_format(sbi_format_result, &call, &result, sizes);
	}
}

static void every_kind_of_register_has_a_text_for_every_value(void **state)
{
	const struct sbi_surroundings around = {ALL, ALL, 0, 1};
	char out[SBI_TEXT_MAX];

	(void)state;
	for (int kind = 0; kind < SBI_KINDS; kind++) {
		for (unsigned int i = 0; i < 2000; i++) {
			struct text text;

			text_init(&text, out, sizeof(out));
			sbi_add_value(&text, (enum sbi_kind)kind, i ? random_register() : ALL,
				      &around);
			assert_true(text.length > 0 && text.length < sizeof(out));
			assert_printable(out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_function_has_its_own_row_and_the_row_its_name),
		cmocka_unit_test(no_two_rows_have_one_name),
		cmocka_unit_test(eids_are_32_bits_wide_and_their_ranges_end_where_the_text_says),
		cmocka_unit_test(errors_have_the_names_of_the_text),
		cmocka_unit_test(names_of_functions_that_nobody_knows_are_numbers),
		cmocka_unit_test(calls_read_as_people_write_them),
		cmocka_unit_test(a_time_is_shown_with_its_distance_from_now),
		cmocka_unit_test(bytes_of_the_console_are_escaped),
		cmocka_unit_test(results_have_a_value_where_the_function_has_one),
		cmocka_unit_test(arguments_come_one_by_one_with_name_value_and_text),
		cmocka_unit_test(whatever_is_passed_becomes_printable_text_that_fits),
		cmocka_unit_test(every_kind_of_register_has_a_text_for_every_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
