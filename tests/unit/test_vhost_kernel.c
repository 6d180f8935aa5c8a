/* SPDX-License-Identifier: Apache-2.0 */
/* Devices whose work the host's kernel does, against one in this process that is as strict. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/vhost.h>

#include <cmocka.h>

#include "devices/vhost_device.h"
#include "tests/unit/fixtures/fake_vhost.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { RECEIVE = 0, TRANSMIT = 1, EVENTS = 2 };

#define MRG_RXBUF 15u

struct fixture {
	struct machine machine;
	struct fake_vhost host;
	struct guest_driver driver;
	struct virtio_device *device;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM))
		return -1;
	fake_vhost_init(&fixture->host, &fixture->machine.memory);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->device)
		virtio_device_free(fixture->device);
	assert_true(fixture->host.freed);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

static void make(struct fixture *fixture, const struct vhost_type *type)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0, 1, 2, 3};
	const struct vhost_options options = {
		.type = type,
		.mac = mac,
		.mtu = 9000,
		.cid = 0x12345678,
		.features = 1ull << 0 | 1ull << 1, /* checksums */
		.who = "the test",
		.backend = &fixture->host.kernel.backend,
	};

	fixture->device = vhost_device_new(&fixture->machine, "device0", &options);
}

static void start(struct fixture *fixture, const struct vhost_type *type)
{
	make(fixture, type);
	assert_non_null(fixture->device);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, ~0ull);
}

static void offer(struct fixture *fixture)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 16, .writable = true};

	fake_store(&fixture->machine, GUEST_DATA, 8, 0);
	guest_driver_add(&fixture->driver, TRANSMIT, &buffer, 1);
	guest_driver_kick(&fixture->driver, TRANSMIT);
}

static bool is_served(struct fixture *fixture)
{
	uint32_t len;

	fake_vhost_turn(&fixture->host);
	return guest_driver_used(&fixture->driver, TRANSMIT, &len) && len == 16 &&
	       fake_load(&fixture->machine, GUEST_DATA, 8) == 0x7878787878787878;
}

static void serve_one(struct fixture *fixture)
{
	offer(fixture);
	assert_true(is_served(fixture));
}

static void await_interrupts(struct fixture *fixture, unsigned int count)
{
	for (unsigned int i = 0; i < 10000 && fixture->driver.interrupts[TRANSMIT] < count; i++)
		fake_machine_run_for(&fixture->machine, 1000000);
	assert_int_equal(fixture->driver.interrupts[TRANSMIT], count);
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

static void is_a_network_card(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, &vhost_net_type);
	assert_int_equal(fixture->device->class->device_id, 1);
	assert_int_equal(fixture->device->queue_count, 2);
	assert_int_equal(virtio_device_config_read(fixture->device, 0, 2), 0x5452);
	assert_int_equal(virtio_device_config_read(fixture->device, 10, 2), 9000);
	serve_one(fixture);
	await_interrupts(fixture, 1);
	/* What is the interface's does not get to the kernel's device, and the other way round. */
	assert_int_equal(fixture->host.driver_features, VHOST_FEATURES);
	assert_int_equal(fixture->host.negotiated & 3, 3);
	assert_false(fixture->host.out_of_order);
}

static void has_no_features_that_the_kernel_has_not(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.features = 1ull << VIRTIO_F_VERSION_1;
	start(fixture, &vhost_net_type);
	assert_false(virtio_has(fixture->device, MRG_RXBUF));
	assert_false(virtio_has(fixture->device, VIRTIO_F_RING_EVENT_IDX));
	assert_false(virtio_has(fixture->device, VIRTIO_F_RING_INDIRECT_DESC));
	serve_one(fixture);
}

/* The third queue, for events, is nobody's. */
static void is_a_device_for_sockets(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, &vhost_vsock_type);
	assert_int_equal(fixture->device->class->device_id, 19);
	assert_int_equal(fixture->device->queue_count, 3);
	assert_int_equal(virtio_device_config_read(fixture->device, 0, 8), 0x12345678);
	serve_one(fixture);
	guest_driver_kick(&fixture->driver, EVENTS);
	assert_int_equal(fixture->host.asked[_IOC_NR(VHOST_SET_VRING_KICK)], 2);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static void starts_again_after_a_reset(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, &vhost_net_type);
	for (unsigned int i = 1; i <= 3; i++) {
		serve_one(fixture);
		guest_driver_restart(&fixture->driver, ~0ull);
	}
	serve_one(fixture);
	virtio_device_set_status(fixture->device, 0);
	assert_false(fixture->host.rings[RECEIVE].running);
	assert_false(fixture->host.rings[TRANSMIT].running);
	assert_false(fixture->host.out_of_order);
}

/* QueueReady of virtio-mmio. */
static void a_queue_that_the_driver_disables_is_stopped_with_the_others(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, &vhost_net_type);
	serve_one(fixture);
	fixture->device->queues[TRANSMIT].ready = false;
	virtio_device_set_status(fixture->device, 0);
	assert_int_equal(fixture->host.kernel.started, 0);
	/* It has the number of SET_VRING_BASE. */
	assert_int_equal(fixture->host.asked[_IOC_NR(VHOST_GET_VRING_BASE)], 2 + 2);
	guest_driver_restart(&fixture->driver, ~0ull);
	serve_one(fixture);
}

/* Of a back-end that is another process: whether they block is the same for all who have them. */
static void events_that_block_hold_nobody_up(void **state)
{
	struct fixture *fixture = *state;
	struct vhost_device *vhost;
	struct loop_watch *call;
	int kick;

	start(fixture, &vhost_net_type);
	serve_one(fixture);
	vhost = fixture->device->state;
	call = &vhost->calls[TRANSMIT];
	await_interrupts(fixture, 1);
	fcntl(call->fd, F_SETFL, 0);
	call->ready(call, POLLIN);
	assert_int_equal(fixture->driver.interrupts[TRANSMIT], 1);
	kick = vhost->kicks[TRANSMIT];
	fcntl(kick, F_SETFL, 0);
	assert_int_equal(eventfd_write(kick, UINT64_MAX - 1), 0);
	guest_driver_kick(&fixture->driver, TRANSMIT);
	serve_one(fixture);
}

static void stands_still_while_the_machine_is_paused(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;

	start(fixture, &vhost_net_type);
	serve_one(fixture);
	outsider = fixture->machine.outsiders;
	assert_non_null(outsider);
	outsider->stop(outsider);
	assert_int_equal(*outsider->busy, 0);
	offer(fixture);
	assert_false(is_served(fixture));
	outsider->go_on(outsider);
	/* Its ring goes on where it was. */
	assert_true(is_served(fixture));
	serve_one(fixture);
	assert_false(fixture->host.out_of_order);
}

/* Descriptor 60000 of 64. */
static void wrong_rings_are_the_guests_mistake(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, &vhost_net_type);
	serve_one(fixture);
	fake_queue_offer(&fixture->driver.queues[TRANSMIT], 60000);
	guest_driver_kick(&fixture->driver, TRANSMIT);
	fake_vhost_turn(&fixture->host);
	await_need_of_reset(fixture);
	assert_int_equal(fixture->machine.guest_errors, 1);
	assert_false(fixture->host.rings[TRANSMIT].running);
	/* And a reset is all that it needs. */
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_false(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	serve_one(fixture);
}

/* With MSI-X open, the kernel interrupts by itself. */
static void interrupts_go_to_kvm_where_they_can(void **state)
{
	struct fixture *fixture = *state;
	struct msi *msi = machine_msi_new(&fixture->machine);
	eventfd_t count;

	start(fixture, &vhost_net_type);
	fixture->driver.msis[TRANSMIT] = msi;
	virtio_device_interrupts_moved(fixture->device);
	assert_int_equal(msi->irqfds, 1);
	serve_one(fixture);
	fake_machine_run_for(&fixture->machine, 1000000);
	assert_int_equal(eventfd_read(fixture->host.rings[TRANSMIT].call, &count), 0);
	/* The guest masks it: what comes now is kept by the transport. */
	fixture->driver.msis[TRANSMIT] = NULL;
	virtio_device_interrupts_moved(fixture->device);
	assert_int_equal(msi->irqfds, 0);
	assert_int_equal(fixture->driver.interrupts[TRANSMIT], 0);
	serve_one(fixture);
	await_interrupts(fixture, 1);
	/* The kernel need not be told. */
	assert_int_equal(fixture->host.asked[_IOC_NR(VHOST_SET_VRING_CALL)], 2);
	/* Of a device that is reset nothing comes any more. */
	fixture->driver.msis[TRANSMIT] = msi;
	virtio_device_interrupts_moved(fixture->device);
	assert_int_equal(msi->irqfds, 1);
	virtio_device_set_status(fixture->device, 0);
	assert_int_equal(msi->irqfds, 0);
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_int_equal(msi->irqfds, 1);
	virtio_device_free(fixture->device);
	fixture->device = NULL;
	machine_msi_free(msi);
}

static void a_refusal_at_the_start_is_an_error(void **state)
{
	static const unsigned long at[] = {VHOST_GET_FEATURES, VHOST_SET_MEM_TABLE};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (i)
			fake_vhost_init(&fixture->host, &fixture->machine.memory);
		fixture->host.refused = at[i];
		fixture->host.with = ENOMEM;
		make(fixture, &vhost_net_type);
		assert_null(fixture->device);
		assert_true(fixture->host.freed);
		assert_int_equal(fixture->host.kernel.backend.broken_error, ENOMEM);
	}
}

static void an_old_kernel_is_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.features &= ~(1ull << VIRTIO_F_VERSION_1);
	make(fixture, &vhost_net_type);
	assert_null(fixture->device);
}

/* Each request that a start or a stop makes: then nothing runs, and the guest is told. */
static void a_refusal_later_breaks_the_device(void **state)
{
	static const unsigned long at[] = {
		VHOST_SET_FEATURES,   VHOST_SET_VRING_NUM,  VHOST_SET_VRING_BASE,
		VHOST_SET_VRING_ADDR, VHOST_SET_VRING_CALL, VHOST_SET_VRING_ERR,
		VHOST_SET_VRING_KICK, VHOST_GET_VRING_BASE,
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (i) {
			virtio_device_free(fixture->device);
			fake_vhost_init(&fixture->host, &fixture->machine.memory);
		}
		start(fixture, &vhost_net_type);
		serve_one(fixture);
		fixture->host.refused = at[i];
		fixture->host.with = EFAULT;
		guest_driver_restart(&fixture->driver, ~0ull);
		await_need_of_reset(fixture);
		assert_int_equal(fixture->host.kernel.backend.broken_error, EFAULT);
		assert_false(fixture->host.rings[RECEIVE].running);
		assert_false(fixture->host.rings[TRANSMIT].running);
		/* A driver that tries again finds it no better. */
		guest_driver_restart(&fixture->driver, ~0ull);
		await_need_of_reset(fixture);
		guest_driver_kick(&fixture->driver, TRANSMIT);
		assert_int_equal(fixture->machine.guest_errors, 0);
	}
}

/* ---- any order of events ---- */

enum event { KICK, MASK, RESET, RESTART, PAUSE, BAD_RING, REFUSAL, EVENT_COUNT };

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static void pause_or_go_on(struct fixture *fixture)
{
	struct machine_outsider *outsider = fixture->machine.outsiders;

	/* As pause.c does: each stop has its go_on. */
	if (outsider->stopped)
		outsider->go_on(outsider);
	else
		outsider->stop(outsider);
	outsider->stopped = !outsider->stopped;
}

static void happen(struct fixture *fixture, enum event event, uint32_t number, struct msi *msi)
{
	struct virtio_device *device = fixture->device;
	const bool paused = fixture->machine.outsiders->stopped;

	switch (event) {
	case KICK: offer(fixture); break;
	case MASK:
		fixture->driver.msis[number % 2] = number & 2 ? msi : NULL;
		virtio_device_interrupts_moved(device);
		break;
	case RESET:
		/* The guest does nothing while it is paused. */
		if (!paused)
			virtio_device_set_status(device, 0);
		break;
	case RESTART:
		if (!paused)
			guest_driver_restart(&fixture->driver, ~0ull);
		break;
	case PAUSE: pause_or_go_on(fixture); break;
	case BAD_RING:
		if (fixture->host.rings[TRANSMIT].running)
			eventfd_write(fixture->host.kernel.backend.fd, 1);
		break;
	default:
		/* Seldom, as it is the last that happens. */
		fixture->host.refused = number % 16 ? 0 : VHOST_SET_VRING_BASE;
		fixture->host.with = EBUSY;
		break;
	}
	fake_vhost_turn(&fixture->host);
	fake_machine_run_for(&fixture->machine, 100000);
}

static void check_rules(struct fixture *fixture)
{
	const struct vhost_device *vhost = fixture->device->state;
	const bool should_run = virtio_is_running(fixture->device) &&
				!fixture->machine.outsiders->stopped &&
				!fixture->host.kernel.backend.broken;

	assert_false(fixture->host.out_of_order);
	for (unsigned int i = 0; i < VHOST_RINGS; i++) {
		const struct fake_vhost_ring *ring = &fixture->host.rings[i];
		struct msi *msi = fixture->driver.msis[i];

		assert_int_equal(ring->running, should_run);
		assert_ptr_equal(vhost->msis[i], should_run ? msi : NULL);
	}
	if (fixture->host.kernel.backend.broken && fixture->device->status)
		assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
}

static void any_order_of_events_keeps_the_rules(void **state)
{
	struct fixture *fixture = *state;
	struct msi *msi = machine_msi_new(&fixture->machine);

	for (uint32_t round = 1; round <= 20; round++) {
		uint32_t seed = round;

		if (round > 1) {
			virtio_device_free(fixture->device);
			fake_vhost_init(&fixture->host, &fixture->machine.memory);
		}
		start(fixture, &vhost_net_type);
		for (unsigned int i = 0; i < 60; i++) {
			happen(fixture, draw(&seed) % EVENT_COUNT, draw(&seed), msi);
			check_rules(fixture);
		}
	}
	virtio_device_free(fixture->device);
	fixture->device = NULL;
	machine_msi_free(msi);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_a_network_card),
		TEST(has_no_features_that_the_kernel_has_not),
		TEST(is_a_device_for_sockets),
		TEST(starts_again_after_a_reset),
		TEST(a_queue_that_the_driver_disables_is_stopped_with_the_others),
		TEST(events_that_block_hold_nobody_up),
		TEST(stands_still_while_the_machine_is_paused),
		TEST(wrong_rings_are_the_guests_mistake),
		TEST(interrupts_go_to_kvm_where_they_can),
		TEST(a_refusal_at_the_start_is_an_error),
		TEST(an_old_kernel_is_refused),
		TEST(a_refusal_later_breaks_the_device),
		TEST(any_order_of_events_keeps_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
