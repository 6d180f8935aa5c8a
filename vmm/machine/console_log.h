/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of what the console prints, in a file (--console-log), byte by byte. The guest never waits
 * for it: what a slow disk has no room for is left out and counted, and a file that takes nothing
 * more, on a full disk for instance, is given up. Each is said once, and at the end how much is
 * missing.
 */
#ifndef VHART_CONSOLE_LOG_H
#define VHART_CONSOLE_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct console_log;

/* The file at PATH, emptied or, with APPEND, continued. Never waits: a pipe that nobody reads is
 * refused. NULL after error(). PATH outlives it. */
struct console_log *console_log_open(const char *path, bool append);
/* Writes what is left, as long as something goes out in each second, or with HURRY for a fifth of
 * one at most, and says what is missing. NULL is fine. */
void console_log_close(struct console_log *log, bool hurry);

void console_log_put(struct console_log *log, const void *bytes, size_t len);
/* What was put goes out now. */
void console_log_go(struct console_log *log);

/* Readable when there is something to hear. False: the file was given up, and that was said. */
int console_log_event(const struct console_log *log);
bool console_log_heard(struct console_log *log);

/* The file, which stays the log's. */
int console_log_fd(const struct console_log *log);

#endif
