/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

bool surroundings_settle(void)
{
	signal(SIGXFSZ, SIG_IGN);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* open() gives the lowest number that is free: this one. */
		if (open("/dev/null", O_RDWR) == fd)
			continue;
		error("/dev/null: %s: it is needed in place of a standard descriptor that is "
		      "closed: give that one, or make the device",
		      strerror(errno));
		return false;
	}
	return true;
}
