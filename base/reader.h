/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from a file that may have none: a terminal, a pipe. A thread of its own waits there, for
 * poll() says only that somebody may read: another process that shares the terminal can be faster.
 * While a terminal is another job's (`vhart run ... &`) the thread waits until it is ours again.
 *
 * Threads: any, but for reader_free(), which is the last.
 */
#ifndef VHART_READER_H
#define VHART_READER_H

#include <stdbool.h>
#include <stddef.h>

struct reader;

/* Reads from FD, which stays the caller's, SIZE bytes at a time at most. NULL with errno set. The
 * thread inherits the caller's signal mask, which has to block SIGTTIN. */
struct reader *reader_new(int fd, size_t size);
void reader_free(struct reader *reader); /* NULL is fine */

/* At most LEN bytes of what was read. *ENDED: there will be no more, and none is left. */
size_t reader_take(struct reader *reader, void *bytes, size_t len, bool *ended);

/* Readable while there are bytes, and when there will be no more until reader_take() said so. */
int reader_event(const struct reader *reader);

#endif
