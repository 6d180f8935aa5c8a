/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge PID SIGNAL VALUE TIMES: sends SIGNAL to every thread of process PID, TIMES times, as if it
 * had queued it itself, with VALUE for whatever a handler may take: a pointer, a descriptor.
 */
#include <dirent.h>
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void send_forged(int pid, int tid, int number, uintptr_t value)
{
	siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};

	info.si_pid = pid;
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *)value;
	if (syscall(SYS_rt_tgsigqueueinfo, pid, tid, number, &info) < 0)
		warn("signal %d to thread %d", number, tid);
}

static void send_to_all(int pid, int number, uintptr_t value)
{
	char path[64];
	const struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	if (!folder)
		err(1, "%s", path);
	while ((entry = readdir(folder)))
		if (atoi(entry->d_name) > 0)
			send_forged(pid, atoi(entry->d_name), number, value);
	closedir(folder);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "usage: forge PID SIGNAL VALUE TIMES");
	for (int left = atoi(argv[4]); left > 0; left--)
		send_to_all(atoi(argv[1]), atoi(argv[2]), strtoul(argv[3], NULL, 0));
	return 0;
}
