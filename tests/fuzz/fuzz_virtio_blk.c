/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the guest did: the file keeps its size, and after a reset the disk reads. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define DISK_SIZE (256 * 512)

/* A request of the right shape, so that the fuzzer need not find it first. */
static void add_request(struct input *input, struct guest_driver *driver)
{
	static const uint8_t types[] = {0, 1, 4, 8, 11, 13};
	uint8_t type = types[input_take(input, 1) % sizeof(types)];
	bool to_guest = type == 0 || type == 8;
	const struct guest_buffer chain[] = {
		{.gpa = GUEST_DATA, .len = 16},
		{.gpa = GUEST_DATA + 1024,
		 .len = (uint32_t)input_take(input, 1) * 16,
		 .writable = to_guest},
		{.gpa = GUEST_DATA + 16, .len = 1, .writable = true},
	};

	fake_store(driver->machine, GUEST_DATA, 8, type);
	fake_store(driver->machine, GUEST_DATA + 8, 8, input_take(input, 2));
	for (unsigned int i = 0; i < 2; i++) {
		fake_store(driver->machine, GUEST_DATA + 1024 + i * 16, 8, input_take(input, 2));
		fake_store(driver->machine, GUEST_DATA + 1032 + i * 16, 4, input_take(input, 1));
		fake_store(driver->machine, GUEST_DATA + 1036 + i * 16, 4, input_take(input, 1));
	}
	guest_driver_add(driver, type % 4, chain, 3);
	guest_driver_kick(driver, type % 4);
}

static void read_first_sector(struct guest_driver *driver)
{
	const struct guest_buffer chain[] = {
		{.gpa = GUEST_DATA, .len = 16},
		{.gpa = GUEST_DATA + 1024, .len = 512, .writable = true},
		{.gpa = GUEST_DATA + 16, .len = 1, .writable = true},
	};

	fake_store(driver->machine, GUEST_DATA, 8, 0);
	fake_store(driver->machine, GUEST_DATA + 8, 8, 0);
	fake_store(driver->machine, GUEST_DATA + 16, 1, 0xee);
	guest_driver_add(driver, 0, chain, 3);
	guest_driver_kick(driver, 0);
	if (guest_driver_wait(driver, 0) != 513 ||
	    fake_load(driver->machine, GUEST_DATA + 16, 1) != 0)
		abort();
}

/* One file for all inputs. */
static int empty_disk(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("disk", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, DISK_SIZE))
			abort();
	}
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, DISK_SIZE))
		abort();
	return fd;
}

/*
 * In place of base/loop_io.c: the file is in memory, where everything can be done at once; here
 * every other sector is one for which the loop has to wait.
 */
bool loop_io_at_once(struct loop_io *io)
{
	ssize_t moved = 0;

	if (io->offset / 512 % 2)
		return false;
	switch (io->op) {
	case LOOP_READ: moved = preadv(io->fd, io->iov, io->iov_count, (off_t)io->offset); break;
	case LOOP_WRITE: moved = pwritev(io->fd, io->iov, io->iov_count, (off_t)io->offset); break;
	case LOOP_FSYNC: break;
	default: return false;
	}
	io->result = (int)moved;
	return moved >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
	struct stat status;
	char path[32];
	int fd = empty_disk();

	program_machine(&machine);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	device = virtio_blk_new(&machine, "blk0", &(struct disk_options){.path = path}, 4);
	guest_driver_start(&driver, &machine, device, input_take(&input, 4));
	program_run(&input, &driver, add_request);
	guest_driver_restart(&driver, 0);
	read_first_sector(&driver);
	virtio_device_free(device);
	fake_machine_destroy(&machine);
	if (fstat(fd, &status) || status.st_size != DISK_SIZE)
		abort();
	return 0;
}
