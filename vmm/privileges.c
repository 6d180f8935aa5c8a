/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/privileges.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/log.h"

/* CAP_*, newer than some headers. */
static const unsigned int kept[] = {
	38, /* CAP_PERFMON: perf_event_open(), which takes no path, and what BPF programs may do */
	39, /* CAP_BPF: loads vhart's own programs; what is pinned in a file system is not opened */
};

uint64_t privileges_kept(uint64_t set)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		mask |= 1ull << kept[i];
	return set & mask;
}

/* One of the three sets as the kernel has them, 32 bits in each of two words. */
static uint64_t join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

static int drop_capabilities(bool *dropped)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t had, effective, permitted;

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	had = join(data[0].permitted, data[1].permitted);
	permitted = privileges_kept(had);
	effective = privileges_kept(join(data[0].effective, data[1].effective));
	*dropped = had != permitted;
	data[0] = (struct __user_cap_data_struct){.permitted = (uint32_t)permitted,
						  .effective = (uint32_t)effective};
	data[1] = (struct __user_cap_data_struct){.permitted = (uint32_t)(permitted >> 32),
						  .effective = (uint32_t)(effective >> 32)};
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

bool privileges_settle(void)
{
	bool dropped = false;
	int result;

	if (!getauxval(AT_SECURE))
		return true;
	if (getuid() != geteuid() || getgid() != getegid()) {
		error("this program file is set-user-ID or set-group-ID, and vhart opens files "
		      "that its user names: take that away (chmod ug-s), and run it as root where "
		      "root is needed");
		return false;
	}
	result = drop_capabilities(&dropped);
	if (result < 0) {
		error("giving up the capabilities of this program file: %s: take them from it",
		      strerror(-result));
		return false;
	}
	if (dropped)
		warning("vhart opens files that its user names: of the capabilities of this "
			"program file only CAP_BPF and CAP_PERFMON are used");
	return true;
}
