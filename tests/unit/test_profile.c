/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/sample_profile.h"
#include "trace/export/profile.h"

#define PLENTY (64ul << 20)

static const struct profile_labels no_labels = {.vcpu = PROFILE_NO_VCPU};
static const struct profile_values one = {.count = 1, .host_ns = 10};

static void equal_stacks_are_summed_and_different_labels_are_not(void **state)
{
	static const struct profile_frame frames[] = {{"leaf", 1, PROFILE_GUEST_KERNEL},
						      {"root", 2, PROFILE_GUEST_KERNEL}};
	struct profile_labels other = {.vm = "a", .vcpu = 3, .reason = "wfi"};
	struct profile *profile = profile_new(PLENTY);
	struct profile_stack stack;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(profile_add(profile, frames, 2, &no_labels, one), 0);
	assert_int_equal(profile_add(profile, frames, 2, &other, one), 0);
	profile_sort(profile);
	assert_int_equal(profile_count(profile), 2);
	stack = profile_stack(profile, 0);
	assert_int_equal(stack.values.count, 3);
	assert_int_equal(stack.values.host_ns, 30);
	assert_null(stack.labels.vm);
	assert_int_equal(stack.labels.vcpu, PROFILE_NO_VCPU);
	assert_int_equal(stack.depth, 2);
	assert_string_equal(profile_frame(profile, stack.frames[0]).name, "leaf");
	assert_int_equal(profile_frame(profile, stack.frames[1]).address, 2);
	stack = profile_stack(profile, 1);
	assert_string_equal(stack.labels.vm, "a");
	assert_string_equal(stack.labels.reason, "wfi");
	assert_int_equal(stack.labels.vcpu, 3);
	assert_int_equal(profile_total(profile).count, 4);
	profile_free(profile);
}

static void names_are_copied_and_unknown_ones_named(void **state)
{
	char name[] = "first";
	struct profile_frame frames[] = {
		{name, 0, PROFILE_NO_KIND}, {NULL, 0, PROFILE_NO_KIND}, {"", 0, PROFILE_NO_KIND}};
	struct profile *profile = profile_new(PLENTY);
	struct profile_stack stack;

	(void)state;
	assert_int_equal(profile_add(profile, frames, 3, &no_labels, one), 0);
	memset(name, 'x', sizeof(name) - 1);
	profile_sort(profile);
	stack = profile_stack(profile, 0);
	assert_string_equal(profile_frame(profile, stack.frames[0]).name, "first");
	assert_string_equal(profile_frame(profile, stack.frames[1]).name, "[unknown]");
	assert_string_equal(profile_frame(profile, stack.frames[2]).name, "[unknown]");
	profile_free(profile);
}

static void a_sample_without_frames_is_in_an_unknown_one_of_its_mode(void **state)
{
	static const struct profile_labels user = {.vcpu = 0, .mode = PROFILE_GUEST_USER};
	struct profile *profile = profile_new(PLENTY);
	struct profile_stack stack;

	(void)state;
	assert_int_equal(profile_add(profile, NULL, 0, &user, one), 0);
	profile_sort(profile);
	stack = profile_stack(profile, 0);
	assert_int_equal(stack.depth, 1);
	assert_string_equal(profile_frame(profile, stack.frames[0]).name, "[unknown]");
	assert_int_equal(profile_frame(profile, stack.frames[0]).kind, PROFILE_GUEST_USER);
	profile_free(profile);
}

static void a_stack_that_is_too_deep_keeps_its_leaf(void **state)
{
	struct profile_frame frames[PROFILE_DEPTH * 2];
	struct profile *profile = profile_new(PLENTY);
	struct profile_stack stack;

	(void)state;
	for (size_t i = 0; i < PROFILE_DEPTH * 2; i++)
		frames[i] = (struct profile_frame){i ? "again" : "leaf", i, PROFILE_GUEST_USER};
	assert_int_equal(profile_add(profile, frames, PROFILE_DEPTH * 2, &no_labels, one), 0);
	assert_int_equal(profile_add(profile, frames, PROFILE_DEPTH, &no_labels, one), 0);
	profile_sort(profile);
	assert_int_equal(profile_count(profile), 2);
	stack = profile_stack(profile, 0);
	assert_int_equal(stack.depth, PROFILE_DEPTH + 1);
	assert_string_equal(profile_frame(profile, stack.frames[0]).name, "leaf");
	assert_string_equal(profile_frame(profile, stack.frames[PROFILE_DEPTH]).name, "[cut]");
	profile_free(profile);
}

/* Everything that can be read, as text. */
static void describe(struct profile *profile, char *to, size_t room)
{
	FILE *out = fmemopen(to, room, "w");

	profile_sort(profile);
	for (size_t i = 0; i < profile_count(profile); i++) {
		struct profile_stack stack = profile_stack(profile, i);

		fprintf(out, "%s %d %d %s", stack.labels.vm ? stack.labels.vm : "-",
			stack.labels.vcpu, stack.labels.mode,
			stack.labels.reason ? stack.labels.reason : "-");
		for (size_t j = 0; j < stack.depth; j++) {
			struct profile_frame frame = profile_frame(profile, stack.frames[j]);

			fprintf(out, " %s/%d/%lx", frame.name, frame.kind,
				(unsigned long)frame.address);
		}
		fprintf(out, " = %lu %lu\n", (unsigned long)stack.values.count,
			(unsigned long)stack.values.host_ns);
	}
	fclose(out);
}

static void the_order_of_arrival_does_not_show(void **state)
{
	static char one_way[1 << 20], other_way[1 << 20];
	struct profile *a = profile_new(PLENTY), *b = profile_new(PLENTY);

	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		sample_add_random(a, i, 3);
		sample_add_random(b, 49 - i, 3);
	}
	describe(a, one_way, sizeof(one_way));
	describe(b, other_way, sizeof(other_way));
	assert_string_equal(one_way, other_way);
	profile_free(a);
	profile_free(b);
}

/* A limit at every place where memory is asked for: what was held stays, what is refused is
 * counted. */
static void at_its_limit_a_profile_keeps_what_it_has(void **state)
{
	(void)state;
	for (size_t limit = 0; limit < 6000; limit += 8) {
		struct profile *profile = profile_new(limit);
		uint64_t held = 0, refused = 0;

		for (unsigned int i = 0; i < 12; i++) {
			char name[16];
			struct profile_frame frames[] = {{name, i, PROFILE_GUEST_KERNEL},
							 {"root", 0, PROFILE_GUEST_KERNEL}};
			int error;

			snprintf(name, sizeof(name), "frame%u", i);
			error = profile_add(profile, frames, 2, &no_labels, one);
			assert_true(error == 0 || error == -ENOSPC);
			held += error == 0;
			refused += error != 0;
		}
		assert_int_equal(profile_total(profile).count, held);
		assert_int_equal(profile_lost(profile).count, refused);
		assert_int_equal(profile_count(profile), held);
		profile_sort(profile);
		for (size_t i = 0; i < held; i++)
			assert_int_equal(profile_stack(profile, i).values.count, 1);
		profile_free(profile);
	}
}

static void sums_do_not_wrap(void **state)
{
	static const struct profile_values most = {UINT64_MAX - 1, UINT64_MAX};
	struct profile *profile = profile_new(PLENTY);

	(void)state;
	assert_int_equal(profile_add(profile, NULL, 0, &no_labels, most), 0);
	assert_int_equal(profile_add(profile, NULL, 0, &no_labels, most), 0);
	assert_true(profile_total(profile).count == UINT64_MAX);
	assert_true(profile_total(profile).host_ns == UINT64_MAX);
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_stacks_are_summed_and_different_labels_are_not),
		cmocka_unit_test(names_are_copied_and_unknown_ones_named),
		cmocka_unit_test(a_sample_without_frames_is_in_an_unknown_one_of_its_mode),
		cmocka_unit_test(a_stack_that_is_too_deep_keeps_its_leaf),
		cmocka_unit_test(the_order_of_arrival_does_not_show),
		cmocka_unit_test(at_its_limit_a_profile_keeps_what_it_has),
		cmocka_unit_test(sums_do_not_wrap),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
