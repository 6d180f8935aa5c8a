/* SPDX-License-Identifier: Apache-2.0 */
/* What control.c and control_run.c have of each other; control.h comes before it. */
#ifndef VHART_CONTROL_PRIVATE_H
#define VHART_CONTROL_PRIVATE_H

#include "vmm/control/events.h"

struct control;
struct machine;

void control_post(struct control *control, enum event_kind kind, uint64_t number);
void control_post_breakpoint(struct control *control, unsigned int hart, uint64_t pc, uint32_t id);
/*
 * control_take(), of the next life's machine if this one ends; with its harts held, and the
 * breakpoints in that can be, if it is paused, or ALWAYS. NULL, with words in WHY: none is taken.
 */
struct machine *control_take_held(struct control *control, bool always,
				  char why[CONTROL_ERROR_MAX]);
/* Of a machine that is not paused, those harts that are to run do again. */
void control_let_run(const struct control *control);
/* The machine goes on: sees to its breakpoints. */
void control_mind_breakpoints(struct control *control);

#endif
