/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/counters/platform_events.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/kvm/kvm_stats.h"

#define STEAL 9u

const struct platform_event platform_events[PLATFORM_EVENTS] = {
	{PLATFORM_EXITS, "exits", "exits of the guest, whoever handles them", "exits"},
	{PLATFORM_CALLS, "calls", "SBI calls", NULL},
	{3, "halts", "WFI that left the guest", "wfi_exit_stat"},
	{PLATFORM_MMIO, "mmio", "MMIO accesses handled by the VMM", "mmio_exit_user"},
	{5, "mmio-kernel", "MMIO accesses handled by KVM", "mmio_exit_kernel"},
	{6, "csr", "CSR accesses handled by the VMM", "csr_exit_user"},
	{7, "csr-kernel", "CSR accesses handled by KVM", "csr_exit_kernel"},
	{8, "signals", "exits because of a signal for the vCPU's thread", "signal_exits"},
	{STEAL, "steal", "nanoseconds that the vCPU was ready and had no CPU", NULL},
	{10, "illegal", "illegal instructions that KVM passed on", "instr_illegal_exits"},
	{PLATFORM_FAULTS, "faults", "guest page faults: MMIO, and RAM that is touched first", NULL},
};

void platform_counts_open(struct platform_counts *counts, int vcpu_fd)
{
	counts->stats_fd = kvm_stats_open(vcpu_fd);
	counts->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	for (unsigned int i = 0; i < PLATFORM_EVENTS; i++)
		counts->offsets[i] =
			platform_events[i].statistic
				? kvm_stats_offset(counts->stats_fd, platform_events[i].statistic)
				: -1;
}

void platform_counts_close(struct platform_counts *counts)
{
	if (counts->stats_fd >= 0)
		close(counts->stats_fd);
	if (counts->schedstat_fd >= 0)
		close(counts->schedstat_fd);
}

/* Documentation/scheduler/sched-stats.rst: time on a CPU, time waited for one, timeslices. */
static bool read_steal(int fd, uint64_t *ns)
{
	char text[96] = {0};

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && sscanf(text, "%*u %" SCNu64, ns) == 1;
}

bool platform_counts_read(const struct platform_counts *counts, uint64_t data, uint64_t *count)
{
	if (data == STEAL)
		return read_steal(counts->schedstat_fd, count);
	for (unsigned int i = 0; i < PLATFORM_EVENTS; i++)
		if (platform_events[i].data == data)
			return counts->offsets[i] >= 0 &&
			       pread(counts->stats_fd, count, sizeof(*count), counts->offsets[i]) ==
				       (ssize_t)sizeof(*count);
	return false;
}
