/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

static const uint64_t rights[] = {
	[CONFINE_READ] = READ_FILE,
	[CONFINE_RUN] = READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE,
	[CONFINE_WRITE] = READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
			  LANDLOCK_ACCESS_FS_IOCTL_DEV,
};

/* Of a file that is no folder. */
#define OF_FILES                                                                                   \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |                               \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |                             \
	 LANDLOCK_ACCESS_FS_IOCTL_DEV)

/* What each version of Landlock added to the one before: all that it knows is forbidden. */
static const struct landlock_ruleset_attr added[] = {
	{.handled_access_fs = 2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1},
	{.handled_access_fs = LANDLOCK_ACCESS_FS_REFER},
	{.handled_access_fs = LANDLOCK_ACCESS_FS_TRUNCATE},
	{.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP},
	{.handled_access_fs = LANDLOCK_ACCESS_FS_IOCTL_DEV},
	{.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL},
};

static long version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static struct landlock_ruleset_attr known(void)
{
	struct landlock_ruleset_attr all = {0};
	const long count = version();

	for (long i = 0; i < count && i < (long)(sizeof(added) / sizeof(added[0])); i++) {
		all.handled_access_fs |= added[i].handled_access_fs;
		all.handled_access_net |= added[i].handled_access_net;
		all.scoped |= added[i].scoped;
	}
	return all;
}

bool confine_can(void)
{
	return version() > 0;
}

int confine_new(bool network)
{
	struct landlock_ruleset_attr all = known();
	long fd;

	if (network)
		all.handled_access_net = 0;
	fd = syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	return fd < 0 ? -errno : (int)fd;
}

int confine_allow(int rules, const char *path, enum confine_right right)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = rights[right] & known().handled_access_fs,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat info;
	int result = 0;

	if (beneath.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
	if (fstat(beneath.parent_fd, &info) == 0 && !S_ISDIR(info.st_mode))
		beneath.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		result = errno;
	close(beneath.parent_fd);
	return result;
}

int confine_enter(int rules)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, rules, 0) == 0)
		return 0;
	return errno;
}
