/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes of time: for each vCPU or reason of exits, what came when, as bars. Pure. */
#ifndef VHART_PAGE_LANES_H
#define VHART_PAGE_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bars of a lane that stand on those of the layer before it. Texts of our own. */
struct page_layer {
	const char *class; /* of page.css */
	const char *name;
};

struct page_lane {
	char label[96], note[96]; /* as they came: not yet fit to be shown */
	double most;		  /* what a bar as high as the lane is */
};

struct page_lanes {
	const char *title; /* ours, as words, unit and none */
	const char *words; /* below it, before the layers' names */
	const char *unit;  /* of what a lane has at one time: " %" */
	const char *none;  /* why there are no lanes */
	uint64_t from;	   /* ns */
	const uint64_t
		*ends; /* of the columns, each later than the one before, the first than FROM */
	size_t columns;
	const struct page_layer *layers;
	size_t layers_count;
	const struct page_lane *lanes;
	size_t count;
	size_t more; /* lanes that are not shown */
	/* How much of the lane's height a layer has in COLUMN: 0 to 1, all layers together too. */
	double (*height)(const void *opaque, size_t lane, size_t column, size_t layer);
	const void *opaque;
};

void page_lanes_write(const struct page_lanes *lanes, FILE *to);

#endif
