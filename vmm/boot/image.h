/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot images: where a file wants to lie in guest RAM. Pure; every loader takes untrusted bytes and
 * is fuzzed.
 */
#ifndef VHART_IMAGE_H
#define VHART_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guest_memory.h"
#include "base/image_formats.h"

/*
 * Whether an unpacked kernel is Linux, as far as its bytes tell: an Image with an EFI stub, or what
 * has Linux's banner in it. Other programs use the same header.
 */
bool image_holds_linux(const struct blob *blob);

enum image_kind { IMAGE_LINUX, IMAGE_ELF, IMAGE_RAW };

/* Where a loaded image came to lie. */
struct image_place {
	enum image_kind kind;
	uint64_t entry; /* pc of the boot hart */
	uint64_t start,
		end; /* guest-physical range in use, BSS and the header's image_size included */
};

/*
 * Puts an unpacked kernel into RAM: a RISC-V Linux Image (header honoured: text_offset, image_size,
 * magic2, endianness), or an ELF64 for RISC-V (PT_LOAD by p_paddr, entry translated to physical).
 * FIRMWARE additionally allows any flat binary, at base + 2 MiB (where S-mode firmware is linked).
 * False with MESSAGE filled.
 */
bool image_load(const struct blob *blob, bool firmware, const struct guest_memory *memory,
		struct image_place *place, char message[IMAGE_MESSAGE_MAX]);

/*
 * Where the symbol NAME of an ELF file comes to lie, guest-physical. False: it is no ELF file, or
 * has no such symbol in a segment.
 */
bool image_elf_symbol(const struct blob *blob, const char *name, uint64_t *address);

/*
 * Where initrd and FDT go, given the kernel's place: the FDT, 2 MiB aligned, below the top of RAM
 * or of its first 1 GiB; the initrd, 4 KiB aligned, below it or, when it does not fit there, below
 * the top of RAM. Nothing overlaps. False with MESSAGE filled (it says how much memory is needed).
 */
bool image_place_rest(const struct guest_memory *memory, const struct image_place *kernel,
		      uint64_t initrd_len, uint64_t fdt_len, uint64_t *initrd, uint64_t *fdt,
		      char message[IMAGE_MESSAGE_MAX]);

#endif
