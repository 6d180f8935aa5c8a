/* SPDX-License-Identifier: Apache-2.0 */
/* A process that serves a device to the guest, of this user, and its end with this process. */
#ifndef VHART_BACKEND_PROCESS_H
#define VHART_BACKEND_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define BACKEND_SOCKET "3" /* the number of its socket there */

struct backend_process {
	pid_t pid; /* 0: there is none */
	int pidfd;
	int words;	/* what it says (its standard error); non-blocking */
	bool connected; /* its socket is, to this process; else it listens there */
	int end_signal; /* 0: the end of its socket is its end */
	int end_ms;	/* so long it may take to end */
};

/*
 * Starts ARGUMENTS (the program's path first, NULL behind the last). It takes part in nothing of
 * this process but a socket, whose other end is in *SOCKET. PROCESS has connected, end_signal and
 * end_ms; a process with a signal gets it also when the thread that calls this ends, by kill -9
 * say. RULES (confine.h) hold for it; negative: none. 0, or an errno: there is no process and no
 * socket.
 */
int backend_process_start(struct backend_process *process, const char *const *arguments, int rules,
			  int *socket);
/* Its last line; WORDS is empty when there is none. */
void backend_process_last_words(const struct backend_process *process, char *words, size_t size);
/* Waits for the end of one that has closed its socket, for some seconds: what it says of that comes
 * behind it. False: it did not come. */
bool backend_process_await_end(const struct backend_process *process);
/* Its socket is closed: it is to end. Several can so end at the same time. */
void backend_process_ask(const struct backend_process *process);
/* Asks, and waits for its end; kills it when it does not come, and is false. */
bool backend_process_end(struct backend_process *process);

#endif
