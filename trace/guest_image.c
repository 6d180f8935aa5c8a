/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/guest_image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/helper.h"
#include "vmm/image_formats.h"
#include "vmm/log.h"

/* Linux wants its Image at such a multiple (Documentation/arch/riscv/boot-image-header.rst). */
#define IMAGE_ALIGN (2ull << 20)
#define HEADER_LEN  64u
#define SIZE_FIELD  16u
/* What an Image may say that it takes. */
#define IMAGE_LIMIT (256ull << 20)
/* So much is done at most, in all: a hostile guest may have headers all over its memory, and its
 * process as many mappings as it likes. */
#define IMAGES_MOST 8u
#define BYTES_MOST  IMAGE_LIMIT
#define PLACES_MOST (1u << 20) /* 2 TiB of RAM */
#define PATIENCE    30000000000ull
#define PIECE	    65536u
/* Mappings of other sizes are no guest's RAM with a Linux in it; sanitizers have far longer ones.
 */
#define RAM_LEAST (16ull << 20)
#define RAM_MOST  (1ull << 40)
/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT_OR_SWAPPED (3ull << 62)

/* What comes instead of an image's size. */
#define END_OF_SEARCH	UINT64_MAX
#define BOUND_OF_SEARCH (UINT64_MAX - 1)

/* ---- in the helper: it finds images; whether they have symbols is not its business ---- */

struct process {
	int memory, pagemap;
	FILE *maps;
	uint64_t page; /* the size of one */
	unsigned int images;
	uint64_t places, bytes; /* that may still be looked at */
	int out;
};

/* Whether all SIZE bytes, at least 1 and at most PIECE, lie in pages that somebody has touched. */
static bool are_there(const struct process *process, uint64_t address, size_t size)
{
	uint64_t first = address / process->page, last = (address + size - 1) / process->page;
	size_t count = last - first + 1, wanted = count * sizeof(uint64_t);
	uint64_t entries[PIECE / 4096 + 1];

	if (count > sizeof(entries) / sizeof(entries[0]) ||
	    pread(process->pagemap, entries, wanted, (off_t)(first * sizeof(uint64_t))) !=
		    (ssize_t)wanted)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!(entries[i] & PAGE_PRESENT_OR_SWAPPED))
			return false;
	return true;
}

/* Others are not read: in shared memory that would make them, and they may be somebody's to bring
 * (userfaultfd). They are zeros, as an Image's last part is, which it has not used yet. */
static void read_piece(const struct process *process, uint64_t address, uint8_t *out, size_t size)
{
	if (!are_there(process, address, size) ||
	    pread(process->memory, out, size, (off_t)address) != (ssize_t)size)
		memset(out, 0, size);
}

/* False: nobody reads any more. */
static bool send_image(const struct process *process, uint64_t address, uint64_t size)
{
	uint8_t piece[PIECE];

	if (!helper_write(process->out, &size, sizeof(size)))
		return false;
	for (uint64_t done = 0, part; done < size; done += part) {
		uint64_t at = address + done, in_page = process->page - at % process->page;

		part = PIECE < size - done ? PIECE : size - done;
		if (!are_there(process, at, part))
			part = in_page < part ? in_page : part;
		read_piece(process, at, piece, part);
		if (!helper_write(process->out, piece, part))
			return false;
	}
	return true;
}

/* The Linux at ADDRESS, if one is there, up to END at most. False: that was all. */
static bool look_at(struct process *process, uint64_t address, uint64_t end)
{
	uint8_t header[HEADER_LEN];
	const struct blob image = {.bytes = header, .len = sizeof(header)};
	uint64_t size;

	if (!process->places)
		return false;
	process->places--;
	read_piece(process, address, header, sizeof(header));
	if (!image_is_linux(&image))
		return true;
	size = image_u64(header + SIZE_FIELD);
	if (size < HEADER_LEN || size > IMAGE_LIMIT)
		return true;
	size = size < end - address ? size : end - address;
	if (!process->images || size > process->bytes)
		return false;
	process->images--;
	process->bytes -= size;
	return send_image(process, address, size);
}

static bool look_between(struct process *process, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at + HEADER_LEN < end; at += IMAGE_ALIGN)
		if (!look_at(process, at, end))
			return false;
	return true;
}

/*
 * In the mapping that LINE of /proc/PID/maps tells of. Guest RAM begins at such a multiple too, for
 * the guest; in its VMM it begins where the mapping does, or where huge pages would.
 */
static bool look_in(struct process *process, const char *line)
{
	uint64_t start, end, aligned;
	char access[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, access) != 3 ||
	    access[0] != 'r' || access[1] != 'w' || end - start < RAM_LEAST ||
	    end - start > RAM_MOST)
		return true;
	aligned = (start + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
	return look_between(process, start, end) &&
	       (aligned == start || look_between(process, aligned, end));
}

static void search(void *opaque, int out)
{
	struct process *process = opaque;
	uint64_t all = END_OF_SEARCH;
	char *line = NULL;
	size_t room = 0;

	process->out = out;
	while (all == END_OF_SEARCH && getline(&line, &room, process->maps) > 0)
		if (!look_in(process, line))
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
	if (size > IMAGE_LIMIT)
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
static bool open_process(pid_t pid, struct process *process)
{
	int maps = open_file(pid, "maps");

	*process = (struct process){
		.memory = open_file(pid, "mem"),
		.pagemap = open_file(pid, "pagemap"),
		.maps = maps < 0 ? NULL : fdopen(maps, "r"),
		.page = (uint64_t)sysconf(_SC_PAGESIZE),
		.images = IMAGES_MOST,
		.places = PLACES_MOST,
		.bytes = BYTES_MOST,
	};
	if (maps >= 0 && !process->maps)
		close(maps);
	return process->memory >= 0 && process->pagemap >= 0 && process->maps;
}

static void close_process(struct process *process)
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
	struct process process;
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
