/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/page/page_text.h"

const char page_script[] = {
#include "trace/page/page.js.inc"
	0};

const char page_style[] = {
#include "trace/page/page.css.inc"
	0};
