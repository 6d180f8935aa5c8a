/* SPDX-License-Identifier: Apache-2.0 */
/* The command set of the flash, and the flash on the board with its file. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/cfi_flash.h"
#include "devices/devices.h"
#include "devices/flash_file.h"
#include "tests/unit/fixtures/fake_machine.h"

#define GPA	0x22000000ull
#define SECTORS 3u
#define LEN	(SECTORS * (uint64_t)CFI_FLASH_SECTOR)
#define READY	0x00800080u

struct fixture {
	struct machine machine;
	struct flash_file *file;
	struct flash *flash;
	char path[64];
};

static char folder[] = "/tmp/cfi_flash.XXXXXX";

static void make_file(const char *path, uint64_t len)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	assert_int_equal(pwrite(fd, "_FVH", 4, 40), 4);
	close(fd);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(fixture->path, sizeof(fixture->path), "%s/vars", folder);
	make_file(fixture->path, LEN);
	fake_machine_init(&fixture->machine, 1 << 20);
	fixture->file = flash_file_open("vars=", fixture->path);
	if (!fixture->file)
		return -1;
	fixture->flash = flash_new(&fixture->machine, GPA, fixture->file);
	return fixture->flash ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	flash_free(fixture->flash);
	flash_file_close(fixture->file);
	fake_machine_destroy(&fixture->machine);
	unlink(fixture->path);
	rmdir(folder);
	free(fixture);
	return 0;
}

/* ---- as a guest's driver does it ---- */

static uint32_t read32(struct fixture *fixture, uint64_t offset)
{
	return (uint32_t)fake_read(&fixture->machine, GPA + offset, 4);
}

static void write32(struct fixture *fixture, uint64_t offset, uint32_t value)
{
	fake_write(&fixture->machine, GPA + offset, 4, value);
}

/* To both chips. */
static void command(struct fixture *fixture, uint64_t offset, uint32_t code)
{
	write32(fixture, offset, code << 16 | code);
}

static uint32_t status(struct fixture *fixture)
{
	command(fixture, 0, 0x70);
	return read32(fixture, 0);
}

static void program(struct fixture *fixture, uint64_t offset, uint32_t value)
{
	command(fixture, offset, 0x40);
	write32(fixture, offset, value);
}

static void erase(struct fixture *fixture, uint64_t offset)
{
	command(fixture, offset, 0x20);
	command(fixture, offset, 0xd0);
}

static uint32_t in_file(const struct fixture *fixture, uint64_t offset)
{
	uint32_t value = 0;
	int fd = open(fixture->path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &value, sizeof(value), (off_t)offset), sizeof(value));
	close(fd);
	return value;
}

static void what_the_file_has_is_read_without_an_exit(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture->machine.rom_count, 1);
	assert_int_equal(read32(fixture, 40), 0x4856465f); /* _FVH */
	assert_int_equal(read32(fixture, LEN - 4), 0);
}

static void an_erase_sets_a_sector_and_no_more(void **state)
{
	struct fixture *fixture = *state;

	erase(fixture, CFI_FLASH_SECTOR + 0x1234);
	assert_int_equal(status(fixture), READY);
	command(fixture, 0, 0xff);
	assert_int_equal(read32(fixture, CFI_FLASH_SECTOR - 4), 0);
	assert_int_equal(read32(fixture, CFI_FLASH_SECTOR), 0xffffffff);
	assert_int_equal(read32(fixture, 2 * CFI_FLASH_SECTOR - 4), 0xffffffff);
	assert_int_equal(read32(fixture, 2 * CFI_FLASH_SECTOR), 0);
	assert_int_equal(in_file(fixture, 2 * CFI_FLASH_SECTOR - 4), 0xffffffff);
}

static void a_program_clears_bits_only(void **state)
{
	struct fixture *fixture = *state;

	erase(fixture, 0);
	program(fixture, 8, 0xfff0ffff);
	program(fixture, 8, 0x1234ffff);
	assert_int_equal(status(fixture), READY);
	command(fixture, 0, 0xff);
	assert_int_equal(read32(fixture, 8), 0x1230ffff);
	assert_int_equal(read32(fixture, 12), 0xffffffff);
	assert_int_equal(in_file(fixture, 8), 0x1230ffff);
}

static void a_buffer_is_programmed_when_it_is_confirmed(void **state)
{
	struct fixture *fixture = *state;

	erase(fixture, 0);
	command(fixture, 256, 0xe8);
	assert_int_equal(read32(fixture, 256), READY);
	command(fixture, 256, CFI_FLASH_WRITES - 1);
	for (uint32_t i = 0; i < CFI_FLASH_WRITES; i++)
		write32(fixture, 256 + 4 * i, i);
	assert_int_equal(in_file(fixture, 256 + 4), 0xffffffff);
	command(fixture, 0, 0xd0);
	assert_int_equal(status(fixture), READY);
	for (uint32_t i = 0; i < CFI_FLASH_WRITES; i++)
		assert_int_equal(in_file(fixture, 256 + 4 * i), i);
	assert_int_equal(in_file(fixture, 256 + 128), 0xffffffff);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static void a_broken_sequence_changes_nothing_and_shows_in_the_status(void **state)
{
	struct fixture *fixture = *state;

	erase(fixture, 0);
	/* An erase that is not confirmed. */
	command(fixture, CFI_FLASH_SECTOR, 0x20);
	command(fixture, CFI_FLASH_SECTOR, 0x70);
	assert_int_equal(read32(fixture, 0), READY | 0x00300030);
	command(fixture, 0, 0x50);
	assert_int_equal(status(fixture), READY);
	/* More than the buffer holds. */
	command(fixture, 0, 0xe8);
	command(fixture, 0, CFI_FLASH_WRITES);
	assert_int_equal(read32(fixture, 0), READY | 0x00300030);
	command(fixture, 0, 0x50);
	/* Elsewhere than the first. */
	command(fixture, 0, 0xe8);
	command(fixture, 0, 1);
	write32(fixture, 0, 0);
	write32(fixture, CFI_FLASH_BUFFER, 0);
	assert_int_equal(read32(fixture, 0), READY | 0x00300030);
	command(fixture, 0, 0x50);
	/* Over its end. */
	command(fixture, 0, 0xe8);
	command(fixture, 0, 0);
	write32(fixture, CFI_FLASH_BUFFER - 2, 0);
	assert_int_equal(read32(fixture, 0), READY | 0x00300030);
	command(fixture, 0, 0x50);
	/* Not confirmed. */
	command(fixture, 0, 0xe8);
	command(fixture, 0, 0);
	write32(fixture, 0, 0);
	command(fixture, 0, 0x40);
	assert_int_equal(read32(fixture, 0), READY | 0x00300030);
	assert_int_equal(fixture->machine.guest_errors, 5);
	command(fixture, 0, 0xff);
	assert_int_equal(read32(fixture, 0), 0xffffffff);
	assert_int_equal(read32(fixture, CFI_FLASH_SECTOR), 0);
	/* And an unknown command leads back to the bytes. */
	command(fixture, 0, 0x33);
	assert_int_equal(fixture->machine.guest_errors, 6);
	assert_int_equal(read32(fixture, 0), 0xffffffff);
}

static void it_says_what_it_is(void **state)
{
	struct fixture *fixture = *state;

	command(fixture, 0, 0x90);
	assert_int_equal(read32(fixture, 0), 0x00890089);
	assert_int_equal(read32(fixture, 4), 0x00180018);
	/* No sector is locked, also not by who asks for it. */
	assert_int_equal(read32(fixture, CFI_FLASH_SECTOR + 8), 0);
	command(fixture, 0, 0x60);
	command(fixture, 0, 0x01);
	assert_int_equal(status(fixture), READY);
	command(fixture, 0, 0x98);
	assert_int_equal(read32(fixture, 4 * 0x10), 0x00510051);
	assert_int_equal(read32(fixture, 4 * 0x11), 0x00520052);
	assert_int_equal(read32(fixture, 4 * 0x12), 0x00590059);
	assert_int_equal(read32(fixture, 4 * 0x13), 0x00010001);
	/* Sectors of half their length in each chip: 3, of 0x200 times 256 bytes. */
	assert_int_equal(read32(fixture, 4 * 0x2d), 0x00020002);
	assert_int_equal(read32(fixture, 4 * 0x2f), 0);
	assert_int_equal(read32(fixture, 4 * 0x30), 0x00020002);
	assert_int_equal(read32(fixture, 4 * 0x1000), 0);
	command(fixture, 0, 0xff);
	assert_int_equal(read32(fixture, 40), 0x4856465f);
}

static void it_is_mapped_again_when_it_is_read_much(void **state)
{
	struct fixture *fixture = *state;
	unsigned int maps;

	program(fixture, 0, 0);
	assert_int_equal(fixture->machine.rom_count, 0);
	command(fixture, 0, 0xff);
	/* A word, and the next write. */
	for (unsigned int i = 0; i < 15; i++)
		read32(fixture, 4 * i);
	maps = fixture->machine.rom_maps;
	assert_int_equal(fixture->machine.rom_count, 0);
	assert_int_equal(read32(fixture, 40), 0x4856465f);
	assert_int_equal(fixture->machine.rom_count, 1);
	assert_int_equal(fixture->machine.rom_maps, maps + 1);
	/* The status is not among its bytes. */
	command(fixture, 0, 0x70);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(read32(fixture, 0), READY);
	assert_int_equal(fixture->machine.rom_count, 0);
}

static void a_host_that_maps_it_no_more_costs_exits_alone(void **state)
{
	struct fixture *fixture = *state;

	program(fixture, 0, 0);
	command(fixture, 0, 0xff);
	fixture->machine.roms_refused = true;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(read32(fixture, 40), 0x4856465f);
	fixture->machine.roms_refused = false;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(read32(fixture, 40), 0x4856465f);
	assert_int_equal(fixture->machine.rom_count, 1);
}

static void what_cannot_be_saved_is_an_error_and_tried_again(void **state)
{
	struct fixture *fixture = *state;
	int good = fixture->file->fd;

	erase(fixture, 0);
	fixture->file->fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	program(fixture, 8, 1);
	assert_int_equal(read32(fixture, 0), READY | 0x00300030);
	close(fixture->file->fd);
	fixture->file->fd = good;
	command(fixture, 0, 0x50);
	program(fixture, 64, 2);
	assert_int_equal(status(fixture), READY);
	assert_int_equal(in_file(fixture, 8), 1);
	assert_int_equal(in_file(fixture, 64), 2);
}

static void a_new_life_finds_what_the_last_one_left(void **state)
{
	struct fixture *fixture = *state;

	erase(fixture, 0);
	program(fixture, 0, 0x12345678);
	command(fixture, 0, 0x90);
	flash_free(fixture->flash);
	fixture->flash = flash_new(&fixture->machine, GPA, fixture->file);
	assert_non_null(fixture->flash);
	assert_int_equal(read32(fixture, 0), 0x12345678);
}

static void one_that_is_read_only_stays_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	uint8_t code[5000];
	struct flash *flash;

	memset(code, 0x13, sizeof(code));
	flash = flash_new_read_only(&fixture->machine, 0x20000000, code, sizeof(code));
	assert_non_null(flash);
	assert_int_equal(fake_read(&fixture->machine, 0x20000000 + 4992, 8), 0x1313131313131313);
	assert_int_equal(fake_read(&fixture->machine, 0x20000000 + 5000, 8), 0);
	assert_int_equal(fake_read(&fixture->machine, 0x20000000 + CFI_FLASH_SECTOR - 8, 8), 0);
	fake_write(&fixture->machine, 0x20000000, 4, 0x00200020);
	fake_write(&fixture->machine, 0x20000000, 4, 0x00d000d0);
	assert_int_equal(fixture->machine.guest_errors, 2);
	assert_int_equal(fixture->machine.rom_count, 2);
	assert_int_equal(fake_read(&fixture->machine, 0x20000000, 1), 0x13);
	flash_free(flash);
}

static void a_file_that_is_none_of_a_flash_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char path[64];

	snprintf(path, sizeof(path), "%s/other", folder);
	assert_null(flash_file_open("vars=", path));
	assert_null(flash_file_open("vars=", folder));
	/* By itself it is in use. */
	assert_null(flash_file_open("vars=", fixture->path));
	for (unsigned int i = 0; i < 4; i++) {
		static const uint64_t lens[] = {100, CFI_FLASH_SECTOR - 1, LEN + 1,
						FLASH_MAX + CFI_FLASH_SECTOR};

		make_file(path, lens[i]);
		assert_null(flash_file_open("vars=", path));
	}
	make_file(path, FLASH_MAX);
	struct flash_file *most = flash_file_open("vars=", path);
	assert_non_null(most);
	flash_file_close(most);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(flash_file_open("vars=", path));
	unlink(path);
}

/* Against a model that knows sectors, words and nothing of the sequences. */
static void no_write_of_a_guest_sets_a_bit_outside_an_erase(void **state)
{
	struct fixture *fixture = *state;
	uint8_t *before = malloc(LEN);
	uint32_t seed = 1;

	assert_non_null(before);
	erase(fixture, 0);
	for (unsigned int i = 0; i < 300; i++) {
		static const uint8_t codes[] = {0xff, 0x70, 0x50, 0x90, 0x98, 0x40, 0x10,
						0x20, 0xd0, 0xe8, 0x60, 0x01, 0x1f, 0x00};
		const uint8_t *after = fixture->file->bytes;
		uint64_t from = 0, to = LEN;

		memcpy(before, fixture->file->bytes, LEN);
		seed = seed * 1103515245u + 12345u;
		command(fixture, seed % LEN & ~3ull, codes[(seed >> 16) % sizeof(codes)]);
		while (from < LEN && before[from] == after[from])
			from++;
		while (to > from && before[to - 1] == after[to - 1])
			to--;
		if (to - from <= CFI_FLASH_BUFFER) {
			for (uint64_t at = from; at < to; at++)
				assert_int_equal(after[at] & ~before[at], 0);
			continue;
		}
		assert_int_equal(from / CFI_FLASH_SECTOR, (to - 1) / CFI_FLASH_SECTOR);
		for (uint64_t at = from; at < to; at++)
			assert_int_equal(after[at], 0xff);
	}
	free(before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_the_file_has_is_read_without_an_exit),
		TEST(an_erase_sets_a_sector_and_no_more),
		TEST(a_program_clears_bits_only),
		TEST(a_buffer_is_programmed_when_it_is_confirmed),
		TEST(a_broken_sequence_changes_nothing_and_shows_in_the_status),
		TEST(it_says_what_it_is),
		TEST(it_is_mapped_again_when_it_is_read_much),
		TEST(a_host_that_maps_it_no_more_costs_exits_alone),
		TEST(what_cannot_be_saved_is_an_error_and_tried_again),
		TEST(a_new_life_finds_what_the_last_one_left),
		TEST(one_that_is_read_only_stays_as_it_is),
		TEST(a_file_that_is_none_of_a_flash_is_refused),
		TEST(no_write_of_a_guest_sets_a_bit_outside_an_erase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
