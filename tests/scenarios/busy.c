/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads that do nothing but work, each in a function of its own: functions that are equal the
 * compiler makes one. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((noinline)) static void spin_main(volatile unsigned long *count)
{
	for (;;)
		++*count;
}

__attribute__((noinline)) static void spin_worker(volatile unsigned long *count)
{
	for (;;)
		*count += 2;
}

static void *work(void *count)
{
	pthread_setname_np(pthread_self(), "worker");
	spin_worker(count);
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
	spin_main(&counts[1]);
}
