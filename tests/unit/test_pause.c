/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding harts, with threads that play vCPUs and the real event loop. What is plain memory here,
 * as registers and devices are in the machine, makes ThreadSanitizer see whether holding orders it.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"
#include "vmm/machine/guest_time.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"

enum { HARTS = 3, ROUNDS = 100 };

struct fixture {
	struct machine machine; /* first: vcpu_kick() knows the fixture by it */
	struct vcpu vcpus[HARTS];
	atomic_bool kicked[HARTS];
	atomic_bool busy;	   /* hart 0 does not come out of where it is */
	uint64_t registers[HARTS]; /* each its thread's */
	uint64_t device;	   /* the loop's */
	uint64_t ticks, put_back;  /* the guest's time */
	struct loop_timer timer;
	pthread_t loop_thread;
	pthread_mutex_t lock; /* of who holds, as control.h's */
};

/* ---- what the machine has elsewhere ---- */

void machine_lock(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
}

void machine_unlock(struct machine *machine)
{
	pthread_mutex_unlock(&machine->lock);
}

bool machine_wait_answers(struct machine *machine, const unsigned int *count)
{
	while (*count > 0 && !atomic_load(&machine->stopping))
		pthread_cond_wait(&machine->idle, &machine->lock);
	return *count == 0;
}

static struct fixture *fixture_of(const struct vcpu *vcpu)
{
	return (struct fixture *)vcpu->machine;
}

void vcpu_kick(const struct vcpu *vcpu)
{
	atomic_store(&fixture_of(vcpu)->kicked[vcpu->id], true);
}

bool guest_time_get(const struct machine *machine, uint64_t *time)
{
	struct fixture *fixture = fixture_of(&machine->vcpus[0]);

	*time = ++fixture->ticks;
	return true;
}

void guest_time_put_back(struct machine *machine, uint64_t time)
{
	fixture_of(&machine->vcpus[0])->put_back = time;
}

/* ---- a machine that runs ---- */

static void run_guest(struct fixture *fixture, unsigned int hart)
{
	while (!atomic_exchange(&fixture->kicked[hart], false)) {
		fixture->registers[hart]++;
		sched_yield();
	}
}

static void come(struct vcpu *vcpu)
{
	while (vcpu->id == 0 && atomic_load(&fixture_of(vcpu)->busy))
		sched_yield();
	pause_point(vcpu);
}

static void *hart_thread(void *opaque)
{
	struct vcpu *vcpu = opaque;

	come(vcpu);
	while (!atomic_load(&vcpu->machine->stopping)) {
		run_guest(fixture_of(vcpu), vcpu->id);
		come(vcpu);
	}
	return NULL;
}

static void tick(struct loop_timer *timer)
{
	struct fixture *fixture = timer->opaque;

	fixture->device++;
	loop_timer_set(fixture->machine.loop, timer, 10000);
}

static void *loop_thread(void *opaque)
{
	struct fixture *fixture = opaque;

	loop_run(fixture->machine.loop);
	return NULL;
}

static void start_harts(struct fixture *fixture)
{
	for (unsigned int i = 0; i < HARTS; i++) {
		struct vcpu *vcpu = &fixture->vcpus[i];

		assert_int_equal(pthread_create(&vcpu->thread, NULL, hart_thread, vcpu), 0);
		atomic_store(&vcpu->started, true);
	}
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct machine *machine = &fixture->machine;

	*state = fixture;
	pthread_mutex_init(&fixture->lock, NULL);
	pthread_mutex_init(&machine->lock, NULL);
	pthread_cond_init(&machine->wake, NULL);
	pthread_cond_init(&machine->idle, NULL);
	pause_init(&machine->pause);
	machine->vcpus = fixture->vcpus;
	machine->vcpu_count = HARTS;
	for (unsigned int i = 0; i < HARTS; i++)
		fixture->vcpus[i] = (struct vcpu){.machine = machine, .id = i};
	machine->loop = loop_new(&machine->lock);
	if (!machine->loop)
		return -1;
	fixture->timer = (struct loop_timer){.expired = tick, .opaque = fixture};
	loop_timer_set(machine->loop, &fixture->timer, 10000);
	return pthread_create(&fixture->loop_thread, NULL, loop_thread, fixture);
}

static void end_machine(struct fixture *fixture)
{
	struct machine *machine = &fixture->machine;

	atomic_store(&machine->stopping, true);
	machine_lock(machine);
	loop_stop(machine->loop);
	machine_unlock(machine);
	pause_give_up(machine);
}

static void join_harts(struct fixture *fixture)
{
	for (unsigned int i = 0; i < HARTS; i++) {
		vcpu_kick(&fixture->vcpus[i]);
		pthread_join(fixture->vcpus[i].thread, NULL);
	}
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	struct machine *machine = &fixture->machine;

	end_machine(fixture);
	if (fixture->vcpus[0].started)
		join_harts(fixture);
	pthread_join(fixture->loop_thread, NULL);
	loop_free(machine->loop);
	pause_free(&machine->pause);
	pthread_mutex_destroy(&machine->lock);
	pthread_mutex_destroy(&fixture->lock);
	pthread_cond_destroy(&machine->wake);
	pthread_cond_destroy(&machine->idle);
	free(fixture);
	return 0;
}

/* ---- */

static void hold(struct fixture *fixture)
{
	uint32_t busy;

	pause_ask(&fixture->machine);
	assert_true(pause_wait(&fixture->machine, &busy));
}

/* Of the harts but LEAVE_OUT. */
static void expect_still(struct fixture *fixture, unsigned int leave_out)
{
	uint64_t registers[HARTS], device = fixture->device;

	memcpy(registers, fixture->registers, sizeof(registers));
	for (int i = 0; i < 20; i++)
		sched_yield();
	for (unsigned int i = 0; i < HARTS; i++)
		if (i != leave_out)
			assert_int_equal(registers[i], fixture->registers[i]);
	assert_int_equal(device, fixture->device);
}

static void a_paused_machine_stands_still_and_its_time_is_put_back(void **state)
{
	struct fixture *fixture = *state;

	start_harts(fixture);
	for (int i = 0; i < ROUNDS; i++) {
		assert_true(pause_wait_over(&fixture->machine, 0));
		hold(fixture);
		assert_false(pause_wait_over(&fixture->machine, 1));
		expect_still(fixture, HARTS);
		pause_end(&fixture->machine);
		assert_int_equal(fixture->put_back, i + 1);
	}
	assert_int_equal(fixture->ticks, ROUNDS);
}

static void one_that_is_asked_before_it_starts_does_not_run(void **state)
{
	struct fixture *fixture = *state;

	pause_ask(&fixture->machine);
	start_harts(fixture);
	hold(fixture);
	expect_still(fixture, HARTS);
	for (unsigned int i = 0; i < HARTS; i++)
		assert_int_equal(fixture->registers[i], 0);
	pause_end(&fixture->machine);
}

static void one_hart_is_let_go_and_taken_back(void **state)
{
	struct fixture *fixture = *state;
	struct machine *machine = &fixture->machine;

	start_harts(fixture);
	hold(fixture);
	for (int i = 0; i < ROUNDS; i++) {
		const uint64_t others[] = {fixture->registers[0], fixture->registers[2]};

		pause_let_one(machine, 1);
		assert_true(pause_take_back(machine));
		assert_int_equal(fixture->registers[0], others[0]);
		assert_int_equal(fixture->registers[2], others[1]);
		expect_still(fixture, HARTS);
	}
	pause_end(machine);
}

/* ---- another process that works for a device ---- */

struct other_process {
	struct machine *machine;
	struct machine_outsider outsider;
	struct loop_timer answer;
	unsigned int busy, stops, goes_on;
};

static void answered(struct loop_timer *timer)
{
	struct other_process *other = timer->opaque;

	other->busy = 0;
	pthread_cond_broadcast(&other->machine->idle);
}

static void stop_other(struct machine_outsider *outsider)
{
	struct other_process *other = outsider->opaque;

	other->stops++;
	other->busy = 1;
	loop_timer_set(other->machine->loop, &other->answer, 100000);
}

static void other_goes_on(struct machine_outsider *outsider)
{
	struct other_process *other = outsider->opaque;

	assert_int_equal(other->busy, 0);
	other->goes_on++;
}

static void another_process_stops_before_the_loop_does(void **state)
{
	struct fixture *fixture = *state;
	struct other_process other = {.machine = &fixture->machine};

	other.outsider = (struct machine_outsider){
		.stop = stop_other, .go_on = other_goes_on, .busy = &other.busy, .opaque = &other};
	other.answer = (struct loop_timer){.expired = answered, .opaque = &other};
	fixture->machine.outsiders = &other.outsider;
	start_harts(fixture);
	for (unsigned int i = 1; i <= 10; i++) {
		hold(fixture);
		hold(fixture);
		assert_int_equal(other.busy, 0);
		pause_end(&fixture->machine);
		pause_end(&fixture->machine);
		assert_int_equal(other.stops, i);
		assert_int_equal(other.goes_on, i);
	}
}

/* ---- several who hold ---- */

static void errand(struct vcpu *vcpu, void *opaque)
{
	pthread_t *by = opaque;

	fixture_of(vcpu)->registers[vcpu->id] += 1000;
	*by = pthread_self();
}

static void send_errands(struct fixture *fixture)
{
	struct machine *machine = &fixture->machine;
	pthread_t by;

	assert_true(pause_pin(machine));
	for (unsigned int i = 0; i < HARTS; i++) {
		const uint64_t before = fixture->registers[i];

		pause_errand(machine, i, errand, &by);
		assert_true(pthread_equal(by, fixture->vcpus[i].thread));
		assert_int_equal(fixture->registers[i], before + 1000);
	}
	pause_unpin(machine);
}

static void *holder(void *opaque)
{
	struct fixture *fixture = opaque;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&fixture->lock);
		hold(fixture);
		send_errands(fixture);
		pause_end(&fixture->machine);
		pthread_mutex_unlock(&fixture->lock);
	}
	return NULL;
}

static void harts_do_errands_for_several_who_hold_them(void **state)
{
	struct fixture *fixture = *state;
	pthread_t holders[2];

	start_harts(fixture);
	for (int i = 0; i < 2; i++)
		pthread_create(&holders[i], NULL, holder, fixture);
	for (int i = 0; i < 2; i++)
		pthread_join(holders[i], NULL);
}

/* ---- the end ---- */

static void *end_thread(void *opaque)
{
	end_machine(opaque);
	return NULL;
}

static void pinned_harts_stay_though_the_machine_ends(void **state)
{
	struct fixture *fixture = *state;
	pthread_t ends;

	start_harts(fixture);
	hold(fixture);
	assert_true(pause_pin(&fixture->machine));
	pthread_create(&ends, NULL, end_thread, fixture);
	pthread_join(ends, NULL);
	send_errands(fixture);
	expect_still(fixture, HARTS);
	pause_unpin(&fixture->machine);
	join_harts(fixture);
	fixture->vcpus[0].started = false;
	assert_false(pause_pin(&fixture->machine));
}

static void who_waits_for_a_busy_hart_hears_of_the_end(void **state)
{
	struct fixture *fixture = *state;
	uint32_t busy = 0;
	pthread_t ends;

	atomic_store(&fixture->busy, true);
	start_harts(fixture);
	pause_ask(&fixture->machine);
	pthread_create(&ends, NULL, end_thread, fixture);
	assert_false(pause_wait(&fixture->machine, &busy));
	assert_int_equal(busy, UINT32_MAX);
	pthread_join(ends, NULL);
	atomic_store(&fixture->busy, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_paused_machine_stands_still_and_its_time_is_put_back),
		TEST(one_that_is_asked_before_it_starts_does_not_run),
		TEST(one_hart_is_let_go_and_taken_back),
		TEST(another_process_stops_before_the_loop_does),
		TEST(harts_do_errands_for_several_who_hold_them),
		TEST(pinned_harts_stay_though_the_machine_ends),
		TEST(who_waits_for_a_busy_hart_hears_of_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
