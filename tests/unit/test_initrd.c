/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "vmm/boot/cpio.h"
#include "vmm/boot/initrd.h"

#define LIMIT (64ull << 20)

static char message[IMAGE_MESSAGE_MAX];

/* The messages of file_load(), instead of log.c's. */
void error(const char *format, ...)
{
	(void)format;
}

/*
 * The seeds of the fuzz target, made by the real programs from one tree: folders usr/share/deep and
 * merged with a file, links opt to usr/share and dangling to nowhere/at/all.
 */
static struct blob sample(const char *suffix)
{
	struct blob blob;
	char path[4096];

	assert_non_null(getenv("VHART_SOURCE"));
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/fuzz_initrd/small.cpio%s",
		 getenv("VHART_SOURCE"), suffix);
	if (!file_load("sample", path, LIMIT, &blob))
		fail_msg("no %s", path);
	return blob;
}

static const char *const readable[] = {"", ".gz", ".zst", ".xz", ".lzma", ".lz4"};
#define READABLE_COUNT (sizeof(readable) / sizeof(readable[0]))

static void append(struct blob *blob, const void *bytes, size_t len)
{
	blob->bytes = realloc(blob->bytes, blob->len + len + 1);
	assert_non_null(blob->bytes);
	if (len)
		memcpy(blob->bytes + blob->len, bytes, len);
	blob->len += len;
}

static void append_zeros(struct blob *blob, size_t len)
{
	static const uint8_t zeros[16];

	append(blob, zeros, len);
}

/* One entry, without a trailer behind it. */
static void entry(struct blob *blob, const char *name, unsigned int mode, const char *contents)
{
	char header[128];

	append_zeros(blob, (4 - blob->len % 4) % 4);
	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1u, mode, 0u, 0u, 1u,
		 0u, (unsigned int)strlen(contents), 0u, 0u, 0u, 0u, (unsigned int)strlen(name) + 1,
		 0u);
	append(blob, header, 110);
	append(blob, name, strlen(name) + 1);
	append_zeros(blob, (4 - blob->len % 4) % 4);
	append(blob, contents, strlen(contents));
	append_zeros(blob, (4 - blob->len % 4) % 4);
}

static struct initrd *read_as(const struct blob *blob, enum initrd_reading expected)
{
	struct initrd *initrd = initrd_new();

	assert_non_null(initrd);
	message[0] = '\0';
	enum initrd_reading reading = initrd_read(initrd, blob, LIMIT, message);
	if (reading != expected)
		fail_msg("reading ends with %d, not %d: %s", reading, expected, message);
	return initrd;
}

static void assert_place(struct initrd *initrd, const char *guest_path, const char *path,
			 const char *there)
{
	struct initrd_place place;

	if (!initrd_place(initrd, guest_path, &place, message))
		fail_msg("%s %s", guest_path, message);
	assert_string_equal(place.path, path);
	if (place.there != strlen(there))
		fail_msg("of %s, %.*s is there, not %s", path, (int)place.there, path, there);
}

static void assert_no_place(struct initrd *initrd, const char *guest_path, const char *words)
{
	struct initrd_place place;

	if (initrd_place(initrd, guest_path, &place, message))
		fail_msg("%s has a place", guest_path);
	if (!strstr(message, words))
		fail_msg("no \"%s\" in: %s", words, message);
}

static void assert_sample_is_there(struct initrd *initrd)
{
	assert_no_place(initrd, "/merged", "is a folder");
	assert_no_place(initrd, "/merged/file/below", "is below what is a file");
	assert_no_place(initrd, "/none/../none", "leaves a folder that is not there");
	assert_place(initrd, "/merged/../beside", "beside", "");
	assert_place(initrd, "/opt/tool", "usr/share/tool", "usr/share");
	assert_place(initrd, "/merged/new", "merged/new", "merged");
	assert_place(initrd, "/dangling/x", "nowhere/at/all/x", "");
	assert_place(initrd, "/dangling/y", "nowhere/at/all/y", "nowhere/at/all");
	assert_place(initrd, "/usr/share/deep/a/b", "usr/share/deep/a/b", "usr/share/deep");
	assert_place(initrd, "/opt/deep/a/c", "usr/share/deep/a/c", "usr/share/deep/a");
	assert_no_place(initrd, "/usr/share/deep/a", "is a folder");
	assert_place(initrd, "/opt", "opt", "");
	assert_no_place(initrd, "/opt/tool", "is below what is a file");
}

static void every_compression_is_looked_into(void **state)
{
	(void)state;
	for (size_t i = 0; i < READABLE_COUNT; i++) {
		struct blob blob = sample(readable[i]);
		struct initrd *initrd = read_as(&blob, INITRD_READ);
		assert_sample_is_there(initrd);
		initrd_free(initrd);
		blob_free(&blob);
	}
}

static void what_linux_unpacks_and_vhart_does_not_is_opaque(void **state)
{
	struct blob blob = sample(".bz2");
	struct initrd *initrd = read_as(&blob, INITRD_OPAQUE);

	(void)state;
	assert_non_null(strstr(message, "bzip2"));
	initrd_free(initrd);
	blob_free(&blob);
	blob = sample(".lzo");
	initrd = read_as(&blob, INITRD_OPAQUE);
	assert_non_null(strstr(message, "lzo"));
	initrd_free(initrd);
	blob_free(&blob);
}

/* Zeros between them are of no account, but that an lz4 frame needs four to have an end. */
static void archives_follow_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < READABLE_COUNT; i++) {
		for (size_t zeros = 4; zeros < 12; zeros++) {
			struct blob both = sample(readable[i]), last = {0};
			append_zeros(&both, zeros + (4 - (both.len + zeros) % 4) % 4);
			entry(&last, "bin", S_IFLNK | 0777, "merged");
			append(&both, last.bytes, last.len);
			struct initrd *initrd = read_as(&both, INITRD_READ);
			assert_place(initrd, "/bin/tool", "merged/tool", "merged");
			assert_sample_is_there(initrd);
			initrd_free(initrd);
			blob_free(&both);
			blob_free(&last);
		}
	}
}

static void where_linux_stops_it_is_broken(void **state)
{
	struct blob blob = {0}, lz4 = sample(".lz4"), gzip = sample(".gz");

	(void)state;
	entry(&blob, "a", S_IFDIR | 0755, "");
	append(&blob, "what is this", 12);
	initrd_free(read_as(&blob, INITRD_BROKEN));
	assert_non_null(strstr(message, "no initramfs from byte 112"));
	blob.len = 0;
	append(&blob, lz4.bytes, lz4.len);
	entry(&blob, "a", S_IFDIR | 0755, ""); /* no zeros: it is taken for a block */
	initrd_free(read_as(&blob, INITRD_BROKEN));
	assert_non_null(strstr(message, "lz4"));
	for (size_t len = 20; len < gzip.len; len += 7) {
		const struct blob cut = {gzip.bytes, len};
		initrd_free(read_as(&cut, INITRD_BROKEN));
		assert_non_null(strstr(message, "truncated gzip"));
	}
	blob.len = 0;
	append(&blob, "070707", 6);
	append(&blob, lz4.bytes, 200);
	initrd_free(read_as(&blob, INITRD_BROKEN));
	assert_non_null(strstr(message, "newc"));
	blob.len = 0;
	entry(&blob, "f", S_IFREG | 0644, "contents");
	for (size_t len = 1; len < blob.len; len++) {
		const struct blob cut = {blob.bytes, len};
		initrd_free(read_as(&cut, INITRD_BROKEN));
		assert_non_null(strstr(message, "truncated"));
	}
	blob_free(&blob);
	blob_free(&lz4);
	blob_free(&gzip);
}

static void the_last_of_two_wins_as_with_linux(void **state)
{
	struct blob blob = {0};

	(void)state;
	entry(&blob, "./usr", S_IFDIR | 0755, "");
	entry(&blob, "usr/bin", S_IFDIR | 0755, "");
	entry(&blob, "/bin", S_IFLNK | 0777, "usr/bin");
	entry(&blob, "bin/sh", S_IFREG | 0755, "#!");
	entry(&blob, "lib", S_IFDIR | 0755, "");
	entry(&blob, "lib", S_IFLNK | 0777, "/usr/bin/../bin"); /* an empty folder gives way */
	entry(&blob, "full", S_IFDIR | 0755, "");
	entry(&blob, "full/x", S_IFREG | 0644, "");
	entry(&blob, "full", S_IFLNK | 0777, "usr"); /* a full one does not */
	entry(&blob, "lost/x", S_IFREG | 0644, "");  /* no folder: Linux cannot make it */
	entry(&blob, "link", S_IFLNK | 0777, "usr");
	entry(&blob, "link", S_IFLNK | 0777, "full");
	entry(&blob, "TRAILER!!!", 0, "");
	entry(&blob, "sbin", S_IFLNK | 0777, "bin");
	struct initrd *initrd = read_as(&blob, INITRD_READ);
	assert_place(initrd, "/bin/tool", "usr/bin/tool", "usr/bin");
	assert_place(initrd, "/sbin/tool", "usr/bin/tool", "usr/bin");
	assert_place(initrd, "/lib/tool", "usr/bin/tool", "usr/bin");
	assert_place(initrd, "/full/tool", "full/tool", "full");
	assert_place(initrd, "/lost/x", "lost/x", "");
	assert_place(initrd, "/link/y", "full/y", "full");
	assert_no_place(initrd, "/bin/sh/x", "file");
	initrd_free(initrd);
	blob_free(&blob);
}

static void links_in_a_circle_have_an_end(void **state)
{
	static char long_path[PATH_MAX + 1];
	struct blob blob = {0};

	(void)state;
	entry(&blob, "a", S_IFLNK | 0777, "b");
	entry(&blob, "b", S_IFLNK | 0777, "./a");
	entry(&blob, "self", S_IFLNK | 0777, "self/self/self");
	entry(&blob, "up", S_IFLNK | 0777, "../../../..");
	entry(&blob, "empty", S_IFLNK | 0777, "");
	struct initrd *initrd = read_as(&blob, INITRD_READ);
	assert_no_place(initrd, "/a/x", "circle");
	assert_no_place(initrd, "/self/x", "circle");
	assert_place(initrd, "/up/x", "x", "");
	assert_place(initrd, "/empty/x", "empty/x", "");
	memset(long_path, 'x', PATH_MAX);
	assert_no_place(initrd, long_path, "too long");
	initrd_free(initrd);
	blob_free(&blob);
}

static void thousands_of_names_are_kept_apart(void **state)
{
	struct blob blob = {0};
	char name[64], path[64];

	(void)state;
	entry(&blob, "mod", S_IFDIR | 0755, "");
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "mod/%d", i);
		entry(&blob, name, S_IFDIR | 0755, "");
	}
	struct initrd *initrd = read_as(&blob, INITRD_READ);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "mod/%d", i);
		snprintf(path, sizeof(path), "/mod/%d/x", i);
		assert_place(initrd, path, path + 1, name);
	}
	assert_place(initrd, "/mod/3000/x", "mod/3000/x", "mod");
	initrd_free(initrd);
	blob_free(&blob);
}

static void what_is_appended_is_found_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < READABLE_COUNT; i++) {
		struct blob blob = sample(readable[i]), contents = {(uint8_t[]){"#!/bin/sh\n"}, 10};
		struct initrd *initrd = read_as(&blob, INITRD_READ);
		struct initrd_place place;
		assert_true(initrd_place(initrd, "/opt/new/tool", &place, message));
		assert_true(cpio_append(&blob, place.path, place.there, 0755, &contents));
		initrd_free(initrd);
		initrd = read_as(&blob, INITRD_READ);
		assert_place(initrd, "/opt/new/tool", "usr/share/new/tool", "usr/share/new");
		assert_place(initrd, "/merged/file", "merged/file", "merged");
		initrd_free(initrd);
		blob_free(&blob);
	}
}

static void a_bootconfig_is_seen_at_the_end(void **state)
{
	struct blob blob = {0};

	(void)state;
	append(&blob, "initrd..", 8);
	assert_int_equal(initrd_bootconfig(&blob), 0);
	append(&blob,
	       "key = value\0"
	       "\x0c\0\0\0"
	       "\1\2\3\4"
	       "#BOOTCONFIG\n",
	       32);
	assert_int_equal(initrd_bootconfig(&blob), 32);
	append_zeros(&blob, 3);
	assert_int_equal(initrd_bootconfig(&blob), 35);
	append_zeros(&blob, 1);
	assert_int_equal(initrd_bootconfig(&blob), 0);
	blob.len -= 4;
	blob.bytes[21] = 1; /* more than there is */
	assert_int_equal(initrd_bootconfig(&blob), 0);
	blob_free(&blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_compression_is_looked_into),
		cmocka_unit_test(what_linux_unpacks_and_vhart_does_not_is_opaque),
		cmocka_unit_test(archives_follow_each_other),
		cmocka_unit_test(where_linux_stops_it_is_broken),
		cmocka_unit_test(the_last_of_two_wins_as_with_linux),
		cmocka_unit_test(links_in_a_circle_have_an_end),
		cmocka_unit_test(thousands_of_names_are_kept_apart),
		cmocka_unit_test(what_is_appended_is_found_there),
		cmocka_unit_test(a_bootconfig_is_seen_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
