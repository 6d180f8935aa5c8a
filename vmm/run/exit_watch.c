/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/exit_watch.h"

#include <string.h>

#include "sbi/sbi.h"
#include "vmm/machine/guest_exit.h"

static void tell(const struct vcpu *vcpu, const struct guest_exit *seen)
{
	const struct machine_watcher *watcher = vcpu->machine->watcher;

	atomic_load_explicit(&watcher->exit, memory_order_acquire)(watcher->opaque, vcpu->machine,
								   seen);
}

void exit_watch_mmio(const struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	struct guest_exit seen = {.kind = GUEST_EXIT_MMIO,
				  .hart = vcpu->id,
				  .number = run->mmio.phys_addr,
				  .length = run->mmio.len,
				  .write = run->mmio.is_write};

	if (seen.write)
		memcpy(&seen.value, run->mmio.data, run->mmio.len);
	tell(vcpu, &seen);
}

/* arch/riscv/kvm/vcpu_insn.c, csr_insn(): a read has no bits to write. */
void exit_watch_csr(const struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	const struct guest_exit seen = {.kind = GUEST_EXIT_CSR,
					.hart = vcpu->id,
					.number = run->riscv_csr.csr_num,
					.write = run->riscv_csr.write_mask != 0,
					.value = run->riscv_csr.new_value &
						 run->riscv_csr.write_mask,
					.mask = run->riscv_csr.write_mask};

	tell(vcpu, &seen);
}

void exit_watch_call(const struct vcpu *vcpu, const struct sbi_call *call)
{
	const struct guest_exit seen = {
		.kind = GUEST_EXIT_SBI, .hart = vcpu->id, .number = call->eid, .call = call};

	tell(vcpu, &seen);
}

void exit_watch_counter(const struct vcpu *vcpu, const struct counter_read *read)
{
	const struct guest_exit seen = {
		.kind = GUEST_EXIT_CSR, .hart = vcpu->id, .number = read->csr};

	tell(vcpu, &seen);
}
