/* SPDX-License-Identifier: Apache-2.0 */
/* What programs expect of a running system. What cannot be had is left out: CMD may not need it. */
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "vmm/command/init/init.h"
#include "vmm/command/init/system.h"

struct mount_row {
	const char *folder, *type;
	unsigned int mode; /* of the folder */
	const char *options;
};

static void mount_all(const struct mount_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CALL3(SYS_mkdirat, AT_FDCWD, rows[i].folder, rows[i].mode);
		if (rows[i].type)
			CALL5(SYS_mount, rows[i].type, rows[i].folder, rows[i].type, MS_NOSUID,
			      rows[i].options);
	}
}

void prepare_mounts(void)
{
	static const struct mount_row rows[] = {
		{"/dev", "devtmpfs", 0755, NULL},
		{"/proc", "proc", 0555, NULL},
		{"/sys", "sysfs", 0555, NULL},
	};

	mount_all(rows, sizeof(rows) / sizeof(rows[0]));
}

/* Many tests talk to this machine itself. */
static void bring_loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = (int)CALL3(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	CALL3(SYS_ioctl, fd, SIOCSIFFLAGS, &request);
	sys_close(fd);
}

/* An initrd with nothing but busybox makes the names of its commands when it starts. */
static void install_busybox(void)
{
	static const char busybox[] = "/bin/busybox";
	const char *const words[] = {busybox, "--install", "-s", NULL};
	long pid;

	if (!sys_exists(busybox) || sys_exists("/bin/ls") || sys_exists("/usr/bin/ls"))
		return;
	pid = sys_fork();
	if (pid == 0) {
		CALL3(SYS_execve, busybox, words, NULL);
		sys_exit(127);
	}
	if (pid > 0)
		CALL4(SYS_wait4, pid, NULL, 0, NULL);
}

void prepare_rest(void)
{
	static const struct mount_row rows[] = {
		{"/dev/pts", "devpts", 0755, NULL},
		{"/dev/shm", "tmpfs", 01777, NULL},
		{"/run", "tmpfs", 0755, "mode=755"},
		{"/tmp", NULL, 01777, NULL},
		{"/sys/kernel/debug", "debugfs", 0700, NULL},
		{"/sys/kernel/tracing", "tracefs", 0700, NULL},
		{"/sys/kernel/security", "securityfs", 0755, NULL},
		{"/sys/fs/cgroup", "cgroup2", 0755, NULL},
		{"/sys/fs/bpf", "bpf", 0700, NULL},
	};

	CALL1(SYS_umask, 0);
	mount_all(rows, sizeof(rows) / sizeof(rows[0]));
	CALL1(SYS_umask, 022);
	CALL3(SYS_symlinkat, "/proc/self/fd", AT_FDCWD, "/dev/fd");
	CALL3(SYS_symlinkat, "/proc/self/fd/0", AT_FDCWD, "/dev/stdin");
	CALL3(SYS_symlinkat, "/proc/self/fd/1", AT_FDCWD, "/dev/stdout");
	CALL3(SYS_symlinkat, "/proc/self/fd/2", AT_FDCWD, "/dev/stderr");
	bring_loopback_up();
	install_busybox();
}
