/* SPDX-License-Identifier: Apache-2.0 */
/* How a machine that is driven goes on: by steps, over breakpoints, and the breakpoints meanwhile.
 */
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "vmm/control/control.h"
#include "vmm/control/control_private.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"

/* Holding the harts for one that is pending: so often at most. */
#define PENDING_NS (NS_PER_S / 10)

/* ---- a step ---- */

static const char *const step_ends[] = {
	[STEP_LATE] = "its trap did not come back in time: the harts are held where they are now",
	[STEP_IMPOSSIBLE] = "its code cannot be read, or there are too many breakpoints",
	[STEP_ENDED] = "the machine ends",
};

static bool is_good(enum step_end end)
{
	return end == STEP_DONE || end == STEP_BREAKPOINT;
}

/* What a step ended at, for those who hear of breakpoints. */
static void post_arrival(struct control *control, unsigned int hart)
{
	const struct vcpu *vcpu = &control->machine->vcpus[hart];
	struct breakpoint hit;
	uint64_t pc;

	if (kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc) == 0 &&
	    breakpoints_hit(&control->breakpoints, vcpu, pc, &hit))
		control_post_breakpoint(control, hart, pc, hit.id);
}

static enum step_end step(struct control *control, unsigned int *hart, char why[CONTROL_ERROR_MAX])
{
	enum step_end end = step_hart(&control->breakpoints, control->machine, hart);

	if (!is_good(end))
		snprintf(why, CONTROL_ERROR_MAX, "hart %u: %s", *hart, step_ends[end]);
	return end;
}

bool control_step(struct control *control, unsigned int *hart, enum step_end *end,
		  char why[CONTROL_ERROR_MAX])
{
	/* One that a breakpoint has paused may have harts on their way. */
	struct machine *machine = control_take_held(control, false, why);
	bool done = machine && atomic_load(&control->paused);

	if (machine && !done)
		snprintf(why, CONTROL_ERROR_MAX, "the machine runs: pause it first");
	if (done) {
		*end = step(control, hart, why);
		done = is_good(*end);
	}
	if (done && *end == STEP_BREAKPOINT)
		post_arrival(control, *hart);
	if (machine)
		control_release(control);
	return done;
}

static bool is_at_breakpoint(struct control *control, const struct vcpu *vcpu)
{
	struct kvm_mp_state state;
	uint64_t pc, satp, physical;

	/* A hart that is stopped (HSM) does not step. */
	return ioctl(vcpu->fd, KVM_GET_MP_STATE, &state) == 0 &&
	       state.mp_state != KVM_MP_STATE_STOPPED &&
	       kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc) == 0 &&
	       kvm_get_reg(vcpu->fd, KVM_CSR_REG(satp), &satp) == 0 &&
	       breakpoints_place(control->machine, satp, pc, &physical) &&
	       breakpoints_is_at(&control->breakpoints, physical);
}

/* STEP_DONE: all that are to run can. */
static enum step_end leave_breakpoints(struct control *control, const bool *harts,
				       char why[CONTROL_ERROR_MAX])
{
	struct machine *machine = control->machine;
	enum step_end end = STEP_DONE;

	for (unsigned int i = 0; i < machine->vcpu_count && end == STEP_DONE; i++) {
		unsigned int hart = i;

		if ((harts && !harts[i]) || !is_at_breakpoint(control, &machine->vcpus[i]))
			continue;
		end = step(control, &hart, why);
		if (end == STEP_BREAKPOINT)
			post_arrival(control, hart);
	}
	return end;
}

void control_let_run(const struct control *control)
{
	struct machine *machine = control->machine;

	if (!control->some)
		pause_end(machine);
	for (unsigned int i = 0; control->some && i < machine->vcpu_count; i++)
		if (control->only[i])
			pause_let_one(machine, i);
}

static void run(struct control *control, const bool *harts)
{
	struct machine *machine = control->machine;

	/* In this order: who hears of it may find it running, but never the other way round. */
	if (atomic_exchange(&control->paused, false))
		control_post(control, EVENT_RESUMED, 0);
	control->some = harts != NULL;
	for (unsigned int i = 0; harts && i < machine->vcpu_count; i++)
		control->only[i] = harts[i];
	control_let_run(control);
}

bool control_resume(struct control *control, const bool *harts, char why[CONTROL_ERROR_MAX])
{
	enum step_end end = STEP_DONE;

	if (!control_take_held(control, false, why))
		return false;
	if (atomic_load(&control->paused))
		end = leave_breakpoints(control, harts, why);
	if (end == STEP_DONE)
		run(control, harts); /* some may be held, though it is not paused */
	control_release(control);
	control_mind_breakpoints(control);
	return is_good(end);
}

/* ---- breakpoints while it runs ---- */

/* Holding the harts inserts what is pending, and what was overwritten. */
static void insert_again(struct control *control)
{
	char why[CONTROL_ERROR_MAX];

	if (control_hold(control, why))
		control_let_go(control);
}

static bool needs_work(struct control *control)
{
	struct machine *machine = control_try(control);
	enum breakpoints_need need = BREAKPOINTS_NEED_NOTHING;
	const uint64_t now = clock_now();

	if (machine && !atomic_load(&control->paused))
		need = breakpoints_need(&control->breakpoints, machine);
	if (machine)
		control_release(control);
	if (need == BREAKPOINTS_ARE_PENDING && now - control->pending_ns < PENDING_NS)
		return false;
	if (need == BREAKPOINTS_ARE_PENDING)
		control->pending_ns = now;
	return need != BREAKPOINTS_NEED_NOTHING;
}

/* For keeper.h. */
static void look(void *opaque)
{
	struct control *control = opaque;

	if (needs_work(control))
		insert_again(control);
}

void control_mind_breakpoints(struct control *control)
{
	if (breakpoints_any(&control->breakpoints))
		keeper_start(&control->keeper, look, control);
}
