/* SPDX-License-Identifier: Apache-2.0 */
/* What the board's harts can do, as KVM's registers say (never the host's /proc/cpuinfo). */

#include "vmm/run/board_kvm.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "vmm/kvm/isa.h"
#include "vmm/machine/machine_private.h"

/* Index of struct kvm_riscv_config's zicbop_block_size, newer than some headers. */
#define CONFIG_REG_ZICBOP_BLOCK 7u

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

/* KVM cannot switch all of them off; a guest that does not see one does not use it: without
 * Sscofpmf it asks for no overflow. */
static bool is_shown(const struct machine *machine, unsigned int id)
{
	return machine->config->isa[id] != ISA_OFF &&
	       (id != ISA_EXT_SSCOFPMF || machine->pmu.sscofpmf);
}

static bool describe_isa(const struct machine *machine, struct board *board, struct board_isa *isa,
			 bool *enabled)
{
	const int vcpu_fd = machine->vcpus[0].fd;

	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++)
		enabled[id] = is_shown(machine, id) && get_or_zero(vcpu_fd, KVM_ISA_REG(id)) == 1;
	board->isa_extension_count =
		isa_describe(enabled, ISA_EXT_COUNT, isa->isa, sizeof(isa->isa), isa->names);
	board->isa = isa->isa;
	board->isa_extensions = isa->names;
	if (board->isa_extension_count == 0)
		error("KVM names no ISA extension of its vCPU: is this kernel's KVM complete?");
	return board->isa_extension_count > 0;
}

static void describe_mmu(const struct machine *machine, struct board *board, struct board_isa *isa)
{
	uint64_t mode = 8; /* where KVM does not say: the least that Linux runs with */

	kvm_get_reg(machine->vcpus[0].fd, KVM_CONFIG_REG(satp_mode), &mode);
	if (machine->config->mmu && machine->config->mmu < mode)
		mode = machine->config->mmu;
	snprintf(isa->mmu_type, sizeof(isa->mmu_type), "riscv,%s",
		 isa_mmu_name((unsigned int)mode));
	board->mmu_type = isa->mmu_type;
}

bool board_from_kvm(const struct machine *machine, struct board *board, struct board_isa *isa)
{
	int vcpu_fd = machine->vcpus[0].fd;
	bool enabled[ISA_EXT_COUNT];

	if (!machine->has_aia)
		hide_aia(machine);
	if (!describe_isa(machine, board, isa, enabled))
		return false;
	if (kvm_get_reg(vcpu_fd, KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(frequency)),
			&board->timebase) < 0) {
		error("KVM does not tell the frequency of the timer");
		return false;
	}
	describe_mmu(machine, board, isa);
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
	board->watchdog = machine->watchdog != NULL;
	board->pci = machine->pci != NULL;
	board->virtio_slots = machine->virtio_mmio_count;
	return getrandom(board->seed, sizeof(board->seed), 0) == (ssize_t)sizeof(board->seed);
}
