/* SPDX-License-Identifier: Apache-2.0 */
/* Exits as the collector gives them, to print in tests. */
#ifndef VHART_SAMPLE_EXITS_H
#define VHART_SAMPLE_EXITS_H

#include "trace/trace_format.h"

/* When the first one came, ns. */
#define SAMPLE_EXITS_START 5000000000ull

/* Exit INDEX, from 0 on, and which part of it a line is about; false: there are no more. They come
 * in the order of their times. */
bool sample_exit(unsigned int index, struct trace_exit *exit, enum trace_part *part);

/* A view of them whose VM has a UART at 0x10000000, and whose symbols are "f+0x..". */
struct trace_view sample_exits_view(void);

#endif
