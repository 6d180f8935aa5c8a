/* SPDX-License-Identifier: Apache-2.0 */
/* Devicetrees of the user's: one in place of the board's, and overlays. Pure; files are untrusted.
 */
#ifndef VHART_FDT_FILE_H
#define VHART_FDT_FILE_H

#include <stddef.h>

#include "base/board.h"
#include "base/file.h"

/* As much as Linux maps of one (arch/riscv/include/asm/pgtable.h: MAX_FDT_SIZE). */
#define FDT_FILE_MAX (2u << 20)
/* Far more than any has; libfdt looks a name up for each reference. */
#define FDT_OVERLAY_MAX (64u << 10)

/*
 * Writes the FDT of FILE into BLOB of SIZE bytes, and into its /chosen what is this boot's own: the
 * command line of BOARD if it has one, where the initrd is, fresh seeds. Returns what fdt_build()
 * does.
 */
int fdt_from_file(const struct blob *file, const struct board *board, void *blob, size_t size);

/*
 * Applies the overlay of FILE (devicetree compiler: dtc -@) to the FDT in BLOB of SIZE bytes. An
 * FDT without labels of its own gets some for the board's nodes first. Returns as fdt_build();
 * after an error BLOB is no FDT any more. FILE's bytes are used up.
 */
int fdt_overlay(const struct blob *file, void *blob, size_t size);

/* What is wrong, by what the functions above returned: words behind a file's name. WORDS may hold
 * them. */
#define FDT_FILE_WORDS 160
const char *fdt_file_error(int result, char words[FDT_FILE_WORDS]);

#endif
