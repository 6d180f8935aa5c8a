/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a disk is: the head of an image, which anybody may have made; and a name of it, of which
 * qemu-storage-daemon must be told no more than the user said.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devices/disk_format.h"
#include "vmm/run/disk_files.h"
#include "vmm/run/disk_medium.h"
#include "vmm/run/nbd_url.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void look_at_head(const uint8_t *data, size_t size)
{
	uint8_t *head = malloc(size ? size : 1);

	require(head != NULL);
	memcpy(head, data, size);
	const struct disk_format *format = disk_format_of(head, size);
	const struct disk_parts parts = disk_files_in(head, size);
	require(!format || !memcmp(head + format->offset, format->magic, format->len));
	require(format || (!parts.name_at && !parts.has_data && !parts.has_backing));
	require(!parts.name_at || (parts.name_len && parts.name_len <= DISK_FILES_NAME_MAX &&
				   parts.name_at <= INT64_MAX));
	free(head);
}

/* The next KEY=VALUE of LIST, as QEMU reads it: VALUE ends at a comma that stands alone. */
static const char *next(const char *list, char *key, char *value)
{
	const char *equals = strchr(list, '=');

	require(equals && equals - list < 32);
	memcpy(key, list, (size_t)(equals - list));
	key[equals - list] = '\0';
	for (list = equals + 1; *list; list++) {
		if (*list == ',' && *++list != ',')
			break;
		*value++ = *list;
	}
	*value = '\0';
	return list;
}

static void tell_of(const struct config_disk *disk)
{
	static char text[4 * PATH_MAX], key[32], value[4 * PATH_MAX];
	static const char *const keys[] = {"driver",	  "file.driver",  "file.filename",
					   "read-only",	  "cache.direct", "discard",
					   "node-name",	  "export",	  "server.type",
					   "server.path", "server.host",  "server.port"};
	struct nbd_url url;
	unsigned int count = 0;

	if (!disk_medium(disk, false, text, sizeof(text)))
		return;
	require(!disk->on_server || !nbd_url_parse(disk->path, &url));
	for (const char *list = text; *list; count++) {
		size_t i = 0;

		list = next(list, key, value);
		while (i < sizeof(keys) / sizeof(keys[0]) && strcmp(keys[i], key) != 0)
			i++;
		require(i < sizeof(keys) / sizeof(keys[0]));
		require(strcmp(key, "file.filename") != 0 || !strcmp(value, disk->path));
		require(strcmp(key, "export") != 0 || !strcmp(value, url.name));
		require(strcmp(key, "server.host") != 0 || !strcmp(value, url.host));
		require(strcmp(key, "server.path") != 0 || !strcmp(value, url.socket));
	}
	require(count <= 9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nbd_url url;
	char path[PATH_MAX], *text = malloc(size + 1);

	require(text != NULL);
	look_at_head(data, size);
	memcpy(text, data, size);
	text[size] = '\0';
	if (disk_files_path("folder/image", text, path))
		require(*path == '/' || !strncmp(path, "folder/", 7));
	if (*text && strlen(text) < PATH_MAX)
		tell_of(&(struct config_disk){.path = text, .format = "qcow2"});
	if (!nbd_url_parse(text, &url)) {
		require(!*url.host != !*url.socket);
		tell_of(&(struct config_disk){.path = text, .on_server = true});
	}
	free(text);
	return 0;
}
