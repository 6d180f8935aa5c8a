/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for a Linux in the memory of a hostile VMM. The input is a program: it puts Images,
 * headers, tables of symbols and any bytes into memory, takes pages away, and has mappings
 * searched. What is sent must be what lies there, within the bounds, and an Image that nothing
 * damaged has its symbols.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/symbols/kallsyms_image.h"
#include "trace/guest/image_search.h"
#include "trace/guest/symbols.h"

#define MIB	    (1ull << 20)
#define BASE	    (1ull << 38)
#define PAGE	    4096u
#define OBJECTS	    8u
#define HEADER_LEN  64u
#define SIZE_FIELD  16u
#define IMAGES_MOST 3u
#define BYTES_MOST  (256u << 10)
#define PLACES_MOST 512u
#define WORK	    (1u << 20)

struct input {
	const uint8_t *bytes;
	size_t left;
};

/* Later ones lie over earlier ones; pages that are not there, over all. */
struct object {
	uint64_t address;
	size_t size;
	const uint8_t *bytes; /* NULL: its pages are not there */
};

struct world {
	struct object objects[OBJECTS];
	uint8_t headers[OBJECTS][HEADER_LEN];
	unsigned int count;
	uint64_t start, end;   /* of the mapping that is searched, if that is known */
	uint64_t read_at;      /* what was read last */
	uint64_t size, filled; /* of the image that comes */
	uint64_t places, images, bytes;
	uint8_t image[BYTES_MOST];
};

static struct made_image made[2];

static void require(int condition)
{
	if (!condition)
		abort();
}

static uint64_t take(struct input *input, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < count && input->left; i++, input->left--)
		value |= (uint64_t)*input->bytes++ << i * 8;
	return value;
}

/* ---- memory ---- */

/* The part of OBJECT that lies within SIZE bytes from ADDRESS: where in those, and how long. */
static size_t overlap(const struct object *object, uint64_t address, size_t size, size_t *at)
{
	uint64_t from = object->address > address ? object->address : address;
	uint64_t to = object->address + object->size;

	to = to < address + size ? to : address + size;
	*at = from - address;
	return from < to ? to - from : 0;
}

/* What lies there; false where a page of it is not there, which is zeros. */
static bool look(const struct world *world, uint64_t address, uint8_t *out, size_t size)
{
	bool there = true;
	size_t at, len;

	memset(out, 0, size);
	for (unsigned int i = 0; i < world->count; i++) {
		const struct object *object = &world->objects[i];

		len = overlap(object, address, size, &at);
		if (len && object->bytes)
			memcpy(out + at, object->bytes + (address + at - object->address), len);
	}
	for (unsigned int i = 0; i < world->count; i++) {
		len = overlap(&world->objects[i], address, size, &at);
		if (!len || world->objects[i].bytes)
			continue;
		memset(out + at, 0, len);
		there = false;
	}
	return there;
}

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	struct world *world = opaque;

	require(size && size <= IMAGE_SEARCH_PIECE);
	require(address >= world->start && address <= world->end && size <= world->end - address);
	world->read_at = address;
	if (size == HEADER_LEN && !world->size)
		world->places++;
	if (look(world, address, out, size))
		return true;
	memset(out, 0xa5, size);
	return false;
}

/* ---- what is found ---- */

static bool is_whole(const struct world *world)
{
	for (unsigned int i = 0; i < 2; i++)
		if (world->size >= MADE_IMAGE_SIZE &&
		    !memcmp(world->image, made[i].bytes, MADE_IMAGE_SIZE))
			return true;
	return false;
}

static void find_symbols(struct world *world)
{
	struct blob image = {malloc(world->size), world->size};
	char message[IMAGE_MESSAGE_MAX] = "";
	struct symbols symbols = {0};
	uint64_t work = WORK;

	require(image.bytes != NULL);
	memcpy(image.bytes, world->image, world->size);
	if (symbols_search_image(&symbols, &image, &work, message)) {
		require(symbols.count > 0);
	} else {
		require(message[0]);
		require(!is_whole(world));
	}
	symbols_free(&symbols);
	blob_free(&image);
}

static bool take_found(void *opaque, const void *bytes, size_t size)
{
	static uint8_t there[IMAGE_SEARCH_PIECE];
	struct world *world = opaque;

	if (!world->size) {
		require(size == sizeof(world->size));
		memcpy(&world->size, bytes, size);
		world->bytes += world->size;
		require(world->size && ++world->images <= IMAGES_MOST);
		require(world->bytes <= BYTES_MOST);
		return true;
	}
	require(size && size <= IMAGE_SEARCH_PIECE && size <= world->size - world->filled);
	look(world, world->read_at, there, size);
	require(!memcmp(bytes, there, size));
	memcpy(world->image + world->filled, bytes, size);
	world->filled += size;
	if (world->filled == world->size) {
		find_symbols(world);
		world->size = world->filled = 0;
	}
	return true;
}

/* ---- the program ---- */

static uint64_t take_address(struct input *input)
{
	uint64_t slot = take(input, 1);

	return BASE + slot * 2 * MIB + take(input, 2);
}

static void put(struct world *world, uint64_t address, const uint8_t *bytes, size_t size)
{
	if (world->count < OBJECTS && size)
		world->objects[world->count++] = (struct object){address, size, bytes};
}

static void put_header(struct world *world, uint64_t address, uint64_t size)
{
	uint8_t *header = world->headers[world->count % OBJECTS];

	if (world->count == OBJECTS)
		return;
	memcpy(header, made[0].bytes, HEADER_LEN);
	memcpy(header + SIZE_FIELD, &size, sizeof(size));
	put(world, address, header, HEADER_LEN);
}

static void put_bytes(struct world *world, uint64_t address, struct input *input)
{
	size_t size = take(input, 1);

	size = size < input->left ? size : input->left;
	put(world, address, input->bytes, size);
	input->bytes += size;
	input->left -= size;
}

/* A line as the kernel writes it. */
static void make_line(struct world *world, struct input *input, char line[64])
{
	world->start = BASE + take(input, 2) * PAGE;
	world->end = world->start + take(input, 3) * PAGE;
	snprintf(line, 64, "%" PRIx64 "-%" PRIx64 " rw-p 0 00:00 0\n", world->start, world->end);
}

/* Any line at all: where it leads is not checked. */
static void take_line(struct world *world, struct input *input, char line[64])
{
	for (unsigned int i = 0; i < 63; i++)
		line[i] = (char)take(input, 1);
	line[63] = '\0';
	world->start = 0;
	world->end = UINT64_MAX;
}

static void step(struct world *world, struct input *input, struct image_search *search)
{
	uint64_t op = take(input, 1), address;
	const struct made_image *image = &made[op >> 7];
	char line[64];

	if ((op & 7) < 2) {
		if (op & 1)
			take_line(world, input, line);
		else
			make_line(world, input, line);
		if (!image_search_mapping(search, line))
			input->left = 0;
		return;
	}
	address = take_address(input);
	switch (op & 7) {
	case 2: put(world, address, image->bytes, MADE_IMAGE_SIZE); break;
	case 3: put_header(world, address, take(input, 4)); break;
	case 4:
		put(world, address, image->bytes + image->num_syms, image->len - image->num_syms);
		break;
	case 5: put(world, address & ~(PAGE - 1ull), NULL, (take(input, 1) + 1) * PAGE); break;
	default: put_bytes(world, address, input); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct world world;
	struct input input = {bytes, size};
	struct image_search search = {
		.read = read_memory,
		.write = take_found,
		.opaque = &world,
		.page = PAGE,
		.images = IMAGES_MOST,
		.places = PLACES_MOST,
		.bytes = BYTES_MOST,
	};

	if (!made[0].len) {
		make_image(&made[0], false, 0);
		make_image(&made[1], true, 0);
	}
	world.count = 0;
	world.places = world.images = world.bytes = world.size = world.filled = 0;
	while (input.left)
		step(&world, &input, &search);
	require(!world.size && world.places <= PLACES_MOST);
	return 0;
}
