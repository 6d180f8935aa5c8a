/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/verdict.h"

/* What an end says for itself. */
enum end_says { SAYS_NOTHING, SAYS_PASSED, SAYS_NOT_ALL, SAYS_FAILED, SAYS_NOT_RUN };

static const struct {
	enum end_says says;
	const char *words;
} endings[ENDING_COUNT] = {
	[ENDING_POWEROFF] = {SAYS_NOTHING, "powered off"},
	[ENDING_PASS] = {SAYS_PASSED, "status 0"},
	[ENDING_STATUS] = {SAYS_FAILED, "status"},
	[ENDING_NO_STATUS] = {SAYS_FAILED, "powered off without the script's status"},
	[ENDING_RESET] = {SAYS_FAILED, "reset"},
	[ENDING_FAILURE] = {SAYS_NOT_ALL, "ended with a system failure"},
	[ENDING_PANIC] = {SAYS_FAILED, "the guest panicked"},
	[ENDING_TIMEOUT] = {SAYS_FAILED, "timed out"},
	[ENDING_VCPU] = {SAYS_FAILED, "KVM could not run a vCPU any more"},
	[ENDING_QUIT] = {SAYS_FAILED, "the machine was ended from outside"},
	[ENDING_HUNG] = {SAYS_FAILED, "did not end at its time limit, and was killed"},
	[ENDING_CRASH] = {SAYS_FAILED, "vhart itself fell"},
	[ENDING_INPUT] = {SAYS_FAILED, "cannot be booted"},
	[ENDING_HOST] = {SAYS_NOT_RUN, "the host cannot run it"},
};

static const enum verdict verdicts[][CLAIMS_UNFINISHED + 1] = {
	[SAYS_NOTHING] =
		{
			[CLAIMS_NOTHING] = VERDICT_PASSED, /* but see below */
			[CLAIMS_PASSED] = VERDICT_PASSED,
			[CLAIMS_SKIPPED] = VERDICT_SKIPPED,
			[CLAIMS_FAILED] = VERDICT_FAILED,
			[CLAIMS_UNFINISHED] = VERDICT_FAILED,
		},
	[SAYS_PASSED] =
		{
			[CLAIMS_NOTHING] = VERDICT_PASSED,
			[CLAIMS_PASSED] = VERDICT_PASSED,
			[CLAIMS_SKIPPED] = VERDICT_SKIPPED,
			[CLAIMS_FAILED] = VERDICT_FAILED,
			[CLAIMS_UNFINISHED] = VERDICT_PASSED,
		},
	[SAYS_NOT_ALL] =
		{
			[CLAIMS_NOTHING] = VERDICT_FAILED,
			[CLAIMS_PASSED] = VERDICT_FAILED,
			[CLAIMS_SKIPPED] = VERDICT_SKIPPED,
			[CLAIMS_FAILED] = VERDICT_FAILED,
			[CLAIMS_UNFINISHED] = VERDICT_FAILED,
		},
	[SAYS_FAILED] =
		{
			[CLAIMS_NOTHING] = VERDICT_FAILED,
			[CLAIMS_PASSED] = VERDICT_FAILED,
			[CLAIMS_SKIPPED] = VERDICT_FAILED,
			[CLAIMS_FAILED] = VERDICT_FAILED,
			[CLAIMS_UNFINISHED] = VERDICT_FAILED,
		},
	[SAYS_NOT_RUN] =
		{
			[CLAIMS_NOTHING] = VERDICT_NOT_RUN,
			[CLAIMS_PASSED] = VERDICT_NOT_RUN,
			[CLAIMS_SKIPPED] = VERDICT_NOT_RUN,
			[CLAIMS_FAILED] = VERDICT_NOT_RUN,
			[CLAIMS_UNFINISHED] = VERDICT_NOT_RUN,
		},
};

enum verdict verdict_of(enum ending ending, enum claims_says says, bool strict)
{
	if (strict && endings[ending].says == SAYS_NOTHING && says == CLAIMS_NOTHING)
		return VERDICT_FAILED;
	return verdicts[endings[ending].says][says];
}

const char *ending_words(enum ending ending)
{
	return endings[ending].words;
}
