/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as text for people, and as JSON. Pure. */
#ifndef VHART_FINDINGS_PRINT_H
#define VHART_FINDINGS_PRINT_H

#include <stdio.h>

#include "trace/export/json_text.h"
#include "trace/findings/engine.h"

struct findings_view {
	/* The name of a VM's process: never NULL. */
	const char *(*vm_name)(void *opaque, uint32_t tgid);
	/* The guest's function at PC. OUT stays as it is where that is not known. NULL: of none. */
	void (*function)(void *opaque, uint32_t tgid, uint64_t pc, char *out, size_t size);
	void *opaque;
};

/* What, on which vCPU, when, its cost and where: a line, without its end. */
void findings_put_headline(FILE *out, const struct findings_view *view,
			   const struct findings *findings, const struct finding *finding);
/* "up to 31 % of the time; odd from 10 on", without the line's end. */
void findings_put_seen(FILE *out, const struct finding *finding);
/* The headline, as a line. */
void finding_print(FILE *out, const struct findings_view *view, const struct findings *findings,
		   const struct finding *finding);
/* How odd it was, why it is odd, and what to try. */
void finding_explain(FILE *out, const struct finding *finding);
/* All of it, as members of the object that LINE is in. */
#define FINDING_JSON 2048u /* room for such an object, with some more members */
void finding_json(struct json_line *line, const struct findings_view *view,
		  const struct findings *findings, const struct finding *finding);

/* How many there are, then each with its threshold, why it is odd and what to try. */
void findings_print(FILE *out, const struct findings_view *view, struct findings *findings);
/* At most this many lines, none where there are none. */
#define FINDINGS_LINES 5u
void findings_print_short(FILE *out, const struct findings_view *view, struct findings *findings);
/* An object a line, "type":"finding", and before them one with their number, "findings". */
void findings_print_json(FILE *out, const struct findings_view *view, struct findings *findings);

#endif
