/* SPDX-License-Identifier: Apache-2.0 */

#include <sys/ioctl.h>

#include "vmm/debug/where.h"
#include "vmm/kvm/access_fault.h"
#include "vmm/machine/machine_private.h"

#define INSTRUCTION_JUMP_TO_ITSELF	      0x0000006fu
#define INSTRUCTION_COMPRESSED_JUMP_TO_ITSELF 0xa001u

static bool is_stopped(const struct vcpu *vcpu)
{
	struct kvm_mp_state state;

	/* A system reset stops all of them, whatever they did. */
	return !vcpu->machine->said.reset && ioctl(vcpu->fd, KVM_GET_MP_STATE, &state) == 0 &&
	       state.mp_state == KVM_MP_STATE_STOPPED;
}

static bool loops(const struct guest_memory *memory, const struct hart_state *state)
{
	uint32_t instruction;

	return guest_fetch(memory, state->satp, state->pc, &instruction) &&
	       (instruction == INSTRUCTION_JUMP_TO_ITSELF ||
		instruction == INSTRUCTION_COMPRESSED_JUMP_TO_ITSELF);
}

void where_read(const struct vcpu *vcpu, struct hart_where *where)
{
	const struct guest_memory *memory = &vcpu->machine->memory;
	struct hart_state *state = &where->state;
	uint64_t mode = 0, a6 = 0, a7 = 0;
	const struct {
		uint64_t id;
		uint64_t *to;
	} registers[] = {
		{KVM_CORE_REG(regs.pc), &state->pc},
		{KVM_CORE_REG(regs.ra), &state->ra},
		{KVM_CORE_REG(regs.sp), &where->sp},
		{KVM_CORE_REG(regs.s0), &where->fp},
		{KVM_CORE_REG(regs.a6), &a6},
		{KVM_CORE_REG(regs.a7), &a7},
		{KVM_CORE_REG(mode), &mode},
		{KVM_CSR_REG(scause), &state->scause},
		{KVM_CSR_REG(sepc), &state->sepc},
		{KVM_CSR_REG(stval), &state->stval},
		{KVM_CSR_REG(stvec), &state->stvec},
		{KVM_CSR_REG(satp), &state->satp},
		{KVM_CSR_REG(sstatus), &state->sstatus},
		{KVM_CSR_REG(sie), &where->sie},
		{KVM_CSR_REG(sip), &where->sip},
		{KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(time)), &where->time},
		{KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(compare)),
		 &where->stimecmp},
		{KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(frequency)),
		 &where->timer_hz},
	};

	*where = (struct hart_where){.state.hart = vcpu->id};
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		kvm_get_reg(vcpu->fd, registers[i].id, registers[i].to);
	state->supervisor = mode == 1;
	state->activity = vcpu->suspended ? HART_SUSPENDED
			  : is_stopped(vcpu)
				  ? HART_STOPPED
				  : hart_activity_at(memory, state->satp, state->pc, a6, a7);
	where->loops = loops(memory, state);
	/* A paused machine's is put back when it goes on. */
	if (vcpu->machine->pause.still)
		where->time = vcpu->machine->pause.time;
}

bool where_names(struct machine *machine)
{
	bool found = debug_names_find(machine->names);
	uint64_t stvec = 0;

	for (unsigned int i = 0; found && i < machine->vcpu_count; i++)
		if (kvm_get_reg(machine->vcpus[i].fd, KVM_CSR_REG(stvec), &stvec) == 0)
			debug_names_move(machine->names, stvec);
	return found;
}

void where_all(struct machine *machine, struct hart_where *harts)
{
	where_names(machine);
	for (unsigned int i = 0; i < machine->vcpu_count; i++) {
		where_read(&machine->vcpus[i], &harts[i]);
		where_follow(&machine->memory, machine->names, &harts[i]);
	}
}
