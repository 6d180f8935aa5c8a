/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same work every time, for tests/bench/pmu: on the host and in guests, which have no
 * libraries.
 *
 *     work [ROUNDS]
 *
 * Each round is 20000 instructions of user mode, a system call, and a page that is touched first.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE  4096u
#define PAGES 64u

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 2500;
	char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	for (unsigned long round = 0; round < rounds; round++) {
		unsigned long left = 10000;

		/* In assembly: no compiler makes more or less of it. */
#ifdef __riscv
		__asm__ volatile("1: addi %0, %0, -1; bnez %0, 1b" : "+r"(left));
#else
		while (left > 0) {
			__asm__ volatile("" : "+r"(left));
			left--;
		}
#endif
		syscall(SYS_getppid);
		if (round % PAGES == 0 && madvise(memory, PAGES * PAGE, MADV_DONTNEED) != 0)
			return 1;
		memset(memory + round % PAGES * PAGE, (int)round, 1);
	}
	return 0;
}
