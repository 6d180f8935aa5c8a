/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of exit_cost.h: a scratch VM, the clock, and perf events of the host alone. */
#include "vmm/probe/exit_cost.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "base/clock.h"
#include "base/sbi_spec.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/scratch.h"

#define ROUNDS 21u   /* of which the medians are */
#define TRIPS  1000u /* a round */
#define FEW    10u   /* without them: what the beginning and the end of a round take */

#define SBI_EXT_EXPERIMENTAL 7u /* KVM's number: enum KVM_RISCV_SBI_EXT_ID */

/* ---- counters of this thread on the host ---- */

struct counters {
	int leader, cycles; /* or -1 */
	int reason;	    /* why there are none: an errno */
};

/* What a read of the group gives (PERF_FORMAT_GROUP). */
struct counts {
	uint64_t count, instructions, cycles;
};

static int open_counter(uint64_t event, int leader)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_HARDWARE,
		.config = event,
		.exclude_guest = 1,
		.exclude_hv = 1,
		.read_format = PERF_FORMAT_GROUP,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static void close_counters(struct counters *counters)
{
	if (counters->cycles >= 0)
		close(counters->cycles);
	if (counters->leader >= 0)
		close(counters->leader);
	counters->cycles = counters->leader = -1;
}

static struct counters open_counters(void)
{
	struct counters counters = {-1, -1, 0};

	counters.leader = open_counter(PERF_COUNT_HW_INSTRUCTIONS, -1);
	if (counters.leader >= 0)
		counters.cycles = open_counter(PERF_COUNT_HW_CPU_CYCLES, counters.leader);
	if (counters.cycles < 0) {
		counters.reason = errno;
		close_counters(&counters);
	}
	return counters;
}

static bool read_counters(const struct counters *counters, struct counts *counts)
{
	return counters->leader >= 0 &&
	       read(counters->leader, counts, sizeof(*counts)) == sizeof(*counts);
}

/* ---- what is measured ---- */

/* How the guest's trips are run: all within one KVM_RUN, or a KVM_RUN for each. */
enum way { WITHIN_KVM, TO_VMM };

struct kind {
	const char *id, *name;
	enum way way;
	int (*begin)(struct scratch *scratch);
	uint64_t eid;
	bool counts; /* a counter of KVM's PMU counts for the guest meanwhile */
};

static const struct kind kinds[EXIT_COSTS] = {
	{"kvm.call", "a call that KVM answers", WITHIN_KVM, scratch_begin_trips, SBI_EID_BASE,
	 false},
	{"kvm.call_counting", "the same, KVM counting for it", WITHIN_KVM, scratch_begin_trips,
	 SBI_EID_BASE, true},
	{"vmm.call", "a call that goes to the VMM", TO_VMM, scratch_begin_trips,
	 SBI_EID_EXPERIMENTAL, false},
	{"vmm.mmio", "a store that goes to the VMM", TO_VMM, scratch_begin_stores, 0, false},
};

static int set_call(const struct scratch *scratch, uint64_t eid, uint64_t fid)
{
	int result = kvm_set_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a7), eid);

	return result < 0 ? result : kvm_set_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a6), fid);
}

static bool explain(struct exit_cost *cost, const char *what, int failure)
{
	snprintf(cost->why, sizeof(cost->why), "%s: %s", what, strerror(-failure));
	return false;
}

static bool repeat(struct scratch *scratch, unsigned int times, struct exit_cost *cost)
{
	struct scratch_outcome outcome;

	if (scratch_repeat(scratch, times, &outcome))
		return true;
	scratch_explain(&outcome, cost->why, sizeof(cost->why));
	return false;
}

/* The call of a7 and a6, by a guest at scratch_begin_calls(), with its answer: a0, or -errno of
 * reaching it; VALUE is a1. */
static int64_t call(struct scratch *scratch, struct exit_cost *cost, uint64_t fid, uint64_t *value)
{
	uint64_t a0 = 0;
	int result = set_call(scratch, SBI_EID_PMU, fid);

	if (result == 0 && !repeat(scratch, 1, cost))
		return -EIO;
	if (result == 0)
		result = kvm_get_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a0), &a0);
	if (result == 0)
		result = kvm_get_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a1), value);
	return result < 0 ? result : (int64_t)a0;
}

/* SBI spec, "Performance Monitoring Unit Extension": any counter takes cycles, and starts. */
static bool start_counter(struct scratch *scratch, struct exit_cost *cost)
{
	uint64_t counters = 0, index = 0;
	int64_t failure = scratch_begin_calls(scratch);

	if (failure == 0)
		failure = call(scratch, cost, PMU_NUM_COUNTERS, &counters);
	const struct {
		uint64_t id, value;
	} arguments[] = {
		{KVM_CORE_REG(regs.a0), 0},
		{KVM_CORE_REG(regs.a1), counters < 64 ? (1ull << counters) - 1 : UINT64_MAX},
		{KVM_CORE_REG(regs.a2), PMU_CFG_CLEAR_VALUE | PMU_CFG_AUTO_START},
		{KVM_CORE_REG(regs.a3), PMU_EVENT_IDX_CYCLES},
		{KVM_CORE_REG(regs.a4), 0},
	};
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]) && failure == 0; i++)
		failure = kvm_set_reg(scratch->vcpu_fd, arguments[i].id, arguments[i].value);
	if (failure == 0)
		failure = call(scratch, cost, PMU_COUNTER_CONFIG_MATCHING, &index);
	if (failure == 0)
		failure = scratch_settle(scratch);
	if (failure == 0)
		return true;
	if (!*cost->why)
		snprintf(cost->why, sizeof(cost->why), "KVM's PMU has no counter for it (%lld)",
			 (long long)failure);
	return false;
}

/* ---- measuring ---- */

struct meter {
	struct scratch *scratch;
	const struct counters *counters;
	const struct kind *kind;
	struct exit_cost *cost;
};

/* What TRIPS and what is around them take. */
struct taken {
	uint64_t ns;
	struct counts counts;
};

static bool run_round(const struct meter *meter, unsigned int trips, struct taken *taken)
{
	const unsigned int exits = meter->kind->way == TO_VMM ? trips : 1;
	const uint64_t rounds = meter->kind->way == TO_VMM ? UINT64_MAX : trips;
	struct counts before = {0}, after = {0};
	int failure = kvm_set_reg(meter->scratch->vcpu_fd, KVM_CORE_REG(regs.s1), rounds);
	uint64_t start;
	bool ran;

	if (failure < 0)
		return explain(meter->cost, "the vCPU's registers", failure);
	meter->cost->counted = read_counters(meter->counters, &before);
	start = clock_now();
	ran = repeat(meter->scratch, exits, meter->cost);
	taken->ns = clock_now() - start;
	meter->cost->counted = meter->cost->counted && read_counters(meter->counters, &after);
	taken->counts.instructions = after.instructions - before.instructions;
	taken->counts.cycles = after.cycles - before.cycles;
	return ran;
}

static void measure_rounds(const struct meter *meter)
{
	uint64_t ns[ROUNDS], instructions[ROUNDS], cycles[ROUNDS];
	struct exit_cost *cost = meter->cost;
	struct taken few, many;

	/* The first is warm by itself: what it touches the first time is not an exit's. */
	if (!run_round(meter, TRIPS, &many))
		return;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (!run_round(meter, FEW, &few) || !run_round(meter, FEW + TRIPS, &many))
			return;
		ns[i] = exit_cost_each(many.ns, few.ns, TRIPS);
		instructions[i] =
			exit_cost_each(many.counts.instructions, few.counts.instructions, TRIPS);
		cycles[i] = exit_cost_each(many.counts.cycles, few.counts.cycles, TRIPS);
	}
	cost->measured = true;
	cost->ns = exit_cost_median(ns, ROUNDS);
	cost->instructions = exit_cost_median(instructions, ROUNDS);
	cost->cycles = exit_cost_median(cycles, ROUNDS);
}

static bool begin(const struct meter *meter)
{
	const struct kind *kind = meter->kind;
	int failure;

	if (kind->counts && !start_counter(meter->scratch, meter->cost))
		return false;
	failure = kind->begin(meter->scratch);
	if (failure == 0)
		failure = set_call(meter->scratch, kind->eid, 0);
	return failure == 0 || explain(meter->cost, "the vCPU's registers", failure);
}

static void measure(int kvm_fd, const struct counters *counters, const struct kind *kind,
		    struct exit_cost *cost)
{
	struct scratch scratch;
	const struct meter meter = {&scratch, counters, kind, cost};
	const char *step;
	int failure = scratch_open(&scratch, kvm_fd, &step);

	/* Only before the first run. */
	if (failure == 0 && kind->eid == SBI_EID_EXPERIMENTAL) {
		step = "letting calls of the guest come here";
		failure = kvm_set_reg(scratch.vcpu_fd, KVM_SBI_REG(SBI_EXT_EXPERIMENTAL), 1);
	}
	if (failure < 0)
		explain(cost, step, failure);
	else if (begin(&meter))
		measure_rounds(&meter);
	scratch_close(&scratch);
	cost->counted = cost->counted && cost->measured;
	if (cost->measured && !cost->counted && counters->reason)
		explain(cost, "not counted", -counters->reason);
}

void exit_costs_measure(int kvm_fd, struct exit_cost *costs)
{
	struct counters counters = open_counters();

	for (unsigned int i = 0; i < EXIT_COSTS; i++) {
		costs[i] = (struct exit_cost){.id = kinds[i].id, .name = kinds[i].name};
		if (kvm_fd < 0)
			snprintf(costs[i].why, sizeof(costs[i].why), "KVM cannot be asked");
		else
			measure(kvm_fd, &counters, &kinds[i], &costs[i]);
	}
	close_counters(&counters);
}
