/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about where a hart is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/machine/hart_state.h"

#define BASE 0x80000000ull

static uint8_t ram[4096];
static const struct guest_memory memory = {.base = BASE, .size = sizeof(ram), .host = ram};

static void put32(uint64_t address, uint32_t value)
{
	memcpy(ram + (address - BASE), &value, sizeof(value));
}

static void causes(void **state)
{
	(void)state;
	assert_string_equal(hart_cause_name(2), "illegal instruction");
	assert_string_equal(hart_cause_name(15), "store/AMO page fault");
	assert_string_equal(hart_cause_name(1ull << 63 | 5), "supervisor timer interrupt");
	assert_string_equal(hart_cause_name(1ull << 63 | 13), "counter overflow interrupt");
	assert_string_equal(hart_cause_name(14), "reserved");
	for (uint64_t code = 0; code < 24; code++) {
		bool named = strcmp(hart_cause_name(code), "reserved") != 0;

		/* Of the privileged specification's, those that get to S-mode. */
		assert_int_equal(named, 0xdb3ff >> code & 1);
	}
	assert_string_equal(hart_cause_name(20), "reserved");
	assert_string_equal(hart_cause_name(UINT64_MAX), "reserved");
	assert_string_equal(hart_cause_name(UINT64_MAX >> 1), "reserved");
}

static void activities(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	put32(BASE + 16, 0x10500073);
	put32(BASE + 32, 0x00000073);
	assert_int_equal(hart_activity_at(&memory, 0, BASE + 20, 0, 0), HART_HALTED);
	assert_int_equal(hart_activity_at(&memory, 0, BASE + 16, 0, 0), HART_RUNNING);
	assert_int_equal(hart_activity_at(&memory, 0, BASE + 36, 3, 0x48534d), HART_SUSPENDED);
	assert_int_equal(hart_activity_at(&memory, 0, BASE + 36, 1, 0x48534d), HART_RUNNING);
	/* Nothing can be read there. */
	assert_int_equal(hart_activity_at(&memory, 0, BASE, 0, 0), HART_RUNNING);
	assert_int_equal(hart_activity_at(&memory, 0, 0, 0, 0), HART_RUNNING);
	assert_int_equal(hart_activity_at(&memory, UINT64_MAX, UINT64_MAX, 0, 0), HART_RUNNING);
}

static void trap_in_handler(void **state)
{
	struct hart_state at = {.supervisor = true,
				.stvec = BASE + 1,
				.sepc = BASE + 8,
				.pc = BASE,
				.scause = 2,
				.sstatus = 1 << 8};

	(void)state;
	assert_true(hart_state_traps_again(&at));
	at.scause = 1ull << 63 | 5;
	assert_false(hart_state_traps_again(&at));
	at.scause = 13;
	at.sstatus = 0; /* from user mode */
	assert_false(hart_state_traps_again(&at));
	at.sstatus = 1 << 8;
	at.sepc = BASE - 4;
	assert_false(hart_state_traps_again(&at));
	at.sepc = BASE + 0x1000;
	assert_false(hart_state_traps_again(&at));
}

/* As objdump has them. */
static void machine_mode(void **state)
{
	char name[24];

	(void)state;
	assert_true(hart_machine_mode_instruction(0xf14022f3, name)); /* csrr t0,mhartid */
	assert_string_equal(name, "mhartid");
	assert_true(hart_machine_mode_instruction(0x30529073, name)); /* csrw mtvec,t0 */
	assert_string_equal(name, "mtvec");
	assert_true(hart_machine_mode_instruction(0x7c0022f3, name)); /* csrr t0,0x7c0 */
	assert_string_equal(name, "CSR 0x7c0");
	assert_true(hart_machine_mode_instruction(0x30200073, name));
	assert_string_equal(name, "mret");
	assert_false(hart_machine_mode_instruction(0x100022f3, name)); /* csrr t0,sstatus */
	assert_false(hart_machine_mode_instruction(0xc00022f3, name)); /* rdcycle t0 */
	assert_false(hart_machine_mode_instruction(0x10500073, name)); /* wfi */
	assert_false(hart_machine_mode_instruction(0x00000073, name)); /* ecall */
	assert_false(hart_machine_mode_instruction(0x00000000, name));
	assert_false(hart_machine_mode_instruction(0xffffffff, name));
}

static void a_program_for_machine_mode(void **state)
{
	uint64_t at;
	char name[24];

	(void)state;
	memset(ram, 0, sizeof(ram));
	assert_false(hart_find_machine_mode(&memory, BASE, &at, name));
	/* Across instructions of both lengths: c.nop, auipc, csrr. */
	put32(BASE, 0x02970001);
	put32(BASE + 4, 0x22f30000);
	put32(BASE + 8, 0x0000f140);
	assert_true(hart_find_machine_mode(&memory, BASE, &at, name));
	assert_int_equal(at, BASE + 6);
	assert_string_equal(name, "mhartid");
	assert_false(hart_find_machine_mode(&memory, BASE - 4, &at, name));
	assert_false(hart_find_machine_mode(&memory, BASE + sizeof(ram) - 2, &at, name));
	assert_false(hart_find_machine_mode(&memory, UINT64_MAX - 1, &at, name));
}

static void lines(void **state)
{
	struct hart_state at = {.hart = 3,
				.activity = HART_HALTED,
				.supervisor = true,
				.pc = 0xffffffff80a1b2c4,
				.ra = 0x80200000,
				.scause = 1ull << 63 | 5,
				.sepc = 0x10,
				.pc_symbol = "default_idle_call+0x1c"};
	char line[HART_LINE_MAX];

	(void)state;
	hart_state_text(&at, line);
	assert_string_equal(line, "hart 3: halted (WFI) in S-mode at pc 0xffffffff80a1b2c4 "
				  "(default_idle_call+0x1c), ra 0x80200000; last trap: scause "
				  "0x8000000000000005 (supervisor timer interrupt), sepc 0x10, "
				  "stval 0x0");
	at.activity = HART_UNKNOWN;
	hart_state_text(&at, line);
	assert_string_equal(line, "hart 3: busy in vhart");
	/* The longest line has its end. */
	at.activity = HART_SUSPENDED;
	memset(at.pc_symbol, 'p', sizeof(at.pc_symbol) - 1);
	memset(at.ra_symbol, 'r', sizeof(at.ra_symbol) - 1);
	memset(at.sepc_symbol, 's', sizeof(at.sepc_symbol) - 1);
	at.pc = at.ra = at.sepc = at.stval = at.scause = UINT64_MAX;
	at.hart = UINT32_MAX;
	hart_state_text(&at, line);
	assert_non_null(strstr(line, "stval 0xffffffffffffffff"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes),
		cmocka_unit_test(activities),
		cmocka_unit_test(trap_in_handler),
		cmocka_unit_test(machine_mode),
		cmocka_unit_test(a_program_for_machine_mode),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
