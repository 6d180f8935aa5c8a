/* SPDX-License-Identifier: Apache-2.0 */

#include "base/image_formats.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Linux, Documentation/arch/riscv/boot-image-header.rst. */
enum {
	HEADER_MAGIC = 48, /* "RISCV\0\0\0", deprecated by header version 0.2 */
	HEADER_MAGIC2 = 56,
	HEADER_LEN = 64,
};

enum { FLASH_MAGIC = 40 };

static const struct {
	unsigned int machine;
	const char *name;
} machines[] = {
	{EM_386, "32-bit x86"}, {EM_X86_64, "x86-64"},	     {EM_ARM, "32-bit Arm"},
	{EM_AARCH64, "arm64"},	{EM_PPC64, "POWER"},	     {EM_S390, "s390"},
	{EM_MIPS, "MIPS"},	{EM_LOONGARCH, "LoongArch"},
};

bool image_has(const struct blob *blob, size_t offset, const void *magic, size_t len)
{
	return offset <= blob->len && len <= blob->len - offset &&
	       !memcmp(blob->bytes + offset, magic, len);
}

bool image_refuse(char message[IMAGE_MESSAGE_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, IMAGE_MESSAGE_MAX, format, arguments);
	va_end(arguments);
	return false;
}

bool image_is_linux(const struct blob *blob)
{
	return blob->len >= HEADER_LEN && (image_has(blob, HEADER_MAGIC2, "RSC\x05", 4) ||
					   image_has(blob, HEADER_MAGIC, "RISCV\0\0", 8));
}

bool image_is_elf(const struct blob *blob)
{
	return image_has(blob, 0, ELFMAG, SELFMAG);
}

bool image_is_flash(const struct blob *blob)
{
	return image_has(blob, FLASH_MAGIC, "_FVH", 4);
}

static bool refuse_machine(char message[IMAGE_MESSAGE_MAX], unsigned int machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (machines[i].machine == machine)
			return image_refuse(message, "is an ELF file for %s, not for riscv64",
					    machines[i].name);
	}
	return image_refuse(message, "is an ELF file for machine %u, not for riscv64", machine);
}

bool image_elf_header(const struct blob *blob, Elf64_Ehdr *header, char message[IMAGE_MESSAGE_MAX])
{
	if (blob->len < EI_NIDENT + 4)
		return image_refuse(message, "is a truncated ELF file");
	const bool big_endian = blob->bytes[EI_DATA] == ELFDATA2MSB;
	const uint8_t *machine_field = blob->bytes + offsetof(Elf64_Ehdr, e_machine);
	unsigned int machine = big_endian ? (unsigned int)machine_field[0] << 8 | machine_field[1]
					  : image_u16(machine_field);
	if (machine != EM_RISCV)
		return refuse_machine(message, machine);
	if (big_endian)
		return image_refuse(message, "is a big-endian ELF file");
	if (blob->bytes[EI_CLASS] != ELFCLASS64)
		return image_refuse(message, "is a 32-bit RISC-V ELF file; 64-bit is needed");
	if (blob->len < sizeof(*header))
		return image_refuse(message, "is a truncated ELF file");
	memcpy(header, blob->bytes, sizeof(*header));
	if (header->e_type == ET_REL)
		return image_refuse(message, "is an ELF object file, not linked yet");
	return true;
}
