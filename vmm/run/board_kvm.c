/* SPDX-License-Identifier: Apache-2.0 */
/* What the board's harts can do, as KVM's registers say (never the host's /proc/cpuinfo). */

#include "vmm/run/board_kvm.h"

#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "vmm/kvm/isa.h"
#include "vmm/machine/machine_private.h"

/* Index of struct kvm_riscv_config's zicbop_block_size, newer than some headers. */
#define CONFIG_REG_ZICBOP_BLOCK 7u

static const struct {
	uint64_t mode; /* satp.MODE */
	const char *mmu_type;
} mmu_types[] = {
	{10, "riscv,sv57"},
	{9, "riscv,sv48"},
	{8, "riscv,sv39"},
	{0, "riscv,none"},
};

static uint64_t get_or_zero(int vcpu_fd, uint64_t id)
{
	uint64_t value = 0;

	return kvm_get_reg(vcpu_fd, id, &value) == 0 ? value : 0;
}

/* Without the in-kernel AIA its CSRs would trap: the guest must not see the extension. */
static void hide_aia(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		kvm_set_reg(machine->vcpus[i].fd, KVM_ISA_REG(ISA_EXT_SSAIA), 0);
}

static bool describe_isa(int vcpu_fd, bool show_sscofpmf, struct board *board,
			 struct board_isa *isa, bool *enabled)
{
	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++)
		enabled[id] = get_or_zero(vcpu_fd, KVM_ISA_REG(id)) == 1;
	/* KVM cannot switch it off; a guest that does not see it asks for no overflow. */
	enabled[ISA_EXT_SSCOFPMF] &= show_sscofpmf;
	board->isa_extension_count =
		isa_describe(enabled, ISA_EXT_COUNT, isa->isa, sizeof(isa->isa), isa->names);
	board->isa = isa->isa;
	board->isa_extensions = isa->names;
	if (board->isa_extension_count == 0)
		error("KVM names no ISA extension of its vCPU: is this kernel's KVM complete?");
	return board->isa_extension_count > 0;
}

bool board_from_kvm(const struct machine *machine, struct board *board, struct board_isa *isa)
{
	int vcpu_fd = machine->vcpus[0].fd;
	bool enabled[ISA_EXT_COUNT];
	uint64_t satp;

	if (!machine->has_aia)
		hide_aia(machine);
	if (!describe_isa(vcpu_fd, machine->pmu.sscofpmf, board, isa, enabled))
		return false;
	if (kvm_get_reg(vcpu_fd, KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(frequency)),
			&board->timebase) < 0) {
		error("KVM does not tell the frequency of the timer");
		return false;
	}
	board->mmu_type = "riscv,sv39";
	satp = get_or_zero(vcpu_fd, KVM_CONFIG_REG(satp_mode));
	for (size_t i = 0; i < sizeof(mmu_types) / sizeof(mmu_types[0]); i++)
		if (satp == mmu_types[i].mode)
			board->mmu_type = mmu_types[i].mmu_type;
	if (enabled[ISA_EXT_ZICBOM])
		board->cbom_block =
			(uint32_t)get_or_zero(vcpu_fd, KVM_CONFIG_REG(zicbom_block_size));
	if (enabled[ISA_EXT_ZICBOZ])
		board->cboz_block =
			(uint32_t)get_or_zero(vcpu_fd, KVM_CONFIG_REG(zicboz_block_size));
	if (enabled[ISA_EXT_ZICBOP])
		board->cbop_block = (uint32_t)get_or_zero(
			vcpu_fd, KVM_REG64(KVM_REG_RISCV_CONFIG, CONFIG_REG_ZICBOP_BLOCK));

	board->harts = machine->config->cpus;
	board->ram_size = machine->config->memory;
	board->aia = machine->has_aia;
	board->imsic_ids = (unsigned int)machine->aia.imsic_ids;
	if (machine->lcofi && machine->lcofi->by == LCOFI_BY_MSI)
		board->pmu_identity = (uint32_t)machine->aia.imsic_ids;
	board->pmu_wired = machine->lcofi && machine->lcofi->by == LCOFI_BY_WIRED;
	board->uart = machine->uart != NULL;
	board->serials = machine->config->serial_count;
	board->pci = machine->pci != NULL;
	board->virtio_slots = machine->virtio_mmio_count;
	return getrandom(board->seed, sizeof(board->seed), 0) == (ssize_t)sizeof(board->seed);
}
