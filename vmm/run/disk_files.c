/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/disk_files.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/option_spec.h"
#include "devices/disk_format.h"
#include "vmm/run/confine.h"

/* Of qcow and qcow2, in big-endian. */
#define BACKING_AT	 8u	     /* 64 bits */
#define BACKING_LEN	 16u	     /* 32 bits */
#define VERSION_AT	 4u	     /* 32 bits */
#define INCOMPATIBLE_AT	 72u	     /* 64 bits, from version 3 on */
#define HAS_DATA_FILE	 (1ull << 2) /* one of them */
#define QCOW2_HEADER_LEN 80u

static uint64_t get(const uint8_t *head, size_t at, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++)
		value = value << 8 | head[at + i];
	return value;
}

struct disk_parts disk_files_in(const uint8_t *head, size_t len)
{
	const struct disk_format *format = disk_format_of(head, len);
	const char *word = format ? format->word : NULL;
	struct disk_parts parts = {0};

	if (!word)
		return parts;
	/* A VMDK image may be a text, beside its data. */
	parts.has_data = !strcmp(word, "vmdk") && *head == '#';
	parts.has_backing = !strcmp(word, "vmdk") || !strcmp(word, "qed");
	if (strncmp(word, "qcow", 4) != 0 || len < QCOW2_HEADER_LEN)
		return parts;
	parts.name_at = get(head, BACKING_AT, 8);
	parts.name_len = (uint32_t)get(head, BACKING_LEN, 4);
	if (parts.name_at > INT64_MAX || parts.name_len > DISK_FILES_NAME_MAX || !parts.name_len)
		parts.name_at = 0;
	parts.has_data =
		get(head, VERSION_AT, 4) >= 3 && get(head, INCOMPATIBLE_AT, 8) & HAS_DATA_FILE;
	return parts;
}

/* Before the last slash, with it. */
static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

bool disk_files_path(const char *image, const char *name, char path[PATH_MAX])
{
	size_t folder = *name == '/' ? 0 : folder_len(image);
	int len;

	if (option_is_url(name) || !strncmp(name, "json:", 5))
		return false;
	if (!strncmp(name, "file:", 5)) {
		name += 5;
		folder = *name == '/' ? 0 : folder;
	}
	len = snprintf(path, PATH_MAX, "%.*s%s", (int)folder, image, name);
	return *name && len > 0 && len < PATH_MAX;
}

static int allow_folder(int rules, const char *image, enum confine_right right)
{
	char folder[PATH_MAX];
	const size_t len = folder_len(image);

	snprintf(folder, sizeof(folder), "%.*s", (int)len, image);
	return confine_allow(rules, len ? folder : ".", right);
}

/* To open a device can have effects, and whoever made an image has chosen the name in it. */
static int open_image(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0 || !(S_ISREG(info.st_mode) || S_ISBLK(info.st_mode)))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static int allow_parts(int rules, const char *path, const struct disk_parts *parts,
		       enum confine_right right)
{
	int result = confine_allow(rules, path, right);

	if (result == 0 && parts->has_backing)
		result = allow_folder(rules, path, CONFINE_READ);
	if (result == 0 && parts->has_data)
		result = allow_folder(rules, path, right);
	return result;
}

/* FORMAT is what it is to be; NULL: whatever it is. */
static struct disk_parts parts_of(const uint8_t *head, size_t len, const char *format)
{
	const struct disk_format *found = disk_format_of(head, len);

	if (format && (!found || !found->word || strcmp(found->word, format) != 0))
		return (struct disk_parts){0};
	return disk_files_in(head, len);
}

/* The file at PATH; PATH becomes its backing file's, "" if it has none. What is no file cannot be
 * a part of an image: with a folder all below it would be allowed. */
static int allow_one(int rules, char path[PATH_MAX], const char *format, enum confine_right right)
{
	uint8_t head[DISK_FORMAT_HEAD];
	char name[DISK_FILES_NAME_MAX + 1] = "", next[PATH_MAX] = "";
	const int fd = open_image(path);
	const ssize_t len = fd < 0 ? 0 : pread(fd, head, sizeof(head), 0);
	const struct disk_parts parts = parts_of(head, len < 0 ? 0 : (size_t)len, format);
	const int result = fd < 0 ? 0 : allow_parts(rules, path, &parts, right);

	if (parts.name_at && pread(fd, name, parts.name_len, (off_t)parts.name_at) < 0)
		*name = '\0';
	if (fd >= 0)
		close(fd);
	if (!*name || !disk_files_path(path, name, next))
		*next = '\0';
	memcpy(path, next, PATH_MAX);
	return result;
}

int disk_files_allow(int rules, const struct config_disk *disk)
{
	enum confine_right right = disk->read_only ? CONFINE_READ : CONFINE_WRITE;
	const char *format = disk->format;
	char path[PATH_MAX];
	int result = 0;

	if (disk->on_server)
		return 0;
	if (snprintf(path, sizeof(path), "%s", disk->path) >= (int)sizeof(path))
		return ENAMETOOLONG;
	for (unsigned int i = 0; i < DISK_FILES_DEPTH && *path && result == 0; i++) {
		result = allow_one(rules, path, format, right);
		/* What is behind an image is only read, and of the format that it has. */
		format = NULL;
		right = CONFINE_READ;
	}
	return result;
}
