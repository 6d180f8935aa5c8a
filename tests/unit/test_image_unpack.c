/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that are compressed: gzip, zstd, and EFI's zboot around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>
#include <zstd.h>

#include "tests/unit/fixtures/made_kernel.h"
#include "vmm/boot/image.h"

#define LIMIT (16 * MIB)

static char message[IMAGE_MESSAGE_MAX];

static struct blob gzipped(const struct blob *blob)
{
	struct blob packed = zeros(blob->len + 4096);
	z_stream stream = {0};

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = blob->bytes;
	stream.avail_in = (unsigned int)blob->len;
	stream.next_out = packed.bytes;
	stream.avail_out = (unsigned int)packed.len;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	packed.len -= stream.avail_out;
	deflateEnd(&stream);
	return packed;
}

static struct blob zstd_packed(const struct blob *blob)
{
	struct blob packed = zeros(ZSTD_compressBound(blob->len));

	packed.len = ZSTD_compress(packed.bytes, packed.len, blob->bytes, blob->len, 3);
	assert_false(ZSTD_isError(packed.len));
	return packed;
}

/* PAYLOAD in an EFI zboot image, with the size behind it that Linux's makefiles put there. */
static struct blob zboot(const struct blob *payload, const char *compression)
{
	struct blob blob = zeros(512 + payload->len + 4);

	memcpy(blob.bytes, "MZ\0\0zimg", 8);
	put(&blob, 8, 512, 4);
	put(&blob, 12, payload->len, 4);
	memcpy(blob.bytes + 24, compression, strlen(compression));
	memcpy(blob.bytes + 512, payload->bytes, payload->len);
	return blob;
}

static void assert_unpacks_to(struct blob packed, const struct blob *expected)
{
	if (!image_unpack(&packed, LIMIT, message))
		fail_msg("refused: %s", message);
	assert_int_equal(packed.len, expected->len);
	assert_memory_equal(packed.bytes, expected->bytes, expected->len);
	blob_free(&packed);
}

static void assert_unpack_refused(struct blob packed, uint64_t limit, const char *words)
{
	if (image_unpack(&packed, limit, message))
		fail_msg("accepted, \"%s\" was expected", words);
	if (!strstr(message, words))
		fail_msg("no \"%s\" in: %s", words, message);
	blob_free(&packed);
}

static void compressed_kernels_are_unpacked(void **state)
{
	struct blob blob = linux_image(3000000, 0), gzip = gzipped(&blob),
		    zstd = zstd_packed(&blob);

	(void)state;
	struct blob zboot_gzip = zboot(&gzip, "gzip");
	assert_unpacks_to(zboot(&zstd, "zstd22"), &blob);
	assert_unpacks_to(zboot(&zstd, "zstd"), &blob);
	assert_unpacks_to(zboot(&gzip, "gzip"), &blob);
	assert_unpacks_to(gzipped(&zboot_gzip), &blob);
	assert_unpacks_to(gzip, &blob);
	assert_unpacks_to(zstd, &blob);
	blob_free(&zboot_gzip);
	blob_free(&blob);
}

static void what_is_not_compressed_stays_as_it_is(void **state)
{
	struct blob blob = linux_image(5000, 0), copy = linux_image(5000, 0);

	(void)state;
	assert_unpacks_to(copy, &blob);
	blob_free(&blob);
	blob = zeros(0);
	assert_true(image_unpack(&blob, LIMIT, message));
	assert_int_equal(blob.len, 0);
	blob_free(&blob);
}

static void a_third_layer_is_left_packed(void **state)
{
	struct blob blob = linux_image(5000, 0), one = gzipped(&blob), two = gzipped(&one);

	(void)state;
	assert_unpacks_to(gzipped(&two), &one);
	blob_free(&two);
	blob_free(&one);
	blob_free(&blob);
}

static void gzip_members_follow_each_other(void **state)
{
	struct blob first = linux_image(5000, 0), both = zeros(10000), one = gzipped(&first);
	struct blob two = zeros(2 * one.len + 3);

	(void)state;
	for (int i = 0; i < 2; i++) {
		memcpy(both.bytes + i * 5000, first.bytes, 5000);
		memcpy(two.bytes + (size_t)i * one.len, one.bytes, one.len);
	}
	assert_unpacks_to(two, &both);
	blob_free(&one);
	blob_free(&first);
	blob_free(&both);
}

static void damaged_and_truncated_archives_are_refused(void **state)
{
	struct blob blob = linux_image(200000, 0), gzip = gzipped(&blob), zstd = zstd_packed(&blob);

	(void)state;
	for (size_t len = 4; len < gzip.len; len += 1 + len / 3) {
		struct blob cut = zeros(len);
		memcpy(cut.bytes, gzip.bytes, len);
		assert_unpack_refused(cut, LIMIT, "truncated gzip");
	}
	for (size_t len = 4; len < zstd.len; len += 1 + len / 3) {
		struct blob cut = zeros(len);
		memcpy(cut.bytes, zstd.bytes, len);
		assert_unpack_refused(cut, LIMIT, "truncated zstd");
	}
	gzip.bytes[gzip.len - 6] ^= 0xff; /* in the CRC */
	assert_unpack_refused(gzip, LIMIT, "damaged gzip");
	zstd.bytes[6] ^= 0xff;
	assert_unpack_refused(zstd, LIMIT, "zstd");
	blob_free(&blob);
}

static void a_compression_bomb_stops_at_the_limit(void **state)
{
	struct blob blob = zeros(64 * MIB), gzip = gzipped(&blob), zstd = zstd_packed(&blob);

	(void)state;
	assert_true(gzip.len < MIB / 8 && zstd.len < MIB / 8);
	assert_unpack_refused(gzip, 8 * MIB, "more than 8 MiB");
	assert_unpack_refused(zstd, 8 * MIB, "more than 8 MiB");
	blob_free(&blob);
}

static void damaged_zboot_images_are_refused(void **state)
{
	struct blob blob = linux_image(5000, 0), gzip = gzipped(&blob), image;

	(void)state;
	assert_unpack_refused(zboot(&gzip, "xz"), LIMIT, "\"xz\"");
	assert_unpack_refused(zboot(&gzip, "lzma\x1b[2J"), LIMIT, "\"lzma?[2J\"");
	assert_unpack_refused(zboot(&gzip, ""), LIMIT, "\"\"");
	assert_unpack_refused(zboot(&gzip, "12345678901234567890123456789012"), LIMIT,
			      "\"12345678901234567890123456789012\"");
	image = zboot(&gzip, "gzip");
	put(&image, 8, UINT32_MAX, 4);
	assert_unpack_refused(image, LIMIT, "truncated");
	image = zboot(&gzip, "gzip");
	put(&image, 12, UINT32_MAX, 4);
	assert_unpack_refused(image, LIMIT, "truncated");
	image = zboot(&gzip, "gzip");
	image.len = 63;
	assert_unpack_refused(image, LIMIT, "truncated");
	image = zboot(&gzip, "zstd");
	assert_unpack_refused(image, LIMIT, "zstd");
	blob_free(&gzip);
	blob_free(&blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_kernels_are_unpacked),
		cmocka_unit_test(what_is_not_compressed_stays_as_it_is),
		cmocka_unit_test(a_third_layer_is_left_packed),
		cmocka_unit_test(gzip_members_follow_each_other),
		cmocka_unit_test(damaged_and_truncated_archives_are_refused),
		cmocka_unit_test(a_compression_bomb_stops_at_the_limit),
		cmocka_unit_test(damaged_zboot_images_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
