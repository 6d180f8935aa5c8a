/* SPDX-License-Identifier: Apache-2.0 */
/* A command in the guest: what its init says, and the end of the console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/command/console_tail.h"
#include "vmm/command/file_stream.h"
#include "vmm/command/outcome.h"

static const char *hear(struct command_outcome *outcome, uint32_t kind, uint32_t value)
{
	const struct command_message message = {kind, value};

	return outcome_hear(outcome, &message, sizeof(message));
}

static void each_end_has_its_status_and_words(void **state)
{
	static const struct {
		uint32_t kind, value;
		int status;
		const char *words;
	} rows[] = {
		{COMMAND_EXITED, 0, 0, ""},
		{COMMAND_EXITED, 255, 255, ""},
		{COMMAND_SIGNALLED, 9, 137, "was ended by signal 9 (SIGKILL)"},
		{COMMAND_SIGNALLED, 64, 192, "was ended by signal 64"},
		{COMMAND_NOT_RUN, 2, 127, "was not found in the guest"},
		{COMMAND_NOT_RUN, 13, 126, "cannot be run in the guest: Permission denied"},
		{COMMAND_NOT_RUN, 8, 126, "cannot be run in the guest: Exec format error"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct command_outcome outcome = {0};
		char words[128];

		assert_null(hear(&outcome, rows[i].kind, rows[i].value));
		assert_true(outcome.known);
		assert_int_equal(outcome_status(&outcome), rows[i].status);
		outcome_words(&outcome, words, sizeof(words));
		assert_string_equal(words, rows[i].words);
	}
}

static void a_message_may_come_in_pieces(void **state)
{
	const struct command_message messages[] = {{COMMAND_STARTED, 0}, {COMMAND_EXITED, 7}};
	struct command_outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(messages); i++) {
		assert_int_equal(outcome.started, i >= 8);
		assert_null(outcome_hear(&outcome, (const uint8_t *)messages + i, 1));
	}
	assert_true(outcome.known);
	assert_int_equal(outcome_status(&outcome), 7);
}

static void what_is_no_end_changes_nothing(void **state)
{
	struct command_outcome outcome = {0};

	(void)state;
	assert_non_null(hear(&outcome, COMMAND_EXITED, 256));
	assert_non_null(hear(&outcome, COMMAND_SIGNALLED, 0));
	assert_non_null(hear(&outcome, COMMAND_SIGNALLED, 65));
	assert_non_null(hear(&outcome, COMMAND_NOT_RUN, 0));
	assert_non_null(hear(&outcome, COMMAND_SIGNAL, 2));
	assert_non_null(hear(&outcome, 0, 0));
	assert_false(outcome.known || outcome.started);
	assert_null(hear(&outcome, COMMAND_EXITED, 3));
	assert_non_null(hear(&outcome, COMMAND_EXITED, 4));
	assert_int_equal(outcome_status(&outcome), 3);
}

static char told[256];

static void tell(const char *line)
{
	strcat(told, "<");
	strcat(told, line);
	strcat(told, ">");
}

static void tells(const struct console_tail *tail, unsigned int count, const char *lines)
{
	*told = '\0';
	console_tail_lines(tail, count, tell);
	assert_string_equal(told, lines);
}

static void the_last_lines_of_the_console_are_told(void **state)
{
	static struct console_tail tail;
	static char long_line[2 * CONSOLE_TAIL_MOST];

	(void)state;
	tells(&tail, 5, "");
	console_tail_add(&tail, "one\r\n\r\ntwo\nthr", 14);
	tells(&tail, 5, "<one><two><thr>");
	tells(&tail, 2, "<two><thr>");
	console_tail_add(&tail, "ee\n\0\n", 5);
	tells(&tail, 2, "<two><three>");
	tells(&tail, 0, "");
	memset(long_line, 'x', sizeof(long_line));
	console_tail_add(&tail, long_line, sizeof(long_line));
	console_tail_add(&tail, "\nend", 4);
	assert_int_equal(tail.len, CONSOLE_TAIL_MOST);
	tells(&tail, 1, "<end>");
}

/* Feeds BYTES in pieces of PIECE; what is of files goes to TEXT, each file ended by a "|". */
static const char *feed(struct file_stream *stream, const void *bytes, size_t len, size_t piece,
			char *text)
{
	const uint8_t *from = bytes;
	unsigned int file = stream->file;

	for (size_t at = 0; at < len;) {
		size_t now = len - at < piece ? len - at : piece, payload;

		at += file_stream_hear(stream, from + at, now, &payload);
		for (; file < stream->file; file++)
			strcat(text, "|");
		strncat(text, (const char *)from + at, payload);
		file_stream_took(stream, payload);
		at += payload;
	}
	return stream->wrong;
}

static void files_come_one_behind_the_other(void **state)
{
	static const struct {
		struct command_message first, second;
		char bytes[8];
		struct command_message third, fourth, fifth;
		char more[4];
		struct command_message last;
	} sent = {
		{COMMAND_FILE_END, 2}, {COMMAND_FILE_BYTES, 8}, "abcdefg", {COMMAND_FILE_BYTES, 0},
		{COMMAND_FILE_END, 0}, {COMMAND_FILE_BYTES, 4}, "xyz",	   {COMMAND_FILE_END, 5}};

	(void)state;
	for (size_t piece = 1; piece <= sizeof(sent); piece++) {
		struct file_stream stream = {.files = 3};
		char text[64] = "";

		assert_null(feed(&stream, &sent, sizeof(sent), piece, text));
		assert_string_equal(text, "|abcdefg|xyz|");
		assert_int_equal(stream.file, 3);
		assert_int_equal(stream.errors[0], 2);
		assert_int_equal(stream.errors[1], 0);
		assert_int_equal(stream.errors[2], 5);
		assert_non_null(feed(&stream, &sent, sizeof(sent), piece, text));
		assert_string_equal(text, "|abcdefg|xyz|");
	}
}

static void what_is_no_file_is_refused(void **state)
{
	static const struct command_message bad[] = {
		{COMMAND_EXITED, 0}, {COMMAND_FILE_END, 4096}, {0, 0}};
	char text[64] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct file_stream stream = {.files = 1};

		assert_non_null(feed(&stream, &bad[i], sizeof(bad[i]), sizeof(bad[i]), text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_has_its_status_and_words),
		cmocka_unit_test(a_message_may_come_in_pieces),
		cmocka_unit_test(what_is_no_end_changes_nothing),
		cmocka_unit_test(files_come_one_behind_the_other),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(the_last_lines_of_the_console_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
