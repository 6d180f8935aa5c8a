/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/asleep.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "trace/sources/perf_fold.h"
#include "trace/sources/vms.h"

#define FILE_SIZE 4096u
#define MAX_VMS	  64u

/* Of thread TID of process PID; PID 0 is ourselves. False: there is none, or it is not ours to
 * see. */
static bool read_file(pid_t pid, long tid, const char *name, char out[FILE_SIZE])
{
	char path[80];
	ssize_t got = -1;
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/task/%ld/%s", (int)pid, tid, name);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, out, FILE_SIZE - 1);
		close(fd);
	}
	out[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static int vcpu_of_file(pid_t pid, int file)
{
	char path[80], link[64];
	ssize_t length;

	if (file < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, file);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return -1;
	link[length] = '\0';
	return asleep_vcpu_of_link(link);
}

/*
 * The scheduler's clock is not CLOCK_MONOTONIC, but goes as fast. It forgets when a thread ran that
 * it moves to another CPU (enqueue_entity()), and since 6.12 moves some that sleep already.
 */
static uint64_t asleep_since(pid_t pid, long tid)
{
	char text[FILE_SIZE];
	uint64_t theirs = read_file(pid, tid, "sched", text) ? asleep_ran(text) : 0, ours;

	if (!theirs)
		return 0;
	/* Ours is as of when we last began to run. */
	sched_yield();
	ours = read_file(0, 0, "sched", text) ? asleep_ran(text) : 0;
	return ours > theirs && clock_now() > ours - theirs ? clock_now() - (ours - theirs) : 0;
}

/* By its thread's name: it runs, or sleeps in userspace, or was stopped by a signal. */
static bool is_outside(pid_t pid, long tid, char letter, struct asleep_vcpu *vcpu)
{
	char name[FILE_SIZE];
	uint32_t number;

	if (!read_file(pid, tid, "comm", name))
		return false;
	name[strcspn(name, "\n")] = '\0';
	number = vcpu_number(name);
	if (number == VCPU_UNNAMED)
		return false;
	vcpu->vcpu_id = number;
	vcpu->state = letter == 'R'		       ? VCPU_UNSEEN
		      : letter == 'T' || letter == 't' ? VCPU_WAITING
						       : VCPU_VMM;
	return true;
}

static bool sleeps_in_kvm(pid_t pid, long tid, const struct vcpu_files *files,
			  struct asleep_vcpu *vcpu)
{
	char text[FILE_SIZE];
	int file = -1, number;

	if (read_file(pid, tid, "syscall", text))
		file = asleep_kvm_run(text);
	number = vcpu_of_file(pid, file);
	if (number < 0)
		return false;
	vcpu->vcpu_id = (uint32_t)number;
	vcpu->pc = vcpu_files_pc(files, pid, file);
	vcpu->state = read_file(pid, tid, "wchan", text) ? asleep_in(text) : VCPU_BLOCKED;
	return true;
}

static bool is_asleep(pid_t pid, long tid, const struct vcpu_files *files, struct asleep_vcpu *vcpu)
{
	char text[FILE_SIZE];
	char letter = read_file(pid, tid, "stat", text) ? asleep_letter(text) : '\0';
	bool asleep = letter == 'S' || letter == 'D';

	*vcpu = (struct asleep_vcpu){.tid = (uint32_t)tid};
	if (!letter || !strchr("RSDTt", letter))
		return false;
	if (!(asleep && sleeps_in_kvm(pid, tid, files, vcpu)) &&
	    !is_outside(pid, tid, letter, vcpu))
		return false;
	if (vcpu->state != VCPU_UNSEEN)
		vcpu->since = asleep_since(pid, tid);
	return true;
}

size_t asleep_find(pid_t pid, const struct vcpu_files *files, struct asleep_vcpu *found,
		   size_t room)
{
	struct asleep_vcpu vcpu;
	struct dirent *entry;
	size_t count = 0;
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	while (threads && (entry = readdir(threads))) {
		long tid = strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || !is_asleep(pid, tid, files, &vcpu))
			continue;
		if (count < room)
			found[count] = vcpu;
		count++;
	}
	if (threads)
		closedir(threads);
	return count;
}

void asleep_each(pid_t pid, void (*each)(void *opaque, pid_t pid, const struct asleep_vcpu *vcpu),
		 void *opaque)
{
	struct vm vms[MAX_VMS] = {{.pid = pid}};
	size_t vm_count = pid ? 1 : vms_list(vms, MAX_VMS);
	struct vcpu_files *files = vcpu_files_open();

	for (size_t i = 0; i < vm_count && i < MAX_VMS; i++) {
		struct asleep_vcpu found[EXIT_VCPUS];
		size_t count = asleep_find(vms[i].pid, files, found, EXIT_VCPUS);

		for (size_t j = 0; j < count && j < EXIT_VCPUS; j++)
			each(opaque, vms[i].pid, &found[j]);
	}
	vcpu_files_close(files);
}
