/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers a guest's SBI calls: a scratch guest makes them (probe_call.h). */
#include <string.h>

#include "vmm/kvm/kvm.h"
#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"

/* Numbers of KVM's (enum KVM_RISCV_SBI_EXT_ID), some of which not every header has. */
enum {
	SBI_V01 = 0,
	SBI_SRST = 4,
	SBI_PMU = 6,
	SBI_EXPERIMENTAL = 7,
	SBI_VENDOR = 8,
	SBI_DBCN = 9,
	SBI_SUSP = 11,
	SBI_MPXY = 13,
};

/* Only before the vCPU's first run. */
static void enable(const struct scratch *scratch, unsigned int id, struct probe_call_result *result)
{
	uint64_t value = 0;

	result->enabled = id == PROBE_CALL_BASE;
	if (result->enabled)
		return;
	result->named = kvm_get_reg(scratch->vcpu_fd, KVM_SBI_REG(id), &value);
	result->enabled = value == 1;
	if (result->named == 0 && !result->enabled)
		result->enabling = kvm_set_reg(scratch->vcpu_fd, KVM_SBI_REG(id), 1);
}

static int set_arguments(const struct scratch *scratch, const struct probe_call *call)
{
	const int fd = scratch->vcpu_fd;
	const uint64_t a1 = call->resumes ? scratch_resume_address() : call->args[1];
	int result = kvm_set_reg(fd, KVM_CORE_REG(regs.a0), call->args[0]);

	if (result == 0)
		result = kvm_set_reg(fd, KVM_CORE_REG(regs.a1), a1);
	if (result == 0)
		result = kvm_set_reg(fd, KVM_CORE_REG(regs.a2), call->args[2]);
	if (result == 0)
		result = kvm_set_reg(fd, KVM_CORE_REG(regs.a6), call->fid);
	return result == 0 ? kvm_set_reg(fd, KVM_CORE_REG(regs.a7), call->eid) : result;
}

/* The exit that is there, with the registers as they are. */
static void read_end(const struct scratch *scratch, struct probe_call_result *result)
{
	const struct kvm_run *run = scratch->run;

	if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
		result->end = PROBE_CALL_ENDED;
		return;
	}
	if (run->exit_reason != KVM_EXIT_MMIO ||
	    kvm_get_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a0), &result->a0) < 0 ||
	    kvm_get_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a1), &result->a1) < 0) {
		snprintf(result->why, sizeof(result->why), "KVM_RUN: exit reason %u",
			 run->exit_reason);
		return;
	}
	result->end = PROBE_CALL_ANSWERED;
}

static bool step(struct scratch *scratch, struct probe_call_result *result)
{
	struct scratch_outcome outcome;

	if (scratch_step(scratch, &outcome))
		return true;
	scratch_explain(&outcome, result->why, sizeof(result->why));
	return false;
}

static bool is_handed(const struct kvm_run *run, const struct probe_call *call)
{
	return run->exit_reason == KVM_EXIT_RISCV_SBI && run->riscv_sbi.extension_id == call->eid &&
	       run->riscv_sbi.function_id == call->fid;
}

/* The vCPU's first call is next. */
static bool begin(struct scratch *scratch, struct probe_finding *finding)
{
	int failure = scratch_begin_calls(scratch);

	if (failure == 0)
		return true;
	probe_set(finding, PROBE_UNKNOWN, "the vCPU's pc: %s", strerror(-failure));
	finding->cost = finding->fix = NULL;
	return false;
}

static void make_call(struct scratch *scratch, const struct probe_call *call,
		      struct probe_call_result *result)
{
	int failure = set_arguments(scratch, call);

	result->end = PROBE_CALL_UNTRIED;
	if (failure < 0)
		snprintf(result->why, sizeof(result->why), "its registers: %s", strerror(-failure));
	if (failure < 0 || !step(scratch, result))
		return;
	if (!is_handed(scratch->run, call)) {
		read_end(scratch, result);
		return;
	}
	scratch->run->riscv_sbi.ret[0] = PROBE_CALL_ANSWER;
	scratch->run->riscv_sbi.ret[1] = PROBE_CALL_ANSWER;
	if (!step(scratch, result))
		return;
	read_end(scratch, result);
	if (result->end == PROBE_CALL_ANSWERED)
		result->end = PROBE_CALL_HANDED;
}

/* The one that ends the VM at the end. */
static void make_all(struct scratch *scratch, struct probe_call_result *results)
{
	for (unsigned int id = 0; id < PROBE_CALLS; id++)
		if (id != SBI_SRST)
			make_call(scratch, &probe_calls[id], &results[id]);
	make_call(scratch, &probe_calls[SBI_SRST], &results[SBI_SRST]);
}

/* Once, on one vCPU. */
static bool make_calls(struct probe *probe, struct probe_finding *finding)
{
	struct scratch scratch;

	if (probe->calls_made)
		return true;
	if (!scratch_for_check(&scratch, probe, finding))
		return false;
	for (unsigned int id = 0; id < PROBE_CALLS; id++)
		enable(&scratch, id, &probe->calls[id]);
	probe->calls_made = begin(&scratch, finding);
	if (probe->calls_made)
		make_all(&scratch, probe->calls);
	scratch_close(&scratch);
	return probe->calls_made;
}

static void check_kernel(struct probe *probe, const struct probe_check *check,
			 struct probe_finding *finding)
{
	(void)check;
	if (make_calls(probe, finding))
		probe_call_tell_kernel(probe->calls, finding);
}

static void check_handed(struct probe *probe, const struct probe_check *check,
			 struct probe_finding *finding)
{
	if (make_calls(probe, finding))
		probe_call_tell_handed(check->number, &probe->calls[check->number], finding);
}

/* Whoever takes it over disables it: on a vCPU of its own. */
static void check_pmu(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	struct probe_call_result disabled = {0};
	struct scratch scratch;
	int disabling;

	(void)check;
	if (!make_calls(probe, finding) || !scratch_for_check(&scratch, probe, finding))
		return;
	disabling = kvm_set_reg(scratch.vcpu_fd, KVM_SBI_REG(SBI_PMU), 0);
	if (begin(&scratch, finding)) {
		make_call(&scratch, &probe_calls[SBI_PMU], &disabled);
		probe_call_tell_pmu(&probe->calls[SBI_PMU], &disabled, disabling, finding);
	}
	scratch_close(&scratch);
}

#define NEWER "run a newer host kernel (./lab --host 7.2 has one)"

const struct probe_check probe_sbi_checks[] = {
	{"sbi.kernel", "answered by KVM", check_kernel, 0, NULL, NULL},
	{"sbi.pmu", "PMU", check_pmu, 0,
	 "a guest sees no counters through KVM: perf in it has software events only",
	 "use a host whose PMU driver works (see 'PMU driver' below)"},
	{"sbi.pmu_profile", "KVM's PMU is that of", probe_pmu_profile, 0, NULL, NULL},
	{"sbi.legacy", "legacy, to vhart", check_handed, SBI_V01,
	 "guests that do not know DBCN have no early console",
	 "run guests that know DBCN (Linux 6.8 and later), or a host kernel with "
	 "CONFIG_RISCV_SBI_V01"},
	{"sbi.experimental", "experimental, to vhart", check_handed, SBI_EXPERIMENTAL,
	 "test guests cannot call vhart", NEWER},
	{"sbi.vendor", "vendor, to vhart", check_handed, SBI_VENDOR,
	 "vendor calls of a guest get NOT_SUPPORTED from KVM", NEWER},
	{"sbi.dbcn", "DBCN, to vhart", check_handed, SBI_DBCN,
	 "no debug console: earlycon=sbi of a guest falls back to the legacy one", NEWER},
	{"sbi.susp", "SUSP, to vhart", check_handed, SBI_SUSP, "guests cannot suspend to RAM",
	 NEWER},
	{"sbi.mpxy", "MPXY, to vhart", check_handed, SBI_MPXY,
	 "message proxy calls of a guest get NOT_SUPPORTED from KVM", NEWER},
	{0},
};
