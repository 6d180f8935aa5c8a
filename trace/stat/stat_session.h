/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a collector, and what came between two looks: what `vhart stat` shows, plain or live. */
#ifndef VHART_STAT_SESSION_H
#define VHART_STAT_SESSION_H

#include "trace/findings/engine.h"
#include "trace/sources/collector.h"
#include "trace/stat/stat_file.h"
#include "trace/stat/stat_history.h"
#include "trace/stat/stat_sample.h"
#include "trace/stat/stat_table.h"

struct stat_session {
	struct collector *collector; /* the caller's */
	struct stat_view view;
	bool keyed;
	struct findings *findings;    /* the caller's, who has each look; NULL: none */
	struct stat_history *history; /* the caller's, who has looks of its own; NULL: none */
	struct stat_sample first;     /* the look when watching began */
	struct stat_sample last;      /* when the last interval did */
	struct stat_sample now;	      /* when it ended */
	struct stat_sample shown;
	struct stat_sample passing; /* a look of the history's own, */
	uint64_t next_passing;	    /* and when one is due */
	struct extremes *extremes;  /* since FIRST: the collector's are of one interval */
	struct told_states *told;   /* by stat_session_openmetrics(), of each vCPU */
};

/* The first look. COLLECTOR, VIEW and KEYED are set. False: no memory. */
bool stat_session_begin(struct stat_session *session);
void stat_session_free(struct stat_session *session);

/* To be called whenever a wait has ended: new VMs are asked for their names, which they take with
 * them, and the history has its look when one is due. */
void stat_session_meet(struct stat_session *session);
/* Until when to wait where something is to be done at DEADLINE (await_soon()). */
uint64_t stat_session_due(const struct stat_session *session, uint64_t deadline);
/* Looks: an interval ends now, and the next one begins. False: no memory. */
bool stat_session_look(struct stat_session *session);
/* Whether any vCPU was there by the last look. */
bool stat_session_saw(const struct stat_session *session);
/* What came in the last interval, or in all of them (WHOLE). False: no memory, or OUT is full. */
bool stat_session_print(struct stat_session *session, bool whole, FILE *out);
/* What has come since each vCPU was first seen, as OpenMetrics text, and never less than the time
 * before. False: no memory, or OUT is full. */
bool stat_session_openmetrics(struct stat_session *session, FILE *out);
/* What came in all intervals, as a file for `vhart diff`; FACTS gets how it was counted. False: no
 * memory, or OUT is full. */
bool stat_session_save(struct stat_session *session, struct stat_facts *facts, FILE *out);
/* What came in all intervals, until the next call that looks or prints; how long they were is in
 * WALL, ns. NULL: no memory. */
const struct stat_sample *stat_session_whole(struct stat_session *session, uint64_t *wall);
/* As if watching had begun at the last look. False: no memory. */
bool stat_session_reset(struct stat_session *session);

#endif
