/* SPDX-License-Identifier: Apache-2.0 */

#include "base/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#define MAX_TRIES 50

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	int result = (int)syscall(__NR_bpf, command, attr, sizeof(*attr));

	return result < 0 ? -errno : result;
}

int bpf_load_patiently(int (*load)(void *opaque), void *opaque)
{
	sigset_t all, before;
	int result, tries = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	do {
		result = load(opaque);
	} while (result == -EAGAIN && ++tries < MAX_TRIES);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

int bpf_run_program(int program)
{
	union bpf_attr attr = {.test.prog_fd = (uint32_t)program};

	return bpf(BPF_PROG_RUN, &attr);
}

int bpf_iterate(int program, pid_t pid)
{
	union bpf_iter_link_info of = {.task.pid = (uint32_t)pid};
	union bpf_attr link = {
		.link_create.prog_fd = (uint32_t)program,
		.link_create.attach_type = BPF_TRACE_ITER,
		.link_create.iter_info = (uint64_t)(uintptr_t)&of,
		.link_create.iter_info_len = sizeof(of),
	};
	int link_fd = bpf(BPF_LINK_CREATE, &link), iterator;
	ssize_t got;
	char none;

	if (link_fd < 0)
		return link_fd;
	union bpf_attr create = {.iter_create.link_fd = (uint32_t)link_fd};
	iterator = bpf(BPF_ITER_CREATE, &create);
	close(link_fd);
	if (iterator < 0)
		return iterator;
	/* It writes nothing: the first read goes to the end. */
	got = read(iterator, &none, sizeof(none));
	close(iterator);
	return got < 0 ? -EIO : 0;
}

int bpf_attach(int program)
{
	/* A program of BTF tracing knows its place: it has no name here. */
	union bpf_attr attr = {.raw_tracepoint.prog_fd = (uint32_t)program};

	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

bool bpf_link_lives(int link)
{
	struct bpf_link_info info = {0};
	union bpf_attr attr = {
		.info.bpf_fd = (uint32_t)link,
		.info.info_len = sizeof(info),
		.info.info = (uint64_t)(uintptr_t)&info,
	};

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && info.prog_id != 0;
}

uint64_t bpf_program_missed(int program)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {
		.info.bpf_fd = (uint32_t)program,
		.info.info_len = sizeof(info),
		.info.info = (uint64_t)(uintptr_t)&info,
	};

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 ? info.recursion_misses : 0;
}

bool bpf_tracer_is_on(void)
{
	int fd = open("/proc/sys/kernel/ftrace_enabled", O_RDONLY | O_CLOEXEC);
	char state = '1';

	if (fd < 0)
		return true;
	if (read(fd, &state, 1) != 1)
		state = '1';
	close(fd);
	return state != '0';
}
