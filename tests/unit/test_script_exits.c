/* SPDX-License-Identifier: Apache-2.0 */
/* Exits that a script watches: which of them, what a handler finds, and handlers that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <lua5.4/lauxlib.h>

#include "sbi/sbi.h"
#include "tests/unit/fixtures/fake_machine.h"
#include "vmm/script/exits.h"
#include "vmm/script/sandbox.h"
#include "vmm/script/state.h"

#define RAM   (64u << 10)
#define HARTS 2

static struct machine machine;
static struct script script;
static struct script_exits exits;
static struct script_options options;

/* on_exit(which, handler): the handlers are in a global table, as they are in a machine's object.
 */
static int on_exit_of_test(lua_State *lua)
{
	lua_settop(lua, 2);
	lua_getglobal(lua, "handlers");
	script_exits_add(lua, &exits, 1, 2, 3);
	return 0;
}

static void begin(void)
{
	static char none[] = "none";
	struct script_turn turn = {.handler = false};

	options = (struct script_options){.seed = 1, .path = none};
	exits = (struct script_exits){.machine = LUA_NOREF};
	assert_true(script_open(&script, &options, script_libraries));
	script_begin(&script, &turn);
	lua_newtable(script.lua);
	lua_pushvalue(script.lua, -1);
	lua_setglobal(script.lua, "handlers");
	lua_pushcfunction(script.lua, on_exit_of_test);
	lua_setglobal(script.lua, "on_exit");
	lua_pushliteral(script.lua, "the machine");
	script_exits_begin(script.lua, &exits, HARTS, 2, 1);
	lua_settop(script.lua, 0);
	script_finish(&script);
}

static void end(void)
{
	struct script_turn turn = {.handler = false};

	script_begin(&script, &turn);
	script_exits_end(script.lua, &exits);
	script_finish(&script);
	script_close(&script);
}

/* What TEXT says is wrong; NULL: nothing is. Until the next call. */
static const char *wrong_with(const char *text)
{
	static char wrong[300];
	struct script_turn turn = {.handler = false};
	bool good;

	script_begin(&script, &turn);
	good = luaL_dostring(script.lua, text) == LUA_OK;
	snprintf(wrong, sizeof(wrong), "%s", good ? "" : lua_tostring(script.lua, -1));
	lua_settop(script.lua, 0);
	script_finish(&script);
	return good ? NULL : wrong;
}

static void runs(const char *text)
{
	const char *wrong = wrong_with(text);

	if (wrong)
		fail_msg("%s", wrong);
}

static void refused(const char *text, const char *why)
{
	const char *wrong = wrong_with(text);

	assert_non_null(wrong);
	if (!strstr(wrong, why))
		fail_msg("%s: %s", text, wrong);
	assert_int_equal(exits.rows.count, 0);
}

static void tell(struct guest_exit seen)
{
	script_exits_tell(&exits, &machine, &seen);
}

static void mmio(uint64_t address, unsigned int length)
{
	tell((struct guest_exit){.kind = GUEST_EXIT_MMIO,
				 .hart = 1,
				 .number = address,
				 .length = length,
				 .write = true,
				 .value = UINT64_MAX});
}

static void csr(uint64_t number)
{
	tell((struct guest_exit){
		.kind = GUEST_EXIT_CSR, .number = number, .write = true, .value = 5, .mask = 7});
}

static void sbi(uint64_t eid, uint64_t fid)
{
	struct sbi_call call = {.eid = eid, .fid = fid, .args = {10, 11, 12, 13, 14, 15}};

	tell((struct guest_exit){.kind = GUEST_EXIT_SBI, .number = eid, .call = &call});
}

/* ---- which ---- */

#define COUNT(which) "n = 0 on_exit(" which ", function() n = n + 1 end)"

static void an_access_that_touches_it(void **state)
{
	(void)state;
	runs(COUNT("{mmio = 0x1000}"));
	mmio(0x1000, 1);
	mmio(0xffd, 4);
	runs("assert(n == 2)");
	mmio(0xffc, 4);
	mmio(0x1001, 8);
	csr(0x1000);
	sbi(0x1000, 0);
	runs("assert(n == 2)");
}

static void a_range(void **state)
{
	(void)state;
	runs(COUNT("{mmio = {0x1000, 0x1fff}}"));
	mmio(0x1fff, 1);
	mmio(0x1fff, 4);
	mmio(0xfff, 2);
	runs("assert(n == 3)");
	mmio(0x2000, 1);
	mmio(0xfff, 1);
	mmio(UINT64_MAX, 8);
	runs("assert(n == 3)");
}

static void addresses_are_unsigned(void **state)
{
	(void)state;
	runs(COUNT("{mmio = {0x7fffffffffffff00, 0xffffffffffffffff}}"));
	mmio(UINT64_MAX, 1);
	mmio(1ull << 63, 4);
	mmio(5, 4);
	runs("assert(n == 2)");
}

static void all_of_a_kind(void **state)
{
	(void)state;
	runs(COUNT("{mmio = true}"));
	mmio(0, 1);
	mmio(UINT64_MAX, 8);
	csr(0x15);
	runs("assert(n == 2)");
}

static void a_csr(void **state)
{
	(void)state;
	runs(COUNT("{csr = 0x15}"));
	csr(0x15);
	csr(0x16);
	mmio(0x15, 1);
	runs("assert(n == 1)");
}

static void a_call(void **state)
{
	(void)state;
	runs(COUNT("{sbi = 0x4442434e}") "on_exit({sbi = 0x4442434e, fid = -1}, function() m = n "
					 "end)");
	sbi(0x4442434e, 0);
	sbi(0x4442434f, 0);
	runs("assert(n == 1 and not m)");
	sbi(0x4442434e, UINT64_MAX);
	runs("assert(n == 2 and m == 2)");
}

static void what_is_refused(void **state)
{
	(void)state;
	refused("on_exit(5, print)", "table expected");
	refused("on_exit({}, print)", "expected one of mmio, csr and sbi");
	refused("on_exit({mmio = 1, csr = 1}, print)", "expected one of");
	refused("on_exit({mmio = 1})", "function expected");
	refused("on_exit({mmio = 1.5}, print)", "'mmio': expected an address");
	refused("on_exit({mmio = false}, print)", "'mmio': expected an address");
	refused("on_exit({mmio = {1}}, print)", "'mmio': expected an address, {FROM, TO}");
	refused("on_exit({mmio = {1, 'x'}}, print)", "'mmio': expected an address");
	refused("on_exit({mmio = {2, 1}}, print)", "FROM is behind TO");
	refused("on_exit({mmio = {-1, 1}}, print)", "FROM is behind TO");
	refused("on_exit({csr = 'seed'}, print)", "'csr': expected a number, or true");
	refused("on_exit({csr = {1, 2}}, print)", "'csr': expected a number, or true");
	refused("on_exit({csr = 0x1000}, print)", "0 to 0xfff");
	refused("on_exit({sbi = 'DBCN'}, print)", "'sbi': expected a number");
	refused("on_exit({sbi = 1, fid = 'x'}, print)", "'fid': expected a number");
	refused("on_exit({mmio = 1, fid = 1}, print)", "only SBI calls have one");
	refused("on_exit({mmio = 1, len = 1}, print)", "'len': there are mmio, csr, sbi and fid");
	refused("on_exit({1, mmio = 1}, print)", "'a number': there are");
}

static void sixteen_and_no_more(void **state)
{
	(void)state;
	runs("n = 0 for i = 1, 16 do on_exit({mmio = true}, function() n = n + i end) end");
	assert_non_null(wrong_with("on_exit({mmio = true}, print)"));
	mmio(5, 4);
	runs("assert(n == 136)");
}

/* ---- what a handler finds ---- */

static void fields_of_each_kind(void **state)
{
	(void)state;
	runs("on_exit({mmio = true}, function(exit)\n"
	     "  assert(exit.kind == 'mmio' and exit.hart == 1 and exit.address == 0x1000)\n"
	     "  assert(exit.length == 4 and exit.write and exit.value == -1)\n"
	     "  assert(exit.machine == 'the machine') seen = (seen or 0) + 1\n"
	     "end)\n"
	     "on_exit({csr = true}, function(exit)\n"
	     "  assert(exit.kind == 'csr' and exit.hart == 0 and exit.number == 0x15)\n"
	     "  assert(exit.write == true and exit.value == 5 and exit.mask == 7) seen = seen + 1\n"
	     "end)\n"
	     "on_exit({sbi = true}, function(exit)\n"
	     "  assert(exit.kind == 'sbi' and exit.eid == 3 and exit.fid == 4)\n"
	     "  assert(exit.a0 == 10 and exit.a5 == 15) seen = seen + 1\n"
	     "end)");
	mmio(0x1000, 4);
	csr(0x15);
	sbi(3, 4);
	assert_false(script.failed);
	runs("assert(seen == 3)");
}

static void memory_can_be_read(void **state)
{
	(void)state;
	fake_store(&machine, FAKE_RAM_BASE + 8, 4, 0x64636261);
	runs("on_exit({mmio = true}, function(exit) seen = exit:read(0x80000008, 4) end)");
	mmio(0, 1);
	assert_false(script.failed);
	runs("assert(seen == 'abcd')");
}

static void an_exit_is_its_handlers_only(void **state)
{
	(void)state;
	runs("on_exit({mmio = true}, function(exit) kept = exit end)");
	mmio(0, 1);
	assert_non_null(strstr(wrong_with("return kept.kind"), "this exit is over"));
}

/* Nothing is left on a hart's stack, and no handler costs memory for good. */
static void many_times(void **state)
{
	(void)state;
	runs("n = 0 on_exit({mmio = true}, function(exit) n = n + exit.length return exit, n end)");
	for (unsigned int i = 0; i < 100000; i++)
		mmio(i, 1);
	assert_false(script.failed);
	runs("assert(n == 100000) collectgarbage() assert(collectgarbage('count') < 1000)");
}

/* ---- handlers that fail ---- */

static void fails(const char *body, const char *why)
{
	char text[300];

	snprintf(text, sizeof(text), "on_exit({mmio = true}, function(exit) %s end)", body);
	begin();
	runs(text);
	mmio(0x1000, 4);
	assert_true(script.failed);
	if (!strstr(script.failure, why))
		fail_msg("%s: %s", body, script.failure);
	/* Those that come later are told all the same. */
	runs("handlers[1] = function() again = true end");
	mmio(0x1000, 4);
	runs("assert(again)");
	end();
}

static void handlers_that_fail(void **state)
{
	(void)state;
	end();
	fails("error('broken')", ":1: broken (hart 1, an access to 0x1000)");
	fails("return exit.fid", "no 'fid': an MMIO exit has");
	fails("return exit.a0", "no 'a0'");
	fails("return exit.adress", "no 'adress'");
	fails("exit.value = 5", "only watched");
	fails("exit:read(0, 4)", "no memory of the guest at physical address 0x0, of 4 bytes");
	fails("exit:read(0x80000000, -1)", "0 or more");
	fails("while true do end", "did not return");
	fails("while true do pcall(function() while true do end end) end", "did not return");
	fails("coroutine.yield()", "yield");
	begin();
}

static void harts_that_are_none(void **state)
{
	(void)state;
	runs(COUNT("{mmio = true}"));
	tell((struct guest_exit){.kind = GUEST_EXIT_MMIO, .hart = HARTS, .length = 1});
	runs("assert(n == 0)");
}

static int setup(void **state)
{
	(void)state;
	fake_machine_init(&machine, RAM);
	begin();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	end();
	fake_machine_destroy(&machine);
	return 0;
}

#define EACH(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(an_access_that_touches_it),
		EACH(a_range),
		EACH(addresses_are_unsigned),
		EACH(all_of_a_kind),
		EACH(a_csr),
		EACH(a_call),
		EACH(what_is_refused),
		EACH(sixteen_and_no_more),
		EACH(fields_of_each_kind),
		EACH(memory_can_be_read),
		EACH(an_exit_is_its_handlers_only),
		EACH(many_times),
		EACH(handlers_that_fail),
		EACH(harts_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
