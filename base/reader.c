/* SPDX-License-Identifier: Apache-2.0 */

#include "base/reader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define BACKGROUND_NS 200000000l /* how often to look whether the terminal is ours again */

struct reader {
	int fd, event;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t taken; /* for the thread: there is room */
	bool stop;
	bool ended;
	size_t len, start;
	size_t size;
	uint8_t bytes[];
};

/* ---- the thread ---- */

/* read() of a terminal fails with EIO in a background job that blocks SIGTTIN, and after the
 * terminal's other end went away. */
static bool is_in_background(int fd, int err)
{
	return err == EIO && tcgetpgrp(fd) > 0 && tcgetpgrp(fd) != getpgrp();
}

/* Only here, and without the lock, can the thread be cancelled. Returns bytes, 0 at the end, or
 * -EAGAIN. */
static ssize_t read_waiting(int fd, void *to, size_t len)
{
	const struct timespec while_in_background = {.tv_nsec = BACKGROUND_NS};
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	ssize_t result;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	result = read(fd, to, len);
	if (result < 0)
		result = -errno;
	if (result == -EAGAIN) {
		poll(&poll_fd, 1, -1);
	} else if (is_in_background(fd, (int)-result)) {
		nanosleep(&while_in_background, NULL);
		result = -EAGAIN;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	if (result == -EINTR)
		return -EAGAIN;
	return result < 0 && result != -EAGAIN ? 0 : result;
}

static void tell(const struct reader *reader)
{
	const uint64_t one = 1;
	ssize_t written = write(reader->event, &one, sizeof(one));

	(void)written; /* it is readable already */
}

static void read_piece(struct reader *reader)
{
	ssize_t result;

	/* Nobody looks at the bytes while there are none. */
	pthread_mutex_unlock(&reader->lock);
	result = read_waiting(reader->fd, reader->bytes, reader->size);
	pthread_mutex_lock(&reader->lock);
	if (result == -EAGAIN)
		return;
	reader->ended = result == 0;
	reader->len = (size_t)result;
	reader->start = 0;
	tell(reader);
}

static void *reader_thread(void *opaque)
{
	struct reader *reader = opaque;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_mutex_lock(&reader->lock);
	while (!reader->stop && !reader->ended) {
		if (reader->len == 0)
			read_piece(reader);
		else
			pthread_cond_wait(&reader->taken, &reader->lock);
	}
	pthread_mutex_unlock(&reader->lock);
	return NULL;
}

/* ---- for users ---- */

static void release(struct reader *reader)
{
	pthread_mutex_destroy(&reader->lock);
	pthread_cond_destroy(&reader->taken);
	if (reader->event >= 0)
		close(reader->event);
	free(reader);
}

struct reader *reader_new(int fd, size_t size)
{
	struct reader *reader = calloc(1, sizeof(*reader) + size);
	int result;

	if (!reader)
		return NULL;
	reader->fd = fd;
	reader->size = size;
	reader->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&reader->lock, NULL);
	pthread_cond_init(&reader->taken, NULL);
	result = reader->event < 0 ? errno
				   : pthread_create(&reader->thread, NULL, reader_thread, reader);
	if (result == 0)
		return reader;
	release(reader);
	errno = result;
	return NULL;
}

void reader_free(struct reader *reader)
{
	if (!reader)
		return;
	pthread_mutex_lock(&reader->lock);
	reader->stop = true;
	pthread_cond_signal(&reader->taken);
	pthread_mutex_unlock(&reader->lock);
	pthread_cancel(reader->thread);
	pthread_join(reader->thread, NULL);
	release(reader);
}

size_t reader_take(struct reader *reader, void *bytes, size_t len, bool *ended)
{
	uint64_t count;
	ssize_t got;

	pthread_mutex_lock(&reader->lock);
	len = len < reader->len ? len : reader->len;
	memcpy(bytes, reader->bytes + reader->start, len);
	reader->start += len;
	reader->len -= len;
	*ended = reader->ended && reader->len == 0;
	if (reader->len == 0) {
		got = read(reader->event, &count, sizeof(count));
		(void)got;
		pthread_cond_signal(&reader->taken);
	}
	pthread_mutex_unlock(&reader->lock);
	return len;
}

int reader_event(const struct reader *reader)
{
	return reader->event;
}
