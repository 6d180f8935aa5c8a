/* SPDX-License-Identifier: Apache-2.0 */

#include "base/options.h"

#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"

#define NAME_COLUMNS 34 /* of --help: option and value */

static size_t count_of(const struct option_table *table)
{
	return table->shared.count + table->count;
}

static const struct option_spec *spec_at(const struct option_table *table, size_t index)
{
	return index < table->shared.count ? &table->shared.specs[index]
					   : &table->specs[index - table->shared.count];
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
	for (size_t i = 0; i < count_of(table); i++)
		suggest_offer(&near, spec_at(table, i)->name);
	if (other || near.best)
		error("unknown option %s: did you mean %s?", name, other ? other->ours : near.best);
	else
		error("unknown option %s: `vhart %s --help` lists what there is", name,
		      table->command);
	return STATUS_USAGE;
}

static void print_help(const struct option_table *table)
{
	printf("usage: vhart %s %s\n%s\n\n", table->command, table->usage, table->summary);
	for (size_t i = 0; i <= count_of(table); i++) {
		static const struct option_spec help = {.name = "--help", .help = "show this"};
		const struct option_spec *spec = i < count_of(table) ? spec_at(table, i) : &help;
		int used = printf("  %s%s%s%s%s", spec->letter ? spec->letter : "",
				  spec->letter ? ", " : "", spec->name, spec->value ? " " : "",
				  spec->value ? spec->value : "");
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

static bool is_text(const char *text, const char *bytes, size_t len)
{
	return text && strlen(text) == len && !memcmp(text, bytes, len);
}

/* The index of the option whose name or letter is the LEN bytes at NAME, count_of() when there is
 * none. */
static size_t find_bytes(const struct option_table *table, const char *name, size_t len)
{
	size_t index = 0;

	while (index < count_of(table) && !is_text(spec_at(table, index)->name, name, len) &&
	       !is_text(spec_at(table, index)->letter, name, len))
		index++;
	return index;
}

static size_t find_option(const struct option_table *table, const char *name)
{
	return find_bytes(table, name, strlen(name));
}

const struct option_spec *option_find(const struct option_table *table, const char *name,
				      size_t len)
{
	const size_t index = find_bytes(table, name, len);

	return index < count_of(table) ? spec_at(table, index) : NULL;
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
	if (index == count_of(table))
		return refuse_unknown(table, argument);

	const struct option_spec *spec = spec_at(table, index);
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
		if (*at + 1 >= argc || find_option(table, argv[*at + 1]) < count_of(table)) {
			error("%s: its value is missing: %s %s", spec->name, spec->name,
			      spec->value);
			return STATUS_USAGE;
		}
		value = argv[++*at];
	}

	char shown[128], words[OPTION_WORDS_MAX];
	snprintf(shown, sizeof(shown), "%s", value ? value : ""); /* parse() may cut it up */
	if (index < table->shared.count)
		target = (char *)target + table->shared.offset;
	const char *expected = option_take(spec, value, target, words);
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
	       (!strcmp(argument, "-h") && find_option(table, argument) == count_of(table));
}

int options_read(const struct option_table *table, int argc, char **argv, void *target, bool *help)
{
	bool seen[OPTIONS_MAX] = {false}, only_operands = false;

	*help = false;
	for (int at = 1; at < argc; at++) {
		char *argument = argv[at];
		if (!only_operands && table->rest && !strcmp(argument, "--")) {
			const char *wrong = table->rest(argv + at + 1, argc - at - 1, target);
			if (wrong)
				error("--: %s", wrong);
			return wrong ? STATUS_USAGE : 0;
		}
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
