/* SPDX-License-Identifier: Apache-2.0 */
/* Device registers, fences and time. */
#ifndef GUEST_IO_H
#define GUEST_IO_H

#include <stdint.h>

/* SIZE is 1, 2, 4 or 8 bytes. One load or store of exactly that size. */
static inline uint64_t io_read(uint64_t address, unsigned int size)
{
	uint64_t value;

	/* All ones where the load faults and is skipped: see trap.h. */
	switch (size) {
	case 1: __asm__ volatile("li %0, -1\nlbu %0, (%1)" : "=&r"(value) : "r"(address)); break;
	case 2: __asm__ volatile("li %0, -1\nlhu %0, (%1)" : "=&r"(value) : "r"(address)); break;
	case 4: __asm__ volatile("li %0, -1\nlwu %0, (%1)" : "=&r"(value) : "r"(address)); break;
	default: __asm__ volatile("li %0, -1\nld %0, (%1)" : "=&r"(value) : "r"(address)); break;
	}
	__asm__ volatile("fence i, ir" ::: "memory");
	return value;
}

static inline void io_write(uint64_t address, unsigned int size, uint64_t value)
{
	__asm__ volatile("fence iorw, o" ::: "memory");
	switch (size) {
	case 1: __asm__ volatile("sb %0, (%1)" ::"r"(value), "r"(address)); break;
	case 2: __asm__ volatile("sh %0, (%1)" ::"r"(value), "r"(address)); break;
	case 4: __asm__ volatile("sw %0, (%1)" ::"r"(value), "r"(address)); break;
	default: __asm__ volatile("sd %0, (%1)" ::"r"(value), "r"(address)); break;
	}
}

static inline uint64_t time_now(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks;
}

/* Ticks of a second: 10 MHz on everything these guests run on; only used to end waits. */
#define TIME_SECOND 10000000ull

#endif
