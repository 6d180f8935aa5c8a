/* SPDX-License-Identifier: Apache-2.0 */
/* From a machine's result and its console to a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "vmm/test/ending.h"

#define HARTS                                                                                      \
	"\"harts\":[{\"hart\":0,\"state\":\"running\",\"mode\":\"S\",\"pc\":\"0x80200000\","       \
	"\"pc_symbol\":\"spin\\u001b[31m+0x4\",\"ra\":\"0x80200010\",\"ra_symbol\":null}]"

static const struct {
	const char *result;
	int status; /* of waitpid() */
	bool script;
	enum ending ending;
	const char *words;
} results[] = {
	{"{\"end\":\"poweroff\",\"guest_status\":null}", 0, false, ENDING_POWEROFF, "powered off"},
	{"{\"end\":\"poweroff\",\"guest_status\":null}", 0, true, ENDING_NO_STATUS,
	 "powered off without the script's status"},
	{"{\"end\":\"poweroff\",\"guest_status\":0}", 0, true, ENDING_PASS, "status 0"},
	{"{\"end\":\"poweroff\",\"guest_status\":255}", 123 << 8, true, ENDING_STATUS,
	 "status 255"},
	{"{\"end\":\"reset\"}", 3 << 8, false, ENDING_RESET, "reset"},
	{"{\"end\":\"panic\",\"cause\":null,\"srst\":{\"reason_name\":\"system-failure\"}}", 4 << 8,
	 false, ENDING_FAILURE, "ended with a system failure"},
	{"{\"end\":\"panic\",\"cause\":null,\"srst\":{\"reason_name\":\"reserved\"}}", 4 << 8,
	 false, ENDING_PANIC, "the guest panicked: reserved"},
	{"{\"end\":\"panic\",\"cause\":\"endless-trap\"}", 4 << 8, false, ENDING_PANIC,
	 "the guest panicked: endless-trap"},
	{"{\"end\":\"panic\",\"guest_status\":0,\"srst\":{\"reason_name\":\"none\"}}", 4 << 8,
	 false, ENDING_PANIC, "the guest panicked"},
	{"{\"end\":\"timeout\"," HARTS "}", 124 << 8, false, ENDING_TIMEOUT, "timed out"},
	{"{\"end\":\"signal\"}", 143 << 8, false, ENDING_QUIT,
	 "the machine was ended from outside"},
	{"{\"end\":\"none\",\"fault\":\"input\"}", 125 << 8, false, ENDING_INPUT,
	 "cannot be booted"},
	{"{\"end\":\"none\",\"fault\":\"host\"}", 125 << 8, false, ENDING_HOST,
	 "the host cannot run it"},
	/* What is no result. */
	{"", 125 << 8, false, ENDING_INPUT, "cannot be booted"},
	{"", 11, false, ENDING_CRASH, "vhart itself fell by signal 11"},
	{"{\"end\":\"power", 0, false, ENDING_CRASH, "vhart itself fell"},
	{"[1,2]", 0, false, ENDING_CRASH, "vhart itself fell"},
	{"{\"end\":7,\"harts\":3}", 0, false, ENDING_CRASH, "vhart itself fell"},
};

static void each_result_is_an_ending(void **state)
{
	struct ending_account account;

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		ending_of_result(results[i].result, strlen(results[i].result), results[i].status,
				 results[i].script, &account);
		if (account.ending != results[i].ending)
			fail_msg("%s: %d", results[i].result, (int)account.ending);
		assert_string_equal(account.words, results[i].words);
	}
}

static void harts_are_shown(void **state)
{
	static const char text[] = "{\"end\":\"timeout\"," HARTS "}";
	struct ending_account account;

	(void)state;
	ending_of_result(text, strlen(text), 124 << 8, false, &account);
	assert_int_equal(account.hart_count, 1);
	assert_string_equal(account.harts[0], "hart 0: running in S-mode at pc 0x80200000 "
					      "(spin\\x1b[31m+0x4), ra 0x80200010");
}

static void a_program_ends_by_its_status(void **state)
{
	struct ending_account account;

	(void)state;
	ending_of_status(0, &account);
	assert_int_equal(account.ending, ENDING_PASS);
	ending_of_status(3 << 8, &account);
	assert_int_equal(account.ending, ENDING_STATUS);
	assert_string_equal(account.words, "status 3");
	ending_of_status(6, &account);
	assert_int_equal(account.ending, ENDING_CRASH);
}

/* The table of the manual. */
static void the_end_comes_first(void **state)
{
	(void)state;
	for (int says = CLAIMS_NOTHING; says <= CLAIMS_UNFINISHED; says++) {
		const enum claims_says said = (enum claims_says)says;

		assert_int_equal(verdict_of(ENDING_HOST, said, false), VERDICT_NOT_RUN);
		for (int ending = ENDING_STATUS; ending < ENDING_HOST; ending++)
			if (ending != ENDING_FAILURE || said != CLAIMS_SKIPPED)
				assert_int_equal(verdict_of((enum ending)ending, said, false),
						 VERDICT_FAILED);
		assert_string_not_equal(ending_words(ENDING_HOST), "");
	}
	assert_int_equal(verdict_of(ENDING_FAILURE, CLAIMS_SKIPPED, false), VERDICT_SKIPPED);
}

static void then_the_console(void **state)
{
	static const enum verdict quiet[] = {[CLAIMS_NOTHING] = VERDICT_PASSED,
					     [CLAIMS_PASSED] = VERDICT_PASSED,
					     [CLAIMS_SKIPPED] = VERDICT_SKIPPED,
					     [CLAIMS_FAILED] = VERDICT_FAILED,
					     [CLAIMS_UNFINISHED] = VERDICT_FAILED};

	(void)state;
	for (int says = CLAIMS_NOTHING; says <= CLAIMS_UNFINISHED; says++) {
		const enum claims_says said = (enum claims_says)says;

		assert_int_equal(verdict_of(ENDING_POWEROFF, said, false), quiet[says]);
		assert_int_equal(verdict_of(ENDING_PASS, said, false),
				 said == CLAIMS_UNFINISHED ? VERDICT_PASSED : quiet[says]);
		assert_int_equal(verdict_of(ENDING_POWEROFF, said, true),
				 said == CLAIMS_NOTHING ? VERDICT_FAILED : quiet[says]);
	}
	assert_int_equal(verdict_of(ENDING_PASS, CLAIMS_NOTHING, true), VERDICT_PASSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_result_is_an_ending),
		cmocka_unit_test(harts_are_shown),
		cmocka_unit_test(a_program_ends_by_its_status),
		cmocka_unit_test(the_end_comes_first),
		cmocka_unit_test(then_the_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
