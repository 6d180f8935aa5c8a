/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/guest_image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/guest/helper.h"
#include "trace/guest/image_search.h"

/* So much is done at most, in all. */
#define IMAGES_MOST 8u
#define BYTES_MOST  IMAGE_SEARCH_LARGEST
#define PLACES_MOST (1u << 20) /* 2 TiB of RAM */
#define PATIENCE    30000000000ull
/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT_OR_SWAPPED (3ull << 62)

/* What comes instead of an image's size. */
#define END_OF_SEARCH	UINT64_MAX
#define BOUND_OF_SEARCH (UINT64_MAX - 1)

/* ---- in the helper: it finds images; whether they have symbols is not its business ---- */

struct image_process {
	int memory, pagemap;
	FILE *maps;
	uint64_t page; /* the size of one */
	int out;
};

/* Whether all SIZE bytes lie in pages that somebody has touched. */
static bool are_there(const struct image_process *process, uint64_t address, size_t size)
{
	uint64_t first = address / process->page, last = (address + size - 1) / process->page;
	size_t count = last - first + 1, wanted = count * sizeof(uint64_t);
	uint64_t entries[IMAGE_SEARCH_PIECE / 4096 + 1];

	if (count > sizeof(entries) / sizeof(entries[0]) ||
	    pread(process->pagemap, entries, wanted, (off_t)(first * sizeof(uint64_t))) !=
		    (ssize_t)wanted)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!(entries[i] & PAGE_PRESENT_OR_SWAPPED))
			return false;
	return true;
}

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	const struct image_process *process = opaque;

	return are_there(process, address, size) &&
	       pread(process->memory, out, size, (off_t)address) == (ssize_t)size;
}

/* False: nobody reads any more. */
static bool write_found(void *opaque, const void *bytes, size_t size)
{
	return helper_write(((const struct image_process *)opaque)->out, bytes, size);
}

static void search(void *opaque, int out)
{
	struct image_process *process = opaque;
	struct image_search images = {
		.read = read_memory,
		.write = write_found,
		.opaque = process,
		.page = process->page,
		.images = IMAGES_MOST,
		.places = PLACES_MOST,
		.bytes = BYTES_MOST,
	};
	uint64_t all = END_OF_SEARCH;
	char *line = NULL;
	size_t room = 0;

	process->out = out;
	while (all == END_OF_SEARCH && getline(&line, &room, process->maps) > 0)
		if (!image_search_mapping(&images, line))
			all = BOUND_OF_SEARCH;
	helper_write(out, &all, sizeof(all));
}

/* ---- what it finds ---- */

static void say_bound(pid_t pid, const char *what)
{
	note("the search for a Linux in the memory of process %d was given up: %s; "
	     "--guestkallsyms or --guestvmlinux give names",
	     (int)pid, what);
}

/* The next image. False: there is none; WHY then, or NULL. */
static bool read_image(const struct helper *helper, struct blob *image, const char **why)
{
	uint64_t size;

	*why = NULL;
	*image = (struct blob){0};
	if (!helper_read(helper, &size, sizeof(size))) {
		*why = errno == ETIMEDOUT ? "it took too long" : NULL;
		return false;
	}
	if (size == BOUND_OF_SEARCH)
		*why = "there is too much that looks like one";
	if (size > IMAGE_SEARCH_LARGEST)
		return false;
	*image = (struct blob){.bytes = malloc(size), .len = size};
	if (image->bytes && helper_read(helper, image->bytes, image->len))
		return true;
	*why = image->bytes ? "it took too long" : "no memory";
	blob_free(image);
	return false;
}

static bool find_symbols(const struct helper *helper, struct symbols *symbols, const char **why)
{
	uint64_t work = SYMBOLS_IMAGE_WORK;
	char message[IMAGE_MESSAGE_MAX];
	struct blob image;
	bool found = false;

	while (!found && work && read_image(helper, &image, why)) {
		found = symbols_search_image(symbols, &image, &work, message);
		blob_free(&image);
		if (!found)
			symbols_free(symbols);
	}
	if (!found && !work)
		*why = "there is too much that looks like its symbols";
	return found;
}

static int open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* This process may be allowed more than a child of its own is (Yama): so it opens them. */
static bool open_process(pid_t pid, struct image_process *process)
{
	int maps = open_file(pid, "maps");

	*process = (struct image_process){
		.memory = open_file(pid, "mem"),
		.pagemap = open_file(pid, "pagemap"),
		.maps = maps < 0 ? NULL : fdopen(maps, "r"),
		.page = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	if (maps >= 0 && !process->maps)
		close(maps);
	return process->memory >= 0 && process->pagemap >= 0 && process->maps;
}

static void close_process(struct image_process *process)
{
	if (process->memory >= 0)
		close(process->memory);
	if (process->pagemap >= 0)
		close(process->pagemap);
	if (process->maps)
		fclose(process->maps);
}

bool guest_image_symbols(pid_t pid, struct symbols *symbols)
{
	const char *why = NULL;
	struct image_process process;
	struct helper helper;
	bool found = false;

	if (open_process(pid, &process) && helper_start(&helper, search, &process, PATIENCE)) {
		found = find_symbols(&helper, symbols, &why);
		helper_end(&helper);
		if (why)
			say_bound(pid, why);
	}
	close_process(&process);
	return found;
}
