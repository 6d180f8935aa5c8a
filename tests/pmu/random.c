/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/pmu/random.h"

#include "base/riscv.h"
#include "pmu/pmu.h"
#include "tests/pmu/scenarios.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* splitmix64 */
uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

unsigned int random_below(struct random *random, unsigned int bound)
{
	return (unsigned int)(random_next(random) % bound);
}

static uint64_t one_of(struct random *random, const uint64_t *values, unsigned int count)
{
	return values[random_below(random, count)];
}

/* ---- arguments, where the edges are ---- */

static uint64_t base(struct random *random)
{
	static const uint64_t edges[] = {0,  0,	 0,	1, 2,  3,  F0 - 1, F0,	  F0 + 1,
					 F0, F0, N - 1, N, 63, 64, 4096,   NEVER, NEVER - 1};

	return one_of(random, edges, ARRAY_LEN(edges));
}

static uint64_t mask(struct random *random, const struct symbols *symbols)
{
	static const uint64_t edges[] = {0, 1, 1, 3, ALL, ALL, ALL_AND_TIME, NEVER, BIT_F0, 5, 8};
	unsigned int choice = random_below(random, 16);

	if (choice < ARRAY_LEN(edges))
		return edges[choice];
	if (choice < 14)
		return 1ull << random_below(random, 64);
	return random_next(random) & symbols->values[SYMBOL_ALL];
}

/* Sets that often are valid, for the sake of what comes behind their check. */
static void set(struct random *random, const struct symbols *symbols, uint64_t *args)
{
	switch (random_below(random, 4)) {
	case 0:
		args[0] = base(random);
		args[1] = mask(random, symbols);
		break;
	case 1:
		args[0] = 0;
		args[1] = random_next(random) & symbols->values[SYMBOL_ALL];
		break;
	case 2:
		args[0] = F0 + random_below(random, 4);
		args[1] = 1 + random_below(random, 7);
		break;
	default:
		args[0] = random_below(random, 8) ? 2 : 0;
		args[0] += random_below(random, 3);
		args[1] = 1 + 2 * random_below(random, 4);
		break;
	}
}

static uint64_t flags(struct random *random)
{
	uint64_t value = random_below(random, 8);

	if (random_below(random, 2))
		value &= 3;
	if (random_below(random, 16) == 0)
		value |= 1ull << (3 + random_below(random, 61));
	return value;
}

static uint64_t event(struct random *random)
{
	static const uint64_t codes[] = {0, 1, 2, 3, 5, 6, 10, 11, 21, 22, 31, 32, 0xFFFF};
	static const uint64_t likely[] = {1, 2, 0xF0005, 0xF0006, 0x20000, 0x30000, 3, 0x10019};
	uint64_t value = one_of(random, likely, ARRAY_LEN(likely));

	if (random_below(random, 3) == 0)
		value = (uint64_t)random_below(random, 16) << 16 |
			one_of(random, codes, ARRAY_LEN(codes));
	if (random_below(random, 32) == 0)
		value |= 1ull << (20 + random_below(random, 44));
	return value;
}

static uint64_t value(struct random *random)
{
	static const uint64_t edges[] = {0,
					 1,
					 NEVER,
					 -1000ull,
					 -300000ull,
					 (1ull << 63) - 1,
					 1ull << 63,
					 (1ull << 63) + 1,
					 1ull << 47,
					 1ull << 48,
					 (1ull << 48) - 500,
					 77};

	return one_of(random, edges, ARRAY_LEN(edges));
}

static uint64_t index_of(struct random *random)
{
	static const uint64_t edges[] = {0,	 1,	 2,	3, F0 - 1, F0, F0,   F0 + 1,
					 F0 + 1, F0 + 2, N - 1, N, 63,	   64, NEVER};

	return one_of(random, edges, ARRAY_LEN(edges));
}

static uint64_t page(struct random *random)
{
	static const uint64_t edges[] = {P, P, P, P, P, P + 8, HOLE, LAST_PAGE + 0x800, NEVER};

	return one_of(random, edges, ARRAY_LEN(edges));
}

/* ---- steps ---- */

static void event_info(struct random *random, struct random_step *step)
{
	static const uint64_t counts[] = {1, 2, 4, 16, 0, 1ull << 60, 1ull << 40};

	step->args[0] = random_below(random, 4) ? P + 16 * random_below(random, 64) : page(random);
	step->args[1] = random_below(random, 16) == 0;
	step->args[2] = one_of(random, counts, ARRAY_LEN(counts));
	step->args[3] = random_below(random, 16) == 0;
}

static void poke(struct random *random, const struct symbols *symbols, struct random_step *step)
{
	/* Entries of event_get_info, values of counters, anything. */
	step->args[0] = random_below(random, 3) ? random_below(random, 66)
						: random_below(random, PAGE_WORDS);
	if (random_below(random, 8) == 0)
		step->args[0] = 1 + symbols->values[SYMBOL_F0];
	step->args[1] = random_below(random, 2) ? event(random) : value(random);
}

static void fill(struct random *random, const struct symbols *symbols, unsigned int wishes,
		 struct random_step *step)
{
	switch (step->op) {
	case OP_CFG:
		set(random, symbols, step->args);
		if (random_below(random, 2)) {
			step->args[0] = 0;
			step->args[1] = ALL;
		}
		step->args[2] = flags(random) | (random_below(random, 8) ? 0 : 0x20);
		step->args[3] = event(random);
		step->args[4] = random_below(random, 4) ? 0 : value(random);
		if (wishes & RANDOM_QUIET)
			step->args[2] |= UINH | SINH;
		break;
	case OP_ST:
		set(random, symbols, step->args);
		step->args[2] = flags(random);
		step->args[3] = value(random);
		break;
	case OP_SP:
		set(random, symbols, step->args);
		step->args[2] = flags(random);
		break;
	case OP_SHM:
		step->args[0] = page(random);
		step->args[1] = step->args[0] == NEVER ? NEVER : random_below(random, 16) == 0;
		step->args[2] = random_below(random, 16) == 0;
		break;
	case OP_EI: event_info(random, step); break;
	case OP_POKE: poke(random, symbols, step); break;
	case OP_RD:
		step->args[0] = random_below(random, 6);
		if (random_below(random, 4) == 0 && !(wishes & RANDOM_NO_FW_CSR))
			step->args[0] = F0;
		if (step->args[0] == 1)
			step->args[0] = 0; /* time, which a hart may read by itself */
		break;
	case OP_WORK: step->args[0] = 1ull << random_below(random, 18); break;
	case OP_GI:
	case OP_FR:
	case OP_FRH: step->args[0] = index_of(random); break;
	default: break;
	}
}

void random_steps(struct random *random, const struct symbols *symbols, unsigned int wishes,
		  struct random_step *steps, unsigned int count)
{
	static const enum op likely[] = {
		OP_CFG, OP_CFG,	 OP_CFG,  OP_CFG, OP_ST,  OP_ST, OP_ST,	  OP_ST,   OP_SP,   OP_SP,
		OP_SP,	OP_FR,	 OP_FR,	  OP_RD,  OP_RD,  OP_TM, OP_TM,	  OP_WORK, OP_WORK, OP_SHM,
		OP_EI,	OP_POKE, OP_POKE, OP_GI,  OP_FRH, OP_NC, OP_HART, OP_FR,   OP_ST,   OP_SP,
	};

	for (unsigned int i = 0; i < count; i++) {
		steps[i] =
			(struct random_step){likely[random_below(random, ARRAY_LEN(likely))], {0}};
		if (steps[i].op == OP_HART && (wishes & RANDOM_NO_HART || random_below(random, 3)))
			steps[i].op = OP_SP;
		fill(random, symbols, wishes, &steps[i]);
	}
}

struct random_step random_read(struct random *random, const struct symbols *symbols)
{
	static const enum op reads[] = {OP_FR, OP_RD, OP_GI, OP_FRH, OP_NC};
	struct random_step step = {reads[random_below(random, ARRAY_LEN(reads))], {0}};

	fill(random, symbols, 0, &step);
	return step;
}

/* ---- what would hurt a kernel ---- */

static bool deadly_on_6_12(const struct random_guard *guard, const struct symbols *symbols,
			   const struct random_step *step, const uint64_t *args)
{
	uint64_t f0 = symbols->values[SYMBOL_F0];
	unsigned int lowest = args[1] ? (unsigned int)__builtin_ctzll(args[1]) : 0;

	switch (step->op) {
	case OP_FR:
	case OP_RD: return args[0] >= f0 && args[0] < 64 && !(guard->configured >> args[0] & 1);
	case OP_CFG:
		if (args[2] & SKIP && (args[3] >> 16 & 15) != 15 && args[0] + lowest >= f0)
			return true;
		return args[0] >= NEVER - 63;
	case OP_ST:
	case OP_SP: return args[0] >= NEVER - 63;
	case OP_SHM: return args[0] % 4096 != 0 && args[0] != NEVER && step->args[0] != P + 8;
	default: return false;
	}
}

static bool deadly_on_7_2(const struct random_guard *guard, const struct random_step *step,
			  const uint64_t *args)
{
	bool disable = args[0] == NEVER && args[1] == NEVER;

	return step->op == OP_SHM && guard->has_page && !disable &&
	       (args[1] != 0 || (step->args[0] != P && step->args[0] != P + 8));
}

bool random_deadly(const struct random_guard *guard, const struct machine_under_test *machine,
		   const struct symbols *symbols, const struct random_step *step)
{
	uint64_t args[STEP_ARGS];

	if (!machine->kernel)
		return false;
	for (unsigned int i = 0; i < STEP_ARGS; i++)
		args[i] = symbol_value(symbols, step->args[i]);
	if (machine->unknown)
		return deadly_on_6_12(guard, symbols, step, args) ||
		       deadly_on_7_2(guard, step, args);
	if (machine->column == LINUX_6_12 || machine->column == LINUX_6_12_107)
		return deadly_on_6_12(guard, symbols, step, args);
	return deadly_on_7_2(guard, step, args);
}

void random_observe(struct random_guard *guard, const struct symbols *symbols,
		    const struct random_step *step, struct answer answer)
{
	uint64_t base_of = symbol_value(symbols, step->args[0]);
	uint64_t mask_of = symbol_value(symbols, step->args[1]);

	switch (step->op) {
	case OP_CFG:
		if (answer.error == 0 && answer.value < 64)
			guard->configured |= 1ull << answer.value;
		break;
	case OP_SP:
		/* When it only may have been reset, it passes for reset. */
		if (step->args[2] & RST && base_of < 64)
			guard->configured &= ~(mask_of << base_of);
		else if (step->args[2] & RST)
			guard->configured = 0;
		break;
	case OP_HART: *guard = (struct random_guard){0}; break;
	case OP_SHM:
		if (answer.error == 0)
			guard->has_page = base_of != NEVER;
		break;
	default: break;
	}
}

/* ---- two machines ---- */

static struct answer perform(const struct machine_under_test *machine,
			     const struct symbols *symbols, const struct random_step *step,
			     bool *trapped)
{
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
	struct answer answer = {0, 0};
	uint64_t args[STEP_ARGS];

	*trapped = false;
	for (unsigned int i = 0; i < STEP_ARGS; i++)
		args[i] = symbol_value(symbols, step->args[i]);
	switch (step->op) {
	case OP_RD:
		*trapped = !machine->read_csr(
			machine->opaque, CSR_CYCLE + (unsigned int)(args[0] & 31), &answer.value);
		if (*trapped)
			answer.value = 0;
		break;
	case OP_TM: machine->set_timer(machine->opaque); break;
	case OP_WORK: machine->work(machine->opaque, args[0]); break;
	case OP_HART: machine->restart_hart(machine->opaque); break;
	case OP_POKE:
		machine->poke(machine->opaque, (unsigned int)args[0] % PAGE_WORDS, args[1]);
		break;
	default: return machine->call(machine->opaque, fids[step->op], args);
	}
	return answer;
}

static bool same_pages(const struct machine_under_test *left,
		       const struct machine_under_test *right, struct random_difference *difference)
{
	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		uint64_t l = left->peek(left->opaque, i), r = right->peek(right->opaque, i);

		if (l == r)
			continue;
		*difference = (struct random_difference){
			.found = true, .what = "page", .left = {i, l}, .right = {i, r}};
		return false;
	}
	return true;
}

static bool writes_page(enum op op)
{
	return op == OP_SP || op == OP_SHM || op == OP_EI;
}

struct random_difference random_lockstep(const struct machine_under_test *left,
					 const struct machine_under_test *right,
					 const struct random_step *steps, unsigned int count)
{
	const struct symbols of_left = symbols_find(left), of_right = symbols_find(right);
	struct random_difference difference = {.what = "answer"};
	struct random_guard guard = {0};

	for (unsigned int i = 0; i < count; i++) {
		bool left_trapped, right_trapped;

		if (random_deadly(&guard, left, &of_left, &steps[i]) ||
		    random_deadly(&guard, right, &of_right, &steps[i]))
			continue;
		difference.at = i;
		difference.left = perform(left, &of_left, &steps[i], &left_trapped);
		difference.right = perform(right, &of_right, &steps[i], &right_trapped);
		difference.found = difference.left.error != difference.right.error ||
				   difference.left.value != difference.right.value ||
				   left_trapped != right_trapped;
		if (left_trapped != right_trapped)
			difference.what = "trap";
		if (!difference.found && writes_page(steps[i].op))
			same_pages(left, right, &difference);
		if (difference.found) {
			difference.at = i;
			return difference;
		}
		random_observe(&guard, &of_left, &steps[i], difference.left);
	}
	return difference;
}

struct random_difference random_compare(const struct machine_under_test *left,
					const struct machine_under_test *right,
					const struct random_step *steps, unsigned int count)
{
	left->fresh(left->opaque);
	right->fresh(right->opaque);
	return random_lockstep(left, right, steps, count);
}

/* ---- shrinking ---- */

/* Takes LEN steps out at FROM into REMOVED, or puts them back. */
static void take_out(struct random_step *steps, unsigned int count, unsigned int from,
		     unsigned int len, struct random_step *removed)
{
	for (unsigned int i = 0; i < len; i++)
		removed[i] = steps[from + i];
	for (unsigned int i = from; i + len < count; i++)
		steps[i] = steps[i + len];
}

static void put_back(struct random_step *steps, unsigned int count, unsigned int from,
		     unsigned int len, const struct random_step *removed)
{
	for (unsigned int i = count; i-- > from + len;)
		steps[i] = steps[i - len];
	for (unsigned int i = 0; i < len; i++)
		steps[from + i] = removed[i];
}

#define MAX_CHUNK 16u

unsigned int random_shrink(const struct machine_under_test *left,
			   const struct machine_under_test *right, struct random_step *steps,
			   unsigned int count)
{
	struct random_step removed[MAX_CHUNK];
	struct random_difference difference = random_compare(left, right, steps, count);

	if (!difference.found)
		return count;
	count = difference.at + 1;
	for (unsigned int len = MAX_CHUNK; len > 0; len /= 2) {
		for (unsigned int from = 0; from + len <= count;) {
			take_out(steps, count, from, len, removed);
			if (random_compare(left, right, steps, count - len).found) {
				count -= len;
				continue;
			}
			put_back(steps, count, from, len, removed);
			from += len;
		}
	}
	return count;
}
