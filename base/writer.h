/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes on their way to a file that may not take them: a terminal stopped by Ctrl-S, a pipe that
 * nobody reads, a file whose disk is slow. A thread of its own waits there; whoever gives bytes
 * never does. (poll() promises room for one byte of a terminal, not for all of a write; and making
 * the file O_NONBLOCK would make it so for every process that shares it, the user's shell too.)
 *
 * Threads: every function may be called from any thread, but for writer_free(), which is the last.
 */
#ifndef VHART_WRITER_H
#define VHART_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

/* Writes to FD, which stays the caller's, from a buffer of SIZE bytes. NULL with errno set. The
 * thread inherits the caller's signal mask. */
struct writer *writer_new(int fd, size_t size);
/* Ends the thread, in the middle of a write too; what is left in the buffer is gone. NULL is fine.
 */
void writer_free(struct writer *writer);

/* Takes as many bytes as there is room for; all, and to nowhere, once writing has failed. They stay
 * in the buffer until writer_go(). */
size_t writer_put(struct writer *writer, const void *bytes, size_t len);
/* All of it, or false. */
bool writer_put_whole(struct writer *writer, const void *bytes, size_t len);
/* What the buffer holds goes out as soon as the file takes it. */
void writer_go(struct writer *writer);

/* Bytes that the buffer takes now, and bytes that it holds. */
size_t writer_room(struct writer *writer);
size_t writer_left(struct writer *writer);
/* Bytes that went out so far. */
uint64_t writer_written(struct writer *writer);

/*
 * Readable when there is room again after writer_put() or writer_room() found none, and when
 * writing has failed; until writer_heard().
 */
int writer_event(const struct writer *writer);
void writer_heard(struct writer *writer);
/* From now on it is readable, too, when the buffer has become empty. */
void writer_tell_empty(struct writer *writer);
int writer_error(struct writer *writer); /* 0, or the errno with which writing has failed */

/* As writer_go(), and waits until the buffer is empty, but not longer than QUIET_MS in which
 * nothing goes out, nor than MOST_MS. Returns how many bytes are left. */
size_t writer_finish(struct writer *writer, unsigned int quiet_ms, unsigned int most_ms);

#endif
