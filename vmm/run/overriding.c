/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/overriding.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/vcpu_stay.h"
#include "vmm/run/vcpu_exits.h"

/* KVM's numbers of the extensions that it can be without (enum KVM_RISCV_SBI_EXT_ID; isa.c names
 * them). */
static const struct {
	uint64_t first, last;
	unsigned int number;
	bool hands_over; /* those that are on come here by themselves */
} kvm_extensions[] = {
	{0, SBI_EID_LEGACY_LAST, 0, false},
	{SBI_EID_TIME, SBI_EID_TIME, 1, false},
	{SBI_EID_IPI, SBI_EID_IPI, 2, false},
	{SBI_EID_RFENCE, SBI_EID_RFENCE, 3, false},
	{SBI_EID_SRST, SBI_EID_SRST, 4, false},
	{SBI_EID_HSM, SBI_EID_HSM, 5, false},
	{SBI_EID_PMU, SBI_EID_PMU, 6, false},
	{SBI_EID_EXPERIMENTAL, SBI_EID_EXPERIMENTAL | 0xffffff, 7, true},
	{SBI_EID_VENDOR, SBI_EID_VENDOR | 0xffffff, 8, true},
	{SBI_EID_DBCN, SBI_EID_DBCN, 9, true},
	{SBI_EID_STA, SBI_EID_STA, 10, false},
	{SBI_EID_SUSP, SBI_EID_SUSP, 11, true},
	{SBI_EID_FWFT, SBI_EID_FWFT, 12, false},
	{SBI_EID_MPXY, SBI_EID_MPXY, 13, true},
};

#define NONE UINT_MAX

static unsigned int find(uint64_t eid)
{
	for (unsigned int i = 0; i < sizeof(kvm_extensions) / sizeof(kvm_extensions[0]); i++)
		if (eid >= kvm_extensions[i].first && eid <= kvm_extensions[i].last)
			return i;
	return NONE;
}

static bool is_on(const struct machine *machine, unsigned int index)
{
	uint64_t on = 0;

	return kvm_get_reg(machine->vcpus[0].fd, KVM_SBI_REG(kvm_extensions[index].number), &on) ==
		       0 &&
	       on == 1;
}

static bool take_from_kvm(const struct machine *machine, unsigned int index, uint64_t eid)
{
	int result = 0;

	for (unsigned int i = 0; i < machine->vcpu_count && result == 0; i++)
		result = kvm_set_reg(machine->vcpus[i].fd,
				     KVM_SBI_REG(kvm_extensions[index].number), 0);
	if (result == 0)
		return true;
	error("KVM does not let a script answer SBI EID 0x%" PRIx64 ": %s: wrap its calls", eid,
	      strerror(-result));
	return false;
}

/* ---- rules ---- */

static bool refuse_base(void)
{
	error("a script cannot be SBI EID 0x10 (BASE), which KVM always answers: wrap its calls");
	return false;
}

static struct forward_rule *rule_of(struct forward_rules *rules, uint64_t eid)
{
	for (unsigned int i = 0; i < rules->count; i++)
		if (rules->rules[i].eid == eid)
			return &rules->rules[i];
	if (rules->count == FORWARD_MAX_RULES) {
		error("SBI EID 0x%" PRIx64
		      ": of those that KVM keeps to itself, at most %u can be answered or wrapped",
		      eid, FORWARD_MAX_RULES);
		return NULL;
	}
	rules->rules[rules->count] = (struct forward_rule){.eid = eid};
	return &rules->rules[rules->count++];
}

static bool add_rule(const struct sbi_claim *claim, bool kept, struct forward_rules *rules)
{
	struct forward_rule *rule = rule_of(rules, claim->eid);
	unsigned int bit;

	if (!rule)
		return false;
	bit = 1u << (rule - rules->rules);
	rule->fids |=
		claim->every_fid ? FORWARD_ALL_FIDS : 1ull << (claim->fid < 63 ? claim->fid : 63);
	if (!claim->wraps)
		rules->probes |= bit;
	if (kept)
		rules->kept |= bit;
	return true;
}

/* KVM brings its calls here by itself. */
static bool is_handed_over(const struct machine *machine, const struct sbi_claim *claim)
{
	unsigned int index = find(claim->eid);

	return index != NONE && kvm_extensions[index].hands_over && is_on(machine, index);
}

static bool add_claim(struct machine *machine, const struct sbi_claim *claim, bool pmu_here,
		      struct forward_rules *rules)
{
	unsigned int index = find(claim->eid);
	bool on = index != NONE && is_on(machine, index);

	if (claim->eid == SBI_EID_PMU && pmu_here)
		return true;
	if (is_handed_over(machine, claim))
		return true;
	if (!claim->wraps && claim->eid == SBI_EID_BASE)
		return refuse_base();
	if (!claim->wraps && on && !take_from_kvm(machine, index, claim->eid))
		return false;
	/* The legacy console is answered here where KVM does not. */
	return add_rule(claim,
			claim->wraps && claim->eid != SBI_EID_LEGACY_PUTCHAR &&
				claim->eid != SBI_EID_LEGACY_GETCHAR,
			rules);
}

bool overriding_add_rules(struct machine *machine, bool pmu_here, struct forward_rules *rules)
{
	const struct sbi_override *override = machine->sbi.override;
	struct sbi_claim claim;

	for (unsigned int i = 0; override && override->claim(override, i, &claim); i++)
		if (!add_claim(machine, &claim, pmu_here, rules))
			return false;
	return true;
}

bool overriding_needs_forward(const struct machine *machine)
{
	const struct sbi_override *override = machine->sbi.override;
	struct sbi_claim claim;

	for (unsigned int i = 0; override && override->claim(override, i, &claim); i++)
		if (!is_handed_over(machine, &claim))
			return true;
	return false;
}

/* ---- asking KVM ---- */

/* With interrupts off the ecall is the next that the hart does. */
static int mask_interrupts(struct vcpu *vcpu, uint64_t *sstatus)
{
	int result = kvm_get_reg(vcpu->fd, KVM_CSR_REG(sstatus), sstatus);

	vcpu_stay(vcpu);
	if (result == 0 && *sstatus & SSTATUS_SIE)
		result = kvm_set_reg(vcpu->fd, KVM_CSR_REG(sstatus), *sstatus & ~SSTATUS_SIE);
	return result;
}

static int unmask_interrupts(struct vcpu *vcpu, uint64_t before)
{
	uint64_t sstatus;
	int result = 0;

	if (before & SSTATUS_SIE)
		result = kvm_get_reg(vcpu->fd, KVM_CSR_REG(sstatus), &sstatus);
	vcpu_stay(vcpu);
	if (before & SSTATUS_SIE && result == 0)
		result = kvm_set_reg(vcpu->fd, KVM_CSR_REG(sstatus), sstatus | SSTATUS_SIE);
	return result;
}

/* A kick that came meanwhile is the caller's: the next KVM_RUN returns for it. */
static void pass_kick_on(const struct vcpu *vcpu, bool kicked)
{
	if (kicked)
		__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

/* A hart that was stopped or suspended by the call is elsewhere by then. */
static bool is_at(const struct vcpu *vcpu, uint64_t ecall)
{
	uint64_t pc;

	return kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc) == 0 && pc == ecall;
}

/* Until the call at ECALL came back. False: it did not. */
static bool run_until_back(struct vcpu *vcpu, uint64_t ecall)
{
	bool kicked = false, back = false;
	int result = -EINTR;

	vcpu->run->request_interrupt_window = 0;
	while (!back && result == -EINTR && is_at(vcpu, ecall) &&
	       !atomic_load(&vcpu->machine->stopping)) {
		result = kvm_run(vcpu->fd);
		back = result == -EINTR && forward_waits(&vcpu->forward);
		kicked = kicked || (result == -EINTR && !back);
		__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	}
	pass_kick_on(vcpu, kicked);
	if (result == 0)
		vcpu_handle_exit(vcpu); /* a reset, say: there is no answer to it */
	return back;
}

static bool take_answer(struct vcpu_asks *asks, struct sbi_call *call)
{
	struct vcpu *vcpu = asks->vcpu;
	struct forwarded again;

	if (forward_take(&vcpu->forward, -EINTR, &vcpu->machine->memory, &again) != FORWARD_CALL)
		return false;
	call->error = again.call.error;
	call->value = again.call.value;
	return true;
}

static bool is_as_it_was(const struct forwarded *forwarded, const struct sbi_call *call)
{
	const struct forward_slot *slot = &forwarded->slot;

	return !memcmp(slot->args, call->args, sizeof(call->args)) && slot->args[6] == call->fid;
}

static bool ask(struct sbi_kvm *kvm, struct sbi_call *call)
{
	struct vcpu_asks *asks = (struct vcpu_asks *)kvm;
	struct vcpu *vcpu = asks->vcpu;
	uint64_t sstatus, pc;
	bool answered;

	if (is_as_it_was(asks->forwarded, call))
		return true;
	if (!forward_comes_back(&vcpu->forward, call) || mask_interrupts(vcpu, &sstatus) < 0 ||
	    forward_repeat(&vcpu->forward, asks->forwarded) < 0 ||
	    kvm_get_reg(vcpu->fd, KVM_CORE_REG(regs.pc), &pc) < 0)
		return false;
	answered = run_until_back(vcpu, pc) && take_answer(asks, call);
	return unmask_interrupts(vcpu, sstatus) == 0 && answered;
}

void vcpu_asks_init(struct vcpu_asks *asks, struct vcpu *vcpu, struct forwarded *forwarded)
{
	*asks = (struct vcpu_asks){.kvm = {ask}, .vcpu = vcpu, .forwarded = forwarded};
	forwarded->call.kvm = &asks->kvm;
}

/* ---- delays ---- */

/* A kick that comes is seen: it is blocked but while this waits, and its handler has it remembered
 * for the next KVM_RUN. */
void vcpu_delay(struct vcpu *vcpu, uint64_t ns)
{
	const uint64_t until_ns = clock_now() + ns;
	sigset_t kick, before;

	sigemptyset(&kick);
	sigaddset(&kick, VCPU_KICK_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &kick, &before);
	while (!atomic_load(&vcpu->machine->stopping)) {
		const uint64_t now = clock_now();
		const struct timespec wait = clock_timespec(until_ns > now ? until_ns - now : 0);

		if (now >= until_ns || (ppoll(NULL, 0, &wait, &before) < 0 && errno != EINTR))
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
