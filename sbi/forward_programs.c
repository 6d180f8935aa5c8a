/* SPDX-License-Identifier: Apache-2.0 */
#include "sbi/forward_programs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#define MAX_TRIES 50

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	int result = (int)syscall(__NR_bpf, command, attr, sizeof(*attr));

	return result < 0 ? -errno : result;
}

int forward_load_patiently(int (*load)(void *opaque), void *opaque)
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

static int run_program(int program)
{
	union bpf_attr attr = {.test.prog_fd = (uint32_t)program};

	return bpf(BPF_PROG_RUN, &attr);
}

static int attach(struct forward_programs *programs, int program)
{
	/* A program of BTF tracing knows its place: it has no name here. */
	union bpf_attr attr = {.raw_tracepoint.prog_fd = (uint32_t)program};
	int link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);

	if (link < 0)
		return link;
	programs->links[programs->link_count++] = link;
	return 0;
}

static bool link_lives(int link)
{
	struct bpf_link_info info = {0};
	union bpf_attr attr = {
		.info.bpf_fd = (uint32_t)link,
		.info.info_len = sizeof(info),
		.info.info = (uint64_t)(uintptr_t)&info,
	};

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && info.prog_id != 0;
}

/* Trampolines hang on the function tracer, which root can switch off for the whole machine. */
static bool tracer_is_on(void)
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

bool forward_attached(const struct forward_programs *programs)
{
	for (unsigned int i = 0; i < programs->link_count; i++)
		if (!link_lives(programs->links[i]))
			return false;
	return !programs->on_functions || tracer_is_on();
}

void forward_unload(struct forward_programs *programs)
{
	for (unsigned int i = 0; i < programs->link_count; i++)
		close(programs->links[i]);
	programs->link_count = 0;
	if (programs->skeleton)
		programs->destroy(programs->skeleton);
	programs->skeleton = NULL;
}

int forward_begin(struct forward_programs *programs, int result, int map, int setup, int first,
		  int second)
{
	programs->map = map;
	if (result == 0) {
		programs->step = "running";
		result = run_program(setup);
	}
	if (result == 0) {
		programs->step = "attaching";
		result = first < 0 ? 0 : attach(programs, first);
	}
	if (result == 0 && second >= 0)
		result = attach(programs, second);
	if (result < 0)
		forward_unload(programs);
	return result;
}
