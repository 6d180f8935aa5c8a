/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for the user: one line each on standard error, "vhart: ..." in front. No newline in
 * FORMAT; of what the arguments bring, control characters are shown (printable.h). Any thread. An
 * error names the thing, what is wrong with it, and the way out.
 */
#ifndef VHART_LOG_H
#define VHART_LOG_H

#include <stdbool.h>

/* The host's or the user's fault. The caller stops cleanly afterwards. */
void error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Something works less well than asked for. */
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What the user would want to know, though all is well. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Only with --verbose. */
void verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_set_verbose(bool on);
/* While the terminal is in raw mode each line needs a carriage return as well. */
void log_set_raw_terminal(bool on);
/* From now on lines go to WRITER, so that nobody waits who writes one; NULL: as at the start. */
struct writer;
void log_set_writer(struct writer *writer);

#endif
