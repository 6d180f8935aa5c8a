/* SPDX-License-Identifier: Apache-2.0 */
/* What a PMU has counted: saved, restored, as bytes, and shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/pmu_calls.h"
#include "vmm/control/pmu_json.h"

/* ---- save and restore ---- */

static void a_restored_counter_goes_on_and_overflows_when_it_should(void **state)
{
	struct pmu_state saved;

	(void)state;
	expect_config(config(2, 1, 0, INSNS), 2);
	expect_config(config(F0, 1, 0, TIMER), F0);
	assert_int_equal(start(2, SET, -1000ull), 0);
	assert_int_equal(start(F0, SET, 5), 0);
	simulated_work(&machine, 400);
	machine.firmware[5] = 3;
	pmu_save(&machine.pmu, &saved);
	/* Elsewhere. */
	pmu_reset(&machine.pmu);
	begin(PMU_BEST, 63);
	machine.firmware[5] = 77777;
	assert_true(pmu_restore(&machine.pmu, &saved));
	assert_int_equal(csr(2), -600ull);
	assert_int_equal(fw_read(F0), 8);
	machine.firmware[5]++;
	assert_int_equal(fw_read(F0), 9);
	simulated_work(&machine, 599);
	assert_int_equal(machine.lcofis_raised, 0);
	simulated_work(&machine, 1);
	assert_int_equal(machine.lcofis_raised, 1);
	assert_int_equal(start(2, 0, 0), AS);
	assert_int_equal(start(F0, 0, 0), AS);
}

static void expect_refused(const struct pmu_state *state)
{
	static const struct pmu_state none;

	assert_false(pmu_restore(&machine.pmu, state));
	assert_int_equal(simulated_open_sources(&machine), 0);
	assert_memory_equal(&machine.pmu.state, &none, sizeof(none));
}

static void a_state_that_cannot_be_is_refused(void **state)
{
	struct pmu_state good, bad;

	(void)state;
	expect_config(config(2, 1, AUTO, INSNS), 2);
	expect_config(config(3, 1, 0, RAW), 3);
	expect_config(config(F0, 1, AUTO, TIMER), F0);
	pmu_save(&machine.pmu, &good);
	assert_true(pmu_restore(&machine.pmu, &good));

	bad = good;
	bad.counters[2].event.code = 11;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].event.type = PMU_EVENT_FIRMWARE;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].event.type = 1000;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].configured = 0;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].started = 0;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].armed = 1;
	bad.counters[2].overflow_at = bad.counters[2].carried;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].armed = 1;
	bad.counters[2].overflow_at = bad.counters[2].carried + (1ull << 60);
	expect_refused(&bad);
	bad = good;
	bad.counters[3].open = 0;
	expect_refused(&bad);
	bad = good;
	bad.counters[1].configured = 1;
	expect_refused(&bad);
	bad = good;
	bad.counters[H + 22].configured = 1;
	expect_refused(&bad);
	bad = good;
	bad.counters[F0].open = 1;
	expect_refused(&bad);
	bad = good;
	bad.counters[F0].event.code = 22;
	expect_refused(&bad);
	bad = good;
	bad.tallies[1].started = 1;
	expect_refused(&bad);
	bad = good;
	bad.overflown = 2;
	expect_refused(&bad);
	bad = good;
	bad.has_snapshot = 1;
	bad.snapshot_address = 8;
	expect_refused(&bad);
	/* Flags may be any byte. */
	bad = good;
	bad.counters[2].started = bad.counters[2].running = 2;
	assert_true(pmu_restore(&machine.pmu, &bad));
}

static void a_state_whose_source_cannot_be_had_is_refused(void **state)
{
	struct pmu_state good;

	(void)state;
	expect_config(config(2, 1, AUTO, INSNS), 2);
	expect_config(config(3, 1, AUTO, RAW), 3);
	expect_config(config(F0, 1, AUTO, TIMER), F0);
	pmu_save(&machine.pmu, &good);
	machine.refused = 1 << 3;
	expect_refused(&good);
	machine.refused = 0;
	machine.lost = 1 << 3;
	expect_refused(&good);
	machine.lost = 0;
	machine.no_firmware = 1 << 5;
	expect_refused(&good);
	machine.no_firmware = 0;
	assert_true(pmu_restore(&machine.pmu, &good));
}

/* ---- a state as bytes ---- */

static void a_packed_state_is_the_same_when_it_was_restored(void **state)
{
	uint8_t first[PMU_PACKED_SIZE], second[PMU_PACKED_SIZE];
	struct pmu_state saved;

	(void)state;
	expect_config(config(2, 1, 0, INSNS), 2);
	expect_config(config(F0, 1, 0, TIMER), F0);
	assert_int_equal(start(2, SET, -1000ull), 0);
	assert_int_equal(start(F0, SET, 5), 0);
	simulated_work(&machine, 400);
	pmu_save(&machine.pmu, &saved);
	pmu_pack(&machine.pmu.config, &saved, first);
	/* Elsewhere. */
	pmu_reset(&machine.pmu);
	begin(PMU_BEST, 63);
	machine.firmware[5] = 77777;
	assert_null(pmu_unpack(&machine.pmu.config, first, sizeof(first), &saved));
	assert_true(pmu_restore(&machine.pmu, &saved));
	assert_int_equal(csr(2), -600ull);
	assert_int_equal(fw_read(F0), 5);
	pmu_save(&machine.pmu, &saved);
	pmu_pack(&machine.pmu.config, &saved, second);
	assert_memory_equal(first, second, sizeof(first));
}

static void bytes_of_something_else_are_refused(void **state)
{
	uint8_t packed[PMU_PACKED_SIZE];
	struct pmu_state saved;
	struct pmu_config of = machine.pmu.config;

	(void)state;
	pmu_save(&machine.pmu, &saved);
	pmu_pack(&of, &saved, packed);
	assert_null(pmu_unpack(&of, packed, sizeof(packed), &saved));
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed) - 1, &saved), "length"));
	assert_non_null(strstr(pmu_unpack(&of, NULL, 0, &saved), "length"));
	of.hw_counters--;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "counters"));
	of = machine.pmu.config;
	of.quirks ^= 1;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "profile"));
	of = machine.pmu.config;
	packed[28 + 16] |= 0x80; /* the flags of counter 0 */
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "flags"));
	packed[8]++;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "version"));
	packed[0]++;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "begin"));
}

/* ---- a state to look at ---- */

static void expect_shown(const char *text)
{
	json_object *result = json_object_new_object();
	struct pmu_state saved;

	pmu_save(&machine.pmu, &saved);
	pmu_json_add(result, &machine.pmu.config, &saved);
	assert_string_equal(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN), text);
	json_object_put(result);
}

static void a_state_is_shown(void **state)
{
	(void)state;
	expect_shown("{\"hardware\":8,\"firmware\":22,\"snapshot\":null,\"counters\":[]}");
	expect_config(config(2, 1, 0, INSNS), 2);
	expect_config(config(F0, 1, 0, TIMER), F0);
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	assert_int_equal(start(2, SET, -1000ull), 0);
	assert_int_equal(start(F0, SET, 5), 0);
	simulated_work(&machine, 400);
	machine.firmware[5] = 3;
	expect_shown("{\"hardware\":8,\"firmware\":22,\"snapshot\":\"0x80002000\",\"counters\":["
		     "{\"counter\":2,\"event\":\"0x2\",\"name\":\"instructions\","
		     "\"data\":\"0x0\",\"started\":true,\"overflown\":false,"
		     "\"value\":\"0xfffffffffffffda8\",\"left\":600},"
		     "{\"counter\":8,\"event\":\"0xf0005\",\"name\":\"fw-set-timer\","
		     "\"data\":\"0x0\",\"started\":true,\"overflown\":false,"
		     "\"value\":\"0x8\"}]}");
	simulated_work(&machine, 700);
	assert_int_equal(stop(2, 0), 0);
	assert_int_equal(stop(F0, RST), 0);
	expect_shown("{\"hardware\":8,\"firmware\":22,\"snapshot\":\"0x80002000\",\"counters\":["
		     "{\"counter\":2,\"event\":\"0x2\",\"name\":\"instructions\","
		     "\"data\":\"0x0\",\"started\":false,\"overflown\":true,"
		     "\"value\":\"0x64\"}]}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_restored_counter_goes_on_and_overflows_when_it_should),
		TEST(a_state_that_cannot_be_is_refused),
		TEST(a_state_whose_source_cannot_be_had_is_refused),
		TEST(a_packed_state_is_the_same_when_it_was_restored),
		TEST(bytes_of_something_else_are_refused),
		TEST(a_state_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
