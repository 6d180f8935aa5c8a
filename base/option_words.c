/* SPDX-License-Identifier: Apache-2.0 */

#include "base/option_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void free_all(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

void option_words_free(struct option_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->all[i].value);
	free(words->all);
	free_all(words->rest, words->rest_count);
	free_all(words->kept, words->kept_count);
	*words = (struct option_words){0};
}

/* The place of SPEC's one value, or a new one; NULL: no memory. */
static struct option_word *place_of(struct option_words *words, const struct option_spec *spec)
{
	struct option_word *more;

	for (size_t i = 0; !spec->repeatable && i < words->count; i++)
		if (words->all[i].spec == spec)
			return &words->all[i];
	more = realloc(words->all, (words->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	words->all = more;
	more[words->count] = (struct option_word){.spec = spec};
	return &more[words->count++];
}

void option_words_add(struct option_words *words, const struct option_spec *spec, const char *value)
{
	struct option_word *word = place_of(words, spec);
	char *copy = value ? strdup(value) : NULL;

	if (!word || (value && !copy)) {
		words->failed = true;
		free(copy);
		return;
	}
	free(word->value);
	word->value = copy;
}

void option_words_set_rest(struct option_words *words, char *const *rest, size_t count)
{
	char **copy = calloc(count + 1, sizeof(*copy));

	free_all(words->rest, words->rest_count);
	words->rest = copy;
	words->rest_count = 0;
	words->has_rest = true;
	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = strdup(rest[i]);
		words->failed = words->failed || !copy[i];
		words->rest_count++;
	}
	words->failed = words->failed || !copy;
}

char *option_words_keep(struct option_words *words, char *text)
{
	char **more = text ? realloc(words->kept, (words->kept_count + 1) * sizeof(*more)) : NULL;

	if (!more) {
		words->failed = true;
		free(text);
		return NULL;
	}
	words->kept = more;
	more[words->kept_count++] = text;
	return text;
}

/* ---- paths ---- */

/* Where the path in VALUE begins; NULL: there is none. */
static const char *path_in(const struct option_spec *spec, const char *value)
{
	const char *at;

	switch (spec->kind == KIND_PATH ? PATH_FIRST : spec->path) {
	case PATH_NONE: return NULL;
	case PATH_FIRST:
	case PATH_AND_VARS: return value;
	case PATH_OR_URL: return option_is_url(value) ? NULL : value;
	case PATH_OR_NUMBER: return value[strspn(value, "0123456789")] ? value : NULL;
	case PATH_OF_SOCKET:
		at = strstr(value, ",socket=");
		return at ? at + strlen(",socket=") : NULL;
	case PATH_AFTER_COLON: at = strchr(value, ':'); return at ? at + 1 : NULL;
	case PATH_AFTER_EQUALS: at = strchr(value, '='); return at ? at + 1 : NULL;
	}
	return NULL;
}

/* VALUE with the path in it, which is a relative one, as seen from FOLDER. */
static char *path_from(const char *value, const char *path, const char *folder)
{
	char *whole;

	if (asprintf(&whole, "%.*s%s%s", (int)(path - value), value, folder, path) < 0)
		return NULL;
	return whole;
}

static bool is_relative(const char *path)
{
	return path && *path && *path != '/';
}

static char *first_from(const struct option_spec *spec, const char *value, const char *folder)
{
	const char *path = path_in(spec, value);

	/* Nothing before a comma is no path. */
	if (!is_relative(path) || (*path == ',' && spec->kind != KIND_PATH))
		return strdup(value);
	return path_from(value, path, folder);
}

char *option_value_in(const struct option_spec *spec, const char *value, const char *folder)
{
	static const char vars[] = ",vars=";
	char *first = first_from(spec, value, folder);
	const char *second = first && spec->path == PATH_AND_VARS ? strstr(first, vars) : NULL;
	char *both;

	if (!second || !is_relative(second + strlen(vars)))
		return first;
	both = path_from(first, second + strlen(vars), folder);
	free(first);
	return both;
}

/* ---- as a file ---- */

static bool fits_a_line(const char *name, const char *text)
{
	const size_t len = strlen(text);

	if (!strchr(text, '\n') && !(len && text[len - 1] == '\r'))
		return true;
	error("--print-config: %s has the end of a line in it, and a file of --config has one "
	      "option a line",
	      name);
	return false;
}

static bool print_word(const struct option_word *word, const char *folder, FILE *to)
{
	const char *name = word->spec->name + strlen("--");
	char *value;
	bool fits;

	if (word->spec->not_in_file)
		return true;
	if (!word->value) {
		fprintf(to, "%s\n", name);
		return true;
	}
	value = option_value_in(word->spec, word->value, folder);
	if (!value)
		error("no memory");
	fits = value && fits_a_line(word->spec->name, value);
	if (fits)
		fprintf(to, "%s=%s\n", name, value);
	free(value);
	return fits;
}

bool option_words_print(const struct option_words *words, const char *folder, FILE *to)
{
	for (size_t i = 0; i < words->count; i++)
		if (!print_word(&words->all[i], folder, to))
			return false;
	if (words->has_rest)
		fprintf(to, "--\n");
	for (size_t i = 0; i < words->rest_count; i++) {
		if (!fits_a_line("-- CMD", words->rest[i]))
			return false;
		fprintf(to, "%s\n", words->rest[i]);
	}
	return true;
}

/* ---- as a command line ---- */

/* Where the next word goes; at first both are NULL, and only the bytes are counted. */
struct argument_room {
	char **next, *text;
	size_t count, bytes;
};

static void put_argument(struct argument_room *room, const char *name, const char *value)
{
	const size_t bytes = strlen(name) + (value ? strlen("=") + strlen(value) : 0) + 1;

	if (room->next) {
		*room->next++ = room->text;
		sprintf(room->text, "%s%s%s", name, value ? "=" : "", value ? value : "");
		room->text += bytes;
	}
	room->count++;
	room->bytes += bytes;
}

static void put_arguments(struct argument_room *room, const struct option_words *words,
			  const char *program, const char *command)
{
	put_argument(room, program, NULL);
	put_argument(room, command, NULL);
	for (size_t i = 0; i < words->count; i++)
		if (!words->all[i].spec->not_in_file)
			put_argument(room, words->all[i].spec->name, words->all[i].value);
	if (words->has_rest)
		put_argument(room, "--", NULL);
	for (size_t i = 0; i < words->rest_count; i++)
		put_argument(room, words->rest[i], NULL);
}

char **option_words_arguments(const struct option_words *words, const char *program,
			      const char *command)
{
	struct argument_room room = {.count = 0};
	char **all;

	if (words->failed)
		return NULL;
	put_arguments(&room, words, program, command);
	all = malloc((room.count + 1) * sizeof(*all) + room.bytes);
	if (!all)
		return NULL;
	all[room.count] = NULL;
	room.next = all;
	room.text = (char *)(all + room.count + 1);
	put_arguments(&room, words, program, command);
	return all;
}
