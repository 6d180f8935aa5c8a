/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads from a disk past the page cache, and says how long it took:
 *
 *     diskread DEVICE SIZE DEPTH COUNT
 *
 * COUNT reads of SIZE bytes, DEPTH of them in flight, one after another through the device and from
 * its start again. The line: "diskread SIZE DEPTH COUNT NANOSECONDS". With Linux's native AIO, by
 * its bare system calls: nothing has to be there in the guest, and every kernel has it.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 64u
#define ALIGNMENT 4096u

struct reads {
	int fd;
	aio_context_t context;
	uint64_t device_len;
	size_t size;
	uint64_t offset;
	struct iocb requests[DEPTH_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void submit(struct reads *reads, struct iocb *request)
{
	if (reads->offset + reads->size > reads->device_len)
		reads->offset = 0;
	request->aio_offset = (int64_t)reads->offset;
	reads->offset += reads->size;
	if (syscall(SYS_io_submit, reads->context, 1L, &request) != 1)
		err(1, "io_submit");
}

static void read_all(struct reads *reads, unsigned int depth, unsigned int count)
{
	struct io_event events[DEPTH_MAX];
	unsigned int submitted = 0, done = 0;

	for (; submitted < depth && submitted < count; submitted++)
		submit(reads, &reads->requests[submitted]);
	while (done < count) {
		long got = syscall(SYS_io_getevents, reads->context, 1L, (long)DEPTH_MAX, events,
				   NULL);

		if (got < 0)
			err(1, "io_getevents");
		for (long i = 0; i < got; i++, done++) {
			if (events[i].res != (int64_t)reads->size)
				errx(1, "a read gave %lld", (long long)events[i].res);
			if (submitted < count) {
				submit(reads, (struct iocb *)(uintptr_t)events[i].obj);
				submitted++;
			}
		}
	}
}

int main(int argc, char **argv)
{
	static struct reads reads;

	if (argc != 5)
		errx(2, "usage: diskread DEVICE SIZE DEPTH COUNT");
	unsigned int depth = (unsigned int)strtoul(argv[3], NULL, 10);
	unsigned int count = (unsigned int)strtoul(argv[4], NULL, 10);

	reads.size = strtoul(argv[2], NULL, 10);
	if (depth < 1 || depth > DEPTH_MAX || reads.size % 512 || reads.size == 0)
		errx(2, "a DEPTH from 1 to %u, a SIZE of whole sectors", DEPTH_MAX);
	reads.fd = open(argv[1], O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (reads.fd < 0)
		err(1, "%s", argv[1]);
	reads.device_len = (uint64_t)lseek(reads.fd, 0, SEEK_END);
	if (reads.device_len < reads.size)
		errx(1, "%s: too small", argv[1]);
	if (syscall(SYS_io_setup, (long)DEPTH_MAX, &reads.context) < 0)
		err(1, "io_setup");
	for (unsigned int i = 0; i < depth; i++) {
		void *buffer;

		if (posix_memalign(&buffer, ALIGNMENT, reads.size))
			errx(1, "no memory");
		reads.requests[i] = (struct iocb){
			.aio_lio_opcode = IOCB_CMD_PREAD,
			.aio_fildes = (uint32_t)reads.fd,
			.aio_buf = (uint64_t)(uintptr_t)buffer,
			.aio_nbytes = reads.size,
		};
	}
	/* What is slow only once is not what is measured. */
	read_all(&reads, depth, depth);
	uint64_t start = now_ns();
	read_all(&reads, depth, count);
	printf("diskread %zu %u %u %llu\n", reads.size, depth, count,
	       (unsigned long long)(now_ns() - start));
	return 0;
}
