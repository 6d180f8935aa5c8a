/* SPDX-License-Identifier: Apache-2.0 */
/* A file that another process's command line names; as root also that of another user. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/guest/foreign_file.h"

#define KERNEL_SIZE 200000u
#define LIMIT	    (1u << 20)
#define NOBODY	    65534u

static char folder[64], message[IMAGE_MESSAGE_MAX];

static char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *magic, size_t magic_at, off_t size, mode_t mode)
{
	int fd = open(in_folder(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(pwrite(fd, magic, strlen(magic), (off_t)magic_at), strlen(magic));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int make_files(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/foreign.XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
	put("kernel", "RSC\x05", 56, KERNEL_SIZE, 0644);
	put("secret", "RSC\x05", 56, KERNEL_SIZE, 0600);
	put("large", "RSC\x05", 56, LIMIT + 1, 0644);
	put("text", "what is this", 0, 100, 0644);
	put("tiny", "\177ELF", 0, 4, 0644);
	assert_int_equal(mkfifo(in_folder("fifo"), 0666), 0);
	assert_int_equal(symlink("fifo", in_folder("link")), 0);
	assert_int_equal(symlink("/kernel", in_folder("rooted")), 0);
	return 0;
}

static int remove_files(void **state)
{
	static const char *const names[] = {"kernel", "secret", "large", "text",
					    "tiny",   "fifo",	"link",	 "rooted"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_folder(names[i]));
	return rmdir(folder);
}

/* A process of user UID whose working directory, and root if ROOTED, is the folder. */
static pid_t start_other(uid_t uid, bool rooted)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		bool good =
			chdir(folder) == 0 && (!rooted || chroot(".") == 0) &&
			(!uid || (setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0));

		/* A test that fails leaves nothing behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (good && write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_other(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool loads(pid_t pid, const char *path)
{
	struct blob file;
	bool good;

	message[0] = '\0';
	good = foreign_file_load(pid, path, LIMIT, &file, message);
	if (good)
		assert_int_equal(file.len, KERNEL_SIZE);
	assert_true(good ? !memcmp(file.bytes + 56, "RSC\x05", 4) : message[0] != '\0');
	blob_free(&file);
	return good;
}

static void refuses(pid_t pid, const char *path, const char *why)
{
	assert_false(loads(pid, path));
	assert_string_equal(message, why);
}

static void names_are_from_its_working_directory(void **state)
{
	pid_t pid = start_other(0, false);

	(void)state;
	assert_true(loads(pid, "kernel"));
	assert_true(loads(pid, "././kernel"));
	assert_true(loads(pid, in_folder("kernel")));
	refuses(pid, "missing", "No such file or directory");
	end_other(pid);
}

/* Opened it would hang, or start something: a reader of the fifo would let a writer in. */
static void what_is_no_regular_file_is_not_opened(void **state)
{
	pid_t pid = start_other(0, false);

	(void)state;
	refuses(pid, "fifo", "is no regular file");
	refuses(pid, "link", "is no regular file");
	refuses(pid, ".", "is no regular file");
	refuses(pid, "/dev/zero", "is no regular file");
	refuses(0, "/dev/zero", "is no regular file");
	assert_int_equal(open(in_folder("fifo"), O_WRONLY | O_NONBLOCK), -1);
	assert_int_equal(errno, ENXIO);
	end_other(pid);
}

static void what_is_no_kernel_is_not_read(void **state)
{
	pid_t pid = start_other(0, false);

	(void)state;
	refuses(pid, "text", "is no kernel");
	refuses(pid, "tiny", "is no kernel");
	refuses(pid, "large", "has more than 1 MiB");
	end_other(pid);
}

/* What another process has open is reached by no name of /proc. */
static void links_of_proc_lead_nowhere(void **state)
{
	pid_t pid = start_other(0, false);
	int fd = open(in_folder("kernel"), O_RDONLY);
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	assert_false(loads(pid, path));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_false(loads(pid, path));
	close(fd);
	end_other(pid);
}

static void a_process_that_is_gone_has_none(void **state)
{
	(void)state;
	refuses(0x7fffffff, "kernel", "No such file or directory");
}

static void root_reads_with_the_rights_of_the_other_user(void **state)
{
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = start_other(NOBODY, false);
	assert_true(loads(pid, "kernel"));
	refuses(pid, "secret", "Permission denied");
	refuses(pid, in_folder("secret"), "Permission denied");
	end_other(pid);
	pid = start_other(0, false);
	assert_true(loads(pid, "secret"));
	end_other(pid);
}

static void names_are_in_its_root(void **state)
{
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = start_other(NOBODY, true);
	assert_true(loads(pid, "/kernel"));
	assert_true(loads(pid, "kernel"));
	assert_true(loads(pid, "../../kernel"));
	assert_true(loads(pid, "rooted"));
	assert_true(loads(pid, "/rooted"));
	refuses(pid, "/secret", "Permission denied");
	refuses(pid, in_folder("kernel"), "No such file or directory");
	end_other(pid);
}

static void status_says_whose_a_process_is(void **state)
{
	struct foreign_user user;
	char many[FOREIGN_GROUPS * 5 + 200] = "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t";

	(void)state;
	assert_true(foreign_user_read("Name:\tUid:\t9\nUid:\t1000\t0\t0\t0\nGid:\t100\t0\t0\t0\n"
				      "FDSize:\t64\nGroups:\t4 24 100 \nNStgid:\t5\n",
				      &user));
	assert_int_equal(user.uid, 1000);
	assert_int_equal(user.gid, 100);
	assert_int_equal(user.group_count, 3);
	assert_int_equal(user.groups[2], 100);
	assert_true(foreign_user_read("Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t\nx", &user));
	assert_int_equal(user.group_count, 0);
	for (size_t i = 0; i < FOREIGN_GROUPS + 10; i++)
		strcat(many, "77 ");
	assert_true(foreign_user_read(many, &user));
	assert_int_equal(user.group_count, FOREIGN_GROUPS);
	assert_false(foreign_user_read("", &user));
	assert_false(foreign_user_read("Uid:\tx\nGid:\t1\nGroups:\t", &user));
	assert_false(foreign_user_read("Uid:\t1\nGid:\t1\n", &user));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_from_its_working_directory),
		cmocka_unit_test(what_is_no_regular_file_is_not_opened),
		cmocka_unit_test(what_is_no_kernel_is_not_read),
		cmocka_unit_test(links_of_proc_lead_nowhere),
		cmocka_unit_test(a_process_that_is_gone_has_none),
		cmocka_unit_test(root_reads_with_the_rights_of_the_other_user),
		cmocka_unit_test(names_are_in_its_root),
		cmocka_unit_test(status_says_whose_a_process_is),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
