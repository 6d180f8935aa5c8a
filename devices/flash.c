/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bank of flash on the board: cfi_flash.h behind an MMIO region. While its bytes are what a read
 * gives, they are mapped into the guest, which reads and executes them without an exit; else each
 * access comes here. A guest that writes reads a word here and there in between, which is not worth
 * a change of its memory map: it is mapped again when many reads came.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/cfi_flash.h"
#include "devices/devices.h"
#include "devices/flash_file.h"

#define READS_TO_MAP 16u

struct flash {
	struct machine *machine;
	struct mmio_region region;
	struct machine_rom rom;
	bool mapped;
	unsigned int reads; /* of its bytes, since they are not mapped */

	struct flash_file *file; /* the caller's; NULL: it is read-only */
	struct cfi_flash cfi;
	uint8_t *code; /* of one that is read-only: its own */
};

static bool map(struct flash *flash)
{
	const int err = machine_rom_map(flash->machine, &flash->rom);

	flash->mapped = err == 0;
	flash->reads = 0;
	if (err)
		errno = -err;
	return flash->mapped;
}

static void unmap(struct flash *flash)
{
	if (flash->mapped)
		machine_rom_unmap(flash->machine, &flash->rom);
	flash->mapped = false;
	flash->reads = 0;
}

static uint64_t flash_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct flash *flash = region->opaque;

	if (flash->cfi.mode == CFI_ARRAY && !flash->mapped && ++flash->reads == READS_TO_MAP)
		map(flash);
	return cfi_flash_read(&flash->cfi, offset, size);
}

/* A file may take its time. Until it has the bytes the flash is busy, and nobody changes them. */
static void save(struct flash *flash)
{
	struct cfi_flash *cfi = &flash->cfi;
	bool saved;

	cfi->busy = true;
	machine_unlock(flash->machine);
	saved = flash_file_save(flash->file, cfi->changed_from, cfi->changed_to);
	machine_lock(flash->machine);
	cfi->busy = false;
	cfi->changed_from = cfi->changed_to = 0;
	if (!saved)
		cfi->failed_program = cfi->failed_erase = true;
}

static void flash_write(struct mmio_region *region, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct flash *flash = region->opaque;
	const char *wrong = NULL;

	if (!flash->file)
		wrong = "a write to what is read-only";
	else if (flash->cfi.busy)
		wrong = "a write while it is busy";
	if (!wrong) {
		unmap(flash);
		wrong = cfi_flash_write(&flash->cfi, offset, size, value);
		if (flash->cfi.changed_from < flash->cfi.changed_to)
			save(flash);
	}
	if (wrong)
		machine_guest_error(flash->machine, "flash",
				    "%s: 0x%" PRIx64 " at offset 0x%" PRIx64, wrong, value, offset);
}

static bool place(struct flash *flash, uint64_t gpa)
{
	int err;

	flash->region = (struct mmio_region){.name = "flash",
					     .base = gpa,
					     .len = flash->cfi.len,
					     .read = flash_read,
					     .write = flash_write,
					     .opaque = flash};
	flash->rom =
		(struct machine_rom){.gpa = gpa, .len = flash->cfi.len, .bytes = flash->cfi.bytes};
	err = machine_mmio_add(flash->machine, &flash->region);
	if (err) {
		error("the flash cannot be placed at 0x%" PRIx64 ": %s", gpa, strerror(-err));
		flash->region.len = 0;
		return false;
	}
	if (map(flash))
		return true;
	error("the flash cannot be mapped at 0x%" PRIx64 ": %s: it takes KVM_CAP_READONLY_MEM", gpa,
	      strerror(errno));
	return false;
}

static struct flash *make(struct machine *machine)
{
	struct flash *flash = calloc(1, sizeof(*flash));

	if (!flash)
		error("no memory for a flash");
	else
		flash->machine = machine;
	return flash;
}

struct flash *flash_new(struct machine *machine, uint64_t gpa, struct flash_file *file)
{
	struct flash *flash = make(machine);

	if (!flash)
		return NULL;
	flash->file = file;
	cfi_flash_init(&flash->cfi, file->bytes, file->len);
	if (place(flash, gpa))
		return flash;
	flash_free(flash);
	return NULL;
}

struct flash *flash_new_read_only(struct machine *machine, uint64_t gpa, const void *bytes,
				  uint64_t len)
{
	const uint64_t whole = (len + CFI_FLASH_SECTOR - 1) / CFI_FLASH_SECTOR * CFI_FLASH_SECTOR;
	struct flash *flash = make(machine);

	if (!flash)
		return NULL;
	flash->code = flash_memory(whole);
	if (!flash->code) {
		error("no memory for a flash of %" PRIu64 " bytes", whole);
		free(flash);
		return NULL;
	}
	flash_copy(flash->code, bytes, len);
	cfi_flash_init(&flash->cfi, flash->code, whole);
	if (place(flash, gpa))
		return flash;
	flash_free(flash);
	return NULL;
}

void flash_free(struct flash *flash)
{
	if (!flash)
		return;
	unmap(flash);
	if (flash->region.len)
		machine_mmio_remove(flash->machine, &flash->region);
	flash_memory_free(flash->code, flash->cfi.len);
	free(flash);
}
