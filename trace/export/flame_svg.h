/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of calls as one SVG: the leaf on top, callers below, as wide as their share. A frame is an
 * <svg> of its own, which cuts off what does not fit in it; all that is wide is in per cent, so
 * that the width of the whole can be any. What frames are called and what colours they have is the
 * caller's.
 */
#ifndef VHART_FLAME_SVG_H
#define VHART_FLAME_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/export/flame_tree.h"

#define FLAME_NAME (PROFILE_NAME + 32)

struct flame_svg {
	const struct flame_tree *tree;
	const char *title;    /* NULL: "Flame graph" */
	const char *subtitle; /* what was measured; NULL: nothing */
	const char *empty;    /* what is said where there is nothing */
	bool alone;	      /* a file by itself, with style and script, and no part of a page */
	/* What a frame shows: its node's name, or one made of it in OUT. */
	const char *(*name)(const void *opaque, uint32_t node, char out[FLAME_NAME]);
	/* What is said of it beside that: "12 samples, 3.00 %". */
	void (*value)(const void *opaque, uint32_t node, FILE *to);
	/* Its fill. */
	void (*colour)(const void *opaque, uint32_t node, FILE *to);
	/* What colours mean, in one line whose text stands at Y; SHOWN: which nodes there are. */
	void (*legend)(const void *opaque, const bool *shown, uint32_t y, FILE *to);
	const void *opaque;
};

/* 0, or a negative error number as the exports have it (export.h). */
int flame_svg_write(const struct flame_svg *svg, FILE *to);

/* A colour of a legend, with its words, at X. */
void flame_svg_key(FILE *to, unsigned int x, uint32_t y, const char *colour, const char *words);
/* "3.00 %" of TOTAL, which may be 0. */
void flame_svg_percent(FILE *to, uint64_t value, uint64_t total);

/* Where a legend begins, in pixels. */
#define FLAME_LEFT 10u

#endif
