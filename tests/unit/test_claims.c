/* SPDX-License-Identifier: Apache-2.0 */
/* What consoles say of tests: TAP, KTAP and kvm-unit-tests' lines, whole, cut, and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "vmm/test/claims.h"

#define BOOT "Linux version 6.12\r\n[    0.000000] ok, all good\r\nok\nhello 1..3\n"

static const struct {
	const char *console;
	enum claims_says says;
	const char *why; /* part of it; NULL: empty */
} consoles[] = {
	{"", CLAIMS_NOTHING, NULL},
	{BOOT, CLAIMS_NOTHING, NULL},
	{"not okay\nokay 1\nok1\n", CLAIMS_NOTHING, NULL},
	/* TAP: the plan in front, or behind. */
	{BOOT "1..2\nok 1 - a\nok 2\n", CLAIMS_PASSED, NULL},
	{"ok 1 - a\nok 2 - b\n1..2\n", CLAIMS_PASSED, NULL},
	{"TAP version 14\r\n1..1\r\r\nok 1 - a\r\n", CLAIMS_PASSED, NULL},
	{"TAP version 13\n1..2\nok\nok\n", CLAIMS_PASSED, NULL},
	{"1..2\nok 1\nnot ok 2 - b\n", CLAIMS_FAILED, "1 of 2 tests failed"},
	{"1..1\nnot ok 1 - a # TODO later\n", CLAIMS_PASSED, NULL},
	{"1..1\nnot ok 1 - a # skip no disk\n", CLAIMS_SKIPPED, "no disk"},
	{"1..2\nok 1 # SKIP no disk\nok 2\n", CLAIMS_PASSED, NULL},
	{"1..1\nok 1 - a # Skipped: no disk\n", CLAIMS_SKIPPED, "no disk"},
	{"1..1\nnot ok 1 - a \\# TODO is no directive\n", CLAIMS_FAILED, "1 of 1"},
	{"1..0 # SKIP nothing here\n", CLAIMS_SKIPPED, "nothing here"},
	{"1..1\nok 1 - half a li", CLAIMS_PASSED, NULL},
	{"1..2\nok 1 - a\nnot o", CLAIMS_FAILED, "fewer tests than planned: 1 of 2"},
	{"1..1\nok 1\nok 2\n", CLAIMS_FAILED, "more tests than planned: 2 of 1"},
	{"ok 1 - a\n", CLAIMS_FAILED, "no plan"},
	{"TAP version 14\n", CLAIMS_FAILED, "no plan"},
	{"1..2\nok 2\nok 1\n", CLAIMS_FAILED, "out of sequence"},
	{"1..2\nok 1\nok 1\n", CLAIMS_FAILED, "out of sequence"},
	{"1..2\n1..2\nok 1\nok 2\n", CLAIMS_FAILED, "two plans"},
	{"1..1\nok 99999999999999999999999999\n", CLAIMS_FAILED, "out of sequence"},
	{"1..3\nok 1\nBail out! no memory\n", CLAIMS_FAILED, "Bail out!"},
	{"Bail out!\n", CLAIMS_FAILED, "Bail out!"},
	/* Subtests and YAML are the parent's. */
	{"1..1\n    1..2\n    not ok 1 - x\n    ok 2\n  ---\n  a: 1\n  ...\nok 1 - a\n",
	 CLAIMS_PASSED, NULL},
	/* Two programs, one after the other. */
	{"TAP version 14\n1..1\nok 1\nTAP version 14\n1..2\nok 1\nok 2\n", CLAIMS_PASSED, NULL},
	{"TAP version 14\n1..2\nok 1\nTAP version 14\n1..1\nok 1\n", CLAIMS_FAILED,
	 "fewer tests than planned"},
	/* KTAP comes through the kernel's log. */
	{"[    0.31] KTAP version 1\n[    0.31] 1..1\n[    0.32]     not ok 1 x\n"
	 "[    0.33] ok 1 suite\n",
	 CLAIMS_PASSED, NULL},
	{"[    0.31] KTAP version 1\n[    0.31] 1..1\n[    0.33] not ok 1 suite\n", CLAIMS_FAILED,
	 "1 of 1"},
	/* kvm-unit-tests. */
	{"PASS: a\nSKIP: b\nXFAIL: c\nKFAIL: d\nSUMMARY: 4 tests, 1 expected failures, 1 skipped\n"
	 "\nEXIT: STATUS=1\n",
	 CLAIMS_PASSED, NULL},
	{"PASS: a\nFAIL: b\nSUMMARY: 2 tests, 1 unexpected failures\n\nEXIT: STATUS=3\n",
	 CLAIMS_FAILED, "1 unexpected failures"},
	{"PASS: a\nSUMMARY: 2 tests, 1 unexpected failures\n", CLAIMS_FAILED, "1 unexpected"},
	{"FAIL: a\nSUMMARY: 1 tests\n", CLAIMS_FAILED, "1 unexpected"},
	{"XPASS: a\nSUMMARY: 1 tests\n", CLAIMS_FAILED, "1 unexpected"},
	{"SKIP: a: not here\nSUMMARY: 1 tests, 1 skipped\n\nEXIT: STATUS=77\n", CLAIMS_SKIPPED,
	 "a: not here"},
	{"PASS: a\nSUMMARY: 1 tests\n\nEXIT: STATUS=255\n", CLAIMS_FAILED, "EXIT: STATUS=255"},
	{"EXIT: STATUS=1\n", CLAIMS_PASSED, NULL},
	{"SUMMARY: 7 tests\n", CLAIMS_PASSED, NULL},
	{"PASS: a\nPASS: b\n", CLAIMS_UNFINISHED, "no SUMMARY and no EXIT after 2 tests"},
	{"FAIL: a\n", CLAIMS_UNFINISHED, "no SUMMARY"},
	{"SUMMARY: of the news\nEXIT: STATUS=\n", CLAIMS_NOTHING, NULL},
	/* A script's words beside its TAP. */
	{"1..1\nPASS: x\nok 1\n", CLAIMS_PASSED, NULL},
	{"1..1\nok 1\nFAIL: x\nSUMMARY: 1 tests, 1 unexpected failures\n", CLAIMS_FAILED, NULL},
};

/* In pieces of PIECE bytes. */
static enum claims_says say(const char *console, size_t piece, char why[CLAIMS_WHY_MAX])
{
	static struct claims claims;
	const size_t len = strlen(console);

	claims = (struct claims){.filled = 0};
	for (size_t at = 0; at < len; at += piece)
		claims_read(&claims, console + at, len - at < piece ? len - at : piece);
	claims_end(&claims);
	return claims_says(&claims, why);
}

static void each_is_understood(void **state)
{
	static const size_t pieces[] = {1, 3, 1000};
	char why[CLAIMS_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(consoles) / sizeof(consoles[0]); i++)
		for (size_t j = 0; j < 3; j++) {
			if (say(consoles[i].console, pieces[j], why) != consoles[i].says)
				fail_msg("%s: %d, %s", consoles[i].console,
					 (int)say(consoles[i].console, pieces[j], why), why);
			if (consoles[i].why && !strstr(why, consoles[i].why))
				fail_msg("%s: %s", consoles[i].console, why);
		}
}

static void a_reason_is_without_its_word(void **state)
{
	char why[CLAIMS_WHY_MAX];

	(void)state;
	assert_int_equal(say("1..1\nok 1 - a # SKIP no disk\n", 1000, why), CLAIMS_SKIPPED);
	assert_string_equal(why, "no disk");
	assert_int_equal(say("1..0 # Skipped: no disk\n", 1000, why), CLAIMS_SKIPPED);
	assert_string_equal(why, "no disk");
}

static void a_million_tests_are_counted(void **state)
{
	static struct claims claims;
	char line[64], why[CLAIMS_WHY_MAX];

	(void)state;
	claims = (struct claims){.filled = 0};
	for (unsigned int i = 1; i <= 1000000; i++) {
		const int len =
			snprintf(line, sizeof(line), "%sok %u - case\n", i % 1000 ? "" : "not ", i);
		claims_read(&claims, line, (size_t)len);
	}
	claims_read(&claims, "1..1000000\n", 11);
	claims_end(&claims);
	assert_int_equal(claims_says(&claims, why), CLAIMS_FAILED);
	assert_string_equal(why, "1000 of 1000000 tests failed");
	assert_int_equal(claims.kept_count, 1000);
	assert_string_equal(claims.kept[0], "not ok 1000 - case");
	assert_string_equal(claims.kept[CLAIMS_KEPT - 1], "not ok 10000 - case");
}

static void a_long_line_is_its_beginning(void **state)
{
	static struct claims claims;
	char why[CLAIMS_WHY_MAX];

	(void)state;
	claims = (struct claims){.filled = 0};
	claims_read(&claims, "1..1\nnot ok 1 ", 14);
	for (unsigned int i = 0; i < 100000; i++)
		claims_read(&claims, "\0xyz", 4);
	claims_end(&claims);
	assert_int_equal(claims_says(&claims, why), CLAIMS_FAILED);
	assert_int_equal(strlen(claims.kept[0]), CLAIMS_LINE_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_understood),
		cmocka_unit_test(a_reason_is_without_its_word),
		cmocka_unit_test(a_million_tests_are_counted),
		cmocka_unit_test(a_long_line_is_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
