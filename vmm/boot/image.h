/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot images: what a file is and where it wants to lie in guest RAM. Pure but for file_load();
 * every loader takes untrusted bytes and is fuzzed.
 */
#ifndef VHART_IMAGE_H
#define VHART_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guest_memory.h"

/* Bytes of a file or made from one (malloc); freed with blob_free(). */
struct blob {
	uint8_t *bytes;
	size_t len;
};
void blob_free(struct blob *blob);

/* Reads the whole regular file PATH, at most LIMIT bytes. False after error() with WHAT ("kernel")
 * and the reason: missing, empty, a directory, too big for the limit. */
bool file_load(const char *what, const char *path, uint64_t limit, struct blob *blob);

/* Its two halves. file_open() gives -1 after error(); file_load_open() leaves FD open. */
int file_open(const char *what, const char *path);
bool file_load_open(int fd, const char *what, const char *path, uint64_t limit, struct blob *blob);

/* Room for what is wrong with an image: words that follow its name, "is not a kernel: ...". */
#define IMAGE_MESSAGE_MAX 160

/*
 * If BLOB is gzip (RFC 1952), zstd (RFC 8878) or an EFI zboot image with one of them inside,
 * replaces it by what is inside, repeatedly (at most twice), never more than LIMIT bytes. False
 * with MESSAGE filled ("has truncated gzip data"); BLOB is then as it was, or half unpacked.
 */
bool image_unpack(struct blob *blob, uint64_t limit, char message[IMAGE_MESSAGE_MAX]);

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
 * Where initrd and FDT go, given the kernel's place: the FDT, 2 MiB aligned, below the top of RAM
 * or of its first 1 GiB; the initrd, 4 KiB aligned, below it or, when it does not fit there, below
 * the top of RAM. Nothing overlaps. False with MESSAGE filled (it says how much memory is needed).
 */
bool image_place_rest(const struct guest_memory *memory, const struct image_place *kernel,
		      uint64_t initrd_len, uint64_t fdt_len, uint64_t *initrd, uint64_t *fdt,
		      char message[IMAGE_MESSAGE_MAX]);

/*
 * Appends one newc cpio archive to BLOB (4-byte aligned) with the file GUEST_PATH of MODE, and
 * CONTENTS, and before it those of its folders that are not there: the first THERE bytes of the
 * path, without a slash before it, are. Linux reads it behind whatever it can read. False: no
 * memory or path not usable (empty, too long, ..).
 */
bool cpio_append(struct blob *blob, const char *guest_path, size_t there, unsigned int mode,
		 const struct blob *contents);

#endif
