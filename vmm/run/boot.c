/* SPDX-License-Identifier: Apache-2.0 */
/* From boot files to a hart that can start: images and FDT into RAM, pc, a0 and a1. */

#include "vmm/run/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/flash_file.h"
#include "vmm/boot/bootargs.h"
#include "vmm/boot/fdt_file.h"
#include "vmm/boot/image.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/board_kvm.h"

#define FDT_BASE_LEN	 (0x10000u + FDT_ROOM) /* all but the harts */
#define FDT_LEN_PER_HART 0x1000u

void boot_files_free(struct boot_files *files)
{
	blob_free(&files->kernel);
	blob_free(&files->initrd);
	blob_free(&files->dtb);
	for (unsigned int i = 0; i < CONFIG_MAX_OVERLAYS; i++)
		blob_free(&files->overlays[i]);
}

static bool dump_fdt(const char *path, const void *fdt, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool good = fd >= 0 && write(fd, fdt, len) == (ssize_t)len;

	if (!good)
		error("--dump-fdt %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

static bool set_boot_hart(const struct machine *machine, uint64_t entry, uint64_t fdt)
{
	int vcpu_fd = machine->vcpus[0].fd;
	int result = kvm_set_reg(vcpu_fd, KVM_CORE_REG(regs.pc), entry);

	/* The kernel's boot protocol: a0 the hart id, a1 the FDT. KVM starts only hart 0; it starts
	 * the others when the guest asks by SBI HSM. */
	if (result == 0)
		result = kvm_set_reg(vcpu_fd, KVM_CORE_REG(regs.a0), 0);
	if (result == 0)
		result = kvm_set_reg(vcpu_fd, KVM_CORE_REG(regs.a1), fdt);
	if (result < 0)
		error("hart 0: KVM does not take its registers: %s", strerror(-result));
	return result == 0;
}

/* Only Linux is told its console; a program that is not Linux gets its words as they are. */
static char *make_bootargs(const struct config *config, const struct blob *kernel)
{
	bool linux_or_firmware = config->firmware || image_holds_linux(kernel);

	return bootargs_make(config->append, linux_or_firmware ? config->console : CONSOLE_NONE,
			     config->command != NULL);
}

/* Where EDK2 works before it has looked for its memory: 32 MiB from there on, and nothing else is
 * to lie before their end (PcdOvmfSecPeiTempRamBase). */
#define EDK2_RAM_END (MAP_RAM + (64ull << 20))

/* Firmware that starts in flash; its memory is kept free. */
static bool load_flash(struct machine *machine, const struct boot_files *files,
		       struct image_place *place)
{
	machine_lock(machine);
	machine->code = flash_new_read_only(machine, MAP_FLASH_CODE, files->kernel.bytes,
					    files->kernel.len);
	if (machine->code)
		machine->vars = flash_new(machine, MAP_FLASH_VARS, files->vars);
	machine_unlock(machine);
	*place = (struct image_place){IMAGE_RAW, MAP_FLASH_CODE, MAP_RAM, EDK2_RAM_END};
	return machine->vars != NULL;
}

static size_t fdt_room(const struct config *config, const struct boot_files *files)
{
	size_t room = FDT_BASE_LEN + FDT_LEN_PER_HART * (size_t)config->cpus + files->dtb.len;

	/* A name that is merged in may be in the strings already; what is merged in is no longer.
	 */
	for (unsigned int i = 0; i < config->overlay_count; i++)
		room += 2 * files->overlays[i].len;
	return room;
}

/* Its length; negative after error(). */
static int write_fdt(struct machine *machine, const struct boot_files *files,
		     const struct board *board, void *blob, size_t room)
{
	const struct config *config = machine->config;
	char why[FDT_FILE_WORDS];
	int len;

	if (config->dtb) {
		len = fdt_from_file(&files->dtb, board, blob, room);
		if (len < 0)
			error("--dtb %s %s", config->dtb, fdt_file_error(len, why));
	} else {
		len = fdt_build(board, blob, room);
		if (len < 0)
			error("the FDT does not fit into %zu bytes", room);
	}
	for (unsigned int i = 0; i < config->overlay_count && len >= 0; i++) {
		len = fdt_overlay(&files->overlays[i], blob, room);
		if (len < 0)
			error("--dt-overlay %s %s", config->overlays[i], fdt_file_error(len, why));
	}
	machine->bad_input |= len < 0;
	return len;
}

static bool build_fdt(struct machine *machine, const struct boot_files *files, struct board *board,
		      uint64_t fdt, size_t room)
{
	const char *path = machine->config->dump_fdt;
	void *blob = guest_memory_at(&machine->memory, fdt, room);
	char *bootargs = make_bootargs(machine->config, &files->kernel);
	struct board_isa isa;
	int len = -1;

	if (!bootargs)
		error("no memory");
	board->bootargs = bootargs;
	if (bootargs && board_from_kvm(machine, board, &isa))
		len = write_fdt(machine, files, board, blob, room);
	free(bootargs);
	return len >= 0 && (!path || dump_fdt(path, blob, (size_t)len));
}

/* riscv-tests and their like say how they end by a word in their memory. */
static bool plug_htif(struct machine *machine, const struct blob *kernel)
{
	uint64_t tohost, fromhost;

	if (!image_elf_symbol(kernel, "tohost", &tohost) || image_holds_linux(kernel))
		return true;
	if (!image_elf_symbol(kernel, "fromhost", &fromhost))
		fromhost = 0;
	machine_lock(machine);
	machine->htif = htif_new(machine, tohost, fromhost);
	machine_unlock(machine);
	return machine->htif != NULL;
}

static bool refuse_image(struct machine *machine, const char *why)
{
	const struct config *config = machine->config;

	error("%s %s %s", config->firmware ? "--firmware" : "--kernel",
	      config->firmware ? config->firmware : config->kernel, why);
	machine->bad_input = true;
	return false;
}

static bool load_image(struct machine *machine, const struct boot_files *files,
		       struct image_place *place)
{
	char why[IMAGE_MESSAGE_MAX];

	if (files->vars)
		return load_flash(machine, files, place);
	return image_load(&files->kernel, machine->config->firmware != NULL, &machine->memory,
			  place, why) ||
	       refuse_image(machine, why);
}

bool boot_prepare(struct machine *machine, const struct boot_files *files)
{
	const struct config *config = machine->config;
	size_t room = fdt_room(config, files);
	struct image_place place;
	struct board board = {0};
	char why[IMAGE_MESSAGE_MAX];
	uint64_t fdt;

	if (!load_image(machine, files, &place))
		return false;
	machine->entry = place.entry;
	board.initrd_size = files->initrd.len;
	board.flash = files->vars ? files->vars->len : 0;
	if (!image_place_rest(&machine->memory, &place, files->initrd.len, room, &board.initrd,
			      &fdt, why))
		return refuse_image(machine, why);
	if (files->initrd.len > 0)
		memcpy(guest_memory_at(&machine->memory, board.initrd, files->initrd.len),
		       files->initrd.bytes, files->initrd.len);
	return plug_htif(machine, &files->kernel) && build_fdt(machine, files, &board, fdt, room) &&
	       set_boot_hart(machine, place.entry, fdt);
}
