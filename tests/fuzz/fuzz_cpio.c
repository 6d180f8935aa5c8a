/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file for the initrd: the path is what comes before the first zero, its contents what comes
 * after. What is appended must read back as one well-formed archive with that file in it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot/cpio.h"

enum { HEADER_LEN = 110 };

static void require(int condition)
{
	if (!condition)
		abort();
}

static size_t field(const uint8_t *header, int index)
{
	char digits[9] = "";

	memcpy(digits, header + 6 + 8 * index, 8);
	return strtoul(digits, NULL, 16);
}

static void check_archive(const struct blob *blob, size_t at, const char *path,
			  const struct blob *contents)
{
	bool found = false;

	for (;;) {
		require(blob->len - at >= HEADER_LEN);
		const uint8_t *header = blob->bytes + at;
		require(!memcmp(header, "070701", 6));
		size_t len = field(header, 6), name_size = field(header, 11);
		const char *name = (const char *)header + HEADER_LEN;
		size_t body = (at + HEADER_LEN + name_size + 3) / 4 * 4;
		require(body + len <= blob->len && strlen(name) + 1 == name_size);
		at = (body + len + 3) / 4 * 4;
		if (!strcmp(name, "TRAILER!!!"))
			break;
		require(!found); /* the file comes last */
		found = !strcmp(name, path);
		require(!strncmp(name, path, name_size - 1));
		require(len == (found ? contents->len : 0));
		if (len)
			require(!memcmp(blob->bytes + body, contents->bytes, len));
	}
	require(found && at == blob->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = memchr(data, 0, size);
	static const char before[] = "before";

	if (!zero)
		return 0;
	const size_t path_len = (size_t)(zero - data), before_len = size % sizeof(before);
	char *path = strndup((const char *)data, path_len);
	struct blob contents = {malloc(size - path_len), size - path_len - 1};
	struct blob blob = {malloc(before_len + 1), before_len};
	if (path && contents.bytes && blob.bytes) {
		memcpy(contents.bytes, zero + 1, contents.len);
		memcpy(blob.bytes, before, before_len);
		if (cpio_append(&blob, path, 0, 0644, &contents)) {
			require(!memcmp(blob.bytes, before, before_len));
			/* A file of the trailer's name would end the archive early: that is the
			 * format. */
			if (!strstr(path, "TRAILER!!!"))
				check_archive(&blob, before_len ? (before_len + 7) / 4 * 4 : 0,
					      path + (path[0] == '/'), &contents);
		} else {
			require(blob.len == before_len);
		}
	}
	blob_free(&blob);
	blob_free(&contents);
	free(path);
	return 0;
}
