/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor that round trips are measured against: KVM_RUN in a loop and nothing around it. It runs
 * the same guest as the VMMs do, an ELF of guest-images/, so that only the host's side differs:
 *
 *     floor GUEST.elf [COMMAND-LINE]
 *
 * Every MMIO read gives 0, every SBI call succeeds; DBCN's write goes to standard output (the guest
 * reports its times with it), DBCN's write_byte nowhere. Where the host has an AIA the VM gets it,
 * as every VMM gives it: the kernel's part of a trip is longer with one.
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libfdt.h>

#include "base/board.h"
#include "vmm/kvm/kvm.h"

#define RAM_LEN	   (64ull << 20)
#define FDT_OFFSET (48ull << 20)
#define FDT_LEN	   4096
#define EID_DBCN   0x4442434eul
#define DBCN_WRITE 0ul

struct floor {
	uint8_t *ram;
	int vcpu;
	struct kvm_run *run;
};

static int must(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

static void *map(int fd, size_t len, int flags)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		err(1, "mmap of %zu bytes", len);
	return at;
}

/* Returns where the guest starts. Its file is ours: what is checked is that we do not overrun. */
static uint64_t load_elf(struct floor *floor, const char *path)
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_machine != EM_RISCV)
		errx(1, "%s: not an ELF for RISC-V", path);
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &part, sizeof(part), (off_t)(head.e_phoff + i * sizeof(part))) !=
		    sizeof(part))
			errx(1, "%s: cut off", path);
		if (part.p_type != PT_LOAD)
			continue;
		if (part.p_paddr < MAP_RAM || part.p_paddr - MAP_RAM > FDT_OFFSET ||
		    part.p_filesz > FDT_OFFSET - (part.p_paddr - MAP_RAM))
			errx(1, "%s: does not fit into the RAM here", path);
		if (pread(fd, floor->ram + (part.p_paddr - MAP_RAM), part.p_filesz,
			  (off_t)part.p_offset) != (ssize_t)part.p_filesz)
			errx(1, "%s: cut off", path);
	}
	close(fd);
	return head.e_entry;
}

static void write_fdt(void *blob, const char *command_line)
{
	int failed = fdt_create(blob, FDT_LEN) || fdt_finish_reservemap(blob) ||
		     fdt_begin_node(blob, "") || fdt_begin_node(blob, "chosen") ||
		     fdt_property_string(blob, "bootargs", command_line) || fdt_end_node(blob) ||
		     fdt_end_node(blob) || fdt_finish(blob);

	if (failed)
		errx(1, "the command line is too long");
}

static void set_reg(const struct floor *floor, uint64_t id, uint64_t value)
{
	const struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)(uintptr_t)&value};

	must(ioctl(floor->vcpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

static void create(struct floor *floor)
{
	int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	int run_len = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_userspace_memory_region ram = {.guest_phys_addr = MAP_RAM,
						  .memory_size = RAM_LEN};
	const char *what = "";
	struct aia aia;

	floor->ram = map(-1, RAM_LEN, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	ram.userspace_addr = (uint64_t)(uintptr_t)floor->ram;
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &ram), "KVM_SET_USER_MEMORY_REGION");
	floor->vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	floor->run = map(floor->vcpu, (size_t)run_len, MAP_SHARED);
	if (aia_create(vm, &aia) && aia_init(&aia, 1, AIA_AUTO, &what) < 0)
		errx(1, "the AIA refuses %s", what);
}

static void sbi_exit(struct floor *floor)
{
	struct kvm_run *run = floor->run;
	const unsigned long *args = run->riscv_sbi.args;

	run->riscv_sbi.ret[0] = 0;
	run->riscv_sbi.ret[1] = 0;
	if (run->riscv_sbi.extension_id != EID_DBCN || run->riscv_sbi.function_id != DBCN_WRITE)
		return;
	if (args[1] < MAP_RAM || args[1] - MAP_RAM > RAM_LEN ||
	    args[0] > RAM_LEN - (args[1] - MAP_RAM))
		errx(1, "the guest reports from outside its RAM");
	ssize_t done = write(STDOUT_FILENO, floor->ram + (args[1] - MAP_RAM), args[0]);
	if (done > 0)
		run->riscv_sbi.ret[1] = (unsigned long)done;
}

/* Until the guest powers off. */
static void run_guest(struct floor *floor)
{
	struct kvm_run *run = floor->run;

	for (;;) {
		must(ioctl(floor->vcpu, KVM_RUN, 0), "KVM_RUN");
		switch (run->exit_reason) {
		case KVM_EXIT_MMIO: memset(run->mmio.data, 0, sizeof(run->mmio.data)); break;
		case KVM_EXIT_RISCV_SBI: sbi_exit(floor); break;
		case KVM_EXIT_SYSTEM_EVENT: return;
		default: errx(1, "KVM_RUN ended with exit reason %u", run->exit_reason);
		}
	}
}

int main(int argc, char **argv)
{
	struct floor floor = {0};

	if (argc < 2 || argc > 3)
		errx(2, "usage: floor GUEST.elf [COMMAND-LINE]");
	create(&floor);
	write_fdt(floor.ram + FDT_OFFSET, argc > 2 ? argv[2] : "");
	set_reg(&floor, KVM_CORE_REG(regs.pc), load_elf(&floor, argv[1]));
	set_reg(&floor, KVM_CORE_REG(regs.a0), 0);
	set_reg(&floor, KVM_CORE_REG(regs.a1), MAP_RAM + FDT_OFFSET);
	set_reg(&floor, KVM_SBI_REG(KVM_RISCV_SBI_EXT_DBCN), 1);
	run_guest(&floor);
	return 0;
}
