/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the device addresses of our own VMs. */
#ifndef VHART_DEVICE_NAMES_H
#define VHART_DEVICE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "uart+0x7 (SCR)": what is at guest physical ADDRESS of a VM of ours. False: nothing that is
 * known.
 */
bool device_name(uint64_t address, char *out, size_t size);

#endif
