/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for an event. */
#include <poll.h>

#include "base/clock.h"
#include "vmm/control/control.h"

static int milliseconds(uint64_t until_ns)
{
	const uint64_t now = clock_now();

	if (until_ns == UINT64_MAX)
		return -1;
	if (until_ns <= now)
		return 0;
	return until_ns - now > 3600 * NS_PER_S ? 3600000 : (int)((until_ns - now) / 1000000 + 1);
}

struct event *control_wait(struct events *events, uint64_t until_ns, int abort_fd)
{
	struct pollfd fds[2] = {{.fd = events_fd(events), .events = POLLIN}, {.fd = abort_fd}};
	struct event *event;
	uint64_t lost;

	for (;;) {
		event = events_take(events, &lost);
		if (event || fds[1].revents || events_over(events) || clock_now() >= until_ns)
			return event;
		poll(fds, 2, milliseconds(until_ns));
	}
}
