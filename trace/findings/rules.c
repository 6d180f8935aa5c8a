/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/rules.h"

#include <string.h>

#include "trace/names/sbi_names.h"

/*
 * Most thresholds are shares of the vCPU's time, not rates: what an exit costs differs by a factor
 * of a hundred between hosts, and what matters is what the guest would gain.
 */
#define TENTH 10 /* less than that is lost in the noise of most measurements */

/* So many intervals are a past that can be compared with. */
#define PAST_LEAST 10u

static double share(uint64_t part, uint64_t whole)
{
	return 100.0 * (double)part / (double)whole;
}

static double per_second(uint64_t count, const struct vcpu_interval *interval)
{
	return (double)count * 1e9 / (double)interval->whole;
}

/* ---- by rows ---- */

static void add_row(struct rule_seen *seen, const struct vcpu_interval *interval, uint32_t row)
{
	seen->count += interval->rows[row].count;
	seen->cost_ns += interval->rows[row].ns;
}

/* COUNT rows. */
static double share_of(const struct vcpu_interval *interval, struct rule_seen *seen,
		       const uint32_t *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_row(seen, interval, rows[i]);
	return share(seen->cost_ns, interval->whole);
}

#define SHARE_OF(interval, seen, ...)                                                              \
	share_of(interval, seen, (const uint32_t[]){__VA_ARGS__},                                  \
		 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

#define ROW_LEGACY(function) (EXIT_SBI + SBI_ROW_LEGACY + (function))

static double timer_share(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	return SHARE_OF(interval, seen, EXIT_SBI + SBI_ROW_TIME, ROW_LEGACY(0));
}

static double ipi_share(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	return SHARE_OF(interval, seen, EXIT_SBI + SBI_ROW_IPI, ROW_LEGACY(4));
}

static double fence_share(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	for (uint32_t row = SBI_ROW_RFENCE; row < SBI_ROW_RFENCE + SBI_RFENCE_FUNCTIONS; row++)
		add_row(seen, interval, EXIT_SBI + row);
	return SHARE_OF(interval, seen, ROW_LEGACY(5), ROW_LEGACY(6), ROW_LEGACY(7));
}

static double csr_share(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	return SHARE_OF(interval, seen, EXIT_CSR_READ, EXIT_CSR_WRITE);
}

/* The exit for an overflow often has another interrupt's name, which came with it: but the guest
 * then stops its counters, and starts them again. */
static double lcofi_share(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	return SHARE_OF(interval, seen, EXIT_IRQ + IRQ_LCOFI,
			EXIT_SBI + SBI_ROW_PMU + PMU_COUNTER_START,
			EXIT_SBI + SBI_ROW_PMU + PMU_COUNTER_STOP);
}

double rule_fault_share(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	return SHARE_OF(interval, seen, EXIT_FETCH_FAULT, EXIT_LOAD_FAULT, EXIT_STORE_FAULT,
			EXIT_WALK_READ, EXIT_WALK_WRITE);
}

static double late_faults(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	/* While it boots a guest touches most pages for the first time: that is no news. */
	if (past_size(interval->fault_shares) < PAST_LEAST ||
	    past_median(interval->fault_shares) > 1)
		return 0;
	return rule_fault_share(interval, seen);
}

static double misaligned(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	SHARE_OF(interval, seen, EXIT_EXCEPTION + 4, EXIT_EXCEPTION + 6);
	return per_second(seen->count, interval);
}

/* Calls of extensions and of functions that there are not: their rows are named so. */
static double unanswered(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	for (uint32_t row = 0; row < SBI_ROWS; row++)
		if (interval->rows[EXIT_SBI + row].count && strstr(sbi_row_name(row), "unknown"))
			add_row(seen, interval, EXIT_SBI + row);
	return (double)seen->count;
}

static double probing(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	add_row(seen, interval, EXIT_SBI + SBI_ROW_BASE + SBI_BASE_PROBE_EXTENSION);
	return (double)seen->count;
}

bool rule_fails_always(const struct vcpu_interval *interval, uint32_t row, uint64_t failed)
{
	/* Of a call without a name 'unanswered-calls' says it. Failures and calls are not read at
	 * the same moment, so that they differ by what came between. */
	return !strstr(sbi_row_name(row - EXIT_SBI), "unknown") &&
	       failed * 10 >= interval->rows[row].count * 9;
}

static double failing(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	const struct failed_call *failed = &interval->failed;

	seen->count = failed->counts.count;
	seen->cost_ns = failed->counts.ns;
	seen->row = failed->row;
	seen->error = failed->error;
	return per_second(seen->count, interval);
}

/* Halts that are over at once: the guest is woken for each, and KVM looks and does not sleep. */
static double short_halts(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	const struct row_counts *wfi = &interval->rows[EXIT_WFI];

	if (!wfi->count || wfi->halted_ns / wfi->count >= 100000)
		return 0;
	return SHARE_OF(interval, seen, EXIT_WFI);
}

/* ---- devices ---- */

static double one_register(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	seen->count = interval->device_counts.count;
	seen->cost_ns = interval->device_counts.ns;
	seen->device = interval->device;
	return seen->count ? share(seen->cost_ns, interval->whole) : 0;
}

static double console(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	const uint64_t guest = interval->ns[VCPU_GUEST];

	seen->count = interval->console.count;
	seen->cost_ns = interval->console.ns;
	SHARE_OF(interval, seen, EXIT_SBI + SBI_ROW_DBCN + SBI_DBCN_WRITE,
		 EXIT_SBI + SBI_ROW_DBCN + SBI_DBCN_WRITE_BYTE, ROW_LEGACY(1));
	/* A guest that is idle but for a line now and then is no console's victim. */
	if (share(seen->cost_ns, interval->whole) < TENTH)
		return 0;
	return share(seen->cost_ns, guest ? guest : 1);
}

static double walk(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	seen->count = interval->holes;
	return (double)interval->holes;
}

static double csr_walk(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	seen->count = interval->csrs;
	return (double)interval->csrs;
}

#define ROW_SYSTEM_RESET (EXIT_SBI + SBI_ROW_SRST)

uint64_t rule_resets(const struct vcpu_interval *interval)
{
	return interval->rows[ROW_SYSTEM_RESET].count;
}

static double resets(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	seen->row = ROW_SYSTEM_RESET;
	seen->count = rule_resets(interval);
	return seen->count ? (double)seen->count + past_sum(interval->resets) : 0;
}

static double new_vector(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	(void)seen;
	return interval->vm_resets ? 0 : interval->vector_looks;
}

/* ---- states ---- */

static double storm(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	const struct past *past = interval->exit_rates;
	const double rate = per_second(interval->exits, interval), usual = past_median(past);
	double spread = past_mad(past);

	seen->count = interval->exits;
	seen->cost_ns = interval->ns[VCPU_KERNEL] + interval->ns[VCPU_VMM];
	/* Where it stays below a tenth of the time, or of the order of before, it hurts nobody. */
	if (past_size(past) < PAST_LEAST || rate < 4 * usual ||
	    share(seen->cost_ns, interval->whole) < TENTH)
		return 0;
	/* A guest that did the very same each second has next to no spread of its own. */
	if (spread < usual / 20 + 1)
		spread = usual / 20 + 1;
	return (rate - usual) / spread;
}

/* Fewer a second are rare, whatever was usual. */
#define RARE 10

static double above_usual(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	double most = 0;

	/* What the host's interrupts are is no doing of the guest's. */
	for (uint32_t row = EXIT_EXCEPTION; interval->usual && row < EXIT_ROWS; row++) {
		const double usual = interval->usual[row] > RARE ? interval->usual[row] : RARE;
		const double times = per_second(interval->rows[row].count, interval) / usual;

		if (times <= most || share(interval->rows[row].ns, interval->whole) < 1)
			continue;
		most = times;
		*seen = (struct rule_seen){.row = row};
		add_row(seen, interval, row);
	}
	return most;
}

static double waiting(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	seen->cost_ns = interval->ns[VCPU_WAITING];
	return share(seen->cost_ns, interval->whole);
}

double rule_busy_share(const struct vcpu_interval *interval)
{
	return share(interval->ns[VCPU_GUEST] + interval->ns[VCPU_KERNEL] + interval->ns[VCPU_VMM] +
			     interval->ns[VCPU_WAITING],
		     interval->whole);
}

static double busier(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	(void)seen;
	return interval->siblings ? rule_busy_share(interval) - interval->siblings_busy : 0;
}

static double silent(const struct vcpu_interval *interval, struct rule_seen *seen)
{
	(void)seen;
	if (!interval->sees_all || interval->exits || interval->state != VCPU_GUEST)
		return 0;
	return share(interval->ns[VCPU_GUEST], interval->whole);
}

/* ---- the table ---- */

#define OF_TIME "% of the time"

/* By what is closest to a cause. */
const struct rule rules[] = {
	{"console", 100, "% of the guest's own time", 3, false, console,
	 "writing to the console takes longer than all that the guest computes meanwhile",
	 "boot with 'quiet' or a lower loglevel, or use a virtio console: one exit for many bytes"},
	/* Half a driver's time at one register is not rare in a burst; a fifth for seconds is. */
	{"device-register", 20, OF_TIME, 3, false, one_register,
	 "one device register is read or written again and again, with an exit each time",
	 "let the driver wait for the interrupt, and notify once for many requests"},
	{"timer-storm", TENTH, OF_TIME, 3, false, timer_share,
	 "the timer is set again and again by SBI calls",
	 "give the guest Sstc, coarser timers, or a lower tick rate"},
	{"wfi-storm", TENTH, OF_TIME, 3, false, short_halts,
	 "the guest halts and goes on at once, for halts of less than 100us on average",
	 "let it do more for each wake-up; or raise halt_poll_ns, or poll in the guest"},
	{"ipi-storm", TENTH, OF_TIME, 3, false, ipi_share,
	 "harts interrupt each other by SBI calls without pause",
	 "bind what talks to each other to one hart; an AIA host delivers IPIs without exits"},
	{"fence-storm", TENTH, OF_TIME, 3, false, fence_share,
	 "remote fences, each of which stops the harts that it is for",
	 "unmap in larger pieces, and patch code seldom; fewer harts for one process"},
	{"csr-storm", TENTH, OF_TIME, 3, false, csr_share,
	 "CSRs that the hypervisor must emulate are used again and again",
	 "'vhart stat --by csr' says which; read counters less often"},
	{"lcofi-storm", TENTH, OF_TIME, 3, false, lcofi_share,
	 "counters overflow, or are stopped and started, so often that measuring is work of its "
	 "own",
	 "sample with a larger period (perf record -c), or at a lower rate (-F); count whole CPUs "
	 "(-a)"},
	{"ram-faults", TENTH, OF_TIME, 3, false, late_faults,
	 "RAM is not there long after boot: the guest grows, or the host took memory away",
	 "give the host more memory, or the guest less; --hugepages takes all at the start"},
	/* Two vCPUs for a CPU are half; a third is more than a neighbour that is there now and
	 * then. */
	{"waiting", 33, OF_TIME, 5, false, waiting,
	 "the vCPU could run, and has no CPU or is stopped by a signal",
	 "start fewer vCPUs than the host has CPUs, or bind them with --affinity"},
	/* Whatever runs alone is like that for a while, booting too: so it must last. */
	{"busy-vcpu", 90, "points busier than its siblings", 20, false, busier,
	 "one vCPU does all the work, and the others have none",
	 "see what runs there: 'vhart record'; spread interrupts and processes, or give it fewer "
	 "harts"},
	/* Linux makes none, and asks for some twenty extensions once. */
	{"unanswered-calls", 100, "calls in an interval", 1, true, unanswered,
	 "SBI calls of extensions or functions that do not exist: a walk, or a loop that goes on",
	 "'vhart trace -e sbi' says which; probe once, and take NOT_SUPPORTED for an answer"},
	/* Some fail once to say that there is nothing of the kind. */
	{"failing-calls", 10, "calls a second", 3, false, failing,
	 "an SBI call fails each time, and is made again and again",
	 "'vhart trace -e sbi --err' shows its arguments and errors; take the first for an answer"},
	{"sbi-probing", 200, "calls in an interval", 1, true, probing,
	 "the guest asks again and again which SBI extensions there are",
	 "ask once, and keep the answer"},
	/* A driver that probes for a device reads a few registers of it. */
	{"address-walk", 64, "new addresses in an interval", 1, true, walk,
	 "the guest walks over addresses at which there is nothing",
	 "give it the device tree of this machine; 'vhart trace -e mmio' says who reads"},
	/* Linux reads some ten, those of a PMU included. */
	{"csr-walk", 24, "new CSRs in an interval", 1, true, csr_walk,
	 "the guest walks over CSRs that it does not have, or that are emulated for it",
	 "'vhart trace -e csr' says which, and where from; the ISA string says what there is"},
	/* The last of them may be the power-off. */
	{"reset-loop", 4, "resets in 64 intervals", 1, false, resets,
	 "the guest resets, and resets again",
	 "see its console for why; 'vhart run --on-reboot exit' ends at the first reset"},
	{"trap-vector", 10, "intervals with another trap vector", 1, false, new_vector,
	 "a kernel that had run for long has another trap vector: a second kernel, or somebody in "
	 "it",
	 "expected of kexec; else see whose code it is: 'vhart ctl NAME where', 'vhart run --gdb'"},
	{"misaligned", 100, "accesses a second", 3, false, misaligned,
	 "loads or stores that are not aligned are emulated, with an exit each",
	 "compile the guest's code with -mstrict-align, or mend its packed structures"},
	/* The host's tick comes at least every second where it is not turned off for the CPU. */
	{"silent-hart", 99, OF_TIME, 5, false, silent,
	 "the hart has not left the guest at all: not even the host's tick came",
	 "if that is not wanted look where it is: 'vhart ctl NAME where'"},
	{"above-baseline", 5, "times the baseline's rate", 5, false, above_usual,
	 "exits of one kind come far more often than they did when the baseline was saved",
	 "'vhart stat --save' now, and 'vhart diff' with the baseline: what else changed"},
	/* A guest that was idle and begins to work makes more exits, too: a phase of a boot, or a
	 * program's start, is over in fewer. */
	{"exit-storm", 10, "times its usual spread", 10, false, storm,
	 "far more exits than this vCPU usually has, by median and MAD of its last 64 seconds",
	 "'vhart stat -i 1' says which exits there are more of"},
};
const size_t rule_count = sizeof(rules) / sizeof(rules[0]);
_Static_assert(sizeof(rules) / sizeof(rules[0]) <= RULES_MAX, "a number for each");

bool rule_names_cause(size_t rule)
{
	return rules[rule].value != storm && rules[rule].value != above_usual;
}

size_t rule_find(const char *name, size_t len)
{
	size_t i = 0;

	while (i < rule_count && (strlen(rules[i].name) != len || memcmp(rules[i].name, name, len)))
		i++;
	return i;
}
