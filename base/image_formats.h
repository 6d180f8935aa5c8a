/* SPDX-License-Identifier: Apache-2.0 */
/* What the image loaders share; image.h is what everybody else sees. */
#ifndef VHART_IMAGE_FORMATS_H
#define VHART_IMAGE_FORMATS_H

#include <elf.h>

#include "vmm/boot/image.h"

/* Little-endian fields of untrusted bytes; the caller has checked that they are there. */
static inline uint16_t image_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t image_u32(const uint8_t *at)
{
	return (uint32_t)image_u16(at) | (uint32_t)image_u16(at + 2) << 16;
}

static inline uint64_t image_u64(const uint8_t *at)
{
	return (uint64_t)image_u32(at) | (uint64_t)image_u32(at + 4) << 32;
}

/* Whether MAGIC lies at OFFSET. */
bool image_has(const struct blob *blob, size_t offset, const void *magic, size_t len);

/* Fills MESSAGE; always false, so that a loader can return it. */
bool image_refuse(char message[IMAGE_MESSAGE_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The refusal of an image that ends at guest-physical END, beyond MEMORY. */
bool image_refuse_size(char message[IMAGE_MESSAGE_MAX], const struct guest_memory *memory,
		       uint64_t end);

bool image_is_linux(const struct blob *blob);
bool image_load_linux(const struct blob *blob, const struct guest_memory *memory,
		      struct image_place *place, char message[IMAGE_MESSAGE_MAX]);

bool image_is_elf(const struct blob *blob);
/* Copies the file header, once it is known to be of a linked ELF64 for RISC-V. */
bool image_elf_header(const struct blob *blob, Elf64_Ehdr *header, char message[IMAGE_MESSAGE_MAX]);
bool image_load_elf(const struct blob *blob, const struct guest_memory *memory,
		    struct image_place *place, char message[IMAGE_MESSAGE_MAX]);

#endif
