/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over MMIO, and with it what all transports share (virtio.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_driver.h"

#define RAM_SIZE 0x20000ull
#define BUFFERS	 (FAKE_RAM_BASE + 0x10000)
#define GPA	 0x10001000ull
#define LINE	 8u
#define QUEUES	 3u

/* Registers, virtio 1.2 section 4.2.2. */
enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SEL = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	QUEUE_SEL = 0x030,
	QUEUE_SIZE_MAX = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC = 0x080,
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0,
	SHM_LEN = 0x0b0,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
};

struct fixture {
	struct machine machine;
	struct virtio_mmio *mmio;
	struct fake_device *fake;
	struct fake_queue driver;
	unsigned int freed;
};

static uint32_t get(struct fixture *f, uint64_t offset)
{
	return (uint32_t)fake_read(&f->machine, GPA + offset, 4);
}

static void set(struct fixture *f, uint64_t offset, uint32_t value)
{
	fake_write(&f->machine, GPA + offset, 4, value);
}

static int set_up(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	fake_machine_init(&f.machine, RAM_SIZE);
	f.fake = fake_device_new(&f.machine, QUEUES, &f.freed);
	f.mmio = virtio_mmio_new(&f.machine, &f.fake->device, GPA, LINE);
	assert_non_null(f.mmio);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	virtio_mmio_free(f->mmio);
	assert_int_equal(f->freed, 1);
	fake_machine_destroy(&f->machine);
	return 0;
}

/* As a driver starts a device, section 3.1.1, up to the queues. */
static void negotiate(struct fixture *f, uint32_t low)
{
	set(f, STATUS, 0);
	set(f, STATUS, 1);
	set(f, STATUS, 3);
	set(f, DRIVER_FEATURES_SEL, 1);
	set(f, DRIVER_FEATURES, 1);
	set(f, DRIVER_FEATURES_SEL, 0);
	set(f, DRIVER_FEATURES, low);
	set(f, STATUS, 11);
	assert_int_equal(get(f, STATUS), 11);
}

static void describe_queue(struct fixture *f, unsigned int queue)
{
	fake_queue_init(&f->driver, &f->machine, FAKE_RAM_BASE, 8);
	set(f, QUEUE_SEL, queue);
	set(f, QUEUE_SIZE, 8);
	set(f, QUEUE_DESC, (uint32_t)f->driver.desc);
	set(f, QUEUE_DESC + 4, (uint32_t)(f->driver.desc >> 32));
	set(f, QUEUE_DRIVER, (uint32_t)f->driver.driver);
	set(f, QUEUE_DRIVER + 4, (uint32_t)(f->driver.driver >> 32));
	set(f, QUEUE_DEVICE, (uint32_t)f->driver.device);
	set(f, QUEUE_DEVICE + 4, (uint32_t)(f->driver.device >> 32));
}

static void bring_up(struct fixture *f, unsigned int queue, uint32_t features)
{
	negotiate(f, features);
	describe_queue(f, queue);
	set(f, QUEUE_READY, 1);
	assert_int_equal(get(f, QUEUE_READY), 1);
	set(f, STATUS, 15);
	assert_int_equal(get(f, STATUS), 15);
	assert_int_equal(f->machine.guest_errors, 0);
}

static void the_registers_identify_the_device(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, MAGIC), 0x74726976);
	assert_int_equal(get(f, VERSION), 2);
	assert_int_equal(get(f, DEVICE_ID), FAKE_DEVICE_ID);
	assert_int_equal(get(f, STATUS), 0);
	for (unsigned int i = 0; i < QUEUES; i++) {
		set(f, QUEUE_SEL, i);
		assert_int_equal(get(f, QUEUE_SIZE_MAX), VIRTIO_QUEUE_SIZE);
	}
	set(f, QUEUE_SEL, QUEUES);
	assert_int_equal(get(f, QUEUE_SIZE_MAX), 0);
	assert_int_equal(get(f, QUEUE_READY), 0);
	assert_int_equal(get(f, SHM_LEN), UINT32_MAX);
	assert_int_equal(f->machine.guest_errors, 0);
}

static void only_what_was_offered_is_negotiated(void **state)
{
	struct fixture *f = *state;

	set(f, DEVICE_FEATURES_SEL, 0);
	assert_int_equal(get(f, DEVICE_FEATURES), FAKE_DEVICE_FEATURES | 1u << 28 | 1u << 29);
	set(f, DEVICE_FEATURES_SEL, 1);
	assert_int_equal(get(f, DEVICE_FEATURES), 1);
	set(f, DEVICE_FEATURES_SEL, 2);
	assert_int_equal(get(f, DEVICE_FEATURES), 0);

	negotiate(f, 0xffffffff);
	assert_int_equal(f->fake->device.driver_features,
			 FAKE_DEVICE_FEATURES | 1ull << 28 | 1ull << 29 | 1ull << 32);
	set(f, DRIVER_FEATURES, 0);
	assert_int_equal(f->machine.guest_errors, 1);
	assert_true(virtio_has(&f->fake->device, 0));
}

static void features_ok_is_refused_without_version_1(void **state)
{
	struct fixture *f = *state;

	set(f, STATUS, 3);
	set(f, DRIVER_FEATURES, 1);
	set(f, STATUS, 11);
	assert_int_equal(get(f, STATUS), 3);
	set(f, STATUS, 15);
	assert_int_equal(get(f, STATUS), 3);
	assert_int_equal(f->fake->starts, 0);
}

static void status_bits_stay_until_the_reset(void **state)
{
	struct fixture *f = *state;

	bring_up(f, 0, 0);
	set(f, STATUS, 1);
	assert_int_equal(get(f, STATUS), 15);
	assert_int_equal(f->machine.guest_errors, 1);
	set(f, STATUS, 0);
	assert_int_equal(get(f, STATUS), 0);
}

static void a_chain_goes_there_and_back(void **state)
{
	struct fixture *f = *state;
	uint32_t id, len;

	bring_up(f, 1, 0);
	assert_int_equal(f->fake->starts, 1);
	fake_desc(&f->machine, f->driver.desc, 2, BUFFERS, 4, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 2);
	assert_false(f->machine.line[LINE]);
	set(f, QUEUE_NOTIFY, 1);
	assert_int_equal(f->machine.doorbells_rung, 1);
	assert_int_equal(f->fake->kicks[1], 1);
	assert_true(fake_queue_take(&f->driver, &id, &len));
	assert_int_equal(id, 2);
	assert_int_equal(len, 4);
	assert_int_equal(fake_load(&f->machine, BUFFERS, 4), 0x78787878);
	assert_true(f->machine.line[LINE]);
	assert_int_equal(get(f, INTERRUPT_STATUS), 1);
	set(f, INTERRUPT_ACK, 1);
	assert_false(f->machine.line[LINE]);
	assert_int_equal(get(f, INTERRUPT_STATUS), 0);
}

static void each_queue_has_a_doorbell_and_works_without(void **state)
{
	struct fixture *f = *state;
	struct fake_device *other;
	struct virtio_mmio *mmio;

	assert_int_equal(f->machine.doorbell_count, QUEUES);
	bring_up(f, 2, 0);
	set(f, QUEUE_NOTIFY, 2);
	assert_int_equal(f->fake->kicks[2], 1);
	assert_int_equal(f->machine.doorbells_rung, 1);

	f->machine.doorbells_refused = true;
	other = fake_device_new(&f->machine, 1, NULL);
	mmio = virtio_mmio_new(&f->machine, &other->device, GPA + VIRTIO_MMIO_LEN, LINE + 1);
	assert_non_null(mmio);
	other->device.status = 15;
	other->device.queues[0].ready = true;
	other->idle = true;
	fake_write(&f->machine, GPA + VIRTIO_MMIO_LEN + QUEUE_NOTIFY, 4, 0);
	assert_int_equal(other->kicks[0], 1);
	assert_int_equal(f->machine.doorbells_rung, 1);
	other->device.queues[0].ready = false;
	virtio_mmio_free(mmio);
}

static void a_device_whose_doorbells_exit_has_none_in_the_kernel(void **state)
{
	struct fixture *f = *state;
	struct fake_device *other = fake_device_new(&f->machine, 1, NULL);
	struct virtio_mmio *mmio;

	other->device.doorbell_exits = true;
	mmio = virtio_mmio_new(&f->machine, &other->device, GPA + VIRTIO_MMIO_LEN, LINE + 1);
	assert_non_null(mmio);
	assert_int_equal(f->machine.doorbell_count, QUEUES); /* the fixture's */
	virtio_mmio_free(mmio);
}

static void a_device_may_offer_larger_queues_and_no_driver_takes_more(void **state)
{
	struct fixture *f = *state;

	set(f, QUEUE_SEL, 0);
	f->fake->device.queue_size = VIRTQUEUE_MAX_SIZE;
	assert_int_equal(get(f, QUEUE_SIZE_MAX), VIRTQUEUE_MAX_SIZE);
	f->fake->device.queue_size = 64;
	assert_int_equal(get(f, QUEUE_SIZE_MAX), 64);
	set(f, STATUS, 0);
	assert_int_equal(f->fake->device.queues[0].size, 64);
	bring_up(f, 0, 0);
	assert_int_equal(f->machine.guest_errors, 0);
	f->fake->device.queue_size = 4;
	negotiate(f, 0);
	describe_queue(f, 0);
	set(f, QUEUE_READY, 1);
	assert_int_equal(get(f, QUEUE_READY), 0);
	assert_int_equal(f->machine.guest_errors, 1);
}

static void a_doorbell_that_rings_late_is_nobodys_mistake(void **state)
{
	struct fixture *f = *state;

	bring_up(f, 0, 0);
	set(f, STATUS, 0);
	set(f, QUEUE_NOTIFY, 0);
	assert_int_equal(f->machine.doorbells_rung, 1);
	assert_int_equal(f->fake->kicks[0], 0);
	assert_int_equal(f->machine.guest_errors, 0);
}

static void a_kick_of_no_queue_is_a_guest_error(void **state)
{
	struct fixture *f = *state;

	bring_up(f, 0, 0);
	set(f, QUEUE_NOTIFY, QUEUES);
	assert_int_equal(f->machine.guest_errors, 1);
	set(f, QUEUE_NOTIFY, UINT32_MAX);
	assert_int_equal(f->machine.guest_errors, 2);
	assert_int_equal(f->fake->kicks[0], 0);
}

static void a_broken_queue_puts_the_device_into_needs_reset(void **state)
{
	struct fixture *f = *state;
	uint32_t generation;

	bring_up(f, 0, 0);
	generation = get(f, CONFIG_GENERATION);
	fake_queue_offer(&f->driver, 8);
	set(f, QUEUE_NOTIFY, 0);
	assert_int_equal(get(f, STATUS), 15 | 64);
	assert_int_equal(get(f, INTERRUPT_STATUS), 2);
	assert_true(f->machine.line[LINE]);
	assert_int_not_equal(get(f, CONFIG_GENERATION), generation);
	assert_int_equal(f->machine.guest_errors, 1);

	virtio_broken(&f->fake->device, "once more");
	set(f, QUEUE_NOTIFY, 0); /* now ignored, and not counted again */
	assert_int_equal(f->fake->kicks[0], 1);
	assert_int_equal(f->machine.guest_errors, 1);
	set(f, STATUS, 15); /* the driver cannot clear it */
	assert_int_equal(get(f, STATUS), 15 | 64);

	set(f, STATUS, 0);
	assert_false(f->machine.line[LINE]);
	f->machine.guest_errors = 0;
	memset(f->machine.memory.host, 0, RAM_SIZE);
	bring_up(f, 0, 0);
	fake_desc(&f->machine, f->driver.desc, 0, BUFFERS, 4, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 0);
	set(f, QUEUE_NOTIFY, 0);
	assert_int_equal(get(f, STATUS), 15);
	assert_int_equal(get(f, INTERRUPT_STATUS), 1);
}

static void a_queue_that_cannot_start_breaks_the_device_without_an_interrupt(void **state)
{
	struct fixture *f = *state;

	negotiate(f, 0);
	describe_queue(f, 0);
	set(f, QUEUE_DESC, 0);
	set(f, QUEUE_DESC + 4, 0);
	set(f, QUEUE_READY, 1);
	assert_int_equal(get(f, QUEUE_READY), 0);
	assert_int_equal(get(f, STATUS), 11 | 64);
	assert_int_equal(get(f, INTERRUPT_STATUS), 0);
	assert_int_equal(f->machine.guest_errors, 1);
}

static void a_queue_is_fixed_while_it_is_ready(void **state)
{
	struct fixture *f = *state;
	struct virtqueue before;

	bring_up(f, 0, 0);
	before = f->fake->device.queues[0];
	set(f, QUEUE_DESC, 0);
	set(f, QUEUE_DRIVER, 0);
	set(f, QUEUE_DEVICE + 4, 0);
	set(f, QUEUE_SIZE, 4);
	assert_int_equal(f->machine.guest_errors, 4);
	assert_memory_equal(&before, &f->fake->device.queues[0], sizeof(before));
	set(f, QUEUE_READY, 0);
	assert_int_equal(get(f, QUEUE_READY), 0);
}

static void a_queue_is_not_enabled_before_features_ok(void **state)
{
	struct fixture *f = *state;

	set(f, STATUS, 3);
	describe_queue(f, 0);
	set(f, QUEUE_READY, 1);
	assert_int_equal(get(f, QUEUE_READY), 0);
	assert_int_equal(f->machine.guest_errors, 1);
}

static void a_reset_stops_the_device_and_clears_all(void **state)
{
	struct fixture *f = *state;

	bring_up(f, 0, 1u << 29);
	assert_true(f->fake->device.queues[0].event_idx);
	set(f, STATUS, 0);
	assert_int_equal(f->fake->resets, 2); /* one was in negotiate() */
	assert_int_equal(f->fake->device.driver_features, 0);
	assert_false(f->fake->device.queues[0].ready);
	assert_int_equal(f->fake->device.queues[0].size, VIRTIO_QUEUE_SIZE);
	assert_int_equal(f->fake->device.queues[0].desc, 0);
}

static void touch_all(struct fake_device *fake, void *opaque)
{
	struct fixture *f = opaque;
	struct virtqueue_chain chain;

	set(f, STATUS, 15);
	set(f, STATUS, 15 | 128);
	set(f, QUEUE_NOTIFY, 0);
	set(f, QUEUE_SEL, 1);
	set(f, QUEUE_READY, 1);
	set(f, DRIVER_FEATURES, 5);
	set(f, CONFIG, 0);
	assert_false(virtio_pop(&fake->device, 0, &chain));
	virtio_config_changed(&fake->device);
}

static void while_a_reset_waits_the_device_takes_nothing(void **state)
{
	struct fixture *f = *state;

	bring_up(f, 0, 0);
	fake_desc(&f->machine, f->driver.desc, 0, BUFFERS, 4, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 0);
	f->fake->opaque = f;
	f->fake->during_reset = touch_all;
	set(f, STATUS, 0);
	assert_int_equal(get(f, STATUS), 0);
	assert_int_equal(f->fake->kicks[0], 0);
	assert_int_equal(f->fake->starts, 1);
	assert_int_equal(f->fake->device.driver_features, 0);
	assert_int_equal(get(f, CONFIG), 0x13121110);
	assert_false(f->machine.line[LINE]);
	set(f, QUEUE_SEL, 1);
	assert_int_equal(get(f, QUEUE_READY), 0);
}

static void the_configuration_is_the_devices(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, CONFIG), 0x13121110);
	assert_int_equal(fake_read(&f->machine, GPA + CONFIG + 1, 1), 0x11);
	assert_int_equal(fake_read(&f->machine, GPA + CONFIG + 2, 2), 0x1312);
	assert_int_equal(fake_read(&f->machine, GPA + CONFIG + 8, 8), 0x1f1e1d1c1b1a1918);
	assert_int_equal(fake_read(&f->machine, GPA + 0xff8, 8), 0);
	fake_write(&f->machine, GPA + CONFIG + 4, 2, 0xabcd);
	assert_int_equal(get(f, CONFIG + 4), 0x1716abcd);
}

static void a_changed_configuration_interrupts_only_a_running_driver(void **state)
{
	struct fixture *f = *state;

	virtio_config_changed(&f->fake->device);
	assert_false(f->machine.line[LINE]);
	bring_up(f, 0, 0);
	virtio_config_changed(&f->fake->device);
	assert_true(f->machine.line[LINE]);
	assert_int_equal(get(f, INTERRUPT_STATUS), 2);
	set(f, INTERRUPT_ACK, 1);
	assert_true(f->machine.line[LINE]);
	set(f, INTERRUPT_ACK, 2);
	assert_false(f->machine.line[LINE]);
}

static void unknown_registers_read_0_and_are_guest_errors(void **state)
{
	struct fixture *f = *state;
	const uint64_t unknown[] = {0x018, 0x028, 0x040, 0x04c, 0x054, 0x068, 0x074, 0x0c0, 0x0f8};
	const size_t count = sizeof(unknown) / sizeof(unknown[0]);

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(get(f, unknown[i]), 0);
		set(f, unknown[i], UINT32_MAX);
	}
	assert_int_equal(f->machine.guest_errors, 2 * count);
	assert_int_equal(fake_read(&f->machine, GPA, 1), 0);
	assert_int_equal(fake_read(&f->machine, GPA, 8), 0);
	assert_int_equal(fake_read(&f->machine, GPA + 2, 4), 0);
	fake_write(&f->machine, GPA + STATUS, 1, 1);
	assert_int_equal(get(f, STATUS), 0);
	assert_int_equal(f->machine.guest_errors, 2 * count + 4);
}

static void a_device_whose_place_is_taken_is_refused_and_freed(void **state)
{
	struct fixture *f = *state;
	unsigned int freed = 0;
	struct fake_device *other = fake_device_new(&f->machine, 1, &freed);

	assert_null(virtio_mmio_new(&f->machine, &other->device, GPA, LINE));
	assert_int_equal(freed, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_registers_identify_the_device),
		TEST(only_what_was_offered_is_negotiated),
		TEST(features_ok_is_refused_without_version_1),
		TEST(status_bits_stay_until_the_reset),
		TEST(a_chain_goes_there_and_back),
		TEST(each_queue_has_a_doorbell_and_works_without),
		TEST(a_device_whose_doorbells_exit_has_none_in_the_kernel),
		TEST(a_device_may_offer_larger_queues_and_no_driver_takes_more),
		TEST(a_doorbell_that_rings_late_is_nobodys_mistake),
		TEST(a_kick_of_no_queue_is_a_guest_error),
		TEST(a_broken_queue_puts_the_device_into_needs_reset),
		TEST(a_queue_that_cannot_start_breaks_the_device_without_an_interrupt),
		TEST(a_queue_is_fixed_while_it_is_ready),
		TEST(a_queue_is_not_enabled_before_features_ok),
		TEST(a_reset_stops_the_device_and_clears_all),
		TEST(while_a_reset_waits_the_device_takes_nothing),
		TEST(the_configuration_is_the_devices),
		TEST(a_changed_configuration_interrupts_only_a_running_driver),
		TEST(unknown_registers_read_0_and_are_guest_errors),
		TEST(a_device_whose_place_is_taken_is_refused_and_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
