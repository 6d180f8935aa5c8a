/* SPDX-License-Identifier: Apache-2.0 */
/* Which tests there are, what each is started with, and what is kept of its console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/board.h"
#include "base/exit_status.h"
#include "vmm/test/child.h"
#include "vmm/test/quarantine.h"
#include "vmm/test/suite.h"

struct elf {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
};

static struct elf make_elf(uint32_t type, uint64_t address)
{
	struct elf elf = {.header = {.e_type = ET_EXEC,
				     .e_machine = EM_RISCV,
				     .e_version = EV_CURRENT,
				     .e_phoff = sizeof(elf.header),
				     .e_ehsize = sizeof(elf.header),
				     .e_phentsize = sizeof(elf.segment),
				     .e_phnum = 1},
			  .segment = {.p_type = type, .p_paddr = address}};

	memcpy(elf.header.e_ident, ELFMAG, SELFMAG);
	elf.header.e_ident[EI_CLASS] = ELFCLASS64;
	elf.header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.header.e_ident[EI_VERSION] = EV_CURRENT;
	return elf;
}

static enum test_kind kind_of_elf(uint32_t type, uint64_t address, size_t len)
{
	const struct elf elf = make_elf(type, address);

	return test_kind("x", &elf, len);
}

static void kinds_by_their_bytes(void **state)
{
	char image[64] = {0};

	(void)state;
	assert_int_equal(kind_of_elf(PT_LOAD, MAP_RAM + 0x200000, sizeof(struct elf)), KIND_GUEST);
	assert_int_equal(kind_of_elf(PT_LOAD, 0x10000, sizeof(struct elf)), KIND_NO_TEST);
	assert_int_equal(kind_of_elf(PT_INTERP, MAP_RAM, sizeof(struct elf)), KIND_NO_TEST);
	assert_int_equal(kind_of_elf(PT_LOAD, MAP_RAM, sizeof(struct elf) - 1), KIND_NO_TEST);
	memcpy(image + 48, "RISCV\0\0\0RSC\x05", 12);
	assert_int_equal(test_kind("sbi.flat", image, sizeof(image)), KIND_GUEST);
	memcpy(image, "MZ", 2);
	assert_int_equal(test_kind("Image", image, sizeof(image)), KIND_NO_TEST);
	assert_int_equal(test_kind("x", "#!/bin/sh\n", 10), KIND_SHELL);
	assert_int_equal(test_kind("x", "#! /usr/bin/env bash", 20), KIND_SHELL);
	assert_int_equal(test_kind("x.sh", "#!/usr/bin/vhart script\n", 24), KIND_LUA);
	assert_int_equal(test_kind("x", "#!/usr/bin/python3\n", 19), KIND_NO_TEST);
	assert_int_equal(test_kind("x", "", 0), KIND_NO_TEST);
}

static void kinds_by_their_names(void **state)
{
	(void)state;
	assert_int_equal(test_kind("a/b.lua", "vm", 2), KIND_LUA);
	assert_int_equal(test_kind("b.sh", "exit 7", 6), KIND_SHELL);
	assert_int_equal(test_kind("b.flat", "\x13", 1), KIND_FIRMWARE);
	assert_int_equal(test_kind(".sh", "", 0), KIND_NO_TEST);
	assert_int_equal(test_kind("README.md", "# a", 3), KIND_NO_TEST);
}

static void words_are_cut_as_a_shell_does(void **state)
{
	static const char *const expected[] = {"--append", "foo \"bar", "--cpus", "2", "", "a b"};
	struct run_words words;

	(void)state;
	assert_true(run_words_split(
		" # a comment\n--append 'foo \"bar' --cpus\t2 # more\n\"\" a\\ b", &words));
	assert_int_equal(words.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(words.words[i], expected[i]);
	run_words_free(&words);
	assert_true(run_words_split("", &words));
	assert_int_equal(words.count, 0);
	assert_false(run_words_split("--append 'foo", &words));
	assert_null(words.words);
}

static void later_words_win(void **state)
{
	char *user[] = {(char[]){"--cpus=2"}, (char[]){"--disk"}, (char[]){"a"},
			(char[]){"--append"}, (char[]){"--cpus"}, (char[]){"--rng"}};
	char *own[] = {(char[]){"-c"}, (char[]){"4"}, (char[]){"--disk=b"}};
	static const char *const expected[] = {"--disk", "a", "--append", "--cpus", "--rng",
					       "--cpus", "4", "--disk",	  "b"};
	struct run_words words = {0};

	(void)state;
	run_words_add(&words, user, 6);
	run_words_add(&words, own, 3);
	assert_int_equal(words.count, 9);
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(words.words[i], expected[i]);
	assert_string_equal(run_words_value(&words, "--append"), "--cpus");
	assert_null(run_words_value(&words, "--memory"));
	run_words_drop(&words, "--disk");
	assert_int_equal(words.count, 5);
	assert_null(words.words[5]);
	run_words_free(&words);
}

static char *joined(const struct test_options *options, const struct test *test)
{
	static char text[512];
	struct run_words words;

	assert_true(child_words(options, test, 5, &words));
	*text = '\0';
	for (size_t i = 0; i < words.count; i++) {
		if (i > 0)
			strcat(text, "|");
		strcat(text, words.words[i]);
	}
	run_words_free(&words);
	return text;
}

static void each_kind_has_its_words(void **state)
{
	char *given[] = {(char[]){"--kernel"}, (char[]){"Image"}, (char[]){"--initrd=i"},
			 (char[]){"--memory"}, (char[]){"64M"}};
	struct test_options options = {.run_words = given, .run_word_count = 5, .timeout = 120};
	struct test test = {.name = (char[]){"a.elf"}, .kind = KIND_GUEST};

	(void)state;
	assert_string_equal(joined(&options, &test),
			    "vhart|run|--timeout|120|--on-reboot|exit|--memory|64M|--kernel|a.elf|"
			    "--result|/proc/self/fd/5");
	test.kind = KIND_SHELL;
	assert_string_equal(joined(&options, &test),
			    "vhart|run|--timeout|120|--on-reboot|exit|--kernel|Image|--initrd|i|"
			    "--memory|64M|--inject|a.elf:/run.sh|--append|quiet panic=-1|--result|"
			    "/proc/self/fd/5");
	options.run_word_count = 0;
	options.has_seed = true;
	test.seed = 7;
	test.kind = KIND_FIRMWARE;
	assert_string_equal(joined(&options, &test),
			    "vhart|run|--timeout|120|--on-reboot|exit|--firmware|a.elf|--result|"
			    "/proc/self/fd/5");
	test.kind = KIND_GUEST;
	assert_true(run_words_split("--append 'foo bar' --timeout 3", &test.words));
	assert_string_equal(joined(&options, &test),
			    "vhart|run|--on-reboot|exit|--timeout|3|--kernel|a.elf|--append|"
			    "foo bar seed=7|--result|/proc/self/fd/5");
	run_words_free(&test.words);
	test.kind = KIND_LUA;
	assert_string_equal(joined(&options, &test), "vhart|script|a.elf");
}

/* As vhart test does it. */
static int find(const struct test_options *options, struct suite *suite)
{
	int status = suite_find(options, suite);

	if (status == 0 && options->quarantine)
		status = quarantine_read(options->quarantine, suite);
	return status ? status : suite_select(options, suite);
}

static void write_text(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

/* A folder of its own, with some tests in it; the working folder. */
static int enter_folder(void **state)
{
	char *folder = strdup("/tmp/test-suite.XXXXXX");

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkdir("d", 0777), 0);
	assert_int_equal(mkdir("d/sub", 0777), 0);
	assert_int_equal(mkdir("empty", 0777), 0);
	write_text("d/c.lua", "");
	write_text("d/a.lua", "");
	write_text("d/b.sh", "");
	write_text("d/README", "");
	write_text("d/.hidden.lua", "");
	write_text("one.lua", "");
	write_text("one.lua.opts", "--cpus 2");
	*state = folder;
	return 0;
}

static int leave_folder(void **state)
{
	static const char *const files[] = {"d/c.lua", "d/a.lua", "d/b.sh",	  "d/README",
					    "d/sub",   "one.lua", "one.lua.opts", "d/.hidden.lua",
					    "d",       "q",	  "empty"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		remove(files[i]);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(*state), 0);
	free(*state);
	return 0;
}

static void assert_names(struct test_options *options, const char *expected)
{
	struct suite suite;
	char text[512] = "";

	assert_int_equal(find(options, &suite), 0);
	for (size_t i = 0; i < suite.count; i++) {
		strcat(text, suite.tests[i].name);
		strcat(text, suite.tests[i].skip ? "? " : " ");
	}
	assert_string_equal(text, expected);
	suite_free(&suite);
}

static void folders_give_their_tests(void **state)
{
	char *operands[] = {(char[]){"one.lua"}, (char[]){"d/"}, (char[]){"empty"}};
	struct test_options options = {
		.operands = operands, .operand_count = 3, .repeat = 1, .shard = 1, .shards = 1};
	struct suite suite;

	(void)state;
	/* A script that has no Linux to run in is skipped. */
	assert_names(&options, "one.lua d/a.lua d/b.sh? d/c.lua ");
	/* One that names its own is not. */
	write_text("d/b.sh.opts", "--memory 256M --kernel Image");
	assert_names(&options, "one.lua d/a.lua d/b.sh d/c.lua ");
	remove("d/b.sh.opts");
	options.repeat = 2;
	assert_names(&options, "one.lua d/a.lua d/b.sh? d/c.lua one.lua d/a.lua d/b.sh? d/c.lua ");
	options.operand_count = 1;
	assert_int_equal(find(&options, &suite), 0);
	assert_int_equal(suite.count, 2);
	assert_int_equal(suite.tests[1].run, 2);
	assert_string_equal(suite.tests[1].words.words[1], "2");
	suite_free(&suite);
}

static void what_is_wrong_is_refused(void **state)
{
	char *operands[] = {(char[]){"d/b.sh"}};
	struct test_options options = {
		.operands = operands, .operand_count = 1, .repeat = 1, .shard = 1, .shards = 1};
	struct suite suite;

	(void)state;
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
	operands[0] = (char[]){"d/README"};
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
	operands[0] = (char[]){"d/none.elf"};
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
	operands[0] = (char[]){"one.lua"};
	write_text("one.lua.opts", "--cups 2");
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
	write_text("one.lua.opts", "--result x");
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
	write_text("one.lua.opts", "--append 'x");
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
	write_text("one.lua.opts", "");
	write_text("q", "# known\n one.lua\n");
	options.quarantine = "q";
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
	options.quarantine = "no-such-file";
	assert_int_equal(find(&options, &suite), STATUS_USAGE);
	suite_free(&suite);
}

static void a_quarantine_has_reasons(void **state)
{
	char *operands[] = {(char[]){"one.lua"}, (char[]){"d"}};
	struct test_options options = {.operands = operands,
				       .operand_count = 2,
				       .quarantine = "q",
				       .repeat = 1,
				       .shard = 1,
				       .shards = 1};
	struct suite suite;

	(void)state;
	write_text("q", "# known\n\n one.lua   it is slow \nc.lua\tbroken\nnone.elf gone\n");
	assert_int_equal(find(&options, &suite), 0);
	assert_string_equal(suite.tests[0].quarantine, "it is slow ");
	assert_null(suite.tests[1].quarantine);
	assert_string_equal(suite.tests[3].quarantine, "broken");
	suite_free(&suite);
}

/* Every test is in one shard, the same in whatever company and from where ever it is named. */
static void shards_are_stable(void **state)
{
	unsigned int counts[4] = {0};
	char name[32];

	(void)state;
	assert_int_equal(suite_part("a/b.elf", 7), suite_part("b.elf", 7));
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "guest-%u.elf", i);
		const unsigned int part = suite_part(name, 4);
		assert_in_range(part, 1, 4);
		counts[part - 1]++;
	}
	for (unsigned int i = 0; i < 4; i++)
		assert_in_range(counts[i], 150, 350);
}

static void a_seed_is_an_order(void **state)
{
	char *operands[] = {(char[]){"one.lua"}, (char[]){"d"}};
	struct test_options options = {.operands = operands,
				       .operand_count = 2,
				       .has_seed = true,
				       .seed = 42,
				       .repeat = 3,
				       .shard = 1,
				       .shards = 1};
	struct suite first, second;
	unsigned int moved = 0;

	(void)state;
	assert_int_equal(find(&options, &first), 0);
	assert_int_equal(find(&options, &second), 0);
	assert_int_equal(first.count, 12);
	for (size_t i = 0; i < first.count; i++) {
		assert_string_equal(first.tests[i].name, second.tests[i].name);
		assert_int_equal(first.tests[i].seed, 42 + first.tests[i].run - 1);
	}
	suite_free(&second);
	options.seed = 43;
	assert_int_equal(find(&options, &second), 0);
	for (size_t i = 0; i < first.count; i++)
		moved += strcmp(first.tests[i].name, second.tests[i].name) != 0;
	assert_true(moved > 0);
	suite_free(&first);
	suite_free(&second);
}

static char *kept_text(const struct keep *keep, unsigned int lines)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (lines)
		keep_write_last(keep, lines, NULL, "> ", to);
	else
		keep_write(keep, to);
	fclose(to);
	return text;
}

static void the_end_of_a_console(void **state)
{
	struct keep *keep = calloc(1, sizeof(*keep));
	char *text;

	(void)state;
	text = kept_text(keep, 3);
	assert_string_equal(text, "");
	free(text);
	keep_add(keep, "one\r\ntwo\x1b[31m\r\nthree", 21);
	text = kept_text(keep, 2);
	assert_string_equal(text, "> two\\x1b[31m\n> three\n");
	free(text);
	keep_add(keep, "\n\n\n", 3);
	text = kept_text(keep, 1);
	assert_true(!strncmp(text, "> three\n", 8));
	free(text);
	free(keep);
}

static void a_flood_is_bounded(void **state)
{
	struct keep *keep = calloc(1, sizeof(*keep));
	char line[32], *text;

	(void)state;
	for (unsigned int i = 0; i < 300000; i++) {
		const int len = snprintf(line, sizeof(line), "line %u\n", i);
		keep_add(keep, line, (size_t)len);
	}
	text = kept_text(keep, 0);
	assert_true(strlen(text) < KEEP_HEAD + KEEP_TAIL + 100);
	assert_non_null(strstr(text, "line 0\n"));
	assert_non_null(strstr(text, "bytes are left out]"));
	assert_non_null(strstr(text, "line 299998\nline 299999\n"));
	free(text);
	text = kept_text(keep, 2);
	assert_string_equal(text, "> line 299998\n> line 299999\n");
	free(text);
	/* One line without an end. */
	for (unsigned int i = 0; i < 100000; i++)
		keep_add(keep, "xxxxxxx", 7);
	text = kept_text(keep, 5);
	assert_true(strlen(text) < 500);
	free(text);
	free(keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_by_their_bytes),
		cmocka_unit_test(kinds_by_their_names),
		cmocka_unit_test(words_are_cut_as_a_shell_does),
		cmocka_unit_test(later_words_win),
		cmocka_unit_test(each_kind_has_its_words),
		cmocka_unit_test_setup_teardown(folders_give_their_tests, enter_folder,
						leave_folder),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_refused, enter_folder,
						leave_folder),
		cmocka_unit_test_setup_teardown(a_quarantine_has_reasons, enter_folder,
						leave_folder),
		cmocka_unit_test_setup_teardown(a_seed_is_an_order, enter_folder, leave_folder),
		cmocka_unit_test(shards_are_stable),
		cmocka_unit_test(the_end_of_a_console),
		cmocka_unit_test(a_flood_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
