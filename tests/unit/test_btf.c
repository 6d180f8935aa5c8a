/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <linux/btf.h>

#include "tests/symbols/made_linux.h"
#include "trace/guest/btf.h"

static uint8_t bytes[MADE_BTF_MOST];

static struct btf_types made_types(void)
{
	const struct blob btf = {.bytes = bytes, .len = make_btf(bytes)};
	struct btf_types types;

	assert_true(btf_open(&types, &btf));
	return types;
}

static void expect_offset(const char *path, uint64_t wanted)
{
	struct btf_types types = made_types();
	uint64_t offset = 0;

	if (!btf_offset(&types, path, &offset))
		fail_msg("%s is not found", path);
	assert_int_equal(offset, wanted);
}

static void members_are_where_the_types_say(void **state)
{
	(void)state;
	expect_offset("task_struct.pid", MADE_TASK_PID);
	expect_offset("task_struct.comm", MADE_TASK_COMM);
	expect_offset("kernel_mapping.va_pa_offset", 16);
}

/* Through typedef and const; in a union without a name; in the second structure of its name. */
static void members_of_members_count_from_the_outer_one(void **state)
{
	(void)state;
	expect_offset("task_struct.thread_info.cpu", MADE_CPU);
	expect_offset("rq.curr", MADE_RQ_CURR);
	expect_offset("rq.donor", MADE_RQ_CURR);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const paths[] = {"task_struct",
					    "task_struct.",
					    "task_struct.none",
					    "task_struct.pid.none",
					    "task_struct.thread_info.none",
					    "task.pid",
					    "task_structs.pid",
					    "int.pid",
					    "",
					    ".pid"};
	struct btf_types types = made_types();
	uint64_t offset;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_false(btf_offset(&types, paths[i], &offset));
}

/* In memory of its own length, so that the sanitizer sees a look behind it. */
static void no_part_of_it_is_read_beyond_its_end(void **state)
{
	size_t len = make_btf(bytes);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		struct blob part = {.bytes = malloc(cut ? cut : 1), .len = cut};
		struct btf_types types;
		uint64_t offset;

		memcpy(part.bytes, bytes, cut);
		assert_false(btf_open(&types, &part) && btf_offset(&types, "rq.curr", &offset));
		free(part.bytes);
	}
}

static void bytes_of_other_formats_are_none(void **state)
{
	struct blob btf = {.bytes = bytes, .len = make_btf(bytes)};
	struct btf_types types;

	(void)state;
	bytes[2] = BTF_VERSION + 1;
	assert_false(btf_open(&types, &btf));
	make_btf(bytes);
	bytes[0] ^= 1;
	assert_false(btf_open(&types, &btf));
	make_btf(bytes);
	bytes[btf.len - 1] = 'x'; /* the last string has no end */
	assert_false(btf_open(&types, &btf));
}

/* A structure whose members without names are itself: it ends, by depth or by work. */
static void structures_in_themselves_end(void **state)
{
	struct {
		struct btf_header header;
		struct btf_type type;
		struct btf_member members[64];
		char strings[4];
	} made = {
		.header = {.magic = BTF_MAGIC,
			   .version = BTF_VERSION,
			   .hdr_len = sizeof(made.header),
			   .type_len = sizeof(made.type) + sizeof(made.members),
			   .str_off = sizeof(made.type) + sizeof(made.members),
			   .str_len = sizeof(made.strings)},
		.type = {.name_off = 1, .info = (uint32_t)BTF_KIND_STRUCT << 24 | 64},
		.strings = {0, 'a', 0, 0},
	};
	const struct blob btf = {.bytes = (uint8_t *)&made, .len = sizeof(made)};
	struct btf_types types;
	uint64_t offset;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		made.members[i].type = 1;
	assert_true(btf_open(&types, &btf));
	types.work = 1 << 20;
	assert_false(btf_offset(&types, "a.b", &offset));
	assert_int_equal(types.work, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_where_the_types_say),
		cmocka_unit_test(members_of_members_count_from_the_outer_one),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(no_part_of_it_is_read_beyond_its_end),
		cmocka_unit_test(bytes_of_other_formats_are_none),
		cmocka_unit_test(structures_in_themselves_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
