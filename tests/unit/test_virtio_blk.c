/* SPDX-License-Identifier: Apache-2.0 */
/* The block device over real files and a real io_uring. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { OK = 0, IOERR = 1, UNSUPP = 2 };
enum { F_RO = 5, F_FLUSH = 9, F_MQ = 12, F_DISCARD = 13, F_WRITE_ZEROES = 14 };

#define SECTORS	 2048u
#define HEADER	 GUEST_DATA
#define STATUS	 (GUEST_DATA + 0x1000)
#define BUFFER	 (GUEST_DATA + 0x10000)
#define FEATURES (1ull << F_FLUSH | 1ull << F_MQ | 1ull << F_DISCARD | 1ull << F_WRITE_ZEROES)

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
	char path[64];
	int fd;
};

static uint8_t pattern(uint64_t offset)
{
	return (uint8_t)(offset / 512 * 7 + offset % 512 + 1);
}

static void fill_file(int fd)
{
	uint8_t *bytes = malloc(SECTORS * 512);

	for (unsigned int i = 0; i < SECTORS * 512; i++)
		bytes[i] = pattern(i);
	assert_int_equal(pwrite(fd, bytes, SECTORS * 512, 0), SECTORS * 512);
	free(bytes);
}

static void open_disk(struct fixture *fixture, struct disk_options options, uint64_t features)
{
	options.path = fixture->path;
	fixture->device = virtio_blk_new(&fixture->machine, "blk0", &options, 2);
	assert_non_null(fixture->device);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, features);
}

static void close_disk(struct fixture *fixture)
{
	if (fixture->device)
		virtio_device_free(fixture->device);
	fixture->device = NULL;
}

static int setup_closed(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM))
		return -1;
	strcpy(fixture->path, "/tmp/vhart-test-XXXXXX");
	fixture->fd = mkstemp(fixture->path);
	fill_file(fixture->fd);
	*state = fixture;
	return 0;
}

static int setup(void **state)
{
	if (setup_closed(state))
		return -1;
	open_disk(*state, (struct disk_options){.serial = "disk-0001"}, FEATURES);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	close_disk(fixture);
	unlink(fixture->path);
	close(fixture->fd);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

static void add(struct fixture *fixture, unsigned int queue, uint32_t type, uint64_t sector,
		uint32_t len)
{
	bool to_guest = type == IN || type == GET_ID;
	const struct guest_buffer chain[] = {
		{.gpa = HEADER, .len = 16},
		{.gpa = BUFFER, .len = len, .writable = to_guest},
		{.gpa = STATUS, .len = 1, .writable = true},
	};
	const struct guest_buffer no_data[] = {chain[0], chain[2]};

	fake_store(&fixture->machine, HEADER, 4, type);
	fake_store(&fixture->machine, HEADER + 8, 8, sector);
	fake_store(&fixture->machine, STATUS, 1, 0xee);
	if (len)
		guest_driver_add(&fixture->driver, queue, chain, 3);
	else
		guest_driver_add(&fixture->driver, queue, no_data, 2);
}

/* One request on queue 0, its data at BUFFER. Returns the status. */
static uint8_t request(struct fixture *fixture, uint32_t type, uint64_t sector, uint32_t len)
{
	add(fixture, 0, type, sector, len);
	guest_driver_kick(&fixture->driver, 0);
	guest_driver_wait(&fixture->driver, 0);
	return (uint8_t)fake_load(&fixture->machine, STATUS, 1);
}

static uint8_t *buffer(struct fixture *fixture)
{
	return guest_memory_at(&fixture->machine.memory, BUFFER, 1 << 19);
}

static void set_range(struct fixture *fixture, unsigned int index, uint64_t sector, uint32_t count,
		      uint32_t flags)
{
	fake_store(&fixture->machine, BUFFER + index * 16, 8, sector);
	fake_store(&fixture->machine, BUFFER + index * 16 + 8, 4, count);
	fake_store(&fixture->machine, BUFFER + index * 16 + 12, 4, flags);
}

static void assert_file(const struct fixture *fixture, uint64_t offset, uint64_t len, bool zero)
{
	uint8_t byte;

	for (uint64_t i = offset; i < offset + len; i++) {
		assert_int_equal(pread(fixture->fd, &byte, 1, (off_t)i), 1);
		assert_int_equal(byte, zero ? 0 : pattern(i));
	}
}

/* ---- reading and writing ---- */

static void a_read_brings_what_the_file_holds(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(request(fixture, IN, 3, 4096), OK);
	for (unsigned int i = 0; i < 4096; i++)
		assert_int_equal(buffer(fixture)[i], pattern(3 * 512 + i));
}

static void a_read_reports_its_bytes_and_the_status_as_used(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, IN, 0, 1024);
	guest_driver_kick(&fixture->driver, 1);
	assert_int_equal(guest_driver_wait(&fixture->driver, 1), 1025);
	assert_int_equal(fixture->driver.interrupts[1], 1);
	assert_int_equal(fixture->driver.interrupts[0], 0);
}

static void a_write_reaches_the_file_and_nothing_beside_it(void **state)
{
	struct fixture *fixture = *state;

	memset(buffer(fixture), 0, 1024);
	assert_int_equal(request(fixture, OUT, 10, 1024), OK);
	assert_file(fixture, 9 * 512, 512, false);
	assert_file(fixture, 10 * 512, 1024, true);
	assert_file(fixture, 12 * 512, 512, false);
	assert_int_equal(request(fixture, FLUSH, 0, 0), OK);
}

static void the_last_sector_is_there_and_the_one_after_it_is_not(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(request(fixture, IN, SECTORS - 1, 512), OK);
	assert_int_equal(request(fixture, IN, SECTORS, 512), IOERR);
	assert_int_equal(request(fixture, IN, SECTORS - 1, 1024), IOERR);
	assert_int_equal(request(fixture, OUT, SECTORS, 512), IOERR);
	assert_int_equal(request(fixture, IN, UINT64_MAX, 512), IOERR);
	assert_int_equal(request(fixture, IN, 1ull << 55, 512), IOERR);
}

static void half_a_sector_is_an_error(void **state)
{
	assert_int_equal(request(*state, IN, 0, 100), IOERR);
	assert_int_equal(request(*state, OUT, 0, 513), IOERR);
}

static void the_driver_may_cut_its_buffers_anywhere(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer chain[] = {
		{.gpa = HEADER, .len = 5},
		{.gpa = HEADER + 5, .len = 11},
		{.gpa = BUFFER, .len = 100, .writable = true},
		{.gpa = BUFFER + 100, .len = 0, .writable = true},
		{.gpa = BUFFER + 100, .len = 413, .writable = true}, /* 412 and the status */
	};

	fake_store(&fixture->machine, HEADER, 8, IN);
	fake_store(&fixture->machine, HEADER + 8, 8, 7);
	guest_driver_add(&fixture->driver, 0, chain, 5);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(guest_driver_wait(&fixture->driver, 0), 513);
	assert_int_equal(buffer(fixture)[511], pattern(7 * 512 + 511));
	assert_int_equal(buffer(fixture)[512], OK);
}

static void many_requests_on_two_queues_all_complete(void **state)
{
	struct fixture *fixture = *state;
	unsigned int used = 0;
	uint32_t len;

	for (unsigned int round = 0; round < 40; round++) {
		for (unsigned int i = 0; i < 16; i++)
			add(fixture, i % 2, IN, i * 8, 4096);
		guest_driver_kick(&fixture->driver, 0);
		guest_driver_kick(&fixture->driver, 1);
		for (unsigned int i = 0; i < 16; i++, used++)
			assert_int_equal(guest_driver_wait(&fixture->driver, i % 2), 4097);
	}
	assert_false(guest_driver_used(&fixture->driver, 0, &len));
	assert_true(fixture->driver.interrupts[0] < used / 2);
}

/* ---- the other requests ---- */

static void the_serial_is_padded_with_zeros(void **state)
{
	struct fixture *fixture = *state;

	memset(buffer(fixture), 0xff, 32);
	assert_int_equal(request(fixture, GET_ID, 0, 20), OK);
	assert_memory_equal(buffer(fixture), "disk-0001\0\0\0\0\0\0\0\0\0\0\0\xff", 21);
}

static void an_unknown_request_is_unsupported(void **state)
{
	assert_int_equal(request(*state, 99, 0, 512), UNSUPP);
}

static void discarded_and_zeroed_ranges_read_as_zeros(void **state)
{
	struct fixture *fixture = *state;

	set_range(fixture, 0, 16, 8, 0);
	set_range(fixture, 1, 32, 8, 0);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 32), OK);
	assert_file(fixture, 16 * 512, 8 * 512, true);
	assert_file(fixture, 24 * 512, 512, false);
	assert_file(fixture, 32 * 512, 8 * 512, true);
	assert_file(fixture, 40 * 512, 512, false);
	set_range(fixture, 0, 48, 8, 1);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 16), OK);
	assert_file(fixture, 48 * 512, 8 * 512, true);
	set_range(fixture, 0, 64, 8, 0);
	assert_int_equal(request(fixture, DISCARD, 0, 16), OK);
	assert_file(fixture, 72 * 512, 512, false);
}

static void ranges_that_break_the_rules_change_nothing(void **state)
{
	struct fixture *fixture = *state;

	set_range(fixture, 0, 0, 8, 1);
	assert_int_equal(request(fixture, DISCARD, 0, 16), UNSUPP);
	set_range(fixture, 0, 0, 8, 2);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 16), UNSUPP);
	set_range(fixture, 0, 0, 8, 0);
	set_range(fixture, 1, SECTORS - 1, 2, 0);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 32), IOERR);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 17 * 16), IOERR);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 15), IOERR);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 0), IOERR);
	assert_file(fixture, 0, 4096, false);
}

/* tmpfs, and so a memfd, has holes but no ZERO_RANGE. */
static void a_file_that_cannot_zero_gets_zeros_written(void **state)
{
	struct fixture *fixture = *state;
	int fd = memfd_create("disk", 0);

	fill_file(fd);
	snprintf(fixture->path, sizeof(fixture->path), "/proc/self/fd/%d", fd);
	open_disk(fixture, (struct disk_options){0}, FEATURES);
	close(fixture->fd);
	fixture->fd = fd;
	set_range(fixture, 0, 1, SECTORS - 2, 0);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 16), OK);
	assert_file(fixture, 0, 512, false);
	assert_file(fixture, 512, 4096, true);
	assert_file(fixture, (SECTORS - 8) * 512, 7 * 512, true);
	assert_file(fixture, (SECTORS - 1) * 512, 512, false);
}

/* ---- breaking the rules ---- */

static void a_chain_without_header_or_status_breaks_the_device_until_reset(void **state)
{
	const struct guest_buffer short_header[] = {{.gpa = HEADER, .len = 15},
						    {.gpa = STATUS, .len = 1, .writable = true}};
	const struct guest_buffer no_status[] = {{.gpa = HEADER, .len = 16}};
	struct fixture *fixture = *state;

	guest_driver_add(&fixture->driver, 0, short_header, 2);
	add(fixture, 0, IN, 0, 512); /* waits behind it, and must not keep the device busy */
	guest_driver_kick(&fixture->driver, 0);
	assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	guest_driver_restart(&fixture->driver, FEATURES);
	guest_driver_add(&fixture->driver, 0, no_status, 1);
	guest_driver_kick(&fixture->driver, 0);
	assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	guest_driver_restart(&fixture->driver, FEATURES);
	assert_int_equal(request(fixture, IN, 0, 512), OK);
}

static void a_reset_returns_only_when_nothing_is_in_flight(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	for (unsigned int i = 0; i < 16; i++)
		add(fixture, 0, IN, i, 1 << 19);
	guest_driver_kick(&fixture->driver, 0);
	guest_driver_restart(&fixture->driver, FEATURES);
	memset(buffer(fixture), 0xa5, 1 << 19);
	fake_machine_run_for(&fixture->machine, 20000000);
	for (unsigned int i = 0; i < 1 << 19; i++)
		assert_int_equal(buffer(fixture)[i], 0xa5);
	assert_false(guest_driver_used(&fixture->driver, 0, &len));
	assert_int_equal(request(fixture, IN, 0, 512), OK);
}

static void a_disk_freed_with_requests_in_flight_leaks_and_crashes_nothing(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < 16; i++)
		add(fixture, 0, IN, i, 1 << 19);
	guest_driver_kick(&fixture->driver, 0);
	close_disk(fixture);
}

static void a_file_that_is_cut_short_gives_errors_and_an_end(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ftruncate(fixture->fd, 100 * 512), 0);
	assert_int_equal(request(fixture, IN, 0, 4096), OK);
	assert_int_equal(request(fixture, IN, 98, 4096), IOERR);
	assert_int_equal(request(fixture, IN, 500, 4096), IOERR);
}

/* ---- kinds of disks ---- */

static uint64_t config(struct fixture *fixture, uint64_t offset, unsigned int size)
{
	return virtio_device_config_read(fixture->device, offset, size);
}

static void the_configuration_tells_size_and_limits(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(config(fixture, 0, 8), SECTORS);
	assert_int_equal(config(fixture, 12, 4), 256);
	assert_int_equal(config(fixture, 20, 4), 512);
	assert_int_equal(config(fixture, 34, 2), 2);
	assert_int_equal(config(fixture, 56, 1), 1);
	assert_int_equal(config(fixture, 60, 8), 0);
	assert_int_equal(config(fixture, 4000, 8), 0);
}

static void a_read_only_disk_says_so_and_refuses_writes(void **state)
{
	struct fixture *fixture = *state;
	uint64_t features;

	open_disk(fixture, (struct disk_options){.read_only = true}, FEATURES);
	features = virtio_device_features(fixture->device);
	assert_true(features >> F_RO & 1);
	assert_false(features >> F_DISCARD & 1);
	memset(buffer(fixture), 0, 512);
	assert_int_equal(request(fixture, OUT, 0, 512), IOERR);
	set_range(fixture, 0, 0, 8, 0);
	assert_int_equal(request(fixture, WRITE_ZEROES, 0, 16), IOERR);
	assert_int_equal(request(fixture, IN, 0, 512), OK);
	assert_file(fixture, 0, 512, false);
}

static void a_driver_without_flush_has_its_writes_synced(void **state)
{
	struct fixture *fixture = *state;

	open_disk(fixture, (struct disk_options){0}, 0);
	memset(buffer(fixture), 0, 512);
	assert_int_equal(request(fixture, OUT, 0, 512), OK);
	assert_file(fixture, 0, 512, true);
}

static void an_odd_tail_is_not_shown(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ftruncate(fixture->fd, 5 * 512 + 100), 0);
	open_disk(fixture, (struct disk_options){0}, FEATURES);
	assert_int_equal(config(fixture, 0, 8), 5);
}

static void direct_io_takes_buffers_of_any_alignment(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer chain[] = {
		{.gpa = HEADER, .len = 16},
		{.gpa = BUFFER + 3, .len = 70001, .writable = true},
		{.gpa = BUFFER + 80001, .len = 61071, .writable = true},
		{.gpa = STATUS, .len = 1, .writable = true},
	};
	int fd = open(fixture->path, O_RDONLY | O_DIRECT);

	if (fd < 0)
		skip(); /* the file system of /tmp has no direct I/O */
	close(fd);
	fsync(fixture->fd);
	open_disk(fixture, (struct disk_options){.direct = true}, FEATURES);
	if (config(fixture, 20, 4) != 512)
		skip();
	fake_store(&fixture->machine, HEADER, 8, IN);
	fake_store(&fixture->machine, HEADER + 8, 8, 1);
	guest_driver_add(&fixture->driver, 0, chain, 4);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(guest_driver_wait(&fixture->driver, 0), 131073);
	assert_int_equal(buffer(fixture)[3], pattern(512));
	assert_int_equal(buffer(fixture)[3 + 70000], pattern(512 + 70000));
	assert_int_equal(buffer(fixture)[80001], pattern(512 + 70001));
	assert_int_equal(buffer(fixture)[80001 + 61070], pattern(512 + 131071));
	memset(buffer(fixture), 0, 131073);
	assert_int_equal(request(fixture, OUT, 2, 4096), OK);
	assert_int_equal(fake_load(&fixture->machine, STATUS, 1), OK);
	assert_file(fixture, 1024, 4096, true);
	assert_file(fixture, 1024 + 4096, 512, false);
}

/* ---- files that are no disk ---- */

static bool opens(struct fixture *fixture, const char *path, bool read_only)
{
	const struct disk_options options = {.path = path, .read_only = read_only};
	struct virtio_device *device = virtio_blk_new(&fixture->machine, "blk1", &options, 1);

	if (device)
		virtio_device_free(device);
	return device;
}

static void what_is_no_disk_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char fifo[96];

	assert_false(opens(fixture, "/tmp", false));
	assert_false(opens(fixture, "/tmp", true));
	assert_false(opens(fixture, "/nonexistent/disk", false));
	assert_false(opens(fixture, "/dev/null", false));
	snprintf(fifo, sizeof(fifo), "%s.fifo", fixture->path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(opens(fixture, fifo, true));
	unlink(fifo);
	assert_int_equal(ftruncate(fixture->fd, 511), 0);
	assert_false(opens(fixture, fixture->path, true));
}

static void an_image_in_another_format_is_refused_unless_raw(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(pwrite(fixture->fd, "QFI\xfb", 4, 0), 4);
	assert_false(opens(fixture, fixture->path, false));
	assert_false(opens(fixture, fixture->path, true));
	open_disk(fixture, (struct disk_options){.raw = true}, FEATURES);
}

/* It can write anything there. */
static void what_a_guest_has_written_ends_none_of_its_lives(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(pwrite(fixture->fd, "QFI\xfb", 4, 0), 4);
	open_disk(fixture, (struct disk_options){.again = true}, FEATURES);
}

static void a_disk_in_use_is_refused_unless_all_only_read(void **state)
{
	struct fixture *fixture = *state;

	open_disk(fixture, (struct disk_options){0}, FEATURES);
	assert_false(opens(fixture, fixture->path, false));
	assert_false(opens(fixture, fixture->path, true));
	close_disk(fixture);
	open_disk(fixture, (struct disk_options){.read_only = true}, FEATURES);
	assert_true(opens(fixture, fixture->path, true));
	assert_false(opens(fixture, fixture->path, false));
}

static void disks_that_are_shared_are_written_to_by_several(void **state)
{
	struct fixture *fixture = *state;
	const struct disk_options options = {.path = fixture->path, .share_rw = true};
	struct virtio_device *other;

	open_disk(fixture, (struct disk_options){.share_rw = true}, FEATURES);
	other = virtio_blk_new(&fixture->machine, "blk1", &options, 1);
	assert_non_null(other);
	virtio_device_free(other);
	/* One that does not share keeps out. */
	assert_false(opens(fixture, fixture->path, false));
	assert_false(opens(fixture, fixture->path, true));
	close_disk(fixture);
	assert_true(opens(fixture, fixture->path, false));
}

/* As in the guest's next life, where a process that was just started has the open file for a
 * moment more. */
static void a_disk_that_is_closed_is_free_at_once(void **state)
{
	struct fixture *fixture = *state;
	int ends[2];
	pid_t child;
	char byte;

	open_disk(fixture, (struct disk_options){0}, FEATURES);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0)
		_exit(read(ends[0], &byte, 1) == 1);
	close_disk(fixture);
	assert_true(opens(fixture, fixture->path, false));
	assert_int_equal(write(ends[1], "", 1), 1);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
#define TEST(name)	  cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_CLOSED(name) cmocka_unit_test_setup_teardown(name, setup_closed, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_read_brings_what_the_file_holds),
		TEST(a_read_reports_its_bytes_and_the_status_as_used),
		TEST(a_write_reaches_the_file_and_nothing_beside_it),
		TEST(the_last_sector_is_there_and_the_one_after_it_is_not),
		TEST(half_a_sector_is_an_error),
		TEST(the_driver_may_cut_its_buffers_anywhere),
		TEST(many_requests_on_two_queues_all_complete),
		TEST(the_serial_is_padded_with_zeros),
		TEST(an_unknown_request_is_unsupported),
		TEST(discarded_and_zeroed_ranges_read_as_zeros),
		TEST(ranges_that_break_the_rules_change_nothing),
		TEST_CLOSED(a_file_that_cannot_zero_gets_zeros_written),
		TEST(a_chain_without_header_or_status_breaks_the_device_until_reset),
		TEST(a_reset_returns_only_when_nothing_is_in_flight),
		TEST(a_disk_freed_with_requests_in_flight_leaks_and_crashes_nothing),
		TEST(a_file_that_is_cut_short_gives_errors_and_an_end),
		TEST(the_configuration_tells_size_and_limits),
		TEST_CLOSED(a_read_only_disk_says_so_and_refuses_writes),
		TEST_CLOSED(a_driver_without_flush_has_its_writes_synced),
		TEST_CLOSED(an_odd_tail_is_not_shown),
		TEST_CLOSED(direct_io_takes_buffers_of_any_alignment),
		TEST_CLOSED(what_is_no_disk_is_refused),
		TEST_CLOSED(an_image_in_another_format_is_refused_unless_raw),
		TEST_CLOSED(what_a_guest_has_written_ends_none_of_its_lives),
		TEST_CLOSED(a_disk_in_use_is_refused_unless_all_only_read),
		TEST_CLOSED(disks_that_are_shared_are_written_to_by_several),
		TEST_CLOSED(a_disk_that_is_closed_is_free_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
