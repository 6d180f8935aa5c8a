/* SPDX-License-Identifier: Apache-2.0 */
/* The block device over a file in memory: what is done at the doorbell, and what is left to the
 * loop. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/blk.h"
#include "devices/blk_pace.h"
#include "devices/devices.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { IN = 0, OUT = 1, FLUSH = 4, WRITE_ZEROES = 13 };
#define F_FLUSH	 9u
#define F_ZEROES 14u

#define DISK_SIZE (1u << 20)
#define QUEUES	  2u
#define REQUESTS  16u /* at a time on a queue: 3 descriptors each */
#define BUFFER	  (GUEST_DATA + 0x10000)
#define HALF	  (DISK_SIZE / 2)

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
	char path[64];
	int fd;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM)) {
		free(fixture);
		return -1;
	}
	fixture->fd = memfd_create("disk", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fixture->fd, DISK_SIZE), 0);
	assert_int_equal(pwrite(fixture->fd, "memory", 6, 0), 6);
	snprintf(fixture->path, sizeof(fixture->path), "/proc/self/fd/%d", fixture->fd);
	fixture->device = virtio_blk_new(&fixture->machine, "blk0",
					 &(struct disk_options){.path = fixture->path}, QUEUES);
	assert_non_null(fixture->device);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device,
			   1ull << F_FLUSH | 1ull << F_ZEROES);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	virtio_device_free(fixture->device);
	close(fixture->fd);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

/* Request SLOT of QUEUE has a header, a status and a page of its own; long ones run into the next.
 */
static void add(struct fixture *fixture, unsigned int queue, unsigned int slot, uint32_t type,
		uint32_t len)
{
	uint64_t mine = queue * REQUESTS + slot;
	uint64_t header = GUEST_DATA + mine * 32;
	const struct guest_buffer chain[] = {
		{.gpa = header, .len = 16},
		{.gpa = BUFFER + mine * 4096, .len = len, .writable = type == IN},
		{.gpa = header + 16, .len = 1, .writable = true},
	};
	const struct guest_buffer no_data[] = {chain[0], chain[2]};

	fake_store(&fixture->machine, header, 4, type);
	fake_store(&fixture->machine, header + 8, 8, 0);
	fake_store(&fixture->machine, header + 16, 1, 0xee);
	if (len)
		guest_driver_add(&fixture->driver, queue, chain, 3);
	else
		guest_driver_add(&fixture->driver, queue, no_data, 2);
}

static unsigned int take_used(struct fixture *fixture, unsigned int queue)
{
	unsigned int count = 0;
	uint32_t len;

	while (guest_driver_used(&fixture->driver, queue, &len))
		count++;
	return count;
}

/* The queue's doorbell was served here so often that the next is left to the loop. */
static void ring_until_a_look(struct fixture *fixture)
{
	for (unsigned int i = 0; i < BLK_PACE_LOOK; i++) {
		add(fixture, 0, 0, IN, 512);
		guest_driver_kick(&fixture->driver, 0);
		assert_int_equal(take_used(fixture, 0), 1);
	}
}

static void a_read_is_done_when_the_doorbell_returns(void **state)
{
	struct fixture *fixture = *state;

	assert_true(fixture->device->doorbell_exits);
	add(fixture, 0, 0, IN, 512);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 1);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 16, 1), 0);
	assert_memory_equal(guest_memory_at(&fixture->machine.memory, BUFFER, 6), "memory", 6);
	assert_int_equal(fixture->driver.interrupts[0], 1);
}

static void a_write_is_done_too_and_a_flush_to_memory(void **state)
{
	struct fixture *fixture = *state;
	char text[6];

	memcpy(guest_memory_at(&fixture->machine.memory, BUFFER, 6), "writes", 6);
	add(fixture, 0, 0, OUT, 512);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 1);
	assert_int_equal(pread(fixture->fd, text, 6, 0), 6);
	assert_memory_equal(text, "writes", 6);
	add(fixture, 0, 0, FLUSH, 0);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 1);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 16, 1), 0);
}

/* The page cache can have what is read; what is written still has to get to the disk. */
static void a_flush_to_a_disk_is_left_to_the_loop(void **state)
{
	struct fixture *fixture = *state;

	((struct blk *)fixture->device->state)->file.speed = LOOP_CACHED;
	add(fixture, 0, 0, FLUSH, 0);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 0);
	guest_driver_wait(&fixture->driver, 0);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 16, 1), 0);
}

static void all_of_one_ring_interrupt_once(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < REQUESTS; i++)
		add(fixture, 1, i, IN, 4096);
	guest_driver_kick(&fixture->driver, 1);
	assert_int_equal(take_used(fixture, 1), REQUESTS);
	assert_int_equal(fixture->driver.interrupts[1], 1);
}

static void no_ring_keeps_a_vcpu_for_more_than_its_budget(void **state)
{
	struct fixture *fixture = *state;
	unsigned int here, later;

	for (unsigned int i = 0; i < REQUESTS; i++)
		add(fixture, 0, i, IN, HALF);
	guest_driver_kick(&fixture->driver, 0);
	here = take_used(fixture, 0);
	assert_in_range(here, 1, 2);
	for (later = 0; here + later < REQUESTS; later++)
		guest_driver_wait(&fixture->driver, 0);
	for (unsigned int i = 0; i < REQUESTS; i++)
		assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + i * 32 + 16, 1), 0);
	/* And the doorbell is on again. */
	add(fixture, 0, 0, IN, 512);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 1);
}

static void what_writes_more_than_it_carries_is_left_to_the_loop(void **state)
{
	struct fixture *fixture = *state;

	memset(guest_memory_at(&fixture->machine.memory, BUFFER, 16), 0, 16);
	fake_store(&fixture->machine, BUFFER + 8, 4, DISK_SIZE / 512);
	add(fixture, 0, 0, WRITE_ZEROES, 16);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 0);
	guest_driver_wait(&fixture->driver, 0);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 16, 1), 0);
}

static void a_guest_with_many_in_flight_is_served_by_the_loop(void **state)
{
	struct fixture *fixture = *state;

	ring_until_a_look(fixture);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < REQUESTS; i++) {
			add(fixture, 0, i, IN, 4096);
			guest_driver_kick(&fixture->driver, 0);
		}
		assert_int_equal(take_used(fixture, 0), 0);
		fixture->driver.interrupts[0] = 0;
		for (unsigned int i = 0; i < REQUESTS; i++)
			guest_driver_wait(&fixture->driver, 0);
		fake_machine_run_for(&fixture->machine, 1000000);
		assert_int_equal(fixture->driver.interrupts[0], 1);
	}
}

static void a_guest_with_one_in_flight_is_looked_at_and_left_where_it_is(void **state)
{
	struct fixture *fixture = *state;

	ring_until_a_look(fixture);
	add(fixture, 0, 0, IN, 512);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 0);
	guest_driver_wait(&fixture->driver, 0);
	ring_until_a_look(fixture);
}

static void a_reset_while_the_loop_is_on_its_way_loses_nothing_after_it(void **state)
{
	struct fixture *fixture = *state;

	ring_until_a_look(fixture);
	add(fixture, 0, 0, IN, 512);
	guest_driver_kick(&fixture->driver, 0);
	guest_driver_restart(&fixture->driver, 1ull << F_FLUSH);
	add(fixture, 0, 0, IN, 512);
	guest_driver_kick(&fixture->driver, 0);
	guest_driver_wait(&fixture->driver, 0);
	add(fixture, 0, 0, IN, 512);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(take_used(fixture, 0), 1);
}

/* ---- with threads: run this under a thread sanitizer too ---- */

struct vcpu_thread {
	struct fixture *fixture;
	unsigned int queue;
	unsigned int done;
};

/* As a vCPU does it: everything with the lock held, which the device may release on the way. */
static void *ring_and_wait(void *opaque)
{
	struct vcpu_thread *vcpu = opaque;
	struct fixture *fixture = vcpu->fixture;

	for (unsigned int round = 0; round < 2000; round++) {
		unsigned int want = 1 + round / 100 % REQUESTS;
		unsigned int got = 0;

		machine_lock(&fixture->machine);
		for (unsigned int i = 0; i < want; i++) {
			add(fixture, vcpu->queue, i, i % 5 == 4 ? FLUSH : IN, i % 5 == 4 ? 0 : 512);
			guest_driver_kick(&fixture->driver, vcpu->queue);
		}
		machine_unlock(&fixture->machine);
		while (got < want) {
			machine_lock(&fixture->machine);
			got += take_used(fixture, vcpu->queue);
			machine_unlock(&fixture->machine);
		}
		vcpu->done += got;
	}
	return NULL;
}

static void *run_loop(void *opaque)
{
	struct fixture *fixture = opaque;

	loop_run(fixture->machine.loop);
	return NULL;
}

static void vcpus_and_the_loop_serve_side_by_side(void **state)
{
	struct fixture *fixture = *state;
	struct vcpu_thread vcpus[QUEUES] = {0};
	pthread_t threads[QUEUES], loop;

	assert_int_equal(pthread_create(&loop, NULL, run_loop, fixture), 0);
	for (unsigned int i = 0; i < QUEUES; i++) {
		vcpus[i] = (struct vcpu_thread){.fixture = fixture, .queue = i};
		assert_int_equal(pthread_create(&threads[i], NULL, ring_and_wait, &vcpus[i]), 0);
	}
	for (unsigned int i = 0; i < QUEUES; i++) {
		pthread_join(threads[i], NULL);
		assert_true(vcpus[i].done >= 2000);
	}
	loop_stop(fixture->machine.loop);
	pthread_join(loop, NULL);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_read_is_done_when_the_doorbell_returns),
		TEST(a_write_is_done_too_and_a_flush_to_memory),
		TEST(a_flush_to_a_disk_is_left_to_the_loop),
		TEST(all_of_one_ring_interrupt_once),
		TEST(no_ring_keeps_a_vcpu_for_more_than_its_budget),
		TEST(what_writes_more_than_it_carries_is_left_to_the_loop),
		TEST(a_guest_with_many_in_flight_is_served_by_the_loop),
		TEST(a_guest_with_one_in_flight_is_looked_at_and_left_where_it_is),
		TEST(a_reset_while_the_loop_is_on_its_way_loses_nothing_after_it),
		TEST(vcpus_and_the_loop_serve_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
