/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/made_recording.h"
#include "tests/unit/fixtures/printable_text.h"
#include "trace/export/export.h"
#include "trace/record/report_words.h"

#define FINDING(headline)                                                                          \
	"{\"type\":\"finding\",\"headline\":\"" headline                                           \
	"\",\"seen\":\"up\",\"why\":\"so\",\"try\":\"this\"}\n"

static const char names[] = SYMBOL("0xffffffff80001000", 256, "idle")
	SYMBOL("0xffffffff80001100", 256, "work") SYMBOL("0xffffffff80001200", 16, "start");

static void expect_view(const char *text, const struct report_view *view, const char *wanted)
{
	struct report report;
	char *out;

	made_report_begin(&report, text, strlen(text));
	report.by_pc = view->by == REPORT_BY_PC;
	out = made_report_shown(&report, view);
	assert_string_equal(out, wanted);
	free(out);
	made_report_end(&report);
}

static void expect_report(const char *text, enum report_by by, bool json, const char *wanted)
{
	expect_view(text, &(struct report_view){.by = by, .json = json}, wanted);
}

static char *joined(const char *first, const char *second, const char *third)
{
	static char text[8192];

	snprintf(text, sizeof(text), "%s%s%s", first, second, third);
	return text;
}

static const char samples[] = SAMPLE(0, "g", "0xffffffff80001104", "")
	SAMPLE(1, "g", "0xffffffff800011fc", "") SAMPLE(0, "g", "0xffffffff80001000", "")
		SAMPLE(0, "u", "0x10234",
		       "") "{\"type\":\"lost\",\"vcpu\":0,\"records\":3}\n"
			   "{\"type\":\"vcpu\",\"vcpu\":0,\"overflows\":9,\"stvec\":\"0x0\"}\n" END;

static void samples_are_shown_as_perf_shows_them(void **state)
{
	(void)state;
	expect_report(joined(HEADER("cpu-clock"), names, samples), REPORT_BY_SYMBOL, false,
		      "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		      "# Samples: 4 of event 'cpu-clock', 997 a second\n"
		      "# While the host ran: 2\n"
		      "# Lost: 3\n"
		      "#\n"
		      "# Overhead  Samples  VCPU  Mode  Symbol\n"
		      "# ........  .......  ....  ....  ......\n"
		      "#\n"
		      "    50.00%        2     *  [g]   work\n"
		      "    25.00%        1     0  [u]   [user]\n"
		      "    25.00%        1     0  [g]   idle\n");
	expect_report(joined(HEADER("cpu-clock"), names, samples), REPORT_BY_PC, true,
		      "{\"vhart\":\"report\",\"version\":1,\"vm\":\"web1\",\"pid\":12,"
		      "\"event\":\"cpu-clock\",\"samples\":4,\"lost\":3,\"whole\":true}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":0,\"mode\":\"u\","
		      "\"symbol\":\"0x0000000000010234\"}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":0,\"mode\":\"g\","
		      "\"symbol\":\"idle+0x0\"}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":0,\"mode\":\"g\","
		      "\"symbol\":\"work+0x4\"}\n"
		      "{\"share\":0.250000,\"samples\":1,\"vcpu\":1,\"mode\":\"g\","
		      "\"symbol\":\"work+0xfc\"}\n");
}

/* Five samples: two of a server, in a worker of it and itself; two of a shell; one of nobody. */
static void begin_with_tasks(struct report *report)
{
	const struct recording_task tasks[] = {made_task(70, 77, "worker", "server"),
					       made_task(70, 70, "server", "server"),
					       made_task(9, 9, "sh", "sh"),
					       made_task(8, 8, "sh", "sh"),
					       {0}};
	struct recording_packer *packer = recording_packer_new();

	made_report_begin(report, HEADER("cpu-clock"), strlen(HEADER("cpu-clock")));
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		made_report_put(report, packer,
				&(struct recording_sample){
					.user = true, .pc = 0x10000, .count = 1, .task = tasks[i]});
	fputs("{\"type\":\"tasks\",\"why\":\"it hides\"}\n" END, report->in);
	recording_packer_free(packer);
}

static void expect_tasks(enum report_by by, bool json, const char *wanted)
{
	struct report report;
	char *out;

	begin_with_tasks(&report);
	report.by_process = by == REPORT_BY_PROCESS;
	out = made_report_shown(&report, &(struct report_view){.by = by, .json = json});
	assert_non_null(strstr(out, wanted));
	free(out);
	made_report_end(&report);
}

static void samples_are_of_the_guests_tasks(void **state)
{
	(void)state;
	expect_tasks(REPORT_BY_COMM, false,
		     "# Lost: 0\n"
		     "# Of 1 of the samples the task is not known: it hides\n"
		     "#\n"
		     "# Overhead  Samples  VCPU  Mode  Command\n"
		     "# ........  .......  ....  ....  .......\n"
		     "#\n"
		     "    40.00%        2     0  [u]   sh\n"
		     "    20.00%        1     0  [u]   [not known]\n"
		     "    20.00%        1     0  [u]   server\n"
		     "    20.00%        1     0  [u]   worker\n");
	expect_tasks(REPORT_BY_PROCESS, false,
		     "# Overhead  Samples  VCPU  Mode  Process\n"
		     "# ........  .......  ....  ....  .......\n"
		     "#\n"
		     "    40.00%        2     0  [u]   server (70)\n"
		     "    20.00%        1     0  [u]   [not known]\n"
		     "    20.00%        1     0  [u]   sh (8)\n"
		     "    20.00%        1     0  [u]   sh (9)\n");
	expect_tasks(REPORT_BY_PROCESS, true,
		     "{\"share\":0.400000,\"samples\":2,\"vcpu\":0,\"mode\":\"u\","
		     "\"process\":\"server (70)\"}\n"
		     "{\"share\":0.200000,\"samples\":1,\"vcpu\":0,\"mode\":\"u\","
		     "\"process\":null}\n");
	expect_tasks(REPORT_BY_SYMBOL, false, "   100.00%        5     0  [u]   [user]\n");
}

#define TIMED(event)                                                                               \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":1,\"event\":\"" event            \
	"\",\"period\":1000,\"vm\":\"web1\",\"start\":5000000000}\n"

static void expect_subtitle(const char *text, const char *wanted)
{
	char subtitle[REPORT_SUBTITLE];
	struct report report;

	made_report_begin(&report, text, strlen(text));
	made_report_read(&report);
	assert_string_equal(report_subtitle(&report, subtitle), wanted);
	made_report_end(&report);
}

/* Until the end, or the last sample where there is none; without a start it is not said. */
static void a_subtitle_says_what_was_measured(void **state)
{
	(void)state;
	expect_subtitle(joined(HEADER("cpu-clock"), names, samples),
			"4 samples of cpu-clock, 997 a second, 3 lost");
	expect_subtitle(joined(TIMED("cpu-clock"), SAMPLE(0, "g", "0x1", ",\"t\":6000000000"),
			       SAMPLE(0, "g", "0x1", ",\"t\":5500000000")),
			"2 samples of cpu-clock, one every 1000 ns, in 1.00s, 0 lost");
	expect_subtitle(joined(TIMED("cycles"), SAMPLE(0, "g", "0x1", ",\"t\":6000000000"),
			       "{\"type\":\"end\",\"t\":7500000000,\"samples\":1}\n"),
			"1 samples of cycles, one every 1000, in 2.50s, 0 lost");
	expect_subtitle(joined(TIMED("cycles"), SAMPLE(0, "g", "0x1", ",\"t\":4000000000"), ""),
			"1 samples of cycles, one every 1000, 0 lost");
	expect_subtitle(joined(TIMED("exits"),
			       SAMPLE(0, "g", "0x1", ",\"t\":6000000000,\"ns\":2500000"), ""),
			"1 exits, 2.50ms of the host's time, one every 1000, in 1.00s, 0 lost");
}

/* idle, called by start; work, called by idle, which called itself. */
static const char chains[] =
	SAMPLE(0, "g", "0xffffffff80001000", ",\"callers\":\"0xffffffff80001204\"")
		SAMPLE(0, "g", "0xffffffff80001104",
		       ",\"callers\":\"0xffffffff80001020 0xffffffff80001010 0xffffffff80001204\"")
			END;

/* As perf's: once for each function that a chain is in, however often. */
static void chains_show_what_was_called(void **state)
{
	char *text = joined(HEADER("cpu-clock"), names, chains);

	(void)state;
	expect_view(text, &(struct report_view){.by = REPORT_BY_SYMBOL},
		    "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		    "# Samples: 2 of event 'cpu-clock', 997 a second\n"
		    "# Lost: 0\n"
		    "#\n"
		    "# Children Overhead  Samples  VCPU  Mode  Symbol\n"
		    "# ........ ........  .......  ....  ....  ......\n"
		    "#\n"
		    "   100.00%   50.00%        1     0  [g]   idle\n"
		    "   100.00%    0.00%        0     0  [g]   start\n"
		    "    50.00%   50.00%        1     0  [g]   work\n");
	expect_view(text,
		    &(struct report_view){.by = REPORT_BY_SYMBOL, .only_self = true, .limit = 1},
		    "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		    "# Samples: 2 of event 'cpu-clock', 997 a second\n"
		    "# Lost: 0\n"
		    "#\n"
		    "# Overhead  Samples  VCPU  Mode  Symbol\n"
		    "# ........  .......  ....  ....  ......\n"
		    "#\n"
		    "    50.00%        1     0  [g]   idle\n"
		    "# 1 more row\n");
	expect_view(text, &(struct report_view){.by = REPORT_BY_SYMBOL, .json = true, .limit = 2},
		    "{\"vhart\":\"report\",\"version\":1,\"vm\":\"web1\",\"pid\":12,"
		    "\"event\":\"cpu-clock\",\"samples\":2,\"lost\":0,\"whole\":true}\n"
		    "{\"share\":0.500000,\"children\":1.000000,\"samples\":1,\"vcpu\":0,"
		    "\"mode\":\"g\",\"symbol\":\"idle\"}\n"
		    "{\"share\":0.000000,\"children\":1.000000,\"samples\":0,\"vcpu\":0,"
		    "\"mode\":\"g\",\"symbol\":\"start\"}\n");
}

static const char exits[] =
	SAMPLE(0, "g", "0xffffffff80001104", ",\"ns\":9000,\"exit\":\"sbi time.set_timer\"")
		SAMPLE(0, "g", "0xffffffff80001108", ",\"ns\":500,\"exit\":\"sbi time.set_timer\"")
			SAMPLE(0, "g", "0xffffffff80001104", ",\"ns\":500,\"exit\":\"irq s_timer\"")
				END;

#define HOSTILE_HEADER(event)                                                                      \
	"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":1,\"event\":\"" event            \
	"\",\"why\":\"" HOSTILE_JSON "\",\"vm\":\"" HOSTILE_JSON "\",\"way\":\"" HOSTILE_JSON      \
	"\",\"kernel\":\"" HOSTILE_JSON "\"}\n"
static const char hostile_rest[] =
	"{\"type\":\"symbol\",\"start\":\"0xffffffff80001000\",\"size\":256,\"name\":"
	"\"" HOSTILE_JSON "\",\"module\":\"" HOSTILE_JSON
	"\"}\n" SAMPLE(0, "g", "0xffffffff80001104", ",\"ns\":9,\"exit\":\"" HOSTILE_JSON "\"")
		SAMPLE(0, "g", "0xffffffff80001004", ",\"ns\":9,\"exit\":\"" HOSTILE_JSON "\"")
			FINDING(HOSTILE_JSON) END;

static void begin_hostile(struct report *report, const char *head, enum report_by by)
{
	const char *text = joined(head, hostile_rest, "");

	made_report_begin(report, text, strlen(text));
	report->by_pc = by == REPORT_BY_PC;
}

/* A recording is anybody's: of no field a control character reaches a terminal or an export. */
static void a_hostile_recording_is_shown_as_text(void **state)
{
	static const char *const heads[] = {HOSTILE_HEADER(HOSTILE_JSON), HOSTILE_HEADER("exits")};

	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		enum report_by by = (enum report_by)(i % 4);
		struct report report;
		char *out;

		begin_hostile(&report, heads[i / 8], by);
		out = made_report_shown(&report,
					&(struct report_view){.by = by, .json = i / 4 % 2});
		assert_printable(out);
		if (i == 0) {
			assert_non_null(strstr(out, "# VM: " HOSTILE_JSON_SHOWN " (pid"));
			assert_non_null(strstr(out, "# " HOSTILE_JSON_SHOWN "\n#\n"));
			assert_non_null(strstr(out, "[g]   " HOSTILE_JSON_SHOWN
						    " [" HOSTILE_JSON_SHOWN "]\n"));
		}
		free(out);
		made_report_end(&report);
	}
}

static void a_hostile_recording_is_exported_as_text(void **state)
{
	int (*const exports[])(struct profile *, const struct export_options *,
			       FILE *) = {export_folded, export_flamegraph};

	(void)state;
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
		struct export_options how = {.labels_as_roots = true};
		struct report report;
		char *out = NULL;
		size_t size;
		FILE *to = open_memstream(&out, &size);

		begin_hostile(&report, HOSTILE_HEADER("exits"), REPORT_BY_SYMBOL);
		made_report_read(&report);
		how.title = report.header.vm;
		how.counts = report.header.event;
		assert_int_equal(exports[i](report.profile, &how, to), 0);
		fclose(to);
		assert_printable(out);
		free(out);
		made_report_end(&report);
	}
}

static void what_was_odd_stands_above_the_table(void **state)
{
	struct report report;
	char *text = NULL, *out = NULL, message[REPORT_MESSAGE_MAX];
	size_t size;
	FILE *to;

	(void)state;
	for (int count = 0; count <= 300; count += count < 7 ? 1 : 293) {
		char line[32], *more;

		to = open_memstream(&text, &size);
		fputs(HEADER("cycles"), to);
		for (int i = 0; i < count; i++)
			fprintf(to, FINDING("odd: %d"), i);
		fputs(END, to);
		fclose(to);
		made_report_begin(&report, text, size);
		assert_true(report_read_frame(&report, message));
		to = open_memstream(&out, &size);
		report_findings_print(to, &report.findings);
		fclose(to);
		snprintf(line, sizeof(line), "# odd: %d\n", count <= 5 ? count - 1 : 3);
		assert_true(!count == !strstr(out, line));
		assert_null(strstr(out, "# odd: 5\n"));
		more = strstr(out, "# and ");
		assert_int_equal(more ? atoi(more + strlen("# and ")) : 0,
				 count > 5 ? count - 4 : 0);
		assert_int_equal(report.findings.count, count < 256 ? count : 256);
		if (count) {
			const struct page_finding *last =
				&report.findings.on_page[report.findings.count - 1];

			snprintf(line, sizeof(line), "odd: %zu", report.findings.count - 1);
			assert_string_equal(last->headline, line);
			assert_string_equal(last->seen, "up");
			assert_string_equal(last->why, "so");
			assert_string_equal(last->help, "this");
		}
		made_report_end(&report);
		free(text);
		free(out);
	}
}

static void exits_are_weighed_by_the_hosts_time(void **state)
{
	(void)state;
	expect_report(joined(HEADER("exits"), names, exits), REPORT_BY_SYMBOL, false,
		      "# VM: web1 (pid 12), seen by BPF at tracepoints\n"
		      "# Samples: 3 of event 'exits', 997 a second, weighed by the host's time: "
		      "10.0us\n"
		      "# Lost: 0\n"
		      "#\n"
		      "#   Time%    Exits      Time  VCPU  Mode  Reason                        "
		      "Symbol\n"
		      "# ......  .......  ........  ....  ....  ............................  "
		      "......\n"
		      "#\n"
		      "  95.00%        2    9.50us     0  [g]   sbi time.set_timer            "
		      "work\n"
		      "   5.00%        1     500ns     0  [g]   irq s_timer                   "
		      "work\n");
}

/* The last instruction of idle calls; entry.S goes on at the first of start, where the interrupted
 * function begins. */
static void callers_have_the_name_of_who_called(void **state)
{
	static const char chain[] = SYMBOL("0xffffffff80001300", 16, "handle_exception")
		SAMPLE(0, "g", "0xffffffff80001104",
		       ",\"callers\":\"0xffffffff80001100 0xffffffff80001304 "
		       "0xffffffff80001200 0xffffffff90000000\"") END;
	static const char *const wanted[] = {"work", "idle", "handle_exception", "start",
					     "0xffffffff90000000"};
	const char *text = joined(HEADER("cycles"), names, chain);
	struct profile_stack stack;
	struct report report;

	(void)state;
	made_report_begin(&report, text, strlen(text));
	made_report_read(&report);
	assert_int_equal(profile_count(report.profile), 1);
	stack = profile_stack(report.profile, 0);
	assert_int_equal(stack.depth, 5);
	for (size_t i = 0; i < stack.depth; i++)
		assert_string_equal(profile_frame(report.profile, stack.frames[i]).name, wanted[i]);
	made_report_end(&report);
}

static void a_recording_that_was_cut_off_shows_what_it_has(void **state)
{
	char message[REPORT_MESSAGE_MAX] = "", *text = joined(HEADER("cycles"), names, samples);
	size_t whole = strlen(text), head = strlen(HEADER("cycles"));

	(void)state;
	for (size_t len = 1; len < whole; len += len < head + 80 ? 1 : 37) {
		struct report report;

		made_report_begin(&report, text, len);
		if (len < head) {
			assert_false(report_read_frame(&report, message));
			assert_string_equal(message, "is no recording of 'vhart record'");
		} else {
			assert_true(report_read_frame(&report, message));
			assert_true(report_read_samples(&report, message));
			assert_false(report.whole);
			assert_true(profile_total(report.profile).count <= 4);
		}
		made_report_end(&report);
	}
}

static void what_is_no_recording_is_refused_in_one_line(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: the string's */
		const char *why;
	} bad[] = {
		{"", 0, "is empty"},
		{"\n", 0, "is no recording of 'vhart record'"},
		{"hello\n", 0, "is no recording of 'vhart record'"},
		{"PERFILE2\0\0\0\0", 12, "is no recording of 'vhart record'"},
		{END, 0, "is no recording of 'vhart record'"},
		{"{\"type\":\"header\",\"vhart\":\"recording\",\"version\":9}\n", 0,
		 "is of another version of vhart"},
		{HEADER("cycles") HEADER("cycles"), 0, "line 2 is a second header"},
		{HEADER("cycles") "{\"type\":\"sample\"}\n" END, 0,
		 "line 2 has a sample without its vCPU or pc"},
		{HEADER("cycles") "x\n" END, 0, "line 2 is no flat JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char message[REPORT_MESSAGE_MAX] = "";
		struct report report;

		made_report_begin(&report, bad[i].text,
				  bad[i].len ? bad[i].len : strlen(bad[i].text));
		assert_false(report_read_frame(&report, message));
		assert_string_equal(message, bad[i].why);
		made_report_end(&report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_shown_as_perf_shows_them),
		cmocka_unit_test(samples_are_of_the_guests_tasks),
		cmocka_unit_test(a_subtitle_says_what_was_measured),
		cmocka_unit_test(chains_show_what_was_called),
		cmocka_unit_test(a_hostile_recording_is_shown_as_text),
		cmocka_unit_test(a_hostile_recording_is_exported_as_text),
		cmocka_unit_test(what_was_odd_stands_above_the_table),
		cmocka_unit_test(exits_are_weighed_by_the_hosts_time),
		cmocka_unit_test(callers_have_the_name_of_who_called),
		cmocka_unit_test(a_recording_that_was_cut_off_shows_what_it_has),
		cmocka_unit_test(what_is_no_recording_is_refused_in_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
