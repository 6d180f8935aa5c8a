/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest RAM and the one checked way to reach it.
 *
 * Everything the guest hands over as an address (descriptors, SBI buffers, snapshot pages) goes
 * through guest_memory_at(). It is pure: no I/O, no state, callable from any thread.
 */
#ifndef VHART_GUEST_MEMORY_H
#define VHART_GUEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct guest_memory {
	uint64_t base; /* first guest-physical address of RAM */
	uint64_t size; /* bytes */
	uint8_t *host; /* where this process sees it */
	/* The file that it is, from its first byte on, for processes that share it; 0: it is this
	 * process's alone. */
	int shared_fd;
};

/*
 * The host address of the LEN bytes of RAM at guest-physical address GPA, or NULL when any of them
 * lies outside RAM (or GPA + LEN wraps). LEN 0 is valid at every address from base to base + size.
 *
 * The bytes may change under the reader at any time: read each value once, into a local copy.
 */
void *guest_memory_at(const struct guest_memory *memory, uint64_t gpa, uint64_t len);

#endif
