/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of options, one a line: the names of the command line, with or without their dashes, and
 * the value behind blanks or a "=". Lines that begin with a # say nothing. Behind a line "--" each
 * line is a word as it is. Pure, but for option_file_load().
 */
#ifndef VHART_OPTION_FILE_H
#define VHART_OPTION_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"

#define OPTION_FILE_MAX (1u << 20) /* bytes */

/*
 * Takes what the LEN bytes at TEXT, which are malloc with a zero behind them and freed with
 * READING's words, say for READING's table; messages call them PATH. Relative paths in it are seen
 * from PATH's folder. 0, or STATUS_USAGE after one error() line, which has the number of the line.
 */
int option_file_take(struct option_reading *reading, char *text, size_t len, const char *path);

/* The same of the file PATH. */
int option_file_load(struct option_reading *reading, const char *path);

#endif
