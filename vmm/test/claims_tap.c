/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TAP's lines: testanything.org's specifications of versions 12, 13 and 14, and the kernel's
 * Documentation/dev-tools/ktap.rst. Subtests and YAML blocks are indented and not read: the line of
 * the parent says what became of them.
 */
#include <string.h>
#include <strings.h>

#include "vmm/test/claims.h"

static bool starts(const char *line, const char *word, const char **rest)
{
	const size_t len = strlen(word);

	if (strncmp(line, word, len) != 0)
		return false;
	*rest = line + len;
	return true;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

static void fault(struct tap_run *run, const char *what)
{
	if (!run->fault)
		run->fault = what;
}

/* What follows the first "#" of a description that no backslash is before, and its spaces. */
static const char *directive(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == '#')
			return skip_spaces(text + 1);
	}
	return text;
}

static bool is_directive(const char *text, const char *name)
{
	/* "SKIP", "skipped:", as producers have it. */
	return !strncasecmp(directive(text), name, strlen(name));
}

/* Behind "SKIP", "skipped:" and the like. */
static const char *reason(const char *text)
{
	text = directive(text);
	text += strspn(text, "SKIPEDskiped");
	return text + strspn(text, ": \t");
}

void claims_tap_end(struct claims *claims)
{
	struct tap_run *run = &claims->tap;

	if (!run->seen)
		return;
	if (!run->has_plan)
		fault(run, "no plan (1..N)");
	else if (run->count < run->planned)
		fault(run, "fewer tests than planned");
	else if (run->count > run->planned)
		fault(run, "more tests than planned");
	if (!claims->fault)
		claims->fault = run->fault;
	claims->bailed = claims->bailed || run->bailed;
}

/* "TAP version 14": another program may have said all it had to before. */
static bool version(struct claims *claims, const char *line)
{
	const char *rest;
	uint64_t number;

	if (!starts(line, "TAP version ", &rest) && !starts(line, "KTAP version ", &rest))
		return false;
	if (!claims_number(&rest, &number))
		return false;
	claims_tap_end(claims);
	claims->tap = (struct tap_run){.seen = true};
	return true;
}

/* "1..N", perhaps with "# SKIP reason". */
static bool plan(struct claims *claims, const char *line)
{
	struct tap_run *run = &claims->tap;
	const char *rest;
	uint64_t planned;

	if (!starts(line, "1..", &rest) || !claims_number(&rest, &planned))
		return false;
	rest = skip_spaces(rest);
	if (*rest && *rest != '#')
		return false;
	if (run->has_plan)
		fault(run, "two plans");
	run->seen = true;
	run->has_plan = true;
	run->planned = planned;
	if (planned == 0 && *rest)
		claims_keep_skipped(claims, reason(rest));
	return true;
}

static void count_test(struct claims *claims, const char *line, const char *text, bool ok)
{
	const bool todo = is_directive(text, "TODO"), skip = is_directive(text, "SKIP");

	claims->tap.count++;
	claims->count++;
	claims->skipped += skip;
	if (skip)
		claims_keep_skipped(claims, reason(text));
	claims->todo += todo && !ok;
	claims->unexpected += todo && ok;
	if (ok || todo || skip)
		return;
	claims->tap.failed++;
	claims->failed++;
	claims_keep(claims, line);
}

/* "ok 3 - words # SKIP reason". One without a number has the next. */
static bool test_line(struct claims *claims, const char *line)
{
	struct tap_run *run = &claims->tap;
	const char *rest;
	uint64_t number;
	const bool bad = starts(line, "not ok", &rest), ok = !bad && starts(line, "ok", &rest);

	if ((!bad && !ok) || (*rest && *rest != ' ' && *rest != '\t'))
		return false;
	rest = skip_spaces(rest);
	const bool numbered = claims_number(&rest, &number);
	/* A shell's "ok" is no test. */
	if (!numbered && !run->seen)
		return false;
	if (numbered && *rest && *rest != ' ' && *rest != '\t' && *rest != '#')
		return false;
	run->seen = true;
	if (!numbered)
		number = run->last + 1;
	if (number != run->last + 1)
		fault(run, "tests out of sequence");
	run->last = number;
	count_test(claims, line, rest, ok);
	return true;
}

/* Nobody says this by chance, and it may be the first that a producer says. */
static bool bail_out(struct claims *claims, const char *line)
{
	const char *rest;

	if (!starts(line, "Bail out!", &rest))
		return false;
	claims->tap.seen = true;
	claims->tap.bailed = true;
	claims_keep(claims, line);
	return true;
}

bool claims_tap_line(struct claims *claims, const char *line)
{
	return version(claims, line) || plan(claims, line) || test_line(claims, line) ||
	       bail_out(claims, line);
}
