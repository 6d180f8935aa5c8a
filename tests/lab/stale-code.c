/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows that replaced code is still run (README.md, "Code that is replaced"): stale-code [SECONDS].
 * One thread writes an instruction into a function and then says so; the other one sees that, does
 * fence.i and calls it. Says how often the old instruction was run, and how often it was still run
 * after a million more fence.i. Neither happens on hardware.
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define LI_A0(value) (0x513u | (value) << 20)
#define RET	     0x8067u

struct page {
	union {
		uint32_t *code;
		uint32_t (*function)(void);
	};
	/* The round whose instruction was written, and the one that the other thread is done with.
	 */
	_Atomic uint32_t written, done;
	_Atomic bool over;
	unsigned long stale, forever;
};

static uint32_t value_of(uint32_t round)
{
	return round & 0x3ff;
}

static bool runs_new_code(struct page *page, uint32_t round)
{
	__asm__ volatile("fence rw, rw\n\tfence.i" ::: "memory");
	return page->function() == value_of(round);
}

static void *calls(void *argument)
{
	struct page *page = argument;

	for (uint32_t round = 0; !page->over;) {
		uint32_t now = page->written;
		if (now == round) {
			/* Keeps the old code hot: no fence. */
			page->function();
			continue;
		}
		round = now;
		if (!runs_new_code(page, round)) {
			int tries = 1000000;

			page->stale++;
			while (tries > 0 && !runs_new_code(page, round))
				tries--;
			page->forever += tries == 0;
		}
		page->done = round;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 90);
	struct page page = {
		.code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	pthread_t thread;
	uint32_t round = 0;

	if (page.code == MAP_FAILED)
		err(1, "mmap");
	page.code[0] = LI_A0(0u);
	page.code[1] = RET;
	if (pthread_create(&thread, NULL, calls, &page))
		errx(1, "pthread_create");
	while (time(NULL) < end) {
		round++;
		*(volatile uint32_t *)page.code = LI_A0(value_of(round));
		page.written = round;
		while (page.done != round)
			;
	}
	page.over = true;
	pthread_join(thread, NULL);
	printf("%u rounds: the old instruction was run in %lu, for ever in %lu\n", round,
	       page.stale, page.forever);
	return page.stale ? 1 : 0;
}
