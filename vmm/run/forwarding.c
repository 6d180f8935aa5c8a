/* SPDX-License-Identifier: Apache-2.0 */
/* The forward in this machine: what it is to bring, and that it still does. */

#include "vmm/run/forwarding.h"

#include "base/echo.h"
#include "base/log.h"
#include "vmm/machine/machine_private.h"

#define CHECK_NS 2000000000ull

static bool count_firmware(struct sbi_context *context, unsigned int hart, unsigned int code,
			   uint64_t *count)
{
	struct forward *forward = atomic_load(&context->machine->forward);
	struct forward_refusal refusal;

	return forward && forward_count(forward, &refusal) &&
	       forward_firmware_count(forward, hart, code, count);
}

static bool count_platform(struct sbi_context *context, unsigned int hart, unsigned int event,
			   uint64_t *count)
{
	struct forward *forward = atomic_load(&context->machine->forward);
	struct forward_refusal refusal;

	return forward && forward_count(forward, &refusal) &&
	       forward_platform_count(forward, hart, event, count);
}

struct forward_rules forwarding_rules(struct machine *machine)
{
	struct forward_rules rules = {0};

	if (machine->config->sbi_echo == SBI_ECHO_OFF)
		return rules;
	rules.rules[rules.count++] =
		(struct forward_rule){.eid = ECHO_EID_FORWARDED, .fids = FORWARD_ALL_FIDS};
	rules.probes = 1;
	rules.counter_reads = 1;
	rules.tracepoints_only = machine->config->sbi_echo == SBI_ECHO_TRACEPOINTS;
	machine->sbi.read_counter = sbi_echo_counter;
	machine->sbi.count_firmware = count_firmware;
	machine->sbi.count_platform = count_platform;
	return rules;
}

void forwarding_check(struct machine *machine)
{
	struct forward *forward = atomic_load(&machine->forward);
	struct forward_refusal refusal;

	if (forward && !forward_check(forward, &refusal))
		warning("SBI calls that KVM keeps to itself do not get here any more, and it "
			"answers them: %s: %s",
			refusal.why, refusal.way_out);
}

static void check_due(struct loop_timer *timer)
{
	struct machine *machine = timer->opaque;

	forwarding_check(machine);
	loop_timer_set(machine->loop, timer, CHECK_NS);
}

void forwarding_watch(struct machine *machine)
{
	machine->forward_check = (struct loop_timer){.expired = check_due, .opaque = machine};
	loop_timer_set(machine->loop, &machine->forward_check, CHECK_NS);
}

bool forwarding_open(struct machine *machine, const struct forward_rules *rules,
		     struct forward_refusal *refusal)
{
	struct forward *forward = forward_open(rules, machine->config->cpus, refusal);

	atomic_store(&machine->forward, forward);
	if (forward)
		verbose("SBI calls that KVM keeps to itself get here by BPF programs %s",
			forward_way(forward));
	return forward != NULL;
}
