/* SPDX-License-Identifier: Apache-2.0 */

#include "base/option_spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values as users write them ---- */

bool option_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		unsigned int digit = (unsigned int)(*text - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

bool option_is_url(const char *text)
{
	const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	return len > 0 && !strncmp(text + len, "://", 3);
}

bool option_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	char digits[24];
	size_t len = strlen(text);

	if (len < 2 || len > sizeof(digits))
		return false;
	const char *unit = strchr(units, text[len - 1]);
	if (!unit)
		return false;
	const unsigned int shift = 10 * (unsigned int)(unit - units + 1);
	memcpy(digits, text, len - 1);
	digits[len - 1] = '\0';
	if (!option_number(digits, UINT64_MAX >> shift, bytes))
		return false;
	*bytes <<= shift;
	return true;
}

bool option_seconds(const char *text, double *seconds)
{
	/* Not all that strtod() takes: no signs, exponents, hexadecimals, infinities. */
	size_t len = strlen(text);
	if (!len || len > 20 || strspn(text, "0123456789.") != len ||
	    strchr(text, '.') != strrchr(text, '.'))
		return false;
	*seconds = strtod(text, NULL);
	return *seconds > 0 && *seconds < 1e9;
}

const char *option_choice_name(const struct option_choice *choices, unsigned int value)
{
	while (choices->name && choices->value != value)
		choices++;
	return choices->name;
}

/* ---- what was expected ---- */

static const char *expect_number(const struct option_spec *spec, char words[OPTION_WORDS_MAX])
{
	if (spec->most == UINT64_MAX)
		snprintf(words, OPTION_WORDS_MAX, "expected a number from %" PRIu64 " up",
			 spec->least);
	else
		snprintf(words, OPTION_WORDS_MAX, "expected a number from %" PRIu64 " to %" PRIu64,
			 spec->least, spec->most);
	return words;
}

/* As option_size() reads it: BYTES are whole KiB. */
static uint64_t in_units(uint64_t bytes, char *unit)
{
	static const char units[] = "KMGT";
	size_t at = 0;

	for (bytes /= 1024; bytes && bytes % 1024 == 0 && units[at + 1]; at++)
		bytes /= 1024;
	*unit = units[at];
	return bytes;
}

static const char *expect_size(const struct option_spec *spec, char words[OPTION_WORDS_MAX])
{
	char least_unit, most_unit;
	uint64_t least = in_units(spec->least, &least_unit),
		 most = in_units(spec->most, &most_unit);

	snprintf(words, OPTION_WORDS_MAX, "expected a size from %" PRIu64 "%c to %" PRIu64 "%c",
		 least, least_unit, most, most_unit);
	return words;
}

static bool is_alias(const struct option_choice *choices, const struct option_choice *choice)
{
	return option_choice_name(choices, choice->value) != choice->name;
}

/* "expected a, b or c" */
static const char *expect_choice(const struct option_spec *spec, char words[OPTION_WORDS_MAX])
{
	size_t left = 0, used = (size_t)snprintf(words, OPTION_WORDS_MAX, "expected ");

	for (const struct option_choice *choice = spec->choices; choice->name; choice++)
		left += !is_alias(spec->choices, choice);
	for (const struct option_choice *choice = spec->choices; choice->name; choice++) {
		if (is_alias(spec->choices, choice) || used >= OPTION_WORDS_MAX)
			continue;
		left--;
		used += (size_t)snprintf(words + used, OPTION_WORDS_MAX - used, "%s%s",
					 choice->name,
					 left > 1 ? ", "
					 : left	  ? " or "
						  : "");
	}
	return words;
}

/* ---- one kind each ---- */

/* In a member that is a bool, an enum or an integer. */
static void store(const struct option_spec *spec, void *target, uint64_t value)
{
	void *member = (char *)target + spec->offset;

	if (spec->size == sizeof(uint64_t))
		*(uint64_t *)member = value;
	else if (spec->size == sizeof(unsigned int))
		*(unsigned int *)member = (unsigned int)value;
	else
		*(bool *)member = value != 0;
}

static bool take_flag(const struct option_spec *spec, char *value, void *target)
{
	(void)value;
	store(spec, target, spec->most);
	return true;
}

static bool take_text(const struct option_spec *spec, char *value, void *target)
{
	*(const char **)(void *)((char *)target + spec->offset) = value;
	return true;
}

static bool take_path(const struct option_spec *spec, char *value, void *target)
{
	return *value && take_text(spec, value, target);
}

static bool take_number(const struct option_spec *spec, char *value, void *target)
{
	uint64_t number;

	if (!option_number(value, spec->most, &number) || number < spec->least)
		return false;
	store(spec, target, number);
	return true;
}

static bool take_size(const struct option_spec *spec, char *value, void *target)
{
	uint64_t bytes;

	if (!option_size(value, &bytes) || bytes < spec->least || bytes > spec->most)
		return false;
	store(spec, target, bytes);
	return true;
}

static bool take_seconds(const struct option_spec *spec, char *value, void *target)
{
	double seconds;

	if (!option_seconds(value, &seconds))
		return false;
	*(double *)(void *)((char *)target + spec->offset) = seconds;
	return true;
}

static bool take_choice(const struct option_spec *spec, char *value, void *target)
{
	const struct option_choice *choice = spec->choices;

	while (choice->name && strcmp(value, choice->name) != 0)
		choice++;
	if (!choice->name)
		return false;
	store(spec, target, choice->value);
	return true;
}

static const struct {
	bool (*take)(const struct option_spec *spec, char *value, void *target);
	/* What to say of a value that is not taken: words, or what makes them. */
	const char *expected;
	const char *(*expect)(const struct option_spec *spec, char words[OPTION_WORDS_MAX]);
} kinds[] = {
	[KIND_FLAG] = {take_flag, NULL, NULL},
	[KIND_TEXT] = {take_text, NULL, NULL},
	[KIND_PATH] = {take_path, "expected the path of a file", NULL},
	[KIND_NUMBER] = {take_number, NULL, expect_number},
	[KIND_SIZE] = {take_size, NULL, expect_size},
	[KIND_SECONDS] = {take_seconds, "expected seconds, more than 0", NULL},
	[KIND_CHOICE] = {take_choice, NULL, expect_choice},
};

const char *option_take(const struct option_spec *spec, char *value, void *target,
			char words[OPTION_WORDS_MAX])
{
	if (spec->kind == KIND_OTHER)
		return spec->parse(value, target);
	if (kinds[spec->kind].take(spec, value, target))
		return NULL;
	if (spec->expected)
		return spec->expected;
	return kinds[spec->kind].expect ? kinds[spec->kind].expect(spec, words)
					: kinds[spec->kind].expected;
}
