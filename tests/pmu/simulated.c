/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/pmu/simulated.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pmu/scenarios.h"

/* ---- counters ---- */

static void contract(bool kept, const char *rule, unsigned int counter)
{
	if (kept)
		return;
	fprintf(stderr, "the PMU broke its environment's contract: %s, counter %u\n", rule,
		counter);
	abort();
}

static struct simulated_source *source(struct simulated *simulated, unsigned int counter)
{
	contract(counter < simulated->pmu.config.hw_counters && counter != 1,
		 "only hardware counters have sources", counter);
	return &simulated->sources[counter];
}

static void check_event(const struct pmu_event *event, unsigned int counter)
{
	bool valid = event->type <= PMU_EVENT_RAW_V2;

	if (event->type == PMU_EVENT_HARDWARE)
		valid &= event->code >= 1 && event->code <= 10;
	else if (event->type == PMU_EVENT_CACHE)
		valid &= event->code < 7 * 8 && (event->code & 7) < 6;
	else
		valid &= event->code == 0;
	contract(valid, "events are those of the text", counter);
}

static int open_source(void *opaque, unsigned int counter, const struct pmu_event *event)
{
	struct simulated *simulated = opaque;
	struct simulated_source *of = source(simulated, counter);

	contract(!of->open, "open() finds no source", counter);
	check_event(event, counter);
	if (simulated->refused >> counter & 1)
		return -ENOENT;
	*of = (struct simulated_source){.open = true, .event = *event};
	simulated->opened++;
	return 0;
}

static void close_source(void *opaque, unsigned int counter)
{
	struct simulated_source *of = source(opaque, counter);

	contract(of->open && !of->running, "close() finds an open and stopped source", counter);
	of->open = false;
}

/* As an event that the host opens, and that no counter of its hardware counts. */
static bool is_uncounted(const struct pmu_event *event)
{
	return event->type == PMU_EVENT_RAW && event->data == UNCOUNTED;
}

static bool start_source(void *opaque, unsigned int counter, uint64_t period)
{
	struct simulated *simulated = opaque;
	struct simulated_source *of = source(simulated, counter);

	contract(of->open && !of->running, "start() finds an open and stopped source", counter);
	contract(period < 1ull << 60, "no period is huge", counter);
	if (simulated->lost >> counter & 1 || is_uncounted(&of->event))
		return false;
	of->running = true;
	of->armed = period != PMU_NO_OVERFLOW;
	of->overflow_at = of->count + period;
	return true;
}

static void stop_source(void *opaque, unsigned int counter)
{
	struct simulated_source *of = source(opaque, counter);

	contract(of->open && of->running, "stop() finds a running source", counter);
	of->running = false;
}

static bool schedulable(void *opaque, unsigned int counter)
{
	struct simulated *simulated = opaque;
	struct simulated_source *of = source(simulated, counter);

	contract(of->open && !of->running, "schedulable() finds an open and stopped source",
		 counter);
	return !(simulated->lost >> counter & 1) && !is_uncounted(&of->event);
}

static bool read_source(void *opaque, unsigned int counter, uint64_t *count)
{
	struct simulated *simulated = opaque;
	struct simulated_source *of = source(simulated, counter);

	contract(of->open, "read() finds an open source", counter);
	*count = of->count;
	return !(simulated->lost >> counter & 1);
}

static bool firmware(void *opaque, unsigned int code, uint64_t *count)
{
	struct simulated *simulated = opaque;

	contract(code < PMU_FW_EVENTS, "firmware events are those of the text", code);
	*count = simulated->firmware[code];
	return !(simulated->no_firmware >> code & 1);
}

static bool platform(void *opaque, uint64_t data, uint64_t *count)
{
	struct simulated *simulated = opaque;

	if (data == 0 || data >= SIMULATED_PLATFORMS)
		return false;
	*count = simulated->platform[data];
	return true;
}

static bool supported(void *opaque, const struct pmu_event *event)
{
	(void)opaque;
	check_event(event, 0);
	return true;
}

/* ---- memory and the interrupt ---- */

static char *ram(struct simulated *simulated, uint64_t address, size_t size)
{
	uint64_t offset = address - SIMULATED_RAM;

	if (simulated->unplugged || address < SIMULATED_RAM || offset > sizeof(simulated->ram) ||
	    size > sizeof(simulated->ram) - offset)
		return NULL;
	return (char *)simulated->ram + offset;
}

static bool memory_read(void *opaque, uint64_t address, void *to, size_t size)
{
	struct simulated *simulated = opaque;
	const char *from = ram(simulated, address, size);

	simulated->memory_reads++;
	if (!from && address >= SIMULATED_ROM && address - SIMULATED_ROM <= 4096 &&
	    size <= 4096 - (address - SIMULATED_ROM)) {
		memset(to, 0, size);
		return true;
	}
	if (from)
		memcpy(to, from, size);
	return from != NULL;
}

static bool memory_write(void *opaque, uint64_t address, const void *from, size_t size)
{
	struct simulated *simulated = opaque;
	char *to = ram(simulated, address, size);

	simulated->memory_writes++;
	if (to)
		memcpy(to, from, size);
	return to != NULL;
}

static bool memory_writable(void *opaque, uint64_t address, size_t size)
{
	return ram(opaque, address, size) != NULL;
}

static void raise_lcofi(void *opaque)
{
	struct simulated *simulated = opaque;

	simulated->lcofis_raised++;
	simulated->lcofi_pending = true;
	if (!simulated->lcofi_enabled)
		return;
	/* As the guests' trap handler: it masks what it took, and leaves it pending. */
	simulated->lcofis_taken++;
	simulated->lcofi_enabled = false;
}

const struct pmu_environment simulated_environment = {
	.open = open_source,
	.close = close_source,
	.schedulable = schedulable,
	.start = start_source,
	.stop = stop_source,
	.read = read_source,
	.firmware = firmware,
	.platform = platform,
	.supported = supported,
	.memory_read = memory_read,
	.memory_write = memory_write,
	.memory_writable = memory_writable,
	.raise_lcofi = raise_lcofi,
};

/* ---- what tests do with it ---- */

void simulated_init(struct simulated *simulated, uint64_t quirks, unsigned int hw_counters,
		    unsigned int width)
{
	struct pmu_config config = {quirks, hw_counters, width};

	memset(simulated, 0, sizeof(*simulated));
	pmu_init(&simulated->pmu, &config, &simulated_environment, simulated);
}

uint64_t simulated_events(const struct pmu_event *event, uint64_t instructions)
{
	if (event->no_supervisor)
		return 0;
	if (event->type != PMU_EVENT_HARDWARE)
		return instructions / 16;
	return event->code == 1 ? 2 * instructions : instructions / (event->code - 1);
}

void simulated_work(struct simulated *simulated, uint64_t instructions)
{
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++) {
		struct simulated_source *of = &simulated->sources[i];

		if (!of->running || simulated->lost >> i & 1)
			continue;
		of->count += simulated_events(&of->event, instructions);
		if (!of->armed || of->count < of->overflow_at || simulated->late)
			continue;
		of->armed = false;
		pmu_overflow(&simulated->pmu, i);
	}
}

unsigned int simulated_open_sources(const struct simulated *simulated)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++)
		count += simulated->sources[i].open;
	return count;
}

uint64_t simulated_peek(const struct simulated *simulated, uint64_t address)
{
	return simulated->ram[(address - SIMULATED_RAM) / 8];
}

void simulated_poke(struct simulated *simulated, uint64_t address, uint64_t value)
{
	simulated->ram[(address - SIMULATED_RAM) / 8] = value;
}

/* ---- the machine under test ---- */

static struct answer machine_call(void *opaque, uint64_t fid, const uint64_t args[STEP_ARGS])
{
	struct simulated *simulated = opaque;
	const uint64_t registers[6] = {args[0], args[1], args[2], args[3], args[4]};
	struct pmu_result result = pmu_call(&simulated->pmu, fid, registers);

	return (struct answer){result.error, result.value};
}

static bool machine_user_read_csr(void *opaque, unsigned int csr, uint64_t scounteren,
				  uint64_t *value)
{
	struct simulated *simulated = opaque;

	return pmu_user_read_csr(&simulated->pmu, csr, scounteren, value);
}

static bool machine_read_csr(void *opaque, unsigned int csr, uint64_t *value)
{
	struct simulated *simulated = opaque;

	return pmu_read_csr(&simulated->pmu, csr, value);
}

static void machine_set_timer(void *opaque)
{
	struct simulated *simulated = opaque;

	simulated->firmware[5]++;
}

/* As the VMM's forward counts it. */
static void machine_sfence(void *opaque)
{
	struct simulated *simulated = opaque;

	for (unsigned int code = 12; code <= 13; code++) {
		simulated->firmware[code]++;
		simulated->firmware[code + 8]++;
	}
}

static void machine_work(void *opaque, uint64_t instructions)
{
	simulated_work(opaque, instructions);
}

static void machine_restart_hart(void *opaque)
{
	struct simulated *simulated = opaque;

	pmu_reset(&simulated->pmu);
}

static void machine_enable_lcofi(void *opaque)
{
	struct simulated *simulated = opaque;

	simulated->lcofi_enabled = true;
	simulated->lcofis_taken = 0;
}

static unsigned int machine_lcofis_taken(void *opaque)
{
	const struct simulated *simulated = opaque;

	return simulated->lcofis_taken;
}

static bool machine_lcofi_pending(void *opaque)
{
	const struct simulated *simulated = opaque;

	return simulated->lcofi_pending;
}

static void machine_clear_lcofi(void *opaque)
{
	struct simulated *simulated = opaque;

	simulated->lcofi_pending = false;
}

#define P_ADDRESS (SIMULATED_RAM + SIMULATED_PAGE * 4096ull)

static uint64_t machine_peek(void *opaque, unsigned int word)
{
	return simulated_peek(opaque, P_ADDRESS + word * 8ull);
}

static void machine_poke(void *opaque, unsigned int word, uint64_t value)
{
	simulated_poke(opaque, P_ADDRESS + word * 8ull, value);
}

static void machine_unplug(void *opaque)
{
	struct simulated *simulated = opaque;

	simulated->unplugged = true;
}

static void machine_fresh(void *opaque)
{
	struct simulated *simulated = opaque;
	const struct pmu_config config = simulated->pmu.config;

	pmu_reset(&simulated->pmu);
	contract(simulated_open_sources(simulated) == 0, "a reset closes all sources", 0);
	simulated_init(simulated, config.quirks, config.hw_counters, config.hw_width);
}

enum column profile_column(enum pmu_profile profile)
{
	static const enum column columns[PMU_PROFILES] = {
		[PMU_BEST] = BEST,
		[PMU_SPEC] = SPEC,
		[PMU_LINUX_7_2] = LINUX_7_2,
		[PMU_LINUX_6_12] = LINUX_6_12,
		[PMU_LINUX_6_12_107] = LINUX_6_12_107,
	};

	return columns[profile];
}

struct machine_under_test simulated_machine(struct simulated *simulated, enum pmu_profile profile)
{
	return (struct machine_under_test){
		.opaque = simulated,
		.column = profile_column(profile),
		.can = NEEDS_NO_PAGE | NEEDS_COUNTS | NEEDS_OVERFLOW | NEEDS_REARM |
		       NEEDS_READ_ONLY | NEEDS_UNPLUG | NEEDS_PLATFORM | NEEDS_ALL_CSRS |
		       NEEDS_RAW | NEEDS_UNCOUNTED,
		.page = P_ADDRESS,
		.last_page = SIMULATED_RAM + (SIMULATED_PAGES - 1) * 4096ull,
		.hole = SIMULATED_RAM + (1ull << 30),
		.read_only = SIMULATED_ROM,
		.call = machine_call,
		.read_csr = machine_read_csr,
		.user_read_csr = machine_user_read_csr,
		.set_timer = machine_set_timer,
		.sfence = machine_sfence,
		.work = machine_work,
		.restart_hart = machine_restart_hart,
		.enable_lcofi = machine_enable_lcofi,
		.lcofis_taken = machine_lcofis_taken,
		.lcofi_pending = machine_lcofi_pending,
		.clear_lcofi = machine_clear_lcofi,
		.peek = machine_peek,
		.poke = machine_poke,
		.unplug = machine_unplug,
		.fresh = machine_fresh,
	};
}
