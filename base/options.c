/* SPDX-License-Identifier: Apache-2.0 */

#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"

#define NAME_COLUMNS 34 /* of --help: option and value */

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

int option_choice(const char *text, const char *const *choices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(text, choices[i]))
			return (int)i;
	}
	return -1;
}

static int refuse_unknown(const struct option_table *table, const char *name)
{
	struct suggestion near = {.word = name};
	const struct other_name *other = other_name_find(table->other_names, name);

	if (other && other->words) {
		error("unknown option %s: %s", name, other->words);
		return STATUS_USAGE;
	}
	suggest_offer(&near, "--help");
	for (size_t i = 0; i < table->count; i++)
		suggest_offer(&near, table->specs[i].name);
	if (other || near.best)
		error("unknown option %s: did you mean %s?", name, other ? other->ours : near.best);
	else
		error("unknown option %s: `vhart %s --help` lists what there is", name,
		      table->command);
	return STATUS_USAGE;
}

static const char *letter_of(const struct option_table *table, const char *name)
{
	const struct option_letter *letter = table->letters;

	while (letter && letter->name && strcmp(letter->name, name) != 0)
		letter++;
	return letter && letter->name ? letter->letter : "";
}

static void print_help(const struct option_table *table)
{
	printf("usage: vhart %s %s\n%s\n\n", table->command, table->usage, table->summary);
	for (size_t i = 0; i <= table->count; i++) {
		static const struct option_spec help = {.name = "--help", .help = "show this"};
		const struct option_spec *spec = i < table->count ? &table->specs[i] : &help;
		const char *letter = letter_of(table, spec->name);
		int used = printf("  %s%s%s%s%s", letter, *letter ? ", " : "", spec->name,
				  spec->value ? " " : "", spec->value ? spec->value : "");
		if (used > NAME_COLUMNS - 2) {
			printf("\n");
			used = 0;
		}
		const char *line = spec->help;
		for (;;) {
			int len = (int)strcspn(line, "\n");
			printf("%*s%.*s\n", NAME_COLUMNS - used, "", len, line);
			if (!line[len])
				break;
			line += len + 1;
			used = 0;
		}
	}
}

/* The index of the option called NAME, table->count when there is none. */
static size_t find_option(const struct option_table *table, const char *name)
{
	const struct option_letter *letter = table->letters;
	size_t index = 0;

	for (; letter && letter->name; letter++)
		if (!strcmp(name, letter->letter))
			name = letter->name;
	while (index < table->count && strcmp(name, table->specs[index].name) != 0)
		index++;
	return index;
}

/* One option: ARGV[*AT], and the argument behind it when its value is there. Moves *AT there. */
static int read_option(const struct option_table *table, int argc, char **argv, int *at, bool *seen,
		       void *target)
{
	char *argument = argv[*at];
	char *value = strchr(argument, '=');

	if (value)
		*value++ = '\0';
	const size_t index = find_option(table, argument);
	if (index == table->count)
		return refuse_unknown(table, argument);

	const struct option_spec *spec = &table->specs[index];
	if (seen[index] && !spec->repeatable) {
		error("%s is given twice", spec->name);
		return STATUS_USAGE;
	}
	seen[index] = true;
	if (!spec->value && value) {
		error("%s=%s: %s takes no value", spec->name, value, spec->name);
		return STATUS_USAGE;
	}
	if (spec->value && !value) {
		/* A known option is not a value: the value was forgotten. */
		if (*at + 1 >= argc || find_option(table, argv[*at + 1]) < table->count) {
			error("%s: its value is missing: %s %s", spec->name, spec->name,
			      spec->value);
			return STATUS_USAGE;
		}
		value = argv[++*at];
	}

	char shown[128];
	snprintf(shown, sizeof(shown), "%s", value ? value : ""); /* parse() may cut it up */
	const char *expected = spec->parse(value, target);
	if (expected) {
		error("%s %s: %s", spec->name, shown, expected);
		return STATUS_USAGE;
	}
	return 0;
}

/* -h is help, too, but where a command has that letter for something else. */
static bool is_help(const struct option_table *table, const char *argument)
{
	return !strcmp(argument, "--help") ||
	       (!strcmp(argument, "-h") && find_option(table, argument) == table->count);
}

int options_read(const struct option_table *table, int argc, char **argv, void *target, bool *help)
{
	bool seen[OPTIONS_MAX] = {false}, only_operands = false;

	*help = false;
	for (int at = 1; at < argc; at++) {
		char *argument = argv[at];
		if (!only_operands && !strcmp(argument, "--")) {
			only_operands = true;
			continue;
		}
		if (!only_operands && is_help(table, argument)) {
			print_help(table);
			*help = true;
			return 0;
		}
		if (!only_operands && argument[0] == '-' && argument[1]) {
			int status = read_option(table, argc, argv, &at, seen, target);
			if (status)
				return status;
			continue;
		}
		const char *expected = table->operand ? table->operand(argument, target)
						      : "only options are expected here";
		if (expected) {
			error("%s: %s", *argument ? argument : "(an empty argument)", expected);
			return STATUS_USAGE;
		}
	}
	return 0;
}
