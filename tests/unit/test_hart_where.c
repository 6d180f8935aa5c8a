/* SPDX-License-Identifier: Apache-2.0 */
/* Where a hart is: what it waits for, who called, as text and as JSON. */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "vmm/machine/hart_where.h"

static char said[4096];

static void tell(void *context, const char *line)
{
	(void)context;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

static const char *lines_of(const struct hart_where *where)
{
	said[0] = '\0';
	hart_where_tell(where, tell, NULL);
	return said;
}

static void waits_for(const struct hart_where *where, const char *wanted)
{
	char line[HART_LINE_MAX];

	hart_where_waits(where, line);
	assert_string_equal(line, wanted);
}

static void halted(void **state)
{
	struct hart_where at = {.state.activity = HART_HALTED,
				.sie = SIP_STIP | SIP_SEIP,
				.time = 1000,
				.stimecmp = 26000,
				.timer_hz = 10000000};

	(void)state;
	waits_for(&at, "waits for an interrupt; enabled: timer, external; pending: none; its timer "
		       "is due in 0.002500 s");
	at.timer_hz = 0;
	at.sip = SIP_SSIP | SIP_LCOFIP;
	waits_for(&at, "waits for an interrupt; enabled: timer, external; pending: software, "
		       "counter overflow");
	/* One that is due is pending, whatever KVM shows. */
	at.sip = 0;
	at.time = 26000;
	waits_for(&at, "waits for an interrupt; enabled: timer, external; pending: timer");
	at.stimecmp = UINT64_MAX;
	at.sie = 0;
	waits_for(&at, "waits for an interrupt; enabled: none; pending: none; its timer is not "
		       "set: nothing can wake it");
}

static void others(void **state)
{
	struct hart_where at = {.stimecmp = UINT64_MAX};

	(void)state;
	waits_for(&at, "");
	at.state.activity = HART_STOPPED;
	waits_for(&at, "waits for another hart to start it (SBI HSM, hart_start)");
	at.state.activity = HART_SUSPENDED;
	waits_for(&at, "waits to be woken (SBI HSM or SUSP); enabled: none; pending: none; its "
		       "timer is not set");
}

static void running(void **state)
{
	struct hart_where at = {.state.activity = HART_RUNNING, .stimecmp = UINT64_MAX};

	(void)state;
	/* In user mode they are on, whatever SIE says. */
	waits_for(&at, "");
	at.state.supervisor = true;
	at.sie = SIP_STIP;
	waits_for(&at, "interrupts are off (sstatus.SIE); enabled: timer; pending: none");
	at.loops = true;
	waits_for(&at, "jumps to itself; interrupts are off (sstatus.SIE); enabled: timer; "
		       "pending: none");
	at.state.sstatus = SSTATUS_SIE;
	waits_for(&at, "jumps to itself; enabled: timer; pending: none");
	at.loops = false;
	waits_for(&at, "");
}

static struct hart_where six_deep(void)
{
	struct hart_where at = {.state = {.hart = 2,
					  .activity = HART_RUNNING,
					  .supervisor = true,
					  .sstatus = SSTATUS_SIE,
					  .pc = 0x10},
				.depth = 6};

	for (unsigned int i = 0; i < at.depth; i++)
		at.chain[i].address = 0x10 + i;
	strcpy(at.chain[2].symbol, "two+0x2");
	return at;
}

static void chains(void **state)
{
	struct hart_where at = six_deep();

	(void)state;
	assert_string_equal(lines_of(&at),
			    "hart 2: running in S-mode at pc 0x10, ra 0x0; last trap: scause 0x0 "
			    "(instruction address misaligned), sepc 0x0, stval 0x0\n"
			    "hart 2: called from 0x11, two+0x2, 0x13, 0x14\n"
			    "hart 2: and from 0x15\n");
	at.depth = 1;
	assert_null(strstr(lines_of(&at), "called"));
}

/* All of a full chain of long names is told. */
static void longest(void **state)
{
	struct hart_where at = six_deep();

	(void)state;
	at.depth = HART_CHAIN_MOST;
	for (unsigned int i = 0; i < HART_CHAIN_MOST; i++) {
		memset(at.chain[i].symbol, 'a' + (int)i, HART_SYMBOL_MAX - 1);
		at.chain[i].symbol[HART_SYMBOL_MAX - 1] = '\0';
	}
	lines_of(&at);
	for (unsigned int i = 1; i < HART_CHAIN_MOST; i++)
		assert_non_null(strstr(said, at.chain[i].symbol));
}

static void json(void **state)
{
	struct hart_where at = six_deep();
	struct json_object *object;

	(void)state;
	at.depth = 3;
	at.state.activity = HART_HALTED;
	at.sie = SIP_STIP | SIP_LCOFIP;
	at.stimecmp = 1;
	at.state.scause = 2;
	strcpy(at.state.pc_symbol, "idle+0x1");
	object = hart_where_json(&at);
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
		"{\"hart\":2,\"state\":\"halted\",\"mode\":\"S\",\"pc\":\"0x10\",\"pc_symbol\":"
		"\"idle+0x1\",\"ra\":\"0x0\",\"ra_symbol\":null,\"scause\":\"0x2\",\"scause_name\":"
		"\"illegal instruction\",\"sepc\":\"0x0\",\"sepc_symbol\":null,\"stval\":\"0x0\","
		"\"waits\":\"waits for an interrupt; enabled: timer, counter overflow; pending: "
		"none\",\"enabled\":[\"timer\",\"counter overflow\"],\"pending\":[],\"chain\":[{"
		"\"address\":\"0x10\",\"symbol\":null},{\"address\":\"0x11\","
		"\"symbol\":null},{\"address\":\"0x12\",\"symbol\":\"two+0x2\"}]}");
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halted), cmocka_unit_test(others),  cmocka_unit_test(running),
		cmocka_unit_test(chains), cmocka_unit_test(longest), cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
