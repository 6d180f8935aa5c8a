/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/guest_image.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "trace/guest/helper.h"
#include "trace/guest/image_search.h"
#include "trace/guest/process_memory.h"

/* So much is done at most, in all. */
#define BYTES_MOST IMAGE_SEARCH_LARGEST
#define PATIENCE   30000000000ull

/* What comes instead of an image's size. */
#define END_OF_SEARCH	UINT64_MAX
#define BOUND_OF_SEARCH (UINT64_MAX - 1)

/* ---- in the helper: it finds images; whether they have symbols is not its business ---- */

struct image_process {
	struct process_memory memory;
	int out;
};

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	const struct image_process *process = opaque;

	return process_memory_read(&process->memory, address, out, size);
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
		.page = process->memory.page,
		.images = IMAGE_SEARCH_IMAGES,
		.places = IMAGE_SEARCH_PLACES,
		.bytes = BYTES_MOST,
	};
	uint64_t all = END_OF_SEARCH;

	process->out = out;
	if (!image_search_process(&images, process->memory.maps))
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

bool guest_image_symbols(pid_t pid, struct symbols *symbols)
{
	const char *why = NULL;
	struct image_process process;
	struct helper helper;
	bool found = false;

	if (process_memory_open(pid, &process.memory) &&
	    helper_start(&helper, search, &process, PATIENCE)) {
		found = find_symbols(&helper, symbols, &why);
		helper_end(&helper);
		if (why)
			say_bound(pid, why);
	}
	process_memory_close(&process.memory);
	return found;
}
