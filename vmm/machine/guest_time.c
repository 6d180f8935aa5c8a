/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/guest_time.h"

#include "vmm/kvm/kvm.h"
#include "vmm/machine/machine_private.h"

#define GUEST_TIME KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(time))

bool guest_time_get(const struct machine *machine, uint64_t *time)
{
	return kvm_get_reg(machine->vcpus[0].fd, GUEST_TIME, time) == 0;
}

/*
 * KVM has one difference to the host's time for the whole VM (kvm_guest_timer.time_delta). The
 * harts' deadlines stay as they are: vstimecmp is in the guest's time, and KVM's timer, which
 * stands for it in a halt or without Sstc, sees when it expires that it is too early, and goes on
 * (kvm_riscv_vcpu_vstimer_expired(), kvm_riscv_vcpu_hrtimer_expired()). To set the register "state"
 * would on 6.12 without Sstc make each due at time 1.
 */
void guest_time_put_back(struct machine *machine, uint64_t time)
{
	kvm_set_reg(machine->vcpus[0].fd, GUEST_TIME, time);
}
