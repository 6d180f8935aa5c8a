/* SPDX-License-Identifier: Apache-2.0 */
/* The search for a Linux in a process's memory that looks like one everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "trace/guest/image_search.h"

#define MIB	   (1ull << 20)
#define PLACE	   (2 * MIB) /* where an Image can begin */
#define SIZE_FIELD 16
#define MAGIC2	   56

/* What was looked at and sent. */
static struct {
	uint64_t size; /* what each header says; 0: there are none */
	uint64_t headers, images, bytes;
} seen;

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	(void)opaque;
	memset(out, 0, size);
	if (address % PLACE || size != 64)
		return true;
	seen.headers++;
	if (!seen.size)
		return true;
	memcpy((uint8_t *)out + SIZE_FIELD, &seen.size, sizeof(seen.size));
	memcpy((uint8_t *)out + MAGIC2, "RSC\x05", 4);
	return true;
}

static bool write_image(void *opaque, const void *bytes, size_t size)
{
	(void)opaque;
	(void)bytes;
	if (size == sizeof(uint64_t))
		seen.images++;
	else
		seen.bytes += size;
	return true;
}

static struct image_search search_for(unsigned int images, uint64_t places, uint64_t bytes)
{
	return (struct image_search){.read = read_memory,
				     .write = write_image,
				     .page = 4096,
				     .images = images,
				     .places = places,
				     .bytes = bytes};
}

/* In MAPPINGS of 16 MiB each, of which the headers say that an Image has SIZE bytes. */
static bool look(struct image_search *search, unsigned int mappings, uint64_t size)
{
	memset(&seen, 0, sizeof(seen));
	seen.size = size;
	for (uint64_t i = 1; i <= mappings; i++) {
		char line[80];

		snprintf(line, sizeof(line), "%llx-%llx rw-p 00000000 00:00 0\n", i * 32 * MIB,
			 i * 32 * MIB + 16 * MIB);
		if (!image_search_mapping(search, line))
			return false;
	}
	return true;
}

static void all_is_looked_at_within_the_bounds(void **state)
{
	struct image_search search = search_for(100, 100, 1000 * MIB);

	(void)state;
	assert_true(look(&search, 3, MIB));
	assert_int_equal(seen.headers, 24);
	assert_int_equal(seen.images, 24);
	assert_int_equal(seen.bytes, 24 * MIB);
}

static void images_are_bounded(void **state)
{
	struct image_search search = search_for(5, 100, 1000 * MIB);

	(void)state;
	assert_false(look(&search, 3, MIB));
	assert_int_equal(seen.images, 5);
}

/* In all, not for each: the fourth has no room. */
static void bytes_are_bounded(void **state)
{
	struct image_search search = search_for(100, 100, 7 * MIB);

	(void)state;
	assert_false(look(&search, 3, 2 * MIB));
	assert_int_equal(seen.images, 3);
	assert_int_equal(seen.bytes, 6 * MIB);
}

static void places_are_bounded(void **state)
{
	struct image_search search = search_for(100, 10, 1000 * MIB);

	(void)state;
	assert_false(look(&search, 1000, 0));
	assert_int_equal(seen.headers, 10);
	assert_int_equal(seen.images, 0);
}

/* Nothing is read for what cannot be RAM of a guest. */
static void other_mappings_are_left_alone(void **state)
{
	static const char *const lines[] = {
		"2000000-3000000 r--p 00000000 00:00 0",	  /* it is not written */
		"2000000-2fff000 rw-p 00000000 00:00 0",	  /* it is too small */
		"2000000-20002000000 rw-p 00000000 00:00 0",	  /* it is too large */
		"3000000-2000000 rw-p 00000000 00:00 0",	  /* it ends before it begins */
		"2000000-ffffffffff000000 rw-p 00000000 00:00 0", /* it is nobody's */
		"no line of such a file",
		"",
	};
	struct image_search search = search_for(100, 100, 1000 * MIB);

	(void)state;
	memset(&seen, 0, sizeof(seen));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_true(image_search_mapping(&search, lines[i]));
	assert_int_equal(seen.headers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_looked_at_within_the_bounds),
		cmocka_unit_test(images_are_bounded),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(places_are_bounded),
		cmocka_unit_test(other_mappings_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
