/* SPDX-License-Identifier: Apache-2.0 */
#include "overflow_irq.h"

#include "base/memory_map.h"
#include "base/riscv.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/imsic.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"

/* AIA 1.0, chapter 4. */
#define DOMAINCFG_IE   0x100u
#define SOURCECFG      0x0000u /* + 4 * source */
#define SOURCECFG_EDGE 4u
#define SETIENUM       0x1edcu
#define TARGET	       0x3000u /* + 4 * source */
#define TARGET_HART    18

/* The PLIC: contexts of one mode a hart. */
#define PLIC_ENABLE 0x2000u
#define PLIC_CLAIM  0x200004u

struct overflow_irq overflow_irq_find(const void *fdt, uint64_t hart)
{
	struct overflow_irq irq = {.way = "lcofi",
				   .hart = hart,
				   .sie = 1ull << IRQ_LCOFI,
				   .cause = CAUSE_INTERRUPT | IRQ_LCOFI};
	uint32_t harts, cells = fdt_cells(fdt, "pmu", "interrupts-extended");
	uint32_t identity = fdt_cells(fdt, "pmu", "vhart,overflow-identity");

	if (!cells && !identity)
		return irq;
	irq.sie = 1ull << IRQ_S_EXTERNAL;
	irq.cause = CAUSE_INTERRUPT | IRQ_S_EXTERNAL;
	if (identity) {
		irq.way = "msi";
		irq.identity = fdt_cell(fdt, "pmu", "vhart,overflow-identity", 0);
		return irq;
	}
	/* Two cells of each hart for a PLIC, three for an APLIC: the last is the kind of edge. */
	for (harts = 1; harts <= cells && fdt_cell(fdt, "pmu", "interrupts-extended", 0); harts++)
		if (harts * 2 == cells || harts * 3 == cells)
			break;
	irq.way = cells % 3 == 0 && fdt_cell(fdt, "pmu", "interrupts-extended", 2) == 1 ? "aplic"
											: "plic";
	irq.source = fdt_cell(fdt, "pmu", "interrupts-extended",
			      (uint32_t)hart * (*irq.way == 'a' ? 3 : 2) + 1);
	irq.identity = 7;
	return irq;
}

void overflow_irq_set_up(const struct overflow_irq *irq)
{
	if (*irq->way == 'l')
		return;
	if (*irq->way == 'p') {
		uint64_t enable = MAP_PLIC + PLIC_ENABLE + irq->hart * 0x80 + irq->source / 32 * 4;

		io_write(MAP_PLIC + 4 * irq->source, 4, 1);
		io_write(enable, 4, io_read(enable, 4) | 1u << irq->source % 32);
		return;
	}
	imsic_set_up();
	imsic_enable(irq->identity);
	if (*irq->way == 'm')
		return;
	io_write(MAP_APLIC + SOURCECFG + 4 * irq->source, 4, SOURCECFG_EDGE);
	io_write(MAP_APLIC + TARGET + 4 * irq->source, 4,
		 (uint32_t)irq->hart << TARGET_HART | irq->identity);
	io_write(MAP_APLIC + SETIENUM, 4, irq->source);
	io_write(MAP_APLIC, 4, DOMAINCFG_IE);
}

static bool claim_lcofi(void)
{
	bool pending = interrupt_pending(IRQ_LCOFI);

	interrupt_clear(IRQ_LCOFI);
	return pending;
}

bool overflow_irq_claim(const struct overflow_irq *irq)
{
	uint64_t claim = MAP_PLIC + PLIC_CLAIM + irq->hart * 0x1000;

	if (*irq->way == 'l')
		return claim_lcofi();
	if (*irq->way == 'p') {
		uint32_t source = (uint32_t)io_read(claim, 4);

		io_write(claim, 4, source);
		return source == irq->source;
	}
	return imsic_claim() == irq->identity;
}
