/* SPDX-License-Identifier: Apache-2.0 */
/* A short timeline to export in tests: two vCPUs, a nested call, an interrupt, a loss. */
#ifndef VHART_SAMPLE_TRACE_H
#define VHART_SAMPLE_TRACE_H

#include "trace/export_perfetto.h"

void sample_trace(struct perfetto *perfetto, perfetto_write *write, void *opaque);

#endif
