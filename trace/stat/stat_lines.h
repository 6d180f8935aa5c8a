/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of an exit table, whatever form it is printed in. Pure. */
#ifndef VHART_STAT_LINES_H
#define VHART_STAT_LINES_H

#include <stdio.h>

#include "trace/names/exit_names.h"
#include "trace/stat/stat_times.h"
#include "trace/stat/stat_view.h"

#define STAT_AT_LENGTH	 96
#define STAT_LINE_LENGTH 160

struct stat_line {
	struct exit_name name;
	char at[STAT_AT_LENGTH]; /* which device address, CSR or pc; "" where it does not matter */
	uint32_t row;
	int64_t vcpu; /* -1: of all */
	uint32_t tgid;
	struct exit_times times;
};

struct stat_lines {
	struct stat_line *lines; /* the caller frees them */
	size_t count, room;
};

/* Into LINES, which is empty: those of SAMPLE that VIEW shows, in its order. False: no memory. */
bool stat_lines_collect(struct stat_lines *lines, const struct stat_view *view,
			const struct stat_sample *sample);

/* What it is called, printable, in OUT, which is returned. */
const char *stat_line_text(const struct stat_line *line, char *out, size_t size);

/* What is at VALUE, a device address, CSR or pc as VIEW has it, of a vCPU: OUT, which is returned,
 * and "" where it has no name. */
const char *stat_key_name(const struct stat_view *view, const struct exit_vcpu *vcpu,
			  uint64_t value, char *out, size_t size);

bool stat_is_shown(const struct stat_view *view, const struct exit_vcpu *vcpu);

/* Each form of a table, of LINES and SAMPLE, a difference; WALL is how long it took, ns. */
void stat_print_text(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		     uint64_t wall, const struct stat_lines *lines);
void stat_print_json(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		     uint64_t wall, const struct stat_lines *lines);
void stat_print_csv(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		    const struct stat_lines *lines);

#endif
