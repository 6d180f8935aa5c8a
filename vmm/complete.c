/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/complete.h"

#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/options.h"
#include "vmm/command_rows.h"
#include "vmm/complete_value.h"
#include "vmm/control/ctl_options.h"

/* The words of one command that are complete, as far as they say what the next one is. */
struct before {
	const struct option_spec *pending; /* its value is next */
	char *const *rest;		   /* what follows "--"; NULL: it was not given */
	const char *operands[CTL_WORDS_MAX];
	size_t operand_count;
};

/* ---- what stands in front ---- */

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static const struct option_spec *find(const struct option_table *table, const char *word)
{
	return option_find(table, word, strcspn(word, "="));
}

static void read_word(const struct command_row *row, const char *word, struct before *before)
{
	if (before->pending) {
		before->pending = NULL;
	} else if (is_option(word)) {
		const struct option_spec *spec = find(row->options, word);

		if (spec && spec->value && !strchr(word, '='))
			before->pending = spec;
	} else if (before->operand_count < CTL_WORDS_MAX) {
		before->operands[before->operand_count++] = word;
	}
}

static void read_words(const struct command_row *row, char *const *words, size_t count,
		       struct before *before)
{
	*before = (struct before){.operand_count = 0};
	for (size_t i = 0; i < count; i++) {
		if (!before->pending && !strcmp(words[i], "--")) {
			before->rest = words + i + 1;
			return;
		}
		read_word(row, words[i], before);
		if (row->operand == OPERAND_SCRIPT && before->operand_count)
			return;
	}
}

static bool is_given(const struct option_table *table, const struct option_spec *spec,
		     char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_option(words[i]) && find(table, words[i]) == spec)
			return true;
	return false;
}

/* ---- options ---- */

static void complete_options(const struct completing *completing, const struct option_table *table,
			     char *const *words, size_t count)
{
	const struct option_spec *spec;

	for (size_t i = 0; (spec = option_at(table, i)); i++) {
		if (!spec->repeatable && is_given(table, spec, words, count))
			continue;
		complete_offer(completing, 0, spec->name, spec->help);
		/* Letters are short enough; a whole one gets its space. */
		if (spec->letter && !strcmp(spec->letter, completing->typed))
			complete_offer(completing, 0, spec->letter, spec->help);
	}
	complete_offer(completing, 0, "--help", "show the options");
}

/* ---- a VM, a verb, and what that takes ---- */

static void complete_verbs(const struct completing *completing)
{
	for (const struct verb *verb = completing->sources->verbs; verb && verb->name; verb++)
		complete_offer(completing, 0, verb->name, verb->help);
}

static const struct verb *find_verb(const struct completing *completing, const char *name)
{
	const struct verb *verb = completing->sources->verbs;

	while (verb && verb->name && strcmp(verb->name, name) != 0)
		verb++;
	return verb && verb->name ? verb : NULL;
}

/* The argument that is typed as NAME=VALUE. */
static const struct verb_argument *named_argument(const struct verb *verb, const char *typed)
{
	for (const struct verb_argument *argument = verb->arguments; argument->type != VERB_NONE;
	     argument++) {
		const size_t len = strlen(argument->name);

		if (!strncmp(typed, argument->name, len) && typed[len] == '=')
			return argument;
	}
	return NULL;
}

/* The one at POSITION, and by their names those from there on. */
static void complete_arguments(const struct completing *completing, const struct verb *verb,
			       size_t position)
{
	const struct verb_argument *named = named_argument(verb, completing->typed);

	if (named) {
		complete_argument(completing, named, strlen(named->name) + 1);
		return;
	}
	for (size_t i = 0; verb->arguments[i].type != VERB_NONE; i++) {
		const struct verb_argument *argument = &verb->arguments[i];

		if (i == position)
			complete_argument(completing, argument, 0);
		if (i >= position)
			complete_offer_bytes(completing, argument->name, strlen(argument->name),
					     "=", 1, argument->help);
	}
}

static void complete_ctl(const struct completing *completing, const struct before *before)
{
	const size_t count = before->operand_count;
	const struct verb *verb;

	if (count == 0) {
		complete_names(completing, 0, true);
		complete_offer(completing, 0, "help", "list the verbs, or say what one takes");
		if (strchr(completing->typed, '/'))
			complete_files(completing, 0);
	} else if (count == 1) {
		complete_verbs(completing);
	} else if (strcmp(before->operands[0], "help") != 0) {
		verb = find_verb(completing, before->operands[1]);
		if (verb)
			complete_arguments(completing, verb, count - 2);
	}
}

/* ---- commands ---- */

static void complete_row(const struct completing *completing, const struct command_row *row,
			 char *const *words, size_t count);

static void complete_rest(const struct completing *completing, const struct command_row *row,
			  char *const *words, size_t count)
{
	const struct command_row *run = &command_rows[COMMAND_RUN];

	switch (row->rest) {
	case REST_NONE: break;
	case REST_COMMAND:
	case REST_FILES: complete_files(completing, 0); break;
	case REST_RUN_OPTIONS: complete_row(completing, run, words, count); break;
	case REST_RUN:
		if (count == 0)
			complete_offer(completing, 0, run->name, run->help);
		else if (!strcmp(words[0], run->name))
			complete_row(completing, run, words + 1, count - 1);
		break;
	}
}

static void complete_operand(const struct completing *completing, const struct command_row *row,
			     const struct before *before)
{
	if (row->operand == OPERAND_VERB)
		complete_ctl(completing, before);
	else if (row->operand != OPERAND_NONE)
		complete_files(completing, 0);
}

/* The word behind the COUNT words at WORDS, which are ROW's. */
static void complete_row(const struct completing *completing, const struct command_row *row,
			 char *const *words, size_t count)
{
	const char *typed = completing->typed;
	const struct option_spec *spec;
	struct before before;

	read_words(row, words, count, &before);
	const bool foreign = row->operand == OPERAND_SCRIPT && before.operand_count;
	if (before.rest) {
		complete_rest(completing, row, before.rest, count - (size_t)(before.rest - words));
	} else if (before.pending) {
		complete_value(completing, before.pending, 0);
	} else if (is_option(typed) && strchr(typed, '=') && !foreign) {
		spec = find(row->options, typed);
		if (spec && spec->value)
			complete_value(completing, spec, strcspn(typed, "=") + 1);
	} else if (typed[0] == '-' && !foreign) {
		complete_options(completing, row->options, words, count);
	} else if (row->operand != OPERAND_NONE) {
		complete_operand(completing, row, &before);
	} else if (!typed[0]) {
		complete_options(completing, row->options, words, count);
	}
}

static void complete_commands(const struct completing *completing, bool all)
{
	for (size_t i = 0; i < COMMANDS; i++)
		complete_offer(completing, 0, command_rows[i].name, command_rows[i].help);
	if (!all)
		return;
	complete_offer(completing, 0, "help", "show the commands, or the options of one");
	complete_offer(completing, 0, "version", "show the version, and what it was built with");
	if (completing->typed[0] != '-')
		return;
	complete_offer(completing, 0, "--help", "show the commands");
	complete_offer(completing, 0, "--version", "show the version");
}

void complete(char *const *words, size_t count, const struct complete_sources *sources, FILE *out)
{
	struct completing completing = {.sources = sources, .out = out};

	if (count == 0)
		return;
	completing.typed = words[count - 1];
	if (completing.typed[strcspn(completing.typed, "\t\n")])
		return;
	const size_t index = command_row_find(words[0]);
	if (count == 1)
		complete_commands(&completing, true);
	else if (index < COMMANDS)
		complete_row(&completing, &command_rows[index], words + 1, count - 2);
	else if (!strcmp(words[0], "help") && count == 2)
		complete_commands(&completing, false);
}

int complete_command(int argc, char **argv, const struct complete_sources *sources)
{
	if (argc < 2 || strcmp(argv[1], "--") != 0) {
		error("complete is for shells, which ask it for words: vhart complete -- WORD...");
		return STATUS_USAGE;
	}
	complete(argv + 2, (size_t)argc - 2, sources, stdout);
	return STATUS_OK;
}
