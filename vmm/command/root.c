/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command/root.h"

#include <endian.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/boot/cpio.h"
#include "vmm/boot/modules.h"
#include "vmm/command/protocol.h"
#include "vmm/config.h"

#define DEP_MOST    (16ull << 20)
#define MODULE_MOST (64ull << 20)

/* What the ports, the root and what is over it take; those that are built in are not found. */
static const char *const wanted[] = {
	"virtio_pci", "virtio_mmio", "virtio_console", "virtiofs", "overlay",
};

/* ---- who and where ---- */

static void set_groups(struct command_root *root)
{
	gid_t groups[NGROUPS_MAX];
	int count = getgroups((int)(sizeof(groups) / sizeof(groups[0])), groups);
	unsigned int taken = 0;

	while ((int)taken < count && taken < COMMAND_GROUPS_MAX) {
		root->groups[taken] = htole32(groups[taken]);
		taken++;
	}
	root->group_count = htole32(taken);
}

/* A text that is too long is none. */
static void set_text(char *to, size_t size, const char *name, const char *value)
{
	if (snprintf(to, size, "%s%s", name, value) >= (int)size)
		snprintf(to, size, "%s", name);
}

static void describe_caller(struct command_root *root)
{
	const struct passwd *entry = getpwuid(geteuid());
	const char *home = getenv("HOME");
	char folder[COMMAND_FOLDER_MAX], number[16];

	snprintf(number, sizeof(number), "%u", geteuid());
	if (!home)
		home = entry ? entry->pw_dir : "/";
	if (!getcwd(folder, sizeof(folder)))
		strcpy(folder, "/");
	root->uid = htole32(geteuid());
	root->gid = htole32(getegid());
	set_groups(root);
	set_text(root->user, sizeof(root->user), "USER=", entry ? entry->pw_name : number);
	set_text(root->logname, sizeof(root->logname), "LOGNAME=", root->user + strlen("USER="));
	set_text(root->home, sizeof(root->home), "HOME=", home);
	set_text(root->pwd, sizeof(root->pwd), "PWD=", folder);
}

/* ---- modules ---- */

/* Where the modules of VERSION may be: beside the kernel, as Debian's packages and modules_install
 * put them, and in the root itself. */
static bool find_folder(const struct config *config, const char *version, char *folder, size_t size)
{
	static const char *const beside[] = {"", "/lib/modules/", "/usr/lib/modules/",
					     "/../lib/modules/", "/../usr/lib/modules/"};
	const char *slash = strrchr(config->kernel, '/');
	const int len = slash ? (int)(slash - config->kernel) : 1;
	const char *kernel_folder = slash ? config->kernel : ".";
	char file[PATH_MAX];

	for (unsigned int i = 0; i <= sizeof(beside) / sizeof(beside[0]); i++) {
		int needed;

		if (i < sizeof(beside) / sizeof(beside[0]))
			needed = snprintf(folder, size, "%.*s%s%s", len, kernel_folder, beside[i],
					  *beside[i] ? version : "");
		else
			needed = snprintf(folder, size, "%s/lib/modules/%s", config->root, version);
		if (needed < (int)size &&
		    snprintf(file, sizeof(file), "%s/modules.dep", folder) < (int)sizeof(file) &&
		    access(file, R_OK) == 0)
			return true;
	}
	return false;
}

static bool list_modules(const char *folder, struct module_list *list)
{
	char path[PATH_MAX + 16];
	const char *wrong = NULL;
	struct blob dep = {0};

	snprintf(path, sizeof(path), "%s/modules.dep", folder);
	if (!file_load("modules", path, DEP_MOST, &dep))
		return false;
	for (unsigned int i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && !wrong; i++)
		wrong = modules_add(list, &dep, wanted[i]);
	blob_free(&dep);
	if (wrong)
		error("modules: %s %s: run depmod again", path, wrong);
	return !wrong;
}

static bool append_module(const char *folder, const char *path, unsigned int number,
			  struct blob *initrd)
{
	char file[PATH_MAX + MODULES_PATH_MAX + 2], guest[64];
	struct blob module = {0};
	bool good;

	snprintf(file, sizeof(file), "%s/%s", folder, path);
	if (!file_load("module", file, MODULE_MOST, &module))
		return false;
	snprintf(guest, sizeof(guest), COMMAND_MODULES_PATH "/%u", number);
	good = cpio_append(initrd, guest, number ? strlen(COMMAND_MODULES_PATH) : 0, 0600, &module);
	if (!good)
		error("--root: no memory for the module %s", path);
	verbose("module %s", file);
	blob_free(&module);
	return good;
}

/* Without a folder all may be built in; else the init says what is missing. */
static bool append_modules(const struct config *config, const struct blob *kernel,
			   struct blob *initrd)
{
	char version[KERNEL_VERSION_MAX], folder[PATH_MAX];
	struct module_list *list;
	bool good;

	if (!kernel_version(kernel, version) ||
	    !find_folder(config, version, folder, sizeof(folder))) {
		verbose("no modules.dep of this kernel beside it or in %s", config->root);
		return true;
	}
	list = calloc(1, sizeof(*list));
	good = list && list_modules(folder, list);
	for (unsigned int i = 0; good && i < list->count; i++)
		good = append_module(folder, list->paths[i], i, initrd);
	free(list);
	return good;
}

bool guest_root_append(const struct config *config, const struct blob *kernel, struct blob *initrd)
{
	struct command_root *root = calloc(1, sizeof(*root));
	bool good = root != NULL;

	if (good) {
		const struct blob contents = {(uint8_t *)root, sizeof(*root)};

		describe_caller(root);
		good = cpio_append(initrd, COMMAND_ROOT_PATH, 0, 0600, &contents);
	}
	free(root);
	if (!good)
		error("--root %s: no memory for the initrd", config->root);
	return good && append_modules(config, kernel, initrd);
}
