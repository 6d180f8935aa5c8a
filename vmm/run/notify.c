/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"

#define PATIENCE_S 1

/* A path, or a name behind '@' that is in no file system. */
static bool fill(struct notify *notify, const char *name)
{
	const size_t len = strlen(name);

	if ((*name != '/' && *name != '@') || len < 2 || len > sizeof(notify->address.sun_path))
		return false;
	notify->address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(notify->address.sun_path, name, len);
	if (*name == '@')
		notify->address.sun_path[0] = '\0';
	notify->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

static void give_up(struct notify *notify, const char *why)
{
	warning("NOTIFY_SOCKET: %s: the service manager is not told how this VM is", why);
	notify_close(notify);
}

void notify_open(struct notify *notify)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	const char *name = getenv("NOTIFY_SOCKET");

	*notify = (struct notify){.fd = -1};
	if (!name || !*name)
		return;
	if (!fill(notify, name)) {
		give_up(notify, "expected a path, or a name behind @");
	} else {
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (notify->fd < 0)
			give_up(notify, strerror(errno));
		else
			setsockopt(notify->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
				   sizeof(patience));
	}
	unsetenv("NOTIFY_SOCKET");
}

void notify_say(struct notify *notify, const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (notify->fd < 0)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL,
		   (const struct sockaddr *)&notify->address, notify->len) < 0)
		give_up(notify, strerror(errno));
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}
