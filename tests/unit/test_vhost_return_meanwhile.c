/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen while a vhost-user back-end is away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/absence.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "tests/unit/fixtures/open_files.h"

static void it_dies_in_the_greeting(void **state)
{
	static const enum vhost_request at[] = {VHOST_GET_FEATURES, VHOST_GET_PROTOCOL_FEATURES,
						VHOST_GET_CONFIG};
	struct absence *fixture = *state;

	absence_start_used(fixture);
	absence_begin(fixture);
	absence_ask_twice(fixture);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		fixture->backends[1] = fixture->backends[2];
		fixture->backends[1].lie = LIE_DEATH;
		fixture->backends[1].lie_at = at[i];
		fixture->now = 0;
		absence_listen_again(fixture);
		absence_try_now(fixture);
		assert_false(absence_is_awaited(fixture));
		absence_run_until(fixture, absence_is_awaited);
		absence_stop_backend(fixture);
	}
	absence_end(fixture);
	absence_expect_two(fixture);
	absence_serve_one(fixture);
}

static void greet_in_vain(struct absence *fixture)
{
	absence_begin(fixture);
	fixture->backends[1].lie = LIE_SILENCE;
	fixture->backends[1].lie_at = VHOST_GET_PROTOCOL_FEATURES;
	absence_listen_again(fixture);
	absence_try_now(fixture);
	while (!absence_backend(fixture)->asked[VHOST_GET_PROTOCOL_FEATURES])
		fake_machine_run_for(&fixture->machine, 1000000);
	assert_int_equal(absence_vhost(fixture)->absence, VHOST_GREETED);
	assert_int_equal(absence_vhost(fixture)->busy, 0);
}

static void it_is_silent_in_the_greeting(void **state)
{
	struct absence *fixture = *state;
	struct loop_timer *patience;

	absence_start_used(fixture);
	greet_in_vain(fixture);
	absence_ask_twice(fixture);
	patience = &absence_vhost(fixture)->patience;
	assert_true(patience->deadline);
	loop_timer_set(fixture->machine.loop, patience, 0);
	patience->expired(patience);
	assert_true(absence_is_awaited(fixture));
	absence_end(fixture);
	absence_expect_two(fixture);
}

static void the_guest_resets_the_device(void **state)
{
	struct absence *fixture = *state;

	absence_note(fixture);
	absence_leave_under_way(fixture, 2);
	absence_begin(fixture);
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_false(absence_needs_reset(fixture));
	absence_ask(fixture);
	absence_is_idle(fixture);
	greet_in_vain(fixture);
	/* Also now; and of the last driver nothing is left. */
	guest_driver_restart(&fixture->driver, ~0ull);
	absence_ask(fixture);
	absence_begin(fixture);
	absence_end(fixture);
	assert_int_equal(guest_driver_wait(&fixture->driver, ABSENCE_REQUESTS), 16);
	absence_is_idle(fixture);
	assert_int_equal(absence_backend(fixture)->asked[VHOST_GET_INFLIGHT_FD], 1);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

/* And no driver starts it again before it is back. */
static void nobody_uses_the_device(void **state)
{
	struct absence *fixture = *state;

	absence_start_used(fixture);
	absence_begin(fixture);
	absence_ask_twice(fixture);
	virtio_device_set_status(fixture->device, 0);
	absence_end(fixture);
	assert_int_equal(absence_backend(fixture)->asked[VHOST_SET_VRING_KICK], 0);
	guest_driver_restart(&fixture->driver, ~0ull);
	absence_serve_one(fixture);
}

static void the_machine_is_paused(void **state)
{
	struct absence *fixture = *state;
	struct machine_outsider *outsider;

	absence_start_used(fixture);
	greet_in_vain(fixture);
	absence_ask_twice(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	assert_int_equal(*outsider->busy, 0);
	assert_true(absence_is_awaited(fixture));
	absence_listen_again(fixture);
	absence_try_now(fixture);
	assert_true(absence_is_awaited(fixture));
	outsider->go_on(outsider);
	assert_true(absence_is_awaited(fixture));
	absence_try_now(fixture);
	absence_run_until(fixture, absence_is_over);
	absence_expect_two(fixture);
}

/* Asked where its rings are, it goes: that is then looked up. */
static void it_dies_before_a_pause(void **state)
{
	struct absence *fixture = *state;
	struct machine_outsider *outsider;

	fixture->backends[0].lie = LIE_DEATH;
	fixture->backends[0].lie_at = VHOST_GET_VRING_BASE;
	absence_start(fixture, "blk");
	absence_serve_one(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	assert_true(absence_is_awaited(fixture));
	outsider->go_on(outsider);
	absence_end(fixture);
	absence_serve_one(fixture);
	absence_is_idle(fixture);
	assert_int_equal(absence_backend(fixture)->work.taken, 1);
}

/* Nobody listens to the socket of a frozen loop. */
static void it_dies_in_a_pause(void **state)
{
	struct absence *fixture = *state;
	struct machine_outsider *outsider;

	absence_start(fixture, "blk");
	absence_serve_one(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	absence_stop_backend(fixture);
	outsider->go_on(outsider);
	absence_run_until(fixture, absence_is_awaited);
	absence_end(fixture);
	absence_serve_one(fixture);
	assert_int_equal(absence_backend(fixture)->work.taken, 1);
}

static void the_machine_ends(void **state)
{
	struct absence *fixture = *state;
	const unsigned int files = open_files();

	absence_note(fixture);
	absence_leave_under_way(fixture, 2);
	absence_begin(fixture);
	absence_free_device(fixture);
	vhost_link_close(&fixture->link);
	fake_machine_run_for(&fixture->machine, 1000);
	assert_int_equal(open_files(), files);
	absence_start(fixture, "blk");
	greet_in_vain(fixture);
	absence_free_device(fixture);
	absence_stop_backend(fixture);
	fake_machine_run_for(&fixture->machine, 1000);
	assert_int_equal(open_files(), files);
	/* At once, not when it owes its answer for too long. */
	assert_string_equal(fixture->link.backend.broken, "is left before it was greeted");
}

/* The next life's device is the same, though nobody is there to ask. */
static void the_guest_reboots(void **state)
{
	struct absence *fixture = *state;
	uint64_t offered;

	fixture->backends[0].features |= ABSENCE_READ_ONLY;
	fixture->backends[1].features |= ABSENCE_READ_ONLY;
	fixture->backends[0].config[0] = fixture->backends[1].config[0] = 8;
	absence_start(fixture, "blk");
	offered = virtio_device_features(fixture->device);
	absence_serve_one(fixture);
	absence_begin(fixture);
	absence_free_device(fixture);
	vhost_link_await(&fixture->link);
	absence_plug(fixture, "blk");
	assert_int_equal(virtio_device_features(fixture->device), offered);
	assert_int_equal(virtio_device_config_read(fixture->device, 0, 8), 8);
	assert_int_equal(fixture->device->queue_count, BACKEND_RINGS);
	absence_ask(fixture);
	absence_is_idle(fixture);
	absence_end(fixture);
	assert_int_equal(guest_driver_wait(&fixture->driver, ABSENCE_REQUESTS), 16);
	absence_serve_one(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABSENCE_TEST(it_dies_in_the_greeting),
		ABSENCE_TEST(it_is_silent_in_the_greeting),
		ABSENCE_TEST(the_guest_resets_the_device),
		ABSENCE_TEST(nobody_uses_the_device),
		ABSENCE_TEST(the_machine_is_paused),
		ABSENCE_TEST(it_dies_before_a_pause),
		ABSENCE_TEST(it_dies_in_a_pause),
		ABSENCE_TEST(the_machine_ends),
		ABSENCE_TEST(the_guest_reboots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
