/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/guest_image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/image_formats.h"

/* Linux wants its Image at such a multiple (Documentation/arch/riscv/boot-image-header.rst). */
#define IMAGE_ALIGN (2ull << 20)
#define HEADER_LEN  64u
#define SIZE_FIELD  16u
/* What an Image may say that it takes. */
#define IMAGE_LIMIT (256ull << 20)
/* So many are read: a hostile guest may have headers all over its memory. */
#define IMAGES_MOST 8u
/* Mappings of other sizes are no guest's RAM with a Linux in it; sanitizers have far longer ones.
 */
#define RAM_LEAST (16ull << 20)
#define RAM_MOST  (1ull << 40)
/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT_OR_SWAPPED (3ull << 62)

struct process {
	int memory, pagemap;
	uint64_t page;	    /* the size of one */
	unsigned int tried; /* images */
};

/* A page that nobody has touched is not read: in shared memory that would make one. */
static bool is_there(const struct process *process, uint64_t address)
{
	uint64_t entry;

	return pread(process->pagemap, &entry, sizeof(entry),
		     (off_t)(address / process->page * sizeof(entry))) == sizeof(entry) &&
	       entry & PAGE_PRESENT_OR_SWAPPED;
}

/* As much as there is: an Image's last part is memory that it has not used yet. */
static bool read_image(const struct process *process, uint64_t address, struct blob *image)
{
	ssize_t part = 1;
	size_t done = 0;

	while (done < image->len && part > 0) {
		part = pread(process->memory, image->bytes + done, image->len - done,
			     (off_t)(address + done));
		done += part > 0 ? (size_t)part : 0;
	}
	image->len = done;
	return done >= HEADER_LEN;
}

/* The Linux at ADDRESS, if one is there, up to END at most. */
static bool symbols_at(struct process *process, uint64_t address, uint64_t end,
		       struct symbols *symbols)
{
	uint8_t header[HEADER_LEN];
	struct blob image = {.bytes = header, .len = sizeof(header)};
	char message[IMAGE_MESSAGE_MAX];
	uint64_t size;
	bool found;

	if (!is_there(process, address) || !read_image(process, address, &image) ||
	    !image_is_linux(&image))
		return false;
	size = image_u64(header + SIZE_FIELD);
	if (size > IMAGE_LIMIT || process->tried == IMAGES_MOST)
		return false;
	process->tried++;
	image.len = size < end - address ? size : end - address;
	image.bytes = malloc(image.len);
	found = image.bytes && read_image(process, address, &image) &&
		symbols_read_image(symbols, &image, message);
	free(image.bytes);
	if (!found)
		symbols_free(symbols);
	return found;
}

static bool symbols_between(struct process *process, uint64_t start, uint64_t end,
			    struct symbols *symbols)
{
	for (uint64_t at = start; at + HEADER_LEN < end; at += IMAGE_ALIGN)
		if (symbols_at(process, at, end, symbols))
			return true;
	return false;
}

/*
 * In the mapping that LINE of /proc/PID/maps tells of. Guest RAM begins at such a multiple too, for
 * the guest; in its VMM it begins where the mapping does, or where huge pages would.
 */
static bool symbols_in(struct process *process, const char *line, struct symbols *symbols)
{
	uint64_t start, end, aligned;
	char access[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, access) != 3 ||
	    access[0] != 'r' || access[1] != 'w' || end - start < RAM_LEAST ||
	    end - start > RAM_MOST)
		return false;
	aligned = (start + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
	return symbols_between(process, start, end, symbols) ||
	       (aligned != start && symbols_between(process, aligned, end, symbols));
}

static int open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool search(struct process *process, FILE *maps, struct symbols *symbols)
{
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (!found && getline(&line, &room, maps) > 0)
		found = symbols_in(process, line, symbols);
	free(line);
	return found;
}

bool guest_image_symbols(pid_t pid, struct symbols *symbols)
{
	struct process process = {
		.memory = open_file(pid, "mem"),
		.pagemap = open_file(pid, "pagemap"),
		.page = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	int fd = open_file(pid, "maps");
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	bool found = false;

	if (process.memory >= 0 && process.pagemap >= 0 && maps)
		found = search(&process, maps, symbols);
	if (process.memory >= 0)
		close(process.memory);
	if (process.pagemap >= 0)
		close(process.pagemap);
	if (maps)
		fclose(maps);
	else if (fd >= 0)
		close(fd);
	return found;
}
