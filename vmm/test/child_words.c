/* SPDX-License-Identifier: Apache-2.0 */
/* What a test is started with. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/test/child.h"

/* Linux's own reset after a panic would be the guest's. */
static const char append_of_script[] = "quiet panic=-1";

static void add_seed(struct run_words *words, uint64_t seed)
{
	const char *given = run_words_value(words, "--append");
	char *append = NULL;

	if (asprintf(&append, "%s%sseed=%" PRIu64, given ? given : "", given && *given ? " " : "",
		     seed) < 0) {
		words->failed = true;
		return;
	}
	run_words_set(words, "--append", append);
	free(append);
}

static void add_script(struct run_words *words, const char *name)
{
	char *inject = NULL;

	if (asprintf(&inject, "%s:/run.sh", name) < 0) {
		words->failed = true;
		return;
	}
	run_words_set(words, "--inject", inject);
	free(inject);
	if (!run_words_value(words, "--append"))
		run_words_set(words, "--append", append_of_script);
}

/* A guest of its own has no use for the kernel that is given for scripts. */
static void add_guest(struct run_words *words, const struct test *test)
{
	run_words_drop(words, "--kernel");
	run_words_drop(words, "--initrd");
	run_words_drop(words, "--inject");
	if (test->kind == KIND_FIRMWARE)
		run_words_drop(words, "--append");
	run_words_set(words, test->kind == KIND_FIRMWARE ? "--firmware" : "--kernel", test->name);
}

static void add_machine(struct run_words *words, const struct test_options *options,
			const struct test *test, int result)
{
	char text[64];

	run_words_set(words, "run", NULL);
	snprintf(text, sizeof(text), "%g", options->timeout);
	run_words_set(words, "--timeout", text);
	run_words_set(words, "--on-reboot", "exit");
	run_words_add(words, options->run_words, options->run_word_count);
	run_words_add(words, test->words.words, (int)test->words.count);
	if (test->kind == KIND_SHELL)
		add_script(words, test->name);
	else
		add_guest(words, test);
	if (options->has_seed && test->kind != KIND_FIRMWARE)
		add_seed(words, test->seed);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", result);
	run_words_set(words, "--result", text);
}

bool child_words(const struct test_options *options, const struct test *test, int result,
		 struct run_words *words)
{
	*words = (struct run_words){0};
	run_words_set(words, "vhart", NULL);
	if (test->kind == KIND_LUA) {
		run_words_set(words, "script", NULL);
		run_words_set(words, test->name, NULL);
	} else {
		add_machine(words, options, test, result);
	}
	if (words->failed)
		run_words_free(words);
	return words->words != NULL;
}
