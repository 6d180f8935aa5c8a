/* SPDX-License-Identifier: Apache-2.0 */
/* No signal is left to the kernel's default, but for those that harm nothing or cannot be taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/signals.h"
#include "vmm/machine/vcpu.h"
#include "vmm/run/hart_pmu.h"

static bool kernel_may_have(int number)
{
	static const int numbers[] = {SIGCHLD, SIGURG, SIGCONT, SIGSTOP, SIGKILL};

	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] == number)
			return true;
	/* The C library's own, below SIGRTMIN. */
	return number > SIGSYS && number < SIGRTMIN;
}

static void every_signal_that_kills_by_default_has_a_way(void **state)
{
	(void)state;
	for (int number = 1; number <= SIGRTMAX; number++)
		assert_int_equal(signal_way(number) == SIGNAL_KERNEL, kernel_may_have(number));
}

static void real_time_signals_are_ours_or_end_the_machine(void **state)
{
	(void)state;
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
		bool ours = number >= SIGRTMIN + 6 && number <= SIGRTMIN + 9;

		assert_int_equal(signal_way(number), ours ? SIGNAL_OURS : SIGNAL_ENDS);
	}
}

static void the_table_knows_which_are_ours(void **state)
{
	(void)state;
	assert_int_equal(signal_way(VCPU_KICK_SIGNAL), SIGNAL_OURS);
	assert_int_equal(signal_way(FORWARD_SIGNAL), SIGNAL_OURS);
	assert_int_equal(signal_way(HART_PMU_SIGNAL), SIGNAL_OURS);
}

static void faults_are_never_awaited_and_nohup_is_heeded(void **state)
{
	sigset_t set;

	(void)state;
	signal(SIGHUP, SIG_DFL); /* the tests may run under nohup */
	signals_awaited(&set);
	assert_int_equal(sigismember(&set, SIGTERM), 1);
	assert_int_equal(sigismember(&set, SIGHUP), 1);
	assert_int_equal(sigismember(&set, SIGUSR1), 1);
	assert_int_equal(sigismember(&set, SIGWINCH), 1);
	assert_int_equal(sigismember(&set, SIGSEGV), 0);
	assert_int_equal(sigismember(&set, SIGRTMIN + 6), 0);
	signal(SIGHUP, SIG_IGN);
	signals_awaited(&set);
	assert_int_equal(sigismember(&set, SIGHUP), 0);
	signal(SIGHUP, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signal_that_kills_by_default_has_a_way),
		cmocka_unit_test(real_time_signals_are_ours_or_end_the_machine),
		cmocka_unit_test(the_table_knows_which_are_ours),
		cmocka_unit_test(faults_are_never_awaited_and_nohup_is_heeded),
	};

	return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
