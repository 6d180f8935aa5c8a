/* SPDX-License-Identifier: Apache-2.0 */
/* Text in a buffer that may be too small for it: as snprintf(), piece by piece. */
#ifndef VHART_TEXT_H
#define VHART_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *out;
	size_t size;   /* 0: OUT is not touched and may be NULL */
	size_t length; /* of all that was added, also of what found no room */
};

/* OUT holds a terminated string from here on, unless SIZE is 0. */
void text_init(struct text *text, char *out, size_t size);
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Bytes as they stand between quotes: as printable() shows them, with \ before quotes and \. Where
 * a character finds no room nothing more is put. */
void text_add_escaped(struct text *text, const uint8_t *bytes, size_t length);

/* "1.40s", "502ms", "2us": three digits. Returns OUT. */
const char *text_duration(uint64_t ns, char out[16]);
/* "1,249,773". Returns OUT. */
#define TEXT_COUNT 32
const char *text_count(uint64_t count, char out[TEXT_COUNT]);
/* "2026-11-29 08:30:00 UTC", of ns since 1970. Returns OUT; "not known" of 0. */
#define TEXT_MOMENT 32
const char *text_moment(uint64_t realtime, char out[TEXT_MOMENT]);

#endif
