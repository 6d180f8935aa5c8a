/* SPDX-License-Identifier: Apache-2.0 */
/* How large the user's terminal is. */
#ifndef VHART_WINDOW_H
#define VHART_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* In characters. False: standard input is no terminal, or it does not say. */
bool window_size(uint16_t *columns, uint16_t *rows);

#endif
