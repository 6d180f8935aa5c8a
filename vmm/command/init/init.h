/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of a guest that runs CMD: it prepares the system, finds the ports, runs CMD between them,
 * and says how it ended. One thread.
 */
#ifndef VHART_INIT_H
#define VHART_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/command/protocol.h"

/* prepare.c: file systems, loopback, busybox's names. */
void prepare_mounts(void);
void prepare_rest(void);

/* root.c: who CMD runs as, and where; NULL: as root in the initrd. */
const struct command_root *root_wanted(void);
/* Makes the root of --root, and goes there. NULL, or why it cannot be had. */
const char *root_enter(void);
/* In CMD's process. */
void root_become_user(const struct command_root *root);
/* The same; returns PWD for the environment. */
const char *root_go_to_folder(const struct command_root *root);

/* extract.c: the paths of the files to send, each ended by a zero byte; their length. */
size_t extracts_wanted(char *paths, size_t size);
void extracts_send(int port, const char *paths, size_t len);

/* modules.c: loads those of virtio that the kernel has as modules. */
void modules_load(void);

/* ports.c: opens all of them, without waiting for bytes. False: there are none; *WHY says why. */
bool ports_open(int fds[COMMAND_PORTS], const char **why);

/* spawn.c: CMD's process, and this side's ends of its three pipes. */
struct spawned {
	long pid;
	int in, out, err; /* not waiting */
	uint32_t failed;  /* the errno with which it could not be run; 0: it runs */
};
struct spawned spawn(const char *words, size_t len, const struct command_root *root);

/* relay.c: moves bytes between ports and pipes until CMD has ended and all its output was
 * written; how it ended. */
struct command_message relay(const int ports[COMMAND_PORTS], const struct spawned *spawned);

#endif
