/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenMetrics text (RFC draft "OpenMetrics", version 1.0.0): families of samples with labels, which
 * Prometheus and others read. Pure. Errors are the stream's: ferror().
 */
#ifndef VHART_OPENMETRICS_H
#define VHART_OPENMETRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Those that the older text of Prometheus has, too: a parser of that refuses others. */
enum openmetrics_type {
	OPENMETRICS_COUNTER, /* only grows; its samples are called NAME_total */
	OPENMETRICS_GAUGE,
};

struct openmetrics_family {
	const char *name; /* ends in _UNIT, where there is one */
	enum openmetrics_type type;
	const char *unit; /* "seconds"; NULL: none */
	const char *help; /* one sentence */
};

struct openmetrics_label {
	const char *name;
	const char *value; /* any bytes; "": the sample does not have it */
};

/* Its samples follow, all of them before the next family; no two with the same labels. */
void openmetrics_family(FILE *out, const struct openmetrics_family *family);

/* A sample with these COUNT labels. */
void openmetrics_uint(FILE *out, const struct openmetrics_family *family,
		      const struct openmetrics_label *labels, size_t count, uint64_t value);
/* The same in seconds. */
void openmetrics_ns(FILE *out, const struct openmetrics_family *family,
		    const struct openmetrics_label *labels, size_t count, uint64_t ns);

/* Nothing follows. */
void openmetrics_end(FILE *out);

#endif
