/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/vcpu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/kvm/access_fault.h"
#include "vmm/kvm/isa.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/fault_pace.h"
#include "vmm/run/hart_pmu.h"
#include "vmm/run/hart_report.h"

#define CSR_SEED	0x015u
#define SEED_OPST_ES16	0x80000000u /* Zkr: 16 bits of entropy are valid */
#define SBI_EXT_ID_SUSP 11u	    /* KVM_RISCV_SBI_EXT_SUSP, newer than some headers */

/* ---- exits ---- */

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
	hart_report_hole(vcpu->machine, run->mmio.phys_addr);
}

static void exit_mmio(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	struct kvm_run *run = vcpu->run;
	struct mmio_region *region;
	uint64_t value = 0;

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
	};

	sbi_dispatch(&vcpu->machine->sbi, &call);
	run->riscv_sbi.ret[0] = (unsigned long)call.error;
	run->riscv_sbi.ret[1] = call.value;
}

static void exit_csr(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint16_t entropy = 0;

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

static void exit_nothing(struct vcpu *vcpu)
{
	(void)vcpu;
}

static void exit_fatal(struct vcpu *vcpu)
{
	uint64_t pc = 0;

	kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc);
	error("hart %u: KVM cannot run it any more at pc 0x%llx (exit reason %u): the machine "
	      "stops",
	      vcpu->id, (unsigned long long)pc, vcpu->run->exit_reason);
	machine_request_end(vcpu->machine, END_VCPU);
}

struct exit_kind {
	unsigned int reason;
	const char *name;
	void (*handle)(struct vcpu *vcpu);
};

static const struct exit_kind exit_kinds[] = {
	{KVM_EXIT_MMIO, "mmio", exit_mmio},
	{KVM_EXIT_RISCV_SBI, "sbi", exit_sbi},
	{KVM_EXIT_RISCV_CSR, "csr", exit_csr},
	{KVM_EXIT_SYSTEM_EVENT, "system_event", exit_system_event},
	{KVM_EXIT_INTR, "intr", exit_nothing},
	{KVM_EXIT_DEBUG, "debug", exit_nothing},
	{KVM_EXIT_FAIL_ENTRY, "fail_entry", exit_fatal},
	{KVM_EXIT_INTERNAL_ERROR, "internal_error", exit_fatal},
	{KVM_EXIT_UNKNOWN, "unknown", exit_fatal},
};

static const struct exit_kind *find_kind(unsigned int reason)
{
	for (size_t i = 0; i < sizeof(exit_kinds) / sizeof(exit_kinds[0]); i++)
		if (exit_kinds[i].reason == reason)
			return &exit_kinds[i];
	return NULL;
}

const char *vcpu_exit_name(unsigned int reason)
{
	const struct exit_kind *kind = find_kind(reason);

	return kind ? kind->name : NULL;
}

/* ---- the thread ---- */

/* What the handler takes: its own thread's, and nothing that came with the signal, which any
 * process of the user can send. */
static _Thread_local struct kvm_run *own_run;

/* On the vCPU's thread. KVM_RUN, now or next, returns at once with EINTR. */
static void take_kick(int signal)
{
	(void)signal;
	if (own_run)
		__atomic_store_n(&own_run->immediate_exit, 1, __ATOMIC_RELAXED);
}

static bool unblock_kick(struct kvm_run *run)
{
	struct sigaction action = {.sa_handler = take_kick, .sa_flags = SA_RESTART};
	sigset_t kick;

	own_run = run;
	sigemptyset(&action.sa_mask);
	sigemptyset(&kick);
	sigaddset(&kick, VCPU_KICK_SIGNAL);
	return sigaction(VCPU_KICK_SIGNAL, &action, NULL) == 0 &&
	       pthread_sigmask(SIG_UNBLOCK, &kick, NULL) == 0;
}

void vcpu_kick(const struct vcpu *vcpu)
{
	pthread_kill(vcpu->thread, VCPU_KICK_SIGNAL);
}

/*
 * KVM_RUN fails with these where KVM cannot emulate an access (arch/riscv/kvm/vcpu_insn.c): the
 * guest's mistake. The hart takes the access fault that hardware would raise (privileged
 * specification, section 12.1.1: trap entry). stval is 0: the address is not known here.
 */
static bool take_access_fault(struct vcpu *vcpu)
{
	const uint64_t sie = 1u << 1, spie = 1u << 5, spp = 1u << 8, supervisor = 1;
	uint64_t pc, mode, sstatus, satp, stvec, cause;

	if (kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CORE_REG(mode), &mode) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CSR_REG(sstatus), &sstatus) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CSR_REG(satp), &satp) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CSR_REG(stvec), &stvec) < 0)
		return false;
	cause = access_fault_cause(&vcpu->machine->memory, satp, pc);
	if (cause == CAUSE_FETCH_ACCESS_FAULT && pc == (stvec & ~3ull)) {
		hart_report_no_handler(vcpu);
		return true;
	}
	machine_guest_error(vcpu->machine, "access",
			    "hart %u: an access at pc 0x%llx that nothing can answer: it takes an "
			    "access fault (scause %llu)",
			    vcpu->id, (unsigned long long)pc, (unsigned long long)cause);
	sstatus = (sstatus & ~(sie | spie | spp)) | (sstatus & sie ? spie : 0) |
		  (mode == supervisor ? spp : 0);
	return kvm_set_reg(vcpu->fd, KVM_CSR_REG(sstatus), sstatus) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CSR_REG(sepc), pc) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CSR_REG(scause), cause) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CSR_REG(stval), 0) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CORE_REG(mode), supervisor) == 0 &&
	       kvm_set_reg(vcpu->fd, KVM_CORE_REG(regs.pc), stvec & ~3ull) == 0;
}

static void failed_run(struct vcpu *vcpu, int reason)
{
	uint64_t pc = 0;

	kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc);
	error("hart %u: KVM_RUN at pc 0x%llx: %s: the machine stops", vcpu->id,
	      (unsigned long long)pc, strerror(reason));
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
		error("hart %u: pc 0x%llx: %u accesses that nothing can answer, each a few lines "
		      "in the host's kernel log: the machine stops",
		      vcpu->id, (unsigned long long)pc, count);
		machine_request_end(vcpu->machine, END_VCPU);
		return false;
	}
	pause.tv_nsec = (long)wait_ns;
	if (wait_ns) /* a kick ends it */
		nanosleep(&pause, NULL);
	return true;
}

/* KVM_RUN failed for REASON. False: the vCPU cannot go on, and the machine ends. */
static bool goes_on(struct vcpu *vcpu, int reason)
{
	bool access = reason == EOPNOTSUPP || reason == EIO;

	if (reason == EAGAIN)
		return true;
	if (access && !pace_access_fault(vcpu))
		return false;
	if (access && take_access_fault(vcpu))
		return true;
	failed_run(vcpu, reason);
	return false;
}

static void handle_exit(struct vcpu *vcpu)
{
	unsigned int reason = vcpu->run->exit_reason;
	const struct exit_kind *kind = find_kind(reason);

	if (reason < VCPU_EXIT_REASONS)
		vcpu->exits[reason]++;
	if (kind)
		kind->handle(vcpu);
	else
		exit_fatal(vcpu);
}

/* What KVM keeps to itself, and the forward brought here. RESULT is what KVM_RUN returned. */
static void answer_forwarded(struct vcpu *vcpu, int result)
{
	struct machine *machine = vcpu->machine;
	struct forwarded forwarded;

	switch (forward_take(&vcpu->forward, result, &machine->memory, &forwarded)) {
	case FORWARD_CALL:
		exit_log_is_call(&vcpu->log, forwarded.call.eid, forwarded.call.fid);
		sbi_dispatch(&machine->sbi, &forwarded.call);
		break;
	case FORWARD_COUNTER:
		if (machine->sbi.read_counter)
			machine->sbi.read_counter(&machine->sbi, &forwarded.read);
		break;
	case FORWARD_STOPPED:
		if (vcpu->pmu)
			hart_pmu_reset(vcpu->pmu);
		return;
	default: return;
	}
	result = forward_answer(&vcpu->forward, &forwarded);
	if (result < 0)
		failed_run(vcpu, -result);
}

/* KVM_RUN has a signal mask of its own: the thread's without what is kept for it. */
bool vcpu_keep_signal(struct vcpu *vcpu, int signal)
{
	uint8_t room[sizeof(struct kvm_signal_mask) + sizeof(uint64_t)];
	const struct kvm_signal_mask head = {.len = sizeof(uint64_t)};
	uint64_t blocked = 0; /* as the kernel has it: bit N - 1 for signal N */
	sigset_t now;

	if (vcpu->keeps && sigismember(&vcpu->kept, signal) == 1)
		return true;
	if (!vcpu->keeps)
		sigemptyset(&vcpu->kept);
	sigaddset(&vcpu->kept, signal);
	if (pthread_sigmask(SIG_BLOCK, &vcpu->kept, &now) != 0)
		return false;
	for (int number = 1; number <= 64; number++)
		if (sigismember(&now, number) == 1 && sigismember(&vcpu->kept, number) != 1)
			blocked |= 1ull << (number - 1);
	memcpy(room, &head, sizeof(head));
	memcpy(room + sizeof(head), &blocked, sizeof(blocked));
	vcpu->keeps = ioctl(vcpu->fd, KVM_SET_SIGNAL_MASK, room) == 0;
	return vcpu->keeps;
}

static void take_kept_signals(struct vcpu *vcpu)
{
	const struct timespec no_time = {0};
	siginfo_t info;

	while (sigtimedwait(&vcpu->kept, &info, &no_time) > 0)
		if (info.si_signo == HART_PMU_SIGNAL && vcpu->pmu)
			hart_pmu_overflow(vcpu->pmu, info.si_fd);
}

/* Also for one that was opened while the guest ran: whoever opens it kicks. */
static void attach_forward(struct vcpu *vcpu)
{
	struct forward *forward = atomic_load(&vcpu->machine->forward);
	int result;

	if (!forward || vcpu->forward.slot)
		return;
	result = forward_attach_vcpu(forward, &vcpu->forward, vcpu->id, vcpu->fd);
	if (result < 0)
		failed_run(vcpu, -result);
}

static void lcofi_failed(struct vcpu *vcpu, int reason)
{
	if (vcpu->lcofi_failures++ == 0)
		warning("pmu: hart %u: an overflow interrupt is lost (way %s): %s", vcpu->id,
			vcpu->lcofi.way->name, strerror(reason));
}

/* KVM_RUN, of what is due before the guest goes on or else of the guest. */
static int run_vcpu(struct vcpu *vcpu)
{
	uint8_t mark = 0;
	int result;

	if (vcpu->lcofi.due) {
		switch (hart_pmu_raise(vcpu->pmu, &result)) {
		case LCOFI_RAISED: mark = RUN_MARK_LCOFI | vcpu->lcofi.way->by; break;
		case LCOFI_RETURNED: return result;
		case LCOFI_FAILED: lcofi_failed(vcpu, -result); break;
		}
	}
	exit_log_entering(&vcpu->log);
	vcpu->run->request_interrupt_window = mark;
	result = kvm_run(vcpu->fd);
	exit_log_left(&vcpu->log, vcpu->run, result);
	return result;
}

static void *vcpu_thread(void *opaque)
{
	struct vcpu *vcpu = opaque;
	struct machine *machine = vcpu->machine;
	char name[16];
	int result;

	/* Before it runs: who watches threads knows the vCPU by it. */
	snprintf(name, sizeof(name), "vcpu%u", vcpu->id);
	pthread_setname_np(pthread_self(), name);
	atomic_store(&vcpu->tid, gettid());
	if (!unblock_kick(vcpu->run))
		failed_run(vcpu, errno);
	attach_forward(vcpu);
	vcpu->log = exit_log_port(machine->exit_log, vcpu->id);
	while (!atomic_load(&machine->stopping)) {
		result = run_vcpu(vcpu);
		if (forward_waits(&vcpu->forward))
			answer_forwarded(vcpu, result);
		if (result == 0) {
			handle_exit(vcpu);
			continue;
		}
		if (result == -EINTR) {
			vcpu->interrupted++;
			/* Before stopping is looked at: it was set before the kick was sent. */
			__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
			if (vcpu->keeps)
				take_kept_signals(vcpu);
			if (vcpu->pmu)
				hart_pmu_interrupted(vcpu->pmu);
			suspend_interrupted(vcpu);
			hart_report_look(vcpu);
			attach_forward(vcpu);
		} else if (!goes_on(vcpu, -result)) {
			break;
		}
	}
	exit_log_ended(&vcpu->log);
	lcofi_forget(&vcpu->lcofi);
	hart_pmu_free(vcpu->pmu);
	vcpu->pmu = NULL;
	return NULL;
}

bool vcpu_start(struct vcpu *vcpu)
{
	int result = pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu);

	if (result != 0) {
		error("hart %u: no thread for it: %s: use fewer --cpus", vcpu->id,
		      strerror(result));
		return false;
	}
	vcpu->started = true;
	return true;
}

void vcpu_stop(struct vcpu *vcpu)
{
	if (!vcpu->started)
		return;
	vcpu_kick(vcpu);
	pthread_join(vcpu->thread, NULL);
	vcpu->started = false;
}

/* ---- making one ---- */

static void enable_sbi(const struct vcpu *vcpu)
{
	/* Off by default in KVM; older kernels know fewer, and the guest does without. */
	static const unsigned int wanted[] = {KVM_RISCV_SBI_EXT_DBCN, SBI_EXT_ID_SUSP};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (kvm_set_reg(vcpu->fd, KVM_SBI_REG(wanted[i]), 1) < 0 && vcpu->id == 0)
			verbose("this kernel's KVM does not forward SBI %s: the guest is without "
				"it",
				isa_sbi_ext_name(wanted[i]));
}

bool vcpu_create(struct vcpu *vcpu, struct machine *machine, unsigned int id)
{
	int run_len = ioctl(machine->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	*vcpu = (struct vcpu){.machine = machine, .id = id, .fd = -1, .last_hole = UINT64_MAX};
	vcpu->fd = ioctl(machine->vm_fd, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0 || run_len < 0) {
		error("hart %u: KVM cannot create it: %s: use fewer --cpus", id, strerror(errno));
		return false;
	}
	vcpu->run_len = (size_t)run_len;
	vcpu->run = mmap(NULL, vcpu->run_len, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		vcpu->run = NULL;
		error("hart %u: mapping its kvm_run: %s", id, strerror(errno));
		return false;
	}
	enable_sbi(vcpu);
	return true;
}

void vcpu_free(struct vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, vcpu->run_len);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->run = NULL;
	vcpu->fd = -1;
}
