/* SPDX-License-Identifier: Apache-2.0 */
/* What a core file says of a machine, in front of its RAM. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "vmm/debug/core_file.h"

#define BASE  0x80000000ull
#define PAGE  4096ull
#define PAGES 64u
#define SATP  ((uint64_t)SATP_MODE_SV39 << SATP_MODE_SHIFT | BASE >> PAGE_SHIFT)
#define RWX   (PTE_R | PTE_W | PTE_X)

static _Alignas(8) uint8_t ram[PAGES * PAGE];
static const struct guest_memory memory = {.base = BASE, .size = sizeof(ram), .host = ram};
static struct core_range ranges[16];

static int clear(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	memset(ranges, 0, sizeof(ranges));
	return 0;
}

/* In page TABLE of RAM, to PAGE_NUMBER of RAM. */
static void map(unsigned int table, unsigned int index, unsigned int page, uint64_t flags)
{
	uint64_t entry = ((BASE >> PAGE_SHIFT) + page) << PTE_PPN_SHIFT | flags | PTE_V;

	memcpy(ram + table * PAGE + index * sizeof(entry), &entry, sizeof(entry));
}

static void is_range(size_t index, uint64_t virtual, uint64_t physical, uint64_t size)
{
	assert_int_equal(ranges[index].virtual, virtual);
	assert_int_equal(ranges[index].physical, physical);
	assert_int_equal(ranges[index].size, size);
}

static void mapped_pieces(void **state)
{
	(void)state;
	map(0, 511, 1, 0);
	map(1, 510, 2, 0);
	/* Two that belong together, one that does not, one of a user, and one beyond RAM. */
	map(2, 7, 9, PTE_R | PTE_X);
	map(2, 8, 10, PTE_R | PTE_W);
	map(2, 9, 12, PTE_R);
	map(2, 10, 13, PTE_R | PTE_U);
	map(2, 11, PAGES, RWX);
	map(0, 0, 3, 0);
	map(3, 0, 4, 0);
	map(4, 1, 20, RWX);
	assert_int_equal(core_find_ranges(&memory, SATP, ranges, 16), 3);
	is_range(0, 0xffffffffffc09000, BASE + 12 * PAGE, PAGE);
	is_range(1, 0xffffffffffc07000, BASE + 9 * PAGE, 2 * PAGE);
	is_range(2, 0x1000, BASE + 20 * PAGE, PAGE);
	/* The highest are kept. */
	assert_int_equal(core_find_ranges(&memory, SATP, ranges, 1), 1);
	is_range(0, 0xffffffffffc09000, BASE + 12 * PAGE, PAGE);
}

/* Of a large page only what is RAM. */
static void large_pages(void **state)
{
	(void)state;
	map(0, 256, 0, RWX); /* 1 GiB, at BASE */
	map(0, 257, 1, RWX); /* not aligned: a fault */
	assert_int_equal(core_find_ranges(&memory, SATP, ranges, 16), 1);
	is_range(0, 0xffffffc000000000, BASE, sizeof(ram));
}

/* Svnapot: sixteen entries that all say the same. */
static void pages_of_64_kib(void **state)
{
	(void)state;
	map(0, 0, 1, 0);
	map(1, 0, 2, 0);
	for (unsigned int i = 16; i < 32; i++)
		map(2, i, 32 + 8, RWX | PTE_N);
	assert_int_equal(core_find_ranges(&memory, SATP, ranges, 16), 1);
	is_range(0, 0x10000, BASE + 32 * PAGE, 16 * PAGE);
}

static void tables_of_any_contents(void **state)
{
	(void)state;
	/* One that is its own, at all levels. */
	for (unsigned int i = 0; i < 512; i++)
		map(0, i, 0, 0);
	assert_int_equal(
		core_find_ranges(&memory,
				 (uint64_t)SATP_MODE_SV57 << SATP_MODE_SHIFT | BASE >> PAGE_SHIFT,
				 ranges, 16),
		0);
	assert_int_equal(core_find_ranges(&memory, 0, ranges, 16), 0);
	assert_int_equal(core_find_ranges(&memory, UINT64_MAX, ranges, 16), 0);
	assert_int_equal(core_find_ranges(&memory, SATP | SATP_PPN, ranges, 16), 0);
}

static void put_info(uint64_t at, uint32_t len)
{
	const uint32_t note[3] = {11, len, 0};

	memcpy(ram + at, note, sizeof(note));
	memcpy(ram + at + 12, "VMCOREINFO", 11);
	memcpy(ram + at + 24, "OSRELEASE=7\n", 12);
}

static void info_is_found(void **state)
{
	const uint8_t *text = NULL;
	size_t len = 0;

	(void)state;
	assert_false(core_find_vmcoreinfo(&memory, &text, &len));
	/* Not at the start of a page, too long, and longer than there is memory. */
	put_info(8 * PAGE + 8, 12);
	put_info(9 * PAGE, UINT32_MAX);
	put_info((PAGES - 1) * PAGE, (uint32_t)PAGE);
	assert_false(core_find_vmcoreinfo(&memory, &text, &len));
	put_info(10 * PAGE, 12);
	assert_true(core_find_vmcoreinfo(&memory, &text, &len));
	assert_int_equal(len, 12);
	assert_memory_equal(text, "OSRELEASE=7\n", 12);
}

/* ---- the head ---- */

static const struct core_hart harts[2] = {
	{.hart = 0, .registers = {[0] = 0xffffffff80000004, [2] = 0x1122334455667788, [31] = 31}},
	{.hart = 1, .registers = {[0] = 0x80200000}},
};
static const struct core_range two[2] = {
	{0xffffffff80000000, BASE + 4 * PAGE, 8 * PAGE},
	{0xffffffd600000000, BASE, sizeof(ram)},
};
static const struct core core = {
	.memory = &memory,
	.harts = harts,
	.hart_count = 2,
	.ranges = two,
	.range_count = 2,
	.vmcoreinfo = (const uint8_t *)"OSRELEASE=7\nX",
	.vmcoreinfo_len = 13,
};

static uint8_t *make(const struct core *of)
{
	uint8_t *head = calloc(1, core_head_size(of));

	assert_non_null(head);
	core_make_head(of, head);
	return head;
}

static void the_header(void **state)
{
	uint8_t *head = make(&core);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)head;

	(void)state;
	assert_memory_equal(header->e_ident, "\177ELF\2\1\1\0", 8);
	assert_int_equal(header->e_type, ET_CORE);
	assert_int_equal(header->e_machine, EM_RISCV);
	assert_int_equal(header->e_flags & 1, 0); /* crash takes it for "incomplete" */
	assert_int_equal(header->e_phoff, 64);
	assert_int_equal(header->e_phnum, 4);
	assert_int_equal(header->e_phentsize, 56);
	assert_int_equal(header->e_shnum, 0);
	assert_int_equal(core_head_size(&core) % CORE_PAGE, 0);
	free(head);
}

static void is_load(const Elf64_Phdr *load, uint64_t virtual, uint64_t physical, uint64_t size)
{
	assert_int_equal(load->p_type, PT_LOAD);
	assert_int_equal(load->p_vaddr, virtual);
	assert_int_equal(load->p_align, 0); /* what crash takes for a dump of kdump */
	assert_int_equal(load->p_paddr, physical);
	assert_int_equal(load->p_filesz, size);
	assert_int_equal(load->p_memsz, size);
	assert_int_equal(load->p_offset, core_head_size(&core) + physical - BASE);
}

static void the_program_headers(void **state)
{
	uint8_t *head = make(&core);
	const Elf64_Phdr *program = (const Elf64_Phdr *)(const void *)(head + 64);

	(void)state;
	assert_int_equal(program[0].p_type, PT_NOTE);
	assert_int_equal(program[0].p_offset, 64 + 4 * 56);
	assert_int_equal(program[0].p_filesz, 2 * (12 + 8 + 376) + 12 + 12 + 16);
	assert_true(program[0].p_offset + program[0].p_filesz <= core_head_size(&core));
	is_load(&program[1], BASE, BASE, sizeof(ram));
	is_load(&program[2], 0xffffffff80000000, BASE + 4 * PAGE, 8 * PAGE);
	is_load(&program[3], 0xffffffd600000000, BASE, sizeof(ram));
	free(head);
}

static uint64_t word(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* As gdb's riscv_elf_grok_prstatus() looks for them: pid at 32, registers at 112. */
static void the_notes(void **state)
{
	uint8_t *head = make(&core);
	const uint8_t *note = head + 64 + 4 * 56, *second = note + 12 + 8 + 376;
	const uint8_t *info = second + 12 + 8 + 376;

	(void)state;
	assert_memory_equal(note, "\5\0\0\0\x78\1\0\0\1\0\0\0CORE\0\0\0\0", 20);
	assert_int_equal(note[20 + 32], 1);
	assert_int_equal(word(note + 20 + 112), 0xffffffff80000004);
	assert_int_equal(word(note + 20 + 112 + 16), 0x1122334455667788);
	assert_int_equal(word(note + 20 + 112 + 31 * 8), 31);
	assert_int_equal(second[20 + 32], 2);
	assert_int_equal(word(second + 20 + 112), 0x80200000);
	assert_memory_equal(info, "\13\0\0\0\15\0\0\0\0\0\0\0VMCOREINFO\0\0OSRELEASE=7\nX\0\0\0",
			    40);
	free(head);
}

static void without_a_kernel(void **state)
{
	struct core bare = {.memory = &memory, .harts = harts, .hart_count = 1};
	uint8_t *head = make(&bare);

	(void)state;
	assert_int_equal(((const Elf64_Ehdr *)(const void *)head)->e_phnum, 2);
	assert_int_equal(core_head_size(&bare), PAGE);
	free(head);
}

#define TEST(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mapped_pieces),	      TEST(large_pages),   TEST(pages_of_64_kib),
		TEST(tables_of_any_contents), TEST(info_is_found), TEST(the_header),
		TEST(the_program_headers),    TEST(the_notes),	   TEST(without_a_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
