/* SPDX-License-Identifier: Apache-2.0 */
/* ELF64 for RISC-V: the System V gABI, chapters 4 and 5. */
#include <inttypes.h>
#include <string.h>

#include "vmm/boot/image.h"
#include "vmm/boot/image_loaders.h"

/* Kernels have fewer than ten; a bound keeps what a hostile file can make us copy small. */
enum { SEGMENTS_MAX = 128 };

/* No machine has this much: what is linked further up was not linked for --memory to reach. */
#define MEMORY_MOST (1ull << 44)

static const uint64_t relocated_base = 2 * 1024 * 1024;

/* Reads and checks the file header, and that its segments are there. */
static bool read_header(const struct blob *blob, Elf64_Ehdr *header,
			char message[IMAGE_MESSAGE_MAX])
{
	if (!image_elf_header(blob, header, message))
		return false;
	if (header->e_phentsize != sizeof(Elf64_Phdr) || !header->e_phnum)
		return image_refuse(message, "is an ELF file without segments");
	if (header->e_phnum > SEGMENTS_MAX)
		return image_refuse(message, "is an ELF file with %u segments, more than %d",
				    header->e_phnum, SEGMENTS_MAX);
	if (header->e_phoff > blob->len ||
	    blob->len - header->e_phoff < header->e_phnum * sizeof(Elf64_Phdr))
		return image_refuse(message, "is a truncated ELF file");
	return true;
}

/* Segment I, copied: program headers need not be aligned. False when it is not to be loaded. */
static bool read_segment(const struct blob *blob, const Elf64_Ehdr *header, unsigned int i,
			 Elf64_Phdr *segment)
{
	memcpy(segment, blob->bytes + header->e_phoff + i * sizeof(*segment), sizeof(*segment));
	return segment->p_type == PT_LOAD && segment->p_memsz > 0;
}

/* Checks the loadable segments and finds the range of physical addresses that they take. */
static bool find_extent(const struct blob *blob, const Elf64_Ehdr *header, uint64_t *low,
			uint64_t *high, char message[IMAGE_MESSAGE_MAX])
{
	Elf64_Phdr segment;

	*low = UINT64_MAX;
	*high = 0;
	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (!read_segment(blob, header, i, &segment))
			continue;
		if (segment.p_filesz > segment.p_memsz ||
		    segment.p_memsz > UINT64_MAX - segment.p_paddr)
			return image_refuse(message, "is an ELF file with an impossible segment");
		if (segment.p_offset > blob->len || segment.p_filesz > blob->len - segment.p_offset)
			return image_refuse(message, "is a truncated ELF file");
		if (segment.p_paddr < *low)
			*low = segment.p_paddr;
		if (segment.p_paddr + segment.p_memsz > *high)
			*high = segment.p_paddr + segment.p_memsz;
	}
	if (!*high)
		return image_refuse(message, "is an ELF file without loadable segments");
	return true;
}

/* The entry point is virtual where a segment says so, else physical already. */
static bool find_entry(const struct blob *blob, const Elf64_Ehdr *header, uint64_t *entry)
{
	Elf64_Phdr segment;

	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (!read_segment(blob, header, i, &segment))
			continue;
		if (header->e_entry - segment.p_vaddr < segment.p_memsz) {
			*entry = segment.p_paddr + (header->e_entry - segment.p_vaddr);
			return true;
		}
	}
	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (read_segment(blob, header, i, &segment) &&
		    header->e_entry - segment.p_paddr < segment.p_memsz) {
			*entry = header->e_entry;
			return true;
		}
	}
	return false;
}

bool image_load_elf(const struct blob *blob, const struct guest_memory *memory,
		    struct image_place *place, char message[IMAGE_MESSAGE_MAX])
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	uint64_t low, high, entry, bias = 0;

	if (!read_header(blob, &header, message) ||
	    !find_extent(blob, &header, &low, &high, message))
		return false;
	if (!find_entry(blob, &header, &entry))
		return image_refuse(message, "is an ELF file whose entry point is in no segment");

	/* Linux's vmlinux is linked to physical address 0 and runs at any multiple of 2 MiB: it
	 * goes where the Image of the same kernel would. */
	if (low < relocated_base && high <= memory->base)
		bias = memory->base + relocated_base;
	else if (low < memory->base)
		return image_refuse(message,
				    "is linked to %#" PRIx64 ", memory starts at %#" PRIx64, low,
				    memory->base);
	low += bias;
	high += bias;
	if (low - memory->base >= MEMORY_MOST)
		return image_refuse(message,
				    "is linked to physical address %#" PRIx64
				    ", memory starts at %#" PRIx64 " "
				    "(p_paddr in its program headers, LMA in a linker script)",
				    low, memory->base);
	if (!guest_memory_at(memory, low, high - low))
		return image_refuse_size(message, memory, high);

	for (unsigned int i = 0; i < header.e_phnum; i++) {
		if (!read_segment(blob, &header, i, &segment))
			continue;
		uint8_t *to = guest_memory_at(memory, segment.p_paddr + bias, segment.p_memsz);
		memcpy(to, blob->bytes + segment.p_offset, segment.p_filesz);
		memset(to + segment.p_filesz, 0, segment.p_memsz - segment.p_filesz);
	}
	*place = (struct image_place){IMAGE_ELF, entry + bias, low, high};
	return true;
}
