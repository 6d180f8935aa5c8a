/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/step.h"

#include <stdbool.h>

#include "base/clock.h"
#include "base/riscv.h"
#include "vmm/debug/breakpoints.h"
#include "vmm/debug/next_pc.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vcpu_stay.h"

#define WFI	    0x10500073u
#define SYSTEM	    0x73u
#define ALONE_NS    (2 * NS_PER_S) /* an instruction that does not trap takes no time */
#define TOGETHER_NS (10 * NS_PER_S)

/* One step under way. */
struct step {
	struct breakpoints *breakpoints;
	struct machine *machine;
	struct vcpu *vcpu;
	uint64_t pc, satp, sie, stvec;
	uint32_t instruction;
	struct next_pcs next;
	uint64_t at; /* where pc is in memory; the breakpoints there are out */
};

/* ---- the hart, for next_pc.h ---- */

static bool read_register(void *context, unsigned int number, uint64_t *value)
{
	const struct step *step = context;

	*value = 0;
	return number == 0 ||
	       kvm_get_reg(step->vcpu->fd, KVM_REG64(KVM_REG_RISCV_CORE, number), value) == 0;
}

static bool read_sepc(void *context, uint64_t *value)
{
	const struct step *step = context;

	return kvm_get_reg(step->vcpu->fd, KVM_CSR_REG(sepc), value) == 0;
}

static bool read_code(void *context, uint64_t address, uint16_t *parcel)
{
	const struct step *step = context;

	return breakpoints_read_memory(step->breakpoints, step->machine, step->satp, address,
				       parcel, sizeof(*parcel)) == sizeof(*parcel);
}

static bool look(struct step *step)
{
	const struct next_pc_hart hart = {read_register, read_sepc, read_code, step};
	const int fd = step->vcpu->fd;

	if (kvm_get_reg(fd, KVM_CORE_REG(regs.pc), &step->pc) < 0 ||
	    kvm_get_reg(fd, KVM_CSR_REG(satp), &step->satp) < 0 ||
	    kvm_get_reg(fd, KVM_CSR_REG(sie), &step->sie) < 0 ||
	    kvm_get_reg(fd, KVM_CSR_REG(stvec), &step->stvec) < 0)
		return false;
	step->stvec &= ~3ull;
	step->instruction = 0;
	breakpoints_read_memory(step->breakpoints, step->machine, step->satp, step->pc,
				&step->instruction, sizeof(step->instruction));
	return next_pc(&hart, step->pc, &step->next) &&
	       breakpoints_place(step->machine, step->satp, step->pc, &step->at);
}

static uint64_t pc_of(const struct step *step)
{
	uint64_t pc = 0;

	kvm_get_reg(step->vcpu->fd, KVM_CORE_REG(regs.pc), &pc);
	return pc;
}

/* ---- temporary breakpoints ---- */

static bool add(const struct step *step, uint64_t address, uint32_t hart)
{
	const struct breakpoint one = {.owner = BREAK_BY_STEP, .hart = hart, .address = address};

	return breakpoints_add(step->breakpoints, step->machine, &one) != 0;
}

static bool add_next(const struct step *step, uint32_t hart)
{
	bool added = true;

	for (unsigned int i = 0; i < step->next.count && added; i++)
		added = add(step, step->next.pc[i], hart);
	return added;
}

static void remove_all(const struct step *step)
{
	breakpoints_remove_all(step->breakpoints, step->machine, BREAK_BY_STEP);
}

static bool is_next(const struct step *step, uint64_t pc)
{
	for (unsigned int i = 0; i < step->next.count; i++)
		if (step->next.pc[i] == pc)
			return true;
	return false;
}

/* ---- running ---- */

static bool uses_csrs(const struct step *step)
{
	return (step->instruction & 0x7f) == SYSTEM && step->instruction >> 12 & 7;
}

/* Where the hart was when it came back, or was taken back. */
static enum step_end run_alone(const struct step *step)
{
	const bool mask = !uses_csrs(step);

	if (mask) {
		vcpu_stay(step->vcpu);
		kvm_set_reg(step->vcpu->fd, KVM_CSR_REG(sie), 0);
	}
	pause_let_one(step->machine, step->vcpu->id);
	pause_wait_one(step->machine, step->vcpu->id, ALONE_NS);
	if (!pause_take_back(step->machine))
		return STEP_ENDED;
	if (mask) {
		vcpu_stay(step->vcpu);
		kvm_set_reg(step->vcpu->fd, KVM_CSR_REG(sie), step->sie);
	}
	return is_next(step, pc_of(step)) ? STEP_DONE : STEP_LATE;
}

/* The first hart that is at a breakpoint. */
static enum step_end find_arrived(const struct step *step, unsigned int *hart)
{
	struct breakpoint hit;
	enum step_end end = STEP_LATE;

	for (unsigned int i = 0; i < step->machine->vcpu_count; i++) {
		const struct vcpu *vcpu = &step->machine->vcpus[i];
		uint64_t pc;

		if (kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc) < 0 ||
		    !breakpoints_hit(step->breakpoints, vcpu, pc, &hit))
			continue;
		*hart = i;
		if (hit.owner == BREAK_BY_STEP)
			return STEP_DONE;
		end = STEP_BREAKPOINT;
	}
	return end;
}

static enum step_end run_together(const struct step *step, unsigned int *hart)
{
	remove_all(step);
	if (!add_next(step, ANY_HART))
		return STEP_IMPOSSIBLE;
	pause_end(step->machine);
	pause_wait_asked(step->machine, TOGETHER_NS);
	if (!pause_take_back(step->machine))
		return STEP_ENDED;
	return find_arrived(step, hart);
}

/* A hart that waits for an interrupt may go on at any time (privileged spec, "Wait for Interrupt").
 */
static enum step_end step_over_wfi(const struct step *step)
{
	return kvm_set_reg(step->vcpu->fd, KVM_CORE_REG(regs.pc), step->pc + 4) == 0
		       ? STEP_DONE
		       : STEP_IMPOSSIBLE;
}

static enum step_end run(const struct step *step, unsigned int *hart)
{
	enum step_end end;

	if (!add_next(step, step->vcpu->id) || !add(step, step->stvec, step->vcpu->id))
		return STEP_IMPOSSIBLE;
	end = run_alone(step);
	return end == STEP_LATE ? run_together(step, hart) : end;
}

enum step_end step_hart(struct breakpoints *breakpoints, struct machine *machine,
			unsigned int *hart)
{
	struct step step = {
		.breakpoints = breakpoints, .machine = machine, .vcpu = &machine->vcpus[*hart]};
	enum step_end end;

	if (!look(&step))
		return STEP_IMPOSSIBLE;
	if (step.instruction == WFI)
		return step_over_wfi(&step);
	breakpoints_lift(breakpoints, machine, step.at, true);
	end = run(&step, hart);
	if (end == STEP_ENDED)
		return end;
	remove_all(&step);
	breakpoints_lift(breakpoints, machine, step.at, false);
	return end;
}
