/* SPDX-License-Identifier: Apache-2.0 */
/* What QEMU, kvmtool, cloud-hypervisor, crosvm and Firecracker call what `vhart run` has. */
#ifndef VHART_RUN_NAMES_H
#define VHART_RUN_NAMES_H

#include "base/suggest.h"

extern const struct other_name run_other_names[];

#endif
