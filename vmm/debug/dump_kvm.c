/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "vmm/debug/dump.h"
#include "vmm/machine/machine_private.h"

static struct core_hart read_hart(const struct vcpu *vcpu)
{
	struct core_hart hart = {.hart = vcpu->id};

	/* KVM has them in the same order: pc where x0 would be. */
	for (unsigned int i = 0; i < 32; i++)
		kvm_get_reg(vcpu->fd, KVM_REG64(KVM_REG_RISCV_CORE, i), &hart.registers[i]);
	return hart;
}

/* All harts of a kernel have the same above user space: the first that has any tables will do. */
static size_t find_ranges(const struct machine *machine, struct core_range *ranges)
{
	size_t count = 0;
	uint64_t satp;

	for (unsigned int i = 0; !count && i < machine->vcpu_count; i++)
		if (kvm_get_reg(machine->vcpus[i].fd, KVM_CSR_REG(satp), &satp) == 0)
			count = core_find_ranges(&machine->memory, satp, ranges, CORE_RANGES_MOST);
	return count;
}

static bool goes_on(void *machine)
{
	return atomic_load(&((struct machine *)machine)->end) == END_NONE;
}

bool dump_machine(struct machine *machine, const char *path, struct dump *dump,
		  char why[DUMP_WHY_MAX])
{
	struct core_range *ranges = calloc(CORE_RANGES_MOST, sizeof(*ranges));
	struct core_hart *harts = calloc(machine->vcpu_count, sizeof(*harts));
	struct core core = {.memory = &machine->memory,
			    .harts = harts,
			    .hart_count = machine->vcpu_count,
			    .ranges = ranges};
	bool good = ranges && harts;

	if (good) {
		for (unsigned int i = 0; i < machine->vcpu_count; i++)
			harts[i] = read_hart(&machine->vcpus[i]);
		core.range_count = find_ranges(machine, ranges);
		core_find_vmcoreinfo(&machine->memory, &core.vmcoreinfo, &core.vmcoreinfo_len);
		good = dump_write(path, &core, goes_on, machine, dump, why);
	} else {
		strcpy(why, "no memory");
	}
	free(ranges);
	free(harts);
	return good;
}
