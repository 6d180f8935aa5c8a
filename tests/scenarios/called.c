/* SPDX-License-Identifier: Apache-2.0 */
/* Works in a function that others called, and each has its name; built with frame pointers. */
#include <stdio.h>
#include <unistd.h>

static volatile unsigned long count;

static void spin_inmost(void)
{
	for (;;)
		count++;
}

/* Through these the compiler sees no call that it could take the place of. */
static void (*volatile inmost)(void) = spin_inmost;

static void middle(void)
{
	inmost();
}
static void (*volatile between)(void) = middle;

static void outer(void)
{
	between();
}
static void (*volatile outmost)(void) = outer;

int main(void)
{
	printf("processes %d to %d\n", getpid(), getpid());
	fflush(stdout);
	outmost();
	return 0;
}
