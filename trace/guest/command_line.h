/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of VMMs: vhart's, QEMU's, kvmtool's. They may be anybody's. Pure. */
#ifndef VHART_COMMAND_LINE_H
#define VHART_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_LINE_MAX   16384u
#define COMMAND_LINE_WORDS 256u

struct command_line {
	char text[COMMAND_LINE_MAX + 1];
	char *words[COMMAND_LINE_WORDS + 1]; /* NULL ends them */
};

/* Splits the LENGTH bytes of TEXT, as /proc/PID/cmdline has them: words, each ended by a zero. What
 * is cut off, or more than there is room for, is no word. */
void command_line_split(struct command_line *line, size_t length);

/* The kernel that the command line WORDS boots: a word of it. NULL: it has none. */
const char *command_line_kernel(char *const *words);

/* What it calls its VM, printable. False: it does not say. */
bool command_line_name(char *const *words, char *name, size_t size);

/* The value that WORDS give an option, by the first of its SPELLINGS, which end with NULL, that is
 * there: a word, or the end of one. NULL: none. Words behind "--" are a guest's. */
const char *command_line_option(char *const *words, const char *const *spellings);

#endif
