/* SPDX-License-Identifier: Apache-2.0 */
/* vhost-user devices, against a back-end in this process that can lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "devices/vhost_link.h"
#include "tests/unit/fixtures/fake_backend.h"
#include "tests/unit/fixtures/guest_driver.h"

#define EVENT_IDX (1ull << 29)
#define ALL_PROTOCOL                                                                               \
	(1ull << VHOST_PROTOCOL_F_MQ | 1ull << VHOST_PROTOCOL_F_REPLY_ACK |                        \
	 1ull << VHOST_PROTOCOL_F_CONFIG)

enum { HIGH = 0, REQUESTS = 1 };

struct fixture {
	struct machine machine;
	struct fake_backend backend;
	bool backend_runs;
	struct vhost_link link;
	struct guest_driver driver;
	struct virtio_device *device;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	vhost_link_init(&fixture->link, -1);
	if (!fake_machine_init_shared(&fixture->machine, GUEST_RAM))
		return -1;
	fixture->backend.features = BACKEND_FEATURES;
	fixture->backend.protocol_features = ALL_PROTOCOL;
	return 0;
}

static void stop_backend(struct fixture *fixture)
{
	if (fixture->backend_runs)
		fake_backend_stop(&fixture->backend);
	fixture->backend_runs = false;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->device)
		virtio_device_free(fixture->device);
	vhost_link_close(&fixture->link);
	stop_backend(fixture);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

static void make(struct fixture *fixture, const char *type)
{
	const struct vhost_user_options options = {
		.type = type, .tag = "here", .who = "the test", .link = &fixture->link};

	if (!fixture->backend_runs)
		vhost_link_init(&fixture->link, fake_backend_start(&fixture->backend));
	fixture->backend_runs = true;
	fixture->device = virtio_vhost_user_new(&fixture->machine, "fs0", &options);
}

static void start(struct fixture *fixture, const char *type)
{
	make(fixture, type);
	assert_non_null(fixture->device);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, ~0ull);
}

/* A chain goes there and comes back, with an interrupt. */
static void serve_one(struct fixture *fixture)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 16, .writable = true};
	struct guest_driver *driver = &fixture->driver;
	const unsigned int before = driver->interrupts[REQUESTS];

	fake_store(&fixture->machine, GUEST_DATA, 8, 0);
	guest_driver_add(driver, REQUESTS, &buffer, 1);
	guest_driver_kick(driver, REQUESTS);
	assert_int_equal(guest_driver_wait(driver, REQUESTS), 16);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA, 8), 0x7878787878787878);
	for (unsigned int i = 0; i < 10000 && driver->interrupts[REQUESTS] == before; i++)
		fake_machine_run_for(&fixture->machine, 1000000);
	assert_true(driver->interrupts[REQUESTS] > before);
}

static void is_a_file_system(void **state)
{
	struct fixture *fixture = *state;
	char tag[8];

	start(fixture, "fs");
	assert_int_equal(fixture->device->class->device_id, 26);
	assert_int_equal(fixture->device->queue_count, 2);
	for (unsigned int i = 0; i < sizeof(tag); i++)
		tag[i] = (char)virtio_device_config_read(fixture->device, i, 1);
	assert_string_equal(tag, "here");
	assert_int_equal(virtio_device_config_read(fixture->device, 36, 4), 1);
	serve_one(fixture);
	assert_true(fixture->backend.driver_features & EVENT_IDX);
}

static void works_without_protocol_features(void **state)
{
	struct fixture *fixture = *state;

	fixture->backend.features &= ~(1ull << VHOST_USER_F_PROTOCOL_FEATURES | EVENT_IDX);
	for (unsigned int i = 0; i < BACKEND_RINGS; i++)
		fixture->backend.work.each[i].enabled = true;
	start(fixture, "fs");
	assert_false(virtio_device_features(fixture->device) & EVENT_IDX);
	serve_one(fixture);
	assert_int_equal(fixture->backend.asked[VHOST_GET_QUEUE_NUM], 0);
	assert_int_equal(fixture->backend.asked[VHOST_SET_VRING_ENABLE], 0);
}

static void is_a_disk(void **state)
{
	struct fixture *fixture = *state;

	fixture->backend.features |= 1ull << 5 | 1ull << 12 | 1ull << 34;
	fixture->backend.config[0] = 8;
	fixture->backend.config[34] = 16; /* queues: more than it has */
	start(fixture, "blk");
	assert_int_equal(virtio_device_config_read(fixture->device, 0, 8), 8);
	assert_int_equal(virtio_device_config_read(fixture->device, 34, 2), BACKEND_RINGS);
	assert_int_equal(virtio_device_features(fixture->device) & (1ull << 5 | 1ull << 34),
			 1ull << 5);
	serve_one(fixture);
}

static void starts_again_after_a_reset(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "fs");
	for (unsigned int i = 1; i <= 3; i++) {
		serve_one(fixture);
		guest_driver_restart(&fixture->driver, ~0ull);
		assert_int_equal(fixture->backend.asked[VHOST_GET_VRING_BASE], 2 * i);
	}
	serve_one(fixture);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

/* As the guest's reboot does: another machine, the same link. */
static void a_link_outlives_the_machine(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "fs");
	serve_one(fixture);
	virtio_device_free(fixture->device);
	fixture->device = NULL;
	assert_int_equal(fixture->backend.asked[VHOST_GET_VRING_BASE], 2);
	start(fixture, "fs");
	serve_one(fixture);
	assert_int_equal(fixture->backend.asked[VHOST_SET_OWNER], 1);
	assert_int_equal(fixture->backend.asked[VHOST_SET_MEM_TABLE], 2);
}

static void a_pause_stops_the_other_process(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 16, .writable = true};
	struct machine_outsider *outsider;
	uint32_t len;

	start(fixture, "fs");
	serve_one(fixture);
	outsider = fixture->machine.outsiders;
	assert_non_null(outsider);
	outsider->stop(outsider);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	guest_driver_add(&fixture->driver, REQUESTS, &buffer, 1);
	guest_driver_kick(&fixture->driver, REQUESTS);
	fake_machine_run_for(&fixture->machine, 20000000);
	assert_false(guest_driver_used(&fixture->driver, REQUESTS, &len));
	outsider->go_on(outsider);
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
	serve_one(fixture);
}

static void start_disk(struct fixture *fixture)
{
	fixture->backend.features |= 1ull << 12;
	fixture->backend.config[34] = BACKEND_RINGS;
	start(fixture, "blk");
	serve_one(fixture);
}

/* One that the back-end does not take yet. */
static void ask_in_vain(struct fixture *fixture)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 16, .writable = true};

	fixture->backend.work.holds = true;
	guest_driver_add(&fixture->driver, REQUESTS, &buffer, 1);
	guest_driver_kick(&fixture->driver, REQUESTS);
}

/* A back-end may take a ring's end for the end of what is under way, or lose it. */
static void a_disk_stops_when_its_requests_are_done(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;

	start_disk(fixture);
	ask_in_vain(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	fake_machine_run_for(&fixture->machine, 20000000);
	assert_int_equal(*outsider->busy, 1);
	assert_int_equal(fixture->backend.asked[VHOST_GET_VRING_BASE], 0);
	fixture->backend.work.holds = false;
	guest_driver_kick(&fixture->driver, REQUESTS);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	assert_int_equal(fixture->backend.asked[VHOST_GET_VRING_BASE], 2);
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
	outsider->go_on(outsider);
	serve_one(fixture);
	/* With nothing under way it is at once, at a reset too. */
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_int_equal(fixture->backend.asked[VHOST_GET_VRING_BASE], 4);
	serve_one(fixture);
	assert_null(fixture->link.backend.broken);
}

/* A driver that is stopped between the two. */
static void a_request_without_its_kick_is_done_before_a_pause(void **state)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 16, .writable = true};
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;
	uint32_t len;

	start_disk(fixture);
	guest_driver_add(&fixture->driver, REQUESTS, &buffer, 1);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	assert_true(guest_driver_used(&fixture->driver, REQUESTS, &len));
	outsider->go_on(outsider);
	serve_one(fixture);
}

/* Section 3.1.1 of virtio 1.2: queues are set up before DRIVER_OK. */
static void a_queue_that_is_enabled_too_late_is_nobody_s(void **state)
{
	struct fixture *fixture = *state;
	struct virtio_device *device;
	struct virtqueue queue;

	start(fixture, "fs");
	device = fixture->device;
	queue = device->queues[HIGH];
	virtio_device_set_status(device, 0);
	virtio_device_set_status(device, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	virtio_device_set_features(device, true, 1);
	virtio_device_set_status(device, device->status | VIRTIO_STATUS_FEATURES_OK);
	virtio_device_set_status(device, device->status | VIRTIO_STATUS_DRIVER_OK);
	device->queues[HIGH].size = queue.size;
	device->queues[HIGH].desc = queue.desc;
	device->queues[HIGH].driver = queue.driver;
	device->queues[HIGH].device = queue.device;
	assert_true(virtio_device_queue_enable(device, HIGH));
	virtio_device_interrupts_moved(device);
	guest_driver_kick(&fixture->driver, HIGH);
	guest_driver_restart(&fixture->driver, ~0ull);
	serve_one(fixture);
	assert_int_equal(fixture->backend.asked[VHOST_SET_VRING_KICK], 4);
}

/* QueueReady of virtio-mmio; where it is then is the driver's to change. */
static void a_queue_that_the_driver_disables_is_not_awaited(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;

	start_disk(fixture);
	ask_in_vain(fixture);
	fixture->device->queues[REQUESTS].ready = false;
	fixture->device->queues[REQUESTS].driver |= 1;
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	/* The answers for both rings. */
	assert_int_equal(*outsider->busy, 2);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	assert_int_equal(fixture->backend.asked[VHOST_GET_VRING_BASE], 2);
	assert_null(fixture->link.backend.broken);
	fixture->backend.work.holds = false;
	outsider->go_on(outsider);
}

static void a_disk_that_dies_is_not_awaited(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;

	start_disk(fixture);
	ask_in_vain(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	assert_int_equal(*outsider->busy, 1);
	stop_backend(fixture);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	assert_int_equal(fixture->backend.asked[VHOST_GET_VRING_BASE], 0);
	assert_non_null(fixture->link.backend.broken);
	outsider->go_on(outsider);
}

static void await_need_of_reset(struct fixture *fixture)
{
	for (unsigned int i = 0; i < 10000; i++) {
		if (fixture->device->status & VIRTIO_STATUS_NEEDS_RESET)
			return;
		fake_machine_run_for(&fixture->machine, 1000000);
	}
	fail_msg("the device does not need a reset");
}

static void a_death_is_a_broken_device(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "fs");
	serve_one(fixture);
	stop_backend(fixture);
	await_need_of_reset(fixture);
	assert_int_equal(fixture->driver.config_changes, 1);
	assert_string_equal(fixture->link.backend.broken, "has closed its socket");
	/* A driver that tries again finds it no better, and nothing waits. */
	guest_driver_restart(&fixture->driver, 0);
	await_need_of_reset(fixture);
	guest_driver_kick(&fixture->driver, REQUESTS);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static const struct {
	enum backend_lie lie;
	const char *found;
} lies[] = {
	{LIE_REQUEST, "answers what it was not asked"},
	{LIE_VERSION, "speaks another version of the protocol"},
	{LIE_QUESTION, "asks instead of answering"},
	{LIE_SIZE_SMALL, "answers with another number of bytes than there should be"},
	{LIE_SIZE_LARGE, "answers with another number of bytes than there should be"},
	{LIE_FILE, "sends files that nobody asked for"},
	{LIE_DEATH, "has closed its socket"},
	{LIE_HALF, "has closed its socket"},
};

static void begin_again(struct fixture *fixture)
{
	if (fixture->device)
		virtio_device_free(fixture->device);
	fixture->device = NULL;
	vhost_link_close(&fixture->link);
	stop_backend(fixture);
	fixture->backend = (struct fake_backend){.features = BACKEND_FEATURES,
						 .protocol_features = ALL_PROTOCOL};
}

/* Each lie at each of COUNT requests, with a fresh back-end; TELL_IT has it told. */
static void each_lie(struct fixture *fixture, const enum vhost_request *at, size_t count,
		     void (*tell_it)(struct fixture *fixture))
{
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		for (size_t j = 0; j < count; j++) {
			begin_again(fixture);
			fixture->backend.lie = lies[i].lie;
			fixture->backend.lie_at = at[j];
			tell_it(fixture);
			assert_string_equal(fixture->link.backend.broken, lies[i].found);
		}
	}
}

static void fail_to_start(struct fixture *fixture)
{
	make(fixture, "blk");
	assert_null(fixture->device);
}

static void lies_at_the_start_are_errors(void **state)
{
	static const enum vhost_request at[] = {VHOST_GET_FEATURES, VHOST_GET_QUEUE_NUM,
						VHOST_SET_MEM_TABLE, VHOST_GET_CONFIG};

	each_lie(*state, at, sizeof(at) / sizeof(at[0]), fail_to_start);
}

static void break_later(struct fixture *fixture)
{
	start(fixture, "fs");
	guest_driver_restart(&fixture->driver, 0);
	await_need_of_reset(fixture);
}

static void lies_later_break_the_device(void **state)
{
	static const enum vhost_request at[] = {VHOST_SET_VRING_KICK, VHOST_GET_VRING_BASE};

	each_lie(*state, at, sizeof(at) / sizeof(at[0]), break_later);
}

static void lies_of_value_are_found(void **state)
{
	static const struct {
		enum vhost_request at;
		const char *found;
	} values[] = {
		{VHOST_SET_VRING_ADDR, "refuses what it was asked to do"},
		{VHOST_GET_VRING_BASE, "answers for another ring than it was asked about"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		begin_again(fixture);
		fixture->backend.lie = LIE_VALUE;
		fixture->backend.lie_at = values[i].at;
		start(fixture, "fs");
		guest_driver_restart(&fixture->driver, 0);
		await_need_of_reset(fixture);
		assert_string_equal(fixture->link.backend.broken, values[i].found);
	}
}

/* Any number of queues, and any configuration, is taken with a grain of salt. */
static void a_strange_configuration_is_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->backend.lie = LIE_VALUE;
	fixture->backend.lie_at = VHOST_GET_CONFIG;
	make(fixture, "blk");
	assert_null(fixture->device);
	assert_string_equal(fixture->link.backend.broken,
			    "gives another part of its configuration than it was asked for");
	begin_again(fixture);
	fixture->backend.lie = LIE_VALUE;
	fixture->backend.lie_at = VHOST_GET_QUEUE_NUM;
	make(fixture, "fs");
	assert_non_null(fixture->device);
	assert_int_equal(fixture->device->queue_count, VIRTIO_MAX_QUEUES);
}

static void what_nobody_asked_for_breaks_it(void **state)
{
	struct fixture *fixture = *state;

	fixture->backend.lie = LIE_TWICE;
	fixture->backend.lie_at = VHOST_SET_VRING_ENABLE;
	start(fixture, "fs");
	await_need_of_reset(fixture);
}

static void silence_is_waited_for_only_so_long(void **state)
{
	struct fixture *fixture = *state;
	uint64_t number;

	fixture->backend.lie = LIE_SILENCE;
	fixture->backend.lie_at = VHOST_GET_QUEUE_NUM;
	vhost_link_init(&fixture->link, fake_backend_start(&fixture->backend));
	fixture->backend_runs = true;
	vhost_link_ask(&fixture->link, VHOST_GET_QUEUE_NUM, NULL, 0, &number, sizeof(number));
	assert_false(vhost_link_settle(&fixture->link, 10));
	assert_string_equal(fixture->link.backend.broken, "does not answer");
	assert_int_equal(fixture->link.backend.pending, 0);
}

/* The socket fills, and nobody waits for room. */
static void who_reads_nothing_is_left(void **state)
{
	struct fixture *fixture = *state;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	vhost_link_init(&fixture->link, ends[0]);
	for (unsigned int i = 0; i < 100000 && !fixture->link.backend.broken; i++)
		vhost_link_send(&fixture->link, VHOST_SET_OWNER, NULL, 0, -1);
	assert_string_equal(fixture->link.backend.broken, "does not read what it is sent");
	close(ends[1]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_a_file_system),
		TEST(works_without_protocol_features),
		TEST(is_a_disk),
		TEST(starts_again_after_a_reset),
		TEST(a_link_outlives_the_machine),
		TEST(a_pause_stops_the_other_process),
		TEST(a_disk_stops_when_its_requests_are_done),
		TEST(a_request_without_its_kick_is_done_before_a_pause),
		TEST(a_queue_that_is_enabled_too_late_is_nobody_s),
		TEST(a_queue_that_the_driver_disables_is_not_awaited),
		TEST(a_disk_that_dies_is_not_awaited),
		TEST(a_death_is_a_broken_device),
		TEST(lies_at_the_start_are_errors),
		TEST(lies_later_break_the_device),
		TEST(lies_of_value_are_found),
		TEST(a_strange_configuration_is_refused),
		TEST(what_nobody_asked_for_breaks_it),
		TEST(silence_is_waited_for_only_so_long),
		TEST(who_reads_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
