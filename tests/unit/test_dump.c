/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a machine is dumped to. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/debug/dump.h"

#define PAGE  4096u
#define PAGES 2048u

static uint8_t ram[PAGES * PAGE];
static const struct guest_memory memory = {.base = 0x80000000, .size = sizeof(ram), .host = ram};
static const struct core_hart hart;
static const struct core core = {.memory = &memory, .harts = &hart, .hart_count = 1};
static char folder[32], path[64], why[DUMP_WHY_MAX];
static struct dump dump;

static int setup(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	strcpy(folder, "/tmp/vhart-dump.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/core", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void is_written(void)
{
	uint8_t *read_back = malloc(sizeof(ram));
	int fd = open(path, O_RDONLY);
	struct stat status;

	assert_non_null(read_back);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, PAGE + sizeof(ram));
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(dump.size, status.st_size);
	assert_int_equal(pread(fd, read_back, sizeof(ram), PAGE), sizeof(ram));
	assert_memory_equal(read_back, ram, sizeof(ram));
	close(fd);
	free(read_back);
}

static void pages_of_zeros_are_not_written(void **state)
{
	(void)state;
	ram[5 * PAGE + 4095] = 1;
	ram[6 * PAGE] = 2;
	ram[100 * PAGE + 7] = 3;
	assert_true(dump_write(path, &core, NULL, NULL, &dump, why));
	assert_int_equal(dump.written, 4 * PAGE);
	is_written();
}

static void nothing_but_zeros(void **state)
{
	(void)state;
	assert_true(dump_write(path, &core, NULL, NULL, &dump, why));
	assert_int_equal(dump.written, PAGE);
	is_written();
}

static void no_zeros(void **state)
{
	(void)state;
	memset(ram, 7, sizeof(ram));
	assert_true(dump_write(path, &core, NULL, NULL, &dump, why));
	assert_int_equal(dump.written, PAGE + sizeof(ram));
	is_written();
}

static void what_exists_stays(void **state)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_int_equal(write(fd, "evidence", 8), 8);
	close(fd);
	assert_false(dump_write(path, &core, NULL, NULL, &dump, why));
	assert_string_equal(why, "it exists, and is not written over");
	assert_int_equal(access(path, F_OK), 0);
	assert_false(dump_write("/tmp", &core, NULL, NULL, &dump, why));
	assert_false(dump_write("/dev/full", &core, NULL, NULL, &dump, why));
}

static void nowhere(void **state)
{
	(void)state;
	assert_false(dump_write("/nowhere/core", &core, NULL, NULL, &dump, why));
	assert_string_equal(why, "No such file or directory");
}

/* A limit of the process stands for a disk that is full: the errors come the same way. */
static void no_room(void **state)
{
	struct rlimit before, small;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 50 * PAGE, .rlim_max = before.rlim_max};
	memset(ram, 7, sizeof(ram));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(dump_write(path, &core, NULL, NULL, &dump, why));
	/* Only the end is too far. */
	memset(ram, 0, sizeof(ram));
	assert_false(dump_write(path, &core, NULL, NULL, &dump, why));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_string_equal(why, "File too large");
	assert_int_equal(access(path, F_OK), -1);
}

static bool stop(void *asked)
{
	++*(unsigned int *)asked;
	return false;
}

static void an_end_meanwhile(void **state)
{
	unsigned int asked = 0;

	(void)state;
	memset(ram, 7, sizeof(ram));
	assert_false(dump_write(path, &core, stop, &asked, &dump, why));
	assert_int_equal(asked, 1);
	assert_string_equal(why, "the machine ended meanwhile");
	assert_int_equal(access(path, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_of_zeros_are_not_written),
		TEST(nothing_but_zeros),
		TEST(no_zeros),
		TEST(what_exists_stays),
		TEST(nowhere),
		TEST(no_room),
		TEST(an_end_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
