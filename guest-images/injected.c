/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says of each external and each overflow interrupt that it takes what it was. MSIs are also what
 * it is told by: SHOW says what its counter has, which starts at 2^40; FORGET takes it back.
 */
#include "overflow_irq.h"

#include "base/memory_map.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/imsic.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/print.h"
#include "vhart-guest/trap.h"

#define LINE	  10u
#define FROM_LINE 9u /* the MSI that it comes as */
#define OTHER	  8u
#define SHOW	  11u
#define FORGET	  12u

/* AIA 1.0, chapter 4. */
#define APLIC_ENABLE 0x100u
#define APLIC_SOURCE 0x0000u /* + 4 * source */
#define APLIC_EDGE   4u
#define APLIC_SETIE  0x1edcu
#define APLIC_TARGET 0x3000u /* + 4 * source */
#define INSTRUCTIONS 2u

static struct overflow_irq overflow;

static void wire_the_line(void)
{
	io_write(MAP_APLIC + APLIC_SOURCE + 4 * LINE, 4, APLIC_EDGE);
	io_write(MAP_APLIC + APLIC_TARGET + 4 * LINE, 4, FROM_LINE);
	io_write(MAP_APLIC + APLIC_SETIE, 4, LINE);
	io_write(MAP_APLIC, 4, APLIC_ENABLE);
}

static struct sbi_result configure(void)
{
	return sbi_pmu_counter_config_matching(INSTRUCTIONS, 1, PMU_CFG_CLEAR_VALUE,
					       PMU_EVENT_IDX_INSTRUCTIONS, 0);
}

static void count(void)
{
	if (configure().error == 0)
		sbi_pmu_counter_start(INSTRUCTIONS, 1, PMU_START_SET_INIT_VALUE, 1ull << 40);
}

static void forget(void)
{
	sbi_pmu_counter_stop(INSTRUCTIONS, 1, PMU_STOP_RESET);
	configure();
	print("forgotten\n");
}

static void on_external(struct trap_frame *frame)
{
	uint32_t identity;

	(void)frame;
	while ((identity = imsic_claim()) != 0) {
		if (identity == SHOW)
			print("counter: %lu\n", pmu_csr_read(INSTRUCTIONS));
		else if (identity == FORGET)
			forget();
		else if (identity == overflow.identity && *overflow.way != 'l')
			print("took: overflow\n");
		else
			print("took: %s\n", identity == FROM_LINE ? "line" : "msi");
	}
}

static void on_overflow(struct trap_frame *frame)
{
	(void)frame;
	interrupt_clear(IRQ_LCOFI);
	print("took: overflow\n");
}

void main(uint64_t hart, const void *fdt)
{
	trap_set_handler(CAUSE_INTERRUPT | IRQ_S_EXTERNAL, on_external);
	trap_set_handler(CAUSE_INTERRUPT | IRQ_LCOFI, on_overflow);
	overflow = overflow_irq_find(fdt, hart);
	imsic_set_up();
	overflow_irq_set_up(&overflow);
	imsic_enable(OTHER);
	imsic_enable(FROM_LINE);
	imsic_enable(SHOW);
	imsic_enable(FORGET);
	wire_the_line();
	count();
	interrupt_enable(IRQ_S_EXTERNAL);
	interrupt_enable(IRQ_LCOFI);
	print("ready\n");
	interrupts_off();
	for (;;)
		interrupt_take();
}
