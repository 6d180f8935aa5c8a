/* SPDX-License-Identifier: Apache-2.0 */
/* A vhost-user back-end that is not who went away, or lies: its device is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/absence.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "tests/unit/fixtures/open_files.h"

static void break_with(struct absence *fixture, const char *found)
{
	absence_start_used(fixture);
	absence_begin(fixture);
	absence_listen_again(fixture);
	absence_try_now(fixture);
	absence_run_until(fixture, absence_needs_reset);
	assert_string_equal(fixture->link.backend.broken, found);
	assert_non_null(strstr(message, "does not work until the guest is rebooted"));
	assert_int_equal(absence_backend(fixture)->asked[VHOST_SET_VRING_KICK], 0);
	guest_driver_restart(&fixture->driver, 0);
	assert_true(absence_needs_reset(fixture));
}

static void fewer_features(void **state)
{
	struct absence *fixture = *state;

	fixture->backends[0].features |= ABSENCE_READ_ONLY;
	break_with(fixture, "has come back without features that the guest was offered");
}

static void fewer_queues(void **state)
{
	struct absence *fixture = *state;

	fixture->backends[1].ring_count = 1;
	break_with(fixture, "has come back with fewer queues");
}

static void another_configuration(void **state)
{
	struct absence *fixture = *state;

	fixture->backends[1].config[0] = 8;
	break_with(fixture, "has come back with another configuration");
}

static void a_lie_in_the_greeting(void **state)
{
	struct absence *fixture = *state;

	fixture->backends[1].lie = LIE_REQUEST;
	fixture->backends[1].lie_at = VHOST_GET_QUEUE_NUM;
	break_with(fixture, "answers what it was not asked");
}

/* More than before is none of the guest's business. */
static void more_features(void **state)
{
	struct absence *fixture = *state;
	uint64_t offered;

	absence_start(fixture, "blk");
	offered = virtio_device_features(fixture->device);
	absence_begin(fixture);
	fixture->backends[1].features |= ABSENCE_READ_ONLY;
	fixture->backends[1].ring_count = 8;
	absence_end(fixture);
	assert_int_equal(virtio_device_features(fixture->device), offered);
	guest_driver_restart(&fixture->driver, ~0ull);
	absence_serve_one(fixture);
	assert_false(absence_backend(fixture)->driver_features & ABSENCE_READ_ONLY);
}

static void a_file_system_is_not_awaited(void **state)
{
	struct absence *fixture = *state;

	absence_start(fixture, "fs");
	absence_stop_backend(fixture);
	absence_run_until(fixture, absence_needs_reset);
	assert_true(absence_is_over(fixture));
}

static const struct {
	enum backend_lie lie;
	const char *found;
} inflight_lies[] = {
	{LIE_NO_FILE, "gives no memory for what is under way"},
	{LIE_FILE, "gives a file that is no memory for what is under way"},
	{LIE_SHORT, "gives less memory than it says"},
	{LIE_VALUE, "gives memory of a size that cannot be"},
	{LIE_OFFSET, "gives memory of a size that cannot be"},
	{LIE_OTHER, "gives memory for other rings than it was asked about"},
	{LIE_SIZE_SMALL, "answers with another number of bytes than there should be"},
	{LIE_REQUEST, "answers what it was not asked"},
};

static void lies_about_its_notes(void **state)
{
	struct absence *fixture = *state;
	const unsigned int files = open_files();

	for (size_t i = 0; i < sizeof(inflight_lies) / sizeof(inflight_lies[0]); i++) {
		fixture->backends[0] = (struct fake_backend){
			.features = BACKEND_FEATURES,
			.protocol_features = ABSENCE_PROTOCOL | ABSENCE_INFLIGHT,
			.config[34] = BACKEND_RINGS,
			.lie = inflight_lies[i].lie,
			.lie_at = VHOST_GET_INFLIGHT_FD,
		};
		absence_start(fixture, "blk");
		absence_run_until(fixture, absence_needs_reset);
		assert_string_equal(fixture->link.backend.broken, inflight_lies[i].found);
		absence_free_device(fixture);
		absence_stop_backend(fixture);
		fake_machine_run_for(&fixture->machine, 1000);
		assert_int_equal(open_files(), files);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABSENCE_TEST(fewer_features),	     ABSENCE_TEST(fewer_queues),
		ABSENCE_TEST(another_configuration), ABSENCE_TEST(a_lie_in_the_greeting),
		ABSENCE_TEST(more_features),	     ABSENCE_TEST(a_file_system_is_not_awaited),
		ABSENCE_TEST(lies_about_its_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
