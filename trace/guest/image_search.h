/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Linux in the memory of a process that may be hostile: where it can lie, and what it sends.
 * Pure: memory comes from a reader, and what is found goes to a writer. What symbols it has is
 * not its business (symbols.h).
 */
#ifndef VHART_IMAGE_SEARCH_H
#define VHART_IMAGE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What an Image may say that it takes. */
#define IMAGE_SEARCH_LARGEST (256ull << 20)
/* The most that is read at once. */
#define IMAGE_SEARCH_PIECE 65536u
/* Bounds for whoever has no better ones: no VM has more. */
#define IMAGE_SEARCH_IMAGES 8u
#define IMAGE_SEARCH_PLACES (1u << 20) /* 2 TiB of RAM */

/* A Linux that was found, and the mapping that it is in. */
struct image_place {
	uint64_t address, size;
	uint64_t start, end;
};

struct image_search {
	/*
	 * SIZE bytes of memory, 1 to IMAGE_SEARCH_PIECE, from ADDRESS, all within one mapping.
	 * False: a page of them is not there, and is not to be made by looking at it.
	 */
	bool (*read)(void *opaque, uint64_t address, void *out, size_t size);
	/* The next SIZE bytes of what is found. False: nobody wants them any more. */
	bool (*write)(void *opaque, const void *bytes, size_t size);
	/* Or, where it is not to be written: what is found. False as above. */
	bool (*found)(void *opaque, const struct image_place *place);
	void *opaque;
	uint64_t page; /* the size of one, a power of two */
	/* So much may still be looked at or sent, in all: a hostile guest may have headers all over
	 * its memory, and its process as many mappings as it likes. */
	unsigned int images;
	uint64_t places, bytes;
};

/*
 * Looks into the mapping that LINE of /proc/PID/maps tells of. Each Linux in it is told to found(),
 * or written: its size, a uint64_t from 1 to IMAGE_SEARCH_LARGEST, then so many bytes; those that
 * are not there are zeros. False: the search is over, a bound was hit or nobody wants more.
 */
bool image_search_mapping(struct image_search *search, const char *line);

/* The same of all of them. MAPS is /proc/PID/maps, at its beginning. */
bool image_search_process(struct image_search *search, FILE *maps);

#endif
