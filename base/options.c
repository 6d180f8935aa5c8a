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

static int refuse_unknown(const struct option_reading *reading, const char *name)
{
	const struct option_table *table = reading->table;
	struct suggestion near = {.word = name};
	const struct other_name *other = other_name_find(table->other_names, name);

	if (other && other->words) {
		error("%sunknown option %s: %s", reading->where, name, other->words);
		return STATUS_USAGE;
	}
	if (!reading->folder)
		suggest_offer(&near, "--help");
	for (size_t i = 0; i < count_of(table); i++)
		suggest_offer(&near, spec_at(table, i)->name);
	if (other || near.best)
		error("%sunknown option %s: did you mean %s?", reading->where, name,
		      other ? other->ours : near.best);
	else
		error("%sunknown option %s: `vhart %s --help` lists what there is", reading->where,
		      name, table->command);
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

const struct option_spec *option_at(const struct option_table *table, size_t index)
{
	return index < count_of(table) ? spec_at(table, index) : NULL;
}

/* VALUE as it is to be taken: its own copy, where there is something to change or to remember. */
static char *prepare(struct option_reading *reading, const struct option_spec *spec, char *value)
{
	if (value && reading->folder)
		value = option_words_keep(reading->words,
					  option_value_in(spec, value, reading->folder));
	if (reading->words)
		option_words_add(reading->words, spec, value);
	return value;
}

/* The value VALUE of the row INDEX, which takes one if VALUE is one. */
static int take(struct option_reading *reading, size_t index, char *value)
{
	const struct option_table *table = reading->table;
	const struct option_spec *spec = spec_at(table, index);
	char shown[128], words[OPTION_WORDS_MAX];
	void *target = reading->target;

	value = prepare(reading, spec, value);
	if (reading->words && reading->words->failed) {
		error("%sno memory", reading->where);
		return STATUS_USAGE;
	}
	snprintf(shown, sizeof(shown), "%s", value ? value : ""); /* parse() may cut it up */
	if (index < table->shared.count)
		target = (char *)target + table->shared.offset;
	const char *expected = option_take(spec, value, target, words);
	if (expected)
		error("%s%s %s: %s", reading->where, spec->name, shown, expected);
	return expected ? STATUS_USAGE : 0;
}

/*
 * Whether the row INDEX can be given VALUE (NULL: none is there, which may be right) now:
 * STATUS_USAGE after error().
 */
static int look(struct option_reading *reading, size_t index, const char *value)
{
	const struct option_spec *spec = spec_at(reading->table, index);
	const char *where = reading->where;

	if (reading->folder && spec->not_in_file) {
		error("%s%s is for the command line only", where, spec->name);
		return STATUS_USAGE;
	}
	if (reading->seen[index] && !spec->repeatable) {
		error("%s%s is given twice", where, spec->name);
		return STATUS_USAGE;
	}
	reading->seen[index] = true;
	if (!spec->value && value) {
		error("%s%s=%s: %s takes no value", where, spec->name, value, spec->name);
		return STATUS_USAGE;
	}
	return 0;
}

static int refuse_missing(const struct option_reading *reading, const struct option_spec *spec)
{
	error("%s%s: its value is missing: %s %s", reading->where, spec->name, spec->name,
	      spec->value);
	return STATUS_USAGE;
}

int options_take(struct option_reading *reading, const char *name, char *value)
{
	const size_t index = find_option(reading->table, name);

	if (index == count_of(reading->table))
		return refuse_unknown(reading, name);
	if (look(reading, index, value) != 0)
		return STATUS_USAGE;
	if (spec_at(reading->table, index)->value && !value)
		return refuse_missing(reading, spec_at(reading->table, index));
	return take(reading, index, value);
}

int options_take_rest(struct option_reading *reading, char **words, int count)
{
	const char *wrong = reading->table->rest(words, count, reading->target);

	if (wrong)
		error("%s--: %s", reading->where, wrong);
	else if (reading->words)
		option_words_set_rest(reading->words, words, (size_t)count);
	return wrong ? STATUS_USAGE : 0;
}

/* One option: ARGV[*AT], and the argument behind it when its value is there. Moves *AT there. */
static int read_option(struct option_reading *reading, int argc, char **argv, int *at)
{
	const struct option_table *table = reading->table;
	char *argument = argv[*at];
	char *value = strchr(argument, '=');

	if (value)
		*value++ = '\0';
	const size_t index = find_option(table, argument);
	if (index == count_of(table))
		return refuse_unknown(reading, argument);
	if (look(reading, index, value) != 0)
		return STATUS_USAGE;
	if (spec_at(table, index)->value && !value) {
		/* A known option is not a value: the value was forgotten. */
		if (*at + 1 >= argc || find_option(table, argv[*at + 1]) < count_of(table))
			return refuse_missing(reading, spec_at(table, index));
		value = argv[++*at];
	}
	return take(reading, index, value);
}

/* -h is help, too, but where a command has that letter for something else. */
static bool is_help(const struct option_table *table, const char *argument)
{
	return !strcmp(argument, "--help") ||
	       (!strcmp(argument, "-h") && find_option(table, argument) == count_of(table));
}

int options_read_more(struct option_reading *reading, int argc, char **argv, bool *help)
{
	const struct option_table *table = reading->table;
	bool only_operands = false;

	*help = false;
	for (int at = 1; at < argc; at++) {
		char *argument = argv[at];
		if (!only_operands && table->rest && !strcmp(argument, "--"))
			return options_take_rest(reading, argv + at + 1, argc - at - 1);
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
			int status = read_option(reading, argc, argv, &at);
			if (status)
				return status;
			continue;
		}
		const char *expected = table->operand ? table->operand(argument, reading->target)
						      : "only options are expected here";
		if (expected) {
			error("%s: %s", *argument ? argument : "(an empty argument)", expected);
			return STATUS_USAGE;
		}
	}
	return 0;
}

int options_read(const struct option_table *table, int argc, char **argv, void *target, bool *help)
{
	struct option_reading reading = {.table = table, .target = target};

	return options_read_more(&reading, argc, argv, help);
}

const char *options_peek(const struct option_table *table, int argc, char **argv, const char *name)
{
	const char *last = NULL;

	for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++) {
		const size_t len = strcspn(argv[at], "=");
		const struct option_spec *spec = option_find(table, argv[at], len);
		const bool help = !spec && is_help(table, argv[at]);
		const char *value = argv[at][len] ? argv[at] + len + 1 : NULL;

		if (spec && spec->value && !value && at + 1 < argc &&
		    find_option(table, argv[at + 1]) == count_of(table))
			value = argv[++at];
		if (help || (spec && !spec->value))
			value = name;
		if (!strcmp(help ? "--help" : spec ? spec->name : "", name))
			last = value;
	}
	return last;
}
