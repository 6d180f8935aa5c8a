/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/kind.h"

#include <elf.h>
#include <string.h>

#include "base/board.h"
#include "base/image_formats.h"
#include "vmm/boot/image.h"

static bool ends(const char *name, const char *end)
{
	const size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && !strcmp(name + len - end_len, end);
}

static enum test_kind elf_kind(const struct blob *blob)
{
	char message[IMAGE_MESSAGE_MAX];
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	bool in_memory = false;

	if (!image_elf_header(blob, &header, message) || header.e_phentsize != sizeof(segment))
		return KIND_NO_TEST;
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		const uint64_t at = header.e_phoff + i * sizeof(segment);

		if (header.e_phoff > blob->len || at + sizeof(segment) > blob->len)
			return KIND_NO_TEST;
		memcpy(&segment, blob->bytes + at, sizeof(segment));
		if (segment.p_type == PT_INTERP || segment.p_type == PT_DYNAMIC)
			return KIND_NO_TEST;
		in_memory = in_memory || (segment.p_type == PT_LOAD && segment.p_paddr >= MAP_RAM);
	}
	return in_memory ? KIND_GUEST : KIND_NO_TEST;
}

/* By "#! /usr/bin/env sh" and the like. */
static enum test_kind script_kind(const struct blob *blob)
{
	char line[128];
	size_t len = 0;

	while (len < blob->len && len < sizeof(line) - 1 && blob->bytes[len] != '\n') {
		line[len] = (char)blob->bytes[len];
		len++;
	}
	line[len] = '\0';
	if (strstr(line, "vhart") || strstr(line, "lua"))
		return KIND_LUA;
	return strstr(line, "sh") ? KIND_SHELL : KIND_NO_TEST;
}

static const struct {
	const char *end;
	enum test_kind kind;
} names[] = {
	{".lua", KIND_LUA},
	{".sh", KIND_SHELL},
	{".flat", KIND_FIRMWARE},
	{".bin", KIND_FIRMWARE},
};

enum test_kind test_kind(const char *name, const void *bytes, size_t len)
{
	const struct blob blob = {.bytes = (uint8_t *)(uintptr_t)bytes, .len = len};

	if (image_is_elf(&blob))
		return elf_kind(&blob);
	if (image_is_linux(&blob))
		return image_holds_linux(&blob) ? KIND_NO_TEST : KIND_GUEST;
	if (image_has(&blob, 0, "#!", 2))
		return script_kind(&blob);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ends(name, names[i].end))
			return names[i].kind;
	return KIND_NO_TEST;
}
