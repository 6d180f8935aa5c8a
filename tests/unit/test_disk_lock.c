/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps whom away from a disk. Each open file of this process stands for one of another. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/disk_lock.h"

#define USES  4u
#define OPENS 4u

struct fixture {
	char path[64];
	int fds[OPENS];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->path, "/tmp/vhart-lock-XXXXXX");
	fixture->fds[0] = mkstemp(fixture->path);
	for (unsigned int i = 1; i < OPENS; i++)
		fixture->fds[i] = open(fixture->path, O_RDWR | O_CLOEXEC);
	*state = fixture;
	return fixture->fds[0] < 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < OPENS; i++)
		close(fixture->fds[i]);
	unlink(fixture->path);
	free(fixture);
	return 0;
}

/* Rows came first. */
static const bool together[USES][USES] = {
	/*                      READ  WRITE  READ_SHARED WRITE_SHARED */
	[DISK_READ] = {true, false, true, false},
	[DISK_WRITE] = {false, false, true, false},
	[DISK_READ_SHARED] = {true, true, true, true},
	[DISK_WRITE_SHARED] = {false, false, true, true},
};

static void two_uses_go_together_or_not(void **state)
{
	struct fixture *fixture = *state;

	for (enum disk_use first = 0; first < USES; first++) {
		for (enum disk_use second = 0; second < USES; second++) {
			assert_int_equal(disk_lock(fixture->fds[0], first), 0);
			assert_int_equal(disk_lock(fixture->fds[1], second),
					 together[first][second] ? 0 : EAGAIN);
			disk_unlock(fixture->fds[0]);
			disk_unlock(fixture->fds[1]);
		}
	}
}

/* Against a model that knows the table only: whoever comes gets in if all who are there let it. */
static void any_number_that_come_and_go(void **state)
{
	struct fixture *fixture = *state;
	int held[OPENS] = {-1, -1, -1, -1};

	srand(12);
	for (unsigned int round = 0; round < 5000; round++) {
		const unsigned int who = (unsigned int)rand() % OPENS;
		const int use = rand() % (int)USES;
		bool good = true;

		if (held[who] >= 0) {
			disk_unlock(fixture->fds[who]);
			held[who] = -1;
			continue;
		}
		for (unsigned int i = 0; i < OPENS; i++)
			good &= held[i] < 0 || together[held[i]][use];
		assert_int_equal(disk_lock(fixture->fds[who], (enum disk_use)use),
				 good ? 0 : EAGAIN);
		held[who] = good ? use : -1;
	}
}

/* ---- QEMU's bytes: 100 + N for what is done, 200 + N for what others may not do ---- */

enum { READ, WRITE, UNCHANGED, RESIZE };

static void qemu_locks(int fd, int at)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
}

static bool qemu_sees(int fd, int at)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

	assert_int_equal(fcntl(fd, F_OFD_GETLK, &lock), 0);
	return lock.l_type != F_UNLCK;
}

static void qemu_sees_what_is_done_and_denied(void **state)
{
	struct fixture *fixture = *state;
	const int ours = fixture->fds[0], qemu = fixture->fds[1];

	assert_int_equal(disk_lock(ours, DISK_WRITE), 0);
	assert_true(qemu_sees(qemu, 100 + READ) && qemu_sees(qemu, 100 + WRITE));
	assert_true(qemu_sees(qemu, 200 + WRITE) && qemu_sees(qemu, 200 + RESIZE));
	assert_false(qemu_sees(qemu, 100 + RESIZE) || qemu_sees(qemu, 200 + READ));
	assert_false(qemu_sees(qemu, 100 + UNCHANGED) || qemu_sees(qemu, 200 + UNCHANGED));
	disk_unlock(ours);
	for (int at = 0; at < 300; at++)
		assert_false(qemu_sees(qemu, at));
	assert_int_equal(disk_lock(ours, DISK_READ), 0);
	assert_true(qemu_sees(qemu, 100 + READ) && qemu_sees(qemu, 200 + WRITE));
	assert_false(qemu_sees(qemu, 100 + WRITE) || qemu_sees(qemu, 200 + READ));
}

static void what_qemu_does_and_denies_counts(void **state)
{
	struct fixture *fixture = *state;
	const int ours = fixture->fds[0], qemu = fixture->fds[1];

	/* A disk that it reads. */
	qemu_locks(qemu, 100 + READ);
	qemu_locks(qemu, 200 + WRITE);
	assert_int_equal(disk_lock(ours, DISK_WRITE), EAGAIN);
	assert_int_equal(disk_lock(ours, DISK_WRITE_SHARED), EAGAIN);
	assert_int_equal(disk_lock(ours, DISK_READ), 0);
	disk_unlock(ours);
	/* One that it writes. */
	qemu_locks(qemu, 100 + WRITE);
	assert_int_equal(disk_lock(ours, DISK_READ), EAGAIN);
	assert_int_equal(disk_lock(ours, DISK_READ_SHARED), 0);
	disk_unlock(ours);
	/* qemu-img resize. */
	disk_unlock(qemu);
	qemu_locks(qemu, 100 + RESIZE);
	assert_int_equal(disk_lock(ours, DISK_READ), EAGAIN);
	/* Nothing of a refused one is left. */
	for (int at = 0; at < 300; at++)
		assert_false(at != 100 + RESIZE && qemu_sees(fixture->fds[2], at));
}

/* Who has only opened it for reading can lock it, for any use. */
static void a_file_that_is_only_read_can_be_locked(void **state)
{
	struct fixture *fixture = *state;
	int fd = open(fixture->path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(disk_lock(fd, DISK_READ), 0);
	assert_int_equal(disk_lock(fixture->fds[0], DISK_WRITE), EAGAIN);
	assert_int_equal(disk_lock(fixture->fds[0], DISK_READ), 0);
	close(fd);
}

static void locks_go_with_the_last_of_an_open_file_or_by_unlock(void **state)
{
	struct fixture *fixture = *state;
	int fd = open(fixture->path, O_RDWR | O_CLOEXEC), same = dup(fd);

	assert_int_equal(disk_lock(fd, DISK_WRITE), 0);
	close(fd);
	assert_int_equal(disk_lock(fixture->fds[0], DISK_WRITE), EAGAIN);
	disk_unlock(same);
	assert_int_equal(disk_lock(fixture->fds[0], DISK_WRITE), 0);
	close(same);
}

/* As on a file system without locks: it is told, and not as somebody's use. */
static void what_cannot_be_locked_is_told_apart(void **state)
{
	struct fixture *fixture = *state;
	int fd = open(fixture->path, O_PATH | O_CLOEXEC), result = disk_lock(fd, DISK_WRITE);

	assert_int_not_equal(result, 0);
	assert_int_not_equal(result, EAGAIN);
	close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(two_uses_go_together_or_not),
		TEST(any_number_that_come_and_go),
		TEST(qemu_sees_what_is_done_and_denied),
		TEST(what_qemu_does_and_denies_counts),
		TEST(a_file_that_is_only_read_can_be_locked),
		TEST(locks_go_with_the_last_of_an_open_file_or_by_unlock),
		TEST(what_cannot_be_locked_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
