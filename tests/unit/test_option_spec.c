/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/option_spec.h"
#include "base/options.h"
#include "tests/unit/fixtures/kept_messages.h"

enum colour { RED = 3, GREEN = 7, BLUE = 1 };

/* A member that is stored in has another beside it that must not change. */
struct options {
	uint64_t guard0;
	bool flag;
	bool guard1, on, guard2;
	const char *text;
	uint64_t guard3, wide, guard4;
	unsigned int narrow, guard5;
	int descriptor, guard6;
	double seconds;
	uint64_t guard7;
	struct {
		enum colour guard8, colour, guard9;
	} inner;
};

static const struct option_choice colours[] = {
	{"red", RED}, {"rouge", RED}, {"green", GREEN}, {"blue", BLUE}, {"bleu", BLUE}, {NULL, 0},
};
static const struct option_choice one[] = {{"red", RED}, {NULL, 0}};
static const struct option_choice two[] = {{"off", false}, {"on", true}, {NULL, 0}};

static char words[OPTION_WORDS_MAX];

/* VALUE is taken: the COUNT bytes at AT become STORED, and no others change. */
static void assert_taken(const struct option_spec *spec, const char *value, size_t at, size_t count,
			 const void *stored)
{
	unsigned char expected[sizeof(struct options)];
	char argument[64];

	for (int fill = 0; fill <= 0xFF; fill += 0xFF) {
		struct options options;

		memset(&options, fill, sizeof(options));
		memcpy(expected, &options, sizeof(options));
		memcpy(expected + at, stored, count);
		snprintf(argument, sizeof(argument), "%s", value ? value : "");
		const char *refused = option_take(spec, value ? argument : NULL, &options, words);
		if (refused)
			fail_msg("\"%s\" was refused: %s", value, refused);
		assert_memory_equal(&options, expected, sizeof(options));
	}
}

#define ASSERT_TAKEN(spec, value, member, type, stored)                                            \
	assert_taken((spec), (value), offsetof(struct options, member), sizeof(type),              \
		     &(const type){stored})

/* Refused with these words, and nothing stored. */
static void assert_refused(const struct option_spec *spec, const char *value, const char *expected)
{
	struct options options, before;
	char argument[64];

	memset(&options, 0x55, sizeof(options));
	memcpy(&before, &options, sizeof(options));
	snprintf(argument, sizeof(argument), "%s", value);
	const char *refused = option_take(spec, argument, &options, words);
	if (!refused)
		fail_msg("\"%s\" was taken", value);
	assert_string_equal(refused, expected);
	assert_memory_equal(&options, &before, sizeof(options));
}

static void a_flag_is_set_and_an_enum_by_a_flag(void **state)
{
	static const struct option_spec flag = {"--flag", OPTION_FLAG(struct options, flag)};
	static const struct option_spec green = {"--green",
						 OPTION_SET(struct options, inner.colour, GREEN)};

	(void)state;
	ASSERT_TAKEN(&flag, NULL, flag, bool, true);
	ASSERT_TAKEN(&green, NULL, inner.colour, enum colour, GREEN);
}

static void text_is_the_argument_itself_and_a_path_is_not_empty(void **state)
{
	static const struct option_spec text = {"--text", OPTION_TEXT(struct options, text)};
	static const struct option_spec path = {"--path", OPTION_PATH(struct options, text)};
	char empty[] = "", some[] = "a=b,c";
	struct options options = {.text = NULL};

	(void)state;
	assert_null(option_take(&text, some, &options, words));
	assert_ptr_equal(options.text, some);
	assert_null(option_take(&text, empty, &options, words));
	assert_ptr_equal(options.text, empty);
	assert_null(option_take(&path, some, &options, words));
	assert_ptr_equal(options.text, some);
	assert_refused(&path, "", "expected the path of a file");
}

static void numbers_have_both_limits_and_the_width_of_their_member(void **state)
{
	static const struct option_spec narrow = {"--narrow",
						  OPTION_NUMBER(struct options, narrow, 1, 512)};
	static const struct option_spec widest = {
		"--wide", OPTION_NUMBER(struct options, wide, 1, UINT64_MAX)};
	static const struct option_spec fd = {
		"--fd", OPTION_NUMBER(struct options, descriptor, 3, INT32_MAX),
		.expected = "expected a file descriptor beyond 2"};
	static const char limits[] = "expected a number from 1 to 512";
	static const char *const wrong[] = {"",	   "0",	  "513",	"-1",
					    "+1",  "1 ",  " 1",		"1x",
					    "0x1", "1.0", "4294967297", "18446744073709551617"};

	(void)state;
	ASSERT_TAKEN(&narrow, "1", narrow, unsigned int, 1);
	ASSERT_TAKEN(&narrow, "512", narrow, unsigned int, 512);
	ASSERT_TAKEN(&narrow, "0007", narrow, unsigned int, 7);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(&narrow, wrong[i], limits);
	ASSERT_TAKEN(&widest, "1", wide, uint64_t, 1);
	ASSERT_TAKEN(&widest, "18446744073709551615", wide, uint64_t, UINT64_MAX);
	assert_refused(&widest, "0", "expected a number from 1 up");
	assert_refused(&widest, "18446744073709551616", "expected a number from 1 up");
	ASSERT_TAKEN(&fd, "3", descriptor, int, 3);
	ASSERT_TAKEN(&fd, "2147483647", descriptor, int, INT32_MAX);
	assert_refused(&fd, "2", "expected a file descriptor beyond 2");
	assert_refused(&fd, "2147483648", "expected a file descriptor beyond 2");
}

static void sizes_have_both_limits_which_are_told_with_units(void **state)
{
	static const struct option_spec size = {
		"--size", OPTION_SIZE(struct options, wide, 1ull << 20, 2ull << 30)};
	static const struct option_spec odd = {
		"--odd", OPTION_SIZE(struct options, wide, 1536, 1536ull << 40)};
	static const char *const wrong[] = {"",	  "0M",	       "1023K", "2097153K",
					    "3G", "16777215T", "1",	"1048576"};

	(void)state;
	ASSERT_TAKEN(&size, "1M", wide, uint64_t, 1ull << 20);
	ASSERT_TAKEN(&size, "1024K", wide, uint64_t, 1ull << 20);
	ASSERT_TAKEN(&size, "2G", wide, uint64_t, 2ull << 30);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(&size, wrong[i], "expected a size from 1M to 2G");
	assert_refused(&odd, "1K", "expected a size from 1K to 1536T");
}

static void seconds_are_more_than_none(void **state)
{
	static const struct option_spec plain = {"--time", OPTION_SECONDS(struct options, seconds)};
	static const struct option_spec own = {"--time", OPTION_SECONDS(struct options, seconds),
					       .expected = "expected a moment"};

	(void)state;
	ASSERT_TAKEN(&plain, "1.5", seconds, double, 1.5);
	ASSERT_TAKEN(&plain, "999999999", seconds, double, 999999999);
	assert_refused(&plain, "soon", "expected seconds, more than 0");
	assert_refused(&plain, "0", "expected seconds, more than 0");
	assert_refused(&plain, "1000000000", "expected seconds, more than 0");
	assert_refused(&own, "soon", "expected a moment");
}

static void choices_are_stored_by_value_and_told_without_aliases(void **state)
{
	static const struct option_spec colour = {
		"--colour", OPTION_CHOICE(struct options, inner.colour, colours)};
	static const struct option_spec only = {"--colour",
						OPTION_CHOICE(struct options, inner.colour, one)};
	static const struct option_spec on = {"--on", OPTION_CHOICE(struct options, on, two)};
	static const char *const wrong[] = {"", "re", "redd", "RED", "red,green", "3"};

	(void)state;
	ASSERT_TAKEN(&colour, "red", inner.colour, enum colour, RED);
	ASSERT_TAKEN(&colour, "green", inner.colour, enum colour, GREEN);
	ASSERT_TAKEN(&colour, "bleu", inner.colour, enum colour, BLUE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(&colour, wrong[i], "expected red, green or blue");
	assert_refused(&only, "green", "expected red");
	ASSERT_TAKEN(&on, "on", on, bool, true);
	ASSERT_TAKEN(&on, "off", on, bool, false);
	assert_refused(&on, "auto", "expected off or on");

	assert_string_equal(option_choice_name(colours, RED), "red");
	assert_string_equal(option_choice_name(colours, BLUE), "blue");
	assert_null(option_choice_name(colours, 2));
}

/* Words that do not fit are cut, and stay words. */
static void many_choices_do_not_overrun_the_words(void **state)
{
	static char names[32][12];
	static struct option_choice many[33];
	static const struct option_spec spec = {"--many",
						OPTION_CHOICE(struct options, narrow, many)};
	struct {
		char words[OPTION_WORDS_MAX], guard;
	} room = {.guard = 'g'};
	char value[] = "none of them";
	struct options options;

	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		snprintf(names[i], sizeof(names[i]), "choice%u", i);
		many[i] = (struct option_choice){names[i], i};
	}
	assert_ptr_equal(option_take(&spec, value, &options, room.words), room.words);
	assert_int_equal(room.guard, 'g');
	assert_int_equal(strlen(room.words), OPTION_WORDS_MAX - 1);
	assert_int_equal(strncmp(room.words, "expected choice0, choice1, ", 27), 0);
}

static const char *take_pair(char *value, void *target)
{
	struct options *options = target;

	return sscanf(value, "%u-%d", &options->narrow, &options->descriptor) == 2
		       ? NULL
		       : "expected a pair";
}

static void another_kind_is_taken_by_its_function(void **state)
{
	static const struct option_spec pair = {"--pair", OPTION_OTHER(take_pair)};
	struct options options;
	char good[] = "3-4", bad[] = "3";

	(void)state;
	assert_null(option_take(&pair, good, &options, words));
	assert_int_equal(options.narrow, 3);
	assert_int_equal(options.descriptor, 4);
	assert_string_equal(option_take(&pair, bad, &options, words), "expected a pair");
}

/* ---- rows that several commands have ---- */

struct command_options {
	uint64_t own;
	struct options part; /* not first */
};

static const struct option_spec shared[] = {
	{"--narrow", "N", "a number", OPTION_NUMBER(struct options, narrow, 1, 9), .letter = "-n"},
	{"--pair", "A-B", "two numbers", OPTION_OTHER(take_pair)},
	{"--flag", NULL, "a flag", OPTION_FLAG(struct options, flag), .letter = "-f"},
};
static const struct option_spec own[] = {
	{"--own", "N", "a number", OPTION_NUMBER(struct command_options, own, 1, 9),
	 .letter = "-o"},
};

static const struct option_table all_rows = {
	.command = "test",
	.shared = {shared, 3, offsetof(struct command_options, part)},
	.specs = own,
	.count = 1,
};
static const struct option_table fewer_rows = {
	.command = "test",
	.shared = {shared, 2, offsetof(struct command_options, part)},
	.specs = own,
	.count = 1,
};

static int read_words(const struct option_table *table, const char *text,
		      struct command_options *options)
{
	static char line[128];
	char *argv[16], *rest = line;
	int argc = 0;
	bool help;

	message[0] = '\0';
	*options = (struct command_options){0};
	snprintf(line, sizeof(line), "test %s", text);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	return options_read(table, argc, argv, options, &help);
}

static void shared_rows_store_in_their_part(void **state)
{
	struct command_options options;

	(void)state;
	assert_int_equal(read_words(&all_rows, "-n 4 --own=5 -f", &options), 0);
	assert_int_equal(options.part.narrow, 4);
	assert_int_equal(options.own, 5);
	assert_true(options.part.flag);
	assert_int_equal(read_words(&all_rows, "--pair 6-7 -o 8", &options), 0);
	assert_int_equal(options.part.narrow, 6);
	assert_int_equal(options.part.descriptor, 7);
	assert_int_equal(options.own, 8);
}

static void shared_rows_are_refused_as_any(void **state)
{
	struct command_options options;

	(void)state;
	assert_int_equal(read_words(&all_rows, "-n 4 --narrow 4", &options), STATUS_USAGE);
	assert_string_equal(message, "--narrow is given twice");
	assert_int_equal(read_words(&all_rows, "-n 10", &options), STATUS_USAGE);
	assert_string_equal(message, "--narrow 10: expected a number from 1 to 9");
	assert_int_equal(read_words(&all_rows, "-n -o", &options), STATUS_USAGE);
	assert_string_equal(message, "--narrow: its value is missing: --narrow N");
	assert_int_equal(read_words(&all_rows, "-f=1", &options), STATUS_USAGE);
	assert_string_equal(message, "--flag=1: --flag takes no value");
	assert_int_equal(read_words(&all_rows, "--narow 1", &options), STATUS_USAGE);
	assert_string_equal(message, "unknown option --narow: did you mean --narrow?");
	/* A command may have but the first of them. */
	assert_int_equal(read_words(&fewer_rows, "-o 1 -n 2", &options), 0);
	assert_int_equal(read_words(&fewer_rows, "-f", &options), STATUS_USAGE);
	assert_string_equal(message, "unknown option -f: `vhart test --help` lists what there is");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flag_is_set_and_an_enum_by_a_flag),
		cmocka_unit_test(text_is_the_argument_itself_and_a_path_is_not_empty),
		cmocka_unit_test(numbers_have_both_limits_and_the_width_of_their_member),
		cmocka_unit_test(sizes_have_both_limits_which_are_told_with_units),
		cmocka_unit_test(seconds_are_more_than_none),
		cmocka_unit_test(choices_are_stored_by_value_and_told_without_aliases),
		cmocka_unit_test(many_choices_do_not_overrun_the_words),
		cmocka_unit_test(another_kind_is_taken_by_its_function),
		cmocka_unit_test(shared_rows_store_in_their_part),
		cmocka_unit_test(shared_rows_are_refused_as_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
