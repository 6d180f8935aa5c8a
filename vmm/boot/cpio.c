/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files added to an initrd: one more newc archive behind what is there, as Linux's
 * Documentation/driver-api/early-userspace/buffer-format.rst allows, compressed or not.
 */

#include "vmm/boot/cpio.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADER_LEN = 110, ALIGN = 4, LZ4_END = 4 };

static const char trailer[] = "TRAILER!!!";

static size_t align_up(size_t value)
{
	return (value + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t entry_size(size_t name_len, size_t contents_len)
{
	return align_up(HEADER_LEN + name_len + 1) + align_up(contents_len);
}

/* The first NAME_LEN characters of NAME are the entry's name. Returns where the next one goes. */
static uint8_t *put_entry(uint8_t *at, const char *name, size_t name_len, unsigned int mode,
			  const struct blob *contents)
{
	const size_t len = contents ? contents->len : 0;
	uint8_t *next = at + entry_size(name_len, len);
	char header[HEADER_LEN + 1];

	memset(at, 0, (size_t)(next - at));
	/* ino, mode, uid, gid, nlink, mtime, filesize, four device numbers, namesize, check. */
	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0u, mode, 0u, 0u, 1u,
		 0u, (unsigned int)len, 0u, 0u, 0u, 0u, (unsigned int)name_len + 1, 0u);
	memcpy(at, header, HEADER_LEN);
	memcpy(at + HEADER_LEN, name, name_len);
	if (len)
		memcpy(at + align_up(HEADER_LEN + name_len + 1), contents->bytes, len);
	return next;
}

/* A plain path below the root: no empty, "." or ".." component, not longer than Linux takes. */
static bool path_usable(const char *path)
{
	if (!*path || strlen(path) >= PATH_MAX)
		return false;
	for (const char *part = path;;) {
		size_t len = strcspn(part, "/");
		if (len == 0 || len > NAME_MAX || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (!part[len])
			return true;
		part += len + 1;
	}
}

/* A few folders have a mode of their own wherever they are; Linux gives these to what it makes. */
static unsigned int folder_mode(const char *path, size_t len)
{
	static const struct {
		const char *path;
		unsigned int mode;
	} known[] = {{"tmp", 01777}, {"var/tmp", 01777}, {"root", 0700}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (len == strlen(known[i].path) && !strncmp(path, known[i].path, len))
			return S_IFDIR | known[i].mode;
	}
	return S_IFDIR | 0755;
}

/* The next slash behind a folder that is to be made; those in the first THERE bytes are there. */
static const char *next_folder(const char *path, const char *slash, size_t there)
{
	slash = strchr(slash ? slash + 1 : path, '/');
	while (slash && (size_t)(slash - path) <= there)
		slash = strchr(slash + 1, '/');
	return slash;
}

bool cpio_append(struct blob *blob, const char *guest_path, size_t there, unsigned int mode,
		 const struct blob *contents)
{
	const char *path = guest_path + (guest_path[0] == '/');

	if (!path_usable(path) || contents->len > UINT32_MAX)
		return false;
	size_t size = entry_size(strlen(path), contents->len) + entry_size(strlen(trailer), 0);
	for (const char *slash = NULL; (slash = next_folder(path, slash, there)) != NULL;)
		size += entry_size((size_t)(slash - path), 0);

	/* lz4's legacy frame has no end of its own: Linux ends it at four zeros. */
	const size_t start = align_up(blob->len + (blob->len ? LZ4_END : 0));
	if (start < blob->len || size > SIZE_MAX - start)
		return false;
	uint8_t *bytes = realloc(blob->bytes, start + size);
	if (!bytes)
		return false;
	memset(bytes + blob->len, 0, start - blob->len);
	blob->bytes = bytes;
	blob->len = start + size;

	uint8_t *at = bytes + start;
	for (const char *slash = NULL; (slash = next_folder(path, slash, there)) != NULL;) {
		size_t len = (size_t)(slash - path);
		at = put_entry(at, path, len, folder_mode(path, len), NULL);
	}
	at = put_entry(at, path, strlen(path), S_IFREG | (mode & 07777), contents);
	put_entry(at, trailer, strlen(trailer), 0, NULL);
	return true;
}
