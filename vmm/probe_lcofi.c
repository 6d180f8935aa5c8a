/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to raise LCOFI (interrupt 13, Sscofpmf) in a guest from userspace, tried on scratch VMs.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/kvm.h"
#include "vmm/lcofi.h"
#include "vmm/probe.h"
#include "vmm/probe_scratch.h"

typedef void trial_function(struct scratch *scratch, struct probe_finding *finding);

/* Each trial has a VM of its own. */
static void on_scratch(const struct probe *probe, trial_function *run,
		       struct probe_finding *finding)
{
	struct scratch scratch;

	if (!scratch_for_check(&scratch, probe, finding))
		return;
	run(&scratch, finding);
	scratch_close(&scratch);
}

static void tell_trial(const struct lcofi_trial *trial, struct probe_finding *finding)
{
	char words[96];

	switch (trial->end) {
	case LCOFI_TAKEN: probe_set(finding, PROBE_OK, "a scratch guest took it"); return;
	case LCOFI_REFUSED:
		probe_set(finding, PROBE_MISSING, "KVM refuses: %s", strerror(trial->failure));
		return;
	case LCOFI_UNKNOWN:
		scratch_explain(&trial->outcome, words, sizeof(words));
		probe_set(finding, PROBE_MISSING, "it did not reach a scratch guest: %s", words);
		return;
	case LCOFI_IGNORED:
		finding->fix = "use a host with AIA and harts that take interrupt 13 in VS-mode "
			       "(QEMU has them up to version 10.0.2)";
		break;
	default: break;
	}
	probe_set(finding, PROBE_MISSING, "it did not reach a scratch guest: %s",
		  lcofi_why_not(trial));
}

/* The check's number is that of the way. */
static void check_way(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	struct lcofi_trial trial;
	struct scratch scratch;

	if (!scratch_for_check(&scratch, probe, finding))
		return;
	trial = lcofi_ways[check->number].try(&scratch);
	tell_trial(&trial, finding);
	scratch_close(&scratch);
}

static void try_msi(struct scratch *scratch, struct probe_finding *finding)
{
	const char *what;
	struct aia aia;
	int result;

	if (!aia_create(scratch->vm_fd, &aia)) {
		probe_set(finding, PROBE_MISSING, "no AIA: %s", strerror(errno));
		return;
	}
	result = aia_init(&aia, 1, &what);
	if (result < 0)
		probe_set(finding, PROBE_MISSING, "the AIA does not start: %s: %s", what,
			  strerror(-result));
	else
		probe_set(finding, PROBE_OK,
			  "the AIA starts, with %llu interrupt identities; for "
			  "guests that cooperate",
			  (unsigned long long)aia.imsic_ids);
	close(aia.fd);
}

static void check_msi(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	(void)check;
	on_scratch(probe, try_msi, finding);
}

static void try_interrupt(struct scratch *scratch, struct probe_finding *finding)
{
	struct kvm_interrupt set = {.irq = (uint32_t)KVM_INTERRUPT_SET};
	struct kvm_interrupt unset = {.irq = (uint32_t)KVM_INTERRUPT_UNSET};

	if (ioctl(scratch->vcpu_fd, KVM_INTERRUPT, &set) < 0 ||
	    ioctl(scratch->vcpu_fd, KVM_INTERRUPT, &unset) < 0)
		probe_set(finding, PROBE_MISSING, "KVM_INTERRUPT: %s", strerror(errno));
	else
		probe_set(finding, PROBE_OK,
			  "KVM_INTERRUPT works, without AIA; for guests that "
			  "cooperate");
}

static void check_interrupt(struct probe *probe, const struct probe_check *check,
			    struct probe_finding *finding)
{
	(void)check;
	on_scratch(probe, try_interrupt, finding);
}

const struct probe_check probe_lcofi_checks[] = {
	{"lcofi.sip", "by sip (ONE_REG)", check_way, 0,
	 "one way less in which a guest can sample ('perf record') with a PMU that vhart answers",
	 "run a host kernel of 7.x on a host with AIA and Sscofpmf (./lab --host 7.2 is one)"},
	{"lcofi.stub", "by code on the vCPU", check_way, 1,
	 "one way less in which a guest can sample ('perf record') with a PMU that vhart answers",
	 "use a host with AIA and Sscofpmf (./lab is one)"},
	{"lcofi.msi", "by an MSI or APLIC line", check_msi, 0,
	 "guests that know vhart need another way to hear of an overflow",
	 "use a host with AIA (in QEMU: -M virt,aia=aplic-imsic,aia-guests=3; in the lab: --aia "
	 "aplic-imsic)"},
	{"lcofi.plic", "by the userspace PLIC", check_interrupt, 0,
	 "on a host without AIA no interrupt of a device reaches a guest",
	 "run a newer host kernel"},
	{0},
};
