/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/forward/forward.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bpf.h"
#include "base/riscv.h"
#include "base/sbi_spec.h"
#include "base/way_out.h"
#include "vmm/forward/forward_private.h"
#include "vmm/forward/redirect.h"
#include "vmm/kvm/access_fault.h"
#include "vmm/kvm/kvm.h"

/* ---- loading ---- */

void *forward_map(int map, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int load_at_functions(void *opaque)
{
	struct forward *forward = opaque;

	return forward_load(&forward->programs, FORWARD_CALLS_AT_FUNCTIONS, &forward->rules,
			    &forward->target);
}

static int load_at_tracepoints(void *opaque)
{
	struct forward *forward = opaque;

	return forward_load(&forward->programs, FORWARD_CALLS_AT_TRACEPOINTS, &forward->rules,
			    &forward->target);
}

static int load(struct forward *forward)
{
	int result = -ENOTSUP;

	if (!forward->rules.tracepoints_only) {
		forward->way = "at KVM's functions";
		result = bpf_load_patiently(load_at_functions, forward);
	}
	if (result < 0 && result != -EPERM) {
		forward->way = "at KVM's tracepoints";
		result = bpf_load_patiently(load_at_tracepoints, forward);
	}
	if (result < 0)
		return result;
	forward->slots =
		forward_map(forward->programs.map, forward->harts * sizeof(*forward->slots));
	return forward->slots ? 0 : -errno;
}

struct forward *forward_open(const struct forward_rules *rules, unsigned int harts,
			     struct forward_refusal *refusal)
{
	struct forward *forward = calloc(1, sizeof(*forward));
	int result = -ENOMEM;

	*refusal = (struct forward_refusal){.way_out = way_out(WAY_OUT_BPF, ENOMEM)};
	if (forward) {
		forward->rules = *rules;
		forward->rules.filter = forward_filter(rules);
		forward->harts = harts;
		/* An address that nobody else in this process has. */
		forward->target =
			(struct forward_target){.machine = (uintptr_t)forward,
						.harts = harts,
						.signal_number = (unsigned int)FORWARD_SIGNAL};
		pthread_mutex_init(&forward->lock, NULL);
		result = load(forward);
	}
	if (result == 0)
		return forward;
	snprintf(refusal->why, sizeof(refusal->why), "%s BPF programs: %s",
		 forward && forward->programs.step ? forward->programs.step : "loading",
		 strerror(-result));
	refusal->way_out = way_out(WAY_OUT_BPF, -result);
	forward_close(forward);
	return NULL;
}

void forward_close(struct forward *forward)
{
	if (!forward)
		return;
	if (forward->slots)
		munmap(forward->slots, forward->harts * sizeof(*forward->slots));
	forward_end_counts(forward);
	forward_unload(&forward->programs);
	pthread_mutex_destroy(&forward->lock);
	free(forward);
}

const char *forward_way(const struct forward *forward)
{
	return forward->way;
}

bool forward_check(struct forward *forward, struct forward_refusal *refusal)
{
	uint64_t lost = 0;

	if (forward->reported)
		return true;
	for (unsigned int i = 0; i < forward->harts; i++)
		lost += __atomic_load_n(&forward->slots[i].lost, __ATOMIC_RELAXED);
	if (lost) {
		snprintf(refusal->why, sizeof(refusal->why),
			 "%" PRIu64 " of them did not interrupt their vCPU in time", lost);
		refusal->way_out = "raise the limit of pending signals (ulimit -i), or run a "
				   "kernel with BPF trampolines";
	} else if (!forward_attached(&forward->programs) ||
		   !forward_attached(&forward->count_programs)) {
		snprintf(refusal->why, sizeof(refusal->why), "the BPF programs were detached");
		refusal->way_out = "start the machine again";
	} else {
		return true;
	}
	forward->reported = true;
	return false;
}

/* ---- one vCPU ---- */

int forward_attach_vcpu(struct forward *forward, struct forward_port *port, unsigned int hart,
			int vcpu_fd, struct kvm_run *run)
{
	struct sigaction action = {.sa_sigaction = kvm_run_leave,
				   .sa_flags = SA_SIGINFO | SA_NODEFER};
	sigset_t set;

	if (hart >= forward->harts)
		return -EINVAL;
	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, FORWARD_SIGNAL);
	if (sigaction(FORWARD_SIGNAL, &action, NULL) != 0)
		return -errno;
	*port = (struct forward_port){.slot = &forward->slots[hart],
				      .forward = forward,
				      .hart = hart,
				      .vcpu_fd = vcpu_fd};
	/* KVM looks at it on x86 only. */
	run->cr8 = forward->target.machine;
	return -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/*
 * At a tracepoint the signal can be late (on a preemptible kernel it is raised by an interrupt that
 * the CPU sends to itself), and then the hart has gone on with KVM's answer. At a function's entry
 * it is pending when the function goes on.
 */
static bool has_gone_on(const struct forward_port *port, uint64_t pc)
{
	uint64_t now;

	if (!port->forward->programs.may_be_late ||
	    (kvm_get_reg(port->vcpu_fd, KVM_CORE_REG(regs.pc), &now) == 0 && now == pc + 4))
		return false;
	__atomic_fetch_add(&port->slot->lost, 1, __ATOMIC_RELAXED);
	return true;
}

static bool sets_timer(const struct sbi_call *call)
{
	return call->eid == SBI_EID_LEGACY_SET_TIMER ||
	       (call->eid == SBI_EID_TIME && call->fid == 0);
}

/*
 * With Sstc, KVM's set_timer writes the vstimecmp of the CPU and nothing else
 * (kvm_riscv_vcpu_update_vstimecmp()). A vCPU that leaves the CPU before the guest runs again, as
 * one does whose call is forwarded, gets its deadline of before back
 * (kvm_riscv_vcpu_timer_restore() has that of the last exit). Without Sstc this is the deadline
 * that KVM has anyhow.
 */
static int keep_deadline(const struct forward_port *port, const struct sbi_call *call)
{
	const uint64_t compare = KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(compare));

	return kvm_set_reg(port->vcpu_fd, compare, call->args[0]);
}

/* What KVM answered is in the hart's registers. */
static bool take_kept(const struct forward_port *port, struct forwarded *forwarded)
{
	struct sbi_call *call = &forwarded->call;
	uint64_t error = 0;

	forwarded->kept = forward_keeps(&port->forward->rules, call->eid, call->fid, call->args[0]);
	if (!forwarded->kept)
		return true;
	if (kvm_get_reg(port->vcpu_fd, KVM_CORE_REG(regs.a0), &error) < 0 ||
	    kvm_get_reg(port->vcpu_fd, KVM_CORE_REG(regs.a1), &call->value) < 0)
		return false;
	call->error = (int64_t)error;
	return !sets_timer(call) || keep_deadline(port, call) == 0;
}

static enum forward_kind take_call(const struct forward_port *port, struct forwarded *forwarded)
{
	const struct forward_slot *slot = &forwarded->slot;

	/* hart_stop cannot fail in KVM. Where the signal was late, the hart may be at its new
	 * start. */
	if (forward_stops(&port->forward->rules, slot->args[7], slot->args[6]))
		return FORWARD_STOPPED;
	if (has_gone_on(port, slot->pc))
		return FORWARD_NOTHING;
	forwarded->call = (struct sbi_call){
		.hart = port->hart,
		.eid = slot->args[7],
		.fid = slot->args[6],
		.args = {slot->args[0], slot->args[1], slot->args[2], slot->args[3], slot->args[4],
			 slot->args[5]},
	};
	if (port->forward->rules.kept && !take_kept(port, forwarded))
		return FORWARD_NOTHING;
	return FORWARD_CALL;
}

/* The hardware may leave stval 0; the hart's own memory then has the instruction. */
static bool find_instruction(const struct forward_port *port, const struct guest_memory *memory,
			     struct forward_slot *slot)
{
	uint32_t instruction;
	uint64_t satp;

	if (slot->instruction == 0) {
		if (kvm_get_reg(port->vcpu_fd, KVM_CSR_REG(satp), &satp) < 0 ||
		    !guest_fetch(memory, satp, slot->pc, &instruction))
			return false;
		slot->instruction = instruction;
	}
	return forward_reads_counter((uint32_t)slot->instruction);
}

static enum forward_kind take_counter(const struct forward_port *port,
				      const struct guest_memory *memory,
				      struct forwarded *forwarded)
{
	struct forward_slot *slot = &forwarded->slot;
	struct counter_read *read = &forwarded->read;

	if (!find_instruction(port, memory, slot))
		return FORWARD_NOTHING;
	if (slot->next_pc == 0 &&
	    kvm_get_reg(port->vcpu_fd, KVM_CORE_REG(regs.pc), &slot->next_pc) < 0)
		return FORWARD_NOTHING;
	forwarded->redirected = slot->next_pc != slot->pc + 4;
	forwarded->sstatus = slot->sstatus;
	if (forwarded->redirected &&
	    kvm_get_reg(port->vcpu_fd, KVM_CSR_REG(sstatus), &forwarded->sstatus) < 0)
		return FORWARD_NOTHING;
	*read = (struct counter_read){
		.hart = port->hart,
		.csr = (unsigned int)(slot->instruction >> 20),
		.supervisor = forwarded->sstatus & SSTATUS_SPP,
		.scounteren = UINT64_MAX,
	};
	if (!read->supervisor &&
	    kvm_get_reg(port->vcpu_fd, KVM_CSR_REG(scounteren), &read->scounteren) < 0)
		return FORWARD_NOTHING;
	return FORWARD_COUNTER;
}

enum forward_kind forward_take(struct forward_port *port, int result,
			       const struct guest_memory *memory, struct forwarded *forwarded)
{
	forwarded->kept = false;
	forwarded->slot = *port->slot;
	port->seen = forwarded->slot.sequence;
	/* KVM has left the loop for something else: it handed over this very call. */
	if (result != -EINTR)
		return FORWARD_NOTHING;
	switch (forwarded->slot.kind) {
	case FORWARD_CALL: return forwarded->kind = take_call(port, forwarded);
	case FORWARD_COUNTER: return forwarded->kind = take_counter(port, memory, forwarded);
	default: return FORWARD_NOTHING;
	}
}

/* ---- answers ---- */

static int set_register(const struct forward_port *port, unsigned int number, uint64_t value)
{
	/* KVM numbers them as struct user_regs_struct: x1 to x31 by their numbers. */
	return kvm_set_reg(port->vcpu_fd, KVM_REG64(KVM_REG_RISCV_CORE, number), value);
}

#define A0 10u /* x10 to x17 are a0 to a7 */

/* KVM has changed a0, a1 and pc. */
static int pass_call(const struct forward_port *port, const struct forwarded *forwarded)
{
	const struct sbi_call *call = &forwarded->call;
	const uint64_t wanted[8] = {
		call->args[0], call->args[1], call->args[2], call->args[3],
		call->args[4], call->args[5], call->fid,     call->eid,
	};
	uint64_t pc = forwarded->slot.pc;
	int result = 0;

	if (!pc) { /* the programs left it to be found here, where it is rarely wanted */
		result = kvm_get_reg(port->vcpu_fd, KVM_CORE_REG(regs.pc), &pc);
		pc -= 4;
	}
	if (result == 0)
		result = kvm_set_reg(port->vcpu_fd, KVM_CORE_REG(regs.pc), pc);
	for (unsigned int i = 0; i < 8 && result == 0; i++)
		if (i < 2 || wanted[i] != forwarded->slot.args[i])
			result = set_register(port, A0 + i, wanted[i]);
	return result;
}

bool forward_comes_back(const struct forward_port *port, const struct sbi_call *call)
{
	return forward_wants(&port->forward->rules, call->eid, call->fid, call->args[0],
			     call->args[2]);
}

int forward_repeat(const struct forward_port *port, const struct forwarded *forwarded)
{
	return pass_call(port, forwarded);
}

static int answer_call(const struct forward_port *port, const struct forwarded *forwarded)
{
	const struct sbi_call *call = &forwarded->call;
	int result;

	/* One that would come back for ever is answered as the handler left it. */
	if (call->pass && !forward_comes_back(port, call))
		return pass_call(port, forwarded);
	result = set_register(port, A0, (uint64_t)call->error);
	/* KVM's own NOT_SUPPORTED has left 0 in a1. */
	if (result == 0 && (call->value || forwarded->kept))
		result = set_register(port, A0 + 1, call->value);
	return result;
}

static int undo_redirect(const struct forward_port *port, const struct forwarded *forwarded)
{
	struct redirected_hart hart = {.sstatus = forwarded->sstatus};
	int result;

	redirect_undo(&hart, forwarded->slot.pc);
	result = kvm_set_reg(port->vcpu_fd, KVM_CORE_REG(regs.pc), hart.pc);
	if (result == 0 && hart.sstatus != forwarded->sstatus)
		result = kvm_set_reg(port->vcpu_fd, KVM_CSR_REG(sstatus), hart.sstatus);
	if (result == 0 && !hart.supervisor)
		result = kvm_set_reg(port->vcpu_fd, KVM_CORE_REG(mode), KVM_RISCV_MODE_U);
	return result;
}

static int answer_counter(const struct forward_port *port, const struct forwarded *forwarded)
{
	unsigned int rd = forwarded->slot.instruction >> 7 & 31;
	int result = 0;

	if (!forwarded->read.answered)
		return 0;
	if (forwarded->redirected)
		result = undo_redirect(port, forwarded);
	if (result == 0 && rd != 0)
		result = set_register(port, rd, forwarded->read.value);
	return result;
}

int forward_answer(struct forward_port *port, const struct forwarded *forwarded)
{
	return forwarded->kind == FORWARD_CALL ? answer_call(port, forwarded)
					       : answer_counter(port, forwarded);
}
