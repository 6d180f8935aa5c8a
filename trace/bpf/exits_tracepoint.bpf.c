/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* For kernels without BPF trampolines: a device that KVM plays itself is not told from RAM. */
#include "trace/bpf/exits.bpf.h"
