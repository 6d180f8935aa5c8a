/* SPDX-License-Identifier: Apache-2.0 */
/* The options of serial ports, and of the console's log. */
#ifndef VHART_SERIAL_OPTIONS_H
#define VHART_SERIAL_OPTIONS_H

/* As parse of option_spec.h, for a struct config. */
const char *serial_option_console_log(char *value, void *target);

#endif
