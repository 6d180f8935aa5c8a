/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds a VM and a perf event, without using them, for as long as the lab host lives; returns once
 * it holds them. Linux has static keys for "there is a VM" (preempt_notifier_key) and "a task has
 * perf events" (perf_sched_events): it rewrites the scheduler's code when the first one comes and
 * when the last one goes. Under QEMU another hart can then run the old code for ever
 * (README.md, "Code that is replaced"), and a vCPU's thread is taken off a CPU but not put back.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void hold(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;
	struct perf_event_attr nothing = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(nothing),
		.config = PERF_COUNT_SW_DUMMY,
	};

	if (kvm < 0)
		err(1, "/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0ul);
	if (vm < 0)
		err(1, "KVM_CREATE_VM");
	/* Its statistics hold it as well, and are not what those who look for VMs find. */
	if (ioctl(vm, KVM_GET_STATS_FD, 0) < 0)
		err(1, "KVM_GET_STATS_FD");
	close(vm);
	if (syscall(SYS_perf_event_open, &nothing, 0, -1, -1, PERF_FLAG_FD_CLOEXEC) < 0)
		err(1, "perf_event_open");
}

int main(void)
{
	int held[2];
	char byte = 0;

	if (pipe(held))
		err(1, "pipe");
	pid_t child = fork();
	if (child < 0)
		err(1, "fork");
	close(held[child == 0 ? 0 : 1]);
	if (child > 0)
		return read(held[0], &byte, 1) == 1 ? 0 : 1;
	hold();
	setsid();
	if (write(held[1], &byte, 1) != 1)
		err(1, "write");
	for (;;)
		pause();
}
