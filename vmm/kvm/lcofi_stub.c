/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/lcofi_stub.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/board.h"
#include "base/own_run.h"
#include "base/riscv.h"
#include "vmm/kvm/kvm.h"

#define PAGE_LEN	4096u
#define LCOFI_STUB_EXIT 0x7f8u /* where the last instruction stores */

/* The second has the bit, unless the host was interrupted at the wrong moment. */
#define ROUNDS 8u

extern const unsigned char lcofi_stub_page[];

int lcofi_stub_add_page(int vm_fd)
{
	struct kvm_userspace_memory_region region = {
		.slot = KVM_SLOT_LCOFI_STUB,
		.flags = KVM_MEM_READONLY,
		.guest_phys_addr = MAP_LCOFI_STUB,
		.memory_size = PAGE_LEN,
		.userspace_addr = (uint64_t)(uintptr_t)lcofi_stub_page,
	};

	return ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

/* ---- the registers ---- */

struct saved_register {
	uint64_t id;
	size_t offset; /* in struct lcofi_stub */
};

static const struct saved_register saved_registers[] = {
	{KVM_CORE_REG(regs.pc), offsetof(struct lcofi_stub, pc)},
	{KVM_CORE_REG(regs.a0), offsetof(struct lcofi_stub, a0)},
	{KVM_CORE_REG(mode), offsetof(struct lcofi_stub, mode)},
	{KVM_CSR_REG(sstatus), offsetof(struct lcofi_stub, sstatus)},
	{KVM_CSR_REG(satp), offsetof(struct lcofi_stub, satp)},
};
#define SAVED_REGISTERS (sizeof(saved_registers) / sizeof(saved_registers[0]))

static uint64_t *place(struct lcofi_stub *stub, const struct saved_register *saved)
{
	return (uint64_t *)(void *)((char *)stub + saved->offset);
}

static int save(struct lcofi_stub *stub)
{
	int result = 0;

	for (size_t i = 0; i < SAVED_REGISTERS && result == 0; i++)
		result = kvm_get_reg(stub->vcpu_fd, saved_registers[i].id,
				     place(stub, &saved_registers[i]));
	return result;
}

/* From here on what the vCPU does is the guest's again, also for who watches it. */
static void leave(struct lcofi_stub *stub)
{
	stub->entered = false;
	stub->run->request_interrupt_window = 0;
}

static int restore(struct lcofi_stub *stub)
{
	int result = 0;

	for (size_t i = 0; i < SAVED_REGISTERS && result == 0; i++)
		result = kvm_set_reg(stub->vcpu_fd, saved_registers[i].id,
				     *place(stub, &saved_registers[i]));
	leave(stub);
	return result;
}

/* What already is as it has to be is left alone: each costs a system call. */
static int enter(struct lcofi_stub *stub)
{
	int result = save(stub);

	if (result == 0)
		result = kvm_set_reg(stub->vcpu_fd, KVM_CORE_REG(regs.pc), MAP_LCOFI_STUB);
	if (result == 0 && stub->mode != KVM_RISCV_MODE_S)
		result = kvm_set_reg(stub->vcpu_fd, KVM_CORE_REG(mode), KVM_RISCV_MODE_S);
	if (result == 0 && stub->sstatus & SSTATUS_SIE)
		result = kvm_set_reg(stub->vcpu_fd, KVM_CSR_REG(sstatus),
				     stub->sstatus & ~SSTATUS_SIE);
	if (result == 0 && stub->satp != 0)
		result = kvm_set_reg(stub->vcpu_fd, KVM_CSR_REG(satp), 0);
	stub->entered = result == 0;
	stub->rounds = 0;
	if (stub->entered)
		stub->run->request_interrupt_window = RUN_MARK_OWN;
	return result;
}

/* ---- running them ---- */

/* What KVM_RUN does first, whatever stops it then (kvm_arch_vcpu_ioctl_run()). */
static bool waits_for_completion(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_MMIO || run->exit_reason == KVM_EXIT_RISCV_SBI ||
	       run->exit_reason == KVM_EXIT_RISCV_CSR;
}

static bool is_in_them(const struct lcofi_stub *stub)
{
	uint64_t pc;

	return kvm_get_reg(stub->vcpu_fd, KVM_CORE_REG(regs.pc), &pc) == 0 &&
	       pc - MAP_LCOFI_STUB < PAGE_LEN;
}

static bool is_their_end(const struct lcofi_stub *stub)
{
	const struct kvm_run *run = stub->run;

	return run->exit_reason == KVM_EXIT_MMIO && run->mmio.phys_addr == LCOFI_STUB_EXIT &&
	       run->mmio.is_write && is_in_them(stub);
}

/* What they stored. Where the guest may not write the bit it is never there. */
static bool has_the_bit(const struct lcofi_stub *stub)
{
	uint32_t before;

	memcpy(&before, stub->run->mmio.data, sizeof(before));
	return before & SIP_LCOFIP;
}

/* KVM is not to complete the store: pc would move. 0 or -errno. */
static int begin_again(struct lcofi_stub *stub)
{
	stub->run->exit_reason = KVM_EXIT_UNKNOWN;
	return kvm_set_reg(stub->vcpu_fd, KVM_CORE_REG(regs.pc), MAP_LCOFI_STUB);
}

/* KVM_RUN, until it has not returned from them or the bit is there. Its result. */
static int run_them(struct lcofi_stub *stub)
{
	int result = kvm_run(stub->vcpu_fd);

	while (result == 0 && is_their_end(stub)) {
		stub->exits++;
		if (has_the_bit(stub) || ++stub->rounds == ROUNDS)
			break;
		result = begin_again(stub);
		if (result == 0)
			result = kvm_run(stub->vcpu_fd);
	}
	return result;
}

static enum lcofi_stub_end commit(struct lcofi_stub *stub, int *result)
{
	/* A kick that comes now is not lost: it is what the caller takes this for. */
	__atomic_store_n(&stub->run->immediate_exit, 1, __ATOMIC_RELAXED);
	*result = kvm_run(stub->vcpu_fd);
	if (*result == -EINTR)
		stub->run->exit_reason = KVM_EXIT_UNKNOWN;
	return LCOFI_STUB_RETURNED;
}

enum lcofi_stub_end lcofi_stub_raise(struct lcofi_stub *stub, int *result)
{
	if (!stub->entered) {
		if (waits_for_completion(stub->run))
			return commit(stub, result);
		*result = enter(stub);
		if (*result < 0)
			return LCOFI_STUB_FAILED;
	}
	*result = run_them(stub);
	if (*result == -EINTR || *result == -EAGAIN)
		return LCOFI_STUB_RETURNED;
	if (*result < 0) {
		lcofi_stub_abandon(stub);
		return LCOFI_STUB_FAILED;
	}
	if (!is_their_end(stub)) {
		leave(stub);
		return LCOFI_STUB_RETURNED;
	}
	/* As in begin_again(). */
	stub->run->exit_reason = KVM_EXIT_UNKNOWN;
	*result = restore(stub);
	return *result < 0 ? LCOFI_STUB_FAILED : LCOFI_STUB_DONE;
}

void lcofi_stub_abandon(struct lcofi_stub *stub)
{
	if (!stub->entered)
		return;
	if (is_in_them(stub))
		restore(stub);
	else
		leave(stub);
}
