/* SPDX-License-Identifier: Apache-2.0 */
/* For a control socket without a machine: what verbs that need none have no use for. */
#include "vmm/control/control.h"

struct machine *control_take(struct control *control)
{
	(void)control;
	return NULL;
}

struct machine *control_hold(struct control *control, char why[CONTROL_ERROR_MAX])
{
	(void)control, (void)why;
	return NULL;
}

void control_release(struct control *control)
{
	(void)control;
}

void control_let_go(struct control *control)
{
	(void)control;
}
