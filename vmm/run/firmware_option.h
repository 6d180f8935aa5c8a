/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VHART_FIRMWARE_OPTION_H
#define VHART_FIRMWARE_OPTION_H

/* The value of --firmware: into the struct config TARGET. NULL, or what was expected. */
const char *firmware_option(char *value, void *target);

#endif
