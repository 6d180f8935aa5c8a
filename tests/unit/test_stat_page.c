/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart stat --html` writes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/printable_text.h"
#include "tests/unit/fixtures/sample_run.h"

/* Of so many vCPUs for so long. To be freed. */
static char *page_of(uint32_t vcpus, uint64_t fifths, const char *name)
{
	struct sample_run run;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	sample_run_begin(&run, vcpus);
	sample_run_live(&run, fifths);
	assert_int_equal(sample_run_page(&run, name, to), 0);
	fclose(to);
	sample_run_end(&run);
	assert_printable(text);
	return text;
}

static size_t count(const char *text, const char *words)
{
	size_t found = 0;

	for (const char *at = strstr(text, words); at; at = strstr(at + 1, words))
		found++;
	return found;
}

static void expect(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("there is no %s in %s", words, text);
}

static void it_has_all_that_was_counted(void **state)
{
	char *text = page_of(2, 200, "web1");

	(void)state;
	expect(text, "<h1>web1</h1>");
	expect(text, "<p>2 vCPUs, ");
	expect(text, " exits in 40.000 s, none lost</p>");
	expect(text, "<th scope=\"row\">VM</th><td>web1 (pid 42)</td>");
	expect(text, "<th scope=\"row\">host</th><td>7.2.0-riscv64</td>");
	expect(text, "<td>BPF at tracepoints and functions</td>");
	expect(text, ">vcpu1<small>");
	expect(text, ">all exits<small>");
	expect(text, ">sbi time.set_timer<small>half within ");
	/* In the table of calls. */
	expect(text, "<th scope=\"row\">time.set_timer</th>");
	free(text);
}

/* Of an idle one no rule speaks. */
static void findings_have_the_words_of_the_text(void **state)
{
	char *text = page_of(1, 150, "web1");

	(void)state;
	expect(text, "<li><strong>timer-storm: web1 vCPU 0, 20.0 to 30.0 s, ");
	expect(text, "; odd from 10 on</span>");
	expect(text, "why: the timer is set again and again by SBI calls</span>");
	expect(text, "try: give the guest Sstc, coarser timers, or a lower tick rate</span>");
	free(text);
	text = page_of(1, 5, "web1");
	expect(text, "None: no rule calls anything odd.");
	free(text);
}

/* The first phase is a quarter of the time, and 40 per cent of it are the guest's. */
static void what_is_alike_is_one_bar(void **state)
{
	char *text = page_of(1, 200, "web1");

	(void)state;
	expect(text,
	       "<path class=\"guest\" data-name=\"guest\" d=\"M0 100h2500v-40h-2500z"
	       "M2500 100h2500v-92h-2500zM5000 100h2500v-48h-2500zM7500 100h2500v-2h-2500z\"/>");
	free(text);
}

static void however_long_it_was_it_is_bounded(void **state)
{
	char *hour = page_of(4, 18000, "web1"), *day = page_of(4, 144000, "web1");

	(void)state;
	assert_true(strlen(day) < 1000000);
	assert_true(strlen(day) < 2 * strlen(hour));
	free(hour);
	free(day);
}

static void vcpus_without_room_are_told(void **state)
{
	char *text = page_of(STAT_HISTORY_COLUMNS / 7, 3, "web1");

	(void)state;
	assert_int_equal(count(text, "<span class=\"label\">vcpu"), 64);
	expect(text, "And 9 more that are not shown.");
	free(text);
}

static void what_nobody_saw_has_no_lanes(void **state)
{
	char *text = page_of(1, 0, "web1");

	(void)state;
	expect(text, "There were none.");
	expect(text, " exits in 0.000 s");
	free(text);
}

static void foreign_text_is_only_text(void **state)
{
	char *text = page_of(1, 150, "</script><b>&\"'" HOSTILE_NAME);

	(void)state;
	assert_int_equal(count(text, "<script"), 1);
	assert_int_equal(count(text, "</script"), 1);
	/* Title twice, VM, kernel; the finding's VM and function. */
	assert_true(count(text, "&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;\\x1b[2J") >= 6);
	assert_int_equal(count(text, "<b>"), 0);
	free(text);
}

static void a_full_disk_is_told(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct sample_run run;

	(void)state;
	sample_run_begin(&run, 1);
	sample_run_live(&run, 10);
	assert_non_null(full);
	assert_int_equal(sample_run_page(&run, "web1", full), -ENOSPC);
	fclose(full);
	sample_run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_all_that_was_counted),
		cmocka_unit_test(findings_have_the_words_of_the_text),
		cmocka_unit_test(what_is_alike_is_one_bar),
		cmocka_unit_test(however_long_it_was_it_is_bounded),
		cmocka_unit_test(vcpus_without_room_are_told),
		cmocka_unit_test(what_nobody_saw_has_no_lanes),
		cmocka_unit_test(foreign_text_is_only_text),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("stat_page", tests, NULL, NULL);
}
