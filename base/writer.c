/* SPDX-License-Identifier: Apache-2.0 */

#include "base/writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Of one write: a reader that comes and goes makes room often. */
#define PIECE_LEAST 4096u
#define PIECES	    16u

struct writer {
	int fd, event;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* for the thread: there is something to do */
	pthread_cond_t moved; /* for who waits: something went out */
	bool go;	      /* until the buffer is empty */
	bool stop;
	bool starved; /* somebody found no room */
	bool tell_empty;
	int error;
	uint64_t written;

	size_t size, start, len;
	uint8_t bytes[];
};

/* ---- the thread ---- */

/* Only here, and without the lock, can the thread be cancelled. Returns bytes (0: try again) or
 * -errno. */
static ssize_t write_waiting(int fd, const uint8_t *bytes, size_t len)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	ssize_t result;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	result = write(fd, bytes, len);
	if (result < 0)
		result = -errno;
	if (result == -EAGAIN) /* others made it O_NONBLOCK */
		poll(&poll_fd, 1, -1);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return result == -EAGAIN || result == -EINTR ? 0 : result;
}

static void tell(const struct writer *writer)
{
	const uint64_t one = 1;
	ssize_t written = write(writer->event, &one, sizeof(one));

	(void)written; /* it is readable already */
}

/* With the lock held. */
static void went_out(struct writer *writer, ssize_t result)
{
	size_t done = result < 0 ? writer->len : (size_t)result;

	if (result < 0)
		writer->error = (int)-result;
	else
		writer->written += done;
	writer->start = (writer->start + done) % writer->size;
	writer->len -= done;
	if (writer->len == 0)
		writer->go = false;
	if (writer->starved || result < 0 || (writer->tell_empty && writer->len == 0)) {
		writer->starved = false;
		tell(writer);
	}
	pthread_cond_broadcast(&writer->moved);
}

static void write_piece(struct writer *writer)
{
	const size_t share = writer->size / PIECES;
	const size_t piece = share > PIECE_LEAST ? share : PIECE_LEAST;
	const uint8_t *from = writer->bytes + writer->start;
	size_t len = writer->size - writer->start;
	ssize_t result;

	len = len < writer->len ? len : writer->len;
	len = len < piece ? len : piece;
	/* Others only append behind these bytes. */
	pthread_mutex_unlock(&writer->lock);
	result = write_waiting(writer->fd, from, len);
	pthread_mutex_lock(&writer->lock);
	went_out(writer, result);
}

static void *writer_thread(void *opaque)
{
	struct writer *writer = opaque;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_mutex_lock(&writer->lock);
	while (!writer->stop) {
		if (writer->go && writer->len > 0)
			write_piece(writer);
		else
			pthread_cond_wait(&writer->work, &writer->lock);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

/* ---- for users ---- */

static void release(struct writer *writer)
{
	pthread_mutex_destroy(&writer->lock);
	pthread_cond_destroy(&writer->work);
	pthread_cond_destroy(&writer->moved);
	if (writer->event >= 0)
		close(writer->event);
	free(writer);
}

struct writer *writer_new(int fd, size_t size)
{
	struct writer *writer = calloc(1, sizeof(*writer) + size);
	int result;

	if (!writer)
		return NULL;
	writer->fd = fd;
	writer->size = size;
	writer->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->work, NULL);
	clock_cond_init(&writer->moved);
	result = writer->event < 0 ? errno
				   : pthread_create(&writer->thread, NULL, writer_thread, writer);
	if (result == 0)
		return writer;
	release(writer);
	errno = result;
	return NULL;
}

void writer_free(struct writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stop = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	pthread_cancel(writer->thread);
	pthread_join(writer->thread, NULL);
	release(writer);
}

/* With the lock held, LEN bytes of room being there. */
static void append(struct writer *writer, const uint8_t *bytes, size_t len)
{
	size_t at = (writer->start + writer->len) % writer->size;
	size_t first = len < writer->size - at ? len : writer->size - at;

	memcpy(writer->bytes + at, bytes, first);
	memcpy(writer->bytes, bytes + first, len - first);
	writer->len += len;
}

size_t writer_put(struct writer *writer, const void *bytes, size_t len)
{
	size_t room;

	pthread_mutex_lock(&writer->lock);
	room = writer->size - writer->len;
	if (!writer->error) {
		writer->starved |= len > room;
		len = len < room ? len : room;
		append(writer, bytes, len);
	}
	pthread_mutex_unlock(&writer->lock);
	return len;
}

bool writer_put_whole(struct writer *writer, const void *bytes, size_t len)
{
	bool fits;

	pthread_mutex_lock(&writer->lock);
	fits = writer->error || len <= writer->size - writer->len;
	if (fits && !writer->error)
		append(writer, bytes, len);
	pthread_mutex_unlock(&writer->lock);
	return fits;
}

static void go(struct writer *writer)
{
	writer->go = writer->len > 0;
	pthread_cond_signal(&writer->work);
}

void writer_go(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	go(writer);
	pthread_mutex_unlock(&writer->lock);
}

size_t writer_room(struct writer *writer)
{
	size_t room;

	pthread_mutex_lock(&writer->lock);
	room = writer->size - writer->len;
	writer->starved |= room == 0;
	pthread_mutex_unlock(&writer->lock);
	return room;
}

size_t writer_left(struct writer *writer)
{
	size_t left;

	pthread_mutex_lock(&writer->lock);
	left = writer->len;
	pthread_mutex_unlock(&writer->lock);
	return left;
}

uint64_t writer_written(struct writer *writer)
{
	uint64_t written;

	pthread_mutex_lock(&writer->lock);
	written = writer->written;
	pthread_mutex_unlock(&writer->lock);
	return written;
}

void writer_tell_empty(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->tell_empty = true;
	pthread_mutex_unlock(&writer->lock);
}

int writer_event(const struct writer *writer)
{
	return writer->event;
}

void writer_heard(struct writer *writer)
{
	uint64_t count;
	ssize_t got = read(writer->event, &count, sizeof(count));

	(void)got;
}

int writer_error(struct writer *writer)
{
	int result;

	pthread_mutex_lock(&writer->lock);
	result = writer->error;
	pthread_mutex_unlock(&writer->lock);
	return result;
}

/* With the lock held. False: nothing went out until DEADLINE. */
static bool wait_until(struct writer *writer, uint64_t deadline)
{
	const struct timespec until = clock_timespec(deadline);
	size_t before = writer->len;

	while (writer->len == before)
		if (pthread_cond_timedwait(&writer->moved, &writer->lock, &until) != 0)
			return writer->len != before;
	return true;
}

size_t writer_finish(struct writer *writer, unsigned int quiet_ms, unsigned int most_ms)
{
	int64_t now = clock_now(), last = now + most_ms * 1000000ll;
	bool moves = true;
	size_t left;

	pthread_mutex_lock(&writer->lock);
	go(writer);
	while (writer->len > 0 && moves && now < last) {
		int64_t quiet = now + quiet_ms * 1000000ll;

		moves = wait_until(writer, quiet < last ? quiet : last);
		now = clock_now();
	}
	left = writer->len;
	pthread_mutex_unlock(&writer->lock);
	return left;
}
