/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads that do nothing but work, each in a function of its own. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void spin_main(volatile unsigned long *count)
{
	for (;;)
		++*count;
}

static void spin_worker(volatile unsigned long *count)
{
	for (;;)
		++*count;
}

/* Called through these they stay what they are: the compiler makes equal functions one, and a
 * version of its own for a known argument. */
static void (*volatile const functions[])(volatile unsigned long *) = {spin_main, spin_worker};

static void *work(void *count)
{
	pthread_setname_np(pthread_self(), "worker");
	functions[1](count);
	return NULL;
}

int main(void)
{
	static unsigned long counts[2];
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, &counts[0]) != 0)
		return 1;
	printf("processes %d to %d\n", getpid(), getpid());
	fflush(stdout);
	functions[0](&counts[1]);
	return 0;
}
