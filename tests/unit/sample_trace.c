/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sample_trace.h"

#define START 1000000000ull

static void set_timer(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns)
{
	const struct perfetto_note exit_notes[] = {
		{"scause", PERFETTO_UINT, {.number = 10}},
		{"sepc", PERFETTO_POINTER, {.number = 0xffffffff80012a4c}},
		{"symbol", PERFETTO_STRING, {.text = "__sbi_ecall+0x3a"}},
	};
	const struct perfetto_note arguments[] = {{"stime", PERFETTO_UINT, {.number = 523921408}}};
	const struct perfetto_note result[] = {{"error", PERFETTO_INT, {.integer = -2}},
					       {"forwarded", PERFETTO_BOOL, {.number = 1}}};
	const struct perfetto_event exit = {
		"VIRTUAL_SUPERVISOR_ECALL", "exit", exit_notes, 3, 0, false};
	const struct perfetto_event call = {"sbi time.set_timer", "sbi", arguments, 1, 0, false};

	perfetto_state(perfetto, vcpu, ns, PERFETTO_KERNEL);
	perfetto_begin(perfetto, vcpu, ns, &exit);
	perfetto_begin(perfetto, vcpu, ns + 100, &call);
	perfetto_end(perfetto, vcpu, ns + 900, result, 2);
	perfetto_end(perfetto, vcpu, ns + 1000, NULL, 0);
	perfetto_state(perfetto, vcpu, ns + 1000, PERFETTO_GUEST);
}

void sample_trace(struct perfetto *perfetto, perfetto_write *write, void *opaque)
{
	const struct perfetto_clocks clocks = {START, START + 5, 1700000000000000000};
	struct perfetto_vcpu vcpus[] = {{.pid = 4242, .tid = 4243, .vcpu = 0},
					{.pid = 4242, .tid = 4244, .vcpu = 1}};
	const struct perfetto_event inject = {.name = "LCOFI", .category = "inject", .flow = 77};
	const struct perfetto_event taken = {
		.name = "IRQ_S_EXT", .category = "exit", .flow = 77, .flow_ends = true};

	perfetto_open(perfetto, write, opaque, &clocks);
	perfetto_vm(perfetto, 4242, "web1 \"<&\xff");
	for (int i = 0; i < 2; i++) {
		perfetto_vcpu(perfetto, &vcpus[i]);
		perfetto_state(perfetto, &vcpus[i], START, PERFETTO_GUEST);
	}
	set_timer(perfetto, &vcpus[0], START + 2000);
	perfetto_state(perfetto, &vcpus[1], START + 2500, PERFETTO_HALTED);
	perfetto_instant(perfetto, &vcpus[0], START + 4000, &inject);
	perfetto_state(perfetto, &vcpus[0], START + 5000, PERFETTO_WAITING);
	perfetto_begin(perfetto, &vcpus[0], START + 5000, &taken);
	perfetto_exits_per_second(perfetto, &vcpus[0], START + 6000, 2000);
	perfetto_lost(perfetto, &vcpus[0], START + 9000, 132);
	perfetto_state(perfetto, &vcpus[0], START + 9000, PERFETTO_VMM);
	/* The end of an exit whose beginning was lost. */
	perfetto_end(perfetto, &vcpus[0], START + 9500, NULL, 0);
	perfetto_vcpu_end(perfetto, &vcpus[0], START + 10000);
	perfetto_vcpu_end(perfetto, &vcpus[1], START + 10000);
}
