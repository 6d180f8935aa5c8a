/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disturbs the vCPU threads of a running vhart with all that may come between an SBI call and its
 * answer, until it ends:
 *
 *     disturb PID
 *
 * Signals that vhart uses itself, sent by a stranger; moves from CPU to CPU; stops and goes.
 */
#include <dirent.h>
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_THREADS 64u
#define PAUSE_US    200u

/* The threads of PID whose names begin with vcpu. */
static unsigned int find_vcpus(pid_t pid, pid_t *threads)
{
	char path[300], name[32];
	unsigned int count = 0;
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return 0;
	while (count < MAX_THREADS && (entry = readdir(tasks))) {
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", pid, entry->d_name);
		comm = fopen(path, "re");
		if (!comm)
			continue;
		if (fgets(name, sizeof(name), comm) && strncmp(name, "vcpu", 4) == 0)
			threads[count++] = (pid_t)atoi(entry->d_name);
		fclose(comm);
	}
	closedir(tasks);
	return count;
}

static void move(pid_t thread, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(thread, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	/* The kick, the forward, and both at once. */
	const int signals[] = {SIGRTMIN + 6, SIGRTMIN + 7};
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), rounds = 0;
	pid_t threads[MAX_THREADS], pid = argc == 2 ? (pid_t)atoi(argv[1]) : 0;
	unsigned int count;

	if (pid <= 0)
		errx(2, "usage: disturb PID");
	while ((count = find_vcpus(pid, threads)) > 0 || (rounds == 0 && kill(pid, 0) == 0)) {
		for (unsigned int i = 0; i < 100 * count; i++) {
			pid_t thread = threads[i % count];

			syscall(SYS_tgkill, pid, thread, signals[i / count % 2]);
			if (i % 3 == 0)
				syscall(SYS_tgkill, pid, thread, signals[(i / count + 1) % 2]);
			move(thread, (i + i / count) % cpus);
			usleep(PAUSE_US);
		}
		if (count) {
			kill(pid, SIGSTOP);
			usleep(PAUSE_US);
			kill(pid, SIGCONT);
			rounds++;
		}
	}
	printf("%u rounds\n", rounds);
	return 0;
}
