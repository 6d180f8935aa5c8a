/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes BYTES to standard output, in lines of 64 and 4096 with each write(), and says on standard
 * error how long it took: "lines BYTES NANOSECONDS".
 *
 *     lines BYTES
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE  64u
#define PIECE 4096u

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	const unsigned long bytes = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	char piece[PIECE];

	if (!bytes || bytes % PIECE)
		errx(2, "usage: lines BYTES, a multiple of %u", PIECE);
	memset(piece, 'x', sizeof(piece));
	for (unsigned int at = LINE; at <= PIECE; at += LINE)
		piece[at - 1] = '\n';
	uint64_t start = now_ns();
	for (unsigned long left = bytes; left > 0; left -= PIECE)
		if (write(STDOUT_FILENO, piece, PIECE) != PIECE)
			err(1, "standard output");
	fprintf(stderr, "lines %lu %llu\n", bytes, (unsigned long long)(now_ns() - start));
	return 0;
}
