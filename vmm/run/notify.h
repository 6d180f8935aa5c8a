/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service manager that started this process is told its state (sd_notify(3): datagrams to the
 * socket that $NOTIFY_SOCKET names). Whatever happens to them, the VM goes on.
 */
#ifndef VHART_NOTIFY_H
#define VHART_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1: nobody wants to know */
	struct sockaddr_un address;
	socklen_t len;
};

/* Takes the variable out of the environment, so that no child speaks for this process. */
void notify_open(struct notify *notify);
/* Lines, as in "READY=1\nMAINPID=1\n". Waits a second at most. */
void notify_say(struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void notify_close(struct notify *notify);

#endif
