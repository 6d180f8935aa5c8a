/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client of the control socket may send: lines of requests, in pieces, with arguments of
 * each type; and the same lines as words of a command line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/sample_verbs.h"
#include "vmm/control/event_json.h"
#include "vmm/control/protocol.h"

enum { HARTS = 3, WORDS = 8 };

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_value(const struct verb_argument *argument, const struct verb_value *value)
{
	require(value->given || argument->optional);
	if (!value->given)
		return;
	require(argument->type != VERB_HART || value->number < HARTS);
	require(argument->type != VERB_SECONDS || (value->seconds > 0 && value->seconds <= 1e9));
	require(argument->type != VERB_BYTES || (value->len % 2 == 0));
	require(argument->type != VERB_TEXT || value->text);
}

static void check_arguments(const struct verb *verb, json_object *args)
{
	struct verb_value values[VERB_ARGUMENTS_MAX];
	char why[CONTROL_ERROR_MAX] = "";

	if (!verb_take_arguments(verb, args, HARTS, values, why)) {
		require(why[0] && strlen(why) < sizeof(why));
		return;
	}
	for (unsigned int i = 0; verb->arguments[i].type != VERB_NONE; i++)
		check_value(&verb->arguments[i], &values[i]);
}

/* An answer is one line of JSON, whatever came. */
static void check_answer(json_object *id, const char *why)
{
	json_object *answer = protocol_answer(id, NULL, why), *again;
	const char *text = json_object_to_json_string_ext(
		answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	require(!strchr(text, '\n'));
	again = json_tokener_parse(text);
	require(json_object_is_type(again, json_type_object));
	json_object_put(again);
	json_object_put(answer);
}

static void check_request(const char *line, size_t len)
{
	char why[CONTROL_ERROR_MAX] = "";
	struct request request;

	if (protocol_request(line, len, &request, why))
		check_arguments(request.verb, request.args);
	else
		require(why[0] != '\0');
	check_answer(request.id, why);
	protocol_request_free(&request);
}

static void check_words(char *line)
{
	char *words[WORDS], why[CONTROL_ERROR_MAX] = "", *save = NULL;
	const struct verb *verb;
	unsigned int count = 0;
	json_object *args;

	for (char *word = strtok_r(line, " ", &save); word && count < WORDS;
	     word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	if (count == 0)
		return;
	verb = verb_find_or_say(words[0], why);
	require(verb || why[0]);
	args = verb ? verb_words_to_arguments(verb, words + 1, count - 1, why) : NULL;
	if (args)
		check_arguments(verb, args);
	json_object_put(args);
}

/* In pieces of the size that the first byte says. */
static void take_lines(const uint8_t *data, size_t size)
{
	const size_t piece = size ? data[0] % 64 + 1u : 1;
	struct protocol_lines lines = {.bytes = NULL};
	size_t room, len;
	char *line;

	for (size_t at = 1; at < size;) {
		char *to = protocol_room(&lines, &room);
		size_t now = size - at < piece ? size - at : piece;

		require(to && room > 0);
		now = now < room ? now : room;
		memcpy(to, data + at, now);
		protocol_filled(&lines, now);
		at += now;
		while ((line = protocol_line(&lines, &len))) {
			require(!memchr(line, '\n', len) && line[len] == '\0');
			check_request(line, len);
			check_words(line);
		}
	}
	protocol_free(&lines);
}

/* And as what a guest says. */
static void print_as_text(const uint8_t *data, size_t size)
{
	json_object *text = json_of_bytes((const char *)data, size), *again;
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);

	if (out) {
		json_print(out, text);
		fclose(out);
		for (size_t i = 0; i + 1 < len; i++)
			require((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
		again = json_tokener_parse(line);
		require(json_object_get_string_len(again) == json_object_get_string_len(text));
		json_object_put(again);
	}
	free(line);
	json_object_put(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	take_lines(data, size);
	print_as_text(data, size);
	return 0;
}
