/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random PMU calls to whoever answers, in lockstep with a struct pmu inside this guest: the
 * kernel's own PMU against the profile that mirrors it, or the VMM's against itself. Hardware
 * events are configured to count nothing, so that everything must be equal. A difference is shrunk
 * and printed. Words of the command line: eid=N, column=N, kernel=1, unknown=1, last=N as in
 * pmu_scenarios.c; seed=N, rounds=N, steps=N (of a round, at most 100).
 */
#include "pmu/pmu.h"
#include "pmu/quirks.h"
#include "pmu_machine.h"
#include "tests/pmu/random.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"

#define MAX_STEPS_A_ROUND 100u
#define RAM		  0x80000000ull

static _Alignas(4096) uint64_t pages[2][2 * PAGE_WORDS];

/* ---- the struct pmu in here ---- */

struct mirror {
	struct pmu pmu;
	uint64_t *page;
	uint64_t timers;
	uint64_t ram_end;
	bool of_kernel; /* it mirrors a kernel's */
};

/*
 * What QEMU's counters know, and raw events, which they take and never count. The bits that raw
 * events v2 have more need an SBI 3.0 below the host (drivers/perf/riscv_pmu_sbi.c), and QEMU's has
 * an older one.
 */
static bool countable(const struct pmu_event *event)
{
	switch (event->type) {
	case PMU_EVENT_HARDWARE: return event->code <= 2;
	case PMU_EVENT_CACHE:
		return event->code == 0x19 || event->code == 0x1B || event->code == 0x21;
	default: return event->data >> 48 == 0;
	}
}

static int open_source(void *opaque, unsigned int counter, const struct pmu_event *event)
{
	(void)opaque;
	(void)counter;
	return countable(event) ? 0 : -1;
}

static void close_source(void *opaque, unsigned int counter)
{
	(void)opaque;
	(void)counter;
}

/* A raw event finds no counter in QEMU. KVM does not look. */
static bool schedulable(void *opaque, unsigned int counter)
{
	const struct mirror *mirror = opaque;

	return mirror->pmu.state.counters[counter].event.type < PMU_EVENT_RAW;
}

static bool start_source(void *opaque, unsigned int counter, uint64_t period)
{
	const struct mirror *mirror = opaque;

	(void)period;
	return mirror->of_kernel || mirror->pmu.state.counters[counter].event.type < PMU_EVENT_RAW;
}

static bool read_source(void *opaque, unsigned int counter, uint64_t *count)
{
	(void)opaque;
	(void)counter;
	*count = 0;
	return true;
}

static bool firmware(void *opaque, unsigned int code, uint64_t *count)
{
	const struct mirror *mirror = opaque;

	*count = code == 5 ? mirror->timers : 0;
	/* Nobody counts the hfence.gvma events: KVM has no such calls. It takes them all the same.
	 */
	return mirror->of_kernel || code <= 13 || code >= 18;
}

static bool platform(void *opaque, uint64_t data, uint64_t *count)
{
	(void)opaque;
	(void)data;
	(void)count;
	return false;
}

static bool supported(void *opaque, const struct pmu_event *event)
{
	const struct mirror *mirror = opaque;

	return countable(event) &&
	       (event->type < PMU_EVENT_RAW || pmu_has(&mirror->pmu, PMU_CONFIG_UNTRIED));
}

static bool is_ram(void *opaque, uint64_t address, size_t size)
{
	const struct mirror *mirror = opaque;

	return address >= RAM && address < mirror->ram_end && size <= mirror->ram_end - address;
}

static bool memory_read(void *opaque, uint64_t address, void *to, size_t size)
{
	if (!is_ram(opaque, address, size))
		return false;
	memcpy(to, (const void *)address, size);
	return true;
}

static bool memory_write(void *opaque, uint64_t address, const void *from, size_t size)
{
	if (!is_ram(opaque, address, size))
		return false;
	memcpy((void *)address, from, size);
	return true;
}

static void raise_lcofi(void *opaque)
{
	(void)opaque;
}

static const struct pmu_environment environment = {
	.open = open_source,
	.close = close_source,
	.schedulable = schedulable,
	.start = start_source,
	.stop = close_source,
	.read = read_source,
	.firmware = firmware,
	.platform = platform,
	.supported = supported,
	.memory_read = memory_read,
	.memory_write = memory_write,
	.memory_writable = is_ram,
	.raise_lcofi = raise_lcofi,
};

/* ---- as a machine under test ---- */

static struct answer mirror_call(void *opaque, uint64_t fid, const uint64_t args[STEP_ARGS])
{
	struct mirror *mirror = opaque;
	const uint64_t registers[6] = {args[0], args[1], args[2], args[3], args[4]};
	struct pmu_result result = pmu_call(&mirror->pmu, fid, registers);

	return (struct answer){result.error, result.value};
}

static bool mirror_read_csr(void *opaque, unsigned int csr, uint64_t *value)
{
	struct mirror *mirror = opaque;

	return pmu_read_csr(&mirror->pmu, csr, value);
}

static void mirror_set_timer(void *opaque)
{
	struct mirror *mirror = opaque;

	mirror->timers++;
}

static void mirror_work(void *opaque, uint64_t instructions)
{
	(void)opaque;
	(void)instructions;
}

static void mirror_restart_hart(void *opaque)
{
	struct mirror *mirror = opaque;

	pmu_reset(&mirror->pmu);
}

static uint64_t mirror_peek(void *opaque, unsigned int word)
{
	const struct mirror *mirror = opaque;

	return mirror->page[word];
}

static void mirror_poke(void *opaque, unsigned int word, uint64_t value)
{
	const struct mirror *mirror = opaque;

	mirror->page[word] = value;
}

static void mirror_fresh(void *opaque)
{
	struct mirror *mirror = opaque;
	const struct pmu_config config = mirror->pmu.config;
	uint64_t address = mirror->pmu.state.snapshot_address;

	pmu_init(&mirror->pmu, &config, &environment, mirror);
	/* No guest can make it forget. */
	if (pmu_has(&mirror->pmu, PMU_PAGE_REMEMBERED))
		mirror->pmu.state.snapshot_address = address;
	memset(mirror->page, 0, 2 * 4096);
}

static struct machine_under_test mirror_machine(struct mirror *mirror,
						const struct machine_under_test *real)
{
	struct machine_under_test machine = *real;

	machine.opaque = mirror;
	machine.kernel = false;
	machine.page = (uint64_t)mirror->page;
	machine.call = mirror_call;
	machine.read_csr = mirror_read_csr;
	machine.set_timer = mirror_set_timer;
	machine.work = mirror_work;
	machine.restart_hart = mirror_restart_hart;
	machine.peek = mirror_peek;
	machine.poke = mirror_poke;
	machine.fresh = mirror_fresh;
	return machine;
}

/* The quirks of COLUMN, on a PMU of the same size as REAL's. */
static void mirror_init(struct mirror *mirror, const struct machine_under_test *real,
			const struct symbols *symbols)
{
	static const enum pmu_profile profiles[COLUMN_NAMES] = {
		[LINUX_6_12] = PMU_LINUX_6_12,
		[LINUX_6_12_107] = PMU_LINUX_6_12_107,
		[LINUX_7_2] = PMU_LINUX_7_2,
		[SPEC] = PMU_SPEC,
		[BEST] = PMU_BEST,
	};
	const uint64_t third[STEP_ARGS] = {3};
	struct pmu_config config = {
		.quirks = pmu_profile_quirks(profiles[real->column]),
		.hw_counters = (unsigned int)symbols->values[SYMBOL_F0],
		.hw_width = real->call(real->opaque, PMU_COUNTER_GET_INFO, third).value >> 12 & 63,
	};

	pmu_init(&mirror->pmu, &config, &environment, mirror);
}

/* ---- rounds ---- */

static void explain(const struct random_difference *difference)
{
	tap_note("  %s of step %u: it has %ld/0x%lx, the profile %ld/0x%lx", difference->what,
		 difference->at, (long)difference->left.error, difference->left.value,
		 (long)difference->right.error, difference->right.value);
}

static void explain_shrunk(const struct machine_under_test *left,
			   const struct machine_under_test *right, struct random_step *steps,
			   unsigned int count)
{
	struct random_difference difference;

	count = random_shrink(left, right, steps, count);
	difference = random_compare(left, right, steps, count);
	for (unsigned int i = 0; i < count; i++)
		tap_note("  %s 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx", op_names[steps[i].op],
			 steps[i].args[0], steps[i].args[1], steps[i].args[2], steps[i].args[3],
			 steps[i].args[4]);
	if (difference.found)
		explain(&difference);
	else
		tap_note("  which is none without what earlier rounds left");
}

static void compare(const struct machine_under_test *left, const struct machine_under_test *right,
		    uint64_t seed, unsigned int rounds, unsigned int count)
{
	static struct random_step steps[MAX_STEPS_A_ROUND];
	const struct symbols symbols = symbols_find(left);
	struct random random = {seed};
	struct random_difference difference;
	unsigned int different = 0;

	for (unsigned int i = 0; i < rounds && different < 3; i++) {
		random_steps(&random, &symbols, RANDOM_QUIET | RANDOM_NO_FW_CSR, steps, count);
		difference = random_compare(left, right, steps, count);
		if (!difference.found)
			continue;
		different++;
		tap_note("round %u:", i);
		explain(&difference);
		explain_shrunk(left, right, steps, difference.at + 1);
	}
	tap(different == 0, "%u rounds of %u random steps from seed %lu, as %s", rounds, count,
	    seed, column_names[left->column]);
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	struct pmu_machine pmu = {.eid = bootarg(args, "eid", SBI_EID_PMU), .page = pages[0]};
	struct machine_under_test left =
		pmu_machine(&pmu, (enum column)bootarg(args, "column", BEST));
	static struct mirror mirror;
	struct machine_under_test right;
	struct symbols symbols;
	uint64_t count = bootarg(args, "steps", 40);

	left.kernel = bootarg(args, "kernel", 0);
	left.unknown = bootarg(args, "unknown", 0);
	left.last_page = bootarg(args, "last", RAM + (64ull << 20) - 4096);
	mirror.page = pages[1];
	mirror.of_kernel = left.kernel;
	mirror.ram_end = left.last_page + 4096;
	symbols = symbols_find(&left);
	mirror_init(&mirror, &left, &symbols);
	right = mirror_machine(&mirror, &left);
	pmu_machine_hart(hart);
	if (hart_start(hart + 1, pmu_restarter) != 0)
		tap_note("there is no second hart to start the first one again");
	compare(&left, &right, bootarg(args, "seed", 1), (unsigned int)bootarg(args, "rounds", 50),
		count < MAX_STEPS_A_ROUND ? (unsigned int)count : MAX_STEPS_A_ROUND);
	tap_end();
}
