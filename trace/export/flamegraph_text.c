/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/export/flamegraph_text.h"

const char flamegraph_script[] = {
#include "trace/export/flamegraph.js.inc"
	0};

const char flamegraph_style[] = {
#include "trace/export/flamegraph.css.inc"
	0};
