/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/image_search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image_formats.h"

/* Linux wants its Image at such a multiple (Documentation/arch/riscv/boot-image-header.rst). */
#define IMAGE_ALIGN (2ull << 20)
#define HEADER_LEN  64u
#define SIZE_FIELD  16u
/* Mappings of other sizes are no guest's RAM with a Linux in it; sanitizers have far longer ones.
 */
#define RAM_LEAST (16ull << 20)
#define RAM_MOST  (1ull << 40)
/* No process has memory from here on, and sums of what is below do not wrap. */
#define ADDRESS_END (1ull << 63)

/*
 * Pages that are not there are zeros, as an Image's last part is, which it has not used yet. In
 * shared memory reading would make them, and they may be somebody's to bring (userfaultfd).
 */
static void read_or_zero(const struct image_search *search, uint64_t address, void *out,
			 size_t size)
{
	if (!search->read(search->opaque, address, out, size))
		memset(out, 0, size);
}

/* The next bytes of an image, LEFT at most: in one piece, or what is left of a page. */
static size_t read_piece(const struct image_search *search, uint64_t at, uint8_t *piece,
			 uint64_t left)
{
	size_t size = left < IMAGE_SEARCH_PIECE ? left : IMAGE_SEARCH_PIECE;
	size_t in_page = search->page - at % search->page;

	if (search->read(search->opaque, at, piece, size))
		return size;
	size = in_page < size ? in_page : size;
	read_or_zero(search, at, piece, size);
	return size;
}

static bool write_image(const struct image_search *search, const struct image_place *place)
{
	uint64_t size = place->size;
	uint8_t piece[IMAGE_SEARCH_PIECE];

	if (!search->write(search->opaque, &size, sizeof(size)))
		return false;
	for (uint64_t done = 0, part; done < size; done += part) {
		part = read_piece(search, place->address + done, piece, size - done);
		if (!search->write(search->opaque, piece, part))
			return false;
	}
	return true;
}

/* The Linux at PLACE's address, if one is there, up to its end at most. False: that was all. */
static bool look_at(struct image_search *search, struct image_place *place)
{
	uint8_t header[HEADER_LEN];
	const struct blob image = {.bytes = header, .len = sizeof(header)};
	uint64_t size;

	if (!search->places)
		return false;
	search->places--;
	read_or_zero(search, place->address, header, sizeof(header));
	if (!image_is_linux(&image))
		return true;
	size = image_u64(header + SIZE_FIELD);
	if (size < HEADER_LEN || size > IMAGE_SEARCH_LARGEST)
		return true;
	size = size < place->end - place->address ? size : place->end - place->address;
	if (!search->images || size > search->bytes)
		return false;
	search->images--;
	search->bytes -= size;
	place->size = size;
	return search->found ? search->found(search->opaque, place) : write_image(search, place);
}

/* From FIRST on, in the mapping from START to END. */
static bool look_between(struct image_search *search, uint64_t first, uint64_t start, uint64_t end)
{
	for (uint64_t at = first; at + HEADER_LEN < end; at += IMAGE_ALIGN)
		if (!look_at(search,
			     &(struct image_place){.address = at, .start = start, .end = end}))
			return false;
	return true;
}

/* Guest RAM begins at such a multiple for the guest; in its VMM it begins where the mapping does,
 * or where huge pages would. */
bool image_search_mapping(struct image_search *search, const char *line)
{
	uint64_t start, end, aligned;
	char access[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, access) != 3 ||
	    access[0] != 'r' || access[1] != 'w' || end > ADDRESS_END || start > end ||
	    end - start < RAM_LEAST || end - start > RAM_MOST)
		return true;
	aligned = (start + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
	return look_between(search, start, start, end) &&
	       (aligned == start || look_between(search, aligned, start, end));
}

bool image_search_process(struct image_search *search, FILE *maps)
{
	char *line = NULL;
	size_t room = 0;
	bool all = true;

	while (all && getline(&line, &room, maps) > 0)
		all = image_search_mapping(search, line);
	free(line);
	return all;
}
