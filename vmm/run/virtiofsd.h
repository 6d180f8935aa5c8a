/* SPDX-License-Identifier: Apache-2.0 */
/* The process that serves a folder to the guest: virtiofsd, of this user, in a sandbox. */
#ifndef VHART_VIRTIOFSD_H
#define VHART_VIRTIOFSD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vmm/config.h"

struct virtiofsd {
	pid_t pid; /* 0: there is none */
	int pidfd;
	int words; /* what it says (its standard error); non-blocking */
};

/* Ways to shut it in, the best first: "namespace", "chroot" (root alone has that), "none". NULL
 * behind the last. */
const char *virtiofsd_sandbox(unsigned int index);

/*
 * Starts one for the folder of SHARE. It takes part in nothing of this process but a socket, whose
 * other end is in *SOCKET, and ends when that is closed, also by this process's death. False after
 * error(): there is no such program, say. Whether the sandbox can be had is known when it answers.
 */
bool virtiofsd_start(struct virtiofsd *process, const struct config_backend *share,
		     const char *sandbox, int *socket);
/* Starts another program so, which speaks vhost-user too: ARGUMENTS, with SOCKET_FD as its file
 * descriptor 3. 0, or an errno. */
int virtiofsd_spawn(struct virtiofsd *process, const char *const *arguments, int socket_fd);
/* Its last line, without the time; WORDS is empty when there is none. */
void virtiofsd_last_words(const struct virtiofsd *process, char *words, size_t size);
/* Waits for the end of one that has closed its socket, for some seconds: what it says of that comes
 * behind it. False: it did not come. */
bool virtiofsd_await_end(const struct virtiofsd *process);
/* Waits for its end, when its socket is closed; ends it when it does not come. */
void virtiofsd_end(struct virtiofsd *process);

#endif
