/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file of a kernel is, by its bytes, which are not trusted. Pure, but that libraries are
 * loaded where it is compressed.
 */
#ifndef VHART_IMAGE_FORMATS_H
#define VHART_IMAGE_FORMATS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"

/* Room for what is wrong with an image: words that follow its name, "is not a kernel: ...". */
#define IMAGE_MESSAGE_MAX 160

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

/* The RISC-V Linux Image, and ELF. */
bool image_is_linux(const struct blob *blob);
bool image_is_elf(const struct blob *blob);
/* A UEFI firmware volume (PI specification, volume 3): EDK2, which starts in flash. */
bool image_is_flash(const struct blob *blob);
/* Copies the file header, once it is known to be of a linked ELF64 for RISC-V. */
bool image_elf_header(const struct blob *blob, Elf64_Ehdr *header, char message[IMAGE_MESSAGE_MAX]);
/*
 * If BLOB is gzip (RFC 1952), zstd (RFC 8878) or an EFI zboot image with one of them inside,
 * replaces it by what is inside, repeatedly (at most twice), never more than LIMIT bytes. False
 * with MESSAGE filled ("has truncated gzip data"); BLOB is then as it was, or half unpacked.
 */
bool image_unpack(struct blob *blob, uint64_t limit, char message[IMAGE_MESSAGE_MAX]);

#endif
