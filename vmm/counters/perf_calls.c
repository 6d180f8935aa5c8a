/* SPDX-License-Identifier: Apache-2.0 */
/* perf_event_open() and what belongs to it, as perf_counters.c wants it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/counters/perf_counters.h"

#define RAW_BITS 48u /* of every driver */

/* The signal names the fd and goes to this thread alone. */
static int route_overflow(int fd, int signal)
{
	const struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = gettid()};

	if (fcntl(fd, F_SETSIG, signal) < 0 || fcntl(fd, F_SETOWN_EX, &owner) < 0 ||
	    fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static int event_open(void *opaque, const struct perf_event_attr *attr, int signal)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	int result;

	(void)opaque;
	if (fd < 0)
		return -errno;
	result = signal ? route_overflow(fd, signal) : 0;
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

static int event_control(void *opaque, int fd, unsigned long request, uint64_t argument)
{
	int result;

	(void)opaque;
	if (request == PERF_EVENT_IOC_PERIOD)
		result = ioctl(fd, request, &argument);
	else
		result = ioctl(fd, request, argument);
	return result < 0 ? -errno : 0;
}

/* A pinned event is never multiplexed: one that has no counter of the hardware is in error, and
 * reads as end of file (kernel/events/core.c). */
static bool event_read(void *opaque, int fd, uint64_t *count)
{
	(void)opaque;
	return read(fd, count, sizeof(*count)) == sizeof(*count);
}

static void event_close(void *opaque, int fd)
{
	(void)opaque;
	close(fd);
}

/* "config:0-47" */
static unsigned int raw_bits(void *opaque)
{
	FILE *file = fopen("/sys/bus/event_source/devices/cpu/format/event", "re");
	unsigned int last = 0;

	(void)opaque;
	if (file) {
		if (fscanf(file, "config:0-%u", &last) != 1)
			last = 0;
		fclose(file);
	}
	return last > RAW_BITS - 1 && last < 63 ? last + 1 : RAW_BITS;
}

const struct perf_calls perf_calls_kernel = {
	.open = event_open,
	.control = event_control,
	.read = event_read,
	.close = event_close,
	.raw_bits = raw_bits,
};
