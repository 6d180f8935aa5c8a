/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeroes a part of a disk by the disk itself, in a guest:
 *
 *     zeroout DEVICE OFFSET LEN         by BLKZEROOUT: write-zeroes, the blocks stay
 *     zeroout DEVICE OFFSET LEN unmap   by fallocate(): write-zeroes that may give blocks back
 *
 * fallocate() fails where the disk has no write-zeroes; BLKZEROOUT has the kernel write them then.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 5)
		errx(2, "usage: zeroout DEVICE OFFSET LEN [unmap]");
	uint64_t range[2] = {strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10)};
	int fd = open(argv[1], O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", argv[1]);
	if (argc == 4 && ioctl(fd, BLKZEROOUT, range))
		err(1, "BLKZEROOUT");
	if (argc == 5 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)range[0],
				   (off_t)range[1]))
		err(1, "fallocate");
	return 0;
}
