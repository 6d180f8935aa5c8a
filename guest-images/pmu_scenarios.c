/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance scenarios of the SBI PMU (tests/pmu/scenarios.c) against whoever answers. Words
 * of the command line: eid=N (whose calls; 0x504D55 is the kernel's, or the VMM's where it forwards
 * it), column=N (what to expect: 0 linux-6.12.107, 1 linux-7.2, 2 spec, 3 best, 4 linux-6.12),
 * kernel=1 (a kernel's own PMU: no deadly scenario is run), unknown=1 (and of a kernel that was not
 * read), can=N (NEEDS_ bits that are met), last=N (the last page of RAM), only=N (that scenario
 * alone). Needs a second hart, which starts the first one again.
 */
#include "pmu/pmu.h"
#include "pmu_machine.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"

static _Alignas(4096) uint64_t pages[2 * PAGE_WORDS];

/*
 * QEMU's counters, behind a kernel's PMU, swallow one overflow after each that KVM has handled and
 * after much counting (target/riscv/pmu.c keeps the rest of a far deadline). So overflows are made
 * until one is swallowed; the next one is then not.
 */
static void swallow_one(const struct machine_under_test *machine, uint64_t index, uint64_t event)
{
	const uint64_t config[STEP_ARGS] = {index, 1, 0, event};
	const uint64_t start[STEP_ARGS] = {index, 1, 1, -1000ull};
	const uint64_t reset[STEP_ARGS] = {index, 1, 1};
	bool pending = true;

	for (unsigned int i = 0; i < 4 && pending; i++) {
		machine->clear_lcofi(machine->opaque);
		machine->call(machine->opaque, PMU_COUNTER_CONFIG_MATCHING, config);
		machine->call(machine->opaque, PMU_COUNTER_START, start);
		machine->work(machine->opaque, WORK);
		machine->call(machine->opaque, PMU_COUNTER_STOP, reset);
		pending = machine->lcofi_pending(machine->opaque);
	}
}

static void explain(const struct scenario *scenario, const struct report *report)
{
	const struct step *step = &scenario->steps[report->step];

	tap_note("  step %u, %s 0x%lx 0x%lx 0x%lx 0x%lx, turn %u: %s", report->step,
		 op_names[step->op], step->args[0], step->args[1], step->args[2], step->args[3],
		 report->repetition, report->why);
	tap_note("  got %ld/0x%lx%s, expected %d/0x%lx (relation %d)", (long)report->got.error,
		 report->got.value, report->trapped ? " and a trap" : "", report->expected.error,
		 report->expected.value, (int)report->expected.relation);
}

static void run(const struct machine_under_test *machine, const struct scenario *scenario)
{
	struct report report;

	if (machine->kernel && scenario->needs & machine->can & NEEDS_OVERFLOW) {
		swallow_one(machine, 0, 1);
		swallow_one(machine, 2, 2);
	}
	report = scenario_run(machine, scenario);
	if (report.verdict == SKIPPED) {
		tap_note("skip %u %s: %s", scenario->number, scenario->name, report.why);
		return;
	}
	if (!tap(report.verdict == PASSED, "%u %s, as %s", scenario->number, scenario->name,
		 column_names[machine->column]))
		explain(scenario, &report);
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	struct pmu_machine pmu = {.eid = bootarg(args, "eid", SBI_EID_PMU), .page = pages};
	struct machine_under_test machine =
		pmu_machine(&pmu, (enum column)bootarg(args, "column", BEST));
	uint64_t only = bootarg(args, "only", 0);

	machine.kernel = bootarg(args, "kernel", 0);
	machine.unknown = bootarg(args, "unknown", 0);
	machine.can = (unsigned int)bootarg(args, "can", NEEDS_COUNTS | NEEDS_OVERFLOW);
	if (machine.column != BEST)
		machine.can |= NEEDS_NO_PAGE;
	if (machine.column != SPEC && machine.column != BEST)
		machine.can |= NEEDS_RAW;
	machine.last_page = bootarg(args, "last", 0x80000000 + (64ull << 20) - 4096);
	pmu_machine_hart(hart);
	if (hart_start(hart + 1, pmu_restarter) != 0)
		tap_note("there is no second hart to start the first one again");
	for (unsigned int i = 0; i < scenario_count; i++) {
		if (!only || scenarios[i].number == only)
			run(&machine, &scenarios[i]);
	}
	tap_end();
}
