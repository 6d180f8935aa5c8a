/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/outcome.h"

bool outcome_fails(const struct outcome *outcome, const struct test *test)
{
	if (!outcome->done || test->quarantine)
		return false;
	return outcome->verdict == VERDICT_FAILED || outcome->verdict == VERDICT_NOT_RUN;
}

void outcome_count(const struct outcome *outcome, const struct test *test, struct tally *tally)
{
	switch (outcome->verdict) {
	case VERDICT_PASSED:
		tally->passed++;
		tally->unexpected += test->quarantine != NULL;
		break;
	case VERDICT_SKIPPED: tally->skipped++; break;
	case VERDICT_NOT_RUN: tally->not_run++; break;
	case VERDICT_FAILED:
		tally->failed += !test->quarantine;
		tally->known += test->quarantine != NULL;
		break;
	}
}
