/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's modules while it is recorded: this process has the guest's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/symbols/made_modules.h"
#include "trace/record/record_modules.h"
#include "trace/record/record_names.h"

#define PATIENCE (60 * NS_PER_S)

static struct made_modules made;
static struct task_kernel kernel;
static uint64_t proof;
static uint64_t fuse, fuse_code; /* struct module, and where it begins */
static struct record_modules *modules;

/* ---- what is written ---- */

static char written[65536];
static struct symbols symbols;
static struct recording_line line;
static struct record_names names;

static void write_text(void *opaque)
{
	static char text[RECORDING_LINE];
	static struct recording_line back;
	size_t used = strlen(written), size = recording_write(&line, text);
	const char *why = "";

	(void)opaque;
	assert_true(used + size < sizeof(written));
	memcpy(written + used, text, size);
	written[used + size] = '\0';
	/* Whatever is in it. */
	if (!recording_read(text, size, &back, &why))
		fail_msg("%s", why);
}

static const char *take_written(void)
{
	static char taken[sizeof(written)];

	memcpy(taken, written, sizeof(taken));
	written[0] = '\0';
	return taken;
}

#define MODULE "{\"type\":\"module\","
#define SYMBOL "{\"type\":\"symbol\","

static unsigned int count_of(const char *text, const char *what)
{
	unsigned int count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

/* ---- a guest ---- */

static void name_function(uint64_t module, const char *name, uint64_t address)
{
	make_functions(&made, module, &(struct made_function){name, address, 64, 't'}, 1);
}

static int set_up(void **state)
{
	(void)state;
	make_modules(&made);
	fuse = make_module(&made, "fuse", 1, &fuse_code);
	name_function(fuse, "fuse_read", fuse_code + 64);
	proof = 1;
	kernel = (struct task_kernel){.places = made.task_places, .modules = made.places};
	kernel.places.proof_at = (uintptr_t)&proof;
	kernel.places.proof = proof;
	modules = record_modules_new();
	assert_non_null(modules);
	symbols_add(&symbols, MADE_KERNEL, 64, 't', "schedule", 8, "", 0);
	names = (struct record_names){
		.symbols = &symbols, .modules = modules, .write = write_text, .line = &line};
	record_names_begin(&names);
	written[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	record_names_end(&names);
	record_modules_free(modules);
	symbols_free(&symbols);
	return 0;
}

static enum record_modules_news look(void)
{
	record_modules_see(modules, fuse_code);
	return record_modules_follow(modules, getpid(), &kernel, PATIENCE);
}

static void learn(enum record_modules_news wanted)
{
	assert_int_equal(look(), wanted);
	record_modules_take(modules);
}

static uint32_t number_of(uint64_t address)
{
	struct record_place place;

	return record_modules_find(modules, address, &place) ? place.number : 0;
}

static void what_is_seen_is_looked_up(void **state)
{
	struct record_place place;

	(void)state;
	assert_false(record_modules_wants(modules));
	assert_int_equal(record_modules_follow(modules, getpid(), &kernel, PATIENCE),
			 MODULES_AS_BEFORE);
	assert_false(record_modules_find(modules, fuse_code, &place));
	record_modules_see(modules, fuse_code);
	assert_true(record_modules_wants(modules));
	learn(MODULES_ADDED);
	assert_true(record_modules_find(modules, fuse_code + 65, &place));
	assert_string_equal(place.module->name, "fuse");
	assert_string_equal(place.function.name, "fuse_read");
	assert_int_equal(place.function.start, fuse_code + 64);
	assert_true(record_modules_find(modules, fuse_code + 128, &place));
	assert_null(place.function.name);
}

static void news_are_used_when_they_are_taken(void **state)
{
	(void)state;
	assert_int_equal(look(), MODULES_ADDED);
	assert_int_equal(number_of(fuse_code), 0);
	record_modules_take(modules);
	assert_int_equal(number_of(fuse_code), 1);
	assert_int_equal(look(), MODULES_AS_BEFORE);
	assert_int_equal(number_of(fuse_code), 1);
}

static void one_look_follows_another_not_at_once(void **state)
{
	(void)state;
	learn(MODULES_ADDED);
	record_modules_see(modules, fuse_code);
	assert_int_equal(record_modules_follow(modules, getpid(), &kernel, 0), MODULES_AS_BEFORE);
	/* It was not even begun: it is still wanted. */
	assert_true(record_modules_wants(modules));
}

static void those_that_stay_are_the_same(void **state)
{
	uint64_t other_code;

	(void)state;
	learn(MODULES_ADDED);
	make_module(&made, "virtiofs", 1, &other_code);
	learn(MODULES_ADDED);
	assert_int_equal(number_of(fuse_code), 1);
	assert_int_equal(number_of(other_code), 2);
}

static void one_in_anothers_place_is_another_one(void **state)
{
	struct record_place place;

	(void)state;
	learn(MODULES_ADDED);
	memcpy(made_at(&made, fuse + MADE_NAME), "nfs", 4);
	name_function(fuse, "nfs_read", fuse_code + 64);
	assert_int_equal(look(), MODULES_CHANGED);
	/* Up to now it was the old one. */
	assert_int_equal(number_of(fuse_code), 1);
	record_modules_take(modules);
	assert_true(record_modules_find(modules, fuse_code + 64, &place));
	assert_int_equal(place.number, 2);
	assert_string_equal(place.function.name, "nfs_read");
	/* And the old one again is a new one. */
	memcpy(made_at(&made, fuse + MADE_NAME), "fuse", 5);
	learn(MODULES_CHANGED);
	assert_int_equal(number_of(fuse_code), 3);
}

static void one_that_is_gone_has_no_code(void **state)
{
	(void)state;
	learn(MODULES_ADDED);
	put_word(made_at(&made, made.places.head), made.places.head);
	learn(MODULES_CHANGED);
	assert_int_equal(number_of(fuse_code), 0);
}

static void a_guest_that_boots_again_has_none(void **state)
{
	(void)state;
	learn(MODULES_ADDED);
	proof++;
	learn(MODULES_REBOOTED);
	assert_int_equal(number_of(fuse_code), 0);
	kernel.places.proof = proof;
	learn(MODULES_ADDED);
	/* Or that is known from elsewhere. */
	assert_int_equal(record_modules_follow(modules, getpid(), NULL, 0), MODULES_CHANGED);
	record_modules_take(modules);
	assert_int_equal(number_of(fuse_code), 0);
	assert_int_equal(record_modules_follow(modules, getpid(), NULL, 0), MODULES_AS_BEFORE);
}

static void a_list_that_lies_changes_nothing(void **state)
{
	(void)state;
	learn(MODULES_ADDED);
	put_word(made_at(&made, fuse + MADE_LIST), fuse + MADE_LIST);
	assert_int_equal(look(), MODULES_AS_BEFORE);
	assert_int_equal(number_of(fuse_code), 1);
}

static void a_kernel_without_a_list_is_not_looked_at(void **state)
{
	(void)state;
	kernel.modules.known = false;
	assert_int_equal(look(), MODULES_AS_BEFORE);
	assert_int_equal(number_of(fuse_code), 0);
}

static void names_are_written_once(void **state)
{
	const char *text;

	(void)state;
	learn(MODULES_ADDED);
	for (unsigned int i = 0; i < 3; i++) {
		record_names_put(&names, MADE_KERNEL + i);
		record_names_put(&names, fuse_code + 64 + i);
		record_names_put(&names, fuse_code + i);
		record_names_put(&names, 0x10000 + i);
	}
	text = take_written();
	assert_int_equal(count_of(text, "\n"), 3);
	assert_non_null(strstr(text, SYMBOL "\"start\":\"0xffffffff80000000\",\"size\":64,"
					    "\"name\":\"schedule\"}\n" MODULE));
	assert_non_null(strstr(text, "\"size\":4096,\"name\":\"fuse\"}\n" SYMBOL));
	assert_non_null(strstr(text, "\"size\":64,\"name\":\"fuse_read\",\"module\":\"fuse\"}\n"));
	/* And in another file again. */
	record_names_end(&names);
	record_names_begin(&names);
	record_names_put(&names, fuse_code);
	assert_int_equal(count_of(take_written(), MODULE), 1);
}

static void what_had_no_name_gets_it_later(void **state)
{
	const char *text;

	(void)state;
	record_names_put(&names, fuse_code + 64);
	record_names_put(&names, fuse_code + 70);
	record_names_put(&names, fuse_code - 64);
	record_names_again(&names);
	assert_string_equal(take_written(), "");
	learn(MODULES_ADDED);
	record_names_again(&names);
	text = take_written();
	assert_int_equal(count_of(text, MODULE), 1);
	assert_int_equal(count_of(text, SYMBOL), 1);
}

/* They are the guest's: bytes that are no text, as many as there can be. */
static void hostile_names_can_be_read_again(void **state)
{
	static char name[SYMBOL_NAME_MAX];

	(void)state;
	memset(name, 0xff, sizeof(name) - 1);
	memset(made_at(&made, fuse + MADE_NAME), 0xff, 56);
	name_function(fuse, name, fuse_code);
	learn(MODULES_ADDED);
	record_names_put(&names, fuse_code);
	assert_int_equal(count_of(take_written(), "\n"), 2);
}

static void names_say_whose_they_are(void **state)
{
	const char *text;

	(void)state;
	names.vm = 7;
	learn(MODULES_ADDED);
	record_names_put(&names, fuse_code + 64);
	record_names_put(&names, MADE_KERNEL);
	text = take_written();
	assert_int_equal(count_of(text, MODULE "\"vm\":7,"), 1);
	assert_int_equal(count_of(text, SYMBOL "\"vm\":7,"), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_seen_is_looked_up),
		TEST(news_are_used_when_they_are_taken),
		TEST(one_look_follows_another_not_at_once),
		TEST(those_that_stay_are_the_same),
		TEST(one_in_anothers_place_is_another_one),
		TEST(one_that_is_gone_has_no_code),
		TEST(a_guest_that_boots_again_has_none),
		TEST(a_list_that_lies_changes_nothing),
		TEST(a_kernel_without_a_list_is_not_looked_at),
		TEST(names_are_written_once),
		TEST(names_say_whose_they_are),
		TEST(what_had_no_name_gets_it_later),
		TEST(hostile_names_can_be_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
