/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of verbs: from JSON and from words, checked against the verb's row. */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/option_spec.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "vmm/control/verbs.h"

static const char *const type_names[VERB_TYPES] = {
	[VERB_NONE] = "nothing",    [VERB_TEXT] = "text", [VERB_NUMBER] = "number",
	[VERB_SECONDS] = "seconds", [VERB_HART] = "hart", [VERB_ADDRESS] = "address",
	[VERB_BYTES] = "bytes",	    [VERB_FLAG] = "flag", [VERB_FILE] = "file",
	[VERB_SIZE] = "size",
};

const char *verb_type_name(enum verb_type type)
{
	return type_names[type];
}

static const char *const expected[VERB_TYPES] = {
	[VERB_NONE] = "nothing",
	[VERB_TEXT] = "text",
	[VERB_NUMBER] = "a number, such as 32 or 0x20",
	[VERB_SECONDS] = "a number of seconds above 0",
	[VERB_SIZE] = "bytes, or a number with K, M, G or T behind it, such as 512M",
	[VERB_HART] = "the number of a hart of this machine",
	[VERB_ADDRESS] = "an address: a number, or a symbol, or SYMBOL+NUMBER",
	[VERB_BYTES] = "bytes, as two hexadecimal digits each, at most 1 MiB of them",
	[VERB_FLAG] = "true or false",
	[VERB_FILE] = "the path of a file",
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (!strcmp(verb->name, name))
			return verb;
	return NULL;
}

const struct verb *verb_find_or_say(const char *name, char why[CONTROL_ERROR_MAX])
{
	const struct verb *found = verb_find(name);
	struct suggestion near = {.word = name};
	char shown[64];

	if (found)
		return found;
	for (const struct verb *verb = verbs; verb->name; verb++)
		suggest_offer(&near, verb->name);
	printable(shown, sizeof(shown), name);
	snprintf(why, CONTROL_ERROR_MAX, "there is no verb '%s': %s%s", shown,
		 near.best ? "did you mean " : "'vhart ctl help' lists them",
		 near.best ? near.best : "");
	return NULL;
}

/* ---- one value ---- */

static bool number_of_text(const char *text, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return !*end && errno == 0;
}

static bool take_number(json_object *from, uint64_t *number)
{
	if (json_object_is_type(from, json_type_string))
		return strlen(json_object_get_string(from)) ==
			       (size_t)json_object_get_string_len(from) &&
		       number_of_text(json_object_get_string(from), number);
	if (!json_object_is_type(from, json_type_int) ||
	    (json_object_get_int64(from) < 0 && json_object_get_uint64(from) == 0))
		return false;
	*number = json_object_get_uint64(from);
	return true;
}

static bool take_seconds(json_object *from, double *seconds)
{
	const double least = 1e-9, most = 1e9;

	if (!json_object_is_type(from, json_type_int) &&
	    !json_object_is_type(from, json_type_double))
		return false;
	*seconds = json_object_get_double(from);
	return *seconds >= least && *seconds <= most;
}

static bool take_size(json_object *from, uint64_t *bytes)
{
	if (json_object_is_type(from, json_type_string) &&
	    option_size(json_object_get_string(from), bytes))
		return strlen(json_object_get_string(from)) ==
		       (size_t)json_object_get_string_len(from);
	return take_number(from, bytes);
}

static bool take_text(json_object *from, struct verb_value *value)
{
	if (!json_object_is_type(from, json_type_string))
		return false;
	value->text = json_object_get_string(from);
	value->len = (size_t)json_object_get_string_len(from);
	return true;
}

static bool is_hex(const struct verb_value *value)
{
	size_t digits = 0;

	while (digits < value->len && isxdigit((unsigned char)value->text[digits]))
		digits++;
	return digits == value->len && digits % 2 == 0 && digits / 2 <= VERB_BYTES_MAX;
}

/* Without a zero in it: symbols are looked for as C strings. */
static bool take_address(json_object *from, struct verb_value *value)
{
	if (take_number(from, &value->number))
		return true;
	return take_text(from, value) && value->len > 0 && strlen(value->text) == value->len;
}

/* As C has it: without a zero in it. */
static bool take_file(json_object *from, struct verb_value *value)
{
	return take_text(from, value) && value->len > 0 && strlen(value->text) == value->len;
}

static bool take_flag(json_object *from, uint64_t *flag)
{
	*flag = json_object_get_boolean(from);
	return json_object_is_type(from, json_type_boolean);
}

static bool is_a_choice(const struct verb_argument *argument, const struct verb_value *value)
{
	if (!argument->choices)
		return true;
	for (const char *const *choice = argument->choices; *choice; choice++)
		if (!strcmp(*choice, value->text))
			return true;
	return false;
}

static bool take_value(const struct verb_argument *argument, json_object *from, unsigned int harts,
		       struct verb_value *value)
{
	value->given = true;
	switch (argument->type) {
	case VERB_TEXT: return take_text(from, value) && is_a_choice(argument, value);
	case VERB_NUMBER: return take_number(from, &value->number);
	case VERB_SECONDS: return take_seconds(from, &value->seconds);
	case VERB_SIZE: return take_size(from, &value->number);
	case VERB_HART: return take_number(from, &value->number) && value->number < harts;
	case VERB_ADDRESS: return take_address(from, value);
	case VERB_BYTES: return take_text(from, value) && is_hex(value);
	case VERB_FLAG: return take_flag(from, &value->number);
	case VERB_FILE: return take_file(from, value);
	default: return false;
	}
}

/* ---- all of them ---- */

static bool refuse(char why[CONTROL_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool refuse(char why[CONTROL_ERROR_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, CONTROL_ERROR_MAX, format, args);
	va_end(args);
	return false;
}

static bool refuse_value(const struct verb *verb, const struct verb_argument *argument,
			 char why[CONTROL_ERROR_MAX])
{
	char words[160] = "";

	if (!argument->choices)
		return refuse(why, "%s: %s: expected %s", verb->name, argument->name,
			      expected[argument->type]);
	for (const char *const *choice = argument->choices; *choice; choice++)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
			 choice == argument->choices ? ""
			 : choice[1]		     ? ", "
						     : " or ",
			 *choice);
	return refuse(why, "%s: %s: expected %s", verb->name, argument->name, words);
}

static const struct verb_argument *find_argument(const struct verb *verb, const char *name)
{
	for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++)
		if (!strcmp(at->name, name))
			return at;
	return NULL;
}

static bool all_are_known(const struct verb *verb, json_object *args, char why[CONTROL_ERROR_MAX])
{
	struct json_object_iterator at = json_object_iter_begin(args);
	const struct json_object_iterator end = json_object_iter_end(args);
	char name[64];

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);

		if (find_argument(verb, key))
			continue;
		printable(name, sizeof(name), key);
		return refuse(why, "%s has no argument '%s'", verb->name, name);
	}
	return true;
}

bool verb_take_arguments(const struct verb *verb, json_object *args, unsigned int harts,
			 struct verb_value values[VERB_ARGUMENTS_MAX], char why[CONTROL_ERROR_MAX])
{
	memset(values, 0, VERB_ARGUMENTS_MAX * sizeof(*values));
	if (args && !json_object_is_type(args, json_type_object))
		return refuse(why, "%s: expected the arguments as an object", verb->name);
	if (args && !all_are_known(verb, args, why))
		return false;
	for (unsigned int i = 0; verb->arguments[i].type != VERB_NONE; i++) {
		const struct verb_argument *argument = &verb->arguments[i];
		json_object *value = NULL;

		if (args && json_object_object_get_ex(args, argument->name, &value) && value) {
			if (!take_value(argument, value, harts, &values[i]))
				return refuse_value(verb, argument, why);
		} else if (!argument->optional) {
			return refuse(why, "%s: '%s' is missing: %s", verb->name, argument->name,
				      argument->help);
		}
	}
	return true;
}

/* ---- words of a command line ---- */

/* The VM may have been started elsewhere. */
static json_object *path_from_here(const char *word)
{
	char *here = *word && *word != '/' ? getcwd(NULL, 0) : NULL, *path = NULL;
	json_object *value;

	if (here && asprintf(&path, "%s/%s", here, word) < 0)
		path = NULL;
	value = json_object_new_string(path ? path : word);
	free(here);
	free(path);
	return value;
}

static json_object *value_of_word(const struct verb_argument *argument, const char *word)
{
	char *end;
	double seconds;

	switch (argument->type) {
	case VERB_SECONDS:
		seconds = strtod(word, &end);
		return *end || end == word ? json_object_new_string(word)
					   : json_object_new_double(seconds);
	case VERB_FLAG:
		if (!strcmp(word, "true") || !strcmp(word, "false"))
			return json_object_new_boolean(word[0] == 't');
		return json_object_new_string(word);
	case VERB_FILE: return path_from_here(word);
	default: return json_object_new_string(word);
	}
}

/* NAME=VALUE, where NAME is an argument's; else NULL, and the words are taken by their order. */
static const struct verb_argument *named(const struct verb *verb, const char *word,
					 const char **value)
{
	const char *equals = strchr(word, '=');
	const struct verb_argument *argument;
	char name[32];

	if (!equals || (size_t)(equals - word) >= sizeof(name))
		return NULL;
	memcpy(name, word, (size_t)(equals - word));
	name[equals - word] = '\0';
	argument = find_argument(verb, name);
	if (argument)
		*value = equals + 1;
	return argument;
}

json_object *verb_words_to_arguments(const struct verb *verb, char *const *words,
				     unsigned int count, char why[CONTROL_ERROR_MAX])
{
	json_object *args = json_object_new_object();
	const struct verb_argument *next = verb->arguments;

	for (unsigned int i = 0; i < count; i++) {
		const char *value = words[i];
		const struct verb_argument *argument = named(verb, words[i], &value);

		if (!argument)
			argument = next->type != VERB_NONE ? next++ : NULL;
		if (!argument) {
			refuse(why, "%s takes no more words", verb->name);
			json_object_put(args);
			return NULL;
		}
		json_object_object_add(args, argument->name, value_of_word(argument, value));
	}
	return args;
}
