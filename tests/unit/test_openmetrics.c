/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart stat --openmetrics`: the text, the file and the socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/socket_path.h"
#include "tests/unit/fixtures/sample_counts.h"
#include "trace/export/openmetrics.h"
#include "trace/stat/metrics_server.h"
#include "trace/stat/replaced_file.h"
#include "trace/stat/stat_openmetrics.h"
#include "trace/stat/stat_options.h"

static char message[512];

/* Instead of log.c's. */
void error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
}

static char *text;
static size_t text_size;
static char folder[] = "/tmp/vhart-test.XXXXXX";

static int setup(void **state)
{
	(void)state;
	message[0] = '\0';
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	return chdir(folder);
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	free(text);
	text = NULL;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") != 0 || system(command) != 0;
}

/* ---- the text ---- */

static void begin(FILE **out)
{
	free(text);
	text = NULL;
	*out = open_memstream(&text, &text_size);
	assert_non_null(*out);
}

static void families_and_samples_are_written(void **state)
{
	static const struct openmetrics_family counter = {"x_seconds", OPENMETRICS_COUNTER,
							  "seconds", "It counts."},
					       gauge = {"y", OPENMETRICS_GAUGE, NULL,
							"A \"gauge\" \\ of\nlines."},
					       about = {"z_info", OPENMETRICS_GAUGE, NULL,
							"About."};
	static const struct openmetrics_label labels[] = {
		{"a", "1"}, {"empty", ""}, {"b", "q\" b\\ n\n t\t e\x1b u\xc3\xbc x\xff"}};
	FILE *out;

	(void)state;
	begin(&out);
	openmetrics_family(out, &counter);
	openmetrics_ns(out, &counter, labels, 1, 1);
	openmetrics_ns(out, &counter, labels + 1, 1, UINT64_MAX);
	openmetrics_family(out, &gauge);
	openmetrics_uint(out, &gauge, NULL, 0, UINT64_MAX);
	openmetrics_family(out, &about);
	openmetrics_uint(out, &about, labels, 3, 1);
	openmetrics_end(out);
	fclose(out);
	assert_string_equal(text, "# TYPE x_seconds counter\n"
				  "# UNIT x_seconds seconds\n"
				  "# HELP x_seconds It counts.\n"
				  "x_seconds_total{a=\"1\"} 0.000000001\n"
				  "x_seconds_total 18446744073.709551615\n"
				  "# TYPE y gauge\n"
				  "# HELP y A \\\"gauge\\\" \\\\ of\\\\nlines.\n"
				  "y 18446744073709551615\n"
				  "# TYPE z_info gauge\n"
				  "# HELP z_info About.\n"
				  "z_info{a=\"1\",b=\"q\\\" b\\\\ n\\\\n t\\\\t e\\\\x1b u\xc3\xbc "
				  "x\\\\xff\"} 1\n"
				  "# EOF\n");
}

static void write_counts(const struct stat_sample *sample)
{
	const struct stat_view view = sample_counts_view();
	FILE *out;

	begin(&out);
	assert_true(stat_openmetrics(out, &view, sample));
	fclose(out);
}

static void has(const char *line)
{
	if (!strstr(text, line))
		fail_msg("there is no\n%sin\n%s", line, text);
}

static void counts_are_told_apart_by_vm_vcpu_and_kind(void **state)
{
	struct stat_sample sample = sample_counts(false);

	(void)state;
	write_counts(&sample);
	has("# TYPE vhart_exits counter\n# HELP vhart_exits Exits of a vCPU, by what they were "
	    "for.\n"
	    "vhart_exits_total{vm=\"web1\",pid=\"42\",vcpu=\"0\",reason=\"virtual_inst\",sub="
	    "\"wfi\"} 3\n"
	    /* The two vCPUs 0 of one process, one after the other. */
	    "vhart_exits_total{vm=\"web1\",pid=\"42\",vcpu=\"0\",reason=\"sbi\",sub=\"time.set_"
	    "timer\"} 7\n"
	    "vhart_exits_total{vm=\"a\\\"b\\\\c\\\\nd\\\\xff\",pid=\"43\",vcpu=\"0\",reason=\"load_"
	    "guest_page_fault\",sub=\"mmio\"} 1\n"
	    "# TYPE vhart_exits_to_vmm counter\n");
	has("# UNIT vhart_exit_handling_seconds seconds\n");
	has("sub=\"time.set_timer\"} 0.000000500\n");
	has("vhart_exit_vmm_seconds_total{vm=\"a\\\"b\\\\c\\\\nd\\\\xff\",pid=\"43\",vcpu=\"0\","
	    "reason=\"load_guest_page_fault\",sub=\"mmio\"} 0.000003000\n");
	has("vhart_exit_halted_seconds_total{vm=\"web1\",pid=\"42\",vcpu=\"0\",reason=\"virtual_"
	    "inst\",sub=\"wfi\"} 2.000000005\n");
	has("vhart_vcpu_seconds_total{vm=\"web1\",pid=\"42\",vcpu=\"0\",state=\"guest\"} "
	    "5.000000001\n");
	has("vhart_vcpu_seconds_total{vm=\"web1\",pid=\"42\",vcpu=\"1\",state=\"halted\"} "
	    "1.500000000\n");
	has("\nvhart_stat_lost_total 7\n");
	has("\nvhart_stat_uncounted_vcpus 2\n");
	has("\n# TYPE vhart_stat_info gauge\n");
	has("\nvhart_stat_info{version=\"" VHART_VERSION "\",way=\"BPF at tracepoints\"} 1\n"
	    "# EOF\n");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	sample_counts_free(&sample);
}

static void without_vms_there_are_families_all_the_same(void **state)
{
	const struct stat_sample sample = {.when = 1};

	(void)state;
	write_counts(&sample);
	has("# TYPE vhart_exits counter\n# HELP vhart_exits Exits of a vCPU, by what they were "
	    "for.\n# TYPE vhart_exits_to_vmm counter\n");
	has("# EOF\n");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void no_two_samples_have_the_same_labels(void **state)
{
	struct stat_sample sample = sample_counts(true);
	char *lines[8 * EXIT_ROWS], *rest;
	size_t count = 0;

	(void)state;
	write_counts(&sample);
	rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *space = strrchr(line, ' ');

		if (!space || line[0] == '#')
			continue;
		*space = '\0';
		assert_true(count < sizeof(lines) / sizeof(lines[0]));
		lines[count++] = line;
	}
	assert_true(count > 5 * EXIT_ROWS);
	qsort(lines, count, sizeof(lines[0]), compare);
	for (size_t i = 1; i < count; i++)
		assert_string_not_equal(lines[i - 1], lines[i]);
	sample_counts_free(&sample);
}

static void a_stream_that_is_full_is_said(void **state)
{
	const struct stat_view view = sample_counts_view();
	struct stat_sample sample = sample_counts(true);
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_false(stat_openmetrics(full, &view, &sample));
	fclose(full);
	sample_counts_free(&sample);
}

/* ---- the file ---- */

static void assert_file(const char *path, const char *expected)
{
	char got[64] = "";
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	assert_int_equal(fread(got, 1, sizeof(got) - 1, in), strlen(expected));
	fclose(in);
	assert_string_equal(got, expected);
}

static size_t entries(void)
{
	DIR *dir = opendir(".");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2; /* . and .. */
}

static void a_file_is_replaced_as_a_whole(void **state)
{
	struct stat first, second;
	FILE *reader;
	char got[16] = "";

	(void)state;
	umask(022);
	assert_true(replaced_file_write("--openmetrics", "m.prom", "one\n", 4));
	assert_int_equal(stat("m.prom", &first), 0);
	assert_int_equal(first.st_mode & 0777, 0644);
	reader = fopen("m.prom", "r");
	assert_true(replaced_file_write("--openmetrics", "m.prom", "two two\n", 8));
	assert_int_equal(stat("m.prom", &second), 0);
	assert_true(first.st_ino != second.st_ino);
	/* Whoever had it open reads what it was. */
	assert_int_equal(fread(got, 1, sizeof(got), reader), 4);
	assert_string_equal(got, "one\n");
	fclose(reader);
	assert_file("m.prom", "two two\n");
	assert_true(replaced_file_can("--openmetrics", "m.prom"));
	assert_file("m.prom", "two two\n");
	assert_true(replaced_file_can("--openmetrics", "new"));
	assert_int_equal(entries(), 1);
}

static void what_is_no_ordinary_file_stays(void **state)
{
	struct stat is;

	(void)state;
	assert_int_equal(symlink("elsewhere", "link"), 0);
	assert_false(replaced_file_write("--openmetrics", "link", "x", 1));
	assert_string_equal(message, "--openmetrics link: it is no ordinary file, and would be "
				     "replaced: give the path of one");
	assert_int_equal(lstat("link", &is), 0);
	assert_true(S_ISLNK(is.st_mode));
	assert_false(replaced_file_can("--openmetrics", "link"));
	assert_false(replaced_file_write("--openmetrics", ".", "x", 1));
	assert_false(replaced_file_write("--openmetrics", "/dev/null", "x", 1));
	assert_int_equal(entries(), 1);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
	char path[5000];

	(void)state;
	assert_false(replaced_file_can("--openmetrics", "no/m"));
	assert_non_null(strstr(message, "no/m: No such file or directory"));
	message[0] = '\0';
	assert_false(replaced_file_write("--openmetrics", "no/m", "x", 1));
	assert_string_equal(message, "--openmetrics no/m: No such file or directory: its folder "
				     "must take another file beside it");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_false(replaced_file_write("--openmetrics", path, "x", 1));
	assert_non_null(strstr(message, "the path is too long"));
	memset(path, 'x', 300);
	path[300] = '\0';
	assert_false(replaced_file_write("--openmetrics", path, "x", 1));
	assert_int_equal(entries(), 0);
}

/* ---- the socket ---- */

#define LONG_TEXT 4000000u /* more than a socket takes at once */

struct maker {
	unsigned int made;
	size_t len;
	bool no_memory;
};

static char *make(void *opaque, size_t *len)
{
	struct maker *maker = opaque;
	char *made = malloc(maker->len + 1);

	assert_non_null(made);
	maker->made++;
	memset(made, 'a' + (int)maker->made - 1, maker->len);
	*len = maker->len;
	if (!maker->no_memory)
		return made;
	free(made);
	return NULL;
}

/* As `vhart stat` does: when there is something to do. False: there was nothing. */
static bool serve(struct metrics_server *server)
{
	struct pollfd ready = {.fd = metrics_server_fd(server), .events = POLLIN};

	if (poll(&ready, 1, 0) != 1)
		return false;
	metrics_server_serve(server);
	return true;
}

/* All that comes until the end. */
static size_t read_all(struct metrics_server *server, int fd, char letter)
{
	char bytes[65536];
	size_t sum = 0;

	for (;;) {
		serve(server);
		const ssize_t got = read(fd, bytes, sizeof(bytes));

		assert_true(got >= 0);
		if (got == 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			assert_int_equal(bytes[i], letter);
		sum += (size_t)got;
	}
	close(fd);
	return sum;
}

static void each_client_gets_a_text_of_its_own(void **state)
{
	struct maker maker = {.len = 100};
	struct metrics_server *server = metrics_server_new("s", make, &maker);
	struct stat is;

	(void)state;
	assert_non_null(server);
	assert_int_equal(stat("s", &is), 0);
	assert_int_equal(is.st_mode & 0777, 0600);
	assert_false(serve(server));
	for (char letter = 'a'; letter < 'e'; letter++) {
		const int fd = socket_path_connect("s");

		assert_true(fd >= 0);
		assert_true(serve(server));
		assert_int_equal(read_all(server, fd, letter), 100);
	}
	assert_int_equal(maker.made, 4);
	assert_false(serve(server));
	metrics_server_free(server);
	assert_int_equal(stat("s", &is), -1);
}

static void one_that_is_slow_keeps_nobody_waiting(void **state)
{
	struct maker maker = {.len = LONG_TEXT};
	struct metrics_server *server = metrics_server_new("s", make, &maker);
	int slow, quick;

	(void)state;
	assert_non_null(server);
	slow = socket_path_connect("s");
	assert_true(serve(server));
	assert_false(serve(server));
	quick = socket_path_connect("s");
	assert_int_equal(read_all(server, quick, 'b'), LONG_TEXT);
	assert_int_equal(read_all(server, slow, 'a'), LONG_TEXT);
	assert_false(serve(server));
	metrics_server_free(server);
}

static void one_that_goes_away_is_forgotten(void **state)
{
	struct maker maker = {.len = LONG_TEXT};
	struct metrics_server *server = metrics_server_new("s", make, &maker);
	const int fd = socket_path_connect("s");

	(void)state;
	assert_true(serve(server));
	close(fd);
	assert_true(serve(server));
	assert_false(serve(server));
	metrics_server_free(server);
}

static void too_many_wait_until_one_is_done(void **state)
{
	struct maker maker = {.len = LONG_TEXT};
	struct metrics_server *server = metrics_server_new("s", make, &maker);
	int fds[METRICS_CLIENTS], last;

	(void)state;
	for (unsigned int i = 0; i < METRICS_CLIENTS; i++) {
		fds[i] = socket_path_connect("s");
		assert_true(serve(server));
	}
	last = socket_path_connect("s");
	/* Nothing wakes the caller while there is no room. */
	assert_false(serve(server));
	assert_int_equal(maker.made, METRICS_CLIENTS);
	close(fds[3]);
	assert_true(serve(server));
	assert_int_equal(maker.made, METRICS_CLIENTS + 1);
	assert_int_equal(read_all(server, last, 'a' + METRICS_CLIENTS), LONG_TEXT);
	metrics_server_free(server);
	for (unsigned int i = 0; i < METRICS_CLIENTS; i++)
		if (i != 3)
			close(fds[i]);
}

/* The caller has more to do than to answer clients that come one after the other. */
static void one_call_takes_so_many_and_no_more(void **state)
{
	struct maker maker = {.len = 10};
	struct metrics_server *server = metrics_server_new("s", make, &maker);
	int fds[METRICS_CLIENTS + 1];

	(void)state;
	for (unsigned int i = 0; i < METRICS_CLIENTS + 1; i++) {
		fds[i] = socket_path_connect("s");
		assert_true(fds[i] >= 0);
	}
	assert_true(serve(server));
	assert_int_equal(maker.made, METRICS_CLIENTS);
	assert_true(serve(server));
	assert_int_equal(maker.made, METRICS_CLIENTS + 1);
	assert_false(serve(server));
	for (unsigned int i = 0; i < METRICS_CLIENTS + 1; i++)
		assert_int_equal(read_all(server, fds[i], (char)('a' + i)), 10);
	metrics_server_free(server);
}

static void without_memory_a_client_gets_nothing(void **state)
{
	struct maker maker = {.len = 10, .no_memory = true};
	struct metrics_server *server = metrics_server_new("s", make, &maker);
	const int fd = socket_path_connect("s");

	(void)state;
	assert_true(serve(server));
	assert_int_equal(read_all(server, fd, 'a'), 0);
	metrics_server_free(server);
}

static void a_place_that_is_taken_is_refused(void **state)
{
	struct maker maker = {.len = 10};
	struct metrics_server *server = metrics_server_new("s", make, &maker);
	struct stat is;

	(void)state;
	assert_non_null(server);
	assert_null(metrics_server_new("s", make, &maker));
	assert_string_equal(message, "--openmetrics s: there is something already: take another "
				     "name");
	assert_null(metrics_server_new("no/s", make, &maker));
	assert_string_equal(message, "--openmetrics no/s: there is no such folder: make it first");
	/* And at the end, another's stays. */
	unlink("s");
	fclose(fopen("s", "w"));
	metrics_server_free(server);
	assert_int_equal(stat("s", &is), 0);
	assert_null(metrics_server_new("s", make, &maker));
	metrics_server_free(NULL);
}

/* ---- the options ---- */

static void options_that_do_not_go_together_are_refused(void **state)
{
	struct {
		struct stat_options options;
		const char *message; /* NULL: they do */
	} rows[] = {
		{{.openmetrics = "f"}, NULL},
		{{.openmetrics = "f", .interval = 2}, NULL},
		{{.openmetrics = "f", .once = true}, NULL},
		{{.openmetrics = "unix=s"}, NULL},
		{{.openmetrics = ""}, "--openmetrics : expected FILE or unix=PATH"},
		{{.openmetrics = "unix="}, "--openmetrics unix=: expected FILE or unix=PATH"},
		{{.openmetrics = "f", .json = true}, "no --json, --csv or -o with it"},
		{{.openmetrics = "f", .csv = true}, "no --json, --csv or -o with it"},
		{{.openmetrics = "f", .output = "o"}, "no --json, --csv or -o with it"},
		{{.openmetrics = "f", .view = {.by = BY_SBI}}, "no --by with it"},
		{{.openmetrics = "unix=s", .once = true}, "no --once with it"},
		{{.openmetrics = "unix=s", .interval = 1}, "no --interval with it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message[0] = '\0';
		struct stat_options options = rows[i].options;

		assert_true(stat_options_agree(&options) == !rows[i].message);
		if (!strstr(message, rows[i].message ? rows[i].message : ""))
			fail_msg("row %zu: %s", i, message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(families_and_samples_are_written, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_are_told_apart_by_vm_vcpu_and_kind, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_vms_there_are_families_all_the_same, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_two_samples_have_the_same_labels, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_stream_that_is_full_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_is_replaced_as_a_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_ordinary_file_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_said, setup,
						teardown),
		cmocka_unit_test_setup_teardown(each_client_gets_a_text_of_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_is_slow_keeps_nobody_waiting, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_goes_away_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_wait_until_one_is_done, setup, teardown),
		cmocka_unit_test_setup_teardown(one_call_takes_so_many_and_no_more, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_memory_a_client_gets_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_place_that_is_taken_is_refused, setup, teardown),
		cmocka_unit_test(options_that_do_not_go_together_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
