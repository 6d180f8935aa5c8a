/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/user_symbols.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "trace/export/intern.h"
#include "trace/guest/foreign_file.h"

#define FILES_MOST    512u
#define FILE_LIMIT    (256ull << 20)
#define PATHS_LIMIT   (1u << 20)
#define SEGMENTS_MOST 16u
/* Processes that may have made code. */
#define MADE_MOST 512u

/* What of a file is where it is linked. */
struct segment {
	uint64_t offset, size, address;
};

struct user_file {
	struct symbols symbols;
	struct segment segments[SEGMENTS_MOST];
	size_t segment_count;
};

struct user_symbols {
	const char *folder;
	struct budget budget;
	struct intern paths;
	struct user_file files[FILES_MOST]; /* by a path's number */
	struct intern processes;
	struct symbols made[MADE_MOST]; /* by a process's */
};

struct user_symbols *user_symbols_new(const char *folder)
{
	struct user_symbols *users = calloc(1, sizeof(*users));

	if (!users)
		return NULL;
	users->folder = folder;
	users->budget.left = PATHS_LIMIT;
	users->paths.budget = &users->budget;
	users->processes.budget = &users->budget;
	return users;
}

void user_symbols_free(struct user_symbols *users)
{
	if (!users)
		return;
	for (uint32_t i = 0; i < FILES_MOST; i++)
		symbols_free(&users->files[i].symbols);
	for (uint32_t i = 0; i < MADE_MOST; i++)
		symbols_free(&users->made[i]);
	intern_free(&users->paths);
	intern_free(&users->processes);
	free(users);
}

/* False with MESSAGE. */
static bool read_segments(struct user_file *file, const struct blob *elf,
			  char message[IMAGE_MESSAGE_MAX])
{
	Elf64_Ehdr header;
	Elf64_Phdr program;

	if (!image_elf_header(elf, &header, message))
		return false;
	if (header.e_phentsize != sizeof(program) || header.e_phoff > elf->len ||
	    header.e_phnum > (elf->len - header.e_phoff) / sizeof(program))
		return image_refuse(message, "is a truncated ELF file");
	for (size_t i = 0; i < header.e_phnum && file->segment_count < SEGMENTS_MOST; i++) {
		memcpy(&program, elf->bytes + header.e_phoff + i * sizeof(program),
		       sizeof(program));
		if (program.p_type == PT_LOAD)
			file->segments[file->segment_count++] =
				(struct segment){.offset = program.p_offset,
						 .size = program.p_filesz,
						 .address = program.p_vaddr};
	}
	return true;
}

/* Whether PATH could lead out of the folder that it is looked for in. */
static bool leads_up(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at++)
		if ((at == path || at[-1] == '/') && (!at[2] || at[2] == '/'))
			return true;
	return false;
}

/* False with MESSAGE; what there is of FILE is to be freed. */
static bool read_file(const struct user_symbols *users, struct user_file *file, const char *path,
		      char message[IMAGE_MESSAGE_MAX])
{
	struct blob elf;
	bool good;

	if (leads_up(path))
		return image_refuse(message, "is no path of a file");
	if (!foreign_file_load_in(users->folder, path, false, FILE_LIMIT, &elf, message))
		return false;
	good = read_segments(file, &elf, message) &&
	       symbols_read_elf(&file->symbols, &elf, message);
	blob_free(&elf);
	if (!good)
		symbols_free(&file->symbols);
	return good;
}

/* NULL: there is no room for more. */
static const struct user_file *find_file(struct user_symbols *users, const char *path)
{
	char message[IMAGE_MESSAGE_MAX] = "";
	uint32_t count = users->paths.count, number;

	if (intern_add(&users->paths, path, strlen(path) + 1, &number) != 0 || number >= FILES_MOST)
		return NULL;
	if (number == count && !read_file(users, &users->files[number], path, message))
		note("--guestmount %s: %s: %s: no names of it", users->folder, path, message);
	return &users->files[number];
}

bool user_symbols_find(struct user_symbols *users, const char *path, uint64_t offset,
		       struct symbol_place *place)
{
	const struct user_file *file = find_file(users, path);

	for (size_t i = 0; file && file->symbols.count && i < file->segment_count; i++) {
		const struct segment *segment = &file->segments[i];

		if (offset - segment->offset < segment->size)
			return symbols_lookup(&file->symbols,
					      segment->address + (offset - segment->offset), place);
	}
	return false;
}

/* ---- code that processes made ---- */

static void read_made(const struct user_symbols *users, uint32_t process, struct symbols *made)
{
	char message[IMAGE_MESSAGE_MAX] = "", path[32];
	struct blob text;
	bool good;

	snprintf(path, sizeof(path), "/tmp/perf-%" PRIu32 ".map", process);
	good = foreign_file_load_in(users->folder, path, true, FILE_LIMIT, &text, message);
	/* Hardly any process has one. */
	if (!good && !strcmp(message, strerror(ENOENT)))
		return;
	if (good) {
		good = symbols_read_perf_map(made, &text, message);
		blob_free(&text);
	}
	if (good)
		return;
	symbols_free(made);
	note("--guestmount %s: %s: %s: no names of it", users->folder, path, message);
}

bool user_symbols_find_made(struct user_symbols *users, uint32_t process, uint64_t address,
			    struct symbol_place *place)
{
	uint32_t count = users->processes.count, number;

	if (intern_add(&users->processes, &process, sizeof(process), &number) != 0 ||
	    number >= MADE_MOST)
		return false;
	if (number == count)
		read_made(users, process, &users->made[number]);
	return symbols_lookup(&users->made[number], address, place);
}
