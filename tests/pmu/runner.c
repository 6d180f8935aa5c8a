/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/pmu/runner.h"

#include "base/riscv.h"
#include "pmu/pmu.h"

const char *const column_names[COLUMN_NAMES] = {"linux-6.12.107", "linux-7.2", "spec", "best",
						"linux-6.12"};

const char *const op_names[OPS] = {
	"END",	 "NC",	    "GI",    "CFG",  "ST",   "SP",   "FR",    "FRH",	"SHM",
	"EI",	 "CALL",    "RD",    "URD",  "TM",   "SF",   "WORK",  "HART",	"ENABLE",
	"TAKEN", "PENDING", "CLEAR", "POKE", "PEEK", "FILL", "BLANK", "UNPLUG",
};

#define PATTERN(word) (0xC0FFEE0000000001ull + ((uint64_t)(word) << 8))

#define MAX_KEPT 4

struct run {
	const struct machine_under_test *machine;
	enum column column; /* that is written */
	struct symbols symbols;
	uint64_t kept[MAX_KEPT];
	/* What the page must hold at the end. */
	uint64_t page[PAGE_WORDS];
};

/* ---- symbols ---- */

#define SYMBOL_MARK 0x5EEDull

uint64_t symbol_value(const struct symbols *symbols, uint64_t term)
{
	unsigned int symbol = term >> 32 & 0xFFFF;

	if (term >> 48 != SYMBOL_MARK || symbol >= SYMBOLS)
		return term;
	return symbols->values[symbol] + (term & 0xFFFFFFFF) - 0x80000000;
}

struct symbols symbols_find(const struct machine_under_test *machine)
{
	static const uint64_t none[STEP_ARGS];
	struct symbols symbols = {{0}};
	uint64_t *values = symbols.values;

	values[SYMBOL_N] = machine->call(machine->opaque, PMU_NUM_COUNTERS, none).value;
	values[SYMBOL_F0] = values[SYMBOL_N];
	for (uint64_t i = 0; i < 64; i++) {
		uint64_t args[STEP_ARGS] = {i};
		struct answer info = machine->call(machine->opaque, PMU_COUNTER_GET_INFO, args);

		/* KVM has an info of 0 for what is no counter. */
		if (info.error || info.value == 0)
			continue;
		values[SYMBOL_ALL] |= 1ull << i;
		if (info.value >> 63 && i < values[SYMBOL_F0])
			values[SYMBOL_F0] = i;
		if (i == 3)
			values[SYMBOL_WIDE] = 1ull << 60 & UINT64_MAX >> (63 - (info.value >> 12));
	}
	values[SYMBOL_ALL_AND_TIME] = values[SYMBOL_ALL] | 2;
	values[SYMBOL_BIT_F0] = 1ull << (values[SYMBOL_F0] & 63);
	values[SYMBOL_PAST_N] = 64 - values[SYMBOL_N];
	values[SYMBOL_P] = machine->page;
	values[SYMBOL_LAST_PAGE] = machine->last_page;
	values[SYMBOL_HOLE] = machine->hole;
	values[SYMBOL_READ_ONLY] = machine->read_only;
	return symbols;
}

/* ---- doing a step ---- */

static const uint64_t fids[OPS] = {
	[OP_NC] = PMU_NUM_COUNTERS,
	[OP_GI] = PMU_COUNTER_GET_INFO,
	[OP_CFG] = PMU_COUNTER_CONFIG_MATCHING,
	[OP_ST] = PMU_COUNTER_START,
	[OP_SP] = PMU_COUNTER_STOP,
	[OP_FR] = PMU_COUNTER_FW_READ,
	[OP_FRH] = PMU_COUNTER_FW_READ_HI,
	[OP_SHM] = PMU_SNAPSHOT_SET_SHMEM,
	[OP_EI] = PMU_EVENT_GET_INFO,
};

static uint64_t blank(const struct machine_under_test *machine)
{
	bool zeros = true, pattern = true;

	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		uint64_t word = machine->peek(machine->opaque, i);

		zeros &= word == 0;
		pattern &= word == PATTERN(i);
	}
	return zeros ? 0 : pattern ? 1 : 2;
}

static void fill(struct run *run)
{
	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		run->page[i] = PATTERN(i);
		run->machine->poke(run->machine->opaque, i, PATTERN(i));
	}
}

/* What the hart does, rather than the PMU. */
static struct answer act(struct run *run, enum op op, const uint64_t args[STEP_ARGS])
{
	const struct machine_under_test *machine = run->machine;
	struct answer answer = {0, 0};

	switch (op) {
	case OP_TM: machine->set_timer(machine->opaque); break;
	case OP_SF: machine->sfence(machine->opaque); break;
	case OP_WORK: machine->work(machine->opaque, args[0]); break;
	case OP_HART: machine->restart_hart(machine->opaque); break;
	case OP_ENABLE: machine->enable_lcofi(machine->opaque); break;
	case OP_TAKEN: answer.value = machine->lcofis_taken(machine->opaque); break;
	case OP_PENDING: answer.value = machine->lcofi_pending(machine->opaque); break;
	case OP_CLEAR: machine->clear_lcofi(machine->opaque); break;
	case OP_POKE:
		run->page[args[0]] = args[1];
		machine->poke(machine->opaque, (unsigned int)args[0], args[1]);
		break;
	case OP_PEEK: answer.value = machine->peek(machine->opaque, (unsigned int)args[0]); break;
	case OP_FILL: fill(run); break;
	case OP_BLANK: answer.value = blank(machine); break;
	case OP_UNPLUG: machine->unplug(machine->opaque); break;
	default: break;
	}
	return answer;
}

static struct answer perform(struct run *run, enum op op, const uint64_t args[STEP_ARGS],
			     bool *trapped)
{
	const struct machine_under_test *machine = run->machine;
	struct answer answer = {0, 0};

	*trapped = false;
	if (op >= OP_NC && op <= OP_EI)
		return machine->call(machine->opaque, fids[op], args);
	if (op == OP_CALL) {
		const uint64_t shifted[STEP_ARGS] = {args[1], args[2], args[3], args[4]};

		return machine->call(machine->opaque, args[0], shifted);
	}
	if (op == OP_RD) {
		*trapped = !machine->read_csr(machine->opaque, CSR_CYCLE + (unsigned int)args[0],
					      &answer.value);
		return answer;
	}
	if (op == OP_URD) {
		*trapped = !machine->user_read_csr(
			machine->opaque, CSR_CYCLE + (unsigned int)args[0], args[1], &answer.value);
		return answer;
	}
	return act(run, op, args);
}

/* ---- judging it ---- */

static bool value_fits(const struct run *run, const struct outcome *expected, uint64_t value,
		       unsigned int repetition)
{
	switch (expected->relation) {
	case EXACT: return value == expected->value;
	case ANY: return true;
	case FREE: return value >= 3 && value < run->symbols.values[SYMBOL_F0];
	case NEXT: return value == expected->value + repetition;
	case COUNTED: return value - expected->value < SLACK;
	case BELOW: return value < expected->value;
	case KEPT: return value == run->kept[expected->value];
	case ABOVE: return value > run->kept[expected->value];
	case TWICE: return value == 2 * run->kept[expected->value];
	case INFO: return (value & 0xFFF) == expected->value && value >> 18 == 0;
	default: return false;
	}
}

static bool fits(const struct run *run, const struct outcome *expected, struct answer answer,
		 bool trapped, unsigned int repetition)
{
	if (trapped || expected->relation == TRAPS)
		return trapped && expected->relation == TRAPS;
	if (answer.error != expected->error)
		return false;
	return value_fits(run, expected, answer.value, repetition);
}

static struct outcome expected_of(const struct run *run, const struct step *step)
{
	static const struct outcome success = {EXACT, 0, 0};
	int column = (int)run->column;
	struct outcome outcome;

	while (column >= 0 && step->outcomes[column].relation == AS_BEFORE)
		column--;
	if (column < 0)
		return success;
	outcome = step->outcomes[column];
	outcome.value = symbol_value(&run->symbols, outcome.value);
	return outcome;
}

static bool step_run(struct run *run, const struct step *step, struct report *report)
{
	uint64_t times = step->times ? symbol_value(&run->symbols, step->times) : 1;
	struct outcome expected = expected_of(run, step);
	uint64_t args[STEP_ARGS];
	struct answer answer;
	bool trapped;

	for (unsigned int i = 0; i < STEP_ARGS; i++)
		args[i] = symbol_value(&run->symbols, step->args[i]);
	for (unsigned int i = 0; i < times; i++) {
		answer = perform(run, step->op, args, &trapped);
		if (!fits(run, &expected, answer, trapped, i)) {
			*report = (struct report){.verdict = DIFFERED,
						  .why = "the answer",
						  .repetition = i,
						  .trapped = trapped,
						  .got = answer,
						  .expected = expected};
			return false;
		}
		if (step->op == OP_PEEK)
			run->page[args[0]] = answer.value;
		if (step->op == OP_BLANK && answer.value == 0) {
			for (unsigned int word = 0; word < PAGE_WORDS; word++)
				run->page[word] = 0;
		}
		if (step->op == OP_GI)
			args[0]++;
		if (step->keep)
			run->kept[step->keep] = answer.value;
	}
	return true;
}

/* Every word that no step looked at is as it was left. */
static bool page_checked(struct run *run, struct report *report)
{
	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		uint64_t word = run->machine->peek(run->machine->opaque, i);

		if (word == run->page[i])
			continue;
		*report = (struct report){.verdict = DIFFERED,
					  .why = "a word of the page",
					  .repetition = i,
					  .got = {0, word},
					  .expected = {EXACT, 0, run->page[i]}};
		return false;
	}
	return true;
}

/* No deadly row is one that 6.12 has mended. */
static enum column column_of(const struct machine_under_test *machine,
			     const struct scenario *scenario)
{
	if (machine->column != LINUX_6_12)
		return machine->column;
	return scenario->mended == IN_6_12_113 ? LINUX_7_2 : LINUX_6_12_107;
}

static bool is_deadly(const struct machine_under_test *machine, const struct scenario *scenario,
		      enum column column)
{
	return machine->unknown ? scenario->deadly != 0 : scenario->deadly >> column & 1;
}

struct report scenario_run(const struct machine_under_test *machine,
			   const struct scenario *scenario)
{
	struct run run = {.machine = machine, .column = column_of(machine, scenario)};
	struct report report = {.verdict = SKIPPED};
	unsigned int step = 0;

	if (machine->kernel && is_deadly(machine, scenario, run.column)) {
		report.why = "never to be run on this kernel";
		return report;
	}
	if (scenario->needs & ~machine->can) {
		report.why = "needs what this machine has not";
		return report;
	}
	machine->fresh(machine->opaque);
	run.symbols = symbols_find(machine);
	for (; step < MAX_STEPS && scenario->steps[step].op != OP_END; step++) {
		if (!step_run(&run, &scenario->steps[step], &report))
			break;
	}
	if (report.verdict != DIFFERED && page_checked(&run, &report))
		report.verdict = PASSED;
	report.step = step;
	return report;
}
