/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/claims.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MOST 1000000000000000ull

bool claims_number(const char **text, uint64_t *number)
{
	const char *at = *text;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		if (*number < NUMBER_MOST)
			*number = *number * 10 + (uint64_t)(*at - '0');
	if (at == *text)
		return false;
	*text = at;
	return true;
}

void claims_keep(struct claims *claims, const char *line)
{
	if (claims->kept_count < CLAIMS_KEPT)
		snprintf(claims->kept[claims->kept_count], CLAIMS_LINE_MAX, "%s", line);
	claims->kept_count++;
}

void claims_keep_skipped(struct claims *claims, const char *line)
{
	if (!*claims->skipped_line)
		snprintf(claims->skipped_line, CLAIMS_LINE_MAX, "%s", line);
}

/* Behind "[  123.456789] ", as Linux puts it in front of its messages; LINE where there is none. */
static const char *behind_stamp(const char *line)
{
	const char *at = line;

	if (*at++ != '[')
		return line;
	at += strspn(at, " ");
	const size_t digits = strspn(at, "0123456789.");
	if (!digits || at[digits] != ']' || at[digits + 1] != ' ')
		return line;
	return at + digits + 2;
}

static void take_line(struct claims *claims)
{
	claims->line[claims->filled] = '\0';
	/* A terminal's end of line is \r\n, and some guests write two \r. */
	while (claims->filled > 0 && claims->line[claims->filled - 1] == '\r')
		claims->line[--claims->filled] = '\0';
	claims->filled = 0;
	const char *line = behind_stamp(claims->line);
	if (!claims_tap_line(claims, line))
		claims_unit_line(claims, line);
}

void claims_read(struct claims *claims, const void *bytes, size_t len)
{
	const char *text = bytes;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			take_line(claims);
		else if (claims->filled < CLAIMS_LINE_MAX - 1)
			/* A zero would hide what is behind it. */
			claims->line[claims->filled++] = text[i] ? text[i] : ' ';
	}
}

void claims_end(struct claims *claims)
{
	if (claims->filled > 0)
		take_line(claims);
	claims_tap_end(claims);
}

static enum claims_says skipped(const struct claims *claims, char why[CLAIMS_WHY_MAX])
{
	snprintf(why, CLAIMS_WHY_MAX, "%s", claims->skipped_line);
	return CLAIMS_SKIPPED;
}

static enum claims_says unit_says(const struct claims *claims, char why[CLAIMS_WHY_MAX])
{
	/* Its exit() says (status << 1) | 1, of which 77 is "all were skipped". */
	enum { PASSED = 1, SKIPPED = 77 };

	if (!claims->summary && !claims->exited) {
		snprintf(why, CLAIMS_WHY_MAX, "no SUMMARY and no EXIT after %" PRIu64 " tests",
			 claims->count);
		return CLAIMS_UNFINISHED;
	}
	if (claims->failed > 0 || claims->summary_failures > 0) {
		snprintf(why, CLAIMS_WHY_MAX, "%" PRIu64 " unexpected failures",
			 claims->failed > claims->summary_failures ? claims->failed
								   : claims->summary_failures);
		return CLAIMS_FAILED;
	}
	if (claims->exited && claims->exit_status != PASSED && claims->exit_status != SKIPPED) {
		snprintf(why, CLAIMS_WHY_MAX, "EXIT: STATUS=%" PRIu64, claims->exit_status);
		return CLAIMS_FAILED;
	}
	if (claims->count > 0 && claims->skipped == claims->count)
		return skipped(claims, why);
	return claims->exited && claims->exit_status == SKIPPED ? skipped(claims, why)
								: CLAIMS_PASSED;
}

static void tap_fault_words(const struct claims *claims, char why[CLAIMS_WHY_MAX])
{
	const struct tap_run *run = &claims->tap;

	if (claims->fault == run->fault && run->has_plan && run->count != run->planned)
		snprintf(why, CLAIMS_WHY_MAX, "%s: %" PRIu64 " of %" PRIu64, claims->fault,
			 run->count, run->planned);
	else
		snprintf(why, CLAIMS_WHY_MAX, "%s", claims->fault);
}

enum claims_says claims_says(const struct claims *claims, char why[CLAIMS_WHY_MAX])
{
	const bool tap = claims->tap.seen;

	*why = '\0';
	if (tap && claims->bailed) {
		snprintf(why, CLAIMS_WHY_MAX, "Bail out!");
		return CLAIMS_FAILED;
	}
	if (tap && claims->failed > 0) {
		snprintf(why, CLAIMS_WHY_MAX, "%" PRIu64 " of %" PRIu64 " tests failed",
			 claims->failed, claims->count);
		return CLAIMS_FAILED;
	}
	if (tap && claims->fault) {
		tap_fault_words(claims, why);
		return CLAIMS_FAILED;
	}
	/* Beside TAP, loose words are not meant so. */
	if (claims->unit && (!tap || claims->summary || claims->exited))
		return unit_says(claims, why);
	if (!tap)
		return CLAIMS_NOTHING;
	return claims->skipped == claims->count ? skipped(claims, why) : CLAIMS_PASSED;
}
