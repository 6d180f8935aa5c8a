/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/disk_medium.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmm/run/backend_process.h"
#include "vmm/run/nbd_url.h"

#define MAX_QUEUES 16u /* as our own disks have */

/* KEY=VALUE with commas between them; a comma in a value is written twice. */
struct list {
	char *text;
	size_t room, len;
	bool fits;
};

static void put(struct list *list, char c)
{
	if (list->len + 1 >= list->room) {
		list->fits = false;
		return;
	}
	list->text[list->len++] = c;
	list->text[list->len] = '\0';
}

static void add(struct list *list, const char *prefix, const char *key, const char *value)
{
	if (list->len)
		put(list, ',');
	for (; *prefix; prefix++)
		put(list, *prefix);
	for (; *key; key++)
		put(list, *key);
	put(list, '=');
	for (; *value; value++) {
		put(list, *value);
		if (*value == ',')
			put(list, ',');
	}
}

static void add_server(struct list *list, const char *prefix, const char *text)
{
	struct nbd_url url;

	/* It was good when the option was read. */
	list->fits &= !nbd_url_parse(text, &url);
	add(list, prefix, "driver", "nbd");
	if (*url.name)
		add(list, prefix, "export", url.name);
	if (*url.socket) {
		add(list, prefix, "server.type", "unix");
		add(list, prefix, "server.path", url.socket);
		return;
	}
	add(list, prefix, "server.type", "inet");
	add(list, prefix, "server.host", url.host);
	add(list, prefix, "server.port", url.port);
}

/* Where the bytes are; with PREFIX they are below a format. */
static void add_bytes(struct list *list, const char *prefix, const struct config_disk *disk,
		      bool device)
{
	if (disk->on_server) {
		add_server(list, prefix, disk->path);
		return;
	}
	add(list, prefix, "driver", device ? "host_device" : "file");
	add(list, prefix, "filename", disk->path);
}

/* What is said of the upper of two is also done by the lower. */
bool disk_medium(const struct config_disk *disk, bool device, char *text, size_t room)
{
	struct list list = {.text = text, .room = room, .fits = true};

	if (disk->format)
		add(&list, "", "driver", disk->format);
	add_bytes(&list, disk->format ? "file." : "", disk, device);
	add(&list, "", "read-only", disk->read_only ? "on" : "off");
	add(&list, "", "cache.direct", disk->direct ? "on" : "off");
	/* What the guest discards makes the file smaller. */
	add(&list, "", "discard", "unmap");
	add(&list, "", "node-name", "disk");
	return list.fits;
}

bool disk_export(const struct config_disk *disk, unsigned int cpus, char *text, size_t room)
{
	const unsigned int queues = cpus < MAX_QUEUES ? cpus : MAX_QUEUES;
	char number[12];
	struct list list = {.text = text, .room = room, .fits = true};

	snprintf(number, sizeof(number), "%u", queues);
	add(&list, "", "type", "vhost-user-blk");
	add(&list, "", "id", "export");
	add(&list, "", "addr.type", "fd");
	add(&list, "", "addr.str", BACKEND_SOCKET);
	add(&list, "", "writable", disk->read_only ? "off" : "on");
	add(&list, "", "num-queues", number);
	add(&list, "", "node-name", "disk");
	return list.fits;
}
