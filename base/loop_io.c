/* SPDX-License-Identifier: Apache-2.0 */
/* File I/O that does not wait, on whichever thread wants it. */
#include <sys/uio.h>
#include <unistd.h>

#include "base/loop.h"

/* One piece that need not ask for RWF_NOWAIT: a tenth less than as a vector of one. */
static ssize_t move_piece(const struct loop_io *io)
{
	return io->op == LOOP_READ
		       ? pread(io->fd, io->iov->iov_base, io->iov->iov_len, (off_t)io->offset)
		       : pwrite(io->fd, io->iov->iov_base, io->iov->iov_len, (off_t)io->offset);
}

/* Whether OP is not known to wait. */
static bool is_quick(enum loop_op op, enum loop_speed speed)
{
	switch (op) {
	case LOOP_READ:
	case LOOP_WRITE: return speed != LOOP_SLOW;
	case LOOP_FSYNC: return speed == LOOP_MEMORY;
	default: return false;
	}
}

bool loop_io_at_once(struct loop_io *io)
{
	int flags = io->speed == LOOP_MEMORY ? 0 : RWF_NOWAIT;
	ssize_t moved;

	if (!is_quick(io->op, io->speed))
		return false;
	if (io->op == LOOP_FSYNC)
		moved = fdatasync(io->fd);
	else if (io->iov_count == 1 && !flags)
		moved = move_piece(io);
	else if (io->op == LOOP_READ)
		moved = preadv2(io->fd, io->iov, io->iov_count, (off_t)io->offset, flags);
	else
		moved = pwritev2(io->fd, io->iov, io->iov_count, (off_t)io->offset, flags);
	/* Whatever the fault is, the ring's answer is the one that counts. */
	io->result = (int)moved;
	return moved >= 0;
}
