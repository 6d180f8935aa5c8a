/* SPDX-License-Identifier: Apache-2.0 */
/* The ports, found by their names. */
#include <fcntl.h>

#include "vmm/command/init/init.h"
#include "vmm/command/init/system.h"

#define PATH_ROOM 128u
#define WAIT_MS	  30000u

static const char class_folder[] = "/sys/class/virtio-ports";

struct search {
	const char *name;
	char path[PATH_ROOM]; /* "": not found */
};

/* Whether the file FOLDER/name has NAME and a newline. */
static bool is_called(const char *folder, const char *name)
{
	char path[PATH_ROOM], text[64];
	int fd = text_join(path, sizeof(path), folder, "name") ? sys_open(path, O_RDONLY) : -1;
	long len = fd < 0 ? -1 : sys_read(fd, text, sizeof(text));

	if (fd >= 0)
		sys_close(fd);
	return len == (long)strlen(name) + 1 && !memcmp(text, name, strlen(name));
}

static bool visit(const char *port, void *opaque)
{
	struct search *search = opaque;
	char folder[PATH_ROOM];

	if (!text_join(folder, sizeof(folder), class_folder, port) ||
	    !is_called(folder, search->name))
		return true;
	if (!text_join(search->path, sizeof(search->path), "/dev", port))
		search->path[0] = '\0';
	return false;
}

static int open_port(const char *name)
{
	struct search search = {.name = name};

	each_name(class_folder, visit, &search);
	return search.path[0] ? sys_open(search.path, O_RDWR | O_NONBLOCK) : -1;
}

static bool count_name(const char *name, void *opaque)
{
	(void)name;
	++*(unsigned int *)opaque;
	return true;
}

/* What is missing, when it is known that no port will come. */
static const char *missing(void)
{
	unsigned int devices = 0;

	if (!sys_exists("/sys/bus/virtio/drivers/virtio_console"))
		return "this kernel has no driver for the ports of vhart: CONFIG_VIRTIO_CONSOLE";
	each_name("/sys/bus/virtio/devices", count_name, &devices);
	if (!devices)
		return "this kernel finds no virtio device: CONFIG_VIRTIO_PCI (and "
		       "CONFIG_PCI_HOST_GENERIC), or CONFIG_VIRTIO_MMIO with --transport mmio";
	return NULL;
}

/* The driver learns of the ports by messages: they come one after the other, soon. */
bool ports_open(int fds[COMMAND_PORTS], const char **why)
{
	static const char *const names[COMMAND_PORTS] = COMMAND_PORT_NAMES;
	unsigned int waited = 0;

	*why = missing();
	for (unsigned int i = 0; i < COMMAND_PORTS && !*why; i++) {
		while ((fds[i] = open_port(names[i])) < 0 && waited++ < WAIT_MS)
			sys_sleep_ms(1);
		if (fds[i] < 0)
			*why = "the ports of vhart do not come";
	}
	return !*why;
}
