/* SPDX-License-Identifier: Apache-2.0 */

#include "base/way_out.h"

#include <errno.h>
#include <stddef.h>

#define ANY WAY_OUT_SUBJECTS /* whatever was tried */

/* The first row that fits; an error of 0 fits all. */
static const struct {
	enum way_out_subject subject;
	int error;
	const char *text;
} ways[] = {
	{ANY, EMFILE, "allow more open files (ulimit -n)"},
	{ANY, ENFILE, "the system has too many open files: raise sysctl fs.file-max (as root)"},
	{WAY_OUT_BPF, EPERM, "run vhart as root (sudo)"},
	{WAY_OUT_BPF, EACCES, "run vhart as root (sudo)"},
	{WAY_OUT_BPF, ENOMEM, "allow more locked memory (ulimit -l)"},
	{WAY_OUT_BPF, ENOSYS, "run a kernel with CONFIG_BPF_SYSCALL"},
	{WAY_OUT_BPF, EBUSY, "end what else holds it, and start the machine again"},
	{WAY_OUT_BPF, 0,
	 "run a kernel with CONFIG_BPF_EVENTS and CONFIG_DEBUG_INFO_BTF_MODULES ('vhart probe' "
	 "says more)"},
	{WAY_OUT_SAMPLING, EPERM, "run vhart as root (sudo)"},
	{WAY_OUT_SAMPLING, EACCES, "run vhart as root (sudo)"},
	{WAY_OUT_SAMPLING, EOPNOTSUPP,
	 "this host has no counter that interrupts (Sscofpmf): take -e cpu-clock"},
	{WAY_OUT_SAMPLING, ENOENT,
	 "this host has no counter that interrupts (Sscofpmf): take -e cpu-clock"},
	{WAY_OUT_SAMPLING, EINVAL,
	 "take another -c, or a lower -F, or raise sysctl kernel.perf_event_max_sample_rate"},
	{WAY_OUT_SAMPLING, ESRCH, "the process has ended: name one that runs"},
	{WAY_OUT_SAMPLING, 0, "take -e exits, which needs no event"},
	{WAY_OUT_TRACEPOINT, EPERM,
	 "run vhart as root (sudo); or sysctl kernel.perf_event_paranoid=-1"},
	{WAY_OUT_TRACEPOINT, EACCES,
	 "run vhart as root (sudo); or sysctl kernel.perf_event_paranoid=-1"},
	{WAY_OUT_TRACEPOINT, ENOMEM, "allow more locked memory (ulimit -l)"},
	{WAY_OUT_TRACEPOINT, 0, "run a kernel with CONFIG_PERF_EVENTS"},
	{WAY_OUT_TRACEFS, EPERM, "run vhart as root (sudo)"},
	{WAY_OUT_TRACEFS, EACCES, "run vhart as root (sudo)"},
	{WAY_OUT_TRACEFS, ENOMEM, "free some memory"},
	{WAY_OUT_TRACEFS, 0,
	 "modprobe kvm; mount -t tracefs tracefs /sys/kernel/tracing (as root)"},
};

const char *way_out(enum way_out_subject subject, int error)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if ((ways[i].subject == subject || ways[i].subject == ANY) &&
		    (ways[i].error == error || ways[i].error == 0))
			return ways[i].text;
	}
	return "'vhart probe' says what this host lacks";
}
