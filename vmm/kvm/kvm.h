/* SPDX-License-Identifier: Apache-2.0 */
/* Thin wrappers of the KVM API: opening it, and registers by KVM_{GET,SET}_ONE_REG. */
#ifndef VHART_KVM_H
#define VHART_KVM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "vmm/config.h"

/* Opens /dev/kvm and checks its API version. -1 after error() that says the way out. */
int kvm_open(void);

/* Memory slots. */
enum kvm_slot { KVM_SLOT_RAM, KVM_SLOT_LCOFI_STUB, KVM_SLOT_ROMS };

/* KVM_RUN: 0 or -errno. */
int kvm_run(int vcpu_fd);
/*
 * A handler for signals that do nothing but interrupt kvm_run(), to be installed with SA_SIGINFO,
 * SA_NODEFER and an empty sa_mask: returns from kvm_run() by itself where it was interrupted at its
 * end, because sigreturn costs as much as two system calls. (So it must not be used with shadow
 * stacks, which only sigreturn unwinds.)
 */
void kvm_run_leave(int number, siginfo_t *info, void *context);

/* A register of xlen (64) bits. 0 or -errno. */
int kvm_get_reg(int vcpu_fd, uint64_t id, uint64_t *value);
int kvm_set_reg(int vcpu_fd, uint64_t id, uint64_t value);

/* Register ids: KVM_REG_RISCV | size U64 | class | index. */
#define KVM_REG64(class, index) (KVM_REG_RISCV | KVM_REG_SIZE_U64 | (class) | (uint64_t)(index))
#define KVM_CONFIG_REG(name)	KVM_REG64(KVM_REG_RISCV_CONFIG, KVM_REG_RISCV_CONFIG_REG(name))
#define KVM_CORE_REG(name)	KVM_REG64(KVM_REG_RISCV_CORE, KVM_REG_RISCV_CORE_REG(name))
#define KVM_CSR_REG(name)                                                                          \
	KVM_REG64(KVM_REG_RISCV_CSR, KVM_REG_RISCV_CSR_GENERAL | KVM_REG_RISCV_CSR_REG(name))
#define KVM_ISA_REG(id) KVM_REG64(KVM_REG_RISCV_ISA_EXT, KVM_REG_RISCV_ISA_SINGLE | (uint64_t)(id))
#define KVM_SBI_REG(id) KVM_REG64(KVM_REG_RISCV_SBI_EXT, KVM_REG_RISCV_SBI_SINGLE | (uint64_t)(id))

/* The in-kernel APLIC and IMSIC. */
struct aia {
	int fd;		    /* the KVM device */
	uint64_t mode;	    /* KVM_DEV_RISCV_AIA_MODE_* */
	uint64_t imsic_ids; /* interrupt identities per file */
};
/* Creates the device, before the vCPUs exist. False: the host has none. */
bool aia_create(int vm_fd, struct aia *aia);
/*
 * Whether a halted vCPU of this kernel's KVM can miss an MSI to its guest interrupt file: until
 * Linux moved that code ("RISC-V: KVM: Move HGEI[E|P] CSR access to IMSIC virtualization"),
 * aia_find_hgei() looks for the file on the CPU that asks, and finds none when the thread has come
 * to another one since the guest ran. Seen on 6.12.117; 7.2.12 has it not.
 */
bool aia_misses_msis(void);
/*
 * Places and starts it; all vCPUs exist. WANTED is not AIA_OFF; AIA_AUTO is KVM's own choice. 0 or
 * -errno; WHAT names the step that failed.
 */
int aia_init(struct aia *aia, unsigned int harts, enum config_aia wanted, const char **what);
/* A register of the APLIC at OFFSET, or of hart 0's IMSIC by its number for siselect. 0 or -errno.
 */
int aia_set_aplic(const struct aia *aia, uint32_t offset, uint32_t value);
int aia_set_imsic(const struct aia *aia, uint32_t number, uint64_t value);
/* An MSI with IDENTITY to the IMSIC of HART: what KVM_SIGNAL_MSI gives, or -errno. */
int aia_send_msi(int vm_fd, unsigned int hart, uint32_t identity);

#endif
