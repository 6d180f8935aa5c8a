/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel command line. Whether it has a console is found a second way: which bytes are in quotes
 * first, then the words between the spaces that are not.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot/bootargs.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static int space(unsigned char c)
{
	return c && strchr(" \t\n\v\f\r\xa0", c) != NULL;
}

/* One word, quotes and all: 'c' a console, '-' the mark behind which init's words are, else 0. */
static char kind_of(const char *word, size_t len)
{
	if (len && *word == '"') {
		word++;
		len--;
		/* Without a value, the last quote is not of the name. */
		if (len == 3 && !memcmp(word, "--\"", 3))
			return '-';
	}
	if (len == 2 && !memcmp(word, "--", 2))
		return '-';
	return len >= 8 && !memcmp(word, "console=", 8) ? 'c' : 0;
}

static int has_console(const char *text, size_t len)
{
	char *part = calloc(1, len + 1); /* 1 where a byte is a part of a word */
	int quotes = 0, found = 0;

	require(part != NULL);
	for (size_t i = 0; i < len; i++) {
		quotes ^= text[i] == '"';
		part[i] = (char)(quotes || !space((unsigned char)text[i]));
	}
	for (size_t i = 0; i < len && !found; i++) {
		if (!part[i] || (i && part[i - 1]))
			continue;
		char kind = kind_of(text + i, strlen(part + i));
		if (kind == '-')
			break;
		found = kind == 'c';
	}
	free(part);
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	const size_t len = strlen(text);
	const int has = has_console(text, len);
	require(bootargs_give(text, "console") == has);

	char *line = bootargs_make(text, CONSOLE_SERIAL, false);
	require(line != NULL);
	require(bootargs_give(line, "console"));
	require(strlen(line) == len + (has ? 0 : 13 + (len > 0)));
	require(!strcmp(line + strlen(line) - len, text));
	free(line);
	line = bootargs_make(text, CONSOLE_NONE, false);
	require(line && !strcmp(line, text));
	free(line);
	free(text);
	return 0;
}
