/* SPDX-License-Identifier: Apache-2.0 */
/* Why a vCPU came back from KVM_RUN, and what is done about it. */

#include "vmm/run/vcpu_exits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "base/own_run.h"
#include "base/riscv.h"
#include "base/sbi_spec.h"
#include "vmm/kvm/access_fault.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vcpu_stay.h"
#include "vmm/run/exit_watch.h"
#include "vmm/run/fault_pace.h"
#include "vmm/run/hart_report.h"

#define SEED_OPST_ES16 0x80000000u /* Zkr: 16 bits of entropy are valid */

/*
 * A driver that polls what is not there does so a million times; only the first access of a row to
 * one address is reported, so that the others cost no more than their exit.
 */
static void access_to_nothing(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;

	if (run->mmio.phys_addr == vcpu->last_hole) {
		atomic_fetch_add_explicit(&vcpu->machine->guest_errors, 1, memory_order_relaxed);
		return;
	}
	vcpu->last_hole = run->mmio.phys_addr;
	machine_guest_error(
		vcpu->machine, "bus", "hart %u: %s of %u bytes at 0x%llx: nothing there", vcpu->id,
		run->mmio.is_write ? "write" : "read", run->mmio.len, run->mmio.phys_addr);
	hart_report_hole(vcpu->machine);
}

static void exit_mmio(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	struct kvm_run *run = vcpu->run;
	struct mmio_region *region;
	uint64_t value = 0;

	if (exit_is_watched(vcpu))
		exit_watch_mmio(vcpu);
	pthread_mutex_lock(&machine->lock);
	region = bus_find(&machine->bus, run->mmio.phys_addr, run->mmio.len);
	if (!region)
		access_to_nothing(vcpu);
	if (run->mmio.is_write) {
		memcpy(&value, run->mmio.data, run->mmio.len);
		if (region)
			region->write(region, run->mmio.phys_addr - region->base, run->mmio.len,
				      value);
	} else {
		if (region)
			value = region->read(region, run->mmio.phys_addr - region->base,
					     run->mmio.len);
		/* KVM takes what it needs; a copy of fixed size is one store. */
		memcpy(__builtin_assume_aligned(run->mmio.data, sizeof(value)), &value,
		       sizeof(run->mmio.data));
	}
	pthread_mutex_unlock(&machine->lock);
}

static void exit_sbi(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	const unsigned long *args = run->riscv_sbi.args;
	/* Every member, so that no call clears it first: that would take as long as the answer. */
	struct sbi_call call = {
		.hart = vcpu->id,
		.eid = run->riscv_sbi.extension_id,
		.fid = run->riscv_sbi.function_id,
		.args = {args[0], args[1], args[2], args[3], args[4], args[5]},
		.error = SBI_ERR_NOT_SUPPORTED,
		.value = 0,
		.at_ecall = true,
	};

	if (exit_is_watched(vcpu))
		exit_watch_call(vcpu, &call);
	sbi_dispatch(&vcpu->machine->sbi, &call);
	vcpu->mark = call.by_script ? RUN_MARK_SCRIPT : 0;
	run->riscv_sbi.ret[0] = (unsigned long)call.error;
	run->riscv_sbi.ret[1] = call.value;
}

static void exit_csr(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint16_t entropy = 0;

	if (exit_is_watched(vcpu))
		exit_watch_csr(vcpu);
	run->riscv_csr.ret_value = 0;
	if (run->riscv_csr.csr_num != CSR_SEED) {
		machine_guest_error(vcpu->machine, "csr", "hart %u: access to CSR 0x%lx", vcpu->id,
				    run->riscv_csr.csr_num);
		return;
	}
	if (getrandom(&entropy, sizeof(entropy), 0) == sizeof(entropy))
		run->riscv_csr.ret_value = SEED_OPST_ES16 | entropy;
}

static void exit_system_event(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	uint64_t reason = run->system_event.ndata > 0 ? run->system_event.data[0] : 0;
	uint64_t type = SRST_COLD_REBOOT;

	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN: type = SRST_SHUTDOWN; break;
	case KVM_SYSTEM_EVENT_RESET:
		/* KVM does not say which reboot, but the call's registers are as they were. */
		kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.a0), &type);
		type = type == SRST_WARM_REBOOT ? SRST_WARM_REBOOT : SRST_COLD_REBOOT;
		break;
	default: machine_request_end(vcpu->machine, END_PANIC); return;
	}
	machine_system_reset(vcpu->machine, (uint32_t)type, (uint32_t)reason);
}

/*
 * The hart takes an exception at PC (privileged specification, "Supervisor Trap Vector Base Address
 * Register" and what follows it).
 */
static bool take_exception(struct vcpu *vcpu, uint64_t pc, uint64_t cause, uint64_t stval)
{
	const uint64_t supervisor = 1;
	uint64_t mode, sstatus, stvec;

	if (kvm_get_reg(vcpu->fd, KVM_CORE_REG(mode), &mode) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CSR_REG(sstatus), &sstatus) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CSR_REG(stvec), &stvec) < 0)
		return false;
	sstatus = (sstatus & ~(SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP)) |
		  (sstatus & SSTATUS_SIE ? SSTATUS_SPIE : 0) |
		  (mode == supervisor ? SSTATUS_SPP : 0);
	vcpu_stay(vcpu);
	return kvm_set_reg(vcpu->fd, KVM_CSR_REG(sstatus), sstatus) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CSR_REG(sepc), pc) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CSR_REG(scause), cause) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CSR_REG(stval), stval) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CORE_REG(mode), supervisor) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CORE_REG(regs.pc), stvec & ~3ull) == 0;
}

/* An ebreak, while somebody has breakpoints: theirs, or the guest's own. */
static void exit_debug(struct vcpu *vcpu)
{
	const struct machine_watcher *watcher = vcpu->machine->watcher;
	uint64_t pc = 0;

	kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc);
	if (watcher && watcher->stopped_at(watcher->opaque, vcpu, pc))
		pause_point(vcpu);
	else if (!take_exception(vcpu, pc, CAUSE_BREAKPOINT, pc))
		vcpu_failed(vcpu, EIO);
}

static void exit_nothing(struct vcpu *vcpu)
{
	(void)vcpu;
}

static void exit_fatal(struct vcpu *vcpu)
{
	uint64_t pc = 0;

	kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc);
	error("hart %u: KVM cannot run it any more at pc 0x%" PRIx64
	      " (exit reason %u): the machine "
	      "stops",
	      vcpu->id, pc, vcpu->run->exit_reason);
	machine_request_end(vcpu->machine, END_VCPU);
}

struct exit_kind {
	unsigned int reason;
	void (*handle)(struct vcpu *vcpu);
};

static const struct exit_kind exit_kinds[] = {
	{KVM_EXIT_MMIO, exit_mmio},	   {KVM_EXIT_RISCV_SBI, exit_sbi},
	{KVM_EXIT_RISCV_CSR, exit_csr},	   {KVM_EXIT_SYSTEM_EVENT, exit_system_event},
	{KVM_EXIT_INTR, exit_nothing},	   {KVM_EXIT_DEBUG, exit_debug},
	{KVM_EXIT_FAIL_ENTRY, exit_fatal}, {KVM_EXIT_INTERNAL_ERROR, exit_fatal},
	{KVM_EXIT_UNKNOWN, exit_fatal},
};

static const struct exit_kind *find_kind(unsigned int reason)
{
	for (size_t i = 0; i < sizeof(exit_kinds) / sizeof(exit_kinds[0]); i++)
		if (exit_kinds[i].reason == reason)
			return &exit_kinds[i];
	return NULL;
}

/*
 * KVM_RUN fails with these where KVM cannot emulate an access (arch/riscv/kvm/vcpu_insn.c): the
 * guest's mistake. The hart takes the access fault that hardware would raise (privileged
 * specification, section 12.1.1: trap entry). stval is 0: the address is not known here.
 */
static bool take_access_fault(struct vcpu *vcpu)
{
	uint64_t pc, satp, stvec, cause;

	if (kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CSR_REG(satp), &satp) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CSR_REG(stvec), &stvec) < 0)
		return false;
	cause = access_fault_cause(&vcpu->machine->memory, satp, pc);
	if (cause == CAUSE_FETCH_ACCESS_FAULT && pc == (stvec & ~3ull)) {
		hart_report_no_handler(vcpu);
		return true;
	}
	machine_guest_error(vcpu->machine, "access",
			    "hart %u: an access at pc 0x%" PRIx64
			    " that nothing can answer: it takes an "
			    "access fault (scause %" PRIu64 ")",
			    vcpu->id, pc, cause);
	return take_exception(vcpu, pc, cause, 0);
}

void vcpu_failed(struct vcpu *vcpu, int reason)
{
	uint64_t pc = 0;

	kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc);
	error("hart %u: KVM_RUN at pc 0x%" PRIx64 ": %s: the machine stops", vcpu->id, pc,
	      strerror(reason));
	machine_request_end(vcpu->machine, END_VCPU);
}

/* False, after error(): the guest made KVM_RUN fail too often. */
static bool pace_access_fault(const struct vcpu *vcpu)
{
	unsigned int count = atomic_fetch_add(&vcpu->machine->access_faults, 1) + 1;
	struct timespec pause = {.tv_sec = 0};
	uint64_t pc = 0, wait_ns;

	if (!fault_pace(count, &wait_ns)) {
		kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc);
		error("hart %u: pc 0x%" PRIx64
		      ": %u accesses that nothing can answer, each a few lines "
		      "in the host's kernel log: the machine stops",
		      vcpu->id, pc, count);
		machine_request_end(vcpu->machine, END_VCPU);
		return false;
	}
	pause.tv_nsec = (long)wait_ns;
	if (wait_ns) /* a kick ends it */
		nanosleep(&pause, NULL);
	return true;
}

/* KVM_RUN failed for REASON. False: the vCPU cannot go on, and the machine ends. */
bool vcpu_goes_on(struct vcpu *vcpu, int reason)
{
	bool access = reason == EOPNOTSUPP || reason == EIO;

	if (reason == EAGAIN)
		return true;
	if (access && !pace_access_fault(vcpu))
		return false;
	if (access && take_access_fault(vcpu))
		return true;
	vcpu_failed(vcpu, reason);
	return false;
}

void vcpu_handle_exit(struct vcpu *vcpu)
{
	unsigned int reason = vcpu->run->exit_reason;
	const struct exit_kind *kind = find_kind(reason);

	if (reason < VCPU_EXIT_REASONS)
		vcpu->exits.reasons[reason]++;
	if (kind)
		kind->handle(vcpu);
	else
		exit_fatal(vcpu);
}
