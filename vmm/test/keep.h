/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beginning and the end of what a test says, however much that is. Pure.
 */
#ifndef VHART_TEST_KEEP_H
#define VHART_TEST_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define KEEP_HEAD 65536u
#define KEEP_TAIL 65536u

struct keep {
	uint64_t total; /* bytes that came */
	char head[KEEP_HEAD];
	char tail[KEEP_TAIL]; /* what is beyond the head, a ring: byte N at N % KEEP_TAIL */
};

void keep_add(struct keep *keep, const void *bytes, size_t len);
/* All that is kept, as it came, with a line where something is left out. */
void keep_write(const struct keep *keep, FILE *to);
/* Those of the last LINES lines that are WANTED (NULL: all), printable, each with PREFIX in front;
 * of a long line its end. */
void keep_write_last(const struct keep *keep, unsigned int lines, bool (*wanted)(const char *line),
		     const char *prefix, FILE *to);

#endif
