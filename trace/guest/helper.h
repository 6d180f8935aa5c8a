/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that reads for this one what may never come: a file system or memory behind which
 * another user's program stands answers when that likes. What it reads comes through a pipe, and
 * this process waits for it no longer than it wants to.
 */
#ifndef VHART_HELPER_H
#define VHART_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct helper {
	pid_t pid;
	int pidfd, out;	   /* its end, and what it writes */
	uint64_t deadline; /* CLOCK_MONOTONIC, ns */
};

/*
 * Starts a process that calls WORK with where it is to write to, and then ends. It has this
 * process's files, memory (a copy) and rights, and no signal ends it but helper_end()'s. To be read
 * within PATIENCE ns. False with errno.
 */
bool helper_start(struct helper *helper, void (*work)(void *opaque, int out), void *opaque,
		  uint64_t patience);

/* Waits for its next bytes, or its end, PATIENCE ns at most. False: there is neither. */
bool helper_await(const struct helper *helper, uint64_t patience);

/* The next SIZE bytes that it writes. False with errno: it wrote less (0), or took too long
 * (ETIMEDOUT). */
bool helper_read(const struct helper *helper, void *to, size_t size);

/* Kills it, wherever it is. One that the kernel does not let go yet is not waited for. */
void helper_end(struct helper *helper);

/* For WORK: all SIZE bytes. False: nobody reads any more. */
bool helper_write(int out, const void *from, size_t size);

#endif
