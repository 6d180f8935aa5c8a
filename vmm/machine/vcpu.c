/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/vcpu.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/kvm/isa.h"
#include "vmm/kvm/kvm.h"

#define SBI_EXT_ID_SUSP 11u /* KVM_RISCV_SBI_EXT_SUSP, newer than some headers */

void vcpu_kick(const struct vcpu *vcpu)
{
	pthread_kill(vcpu->thread, VCPU_KICK_SIGNAL);
}

/* KVM_RUN has a signal mask of its own: the thread's without what is kept for it. */
bool vcpu_keep_signal(struct vcpu *vcpu, int signal)
{
	uint8_t room[sizeof(struct kvm_signal_mask) + sizeof(uint64_t)];
	const struct kvm_signal_mask head = {.len = sizeof(uint64_t)};
	uint64_t blocked = 0; /* as the kernel has it: bit N - 1 for signal N */
	sigset_t now;

	if (vcpu->keeps && sigismember(&vcpu->kept, signal) == 1)
		return true;
	if (!vcpu->keeps)
		sigemptyset(&vcpu->kept);
	sigaddset(&vcpu->kept, signal);
	if (pthread_sigmask(SIG_BLOCK, &vcpu->kept, &now) != 0)
		return false;
	for (int number = 1; number <= 64; number++)
		if (sigismember(&now, number) == 1 && sigismember(&vcpu->kept, number) != 1)
			blocked |= 1ull << (number - 1);
	memcpy(room, &head, sizeof(head));
	memcpy(room + sizeof(head), &blocked, sizeof(blocked));
	vcpu->keeps = ioctl(vcpu->fd, KVM_SET_SIGNAL_MASK, room) == 0;
	return vcpu->keeps;
}

static void enable_sbi(const struct vcpu *vcpu)
{
	/* Off by default in KVM; older kernels know fewer, and the guest does without. */
	static const unsigned int wanted[] = {KVM_RISCV_SBI_EXT_DBCN, SBI_EXT_ID_SUSP};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (kvm_set_reg(vcpu->fd, KVM_SBI_REG(wanted[i]), 1) < 0 && vcpu->id == 0)
			verbose("this kernel's KVM does not forward SBI %s: the guest is without "
				"it",
				isa_sbi_ext_name(wanted[i]));
}

bool vcpu_create(struct vcpu *vcpu, struct machine *machine, int kvm_fd, int vm_fd, unsigned int id)
{
	int run_len = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	*vcpu = (struct vcpu){.machine = machine, .id = id, .fd = -1, .last_hole = UINT64_MAX};
	vcpu->fd = ioctl(vm_fd, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0 || run_len < 0) {
		error("hart %u: KVM cannot create it: %s: use fewer --cpus", id, strerror(errno));
		return false;
	}
	vcpu->run_len = (size_t)run_len;
	vcpu->run = mmap(NULL, vcpu->run_len, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		vcpu->run = NULL;
		error("hart %u: mapping its kvm_run: %s", id, strerror(errno));
		return false;
	}
	enable_sbi(vcpu);
	return true;
}

void vcpu_free(struct vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, vcpu->run_len);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->run = NULL;
	vcpu->fd = -1;
}
