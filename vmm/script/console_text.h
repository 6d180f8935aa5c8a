/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine wrote to its console, for a script that waits for words in it: the last megabyte,
 * without carriage returns, and how much of it the script has looked past. Pure; whoever owns it
 * has a lock.
 */
#ifndef VHART_CONSOLE_TEXT_H
#define VHART_CONSOLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_TEXT_MOST (1u << 20)

struct console_text {
	char *bytes; /* malloc */
	size_t len, room;
	uint64_t dropped; /* bytes that were in front of these */
	uint64_t read;	  /* how far it was looked past, from the very first byte on */
};

/* Without memory what comes is lost. */
void console_text_add(struct console_text *text, const char *bytes, size_t len);
void console_text_free(struct console_text *text);

/* What was not looked past. */
const char *console_text_unread(const struct console_text *text, size_t *len);
/* The first LEN bytes of it are looked past. */
void console_text_take(struct console_text *text, size_t len);

/* Where WORDS end in what was not looked past; 0: they are not there. WORDS are not empty. */
size_t console_text_find(const struct console_text *text, const char *words, size_t len);

/* The last line that is not empty, in OUT. */
void console_text_last_line(const struct console_text *text, char *out, size_t size);

#endif
