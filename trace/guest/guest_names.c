/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/guest_names.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/image_formats.h"
#include "base/log.h"
#include "trace/guest/command_line.h"
#include "trace/guest/foreign_file.h"
#include "trace/guest/guest_image.h"

/* What a file of symbols may be; those of kernels with debug information have 500 MB. */
#define SYMBOLS_LIMIT (2ull << 30)
/* And one that nobody asked for; so much is it unpacked to as well. */
#define KERNEL_LIMIT (256ull << 20)

static bool is_elf(const struct blob *file)
{
	return file->len > 4 && !memcmp(file->bytes, "\177ELF", 4);
}

/* An ELF, or an Image, packed or not. FILE is freed. */
static bool read_kernel(struct symbols *symbols, struct blob *file, uint64_t limit,
			char message[IMAGE_MESSAGE_MAX])
{
	bool good = is_elf(file) || image_unpack(file, limit, message);

	if (good)
		good = is_elf(file) ? symbols_read_elf(symbols, file, message)
				    : symbols_read_image(symbols, file, message);
	blob_free(file);
	if (!good)
		symbols_free(symbols);
	return good;
}

static bool read_kallsyms(struct symbols *symbols, struct blob *file,
			  char message[IMAGE_MESSAGE_MAX])
{
	bool good = symbols_read_kallsyms(symbols, file, message);

	blob_free(file);
	if (!good)
		symbols_free(symbols);
	return good;
}

/* The file that the user gave. False after error(). */
static bool load_asked(struct symbols *symbols, const char *path, bool kallsyms)
{
	char message[IMAGE_MESSAGE_MAX] = "";
	struct blob file;

	if (!file_load("symbols", path, SYMBOLS_LIMIT, &file))
		return false;
	if (kallsyms ? read_kallsyms(symbols, &file, message)
		     : read_kernel(symbols, &file, SYMBOLS_LIMIT, message))
		return true;
	error("%s: %s", path, message);
	return false;
}

/* What the VM booted. False with MESSAGE. */
static bool load_kernel(struct symbols *symbols, const struct guest_kernel *kernel,
			char message[IMAGE_MESSAGE_MAX])
{
	struct blob file;

	return foreign_file_load(kernel->process, kernel->name, KERNEL_LIMIT, &file, message) &&
	       read_kernel(symbols, &file, KERNEL_LIMIT, message);
}

bool guest_names_find(struct symbols *symbols, const struct guest_names_options *options,
		      const struct guest_kernel *kernel, pid_t pid)
{
	const char *asked = options->kallsyms ? options->kallsyms : options->vmlinux;
	char message[IMAGE_MESSAGE_MAX] = "";

	*symbols = (struct symbols){0};
	if (asked)
		return load_asked(symbols, asked, options->kallsyms != NULL);
	if (*kernel->name && load_kernel(symbols, kernel, message))
		return true;
	if ((!pid || !guest_image_symbols(pid, symbols)) && *message)
		note("%s: %s: no names; --guestkallsyms or --guestvmlinux give them", kernel->name,
		     message);
	return true;
}

#define STVEC_MODE 3u

void guest_names_move(struct symbols *symbols, uint64_t stvec)
{
	uint64_t handler = stvec & ~(uint64_t)STVEC_MODE, linked;

	/* Before its page tables are on, the kernel has a handler at a physical address. */
	if (symbols_find(symbols, "handle_exception", &linked) && handler >> 63 == linked >> 63)
		symbols_slide(symbols, "handle_exception", handler);
}

/* ---- which kernel ---- */

static size_t read_command_line(pid_t pid, struct command_line *line)
{
	char path[64];
	ssize_t size = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		size = read(fd, line->text, COMMAND_LINE_MAX);
		close(fd);
	}
	return size > 0 ? (size_t)size : 0;
}

void guest_kernel_of_process(pid_t pid, struct guest_kernel *kernel)
{
	struct command_line line;
	const char *name;

	command_line_split(&line, read_command_line(pid, &line));
	name = command_line_kernel(line.words);
	*kernel = (struct guest_kernel){.process = pid};
	if (name && strlen(name) < sizeof(kernel->name))
		snprintf(kernel->name, sizeof(kernel->name), "%s", name);
}

void guest_kernel_path(const struct guest_kernel *kernel, char path[PATH_MAX])
{
	char link[64], directory[PATH_MAX];
	ssize_t length = -1;

	if (kernel->process && *kernel->name && *kernel->name != '/') {
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)kernel->process);
		length = readlink(link, directory, sizeof(directory) - 1);
	}
	directory[length > 0 ? length : 0] = '\0';
	if (snprintf(path, PATH_MAX, "%s%s%s", directory, *directory ? "/" : "", kernel->name) >=
	    PATH_MAX)
		path[0] = '\0';
}
