/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts: the sandbox, what ends them, and the SBI calls that they answer. */
#include <errno.h>
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

#include "tests/unit/fixtures/fake_machine.h"
#include "vmm/debug/registers.h"
#include "vmm/script/sandbox.h"
#include "vmm/script/sbi_call.h"
#include "vmm/script/sbi_override.h"
#include "vmm/script/state.h"

#define RAM (64u << 10)
#define EID 0x08000001ull

static struct machine machine;
static struct sbi_context context;
static struct script script;
static struct script_override override;
static struct script_options options;
static char path[32];

static void write_file(const char *text)
{
	int fd;

	strcpy(path, "/tmp/script.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	options.path = path;
}

static bool run(const char *text)
{
	struct script_turn turn = {.handler = false};
	bool good;

	write_file(text);
	assert_true(script_open(&script, &options, script_libraries));
	script_begin(&script, &turn);
	/* What it says is not this program's TAP. */
	assert_int_equal(luaL_loadstring(script.lua, "print = function() end"), LUA_OK);
	lua_call(script.lua, 0, 0);
	good = script_run(&script);
	script_finish(&script);
	unlink(path);
	return good;
}

static bool passes(const char *text)
{
	bool good = run(text);

	script_close(&script);
	return good;
}

/* ---- the sandbox ---- */

static void the_host_is_out_of_reach(void **state)
{
	static const char *const names[] = {"io",     "os",	  "package", "require",
					    "dofile", "loadfile", "debug",   "string.dump"};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "assert(%s == nil)", names[i]);
		assert_true(passes(text));
	}
	options.allow_host = true;
	assert_true(passes("assert(os.time() > 0 and io.write and require and not os.exit)"));
}

static void bytecode_is_never_loaded(void **state)
{
	(void)state;
	assert_true(passes("assert(not load('\\27Lua'))"));
	assert_true(passes("assert(not load('\\27Lua', 'x', 'b'))"));
	assert_true(passes("assert(load('return 5')() == 5)"));
	assert_true(passes("assert(load('return x', 'x', 't', {x = 6})() == 6)"));
	assert_false(passes("\33Lua"));
}

static void memory_has_a_limit(void **state)
{
	(void)state;
	assert_true(passes("assert(not pcall(string.rep, 'x', 1 << 30))"));
	assert_false(passes("local t = {} while true do t[#t + 1] = ('x'):rep(1 << 20) .. #t end"));
}

static void recursion_has_a_limit(void **state)
{
	(void)state;
	assert_false(passes("local function f() return 1 + f() end f()"));
	assert_false(
		passes("local t = setmetatable({}, {__index = function(t, k) return t[k] end}) "
		       "return t.x"));
}

static void the_seed_is_the_users(void **state)
{
	(void)state;
	options.seed = 5;
	assert_true(
		passes("local first = {math.random(1000), math.random(1000)} "
		       "math.randomseed(5) "
		       "assert(first[1] == math.random(1000) and first[2] == math.random(1000))"));
}

static void arguments_arrive(void **state)
{
	char one[] = "one", two[] = "two";
	char *words[] = {one, two};

	(void)state;
	options.arguments = words;
	options.argument_count = 2;
	assert_true(passes("local a, b = ... assert(a == 'one' and b == 'two' and #arg == 2)"));
}

static void a_wrong_script_fails(void **state)
{
	(void)state;
	assert_false(passes("this is not Lua"));
	assert_false(passes("error({})"));
	assert_false(passes("error(setmetatable({}, {__tostring = function() error('no') end}))"));
	assert_false(passes("assert(false, 'so it is')"));
	options.path = "/nowhere/x.lua";
	assert_true(script_open(&script, &options, script_libraries));
	script_begin(&script, &(struct script_turn){.handler = false});
	assert_false(script_run(&script));
	script_finish(&script);
	script_close(&script);
}

static void a_stop_ends_a_loop(void **state)
{
	struct script_turn turn = {.handler = false};

	(void)state;
	write_file("while true do pcall(function() while true do end end) end");
	assert_true(script_open(&script, &options, script_libraries));
	script_halt(&script, SCRIPT_TIME_IS_UP);
	script_begin(&script, &turn);
	assert_false(script_run(&script));
	script_finish(&script);
	unlink(path);
	script_close(&script);
}

static void tap_counts(void **state)
{
	(void)state;
	assert_true(
		passes("tap.ok(true, 'yes') tap.is(1, 1, 'one') tap.skip('no', 'why') tap.done()"));
	assert_false(passes("tap.is(1, 2, 'one is two') tap.done()"));
}

/* ---- calls ---- */

/* A script that answers for a machine of two harts. */
static void start(const char *text)
{
	struct script_turn turn = {.handler = false};

	assert_true(run(text));
	script_begin(&script, &turn);
	lua_pushliteral(script.lua, "the machine");
	script_override_begin(script.lua, &override, 2, -1);
	lua_pop(script.lua, 1);
	script_finish(&script);
	context.override = &override.override;
}

static void stop(void)
{
	struct script_turn turn = {.handler = false};

	context.override = NULL;
	script_begin(&script, &turn);
	script_override_end(&override);
	script_finish(&script);
	script_close(&script);
}

static struct sbi_call call(uint64_t eid, uint64_t fid, uint64_t a0)
{
	struct sbi_call made = {.hart = 1, .eid = eid, .fid = fid, .args = {a0, 7}};

	sbi_dispatch(&context, &made);
	return made;
}

static void expect(struct sbi_call made, int64_t error, uint64_t value)
{
	assert_int_equal(made.error, error);
	assert_int_equal(made.value, value);
}

static uint64_t probe(uint64_t eid)
{
	return call(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, eid).value;
}

static void a_new_extension(void **state)
{
	(void)state;
	start("sbi.extension{eid = 0x08000001, probe = 9,\n"
	      "  [0] = function(call) return 0, call.a0 * 2 + call.hart end,\n"
	      "  [1] = function(call) return sbi.ERR_DENIED end,\n"
	      "  [2] = function() end, [3] = function(call) return call.a1, -1 end,\n"
	      "  [-1] = function(call) return 0, call.fid end}");
	expect(call(EID, 0, 20), 0, 41);
	expect(call(EID, 1, 0), SBI_ERR_DENIED, 0);
	expect(call(EID, 2, 0), 0, 0);
	expect(call(EID, 3, 0), 7, UINT64_MAX);
	expect(call(EID, UINT64_MAX, 0), 0, UINT64_MAX);
	expect(call(EID, 4, 0), SBI_ERR_NOT_SUPPORTED, 0);
	expect(call(EID + 1, 0, 0), SBI_ERR_NOT_SUPPORTED, 0);
	assert_int_equal(probe(EID), 9);
	assert_int_equal(probe(EID + 1), 0);
	assert_int_equal(context.answered, 8);
	assert_false(script.failed);
	stop();
}

static void any_function(void **state)
{
	(void)state;
	start("sbi.extension{eid = 0x08000001, [0] = function() return 1 end,\n"
	      "  any = function(call) return 0, call.fid end}");
	expect(call(EID, 0, 0), 1, 0);
	expect(call(EID, 77, 0), 0, 77);
	stop();
}

static void a_call_that_nobody_took(void **state)
{
	(void)state;
	start("sbi.extension{eid = 0x08000001, [0] = function(call) kept = call end,\n"
	      "  [1] = function(call) return 0, kept.a0 end}");
	call(EID, 0, 0);
	/* It is one object for each hart: the calls of hart 1 can be looked at in its handlers. */
	expect(call(EID, 1, 5), 0, 5);
	assert_int_equal(luaL_loadstring(script.lua, "return kept.a0"), LUA_OK);
	assert_int_equal(lua_pcall(script.lua, 0, 0, 0), LUA_ERRRUN);
	stop();
}

static void legacy_calls_keep_a1(void **state)
{
	(void)state;
	start("sbi.extension{eid = 1, [0] = function(call) return call.a0 + 1, 99 end}");
	expect(call(1, 12345, 64), 65, 7);
	stop();
}

static void a_wrapped_call(void **state)
{
	(void)state;
	/* DBCN write_byte, which the fake machine's console takes. */
	start("local n = 0\n"
	      "sbi.wrap(sbi.DBCN, 2, function(call, pass)\n"
	      "  n = n + 1\n"
	      "  if n == 1 then return pass() end\n"
	      "  if n == 2 then call.a0 = 66 return end\n"
	      "  if n == 3 then return sbi.ERR_FAILED end\n"
	      "  if n == 4 then local e, v = pass() return e, v + 5 end\n"
	      "  if n == 5 then pass() end\n"
	      "end)");
	expect(call(SBI_EID_DBCN, 2, 'A'), 0, 0);
	expect(call(SBI_EID_DBCN, 2, 'A'), 0, 0);
	expect(call(SBI_EID_DBCN, 2, 'A'), SBI_ERR_FAILED, 0);
	expect(call(SBI_EID_DBCN, 2, 'C'), 0, 5);
	expect(call(SBI_EID_DBCN, 2, 'D'), 0, 0);
	expect(call(SBI_EID_DBCN, 2, 'E'), 0, 0);
	assert_memory_equal(machine.output, "ABCDE", 5);
	assert_int_equal(machine.output_len, 5);
	assert_int_equal(probe(SBI_EID_DBCN), 1);
	stop();
}

static void the_usual_faults(void **state)
{
	(void)state;
	start("sbi.fail_every(3, sbi.DBCN, 2)\n");
	expect(call(SBI_EID_DBCN, 2, 'A'), 0, 0);
	expect(call(SBI_EID_DBCN, 2, 'B'), 0, 0);
	expect(call(SBI_EID_DBCN, 2, 'C'), SBI_ERR_FAILED, 0);
	expect(call(SBI_EID_DBCN, 2, 'D'), 0, 0);
	stop();
	start("sbi.fail_at_random(1, sbi.DBCN, nil, -5)\nsbi.delay(0, sbi.SUSP, 0)");
	expect(call(SBI_EID_DBCN, 2, 'A'), -5, 0);
	expect(call(SBI_EID_DBCN, 0, 'A'), -5, 0);
	stop();
}

struct fake_kvm {
	struct sbi_kvm kvm;
	unsigned int asked;
	uint64_t a0;
};

static bool ask(struct sbi_kvm *opaque, struct sbi_call *made)
{
	struct fake_kvm *kvm = (struct fake_kvm *)opaque;

	kvm->asked++;
	kvm->a0 = made->args[0];
	made->error = 0;
	made->value = made->args[0] + 100;
	return true;
}

/* A call that KVM has answered with 3 and 4. */
static struct sbi_call kept_call(struct fake_kvm *kvm, uint64_t fid)
{
	struct sbi_call made = {.eid = SBI_EID_TIME,
				.fid = fid,
				.args = {1},
				.error = 3,
				.value = 4,
				.kvm = &kvm->kvm};

	sbi_dispatch(&context, &made);
	return made;
}

static void a_call_that_kvm_answers(void **state)
{
	struct fake_kvm kvm = {.kvm = {ask}};

	(void)state;
	start("sbi.wrap(sbi.TIME, 0, function(call, pass) call.a0 = 50 return pass() end)\n"
	      "sbi.wrap(sbi.TIME, 1, function(call, pass) return -1 end)\n"
	      "sbi.wrap(sbi.TIME, 2, function(call, pass) return nil, 9 end)\n");
	expect(kept_call(&kvm, 0), 0, 150);
	assert_int_equal(kvm.asked, 1);
	assert_int_equal(kvm.a0, 50);
	expect(kept_call(&kvm, 1), -1, 4);
	expect(kept_call(&kvm, 2), 3, 9);
	assert_int_equal(kvm.asked, 1);
	stop();
}

static void memory_of_the_guest(void **state)
{
	(void)state;
	start("sbi.extension{eid = 0x08000001,\n"
	      "  [0] = function(call) call:write(call.a0, string.pack('<I8', 0x1122334455667788)) "
	      "return 0, string.unpack('<I4', call:read(call.a0 + 4, 4)) end,\n"
	      "  [1] = function(call) return 0, pcall(call.read, call, call.a0, 1) and 1 or 2 "
	      "end,\n"
	      "  [2] = function(call) return 0, pcall(call.write, call, call.a0, 'x') and 1 or 2 "
	      "end}");
	expect(call(EID, 0, FAKE_RAM_BASE + 16), 0, 0x11223344);
	assert_int_equal(fake_load(&machine, FAKE_RAM_BASE + 16, 8), 0x1122334455667788);
	expect(call(EID, 1, FAKE_RAM_BASE + RAM - 1), 0, 1);
	expect(call(EID, 1, FAKE_RAM_BASE + RAM), 0, 2);
	expect(call(EID, 1, 0), 0, 2);
	expect(call(EID, 2, UINT64_MAX), 0, 2);
	stop();
}

static void fails(const char *handler, const char *words)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "sbi.extension{eid = 0x08000001, [0] = function(call, pass)\n%s\nend}", handler);
	start(text);
	expect(call(EID, 0, 0), SBI_ERR_FAILED, 0);
	assert_true(script.failed);
	if (!strstr(script.failure, words))
		print_error("%s\n", script.failure);
	assert_non_null(strstr(script.failure, words));
	/* The next call is none the worse for it. */
	expect(call(EID, 1, 0), SBI_ERR_NOT_SUPPORTED, 0);
	stop();
}

static void handlers_that_fail(void **state)
{
	(void)state;
	fails("error('broken')", ":2: broken (hart 1, SBI EID 0x8000001, FID 0x0)");
	fails("error({})", "an error that is a table");
	fails("local x = nil + 1", ":2: attempt to perform arithmetic");
	fails("return 'x'", "integers");
	fails("return 0, {}", "integers");
	fails("return 0.5", "integers");
	fails("return call.a6", "a call has no 'a6'");
	fails("call.hart = 1", "cannot be set");
	fails("call.a0 = 'x'", "number expected");
	fails("pass() pass()", "answered once");
	fails("call:delay(1e9)", "0 to 10 seconds");
	fails("while true do end", "did not return");
	fails("while true do pcall(function() while true do end end) end", "did not return");
	fails("while true do coroutine.resume(coroutine.create(function() while true do end end)) "
	      "end",
	      "did not return");
	fails("local function f() return 1 + f() end f()", "stack overflow");
	fails("return ('x'):rep(1 << 30)", "not enough memory");
	fails("coroutine.yield()", "yield");
}

static void rows_are_checked(void **state)
{
	(void)state;
	assert_false(passes("sbi.extension{}"));
	assert_false(passes("sbi.extension(5)"));
	assert_false(passes("sbi.extension{eid = 'x'}"));
	assert_false(passes("sbi.extension{eid = 1.5}"));
	assert_false(passes("sbi.extension{eid = 5, probe = 'x'}"));
	assert_false(passes("sbi.wrap(5, 0)"));
	assert_false(passes("sbi.wrap('x', 0, print)"));
	assert_false(passes("sbi.extension{eid = 5} sbi.extension{eid = 5}"));
	assert_false(passes("sbi.extension{eid = 50} sbi.wrap(50, 1, print)"));
	assert_false(passes("sbi.wrap(50, nil, print) sbi.wrap(50, 1, print)"));
	assert_true(passes("sbi.wrap(50, 0, print) sbi.wrap(50, 1, print)"));
	assert_false(passes("for i = 1, 17 do sbi.extension{eid = i + 100} end"));
	assert_true(passes("for i = 1, 16 do sbi.extension{eid = i + 100} end"));
}

/* ---- registers ---- */

static uint64_t hart_pc, hart_sepc;

static uint64_t *fake_register(const struct hart_register *which)
{
	if (!strcmp(which->name, "pc"))
		return &hart_pc;
	return strcmp(which->name, "sepc") != 0 ? NULL : &hart_sepc;
}

static int get_fake(struct machine *of, const struct sbi_call *made,
		    const struct hart_register *which, uint64_t *value)
{
	const uint64_t *from = fake_register(which);

	assert_ptr_equal(of, &machine);
	assert_int_equal(made->hart, 1);
	if (from)
		*value = *from;
	return from ? 0 : -ENOENT;
}

static int set_fake(struct machine *of, const struct sbi_call *made,
		    const struct hart_register *which, uint64_t value)
{
	uint64_t *to = fake_register(which);

	assert_ptr_equal(of, &machine);
	assert_int_equal(made->hart, 1);
	if (to)
		*to = value;
	return to ? 0 : -EINVAL;
}

static const struct script_guest_ops fake_ops = {.get = get_fake, .set = set_fake};

static void start_with_registers(const char *text)
{
	start(text);
	override.ops = &fake_ops;
	hart_pc = 0x1000;
	hart_sepc = 0x2000;
}

static void an_answer_with_registers(void **state)
{
	(void)state;
	start_with_registers(
		"sbi.extension{eid = 0x08000001,\n"
		"  [0] = function(call) return call.a0, call.a1,\n"
		"    {pc = call:register('sepc'), sepc = call:register('pc') + 2} end,\n"
		"  [1] = function(call) return 0, 0, {} end}\n"
		"sbi.wrap(sbi.DBCN, 2, function(call, pass)\n"
		"  local e, v = pass() return e, v, {pc = 16} end)");
	expect(call(EID, 0, 5), 5, 7);
	assert_int_equal(hart_pc, 0x2000);
	assert_int_equal(hart_sepc, 0x1002);
	expect(call(EID, 1, 5), 0, 0);
	expect(call(SBI_EID_DBCN, 2, 'A'), 0, 0);
	assert_int_equal(hart_pc, 16);
	assert_false(script.failed);
	stop();
}

/* Nothing of a table is set that has something wrong in it. */
static void fails_to_set(const char *result, const char *words)
{
	char text[300];

	snprintf(text, sizeof(text),
		 "sbi.extension{eid = 0x08000001, [0] = function(call) return 0, 0, %s end}\n"
		 "sbi.wrap(sbi.DBCN, 2, function(call) return nil, nil, {pc = 1} end)",
		 result);
	start_with_registers(text);
	expect(call(EID, 0, 0), SBI_ERR_FAILED, 0);
	if (!strstr(script.failure, words))
		print_error("%s\n", script.failure);
	assert_non_null(strstr(script.failure, words));
	assert_int_equal(hart_pc, 0x1000);
	expect(call(SBI_EID_DBCN, 2, 'A'), SBI_ERR_FAILED, 0);
	assert_int_equal(hart_pc, 0x1000);
	stop();
}

static void registers_that_cannot_be_set(void **state)
{
	(void)state;
	fails_to_set("{pc = 1, pd = 2}", "pd: a hart has none of this name");
	fails_to_set("{1, pc = 2}", "none of this name");
	fails_to_set("{[{}] = 1, pc = 2}", "none of this name");
	fails_to_set("{pc = 'here'}", "pc: expected an integer");
	fails_to_set("{pc = 1.5}", "pc: expected an integer");
	fails_to_set("{pc = 1, x10 = 5}", "x10: it is in the answer");
	fails_to_set("{pc = 1, zero = 5}", "zero: it cannot be set");
	fails_to_set("{pc = 1, v3 = 5}", "v3: it cannot be set");
	fails_to_set("{sp = 5}", "sp: Invalid argument");
	fails_to_set("{pc = call:register('nothing')}", "no register 'nothing'");
	fails_to_set("{pc = call:register('sp')}", "register 'sp': No such file");
}

static int setup(void **state)
{
	(void)state;
	options = (struct script_options){.seed = 1};
	fake_machine_init(&machine, RAM);
	machine.output_room = FAKE_CONSOLE_SIZE;
	context = (struct sbi_context){.machine = &machine};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_machine_destroy(&machine);
	return 0;
}

#define EACH(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(the_host_is_out_of_reach),
		EACH(bytecode_is_never_loaded),
		EACH(memory_has_a_limit),
		EACH(recursion_has_a_limit),
		EACH(the_seed_is_the_users),
		EACH(arguments_arrive),
		EACH(a_wrong_script_fails),
		EACH(a_stop_ends_a_loop),
		EACH(tap_counts),
		EACH(a_new_extension),
		EACH(any_function),
		EACH(a_call_that_nobody_took),
		EACH(legacy_calls_keep_a1),
		EACH(a_wrapped_call),
		EACH(the_usual_faults),
		EACH(a_call_that_kvm_answers),
		EACH(memory_of_the_guest),
		EACH(handlers_that_fail),
		EACH(rows_are_checked),
		EACH(an_answer_with_registers),
		EACH(registers_that_cannot_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
