/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a debugger: a kernel that is not where it was linked, as Linux with KASLR is not. It moves
 * itself by page tables, and has its trap handler, which says where it is, under Linux's name.
 * It powers off when somebody sets `enough`. Built with frame pointers.
 */
#include "base/memory_map.h"
#include "vhart-guest/check.h"
#include "vhart-guest/csr.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/page_table.h"
#include "vhart-guest/print.h"

#define MOVED (64 * PAGE_1G)

volatile int enough;
static volatile uint64_t turns;

void handle_exception(void);
__asm__(".pushsection .text\n"
	"	.balign	4\n"
	"	.globl	handle_exception\n"
	"	.type	handle_exception, @function\n"
	"handle_exception:\n"
	"	j	handle_exception\n"
	"	.size	handle_exception, . - handle_exception\n"
	".popsection\n");

__attribute__((noinline)) static void turn(void)
{
	turns++;
	__asm__ volatile("" ::: "memory");
}

/* All addresses are relative to pc. */
void start_kernel(void);
__attribute__((noinline)) void start_kernel(void)
{
	csr_write(stvec, (uint64_t)handle_exception);
	print("moved\n");
	while (!enough)
		turn();
}

void main(uint64_t hart, const void *fdt)
{
	volatile uint64_t start = (uint64_t)start_kernel + MOVED;
	struct page_table table;

	(void)hart;
	(void)fdt;
	check(page_table_new(&table, SV39_LEVELS) && page_table_map_board(&table));
	check(page_table_map(&table, MAP_RAM + MOVED, MAP_RAM, PAGE_1G, PTE_R | PTE_W | PTE_X));
	check(page_table_on(&table));
	((void (*)(void))start)();
	print("enough\n");
}
