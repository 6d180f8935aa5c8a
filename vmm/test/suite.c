/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"

#define OPTS_MOST 65536u

const char *suite_kind_name(enum test_kind kind)
{
	static const char *const names[] = {
		[KIND_NO_TEST] = "no test",	 [KIND_GUEST] = "guest",
		[KIND_FIRMWARE] = "flat binary", [KIND_LUA] = "Lua script",
		[KIND_SHELL] = "shell script",
	};

	return names[kind];
}

static const char *last_component(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* FNV-1a. */
unsigned int suite_part(const char *name, unsigned int parts)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (const char *at = last_component(name); *at; at++)
		hash = (hash ^ (uint8_t)*at) * 0x100000001b3ull;
	return (unsigned int)((hash ^ hash >> 32) % parts) + 1;
}

static int no_memory(void)
{
	error("no memory for the list of tests");
	return STATUS_NOT_RUN;
}

/* What a file is; errno when it cannot be read, else 0. */
static int look_at(const char *name, enum test_kind *kind)
{
	char *bytes = malloc(KIND_BYTES);
	const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat stat;
	ssize_t len = -1;
	int failed = bytes ? 0 : ENOMEM;

	*kind = KIND_NO_TEST;
	if (fd < 0 || fstat(fd, &stat) != 0)
		failed = errno;
	else if (bytes && S_ISREG(stat.st_mode))
		len = read(fd, bytes, KIND_BYTES);
	else if (!failed)
		len = 0;
	if (!failed && len < 0)
		failed = errno;
	if (!failed)
		*kind = test_kind(name, bytes, (size_t)len);
	if (fd >= 0)
		close(fd);
	free(bytes);
	return failed;
}

/* The side file NAME.opts, if there is one. */
static int read_side_file(struct test *test)
{
	char path[PATH_MAX];
	char *text;
	FILE *file;
	int status = 0;

	if (snprintf(path, sizeof(path), "%s.opts", test->name) >= (int)sizeof(path))
		return 0;
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return 0;
	text = calloc(1, OPTS_MOST + 1);
	if (!file || !text || (fread(text, 1, OPTS_MOST, file) == 0 && ferror(file))) {
		error("%s: %s", path, strerror(errno));
		status = STATUS_USAGE;
	} else if (!run_words_split(text, &test->words)) {
		error("%s: a quote in it has no end", path);
		status = STATUS_USAGE;
	} else if (!run_words_check(test->words.words, (int)test->words.count, path)) {
		status = STATUS_USAGE;
	}
	if (file)
		fclose(file);
	free(text);
	return status;
}

static int add_test(struct suite *suite, const char *name, enum test_kind kind)
{
	struct test *more = realloc(suite->tests, (suite->count + 1) * sizeof(*more));
	char *copy = strdup(name);

	if (more)
		suite->tests = more;
	if (!more || !copy) {
		free(copy);
		return no_memory();
	}
	more[suite->count] = (struct test){.name = copy, .kind = kind, .run = 1};
	return read_side_file(&more[suite->count++]);
}

static bool names_kernel(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp(words[i], "--kernel", 8))
			return true;
	return false;
}

/* A script that has no Linux to run in, of the user's words or its side file's. */
static bool lacks_linux(const struct test_options *options, const struct test *test)
{
	return test->kind == KIND_SHELL &&
	       !names_kernel(options->run_words, (size_t)options->run_word_count) &&
	       !names_kernel(test->words.words, test->words.count);
}

static int add_file(const struct test_options *options, struct suite *suite, const char *name)
{
	enum test_kind kind;
	const int failed = look_at(name, &kind);
	int status;

	if (failed) {
		error("%s: %s", name, strerror(failed));
		return STATUS_USAGE;
	}
	if (kind == KIND_NO_TEST) {
		error("%s is no test: expected a bare-metal ELF for riscv64, a flat binary (.flat, "
		      ".bin), a Lua script or a shell script (.lua, .sh, or #! in the first line)",
		      name);
		return STATUS_USAGE;
	}
	status = add_test(suite, name, kind);
	if (status == 0 && lacks_linux(options, &suite->tests[suite->count - 1])) {
		error("%s is a shell script, which takes a Linux guest to run in: add -- --kernel "
		      "FILE --initrd FILE",
		      name);
		return STATUS_USAGE;
	}
	return status;
}

static int add_of_folder(const struct test_options *options, struct suite *suite, const char *name)
{
	enum test_kind kind;
	const int failed = look_at(name, &kind);
	int status;

	/* It may have vanished since the folder was read. */
	if (failed == ENOENT)
		return 0;
	if (failed) {
		error("%s: %s", name, strerror(failed));
		return STATUS_USAGE;
	}
	if (kind == KIND_NO_TEST) {
		if (options->verbose)
			note("%s is passed over: it is no test", name);
		return 0;
	}
	status = add_test(suite, name, kind);
	if (status == 0 && lacks_linux(options, &suite->tests[suite->count - 1]))
		suite->tests[suite->count - 1].skip =
			"it takes a Linux guest: -- --kernel FILE --initrd FILE";
	return status;
}

/* Its files only, without hidden ones. */
static int is_wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_folder(const struct test_options *options, struct suite *suite, const char *folder)
{
	struct dirent **entries;
	const int count = scandir(folder, &entries, is_wanted, alphasort);
	const size_t before = suite->count;
	int status = 0;

	if (count < 0) {
		error("%s: %s", folder, strerror(errno));
		return STATUS_USAGE;
	}
	for (int i = 0; i < count; i++) {
		const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
		char name[PATH_MAX];
		struct stat stat_of;

		if (snprintf(name, sizeof(name), "%s%s%s", folder, slash, entries[i]->d_name) <
			    (int)sizeof(name) &&
		    (stat(name, &stat_of) != 0 || S_ISREG(stat_of.st_mode)) && !status)
			status = add_of_folder(options, suite, name);
		free(entries[i]);
	}
	free(entries);
	if (!status && suite->count == before)
		warning("%s: there is no test in this folder", folder);
	return status;
}

static bool is_folder(const char *name)
{
	struct stat stat_of;

	return stat(name, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

static void free_test(struct test *test)
{
	free(test->name);
	free(test->quarantine);
	run_words_free(&test->words);
}

static void keep_shard(const struct test_options *options, struct suite *suite)
{
	size_t kept = 0;

	for (size_t i = 0; i < suite->count; i++) {
		if (suite_part(suite->tests[i].name, options->shards) == options->shard)
			suite->tests[kept++] = suite->tests[i];
		else
			free_test(&suite->tests[i]);
	}
	suite->count = kept;
}

static bool copy_test(struct test *copy, const struct test *test, unsigned int run)
{
	*copy = (struct test){.kind = test->kind, .skip = test->skip, .run = run};
	copy->name = strdup(test->name);
	copy->quarantine = test->quarantine ? strdup(test->quarantine) : NULL;
	for (size_t i = 0; i < test->words.count; i++)
		run_words_set(&copy->words, test->words.words[i], NULL);
	return copy->name && !copy->words.failed && (copy->quarantine || !test->quarantine);
}

/* Each test so often; all of them once, then again. */
static int repeat(const struct test_options *options, struct suite *suite)
{
	const size_t once = suite->count;
	struct test *all;

	if (options->repeat == 1 || once == 0)
		return 0;
	if (once > SIZE_MAX / sizeof(*all) / options->repeat)
		return no_memory();
	all = realloc(suite->tests, once * options->repeat * sizeof(*all));
	if (!all)
		return no_memory();
	suite->tests = all;
	for (; suite->count < once * options->repeat; suite->count++)
		if (!copy_test(&all[suite->count], &all[suite->count % once],
			       (unsigned int)(suite->count / once) + 1)) {
			suite->count++;
			return no_memory();
		}
	return 0;
}

/* splitmix64: the same order from the same seed, wherever this is built. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void shuffle(const struct test_options *options, struct suite *suite)
{
	uint64_t state = options->seed;

	for (size_t i = 0; i < suite->count; i++)
		suite->tests[i].seed = options->seed + suite->tests[i].run - 1;
	for (size_t i = suite->count; i > 1; i--) {
		const size_t other = (size_t)(next_random(&state) % i);
		const struct test test = suite->tests[other];

		suite->tests[other] = suite->tests[i - 1];
		suite->tests[i - 1] = test;
	}
}

int suite_find(const struct test_options *options, struct suite *suite)
{
	int status = 0;

	*suite = (struct suite){0};
	for (size_t i = 0; i < options->operand_count && !status; i++) {
		const char *name = options->operands[i];

		status = is_folder(name) ? add_folder(options, suite, name)
					 : add_file(options, suite, name);
	}
	return status;
}

int suite_select(const struct test_options *options, struct suite *suite)
{
	keep_shard(options, suite);
	const int status = repeat(options, suite);

	if (!status && options->has_seed)
		shuffle(options, suite);
	return status;
}

void suite_free(struct suite *suite)
{
	for (size_t i = 0; i < suite->count; i++)
		free_test(&suite->tests[i]);
	free(suite->tests);
	*suite = (struct suite){0};
}
