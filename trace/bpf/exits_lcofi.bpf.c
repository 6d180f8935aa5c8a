/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * And the path of a sample: the host's counter overflows, the guest's LCOFI becomes pending, by KVM
 * in the host's interrupt handler (kvm_riscv_pmu_overflow()) or by the VMM that writes sip, and the
 * guest goes on. Apart from the others, as it costs something at each of the host's interrupts.
 */
#include "base/riscv.h"
#include "trace/bpf/exits_fentry.bpf.c"

struct irqaction {
	const char *name;
} __attribute__((preserve_access_index));
/* asm/kvm.h: KVM_REG_RISCV_CSR_REG(sip). */
#define REG_SIP 0x8030000003000007ull

struct kvm_one_reg {
	unsigned long long id, addr;
} __attribute__((preserve_access_index));

/* drivers/perf/riscv_pmu_sbi.c: the name of its interrupt. */
static const char pmu_irq[] = "riscv-pmu";

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(on_irq, int irq, struct irqaction *action)
{
	__u32 zero = 0;
	__u64 *overflowed;
	char name[sizeof(pmu_irq)] = "";

	if (!action)
		return 0;
	bpf_probe_read_kernel_str(name, sizeof(name), action->name);
	if (bpf_strncmp(name, sizeof(name), pmu_irq) != 0)
		return 0;
	overflowed = bpf_map_lookup_elem(&overflows, &zero);
	if (overflowed)
		*overflowed = bpf_ktime_get_ns();
	return 0;
}

/* KVM and VMMs do it in the vCPU's thread. */
static __always_inline int injected_here(enum lcofi_by by)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid(), index;
	const struct runner *runner = bpf_map_lookup_elem(&runners, &tid);
	struct exit_ring *ring;

	if (!runner || !runner->watched)
		return 0;
	index = runner->index;
	ring = bpf_map_lookup_elem(&rings, &index);
	if (ring) {
		ring->injected = bpf_ktime_get_ns();
		ring->by = by;
	}
	return 0;
}

SEC("fentry/kvm_riscv_vcpu_set_interrupt")
int BPF_PROG(on_inject, struct kvm_vcpu *vcpu, unsigned int irq)
{
	return irq == IRQ_LCOFI ? injected_here(LCOFI_BY_KVM) : 0;
}

SEC("fentry/kvm_riscv_vcpu_set_reg")
int BPF_PROG(on_set_reg, struct kvm_vcpu *vcpu, const struct kvm_one_reg *reg)
{
	__u64 value = 0;

	if (reg->id != REG_SIP)
		return 0;
	bpf_probe_read_user(&value, sizeof(value), (const void *)reg->addr);
	return value & SIP_LCOFIP ? injected_here(LCOFI_BY_SIP) : 0;
}
