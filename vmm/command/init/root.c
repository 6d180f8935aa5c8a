/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root of --root: the folder by virtiofs, and over it a file system in memory that takes what
 * is written. Nothing of the folder changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "vmm/command/init/init.h"
#include "vmm/command/init/system.h"

static const char root_path[] = "/" COMMAND_ROOT_PATH;

const struct command_root *root_wanted(void)
{
	static struct command_root root;
	int fd = sys_open(root_path, O_RDONLY);
	long len;

	if (fd < 0)
		return NULL;
	len = sys_read(fd, &root, sizeof(root));
	sys_close(fd);
	CALL3(SYS_unlinkat, AT_FDCWD, root_path, 0);
	return len == (long)sizeof(root) ? &root : NULL;
}

static long mount_on(const char *what, const char *folder, const char *type, long flags,
		     const char *options)
{
	CALL3(SYS_mkdirat, AT_FDCWD, folder, 0755);
	return CALL5(SYS_mount, what, folder, type, flags, options);
}

/* The first half: what can be missing in a kernel. NULL: all is there. */
static const char *make_root(void)
{
	long result = mount_on(COMMAND_ROOT_TAG, "/vhart-lower", "virtiofs", MS_RDONLY, NULL);

	if (result == -ENODEV)
		return "--root: this kernel has no virtiofs: build it with CONFIG_FUSE_FS and "
		       "CONFIG_VIRTIO_FS, or put its modules beside it (make modules_install "
		       "INSTALL_MOD_PATH=FOLDER-OF-IMAGE)";
	if (result)
		return "--root: the folder cannot be mounted: this kernel does not find the "
		       "device of its virtiofs";
	if (mount_on("memory", "/vhart-memory", "tmpfs", 0, "mode=755"))
		return "--root: this kernel has no tmpfs: CONFIG_TMPFS";
	CALL3(SYS_mkdirat, AT_FDCWD, "/vhart-memory/upper", 0755);
	CALL3(SYS_mkdirat, AT_FDCWD, "/vhart-memory/work", 0755);
	result = mount_on("root", "/vhart-root", "overlay", 0,
			  "lowerdir=/vhart-lower,upperdir=/vhart-memory/upper,"
			  "workdir=/vhart-memory/work");
	if (result == -ENODEV)
		return "--root: this kernel has no overlay file system: build it with "
		       "CONFIG_OVERLAY_FS, or put its modules beside it (make modules_install "
		       "INSTALL_MOD_PATH=FOLDER-OF-IMAGE)";
	return result ? "--root: the overlay over the folder cannot be mounted" : NULL;
}

const char *root_enter(void)
{
	const char *why = make_root();

	if (why)
		return why;
	/* Where the init's own root cannot be left by pivot_root(): as switch_root does it. */
	if (CALL1(SYS_chdir, "/vhart-root") || CALL5(SYS_mount, ".", "/", NULL, MS_MOVE, NULL) ||
	    CALL1(SYS_chroot, ".") || CALL1(SYS_chdir, "/"))
		return "--root: the root cannot be changed";
	return NULL;
}

void root_become_user(const struct command_root *root)
{
	/* So that /dev/stdin, /dev/stdout and /dev/stderr can be opened. */
	for (int fd = 0; fd < 3; fd++)
		CALL3(SYS_fchown, fd, root->uid, root->gid);
	CALL2(SYS_setgroups, root->group_count, root->groups);
	CALL3(SYS_setresgid, root->gid, root->gid, root->gid);
	CALL3(SYS_setresuid, root->uid, root->uid, root->uid);
}

const char *root_go_to_folder(const struct command_root *root)
{
	const char *folder = root->pwd + strlen("PWD=");

	return *folder == '/' && CALL1(SYS_chdir, folder) == 0 ? root->pwd : "PWD=/";
}
