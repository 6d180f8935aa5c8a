/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/cpu_setup.h"

#include "base/log.h"
#include "vmm/kvm/isa.h"
#include "vmm/machine/machine_private.h"

static bool kvm_has(const struct machine *machine, unsigned int id)
{
	uint64_t value;

	return kvm_get_reg(machine->vcpus[0].fd, KVM_ISA_REG(id), &value) == 0 && value == 1;
}

static void switch_off(const struct machine *machine, unsigned int id)
{
	int result = 0;

	for (unsigned int i = 0; i < machine->vcpu_count && result == 0; i++)
		result = kvm_set_reg(machine->vcpus[i].fd, KVM_ISA_REG(id), 0);
	if (result < 0)
		verbose("--cpu %s=off: KVM cannot switch it off: the devicetree leaves it out, but "
			"a guest that uses it all the same finds it",
			isa_ext_name(id));
}

static bool check_mmu(struct machine *machine)
{
	const unsigned int wanted = machine->config->mmu;
	uint64_t most;

	if (!wanted || kvm_get_reg(machine->vcpus[0].fd, KVM_CONFIG_REG(satp_mode), &most) < 0 ||
	    wanted <= most)
		return true;
	error("--cpu mmu=%s: this host's harts have no more than %s", isa_mmu_name(wanted),
	      isa_mmu_name((unsigned int)most));
	machine->bad_input = true;
	return false;
}

bool cpu_setup(struct machine *machine)
{
	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++) {
		const uint8_t wanted = machine->config->isa[id];

		if (wanted == ISA_AS_HOST)
			continue;
		if (wanted == ISA_ON && !kvm_has(machine, id)) {
			error("--cpu %s=on: KVM on this host does not have it for guests: "
			      "'vhart probe' says what it has",
			      isa_ext_name(id));
			machine->bad_input = true;
			return false;
		}
		if (wanted == ISA_OFF && kvm_has(machine, id))
			switch_off(machine, id);
	}
	return check_mmu(machine);
}
