/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of `vhart probe` found. */
#ifndef VHART_FINDING_H
#define VHART_FINDING_H

enum probe_state {
	PROBE_OK,
	PROBE_LIMITED, /* there, but less than it could be */
	PROBE_MISSING,
	PROBE_UNKNOWN, /* could not be looked at */
};

#define PROBE_DETAIL_MAX 1280u

struct probe_finding {
	enum probe_state state;
	char detail[PROBE_DETAIL_MAX];
	const char *cost; /* what it costs the user that this is not "ok"; NULL: nothing */
	const char *fix;  /* the command that mends it; NULL: none */
};

const char *probe_state_name(enum probe_state state);

void probe_set(struct probe_finding *finding, enum probe_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
