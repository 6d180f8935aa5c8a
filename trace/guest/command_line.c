/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/command_line.h"

#include <string.h>

#include "base/printable.h"

#define NAME_LENGTH 256u

void command_line_split(struct command_line *line, size_t length)
{
	size_t count = 0, at = 0;

	if (length > COMMAND_LINE_MAX)
		length = COMMAND_LINE_MAX;
	while (at < length && count < COMMAND_LINE_WORDS) {
		const char *end = memchr(line->text + at, '\0', length - at);

		if (!end)
			break;
		line->words[count++] = line->text + at;
		at = (size_t)(end - line->text) + 1;
	}
	line->words[count] = NULL;
}

/* Whether the first of WORDS is OPTION: its value is the next word, or what follows its =. */
static bool is_option(char *const *words, const char *option, const char **value)
{
	const size_t length = strlen(option);

	if (strncmp(*words, option, length) != 0)
		return false;
	*value = (*words)[length] == '=' ? *words + length + 1 : words[1];
	return (*words)[length] == '=' || !(*words)[length];
}

const char *command_line_option(char *const *words, const char *const *spellings)
{
	const char *value;

	for (; *spellings; spellings++)
		for (char *const *word = words; *word && strcmp(*word, "--") != 0; word++)
			if (is_option(word, *spellings, &value))
				return value;
	return NULL;
}

const char *command_line_kernel(char *const *words)
{
	static const char *const options[] = {"--kernel", "-kernel", "-k", NULL};

	return command_line_option(words, options);
}

/* QEMU's is "NAME,..." or "guest=NAME,...". */
bool command_line_name(char *const *words, char *name, size_t size)
{
	static const char *const options[] = {"--name", "-name", NULL};
	const char *value = command_line_option(words, options);
	char found[NAME_LENGTH];
	size_t length;

	if (!value)
		return false;
	if (!strncmp(value, "guest=", 6))
		value += 6;
	length = strcspn(value, ",");
	length = length < sizeof(found) ? length : sizeof(found) - 1;
	memcpy(found, value, length);
	found[length] = '\0';
	printable(name, size, found);
	return *name != '\0';
}
