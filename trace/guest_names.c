/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/guest_names.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/guest_image.h"
#include "vmm/image.h"
#include "vmm/log.h"

/* What a file of symbols may be; those of kernels with debug information have 500 MB. */
#define SYMBOLS_LIMIT (2ull << 30)

static bool is_elf(const struct blob *file)
{
	return file->len > 4 && !memcmp(file->bytes, "\177ELF", 4);
}

/* An ELF, or an Image, packed or not. */
static bool read_kernel(struct symbols *symbols, struct blob *file, char message[IMAGE_MESSAGE_MAX])
{
	if (!is_elf(file) && !image_unpack(file, SYMBOLS_LIMIT, message))
		return false;
	return is_elf(file) ? symbols_read_elf(symbols, file, message)
			    : symbols_read_image(symbols, file, message);
}

/* False with MESSAGE; "": error() has said it. */
static bool load(struct symbols *symbols, const char *path, bool kallsyms,
		 char message[IMAGE_MESSAGE_MAX])
{
	struct blob file = {0};
	bool good;

	message[0] = '\0';
	if (!file_load("symbols", path, SYMBOLS_LIMIT, &file))
		return false;
	good = kallsyms ? symbols_read_kallsyms(symbols, &file, message)
			: read_kernel(symbols, &file, message);
	blob_free(&file);
	if (!good)
		symbols_free(symbols);
	return good;
}

bool guest_names_find(struct symbols *symbols, const struct guest_names_options *options,
		      const char *kernel, pid_t pid)
{
	const char *asked = options->kallsyms ? options->kallsyms : options->vmlinux;
	char message[IMAGE_MESSAGE_MAX] = "";

	*symbols = (struct symbols){0};
	if (asked) {
		if (load(symbols, asked, options->kallsyms != NULL, message))
			return true;
		if (*message)
			error("%s: %s", asked, message);
		return false;
	}
	if (*kernel && access(kernel, R_OK) == 0 && load(symbols, kernel, false, message))
		return true;
	if ((!pid || !guest_image_symbols(pid, symbols)) && *message)
		note("%s: %s: no names; --guestkallsyms or --guestvmlinux give them", kernel,
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

const char *guest_kernel_of(char *const *words)
{
	static const char *const options[] = {"--kernel", "-kernel", "-k"};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		for (char *const *word = words; *word; word++) {
			size_t len = strlen(options[i]);

			if (!strcmp(*word, options[i]))
				return word[1];
			if (!strncmp(*word, options[i], len) && (*word)[len] == '=')
				return *word + len + 1;
		}
	return NULL;
}

#define WORDS_MAX 256u

void guest_kernel_of_process(pid_t pid, char out[PATH_MAX])
{
	char path[64], text[16384], found[PATH_MAX + 64], *words[WORDS_MAX + 1];
	size_t count = 0;
	ssize_t size = -1;
	const char *kernel;
	int fd;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		size = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (size <= 0)
		return;
	text[size] = '\0';
	for (char *at = text; at < text + size && count < WORDS_MAX; at += strlen(at) + 1)
		words[count++] = at;
	words[count] = NULL;
	kernel = guest_kernel_of(words);
	if (!kernel)
		return;
	snprintf(found, sizeof(found), "/proc/%d/cwd/%s", (int)pid, kernel);
	if (!realpath(*kernel == '/' ? kernel : found, out))
		out[0] = '\0';
}
