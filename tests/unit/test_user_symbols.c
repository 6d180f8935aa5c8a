/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a guest's programs, in a folder that has its root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/symbols/made_elf.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "trace/record/user_symbols.h"

/* A folder, and what is in it. */
struct root {
	char path[64];
	struct user_symbols *users;
};

static void put_file(const struct root *root, const char *name, const void *bytes, size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static void drop_file(const struct root *root, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root->path, name);
	unlink(path);
}

static void drop_folder(const struct root *root, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root->path, name);
	rmdir(path);
}

static void put_text(const struct root *root, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/tmp", root->path);
	mkdir(path, 0700);
	put_file(root, name, text, strlen(text));
}

static int begin(void **state)
{
	static struct root root;
	struct made_elf elf;

	snprintf(root.path, sizeof(root.path), "/tmp/user-symbols.XXXXXX");
	assert_non_null(mkdtemp(root.path));
	root.users = user_symbols_new(root.path);
	assert_non_null(root.users);
	make_elf(&elf);
	put_file(&root, "program", &elf, sizeof(elf));
	messages_forget();
	*state = &root;
	return 0;
}

static int end(void **state)
{
	struct root *root = *state;

	user_symbols_free(root->users);
	drop_file(root, "program");
	drop_file(root, "bad");
	drop_file(root, "tmp/perf-7.map");
	drop_file(root, "tmp/perf-8.map");
	drop_file(root, "tmp/perf-9.map");
	drop_file(root, "tmp/perf-10.map");
	drop_folder(root, "tmp");
	return rmdir(root->path);
}

/* By where a function is in the file; nothing is linked to what is before and behind that. */
static void functions_are_found_by_their_place_in_the_file(void **state)
{
	struct root *root = *state;
	struct symbol_place place;

	assert_true(user_symbols_find(root->users, "/program", 4096 + 4, &place));
	assert_string_equal(place.name, "local");
	assert_int_equal(place.offset, 4);
	assert_true(user_symbols_find(root->users, "/program", 4096 + 16, &place));
	assert_string_equal(place.name, "global");
	assert_false(user_symbols_find(root->users, "/program", 4, &place));
	assert_false(user_symbols_find(root->users, "/program", 8192, &place));
	assert_int_equal(messages, 0);
}

static void files_without_names_are_said_once(void **state)
{
	struct root *root = *state;
	struct symbol_place place;
	char wanted[256];

	for (int i = 0; i < 3; i++)
		assert_false(user_symbols_find(root->users, "/missing", 4096, &place));
	snprintf(wanted, sizeof(wanted),
		 "--guestmount %s: /missing: No such file or directory: no names of it",
		 root->path);
	assert_string_equal(message, wanted);
	assert_int_equal(messages, 1);
}

/* A recording's paths may be anything. */
static void paths_do_not_lead_out(void **state)
{
	static const char *const paths[] = {"/../program", "..", "/a/..", "../x", "/a/../../b"};
	struct root *root = *state;
	struct symbol_place place;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		messages_forget();
		assert_false(user_symbols_find(root->users, paths[i], 4096, &place));
		assert_non_null(strstr(message, "is no path of a file"));
	}
	messages_forget();
	assert_false(user_symbols_find(root->users, "/..a/b..", 4096, &place));
	assert_null(strstr(message, "is no path of a file"));
}

static void damaged_files_have_no_names(void **state)
{
	struct root *root = *state;
	struct made_elf elf;

	make_elf(&elf);
	elf.header.e_phoff = UINT64_MAX;
	put_file(root, "bad", &elf, sizeof(elf));
	assert_false(user_symbols_find(root->users, "/bad", 4096, &(struct symbol_place){0}));
	assert_non_null(strstr(message, "/bad: is a truncated ELF file"));
}

static void what_a_process_made_is_its_own(void **state)
{
	struct root *root = *state;
	struct symbol_place place;

	put_text(root, "tmp/perf-7.map", "10000 40 of seven\n");
	put_text(root, "tmp/perf-8.map", "10000 20 of eight\n");
	assert_true(user_symbols_find_made(root->users, 7, 0x10004, &place));
	assert_string_equal(place.name, "of seven");
	assert_int_equal(place.offset, 4);
	assert_true(user_symbols_find_made(root->users, 8, 0x10004, &place));
	assert_string_equal(place.name, "of eight");
	assert_false(user_symbols_find_made(root->users, 8, 0x10020, &place));
	/* Hardly any has made code. */
	assert_false(user_symbols_find_made(root->users, 9, 0x10004, &place));
	assert_int_equal(messages, 0);
}

static void what_says_nothing_is_said_once(void **state)
{
	struct root *root = *state;
	struct symbol_place place;
	char link[128];

	put_text(root, "tmp/perf-9.map", "");
	for (int i = 0; i < 3; i++)
		assert_false(user_symbols_find_made(root->users, 9, 0x10004, &place));
	assert_non_null(strstr(message, "/tmp/perf-9.map: has no line \"address size name\""));
	assert_int_equal(messages, 1);
	/* The guest's link means what it means there. */
	put_text(root, "tmp/perf-8.map", "10000 20 of eight\n");
	snprintf(link, sizeof(link), "%s/tmp/perf-10.map", root->path);
	assert_int_equal(symlink("/tmp/perf-8.map", link), 0);
	assert_true(user_symbols_find_made(root->users, 10, 0x10004, &place));
	assert_string_equal(place.name, "of eight");
	snprintf(link, sizeof(link), "%s/tmp/perf-7.map", root->path);
	assert_int_equal(symlink("/proc/self/maps", link), 0);
	assert_false(user_symbols_find_made(root->users, 7, 0x10004, &place));
	assert_int_equal(messages, 1);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(functions_are_found_by_their_place_in_the_file),
		ROW(files_without_names_are_said_once),
		ROW(paths_do_not_lead_out),
		ROW(damaged_files_have_no_names),
		ROW(what_a_process_made_is_its_own),
		ROW(what_says_nothing_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
