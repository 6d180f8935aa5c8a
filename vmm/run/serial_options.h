/* SPDX-License-Identifier: Apache-2.0 */
/* The options of serial ports, and of the console's log. */
#ifndef VHART_SERIAL_OPTIONS_H
#define VHART_SERIAL_OPTIONS_H

#include <stdbool.h>

struct config;

/* As parse of option_spec.h, for a struct config. */
const char *serial_option(char *value, void *target);
const char *serial_option_console_log(char *value, void *target);

/* What is wrong with these in a whole configuration, or NULL. */
const char *serial_options_contradiction(const struct config *config);

/* Whether one of the ports is on standard input and output. */
bool serial_options_have_stdio(const struct config *config);

#endif
