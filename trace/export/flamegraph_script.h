/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a flame graph more than a picture, in every browser: zoom, search, and the name below.
 */
#ifndef VHART_FLAMEGRAPH_SCRIPT_H
#define VHART_FLAMEGRAPH_SCRIPT_H

/*
 * Each frame is a <g class="f" data-s= data-w= data-d=> (start and width in the graph's unit,
 * depth) with a title, a rect and a text. Names from the profile are only ever read and set as
 * text.
 */
extern const char flamegraph_script[];

#endif
