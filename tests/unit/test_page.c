/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/printable_text.h"
#include "trace/exits/exits_map.h"
#include "trace/page/page.h"
#include "trace/page/page_series.h"

#define HOSTILE "</script><script>alert(1)</script>&\"'\033[2J\xff"
#define SHOWN	"&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;\\x1b[2J\\xff"

struct run {
	struct page_series series;
	struct page_series_lanes lanes;
	struct page_reasons reasons;
	struct export_options flames;
	struct page page;
};

/* From 1 s to 7 s, so that a column is 10 ms, and a little more than 16 of 10000 units wide. */
static void begin(struct run *run, bool exits)
{
	*run = (struct run){0};
	assert_true(page_series_begin(&run->series, 1000000000, 7000000000 - 600));
	run->page = (struct page){
		.title = "web1",
		.subtitle = "what was measured",
		.vcpus = exits ? NULL : &run->lanes.lanes,
		.reasons = &run->reasons,
		.flames = {.title = "Flames",
			   .profile = profile_new(1 << 20),
			   .options = &run->flames,
			   .words = "What is not there."},
	};
	assert_non_null(run->page.flames.profile);
}

static void end(struct run *run)
{
	profile_free(run->page.flames.profile);
	page_series_free(&run->series);
}

static char *written(struct run *run)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	page_series_lanes(&run->series, &run->lanes);
	run->reasons = (struct page_reasons){.reasons = run->series.reasons,
					     .count = run->series.reasons_count,
					     .none = "There are none.",
					     .no_heat = "Nobody knows."};
	assert_int_equal(page_write(&run->page, to), 0);
	fclose(to);
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

static void expect(struct run *run, const char *words, size_t times)
{
	char *text = written(run);

	if (count(text, words) != times)
		fail_msg("%zu times, not %zu: %s", count(text, words), times, words);
	free(text);
}

/* The first column half as high as the third; user mode stands on the kernel. */
static void samples_are_bars_in_their_vcpus_lane(void **state)
{
	struct run run;

	(void)state;
	begin(&run, false);
	page_series_sample(&run.series, 1000000000, 0, PAGE_KERNEL, 5);
	page_series_sample(&run.series, 1021000000, 0, PAGE_KERNEL, 7);
	page_series_sample(&run.series, 1022000000, 0, PAGE_USER, 3);
	page_series_sample(&run.series, UINT64_MAX, 2, PAGE_USER, 1);
	page_series_sample(&run.series, 0, 2, PAGE_USER, 2);
	expect(&run,
	       "data-name=\"the guest's kernel\" d=\"M0 100h17v-50h-17zM33 100h17v-70h-17z\"/>", 1);
	expect(&run, "data-name=\"its programs\" d=\"M33 30h17v-30h-17z\"/>", 1);
	expect(&run, "vcpu1<small>kernel 0, user 0<", 1);
	expect(&run, "data-name=\"its programs\" d=\"M0 100h17v-20h-17zM9983 100h17v-10h-17z\"/>",
	       1);
	expect(&run, "vcpu2<small>kernel 0, user 3<", 1);
	end(&run);
}

static void exits_are_rows_with_the_most_expensive_first(void **state)
{
	struct run run;
	char *text;

	(void)state;
	begin(&run, true);
	page_series_exit(&run.series, "irq s_timer", 4, 1000, 0);
	page_series_exit(&run.series, "sbi time.set_timer", 2, 6000, 500);
	page_series_exit(&run.series, "irq s_timer", 1, 1000, 0);
	text = written(&run);
	assert_non_null(strstr(text, "irq s_timer</th><td>5</td><td>2.00us</td>"));
	assert_non_null(strstr(text, ">75.00 %</td><td>3.00us</td><td>500ns</td>"));
	assert_true(strstr(text, ">sbi time.set_timer<") < strstr(text, ">irq s_timer<"));
	/* Of calls alone. */
	assert_int_equal(count(text, ">time.set_timer<"), 1);
	free(text);
	end(&run);
}

static void what_is_not_there_is_left_out_with_a_reason(void **state)
{
	struct run run;

	(void)state;
	begin(&run, false);
	expect(&run, "The recording has no samples.", 1);
	expect(&run, "There are none.", 1);
	expect(&run, "<h2>Findings</h2>", 0);
	expect(&run, "What is not there.", 1);
	page_series_exit(&run.series, "irq s_timer", 1, 0, 0);
	expect(&run, "The guest made none.", 1);
	expect(&run, "There are none.", 0);
	expect(&run, "Nobody knows.", 1);
	run.page.reasons = NULL;
	run.page.flames.title = NULL;
	run.page.judged = true;
	expect(&run, "The guest made none.", 0);
	expect(&run, "What is not there.", 0);
	expect(&run, "None: no rule calls anything odd.", 1);
	end(&run);
}

/* Two columns of a tenth of a second, the second of which ends with the recording. */
static void exits_have_lanes_of_their_rates(void **state)
{
	static const uint32_t often[] = {50, 10}, seldom[] = {0, 5},
			      buckets[EXIT_BUCKETS] = {[40] = 60};
	struct page_series_rates rates;
	struct run run;

	(void)state;
	begin(&run, true);
	run.series.until = 1150000000;
	page_series_exit(&run.series, "often", 60, 6000, 0);
	page_series_exit(&run.series, "seldom", 5, 6000, 0);
	page_series_times(&run.series, &(struct page_times){"often", 1000000000, 100000000, often,
							    2, buckets, 100, 200, 300});
	page_series_times(&run.series, &(struct page_times){"seldom", 1000000000, 100000000, seldom,
							    2, buckets, 100, 200, 300});
	/* Of other columns: it has none here. */
	page_series_times(&run.series, &(struct page_times){"odd", 1000000000, 7, often, 2, buckets,
							    100, 200, 300});
	assert_true(page_series_rates(&run.series, &rates));
	run.page.rates = &rates.rates.lanes;
	expect(&run, ">all exits<small>65 exits, up to 500 a second<", 1);
	expect(&run, ">often<small>60 exits, up to 500 a second<", 1);
	expect(&run, ">seldom<small>5 exits, up to 100 a second<", 1);
	expect(&run, "d=\"M0 100h6667v-100h-6667zM6667 100h3333v-40h-3333z\"", 1);
	expect(&run, ">odd<small>", 0);
	expect(&run, ">often<small>half within 100ns, 99 % within 200ns<", 1);
	end(&run);
}

static void findings_stand_on_top(void **state)
{
	const struct page_finding findings[] = {{"A storm.", "so often", "of timers", "fewer"},
						{"Another.", NULL, NULL, NULL}};
	struct run run;
	char *text;

	(void)state;
	begin(&run, true);
	run.page.judged = true;
	run.page.findings = findings;
	run.page.findings_count = 2;
	text = written(&run);
	assert_non_null(strstr(text, "<li><strong>A storm.</strong><br>"
				     "<span class=\"seen\">so often</span><br>"
				     "<span class=\"why\">why: of timers</span><br>"
				     "<span class=\"try\">try: fewer</span></li>"));
	assert_non_null(strstr(text, "<li><strong>Another.</strong></li>"));
	assert_true(strstr(text, "A storm.") < strstr(text, "<h2>The run</h2>"));
	free(text);
	end(&run);
}

/* Ten of 2 us, and 1000 of 9 us: a map from the first to the last. */
static void durations_are_a_map(void **state)
{
	struct run run;
	uint32_t buckets[EXIT_BUCKETS] = {0};

	(void)state;
	begin(&run, true);
	page_series_exit(&run.series, "irq s_timer", 1010, 1000, 0);
	buckets[exit_bucket(2000)] = 10;
	buckets[exit_bucket(9000)] = 1000;
	run.series.reasons[0].buckets = buckets;
	run.series.reasons[0].p50 = 9000;
	run.series.reasons[0].p99 = 9100;
	expect(&run, "half within 9.00us, 99 % within 9.10us", 1);
	expect(&run, "><title>1.79us to 2.05us: 10</title></rect>", 1);
	expect(&run, "<rect class=\"h8\"", 1);
	expect(&run, ">10us</span>", 1);
	expect(&run, ">1ms</span>", 0);
	expect(&run, "Nobody knows.", 0);
	end(&run);
}

static void foreign_text_is_only_text(void **state)
{
	const struct page_fact facts[] = {{"kernel", HOSTILE}, {"nothing", NULL}};
	const struct page_finding findings[] = {{HOSTILE, HOSTILE, HOSTILE, HOSTILE}};
	const struct profile_frame frame = {HOSTILE, 0, PROFILE_EXIT};
	const struct profile_labels labels = {.vm = HOSTILE, .vcpu = 0};
	struct run run;
	char *text;

	(void)state;
	begin(&run, true);
	run.page.title = run.page.subtitle = HOSTILE;
	run.page.facts = facts;
	run.page.facts_count = 2;
	run.page.judged = true;
	run.page.findings = findings;
	run.page.findings_count = 1;
	run.flames = (struct export_options){
		.labels_as_roots = true, .title = HOSTILE, .subtitle = HOSTILE, .counts = HOSTILE};
	page_series_exit(&run.series, HOSTILE, 1, 1, 1);
	page_series_exit(&run.series, "sbi " HOSTILE, 1, 1, 1);
	assert_int_equal(profile_add(run.page.flames.profile, &frame, 1, &labels,
				     (struct profile_values){.count = 1}),
			 0);
	text = written(&run);
	assert_int_equal(count(text, "<script"), 1);
	assert_int_equal(count(text, "</script"), 1);
	assert_null(strstr(text, "nothing"));
	/* Title twice, subtitle, fact, finding four times, three rows; frames, and what the graph
	 * says. */
	assert_true(count(text, SHOWN) >= 14);
	/* Nothing is fetched: no address but the name space of SVG. */
	assert_int_equal(count(text, "://"), count(text, "http://www.w3.org/"));
	free(text);
	end(&run);
}

static void however_much_comes_is_bounded(void **state)
{
	struct run run;
	uint64_t exits = 0;

	(void)state;
	begin(&run, true);
	for (uint64_t i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "reason %" PRIu64, i);
		page_series_exit(&run.series, name, 1, UINT64_MAX, UINT64_MAX);
		page_series_sample(&run.series, i, i, PAGE_USER, UINT64_MAX);
	}
	assert_int_equal(run.series.reasons_count, PAGE_REASONS);
	assert_int_equal(run.series.vcpus_count, PAGE_VCPUS);
	for (uint32_t i = 0; i < PAGE_REASONS; i++)
		exits += run.series.reasons[i].count;
	assert_int_equal(exits, 1000);
	expect(&run, ">all others<", 1);
	run.page.vcpus = &run.lanes.lanes;
	expect(&run, "<span class=\"label\">vcpu", PAGE_VCPUS);
	expect(&run, "And 936 more that are not shown.", 1);
	end(&run);
}

static void a_full_disk_is_told(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct run run;

	(void)state;
	begin(&run, true);
	assert_non_null(full);
	assert_int_equal(page_write(&run.page, full), -ENOSPC);
	fclose(full);
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_bars_in_their_vcpus_lane),
		cmocka_unit_test(exits_are_rows_with_the_most_expensive_first),
		cmocka_unit_test(what_is_not_there_is_left_out_with_a_reason),
		cmocka_unit_test(exits_have_lanes_of_their_rates),
		cmocka_unit_test(findings_stand_on_top),
		cmocka_unit_test(durations_are_a_map),
		cmocka_unit_test(foreign_text_is_only_text),
		cmocka_unit_test(however_much_comes_is_bounded),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
