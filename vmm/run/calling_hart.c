/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/calling_hart.h"

#include <errno.h>

#include "vmm/machine/machine_private.h"
#include "vmm/machine/vcpu_stay.h"

#define ECALL_SIZE 4u

/*
 * A call that KVM handed over is completed by KVM at the next KVM_RUN, before the hart runs and
 * whatever its pc is by then: it moves it behind an ecall there (arch/riscv/kvm/vcpu_sbi.c,
 * kvm_riscv_vcpu_sbi_return()).
 */
static uint64_t still_to_go(const struct sbi_call *call, const struct hart_register *which)
{
	return which->kind == REGISTER_PC && call->at_ecall ? ECALL_SIZE : 0;
}

static bool open_small(struct registers *registers, const struct vcpu *vcpu,
		       const struct hart_register *which)
{
	registers_open_one(registers, vcpu->fd, which);
	return registers_size(registers, which) <= sizeof(uint64_t);
}

int calling_hart_get(const struct vcpu *vcpu, const struct sbi_call *call,
		     const struct hart_register *which, uint64_t *value)
{
	struct registers registers;
	int result;

	*value = 0;
	if (!open_small(&registers, vcpu, which))
		return -ENOENT;
	result = registers_read(&registers, which, value);
	*value += still_to_go(call, which);
	return result;
}

int calling_hart_set(struct vcpu *vcpu, const struct sbi_call *call,
		     const struct hart_register *which, uint64_t value)
{
	struct registers registers;

	if (!open_small(&registers, vcpu, which))
		return -ENOENT;
	value -= still_to_go(call, which);
	vcpu_stay(vcpu);
	return registers_write(&registers, which, &value);
}
