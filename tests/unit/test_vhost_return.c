/* SPDX-License-Identifier: Apache-2.0 */
/* A vhost-user back-end that goes away and comes back, and what it goes on with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/absence.h"
#include "tests/unit/fixtures/kept_messages.h"

static void what_is_asked_meanwhile_is_done(void **state)
{
	struct absence *fixture = *state;
	unsigned int interrupts;

	absence_start_used(fixture);
	interrupts = fixture->driver.interrupts[ABSENCE_REQUESTS];
	absence_begin(fixture);
	assert_string_equal(message, "device0: the test has closed its socket: it is awaited, and "
				     "so is what the guest asks of the device");
	/* What it has given back last it may not have told. */
	assert_int_equal(fixture->driver.interrupts[ABSENCE_REQUESTS], interrupts + 1);
	absence_ask_twice(fixture);
	absence_is_idle(fixture);
	/* Nobody is there yet. */
	absence_try_now(fixture);
	assert_true(absence_is_awaited(fixture));
	messages_forget();
	absence_end(fixture);
	absence_expect_two(fixture);
	assert_string_equal(message, "device0: the test is back");
	assert_int_equal(messages, 1);
	absence_serve_one(fixture);
	absence_is_idle(fixture);
	assert_int_equal(absence_backend(fixture)->work.taken, 3);
	assert_int_equal(absence_backend(fixture)->asked[VHOST_SET_INFLIGHT_FD], 0);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

/* It may still hold its end of them. */
static void calls_of_one_that_is_gone_are_for_nobody(void **state)
{
	struct absence *fixture = *state;
	struct msi *msi = machine_msi_new(&fixture->machine);

	absence_start_used(fixture);
	fixture->driver.msis[ABSENCE_REQUESTS] = msi;
	virtio_device_interrupts_moved(fixture->device);
	assert_int_equal(msi->irqfds, 1);
	absence_begin(fixture);
	assert_int_equal(msi->irqfds, 0);
	absence_end(fixture);
	assert_int_equal(msi->irqfds, 1);
	absence_serve_one(fixture);
	absence_free_device(fixture);
	machine_msi_free(msi);
}

static void the_timer_finds_it(void **state)
{
	struct absence *fixture = *state;

	absence_start(fixture, "blk");
	absence_begin(fixture);
	absence_listen_again(fixture);
	absence_run_until(fixture, absence_is_over);
	absence_serve_one(fixture);
}

static void a_network_card_comes_back(void **state)
{
	struct absence *fixture = *state;

	absence_start(fixture, "net");
	absence_serve_one(fixture);
	absence_begin(fixture);
	absence_end(fixture);
	absence_serve_one(fixture);
}

static void without_protocol_features(void **state)
{
	struct absence *fixture = *state;

	for (unsigned int i = 0; i < 2; i++) {
		fixture->backends[i].features &= ~(1ull << VHOST_USER_F_PROTOCOL_FEATURES);
		for (unsigned int j = 0; j < BACKEND_RINGS; j++)
			fixture->backends[i].work.each[j].enabled = true;
	}
	absence_start(fixture, "net");
	absence_serve_one(fixture);
	absence_begin(fixture);
	absence_end(fixture);
	absence_serve_one(fixture);
}

/* The first of two is under way, the second is done: the used index alone would not tell. */
static void notes_tell_what_is_under_way(void **state)
{
	struct absence *fixture = *state;
	unsigned int given;

	absence_note(fixture);
	absence_leave_under_way(fixture, 1);
	absence_expect_done(fixture, 2);
	assert_int_equal(absence_backend(fixture)->asked[VHOST_GET_INFLIGHT_FD], 1);
	assert_int_equal(absence_backend(fixture)->asked[VHOST_SET_INFLIGHT_FD], 1);
	absence_begin(fixture);
	absence_end(fixture);
	absence_expect_done(fixture, 1);
	absence_is_idle(fixture);
	assert_int_equal(absence_backend(fixture)->work.taken, 1);
	assert_int_equal(absence_backend(fixture)->asked[VHOST_GET_INFLIGHT_FD], 0);
	given = absence_backend(fixture)->asked[VHOST_SET_INFLIGHT_FD];
	assert_int_equal(given, 1);
	absence_serve_one(fixture);
	/* The next driver has nothing under way. */
	guest_driver_restart(&fixture->driver, ~0ull);
	absence_serve_one(fixture);
	assert_int_equal(absence_backend(fixture)->asked[VHOST_GET_INFLIGHT_FD], 1);
}

/* One of the two is under way, and which one only a back-end that notes it could tell. */
static void what_is_not_noted_is_not_done_again(void **state)
{
	struct absence *fixture = *state;

	absence_leave_under_way(fixture, 1);
	absence_expect_done(fixture, 2);
	absence_stop_backend(fixture);
	absence_run_until(fixture, absence_needs_reset);
	assert_true(absence_is_over(fixture));
	assert_string_equal(fixture->link.backend.broken,
			    "has ended, and which requests were under way it has not noted");
	assert_non_null(strstr(message, "does not work until the guest is rebooted"));
}

/* The memory is asked for, and the answer is the last that it says, or not even that. */
static void it_goes_before_a_driver_has_started(void **state)
{
	struct absence *fixture = *state;

	absence_note(fixture);
	fixture->backends[0].lie = LIE_DEATH;
	fixture->backends[0].lie_at = VHOST_GET_INFLIGHT_FD;
	absence_start(fixture, "blk");
	absence_ask(fixture);
	absence_begin(fixture);
	absence_end(fixture);
	assert_int_equal(guest_driver_wait(&fixture->driver, ABSENCE_REQUESTS), 16);
}

static void only_so_many_lines(void **state)
{
	struct absence *fixture = *state;

	absence_start(fixture, "blk");
	absence_vhost(fixture)->absences = 19;
	absence_begin(fixture);
	absence_end(fixture);
	assert_int_equal(messages, 2);
	absence_begin(fixture);
	absence_end(fixture);
	assert_int_equal(messages, 2);
	absence_serve_one(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABSENCE_TEST(what_is_asked_meanwhile_is_done),
		ABSENCE_TEST(calls_of_one_that_is_gone_are_for_nobody),
		ABSENCE_TEST(the_timer_finds_it),
		ABSENCE_TEST(a_network_card_comes_back),
		ABSENCE_TEST(without_protocol_features),
		ABSENCE_TEST(notes_tell_what_is_under_way),
		ABSENCE_TEST(what_is_not_noted_is_not_done_again),
		ABSENCE_TEST(it_goes_before_a_driver_has_started),
		ABSENCE_TEST(only_so_many_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
