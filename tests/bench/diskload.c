/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads from a disk past the page cache, or writes to it, and says how long it took:
 *
 *     diskload read|write|sync DEVICE SIZE DEPTH COUNT
 *
 * COUNT requests of SIZE bytes, DEPTH of them in flight. Reads and writes go one after another
 * through the device and from its start again; of sync, each is a write to another place, the same
 * ones every time, and an fsync() behind it. The line: "diskload WHAT SIZE DEPTH COUNT
 * NANOSECONDS". With Linux's native AIO, by its bare system calls: nothing has to be there in the
 * guest, and every kernel has it.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 64u
#define ALIGNMENT 4096u

struct load {
	int fd;
	aio_context_t context;
	uint64_t device_len;
	size_t size;
	uint64_t offset;
	bool writes, syncs;
	uint64_t random;
	struct iocb requests[DEPTH_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* Knuth's MMIX generator; its high bits are the good ones. */
static void jump(struct load *load)
{
	load->random = load->random * 6364136223846793005ull + 1442695040888963407ull;
	load->offset = (load->random >> 33) % (load->device_len / load->size) * load->size;
}

static void submit(struct load *load, struct iocb *request)
{
	if (load->syncs)
		jump(load);
	if (load->offset + load->size > load->device_len)
		load->offset = 0;
	request->aio_offset = (int64_t)load->offset;
	load->offset += load->size;
	if (syscall(SYS_io_submit, load->context, 1L, &request) != 1)
		err(1, "io_submit");
}

static void run(struct load *load, unsigned int depth, unsigned int count)
{
	struct io_event events[DEPTH_MAX];
	unsigned int submitted = 0, done = 0;

	for (; submitted < depth && submitted < count; submitted++)
		submit(load, &load->requests[submitted]);
	while (done < count) {
		long got =
			syscall(SYS_io_getevents, load->context, 1L, (long)DEPTH_MAX, events, NULL);

		if (got < 0)
			err(1, "io_getevents");
		for (long i = 0; i < got; i++, done++) {
			if (events[i].res != (int64_t)load->size)
				errx(1, "a request gave %lld", (long long)events[i].res);
			if (load->syncs && fsync(load->fd) != 0)
				err(1, "fsync");
			if (submitted < count) {
				submit(load, (struct iocb *)(uintptr_t)events[i].obj);
				submitted++;
			}
		}
	}
}

static void prepare(struct load *load, const char *device, unsigned int depth)
{
	load->fd = open(device, (load->writes ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	if (load->fd < 0)
		err(1, "%s", device);
	load->device_len = (uint64_t)lseek(load->fd, 0, SEEK_END);
	if (load->device_len < load->size)
		errx(1, "%s: too small", device);
	if (syscall(SYS_io_setup, (long)DEPTH_MAX, &load->context) < 0)
		err(1, "io_setup");
	for (unsigned int i = 0; i < depth; i++) {
		void *buffer;

		if (posix_memalign(&buffer, ALIGNMENT, load->size))
			errx(1, "no memory");
		memset(buffer, (int)i + 1, load->size);
		load->requests[i] = (struct iocb){
			.aio_lio_opcode = load->writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			.aio_fildes = (uint32_t)load->fd,
			.aio_buf = (uint64_t)(uintptr_t)buffer,
			.aio_nbytes = load->size,
		};
	}
}

int main(int argc, char **argv)
{
	static struct load load;

	if (argc != 6)
		errx(2, "usage: diskload read|write|sync DEVICE SIZE DEPTH COUNT");
	unsigned int depth = (unsigned int)strtoul(argv[4], NULL, 10);
	unsigned int count = (unsigned int)strtoul(argv[5], NULL, 10);

	load.syncs = !strcmp(argv[1], "sync");
	load.writes = load.syncs || !strcmp(argv[1], "write");
	load.size = strtoul(argv[3], NULL, 10);
	if (depth < 1 || depth > DEPTH_MAX || load.size % 512 || load.size == 0)
		errx(2, "a DEPTH from 1 to %u, a SIZE of whole sectors", DEPTH_MAX);
	prepare(&load, argv[2], depth);
	/* What is slow only once is not what is measured. */
	run(&load, depth, depth);
	uint64_t start = now_ns();
	run(&load, depth, count);
	printf("diskload %s %zu %u %u %llu\n", argv[1], load.size, depth, count,
	       (unsigned long long)(now_ns() - start));
	return 0;
}
