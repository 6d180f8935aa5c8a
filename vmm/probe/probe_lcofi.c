/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to raise LCOFI (interrupt 13, Sscofpmf) in a guest from userspace, tried on scratch VMs.
 */
#include <string.h>

#include "vmm/kvm/lcofi.h"
#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"

/* The check's number: that of the way, and whether the VM is to have an AIA. */
#define WITH_AIA 0x100u

static void tell_trial(const struct probe_check *check, const struct lcofi_trial *trial,
		       struct probe_finding *finding)
{
	char words[96];

	switch (trial->end) {
	case LCOFI_TAKEN: probe_set(finding, PROBE_OK, "a scratch guest took it"); return;
	case LCOFI_REFUSED:
		probe_set(finding, PROBE_MISSING, "KVM refuses: %s: %s", trial->step,
			  strerror(trial->failure));
		return;
	case LCOFI_UNKNOWN:
		scratch_explain(&trial->outcome, words, sizeof(words));
		probe_set(finding, PROBE_MISSING, "it did not reach a scratch guest: %s", words);
		return;
	case LCOFI_IGNORED:
		if (lcofi_ways[check->number & ~WITH_AIA].any_guest)
			finding->fix = "use a host with AIA and harts that take interrupt 13 in "
				       "VS-mode (QEMU has them up to version 10.0.2)";
		break;
	default: break;
	}
	probe_set(finding, PROBE_MISSING, "it did not reach a scratch guest: %s",
		  lcofi_why_not(trial));
}

static void check_way(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	const struct lcofi_way *way = &lcofi_ways[check->number & ~WITH_AIA];
	struct lcofi_trial trial;
	struct scratch scratch;

	if (!scratch_for_check(&scratch, probe, finding))
		return;
	trial = way->try(&scratch, check->number & WITH_AIA);
	tell_trial(check, &trial, finding);
	scratch_close(&scratch);
}

#define LESS_SAMPLING                                                                              \
	"one way less in which a guest can sample ('perf record') with a PMU that vhart answers"

const struct probe_check probe_lcofi_checks[] = {
	{"lcofi.stub", "LCOFI by code on the vCPU", check_way, 0 | WITH_AIA, LESS_SAMPLING,
	 "use a host with AIA and Sscofpmf (./lab is one)"},
	{"lcofi.sip", "LCOFI by sip (ONE_REG)", check_way, 1 | WITH_AIA, LESS_SAMPLING,
	 "run a host kernel of 7.x on a host with AIA and Sscofpmf (./lab --host 7.2 is one)"},
	{"lcofi.msi", "an MSI by the IMSIC", check_way, 2 | WITH_AIA,
	 "guests that know vhart need another way to hear of an overflow",
	 "use a host with AIA (in QEMU: -M virt,aia=aplic-imsic,aia-guests=3; in the lab: --aia "
	 "aplic-imsic)"},
	{"lcofi.wired", "a line of the APLIC", check_way, 3 | WITH_AIA,
	 "guests that know vhart need another way to hear of an overflow",
	 "use a host with AIA (in QEMU: -M virt,aia=aplic-imsic,aia-guests=3; in the lab: --aia "
	 "aplic-imsic)"},
	{"lcofi.plic", "a line of vhart's PLIC", check_way, 3,
	 "on a host without AIA no interrupt of a device reaches a guest",
	 "run a newer host kernel"},
	{0},
};
