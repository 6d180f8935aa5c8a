/* SPDX-License-Identifier: Apache-2.0 */
#include "overflow_irq.h"

#include "base/riscv.h"
#include "lib/fdt.h"
#include "lib/io.h"
#include "lib/trap.h"

/* Where this board has them; a guest of many boards would follow the phandles. */
#define APLIC 0x0d000000ull
#define PLIC  0x0c000000ull

/* AIA 1.0, chapters 3 and 4. */
#define EIDELIVERY     "0x70"
#define EITHRESHOLD    "0x72"
#define EIE0	       0xc0u
#define EIP0	       0x80u
#define DOMAINCFG_IE   0x100u
#define SOURCECFG      0x0000u /* + 4 * source */
#define SOURCECFG_EDGE 4u
#define SETIENUM       0x1edcu
#define TARGET	       0x3000u /* + 4 * source */
#define TARGET_HART    18

/* The PLIC: contexts of one mode a hart. */
#define PLIC_ENABLE 0x2000u
#define PLIC_CLAIM  0x200004u

/* Of an aligned pair of registers, on RV64 the even one has all 64 bits (3.8.1). */
static uint64_t imsic_read(uint32_t number)
{
	uint64_t value;

	__asm__ volatile("csrw 0x150, %1\n\tcsrr %0, 0x151" : "=r"(value) : "r"((uint64_t)number));
	return value;
}

static void imsic_write(uint32_t number, uint64_t value)
{
	__asm__ volatile("csrw 0x150, %0\n\tcsrw 0x151, %1" ::"r"((uint64_t)number), "r"(value));
}

static uint32_t imsic_number(uint32_t first, uint32_t identity)
{
	return first + identity / 64 * 2;
}

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
		uint64_t enable = PLIC + PLIC_ENABLE + irq->hart * 0x80 + irq->source / 32 * 4;

		io_write(PLIC + 4 * irq->source, 4, 1);
		io_write(enable, 4, io_read(enable, 4) | 1u << irq->source % 32);
		return;
	}
	imsic_write(0x72, 0);
	imsic_write(imsic_number(EIE0, irq->identity),
		    imsic_read(imsic_number(EIE0, irq->identity)) | 1ull << irq->identity % 64);
	imsic_write(0x70, 1);
	if (*irq->way == 'm')
		return;
	io_write(APLIC + SOURCECFG + 4 * irq->source, 4, SOURCECFG_EDGE);
	io_write(APLIC + TARGET + 4 * irq->source, 4,
		 (uint32_t)irq->hart << TARGET_HART | irq->identity);
	io_write(APLIC + SETIENUM, 4, irq->source);
	io_write(APLIC, 4, DOMAINCFG_IE);
}

static bool claim_lcofi(void)
{
	uint64_t sip;

	__asm__ volatile("csrr %0, sip" : "=r"(sip));
	__asm__ volatile("csrc sip, %0" ::"r"(1ull << IRQ_LCOFI));
	return sip >> IRQ_LCOFI & 1;
}

bool overflow_irq_claim(const struct overflow_irq *irq)
{
	uint64_t claim = PLIC + PLIC_CLAIM + irq->hart * 0x1000, top;

	if (*irq->way == 'l')
		return claim_lcofi();
	if (*irq->way == 'p') {
		uint32_t source = (uint32_t)io_read(claim, 4);

		io_write(claim, 4, source);
		return source == irq->source;
	}
	__asm__ volatile("csrrw %0, 0x15c, x0" : "=r"(top)); /* stopei */
	return top >> 16 == irq->identity;
}
