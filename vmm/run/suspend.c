/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/suspend.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/riscv.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vcpu_stay.h"
#include "vmm/run/hart_report.h"
#include "vmm/run/wake.h"

#define RESET_KICK_NS 1000000ull
#define RESET_TRIES   10000u
#define RESET_MARK    0x76686172746d6172ull /* in a register, before KVM resets it */

/* ---- what is pending ---- */

static uint64_t imsic_register(const struct machine *machine, unsigned int hart,
			       unsigned int select)
{
	uint64_t value = 0;
	struct kvm_device_attr attr = {
		.group = KVM_DEV_RISCV_AIA_GRP_IMSIC,
		.attr = KVM_DEV_RISCV_AIA_IMSIC_MKATTR(hart, select),
		.addr = (uint64_t)(uintptr_t)&value,
	};

	return ioctl(machine->aia.fd, KVM_GET_DEVICE_ATTR, &attr) < 0 ? 0 : value;
}

/* An MSI that came before the suspend. With 64-bit registers only even ones exist. */
static bool msi_is_pending(const struct machine *machine, unsigned int hart)
{
	if (!machine->has_aia || !imsic_register(machine, hart, IMSIC_EIDELIVERY))
		return false;
	for (unsigned int at = 0; at * 32 <= machine->aia.imsic_ids; at += 2)
		if (imsic_register(machine, hart, IMSIC_EIP0 + at) &
		    imsic_register(machine, hart, IMSIC_EIE0 + at))
			return true;
	return false;
}

static bool any_line_high(const struct machine *machine)
{
	for (unsigned int line = 0; line < LINE_COUNT; line++)
		if (machine->line_high[line])
			return true;
	return false;
}

static uint64_t timer_register(const struct vcpu *vcpu, unsigned int index)
{
	uint64_t value = 0;

	kvm_get_reg(vcpu->fd, KVM_REG64(KVM_REG_RISCV_TIMER, index), &value);
	return value;
}

static void timer_put(const struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	kvm_set_reg(vcpu->fd, KVM_REG64(KVM_REG_RISCV_TIMER, index), value);
}

static void read_wake_state(const struct vcpu *vcpu, struct wake_state *state)
{
	*state = (struct wake_state){
		.external = msi_is_pending(vcpu->machine, vcpu->id),
		.time = timer_register(vcpu, KVM_REG_RISCV_TIMER_REG(time)),
		.compare = timer_register(vcpu, KVM_REG_RISCV_TIMER_REG(compare)),
		.frequency = timer_register(vcpu, KVM_REG_RISCV_TIMER_REG(frequency)),
	};
	kvm_get_reg(vcpu->fd, KVM_CSR_REG(sie), &state->sie);
	kvm_get_reg(vcpu->fd, KVM_CSR_REG(sip), &state->sip);
}

/* ---- the wait ---- */

static void wait_for(struct machine *machine, uint64_t wait_ns)
{
	struct timespec until;

	if (wait_ns == WAKE_NEVER) {
		pthread_cond_wait(&machine->wake, &machine->lock);
		return;
	}
	until = clock_timespec(clock_now() + wait_ns);
	pthread_cond_timedwait(&machine->wake, &machine->lock, &until);
}

/* With the machine's lock. STATE is as it was at the end. */
static void wait_for_wake_up(struct machine *machine, struct vcpu *vcpu, struct wake_state *state)
{
	uint64_t before = machine->wake_events, wait_ns;

	for (;;) {
		read_wake_state(vcpu, state);
		if (machine->wake_events != before || any_line_high(machine) ||
		    atomic_load(&machine->stopping) || wake_due(state, &wait_ns))
			return;
		/* Looked at before each wait: who asked before this hart came has waked nobody. */
		if (!atomic_load(&vcpu->hold))
			wait_for(machine, wait_ns);
		hart_report_look(vcpu);
		machine_unlock(machine);
		pause_point(vcpu);
		machine_lock(machine);
	}
}

/* ---- what KVM's reset must not take ---- */

static int set_mp_state(const struct vcpu *vcpu, uint32_t mp_state)
{
	struct kvm_mp_state state = {.mp_state = mp_state};

	return ioctl(vcpu->fd, KVM_SET_MP_STATE, &state);
}

static void kick_until_reset(struct loop_timer *timer)
{
	struct vcpu *vcpu = timer->opaque;

	if (!vcpu->resume.pending)
		return;
	vcpu_kick(vcpu);
	loop_timer_set(vcpu->machine->loop, timer, RESET_KICK_NS);
}

/*
 * KVM makes its reset when the vCPU runs, and then runs the guest; but a vCPU that is stopped
 * sleeps there until a signal, makes the reset, and comes back. With the machine's lock.
 */
static void stop_for_reset(struct vcpu *vcpu, const struct wake_state *state)
{
	struct suspend_resume resume = {
		.pending = true, .sip = state->sip, .compare = state->compare};

	if (vcpu->machine->config->pmu_profile == PMU_BEST)
		resume.keep_scounteren =
			kvm_get_reg(vcpu->fd, KVM_CSR_REG(scounteren), &resume.scounteren) == 0;
	if (kvm_set_reg(vcpu->fd, KVM_CORE_REG(regs.t6), RESET_MARK) < 0 ||
	    set_mp_state(vcpu, KVM_MP_STATE_STOPPED) < 0)
		return;
	vcpu->resume = resume;
	vcpu->machine->reset_kick =
		(struct loop_timer){.expired = kick_until_reset, .opaque = vcpu};
	loop_timer_set(vcpu->machine->loop, &vcpu->machine->reset_kick, RESET_KICK_NS);
}

/*
 * Without Sstc nothing but the register "state" starts KVM's timer again, and on 6.12 it is then
 * due at once (kvm_riscv_vcpu_set_reg_timer() gives the state where it means the deadline): the
 * guest gets one timer interrupt too early rather than none.
 */
static void put_back(struct vcpu *vcpu)
{
	const struct suspend_resume *resume = &vcpu->resume;

	vcpu_stay(vcpu);
	if (resume->sip)
		kvm_set_reg(vcpu->fd, KVM_CSR_REG(sip), resume->sip);
	if (resume->compare != UINT64_MAX) {
		timer_put(vcpu, KVM_REG_RISCV_TIMER_REG(compare), resume->compare);
		timer_put(vcpu, KVM_REG_RISCV_TIMER_REG(state), KVM_RISCV_TIMER_STATE_ON);
	}
	if (resume->keep_scounteren)
		kvm_set_reg(vcpu->fd, KVM_CSR_REG(scounteren), resume->scounteren);
}

void suspend_interrupted(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	uint64_t mark = 0;

	if (!vcpu->resume.pending)
		return;
	kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.t6), &mark);
	if (mark == RESET_MARK && ++vcpu->resume.tries < RESET_TRIES)
		return;
	put_back(vcpu);
	set_mp_state(vcpu, KVM_MP_STATE_RUNNABLE);
	machine_lock(machine);
	vcpu->resume.pending = false;
	loop_timer_set(machine->loop, &machine->reset_kick, 0);
	machine_unlock(machine);
}

void suspend_hart(struct machine *machine, unsigned int hart)
{
	struct vcpu *vcpu = &machine->vcpus[hart];
	struct wake_state state;

	machine_lock(machine);
	verbose("hart %u suspends the system", hart);
	vcpu->suspended = true;
	wait_for_wake_up(machine, vcpu, &state);
	if (!atomic_load(&machine->stopping)) {
		vcpu->suspended = false;
		stop_for_reset(vcpu, &state);
	}
	machine_unlock(machine);
}
