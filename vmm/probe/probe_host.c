/* SPDX-License-Identifier: Apache-2.0 */
/* The host itself, and what it has for the memory and the devices of guests. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/io_uring.h>

#include "base/host.h"
#include "vmm/probe/probe.h"

#define THP_PATH "/sys/kernel/mm/transparent_hugepage/enabled"

static void check_kernel(struct probe *probe, const struct probe_check *check,
			 struct probe_finding *finding)
{
	struct utsname name;

	(void)probe;
	(void)check;
	if (uname(&name) < 0) {
		probe_set(finding, PROBE_UNKNOWN, "uname: %s", strerror(errno));
		return;
	}
	bool riscv64 = !strcmp(name.machine, "riscv64");
	probe_set(finding, riscv64 ? PROBE_OK : PROBE_MISSING, "%s %s %s", name.sysname,
		  name.release, name.machine);
}

static void check_harts(struct probe *probe, const struct probe_check *check,
			struct probe_finding *finding)
{
	char isa[PROBE_DETAIL_MAX - 64];
	long harts = sysconf(_SC_NPROCESSORS_ONLN);

	(void)probe;
	(void)check;
	if (host_read_field("/proc/cpuinfo", "isa", isa, sizeof(isa)))
		probe_set(finding, PROBE_OK, "%ld online; /proc/cpuinfo calls the first %s", harts,
			  isa);
	else
		probe_set(finding, PROBE_UNKNOWN, "%ld online; /proc/cpuinfo has no isa line",
			  harts);
}

static void check_user(struct probe *probe, const struct probe_check *check,
		       struct probe_finding *finding)
{
	(void)probe;
	(void)check;
	if (geteuid() == 0)
		probe_set(finding, PROBE_OK, "root");
	else
		probe_set(finding, PROBE_OK, "user %u: some of what follows asks for more",
			  (unsigned int)geteuid());
}

static void check_memory(struct probe *probe, const struct probe_check *check,
			 struct probe_finding *finding)
{
	char text[64];

	(void)probe;
	(void)check;
	if (!host_read_field("/proc/meminfo", "MemAvailable", text, sizeof(text))) {
		probe_set(finding, PROBE_UNKNOWN, "/proc/meminfo does not tell");
		return;
	}
	probe_set(finding, PROBE_OK, "%llu MiB available", strtoull(text, NULL, 10) >> 10);
}

static void check_huge_pages(struct probe *probe, const struct probe_check *check,
			     struct probe_finding *finding)
{
	char text[64];
	int result = host_read_line(THP_PATH, text, sizeof(text));

	(void)probe;
	(void)check;
	if (result < 0)
		probe_set(finding, PROBE_MISSING, "%s: %s", THP_PATH, strerror(-result));
	else if (strstr(text, "[never]"))
		probe_set(finding, PROBE_MISSING, "transparent huge pages are off");
	else
		probe_set(finding, PROBE_OK, "the kernel says transparent huge pages: %s",
			  strstr(text, "[always]") ? "always" : "where asked for (madvise)");
	if (result < 0)
		finding->fix = "run a kernel with CONFIG_TRANSPARENT_HUGEPAGE";
}

static void check_io_uring(struct probe *probe, const struct probe_check *check,
			   struct probe_finding *finding)
{
	struct io_uring_params params = {0};
	int fd = (int)syscall(__NR_io_uring_setup, 1u, &params);

	(void)check;
	if (fd >= 0) {
		close(fd);
		probe_set(finding, PROBE_OK, "io_uring can be used");
		return;
	}
	probe->usable = false; /* whatever the guest of 'kvm.guest' did */
	probe_set(finding, PROBE_MISSING, "io_uring_setup: %s", strerror(errno));
	if (errno == ENOSYS)
		finding->fix = "run a kernel with CONFIG_IO_URING, outside of containers that "
			       "forbid the call";
}

/* Whether a device of the kernel can be opened; TO_OPEN is what a user lacks who may not. */
static void check_device(struct probe_finding *finding, const char *path, const char *to_open)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		probe_set(finding, PROBE_OK, "%s can be opened", path);
		return;
	}
	probe_set(finding, PROBE_MISSING, "%s: %s", path, strerror(errno));
	if (errno == EACCES || errno == EPERM)
		finding->fix = to_open;
}

static void check_tun(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	(void)probe;
	(void)check;
	check_device(finding, "/dev/net/tun",
		     "chmod 666 /dev/net/tun (as root); an interface for you: ip tuntap "
		     "add dev tap0 mode tap user USER");
}

static void check_vhost_net(struct probe *probe, const struct probe_check *check,
			    struct probe_finding *finding)
{
	(void)probe;
	(void)check;
	check_device(finding, "/dev/vhost-net",
		     "usermod -aG kvm USER (as root), if it is of that "
		     "group, and log in again");
}

static void check_vhost_vsock(struct probe *probe, const struct probe_check *check,
			      struct probe_finding *finding)
{
	(void)probe;
	(void)check;
	check_device(finding, "/dev/vhost-vsock",
		     "usermod -aG kvm USER (as root), if it is of "
		     "that group, and log in again");
}

const struct probe_check probe_host_checks[] = {
	{"host.kernel", "kernel", check_kernel, 0, "vhart runs VMs on riscv64 only",
	 "./lab -- CMD, in vhart's source tree, plays a riscv64 host on this machine"},
	{"host.harts", "harts", check_harts, 0, NULL, NULL},
	{"host.user", "user", check_user, 0, NULL, NULL},
	{0},
};

const struct probe_check probe_io_checks[] = {
	{"io.memory", "memory", check_memory, 0, NULL, NULL},
	{"io.huge_pages", "huge pages", check_huge_pages, 0,
	 "guest memory is mapped in small pages: more stage-2 faults, a slower guest",
	 "echo madvise >" THP_PATH " (as root)"},
	{"io.uring", "io_uring", check_io_uring, 0,
	 "'vhart run' has no event loop and no disks without it: it cannot run",
	 "sysctl kernel.io_uring_disabled=0 (as root)"},
	{"io.tun", "tap interfaces", check_tun, 0, "no --net tap=IF; --net user works without",
	 "modprobe tun (as root)"},
	{"io.vhost_net", "vhost-net", check_vhost_net, 0,
	 "packets of --net tap=IF go through vhart's process: slower",
	 "modprobe vhost_net (as root)"},
	{"io.vhost_vsock", "vhost-vsock", check_vhost_vsock, 0, "no --vsock",
	 "modprobe vhost_vsock (as root)"},
	{0},
};
