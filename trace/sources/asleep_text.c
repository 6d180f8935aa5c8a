/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trace/sources/asleep.h"

/* proc_pid_syscall(5), of riscv64: "29 0x7 0xae80 0x0 ..." */
#define SYSCALL_IOCTL 29
#define IOCTL_KVM_RUN 0xAE80u

int asleep_kvm_run(const char *syscall)
{
	unsigned int file, request;
	int number;

	if (sscanf(syscall, "%d %x %x", &number, &file, &request) != 3)
		return -1;
	return number == SYSCALL_IOCTL && request == IOCTL_KVM_RUN && file <= INT32_MAX ? (int)file
											: -1;
}

int asleep_vcpu_of_link(const char *link)
{
	static const char form[] = "anon_inode:kvm-vcpu:%d%n";
	int number = -1, length = 0;

	if (sscanf(link, form, &number, &length) != 1 || link[length] || number < 0)
		return -1;
	return number;
}

char asleep_letter(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end[2] : '\0';
}

/* kvm_vcpu_halt() is for WFI only; a stopped hart waits elsewhere. */
enum vcpu_state asleep_in(const char *wchan)
{
	return !strcmp(wchan, "kvm_vcpu_block") || !strcmp(wchan, "kvm_vcpu_halt") ? VCPU_HALTED
										   : VCPU_BLOCKED;
}

/* "se.exec_start      :      1234567.123456": ms. */
uint64_t asleep_ran(const char *sched)
{
	const char *line = strstr(sched, "se.exec_start");
	uint64_t ms, ns;

	if (!line || sscanf(line, "se.exec_start : %" SCNu64 ".%6" SCNu64, &ms, &ns) != 2)
		return 0;
	return ms * 1000000u + ns;
}
