/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts a VMM and says, on standard output, one NAME NUMBER a line, what it took:
 *
 *     launch [--mark TEXT] [--output FILE] CMD...
 *
 *     launched_ns     CLOCK_MONOTONIC just before the VMM was started
 *     mark_ns         from then until the guest's console first said TEXT
 *     end_ns          from then until the VMM was gone
 *     status          its exit status
 *     resident_kb     resident memory at the mark, of the VMM and all processes that it has started
 *     beyond_ram_kb   the same without what is mapped of the guest's RAM: a mapping of 64 MiB or
 * more
 *
 * The console is the VMM's standard output: it goes to FILE as well. Without --mark nobody reads it
 * on the way (a pipe costs the VMM more than /dev/null), and FILE is the VMM's standard output
 * itself.
 */
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONSOLE_MAX (1u << 20)
#define RAM_LEAST   (64u << 20)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void say(const char *name, uint64_t value)
{
	printf("%s %llu\n", name, (unsigned long long)value);
}

struct resident {
	unsigned long long all_kb, ram_kb;
};

/* /proc/PID/smaps: a line with the range begins each mapping, "Rss:" is one of those after it. */
static void add_process(int pid, struct resident *sum)
{
	unsigned long long start, end, kb, len = 0;
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	FILE *smaps = fopen(path, "re");
	if (!smaps)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2) {
			len = end - start;
		} else if (sscanf(line, "Rss: %llu", &kb) == 1) {
			sum->all_kb += kb;
			sum->ram_kb += len >= RAM_LEAST ? kb : 0;
		}
	}
	fclose(smaps);
}

/* And those that it has started: each thread has children of its own. */
static void add_tree(int pid, struct resident *sum)
{
	char pattern[64];
	glob_t threads;

	add_process(pid, sum);
	snprintf(pattern, sizeof(pattern), "/proc/%d/task/*/children", pid);
	if (glob(pattern, 0, NULL, &threads) != 0)
		errx(1, "%s: there is nothing", pattern);
	for (size_t i = 0; i < threads.gl_pathc; i++) {
		FILE *children = fopen(threads.gl_pathv[i], "re");
		int child;

		while (children && fscanf(children, "%d", &child) == 1)
			add_tree(child, sum);
		if (children)
			fclose(children);
	}
	globfree(&threads);
}

static void say_resident(pid_t pid)
{
	struct resident sum = {0};

	add_tree((int)pid, &sum);
	say("resident_kb", sum.all_kb);
	say("beyond_ram_kb", sum.all_kb - sum.ram_kb);
}

static pid_t start(char **command, int output, uint64_t *launched)
{
	*launched = now_ns();
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0)
		return pid;
	dup2(output, STDOUT_FILENO);
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

/* Keeps what the guest says in FILE; looks for MARK in it. */
static void follow(int console, int file, const char *mark, pid_t pid, uint64_t launched)
{
	static char text[CONSOLE_MAX + 1];
	size_t len = 0;
	ssize_t got;
	bool seen = false;

	while ((got = read(console, text + len, CONSOLE_MAX - len)) > 0) {
		uint64_t now = now_ns();

		if (write(file, text + len, (size_t)got) != got)
			err(1, "the console's file");
		len += (size_t)got;
		text[len] = '\0';
		if (!seen && strstr(text, mark)) {
			seen = true;
			say("mark_ns", now - launched);
			say_resident(pid);
		}
		if (len == CONSOLE_MAX)
			len = 0;
	}
}

int main(int argc, char **argv)
{
	const char *mark = NULL, *output = "/dev/null";
	int at = 1, status, pipes[2];
	uint64_t launched;
	pid_t pid;

	for (; at + 1 < argc && !strncmp(argv[at], "--", 2); at += 2) {
		if (!strcmp(argv[at], "--mark"))
			mark = argv[at + 1];
		else if (!strcmp(argv[at], "--output"))
			output = argv[at + 1];
		else
			break;
	}
	if (at >= argc)
		errx(2, "usage: launch [--mark TEXT] [--output FILE] CMD...");
	int file = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0)
		err(1, "%s", output);
	if (mark) {
		if (pipe2(pipes, O_CLOEXEC) < 0)
			err(1, "pipe2");
		pid = start(argv + at, pipes[1], &launched);
		close(pipes[1]);
		follow(pipes[0], file, mark, pid, launched);
	} else {
		pid = start(argv + at, file, &launched);
	}
	waitpid(pid, &status, 0);
	say("launched_ns", launched);
	say("end_ns", now_ns() - launched);
	say("status",
	    WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : 128u + (unsigned)WTERMSIG(status));
	return 0;
}
