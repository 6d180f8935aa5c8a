/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a machine. */
#ifndef VHART_DEVICES_PLUG_H
#define VHART_DEVICES_PLUG_H

#include <stdbool.h>

struct machine;

/* All devices that the configuration asks for. False after error(). */
bool devices_plug(struct machine *machine);
void devices_unplug(struct machine *machine);

#endif
