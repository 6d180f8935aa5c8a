/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions build the drivers of virtio as modules. They are looked for by their file names
 * below /lib/modules/VERSION, in an order in which each finds what it needs; the kernel unpacks
 * those that are compressed.
 */
#include <fcntl.h>
#include <sys/utsname.h>

#include "vmm/command/init/init.h"
#include "vmm/command/init/system.h"

#define PATH_ROOM    512u
#define FOLDERS_DEEP 12u
#define COMPRESSED   4 /* MODULE_INIT_COMPRESSED_FILE of linux/module.h */
#define NAME_MOST    32u

/* Those of the transports and of the ports come first; with them the ports appear meanwhile. */
static const char *const wanted[] = {
	"virtio",
	"virtio_ring",
	"virtio_pci_modern_dev",
	"virtio_pci_legacy_dev",
	"virtio_pci",
	"virtio_mmio",
	"virtio_console",
	"virtio_blk",
	"failover",
	"net_failover",
	"virtio_net",
	"rng_core",
	"virtio_rng",
};
enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };

struct search {
	char paths[WANTED][PATH_ROOM]; /* "": not found */
	const char *folder;
	unsigned int depth;
};

/* "virtio_console" of "virtio-console.ko.xz"; false: no module's. */
static bool module_name(const char *file, char name[NAME_MOST])
{
	size_t len = 0;

	for (; file[len] && file[len] != '.' && len + 1 < NAME_MOST; len++)
		name[len] = file[len] == '-' ? '_' : file[len];
	name[len] = '\0';
	return file[len] == '.' && file[len + 1] == 'k' && file[len + 2] == 'o';
}

static bool visit(const char *name, void *opaque)
{
	struct search *search = opaque;
	const char *folder = search->folder;
	char path[PATH_ROOM], module[NAME_MOST];

	if (!text_join(path, sizeof(path), folder, name))
		return true;
	if (!module_name(name, module)) {
		/* Links to the kernel's sources, where they were installed too. */
		if (search->depth == FOLDERS_DEEP || text_equal(name, "build") ||
		    text_equal(name, "source"))
			return true;
		search->folder = path;
		search->depth++;
		each_name(path, visit, search); /* what is no folder has no names */
		search->depth--;
		search->folder = folder;
		return true;
	}
	for (unsigned int i = 0; i < WANTED; i++)
		if (text_equal(module, wanted[i]))
			memcpy(search->paths[i], path, strlen(path) + 1);
	return true;
}

static bool is_plain(int fd)
{
	char magic[4] = "";

	sys_read(fd, magic, sizeof(magic));
	CALL3(SYS_lseek, fd, 0, 0);
	return !memcmp(magic, "\177ELF", sizeof(magic));
}

/* Fails for what is there already, and for what this machine does not need. False: no such file. */
static bool load(const char *path)
{
	int fd = sys_open(path, O_RDONLY);

	if (fd < 0)
		return false;
	CALL3(SYS_finit_module, fd, "", is_plain(fd) ? 0 : COMPRESSED);
	sys_close(fd);
	return true;
}

/* Those of --root, in vhart's order. They go when they are loaded. */
static void load_given(void)
{
	static const char folder[] = "/" COMMAND_MODULES_PATH;
	char path[PATH_ROOM], name[3] = "";
	bool more = true;

	for (unsigned int i = 0; more && i < 100; i++) {
		name[0] = (char)('0' + (i < 10 ? i : i / 10));
		name[1] = i < 10 ? '\0' : (char)('0' + i % 10);
		more = text_join(path, sizeof(path), folder, name) && load(path);
		if (more)
			CALL3(SYS_unlinkat, AT_FDCWD, path, 0);
	}
	CALL3(SYS_unlinkat, AT_FDCWD, folder, AT_REMOVEDIR);
}

void modules_load(void)
{
	static struct search search;
	struct utsname name;
	char folder[PATH_ROOM];

	load_given();
	if (CALL1(SYS_uname, &name) ||
	    !text_join(folder, sizeof(folder), "/lib/modules", name.release))
		return;
	search.folder = folder;
	each_name(folder, visit, &search);
	for (unsigned int i = 0; i < WANTED; i++)
		if (search.paths[i][0])
			load(search.paths[i]);
}
