/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "trace/stat/stat_openmetrics.h"
#include "trace/watch/await.h"

#define ROWS ((size_t)EXIT_VCPUS * EXIT_TIMES)

struct extremes {
	uint64_t min, max; /* 0 and 0: there was none yet */
};

struct told_states {
	uint64_t ns[VCPU_STATES];
};

bool stat_session_begin(struct stat_session *session)
{
	session->extremes = calloc(ROWS, sizeof(*session->extremes));
	session->told = calloc(EXIT_VCPUS, sizeof(*session->told));
	return session->extremes && session->told && stat_sample_new(&session->first) &&
	       stat_sample_new(&session->last) && stat_sample_new(&session->now) &&
	       stat_sample_new(&session->shown) &&
	       (!session->history || stat_sample_new(&session->passing)) &&
	       stat_session_look(session) && stat_session_reset(session);
}

void stat_session_free(struct stat_session *session)
{
	stat_sample_free(&session->first);
	stat_sample_free(&session->last);
	stat_sample_free(&session->now);
	stat_sample_free(&session->shown);
	stat_sample_free(&session->passing);
	free(session->extremes);
	free(session->told);
}

static uint64_t count_before(const struct stat_session *session, uint32_t vcpu, size_t row)
{
	return vcpu < session->last.vcpu_count ? session->last.times[row].count : 0;
}

static void keep_extremes(struct stat_session *session)
{
	for (uint32_t i = 0; i < session->now.vcpu_count; i++)
		for (size_t row = (size_t)i * EXIT_TIMES; row < (i + 1u) * (size_t)EXIT_TIMES;
		     row++) {
			const struct exit_times *times = &session->now.times[row];
			struct extremes *whole = &session->extremes[row];

			if (times->count == count_before(session, i, row))
				continue;
			if (!whole->max || times->min < whole->min)
				whole->min = times->min;
			if (times->max > whole->max)
				whole->max = times->max;
		}
}

static void keep_history(struct stat_session *session, const struct stat_sample *sample)
{
	if (!session->history)
		return;
	stat_history_look(session->history, sample);
	/* Not by the sample's time, which may stand still. */
	session->next_passing = clock_now() + session->history->step;
}

/* Between the looks that tables and findings are made of. */
static void look_in_passing(struct stat_session *session)
{
	if (session->history && clock_now() >= session->next_passing &&
	    stat_sample_take(&session->passing, session->collector, false))
		keep_history(session, &session->passing);
}

uint64_t stat_session_due(const struct stat_session *session, uint64_t deadline)
{
	const uint64_t soon = await_soon(deadline);

	return session->history && session->next_passing < soon ? session->next_passing : soon;
}

void stat_session_meet(struct stat_session *session)
{
	uint32_t seen = collector_seen(session->collector);
	struct exit_vcpu vcpu;

	collector_poll(session->collector);
	for (uint32_t i = 0; i < seen && i < EXIT_VCPUS; i++)
		if (collector_vcpu(session->collector, i, &vcpu))
			session->view.vm_name(session->view.opaque, vcpu.tgid);
	look_in_passing(session);
}

bool stat_session_look(struct stat_session *session)
{
	struct stat_sample other = session->last, *now = &session->now;

	session->last = *now;
	*now = other;
	collector_poll(session->collector);
	if (!stat_sample_take(now, session->collector, session->keyed))
		return false;
	collector_next_interval(session->collector);
	if (session->findings && !findings_look(session->findings, now))
		return false;
	keep_extremes(session);
	keep_history(session, now);
	stat_session_meet(session);
	return true;
}

bool stat_session_saw(const struct stat_session *session)
{
	for (uint32_t i = 0; i < session->now.vcpu_count; i++)
		if (session->now.vcpus[i].first)
			return true;
	return false;
}

static void show_extremes(struct stat_session *session)
{
	for (size_t row = 0; row < (size_t)session->shown.vcpu_count * EXIT_TIMES; row++) {
		session->shown.times[row].min = session->extremes[row].min;
		session->shown.times[row].max = session->extremes[row].max;
	}
}

/* How was counted, and what was not. */
static void fill_view(struct stat_session *session)
{
	uint32_t seen = collector_seen(session->collector);
	struct stat_view *view = &session->view;

	view->lost = collector_keys_lost(session->collector) +
		     collector_events_missed(session->collector);
	view->vcpus_lost = seen > EXIT_VCPUS ? seen - EXIT_VCPUS : 0;
	view->way = collector_way(session->collector);
}

/*
 * That a vCPU halted is known when the halt is over: what went by before was counted as another
 * state's until then, which has it no more. A counter that falls would have begun anew, and all of
 * it would be counted once more: so it stands until its state has come to as much again.
 */
static void tell_no_less(struct stat_session *session)
{
	for (uint32_t i = 0; i < session->shown.vcpu_count; i++)
		for (uint32_t state = 0; state < VCPU_STATES; state++) {
			uint64_t *told = &session->told[i].ns[state];
			uint64_t *ns = &session->shown.vcpus[i].ns[state];

			if (*ns < *told)
				*ns = *told;
			*told = *ns;
		}
}

bool stat_session_openmetrics(struct stat_session *session, FILE *out)
{
	fill_view(session);
	if (!stat_sample_copy(&session->shown, &session->now))
		return false;
	tell_no_less(session);
	return stat_openmetrics(out, &session->view, &session->shown);
}

/* Those that are the findings' alone are not shown, and each costs a search. */
static void drop_keys_of_findings(struct stat_session *session)
{
	if (!stat_by_is_keyed(session->view.by))
		session->shown.keyed_count = 0;
}

bool stat_session_print(struct stat_session *session, bool whole, FILE *out)
{
	const struct stat_sample *before = whole ? &session->first : &session->last;

	fill_view(session);
	if (!stat_sample_copy(&session->shown, &session->now))
		return false;
	drop_keys_of_findings(session);
	if (whole)
		show_extremes(session);
	stat_difference(&session->shown, before);
	return stat_print(out, &session->view, &session->shown, session->shown.when - before->when);
}

const struct stat_sample *stat_session_whole(struct stat_session *session, uint64_t *wall)
{
	fill_view(session);
	if (!stat_sample_copy(&session->shown, &session->now))
		return NULL;
	drop_keys_of_findings(session);
	show_extremes(session);
	stat_difference(&session->shown, &session->first);
	*wall = session->shown.when - session->first.when;
	return &session->shown;
}

bool stat_session_save(struct stat_session *session, struct stat_facts *facts, FILE *out)
{
	const struct stat_view *view = &session->view;
	const struct stat_sample *whole = stat_session_whole(session, &facts->wall);

	if (!whole)
		return false;
	snprintf(facts->way, sizeof(facts->way), "%s", view->way);
	facts->lost = view->lost + view->vcpus_lost;
	return stat_file_write(out, facts, view, whole);
}

bool stat_session_reset(struct stat_session *session)
{
	memset(session->extremes, 0, ROWS * sizeof(*session->extremes));
	if (session->history)
		stat_history_reset(session->history, &session->now);
	return stat_sample_copy(&session->first, &session->now) &&
	       stat_sample_copy(&session->last, &session->now);
}
