/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb gave, as text for people. Pure. */
#ifndef VHART_RESULT_TEXT_H
#define VHART_RESULT_TEXT_H

#include <json-c/json.h>
#include <stdio.h>

/* A result that was made for people (lines) is its lines; of others each member has its line. All
 * of it printable. */
void verb_result_text(json_object *result, FILE *to);

#endif
