/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board: everything that the FDT describes, as plain data. fdt_build() is a pure function of
 * it.
 */
#ifndef VHART_BOARD_H
#define VHART_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory_map.h"

struct board {
	uint64_t ram_size; /* bytes, from MAP_RAM on */
	const char *bootargs;
	uint64_t initrd, initrd_size; /* guest-physical; size 0: none */
	uint64_t seed[8];	      /* 64 bytes for rng-seed and kaslr-seed */

	unsigned int harts;
	uint64_t timebase;		   /* Hz */
	const char *isa;		   /* "rv64imafdc_zicsr..." */
	const char *const *isa_extensions; /* names for riscv,isa-extensions */
	unsigned int isa_extension_count;
	const char *mmu_type;			     /* "riscv,sv57" .. "riscv,none" */
	uint32_t cbom_block, cboz_block, cbop_block; /* bytes, 0: absent */

	bool aia;		/* APLIC and IMSIC, else the PLIC */
	unsigned int imsic_ids; /* interrupt identities per file */

	/* Counter overflows, where they are no LCOFI. */
	uint32_t pmu_identity; /* an MSI with it to the hart's own IMSIC; 0: none */
	bool pmu_wired;	       /* LINE_PMU and up, by an edge */

	uint64_t flash;	      /* bytes of that at MAP_FLASH_VARS; 0: none */
	bool uart;	      /* also stdout-path */
	unsigned int serials; /* further ports, from 1 on */
	bool pci;
	bool watchdog;
	unsigned int virtio_slots; /* virtio-mmio devices present, from slot 0 */
};

/* Free bytes that belong to the blob (totalsize), behind all that is in it: firmware writes more
 * into it where it lies, U-Boot for instance, and would write over what follows. */
#define FDT_ROOM 0x10000u

/*
 * Writes the FDT of BOARD into BLOB of SIZE bytes. Returns its length, FDT_ROOM included, or
 * -FDT_ERR_* (a negative number of libfdt) when it does not fit. Pure.
 */
int fdt_build(const struct board *board, void *blob, size_t size);

/* Adds FDT_ROOM to the FDT in BLOB of SIZE bytes, and returns what fdt_build() does. */
int fdt_leave_room(void *blob, size_t size);

#endif
