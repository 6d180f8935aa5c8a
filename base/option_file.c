/* SPDX-License-Identifier: Apache-2.0 */

#include "base/option_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"

static const char blanks[] = " \t\r\v\f";

/* TEXT's next line, ended by a zero; NULL: there is none. */
static char *next_line(char **text, const char *end)
{
	char *line = *text;

	if (line >= end)
		return NULL;
	char *stop = memchr(line, '\n', (size_t)(end - line));
	if (stop)
		*stop = '\0';
	*text = stop ? stop + 1 : line + strlen(line) + 1;
	/* As DOS ends it; no value ends so, which print-config could not say. */
	size_t len = strlen(line);
	while (len && line[len - 1] == '\r')
		line[--len] = '\0';
	return line;
}

static void trim_end(char *text)
{
	size_t len = strlen(text);

	while (len && strchr(blanks, text[len - 1]))
		text[--len] = '\0';
}

/*
 * The value in a line, AT its name's end, where that is. Behind a "=" that follows at once it is
 * all that is there, so that blanks can be had; NULL: there is none.
 */
static char *value_at(char *at)
{
	char *value = at + strspn(at, blanks);

	if (*at == '=') {
		*at = '\0';
		return at + 1;
	}
	if (!*value)
		return NULL;
	*at = '\0';
	const bool equals = *value == '=';
	if (equals)
		value += 1 + strspn(value + 1, blanks);
	trim_end(value);
	return *value || equals ? value : NULL;
}

static int take_line(struct option_reading *reading, char *line)
{
	char option[OPTION_NAME_MAX + 1], *value;

	line += strspn(line, "-");
	char *at = line + strcspn(line, "= \t\r\v\f");
	value = value_at(at);
	*at = '\0';
	if (snprintf(option, sizeof(option), "--%s", line) >= (int)sizeof(option)) {
		error("%sa name of more than %d bytes is none of an option", reading->where,
		      OPTION_NAME_MAX);
		return STATUS_USAGE;
	}
	return options_take(reading, option, value);
}

/* All lines behind "--", of which there is room for as many as TEXT has. */
static int take_rest(struct option_reading *reading, char *text, const char *end)
{
	size_t count = 0, room = 1;

	for (const char *at = text; at < end; at++)
		room += *at == '\n';
	char **words = calloc(room + 1, sizeof(*words));
	if (!words) {
		error("%sno memory", reading->where);
		return STATUS_USAGE;
	}
	for (char *word = next_line(&text, end); word; word = next_line(&text, end))
		words[count++] = word;
	/* The table's rest() has them from now on. */
	words = (char **)(void *)option_words_keep(reading->words, (char *)words);
	if (words)
		return options_take_rest(reading, words, (int)count);
	error("%sno memory", reading->where);
	return STATUS_USAGE;
}

/* "a/b/" of "a/b/c", "" of "c" */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash ? (size_t)(slash + 1 - path) : 0);
}

static int take_lines(struct option_reading *reading, char *text, const char *end, const char *path)
{
	unsigned int number = 1;
	int status = 0;

	for (char *line = next_line(&text, end); line && !status; line = next_line(&text, end)) {
		snprintf(reading->where, sizeof(reading->where), "%.*s:%u: ", OPTION_WHERE_MAX - 16,
			 path, number++);
		line += strspn(line, blanks);
		const size_t dashes = strspn(line, "-");
		if (dashes == 2 && !line[2 + strspn(line + 2, blanks)])
			return take_rest(reading, text, end);
		if (*line && *line != '#')
			status = take_line(reading, line);
	}
	return status;
}

int option_file_take(struct option_reading *reading, char *text, size_t len, const char *path)
{
	char *folder = option_words_keep(reading->words, folder_of(path));
	int status;

	text = option_words_keep(reading->words, text);
	if (!folder || !text) {
		error("%s: no memory", path);
		return STATUS_USAGE;
	}
	if (strlen(text) != len) {
		error("%s: it is no text: it has a zero byte", path);
		return STATUS_USAGE;
	}
	reading->folder = folder;
	status = take_lines(reading, text, text + len, path);
	reading->where[0] = '\0';
	reading->folder = NULL;
	return status;
}

int option_file_load(struct option_reading *reading, const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(OPTION_FILE_MAX + 2);
	size_t len = file && text ? fread(text, 1, OPTION_FILE_MAX + 1, file) : 0;
	const int reason = file && text && !ferror(file) ? 0 : errno;

	if (file)
		fclose(file);
	if (!text || reason || len > OPTION_FILE_MAX) {
		error("--config %s: %s", path,
		      reason ? strerror(reason) : "it is longer than 1 MiB");
		free(text);
		return STATUS_USAGE;
	}
	text[len] = '\0';
	return option_file_take(reading, text, len, path);
}
