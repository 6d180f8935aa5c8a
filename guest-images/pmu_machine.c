/* SPDX-License-Identifier: Apache-2.0 */
#include "pmu_machine.h"

#include "pmu/pmu.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/trap.h"
#include "vhart-guest/user.h"

/* pmu_hart.S */
void pmu_stop_hart(uint64_t *context, volatile uint64_t *stopping);
extern char pmu_hart_resumes[];
extern char pmu_user_reads[]; /* 8 bytes each */

#define FIRMWARE 0xF0000ull
#define RAW	 0x20000ull

/* ---- calls and CSRs ---- */

static struct answer call(void *opaque, uint64_t fid, const uint64_t args[STEP_ARGS])
{
	const struct pmu_machine *machine = opaque;

	struct sbi_result result =
		sbi_call6(machine->eid, fid, args[0], args[1], args[2], args[3], args[4], 0);

	return (struct answer){result.error, result.value};
}

static bool read_csr(void *opaque, unsigned int csr, uint64_t *value)
{
	uint64_t before = trap_record()->exceptions;

	(void)opaque;
	trap_record()->expected = true;
	*value = pmu_csr_read(csr - CSR_CYCLE);
	trap_record()->expected = false;
	return trap_record()->exceptions == before;
}

bool pmu_machine_user_read(unsigned int csr, uint64_t scounteren, uint64_t *value)
{
	const char *code = pmu_user_reads + 8 * (size_t)(csr - CSR_CYCLE);
	uint64_t before = csr_swap(scounteren, scounteren), cause = 0;

	*value = user_run((void (*)(void))(uintptr_t)code, &cause);
	csr_write(scounteren, before);
	return cause == CAUSE_USER_ECALL;
}

static bool user_read_csr(void *opaque, unsigned int csr, uint64_t scounteren, uint64_t *value)
{
	(void)opaque;
	return pmu_machine_user_read(csr, scounteren, value);
}

static void set_timer(void *opaque)
{
	(void)opaque;
	sbi_set_timer(UINT64_MAX);
}

static uint64_t stopped_hart; /* which is this one */

static void sfence(void *opaque)
{
	(void)opaque;
	sbi_remote_sfence_vma_asid(1, stopped_hart, 0x1000, 0x1000, 1);
}

static void work(void *opaque, uint64_t instructions)
{
	(void)opaque;
	pmu_work(instructions);
}

/* ---- the interrupt ---- */

static void enable_lcofi(void *opaque)
{
	struct pmu_machine *machine = opaque;

	machine->taken = trap_record()->interrupts;
	interrupt_enable(IRQ_LCOFI);
	interrupts_on();
}

static unsigned int lcofis_taken(void *opaque)
{
	const struct pmu_machine *machine = opaque;

	if (trap_record()->cause != (CAUSE_INTERRUPT | IRQ_LCOFI))
		return 0;
	return (unsigned int)(trap_record()->interrupts - machine->taken);
}

static bool lcofi_pending(void *opaque)
{
	(void)opaque;
	return interrupt_pending(IRQ_LCOFI);
}

static void clear_lcofi(void *opaque)
{
	(void)opaque;
	interrupt_clear(IRQ_LCOFI);
}

/* ---- a hart that stops and starts ---- */

static uint64_t context[17];
static volatile uint64_t stopping; /* 1: about to stop */

void pmu_machine_hart(uint64_t hart)
{
	stopped_hart = hart;
}

void pmu_restarter(uint64_t hart)
{
	(void)hart;
	for (;;) {
		while (!stopping)
			;
		while (sbi_hart_get_status(stopped_hart).value != SBI_HSM_STOPPED)
			;
		stopping = 0;
		sbi_hart_start(stopped_hart, (uint64_t)pmu_hart_resumes, (uint64_t)context);
	}
}

static void restart_hart(void *opaque)
{
	(void)opaque;
	pmu_stop_hart(context, &stopping);
}

/* ---- the page ---- */

static uint64_t peek(void *opaque, unsigned int word)
{
	const struct pmu_machine *machine = opaque;

	return ((volatile uint64_t *)machine->page)[word];
}

static void poke(void *opaque, unsigned int word, uint64_t value)
{
	const struct pmu_machine *machine = opaque;

	((volatile uint64_t *)machine->page)[word] = value;
}

/* ---- as on a new vCPU ---- */

static struct answer call4(void *opaque, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3)
{
	const uint64_t args[STEP_ARGS] = {a0, a1, a2, a3};

	return call(opaque, fid, args);
}

/*
 * KVM keeps values when counters are reset, and more over a reset of the hart; what a guest can do
 * is to use each counter once more and reset it.
 */
static void fresh(void *opaque)
{
	struct pmu_machine *machine = opaque;
	struct machine_under_test self = pmu_machine(machine, 0);
	struct symbols symbols = symbols_find(&self);
	uint64_t all = symbols.values[SYMBOL_ALL], f0 = symbols.values[SYMBOL_F0];

	call4(opaque, PMU_SNAPSHOT_SET_SHMEM, UINT64_MAX, UINT64_MAX, 0, 0);
	/* KVM's stop ends at a firmware counter that has got a hardware event. */
	for (uint64_t i = 0; i < PMU_FW_EVENTS; i++)
		call4(opaque, PMU_COUNTER_CONFIG_MATCHING, f0 + i, 1, PMU_CFG_SKIP_MATCH,
		      FIRMWARE + i);
	call4(opaque, PMU_COUNTER_STOP, 0, all, PMU_STOP_RESET, 0);
	call4(opaque, PMU_COUNTER_CONFIG_MATCHING, 0, 1, PMU_CFG_CLEAR_VALUE, 1);
	call4(opaque, PMU_COUNTER_CONFIG_MATCHING, 2, 1, PMU_CFG_CLEAR_VALUE, 2);
	for (uint64_t i = 3; i < f0; i++)
		call4(opaque, PMU_COUNTER_CONFIG_MATCHING, i, 1, PMU_CFG_CLEAR_VALUE, RAW);
	/* An event that was started without a counter takes its value at the second start only. */
	for (unsigned int twice = 0; twice < 2; twice++) {
		for (uint64_t i = 0; i < PMU_FW_EVENTS; i++) {
			call4(opaque, PMU_COUNTER_CONFIG_MATCHING, f0 + i, 1, 0, FIRMWARE + i);
			call4(opaque, PMU_COUNTER_START, f0 + i, 1, 1, 0);
		}
		call4(opaque, PMU_COUNTER_STOP, 0, all, PMU_STOP_RESET, 0);
	}
	interrupt_disable(IRQ_LCOFI);
	interrupts_off();
	clear_lcofi(opaque);
	memset(machine->page, 0, 2 * 4096);
}

struct machine_under_test pmu_machine(struct pmu_machine *machine, enum column column)
{
	return (struct machine_under_test){
		.opaque = machine,
		.column = column,
		.page = (uint64_t)machine->page,
		.hole = 0x1000, /* below RAM there are devices, and nothing so low */
		.call = call,
		.read_csr = read_csr,
		.user_read_csr = user_read_csr,
		.set_timer = set_timer,
		.sfence = sfence,
		.work = work,
		.restart_hart = restart_hart,
		.enable_lcofi = enable_lcofi,
		.lcofis_taken = lcofis_taken,
		.lcofi_pending = lcofi_pending,
		.clear_lcofi = clear_lcofi,
		.peek = peek,
		.poke = poke,
		.fresh = fresh,
	};
}
