/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that serve devices: what each is told, what is refused before, what of it is said.
 */
#include <arpa/inet.h>
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
#include "vmm/run/backend_programs.h"
#include "vmm/run/confine.h"

static struct config config;
static struct config_backend *const backend = &config.backends[0];
static struct config_disk *const disk = &config.disks[0];
static struct backend_arguments arguments;

static int setup(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.cpus = 1;
	arguments = (struct backend_arguments){.count = 1, .words = {"program"}};
	return 0;
}

/* Behind the program's path; WORDS ends with NULL. */
static void expect_arguments(const char *sandbox, const char *const *words)
{
	const struct backend_program *program = backend_program_of(backend);
	unsigned int count = 1;

	assert_non_null(program);
	assert_true(program->arguments(&config, backend, sandbox, &arguments));
	for (; words[count - 1]; count++)
		assert_string_equal(arguments.words[count], words[count - 1]);
	assert_int_equal(arguments.count, count);
	assert_null(arguments.words[count]);
}

static void virtiofsd_cannot_make_the_whole_root_its_new_root(void **state)
{
	const struct backend_program *program;
	const char *weaker;

	(void)state;
	*backend = (struct config_backend){.type = "fs", .share = "/usr"};
	program = backend_program_of(backend);
	assert_string_equal(program->sandbox(backend, 0), "namespace");
	weaker = program->sandbox(backend, 1);
	assert_string_equal(weaker, geteuid() == 0 ? "chroot" : "none");
	backend->share = "/usr/..";
	assert_string_equal(program->sandbox(backend, 0), weaker);
	assert_null(program->sandbox(backend, geteuid() == 0 ? 2 : 1));
}

static void virtiofsd_is_told_of_its_folder(void **state)
{
	static const char *const words[] = {"--fd=3",
					    "--shared-dir",
					    "a b",
					    "--sandbox",
					    "chroot",
					    "--log-level=error",
					    "--readonly",
					    "--no-announce-submounts",
					    "--cache=always",
					    NULL};

	(void)state;
	*backend = (struct config_backend){
		.type = "fs", .share = "a b", .read_only = true, .root = true};
	expect_arguments("chroot", words);
	assert_string_equal(backend_option_of(backend), "--root");
	assert_string_equal(backend_subject_of(&config, backend), "a b");
	assert_string_equal(backend_program_of(backend)->gist("[2026-01-01T00:00:00Z ERROR v] w"),
			    "w");
	assert_string_equal(backend_program_of(backend)->gist("no time"), "no time");
}

static void storage_is_told_of_its_disk(void **state)
{
	static const char *const words[] = {
		"--blockdev",
		"driver=qcow2,file.driver=file,file.filename=d,read-only=off,cache.direct=off,"
		"discard=unmap,node-name=disk",
		"--export",
		"type=vhost-user-blk,id=export,addr.type=fd,addr.str=3,writable=on,num-queues=1,"
		"node-name=disk",
		NULL};

	(void)state;
	*backend = (struct config_backend){.type = "blk"};
	*disk = (struct config_disk){.path = "d", .format = "qcow2"};
	expect_arguments("landlock", words);
	assert_string_equal(backend_option_of(backend), "disk");
	assert_string_equal(backend_subject_of(&config, backend), "d");
	assert_int_not_equal(backend_program_of(backend)->end_signal, 0);
}

static void expect_passt(const char *const *words)
{
	*backend = (struct config_backend){.type = "net"};
	expect_arguments("its own", words);
}

static void passt_forwards_nothing_unasked(void **state)
{
	static const char *const words[] = {
		"--vhost-user", "--foreground", "--quiet", "--fd", "3", NULL};

	(void)state;
	expect_passt(words);
	assert_string_equal(backend_option_of(backend), "--net");
	assert_string_equal(backend_subject_of(&config, backend), "passt");
	assert_true(backend_program_of(backend)->connected);
	assert_string_equal(backend_program_of(backend)->gist("[a] b: --c: d"), "[a] b: --c: d");
}

static void passt_is_told_of_forwards_in_its_words(void **state)
{
	static const char *const words[] = {"--vhost-user",
					    "--foreground",
					    "--quiet",
					    "--fd",
					    "3",
					    "--mtu",
					    "9000",
					    "--tcp-ports",
					    "127.0.0.1/2222:22",
					    "--udp-ports",
					    "0.0.0.0/53:5353",
					    NULL};

	(void)state;
	config.nets[0] = (struct config_net){
		.passt = true,
		.mtu = 9000,
		.forwards = {{.host.s_addr = htonl(INADDR_LOOPBACK),
			      .host_port = 2222,
			      .guest_port = 22},
			     {.udp = true, .host_port = 53, .guest_port = 5353}},
		.forward_count = 2,
	};
	expect_passt(words);
}

/* The most of everything, in its longest form. */
static void there_is_room_for_all_forwards(void **state)
{
	struct config_net *net = &config.nets[0];

	(void)state;
	*net = (struct config_net){
		.passt = true, .mtu = 65521, .forward_count = CONFIG_MAX_FORWARDS};
	for (unsigned int i = 0; i < CONFIG_MAX_FORWARDS; i++)
		net->forwards[i] = (struct net_forward){.udp = true,
							.host.s_addr = UINT32_MAX,
							.host_port = UINT16_MAX,
							.guest_port = UINT16_MAX};
	*backend = (struct config_backend){.type = "net"};
	assert_true(backend_program_of(backend)->arguments(&config, backend, "", &arguments));
	assert_string_equal(arguments.words[arguments.count - 1], "255.255.255.255/65535:65535");
}

static void the_gist_is_without_what_was_told(void **state)
{
	static const char *const rows[][2] = {
		{"/usr/bin/q: --blockdev driver=qcow2,file.filename=a: b,node-name=disk: Could not "
		 "open 'a: b': No such file or directory",
		 "Could not open 'a: b': No such file or directory"},
		{"q: --export type=vhost-user-blk,node-name=disk: reason", "reason"},
		{"q: vu_panic: words", "q: vu_panic: words"},
		{"", ""},
		{"q: --", "q: --"},
	};

	(void)state;
	*backend = (struct config_backend){.type = "blk"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(backend_program_of(backend)->gist(rows[i][0]), rows[i][1]);
}

static void whoever_listens_is_no_program(void **state)
{
	(void)state;
	*backend = (struct config_backend){.type = "blk", .socket = "s"};
	assert_null(backend_program_of(backend));
}

/* ---- what is refused ---- */

static int make_image(char path[64], const char *end, const char *magic, size_t len)
{
	int fd;

	snprintf(path, 64, "/tmp/vhart-image-XXXXXX%s", end);
	fd = mkstemps(path, (int)strlen(end));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, magic, len), len);
	assert_int_equal(ftruncate(fd, 65536), 0);
	return fd;
}

static bool check(const char *path, const char *format, bool by_name)
{
	*backend = (struct config_backend){.type = "blk"};
	*disk = (struct config_disk){.path = path, .format = format, .by_name = by_name};
	return backend_program_of(backend)->check(&config, backend, false);
}

static void a_name_that_lies_is_refused(void **state)
{
	static const struct {
		const char *end, *magic;
		size_t len;
		const char *format;
		bool good;
	} rows[] = {
		{".qcow2", "QFI\xfb\0\0\0\3", 8, "qcow2", true},
		{".qcow2", "QFI\xfb\0\0\0\1", 8, "qcow2", false},
		{".qcow2", "", 0, "qcow2", false},
		{".qcow2", "\x1f\x8b\x08", 3, "qcow2", false},
		{".vmdk", "# Disk DescriptorFile", 21, "vmdk", true},
		{".vmdk", "vhdxfile", 8, "vmdk", false},
		{".vhd", "conectix", 8, "vpc", true},
		{".vhd", "", 0, "vpc", true},
		{".vhd", "vhdxfile", 8, "vpc", false},
	};
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		close(make_image(path, rows[i].end, rows[i].magic, rows[i].len));
		assert_int_equal(check(path, rows[i].format, true), rows[i].good);
		/* A guest may have written it since. */
		assert_true(backend_program_of(backend)->check(&config, backend, true));
		/* What format= says is the user's word: qemu-storage-daemon says what it is. */
		assert_true(check(path, rows[i].format, false));
		unlink(path);
		assert_false(check(path, rows[i].format, false));
	}
}

static void an_image_in_use_is_refused_and_left_free(void **state)
{
	char path[64];
	int fd = make_image(path, "", "QFI\xfb\0\0\0\3", 8);

	(void)state;
	assert_int_equal(disk_lock(fd, DISK_READ), 0);
	assert_false(check(path, "qcow2", false));
	disk_unlock(fd);
	assert_true(check(path, "qcow2", false));
	assert_int_equal(disk_lock(fd, DISK_WRITE), 0);
	assert_false(check(path, "qcow2", false));
	close(fd);
	unlink(path);
}

/* The rules can be made of any image, also of one that names what is not there, or itself. */
static void an_image_is_confined_to_its_files(void **state)
{
	char path[64], name[80];
	uint8_t place[12] = {0, 0, 0, 0, 0, 0, 0, 112};
	int fd = make_image(path, "", "QFI\xfb\0\0\0\3", 8), rules;

	(void)state;
	if (!confine_can()) {
		close(fd);
		unlink(path);
		skip();
	}
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s%s", path, i ? "" : ".none");
		place[11] = (uint8_t)strlen(name);
		assert_int_equal(pwrite(fd, place, sizeof(place), 8), sizeof(place));
		assert_int_equal(pwrite(fd, name, strlen(name), 112), strlen(name));
		assert_true(check(path, "qcow2", false));
		rules = backend_program_of(backend)->confine(&config, backend);
		assert_true(rules >= 0);
		close(rules);
	}
	close(fd);
	unlink(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(virtiofsd_cannot_make_the_whole_root_its_new_root),
		TEST(virtiofsd_is_told_of_its_folder),
		TEST(storage_is_told_of_its_disk),
		TEST(passt_forwards_nothing_unasked),
		TEST(passt_is_told_of_forwards_in_its_words),
		TEST(there_is_room_for_all_forwards),
		TEST(the_gist_is_without_what_was_told),
		TEST(whoever_listens_is_no_program),
		TEST(a_name_that_lies_is_refused),
		TEST(an_image_in_use_is_refused_and_left_free),
		TEST(an_image_is_confined_to_its_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
