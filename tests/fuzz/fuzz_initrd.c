/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An initrd, and the path of a file to put into it: what comes before the first zero, where that is
 * a slash and more. However the initrd is made, the file is then found where it was put.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot/cpio.h"
#include "vmm/boot/initrd.h"

#define LIMIT (4ull << 20)

static void require(int condition)
{
	if (!condition)
		abort();
}

static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

/* BLOB has been read to its end: puts a file into it, and looks for it with a fresh eye. */
static void put_and_find(struct initrd *initrd, struct blob *blob, const char *guest_path)
{
	const struct blob contents = {NULL, 0};
	char message[IMAGE_MESSAGE_MAX] = "";
	struct initrd_place place, again;

	if (!initrd_place(initrd, guest_path, &place, message)) {
		require(message[0]);
		return;
	}
	require(place.there <= folder_len(place.path));
	if (strstr(place.path, "TRAILER!!!") ||
	    !cpio_append(blob, place.path, place.there, 0755, &contents))
		return;
	struct initrd *fresh = initrd_new();
	require(fresh != NULL);
	require(initrd_read(fresh, blob, LIMIT, message) == INITRD_READ);
	require(initrd_place(fresh, guest_path, &again, message));
	require(!strcmp(place.path, again.path));
	require(again.there == folder_len(again.path));
	initrd_free(fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char usual[] = "/opt/tool";
	const uint8_t *zero = size && *data == '/' ? memchr(data, 0, size) : NULL;
	const size_t path_len = zero ? (size_t)(zero - data) : 0;
	char *path = zero ? strdup((const char *)data) : strdup(usual);
	const size_t start = zero ? path_len + 1 : 0;
	struct blob blob = {malloc(size - start + 1), size - start};
	struct initrd *initrd = initrd_new();
	char message[IMAGE_MESSAGE_MAX] = "";

	require(path && blob.bytes && initrd);
	if (blob.len)
		memcpy(blob.bytes, data + start, blob.len);
	require(initrd_bootconfig(&blob) <= blob.len);
	if (initrd_read(initrd, &blob, LIMIT, message) == INITRD_READ)
		put_and_find(initrd, &blob, path);
	else
		require(message[0]);
	initrd_free(initrd);
	blob_free(&blob);
	free(path);
	return 0;
}
