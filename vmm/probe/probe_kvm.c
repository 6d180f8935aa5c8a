/* SPDX-License-Identifier: Apache-2.0 */
/* Whether VMs can be run: /dev/kvm, and a guest that really runs.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/host.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"
#include "vmm/probe/probe_cap.h"

#define NO_VM "no VM can be run on this host"

/* 1: the harts have it; 0: they do not; -1: /proc/cpuinfo does not tell. */
static int cpuinfo_has_h(void)
{
	char isa[2048];

	if (!host_read_field("/proc/cpuinfo", "isa", isa, sizeof(isa)))
		return -1;
	return host_isa_has(isa, "h");
}

static void check_h(struct probe *probe, const struct probe_check *check,
		    struct probe_finding *finding)
{
	int has = cpuinfo_has_h();

	(void)check;
	if (has == 1)
		probe_set(finding, PROBE_OK, "/proc/cpuinfo lists h");
	else if (probe->kvm_fd >= 0)
		/* It loads on no hart without. */
		probe_set(finding, PROBE_OK, "KVM is there, so the harts have it");
	else if (has == 0)
		probe_set(finding, PROBE_MISSING, "/proc/cpuinfo does not list h");
	else
		probe_set(finding, PROBE_UNKNOWN, "/proc/cpuinfo has no isa line");
}

/* A user gets in by the group, as distributions have it, where the group may open the device. */
static const char *fix_permission(void)
{
	struct stat device;

	if (stat("/dev/kvm", &device) == 0 && device.st_gid != 0 &&
	    (device.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP))
		return "usermod -aG kvm USER (as root), then log in again; or run as root";
	return "chgrp kvm /dev/kvm; chmod 660 /dev/kvm; usermod -aG kvm USER (as root), then log "
	       "in again; or run as root";
}

static void check_device(struct probe *probe, const struct probe_check *check,
			 struct probe_finding *finding)
{
	int version;

	(void)check;
	if (probe->kvm_fd < 0) {
		probe_set(finding, PROBE_MISSING, "/dev/kvm: %s", strerror(probe->kvm_errno));
		if (probe->kvm_errno == EACCES || probe->kvm_errno == EPERM)
			finding->fix = fix_permission();
		else if (cpuinfo_has_h() == 0)
			finding->fix = "see 'H extension' above";
		return;
	}
	version = ioctl(probe->kvm_fd, KVM_GET_API_VERSION, 0);
	if (version == KVM_API_VERSION)
		probe_set(finding, PROBE_OK, "/dev/kvm, API version %d", version);
	else
		probe_set(finding, PROBE_MISSING, "/dev/kvm has API version %d, not %d", version,
			  KVM_API_VERSION);
}

static void check_guest(struct probe *probe, const struct probe_check *check,
			struct probe_finding *finding)
{
	struct scratch_outcome outcome;
	struct scratch scratch;
	const char *step;
	char words[96];
	int result;

	(void)check;
	if (probe->kvm_fd < 0) {
		probe_set(finding, PROBE_MISSING, "not tried: KVM cannot be opened");
		finding->fix = NULL;
		return;
	}
	result = scratch_open(&scratch, probe->kvm_fd, &step);
	if (result < 0) {
		probe_set(finding, PROBE_MISSING, "%s: %s", step, strerror(-result));
		scratch_close(&scratch);
		return;
	}
	outcome = scratch_start(&scratch);
	if (outcome.end == SCRATCH_READY)
		outcome = scratch_spin(&scratch, 1);
	scratch_close(&scratch);
	probe->usable = outcome.end == SCRATCH_SPUN;
	if (probe->usable) {
		probe_set(finding, PROBE_OK, "a scratch VM ran a few instructions");
		return;
	}
	scratch_explain(&outcome, words, sizeof(words));
	probe_set(finding, PROBE_MISSING, "a scratch VM was made, but: %s", words);
}

#define NEWER_KERNEL "run a newer kernel with CONFIG_KVM, such as the distribution's"

#define AIA_HOST "use a host with AIA, and a newer kernel (see 'AIA' below)"

const struct probe_check probe_kvm_checks[] = {
	{"kvm.h", "H extension", check_h, 0, NO_VM,
	 "use a CPU with the H extension (in QEMU: -cpu rv64,h=true); without one, './lab -- CMD' "
	 "in vhart's source tree plays a host that has it"},
	{"kvm.device", "KVM", check_device, 0, NO_VM, "modprobe kvm (as root)"},
	{"kvm.guest", "a guest runs", check_guest, 0, NO_VM,
	 "see what the kernel says: dmesg | grep -i kvm"},
	{"kvm.one_reg", "ONE_REG", probe_capability, PROBE_CAP_ONE_REG, NO_VM, NEWER_KERNEL},
	{"kvm.mp_state", "MP_STATE", probe_capability, PROBE_CAP_MP_STATE,
	 "the states of harts cannot be read", NEWER_KERNEL},
	{"kvm.device_ctrl", "DEVICE_CTRL", probe_capability, PROBE_CAP_DEVICE_CTRL,
	 "no AIA in the kernel: interrupts go through a PLIC in vhart, and are slower",
	 NEWER_KERNEL},
	{"kvm.irqfd", "IRQFD", probe_capability, PROBE_CAP_IRQFD,
	 "no MSI-X: virtio devices use wired interrupts, and are slower", AIA_HOST},
	{"kvm.irq_routing", "IRQ_ROUTING", probe_capability, PROBE_CAP_IRQ_ROUTING,
	 "no MSI-X: virtio devices use wired interrupts, and are slower", AIA_HOST},
	{"kvm.signal_msi", "SIGNAL_MSI", probe_capability, PROBE_CAP_SIGNAL_MSI,
	 "no MSI can be sent without a route; vhart makes one for each", AIA_HOST},
	{"kvm.ioeventfd", "IOEVENTFD", probe_capability, PROBE_CAP_IOEVENTFD,
	 "each doorbell of a virtio device stops its vCPU until vhart answers", NEWER_KERNEL},
	{"kvm.ioeventfd_any_length", "IOEVENTFD_ANY_LENGTH", probe_capability,
	 PROBE_CAP_IOEVENTFD_ANY_LENGTH,
	 "doorbells written with another width stop the vCPU until vhart answers", NEWER_KERNEL},
	{"kvm.readonly_mem", "READONLY_MEM", probe_capability, PROBE_CAP_READONLY_MEM,
	 "no flash or ROM that a guest can only read; vhart uses none so far", NEWER_KERNEL},
	{"kvm.binary_stats", "BINARY_STATS_FD", probe_capability, PROBE_CAP_BINARY_STATS,
	 "KVM's own counters of a VM are missing from results", NEWER_KERNEL},
	{"kvm.vcpus", "vCPUs, recommended", probe_capability_number, KVM_CAP_NR_VCPUS, NULL, NULL},
	{"kvm.max_vcpus", "vCPUs, at most", probe_capability_number, KVM_CAP_MAX_VCPUS, NULL, NULL},
	{"kvm.memory_slots", "memory slots", probe_capability_number, KVM_CAP_NR_MEMSLOTS, NULL,
	 NULL},
	{"kvm.gpa_bits", "guest address bits", probe_capability_number, KVM_CAP_VM_GPA_BITS, NULL,
	 NULL},
	{0},
};
