/* SPDX-License-Identifier: Apache-2.0 */
/* The Linux that runs in a VM, found in the VM's memory: for one that came from a disk or firmware.
 */
#ifndef VHART_GUEST_IMAGE_H
#define VHART_GUEST_IMAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "trace/guest/symbols.h"

/*
 * Fills SYMBOLS, which is empty, from the first Linux with symbols in the memory of process PID,
 * whatever VMM that is. The VM may run: what changes meanwhile is checked as a file's bytes are.
 * Addresses are as linked or as they are: symbols_slide() mends both. False, and SYMBOLS is empty:
 * there is none, or /proc/PID/mem may not be read (ptrace's rules). What is looked at is bounded,
 * in all: note() says where the search was given up. It waits for another process, half a minute at
 * most.
 */
bool guest_image_symbols(pid_t pid, struct symbols *symbols);

#endif
