/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/run_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "vmm/run/config_file.h"
#include "vmm/run/run_options.h"

void run_words_free(struct run_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->words[i]);
	free(words->words);
	*words = (struct run_words){0};
}

static void append(struct run_words *words, const char *word, size_t len)
{
	char **more = realloc(words->words, (words->count + 2) * sizeof(*more));
	char *copy = more ? strndup(word, len) : NULL;

	if (more)
		words->words = more;
	if (!copy) {
		words->failed = true;
		return;
	}
	more[words->count++] = copy;
	more[words->count] = NULL;
}

/* Options that are vhart test's own to give. */
static const struct {
	const char *name, *instead;
} reserved[] = {
	{"--result", "vhart test reads the result itself, and shows what it says of a failure"},
	{"--firmware", "give the flat binary as a test"},
	{"--console-log", "--keep DIR keeps the consoles of tests that fail"},
	{"--exit-log", "vhart stat -- run watches one machine"},
	{"--daemonize", "vhart test waits for the end of each"},
	{"--pidfile", "each test has a process of its own"},
	{"--print-config", "vhart run --print-config prints it"},
	{"--help", "vhart run --help shows its options"},
	{"-h", "vhart run --help shows its options"},
};

/* Whether WORD is OPTION, by its name or its letter, perhaps with a value behind =. */
static bool names(const char *word, const char *option)
{
	const size_t len = strcspn(word, "=");
	const struct option_spec *spec = option_find(&run_options, word, len);

	if (spec)
		return !strcmp(spec->name, option);
	return strlen(option) == len && !strncmp(word, option, len);
}

static bool check_reserved(char **words, int count, const char *where)
{
	for (int i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof(reserved) / sizeof(reserved[0]); j++)
			if (names(words[i], reserved[j].name)) {
				error("%s: %s cannot be given here: %s", where, reserved[j].name,
				      reserved[j].instead);
				return false;
			}
	return true;
}

bool run_words_check(char **words, int count, const char *where)
{
	static char run[] = "run", kernel[] = "--kernel", any[] = "any";
	struct run_words copy = {0};
	struct config config;
	bool good;

	if (!check_reserved(words, count, where))
		return false;
	/* Parsing cuts words up. */
	append(&copy, run, sizeof(run) - 1);
	for (int i = 0; i < count; i++)
		append(&copy, words[i], strlen(words[i]));
	bool kernel_given = false;
	for (int i = 0; i < count; i++)
		kernel_given = kernel_given || names(words[i], kernel);
	if (!kernel_given) {
		append(&copy, kernel, sizeof(kernel) - 1);
		append(&copy, any, sizeof(any) - 1);
	}
	if (copy.failed) {
		error("no memory");
		good = false;
	} else {
		good = options_parse((int)copy.count, copy.words, &config) == 0;
		if (good)
			config_free(&config);
		else
			note("%s: these are options of vhart run", where);
	}
	run_words_free(&copy);
	return good;
}

/* How many words the option at INDEX takes. */
static size_t words_of(const struct run_words *words, size_t index)
{
	const struct option_spec *spec =
		option_find(&run_options, words->words[index], strlen(words->words[index]));

	return spec && spec->value && index + 1 < words->count ? 2 : 1;
}

static size_t find(const struct run_words *words, const char *name)
{
	size_t i = 0;

	while (i < words->count && strcmp(words->words[i], name) != 0)
		i += words_of(words, i);
	return i;
}

void run_words_drop(struct run_words *words, const char *name)
{
	for (size_t at = find(words, name); at < words->count; at = find(words, name)) {
		const size_t count = words_of(words, at);

		for (size_t i = at; i < at + count; i++)
			free(words->words[i]);
		memmove(words->words + at, words->words + at + count,
			(words->count + 1 - at - count) * sizeof(char *));
		words->count -= count;
	}
}

void run_words_set(struct run_words *words, const char *name, const char *value)
{
	const struct option_spec *spec = option_find(&run_options, name, strlen(name));

	if (spec && !spec->repeatable)
		run_words_drop(words, name);
	append(words, name, strlen(name));
	if (value)
		append(words, value, strlen(value));
}

void run_words_add(struct run_words *words, char **from, int count)
{
	for (int i = 0; i < count; i++) {
		const size_t len = strcspn(from[i], "=");
		const struct option_spec *spec = option_find(&run_options, from[i], len);

		if (!spec)
			run_words_set(words, from[i], NULL);
		else if (from[i][len] == '=')
			run_words_set(words, spec->name, from[i] + len + 1);
		else if (spec->value && i + 1 < count)
			run_words_set(words, spec->name, from[++i]);
		else
			run_words_set(words, spec->name, NULL);
	}
}

const char *run_words_value(const struct run_words *words, const char *name)
{
	const size_t at = words->words ? find(words, name) : 0;

	return at + 1 < words->count ? words->words[at + 1] : NULL;
}

/* Takes one character of a word, of TEXT on. False: the word has ended, or TEXT. */
static bool next_character(const char **text, char *quote, char *out, size_t *filled)
{
	const char c = **text;

	if (!c || (!*quote && strchr(" \t\r\n", c)))
		return false;
	(*text)++;
	if (*quote && c == *quote) {
		*quote = '\0';
	} else if (!*quote && (c == '"' || c == '\'')) {
		*quote = c;
	} else if (c == '\\' && *quote != '\'' && **text) {
		out[(*filled)++] = *(*text)++;
	} else {
		out[(*filled)++] = c;
	}
	return true;
}

bool run_words_split(const char *text, struct run_words *words)
{
	char *word = malloc(strlen(text) + 1), quote = '\0';

	*words = (struct run_words){.failed = !word};
	while (!words->failed && !quote) {
		size_t filled = 0;

		text += strspn(text, " \t\r\n");
		if (*text == '#') {
			text += strcspn(text, "\n");
			continue;
		}
		if (!*text)
			break;
		while (next_character(&text, &quote, word, &filled))
			;
		append(words, word, filled);
	}
	free(word);
	if (!words->failed && !quote)
		return true;
	run_words_free(words);
	return false;
}
