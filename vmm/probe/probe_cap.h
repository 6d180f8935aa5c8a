/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of KVM that vhart uses. KVM's "yes" is tried on a scratch VM. */
#ifndef VHART_PROBE_CAP_H
#define VHART_PROBE_CAP_H

#include "vmm/probe/probe.h"

enum probe_cap {
	PROBE_CAP_ONE_REG,
	PROBE_CAP_MP_STATE,
	PROBE_CAP_DEVICE_CTRL,
	PROBE_CAP_IRQFD,
	PROBE_CAP_IRQ_ROUTING,
	PROBE_CAP_SIGNAL_MSI,
	PROBE_CAP_IOEVENTFD,
	PROBE_CAP_IOEVENTFD_ANY_LENGTH,
	PROBE_CAP_READONLY_MEM,
	PROBE_CAP_BINARY_STATS,
};

probe_function probe_capability; /* the check's number is an enum probe_cap */
/* One whose value is a number, by KVM_CAP_*: what KVM says. */
probe_function probe_capability_number;

#endif
