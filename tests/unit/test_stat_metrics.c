/* SPDX-License-Identifier: Apache-2.0 */
/* Where `vhart stat --openmetrics` writes: a place that cannot be is found before a VM runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/fixtures/fake_collector.h"
#include "trace/stat/stat_metrics.h"
#include "trace/watch/target.h"

static char message[512];

/* Instead of log.c's. */
void error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
}

/* Of target.c. */
void target_stop(const struct target *target)
{
	(void)target;
}

static const char *name_of(void *opaque, uint32_t tgid)
{
	(void)opaque;
	(void)tgid;
	return "one";
}

struct fixture {
	char folder[32];
	struct collector collector;
	struct stat_session session;
	struct stat_options options;
	struct metrics_place metrics;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/vhart-test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	fixture->session.collector = &fixture->collector;
	fixture->session.view.vm_name = name_of;
	fixture->options.target.pidfd = eventfd(0, EFD_CLOEXEC);
	assert_true(stat_session_begin(&fixture->session));
	*state = fixture;
	return chdir(fixture->folder);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	char command[64];

	stat_session_free(&fixture->session);
	close(fixture->options.target.pidfd);
	snprintf(command, sizeof(command), "rm -r %s", fixture->folder);
	free(fixture);
	return chdir("/") != 0 || system(command) != 0;
}

static bool begin(struct fixture *fixture, const char *place, bool once)
{
	message[0] = '\0';
	fixture->options.openmetrics = place;
	fixture->options.once = once;
	return stat_metrics_begin(&fixture->metrics, &fixture->options, &fixture->session);
}

/* The VM's process ends at once. */
static void assert_goes_on(struct fixture *fixture)
{
	assert_int_equal(eventfd_write(fixture->options.target.pidfd, 1), 0);
	assert_true(stat_metrics(&fixture->metrics, &fixture->options, &fixture->session, -1,
				 NS_PER_S));
	metrics_place_close(&fixture->metrics);
}

static bool has(const char *path, const char *words)
{
	char text[65536];
	FILE *in = fopen(path, "r");
	size_t len;

	assert_non_null(in);
	len = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[len] = '\0';
	return strstr(text, words) != NULL;
}

static void places_that_cannot_be_are_found_at_the_beginning(void **state)
{
	static const struct {
		const char *place;
		bool once;
	} rows[] = {{"no/m", false}, {"no/m", true},	   {"link", false},
		    {"link", true},  {"unix=file", false}, {"unix=no/s", false}};
	struct fixture *fixture = *state;

	assert_int_equal(symlink("elsewhere", "link"), 0);
	fclose(fopen("file", "w"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(begin(fixture, rows[i].place, rows[i].once));
		if (strncmp(message, "--openmetrics ", 14) != 0)
			fail_msg("%s: '%s'", rows[i].place, message);
		metrics_place_close(&fixture->metrics);
	}
}

static void a_file_is_there_from_the_beginning_and_has_all_at_the_end(void **state)
{
	struct fixture *fixture = *state;

	assert_true(begin(fixture, "m.prom", false));
	assert_true(has("m.prom", "# EOF\n"));
	assert_false(has("m.prom", "vm=\"one\""));
	fixture->collector.vcpus[0] = (struct exit_vcpu){.first = 1, .tgid = 42};
	assert_goes_on(fixture);
	assert_true(has("m.prom", "vm=\"one\""));
}

static void once_a_file_stays_until_it_is_replaced(void **state)
{
	struct fixture *fixture = *state;
	FILE *out = fopen("m.prom", "w");

	assert_non_null(out);
	fputs("earlier\n", out);
	fclose(out);
	assert_true(begin(fixture, "m.prom", true));
	assert_true(has("m.prom", "earlier\n"));
	assert_goes_on(fixture);
	assert_false(has("m.prom", "earlier\n"));
	assert_true(has("m.prom", "# EOF\n"));
}

static void a_socket_is_there_as_long_as_it_is_answered(void **state)
{
	struct fixture *fixture = *state;
	struct stat is;

	assert_true(begin(fixture, "unix=s", false));
	assert_int_equal(stat("s", &is), 0);
	assert_true(S_ISSOCK(is.st_mode));
	assert_goes_on(fixture);
	assert_int_equal(stat("s", &is), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(places_that_cannot_be_are_found_at_the_beginning,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_is_there_from_the_beginning_and_has_all_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(once_a_file_stays_until_it_is_replaced, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_socket_is_there_as_long_as_it_is_answered, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
