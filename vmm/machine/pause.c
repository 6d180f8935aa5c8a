/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/pause.h"

#include "base/clock.h"
#include "vmm/machine/guest_time.h"
#include "vmm/machine/machine_private.h"

#define PATIENCE_NS (10 * NS_PER_S)

void pause_init(struct pause *pause)
{
	*pause = (struct pause){.held = 0};
	pthread_mutex_init(&pause->lock, NULL);
	clock_cond_init(&pause->changed);
}

void pause_free(struct pause *pause)
{
	pthread_mutex_destroy(&pause->lock);
	pthread_cond_destroy(&pause->changed);
}

/* ---- all of it, with the lock ---- */

static void stand_still(struct machine *machine)
{
	struct pause *pause = &machine->pause;

	pause->still = guest_time_get(machine, &pause->time);
}

static void move_again(struct machine *machine)
{
	if (machine->pause.still)
		guest_time_put_back(machine, machine->pause.time);
	machine->pause.still = false;
}

/* Before the loop is frozen: it brings their answers. */
static void stop_outsiders(struct machine *machine)
{
	for (struct machine_outsider *at = machine->outsiders; at; at = at->next) {
		if (!at->stopped)
			at->stop(at);
		at->stopped = true;
	}
	for (struct machine_outsider *at = machine->outsiders; at; at = at->next)
		machine_wait_answers(machine, at->busy);
}

static void let_outsiders_go_on(struct machine *machine)
{
	for (struct machine_outsider *at = machine->outsiders; at; at = at->next) {
		if (at->stopped)
			at->go_on(at);
		at->stopped = false;
	}
}

static void freeze_devices(struct machine *machine, bool freeze)
{
	machine_lock(machine);
	if (freeze) {
		stop_outsiders(machine);
		loop_freeze(machine->loop);
		loop_wait_rest(machine->loop);
	} else {
		loop_thaw(machine->loop);
		let_outsiders_go_on(machine);
	}
	machine_unlock(machine);
}

/* ---- for those who hold ---- */

void pause_ask(struct machine *machine)
{
	struct pause *pause = &machine->pause;

	pthread_mutex_lock(&pause->lock);
	pause->all = true;
	for (unsigned int i = 0; i < machine->vcpu_count; i++) {
		struct vcpu *vcpu = &machine->vcpus[i];

		/* Its thread lives as long as the end of the machine has not been here. */
		if (!atomic_exchange(&vcpu->hold, true) && vcpu->started &&
		    !atomic_load(&machine->stopping))
			vcpu_kick(vcpu);
	}
	pthread_cond_broadcast(&pause->changed);
	/* Those that are held already, though one by one. */
	if (pause->held == machine->vcpu_count && !pause->still)
		stand_still(machine);
	pthread_mutex_unlock(&pause->lock);
	/* These wait for something else than KVM_RUN. */
	machine_lock(machine);
	pthread_cond_broadcast(&machine->wake);
	pthread_cond_broadcast(&machine->idle);
	machine_unlock(machine);
}

static bool wait_until(struct machine *machine, const bool *there, uint64_t limit_ns)
{
	const struct timespec until = clock_timespec(clock_now() + limit_ns);
	struct pause *pause = &machine->pause;
	int result = 0;
	bool came;

	pthread_mutex_lock(&pause->lock);
	while (!*there && !atomic_load(&machine->stopping) && result == 0)
		result = pthread_cond_timedwait(&pause->changed, &pause->lock, &until);
	came = *there && !atomic_load(&machine->stopping);
	pthread_mutex_unlock(&pause->lock);
	return came;
}

bool pause_wait_over(struct machine *machine, uint64_t limit_ns)
{
	const struct timespec until = clock_timespec(clock_now() + limit_ns);
	struct pause *pause = &machine->pause;
	int result = 0;
	bool over;

	pthread_mutex_lock(&pause->lock);
	while (pause->all && !atomic_load(&machine->stopping) && result == 0)
		result = pthread_cond_timedwait(&pause->changed, &pause->lock, &until);
	over = !pause->all && !atomic_load(&machine->stopping);
	pthread_mutex_unlock(&pause->lock);
	return over;
}

bool pause_wait_one(struct machine *machine, unsigned int hart, uint64_t limit_ns)
{
	return wait_until(machine, &machine->vcpus[hart].held, limit_ns);
}

bool pause_wait_asked(struct machine *machine, uint64_t limit_ns)
{
	return wait_until(machine, &machine->pause.all, limit_ns);
}

static uint32_t first_missing(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		if (!machine->vcpus[i].held)
			return i;
	return UINT32_MAX;
}

bool pause_wait(struct machine *machine, uint32_t *busy)
{
	const struct timespec until = clock_timespec(clock_now() + PATIENCE_NS);
	struct pause *pause = &machine->pause;
	int result = 0;

	pthread_mutex_lock(&pause->lock);
	while (pause->held < machine->vcpu_count && !atomic_load(&machine->stopping) && result == 0)
		result = pthread_cond_timedwait(&pause->changed, &pause->lock, &until);
	*busy = first_missing(machine);
	pthread_mutex_unlock(&pause->lock);
	if (atomic_load(&machine->stopping))
		*busy = UINT32_MAX;
	if (*busy != UINT32_MAX || atomic_load(&machine->stopping))
		return false;
	freeze_devices(machine, true);
	return true;
}

bool pause_pin(struct machine *machine)
{
	struct pause *pause = &machine->pause;
	bool pinned;

	pthread_mutex_lock(&pause->lock);
	pinned = pause->held == machine->vcpu_count;
	pause->pins += pinned;
	pthread_mutex_unlock(&pause->lock);
	return pinned;
}

void pause_unpin(struct machine *machine)
{
	pthread_mutex_lock(&machine->pause.lock);
	machine->pause.pins--;
	pthread_cond_broadcast(&machine->pause.changed);
	pthread_mutex_unlock(&machine->pause.lock);
}

void pause_errand(struct machine *machine, unsigned int hart,
		  void (*errand)(struct vcpu *vcpu, void *opaque), void *opaque)
{
	struct pause *pause = &machine->pause;

	pthread_mutex_lock(&pause->lock);
	while (pause->errand_of)
		pthread_cond_wait(&pause->changed, &pause->lock);
	pause->errand_of = &machine->vcpus[hart];
	pause->errand = errand;
	pause->errand_opaque = opaque;
	pthread_cond_broadcast(&pause->changed);
	while (pause->errand_of == &machine->vcpus[hart] && pause->errand_opaque == opaque)
		pthread_cond_wait(&pause->changed, &pause->lock);
	pthread_mutex_unlock(&pause->lock);
}

void pause_for_held(struct machine *machine, void (*look)(struct vcpu *vcpu))
{
	pthread_mutex_lock(&machine->pause.lock);
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		if (machine->vcpus[i].held)
			look(&machine->vcpus[i]);
	pthread_mutex_unlock(&machine->pause.lock);
}

bool pause_take_back(struct machine *machine)
{
	uint32_t busy;

	pause_ask(machine);
	return pause_wait(machine, &busy);
}

static void leave(struct vcpu *vcpu)
{
	if (vcpu->held)
		vcpu->machine->pause.held--;
	vcpu->held = false;
}

/* From here on it does not count as held, though its thread may take a while to go. */
static void let_go(struct vcpu *vcpu)
{
	leave(vcpu);
	atomic_store(&vcpu->hold, false);
	pthread_cond_broadcast(&vcpu->machine->pause.changed);
}

void pause_end(struct machine *machine)
{
	struct pause *pause = &machine->pause;

	freeze_devices(machine, false);
	pthread_mutex_lock(&pause->lock);
	pause->all = false;
	move_again(machine);
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		let_go(&machine->vcpus[i]);
	pthread_cond_broadcast(&pause->changed);
	pthread_mutex_unlock(&pause->lock);
}

void pause_let_one(struct machine *machine, unsigned int hart)
{
	struct pause *pause = &machine->pause;

	freeze_devices(machine, false);
	pthread_mutex_lock(&pause->lock);
	pause->all = false;
	move_again(machine);
	let_go(&machine->vcpus[hart]);
	pthread_cond_broadcast(&pause->changed);
	pthread_mutex_unlock(&pause->lock);
}

/* ---- for those who are held ---- */

/* With the lock. */
static void arrive(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	struct pause *pause = &machine->pause;

	vcpu->held = true;
	if (++pause->held == machine->vcpu_count && pause->all)
		stand_still(machine);
	pthread_cond_broadcast(&pause->changed);
}

static bool is_to_stay(const struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;

	return machine->pause.pins ||
	       (atomic_load(&vcpu->hold) && !atomic_load(&machine->stopping));
}

static void do_errand(struct pause *pause, struct vcpu *vcpu)
{
	pthread_mutex_unlock(&pause->lock);
	pause->errand(vcpu, pause->errand_opaque);
	pthread_mutex_lock(&pause->lock);
	pause->errand_of = NULL;
	pthread_cond_broadcast(&pause->changed);
}

void pause_point(struct vcpu *vcpu)
{
	struct pause *pause = &vcpu->machine->pause;

	if (!atomic_load(&vcpu->hold))
		return;
	pthread_mutex_lock(&pause->lock);
	while (is_to_stay(vcpu)) {
		/* Also one that was let go, and is wanted again before it has left. */
		if (!vcpu->held)
			arrive(vcpu);
		if (pause->errand_of == vcpu)
			do_errand(pause, vcpu);
		else
			pthread_cond_wait(&pause->changed, &pause->lock);
	}
	leave(vcpu);
	pthread_mutex_unlock(&pause->lock);
}

void pause_give_up(struct machine *machine)
{
	pthread_mutex_lock(&machine->pause.lock);
	pthread_cond_broadcast(&machine->pause.changed);
	pthread_mutex_unlock(&machine->pause.lock);
}
