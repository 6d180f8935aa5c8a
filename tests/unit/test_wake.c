/* SPDX-License-Identifier: Apache-2.0 */
/* When a suspended system wakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/run/wake.h"

#define S     1000000000ull
#define SSI   (1u << 1)
#define STI   (1u << 5)
#define SEI   (1u << 9)
#define LCOFI (1u << 13)

static uint64_t wait_ns;

static bool due(struct wake_state state)
{
	return wake_due(&state, &wait_ns);
}

static void what_is_pending_and_enabled_wakes(void **state)
{
	(void)state;
	assert_true(due((struct wake_state){.sie = SSI, .sip = SSI}));
	assert_true(due((struct wake_state){.sie = SSI | LCOFI, .sip = LCOFI}));
	assert_true(due((struct wake_state){.sie = SEI, .external = true}));
	assert_false(due((struct wake_state){.sie = SSI, .sip = LCOFI}));
	assert_false(due((struct wake_state){.sie = SSI, .external = true}));
	assert_false(due((struct wake_state){.sip = SSI | LCOFI, .external = true}));
	assert_int_equal(wait_ns, WAKE_NEVER);
}

static void a_timer_wakes_at_its_time(void **state)
{
	struct wake_state at = {
		.sie = STI, .time = 1000, .compare = 10001000, .frequency = 10000000};

	(void)state;
	assert_false(due(at));
	assert_int_equal(wait_ns, S);
	at.time = at.compare;
	assert_true(due(at));
	at.time++;
	assert_true(due(at));
	at.sie = 0;
	assert_false(due(at));
	assert_int_equal(wait_ns, WAKE_NEVER);
	at = (struct wake_state){.sie = STI, .time = 0, .compare = 1, .frequency = 3};
	assert_false(due(at));
	assert_int_equal(wait_ns, S / 3 + 1);
}

static void no_timer_is_no_wait(void **state)
{
	(void)state;
	assert_false(due((struct wake_state){.sie = STI, .compare = UINT64_MAX, .frequency = 10}));
	assert_int_equal(wait_ns, WAKE_NEVER);
	assert_false(due((struct wake_state){.sie = STI, .compare = 5}));
	assert_int_equal(wait_ns, WAKE_NEVER);
}

/* Any two times and any frequency: at most an hour, never 0. */
static void the_ends_of_the_range(void **state)
{
	static const uint64_t values[] = {
		0, 1, 2, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX - 1, UINT64_MAX};
	enum { COUNT = sizeof(values) / sizeof(values[0]) };

	(void)state;
	for (unsigned int i = 0; i < COUNT * COUNT * COUNT; i++) {
		struct wake_state at = {.sie = STI,
					.time = values[i % COUNT],
					.compare = values[i / COUNT % COUNT],
					.frequency = values[i / COUNT / COUNT]};

		/* Real ones are at most some GHz. */
		if (at.frequency > 1ull << 32)
			at.frequency = 1ull << 32;
		if (!due(at) && wait_ns != WAKE_NEVER)
			assert_true(wait_ns > 0 && wait_ns <= 3600 * S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_pending_and_enabled_wakes),
		cmocka_unit_test(a_timer_wakes_at_its_time),
		cmocka_unit_test(no_timer_is_no_wait),
		cmocka_unit_test(the_ends_of_the_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
