/* SPDX-License-Identifier: Apache-2.0 */
/* A devicetree of the user's, or an overlay, as files give them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "vmm/boot/fdt_file.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check(const void *blob, int len, size_t size)
{
	char words[FDT_FILE_WORDS];

	if (len < 0) {
		require(fdt_file_error(len, words)[0]);
		return;
	}
	require((size_t)len <= size && fdt_totalsize(blob) == (uint32_t)len);
	require(fdt_check_full(blob, (size_t)len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const extensions[] = {"i", "m", "a"};
	static const struct board board = {
		.ram_size = 512u << 20,
		.bootargs = "quiet",
		.initrd = 0x90000000,
		.initrd_size = 0x1000,
		.harts = 1,
		.timebase = 10000000,
		.isa = "rv64ima",
		.isa_extensions = extensions,
		.isa_extension_count = 3,
		.mmu_type = "riscv,sv39",
		.uart = true,
	};
	struct blob file = {NULL, size ? size - 1 : 0};
	const size_t room = (1u << 17) + 2 * file.len;
	void *blob = calloc(1, room);

	if (size < 2 || file.len > FDT_OVERLAY_MAX || !blob) {
		free(blob);
		return 0;
	}
	file.bytes = malloc(file.len);
	require(file.bytes != NULL);
	memcpy(file.bytes, data + 1, file.len);
	if (data[0] & 1)
		check(blob, fdt_from_file(&file, &board, blob, room), room);
	else if (fdt_build(&board, blob, room) > 0)
		check(blob, fdt_overlay(&file, blob, room), room);
	free(file.bytes);
	free(blob);
	return 0;
}
