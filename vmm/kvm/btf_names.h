/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel's types name: its functions, those of static ones included. So what is true of the
 * code of one function is asked of the running kernel, whatever its version. Pure but for the read.
 */
#ifndef VHART_BTF_NAMES_H
#define VHART_BTF_NAMES_H

#include <stdbool.h>

/* BTF of KVM: a module's, or else the kernel's. */
#define BTF_KVM	    "/sys/kernel/btf/kvm"
#define BTF_VMLINUX "/sys/kernel/btf/vmlinux"

/*
 * Whether the BTF file at PATH has the string NAME, whole (Documentation/bpf/btf.rst of Linux:
 * names stand in one section, each with a zero behind it). False where it cannot be read.
 */
bool btf_names(const char *path, const char *name);

/* The same of the running kernel's KVM. */
bool btf_kvm_names(const char *name);

#endif
