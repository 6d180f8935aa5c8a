/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that a guest cannot write: of base/machine.h. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/kvm/kvm.h"
#include "vmm/machine/machine_private.h"

static int set_slot(const struct machine *machine, const struct machine_rom *rom, uint64_t len)
{
	const struct kvm_userspace_memory_region region = {
		.slot = rom->slot,
		.flags = len ? KVM_MEM_READONLY : 0,
		.guest_phys_addr = rom->gpa,
		.memory_size = len,
		.userspace_addr = (uint64_t)(uintptr_t)rom->bytes,
	};

	return ioctl(machine->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

/* Behind those of the RAM and of the stub (lcofi_stub.c). One that has a slot keeps it. */
int machine_rom_map(struct machine *machine, struct machine_rom *rom)
{
	if (!rom->slot)
		rom->slot = KVM_SLOT_ROMS + machine->rom_slots++;
	return set_slot(machine, rom, rom->len);
}

void machine_rom_unmap(struct machine *machine, struct machine_rom *rom)
{
	set_slot(machine, rom, 0);
}
