/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF programs' finding of a guest's stack, with KVM's structs and the helpers played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include "base/guest_walk.h"
#include "trace/exits/exits_map.h"

/* ---- what bpf_helpers.h and bpf_core_read.h give the programs ---- */

#define preserve_access_index
#include "tests/unit/fixtures/bpf_words.h"

#define barrier()			    __asm__ volatile("" ::: "memory")
#define BPF_CORE_READ(source, field)	    ((source)->field)
#define bpf_core_field_offset(type, field)  offsetof(type, field)
#define bpf_core_type_size(type)	    sizeof(type)
#define bpf_probe_read_user(to, size, from) read_user(to, size, from)

#define bpf_map_lookup_elem(map, entry) the_piece(*(entry))

static long read_user(void *to, size_t size, const void *from);
struct stack_piece;
static struct stack_piece *the_piece(uint32_t entry);
static struct exit_rules rules;

struct kvm {
	struct kvm_memslots *memslots[1];
};
struct kvm_vcpu {
	struct kvm *kvm;
	struct {
		struct {
			unsigned long vstvec, vsatp;
		} guest_csr;
	} arch;
};

#include "base/riscv.h"
#include "trace/bpf/guest_stack.bpf.h"

/* ---- a guest ---- */

enum { PAGES = 16, PROCESS = 0, OTHER = 1, KERNEL = 2, LEAVES = 3, CODE = 4, STACK = 8 };

static const uint64_t ram_base = 0x80000000;
/* Sv39: modules and code end at the top, what vmalloc() gives is far below. */
static const uint64_t stvec = 0xFFFFFFFF80001000, stack_top = 0xFFFFFFC600008000;
static const uint64_t first_stack = 0xFFFFFFFF81000000;

static uint64_t ram[PAGES][512];
static struct kvm_memory_slot slot;
static struct kvm_memslots slots;
static struct kvm vms[2];
static struct kvm_vcpu vcpu;
static struct exit_stack stack;
/* Of two vCPUs; the second is looked at. The ring's beginning is in the middle of a stack. */
static struct stack_piece kept[2 * STACK_PIECES];

enum { PAGE_PIECES = 4096 / STACK_PIECE, STACK_PAGES = STACK_SIZE / 4096, STACK_PAGE = 4096 };

static struct stack_piece *the_piece(uint32_t entry)
{
	return entry >= STACK_PIECES && entry < 2 * STACK_PIECES ? &kept[entry] : NULL;
}

static long read_user(void *to, size_t size, const void *from)
{
	const uint8_t *source = from, *memory = (const uint8_t *)ram;

	if (source < memory || size > sizeof(ram) || (size_t)(source - memory) > sizeof(ram) - size)
		return -14;
	memcpy(to, from, size);
	return 0;
}

static uint64_t to_page(unsigned int page, uint64_t flags)
{
	return ((ram_base >> 12) + page) << 10 | flags;
}

static unsigned int index_of(uint64_t address, unsigned int level)
{
	return (unsigned int)(address >> (12 + 9 * level) & 0x1FF);
}

/* ROOT has the kernel's upper half. */
static void make_root(unsigned int root)
{
	memset(ram[root], 0, sizeof(ram[root]));
	ram[root][index_of(stack_top - 1, 2)] = to_page(KERNEL, PTE_V);
	ram[root][index_of(first_stack, 2)] = to_page(CODE, PTE_V);
}

static uint64_t satp_of(unsigned int root)
{
	return (uint64_t)SATP_MODE_SV39 << SATP_MODE_SHIFT | ((ram_base >> 12) + root);
}

static void runs_in(unsigned int root)
{
	vcpu.arch.guest_csr.vsatp = satp_of(root);
}

/* One slot, a process and another one, and a stack of four pages at stack_top. */
static int set_up(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	memset(&kernel_root, 0, sizeof(kernel_root));
	slot = (struct kvm_memory_slot){
		.base_gfn = ram_base >> 12, .npages = PAGES, .userspace_addr = (uintptr_t)ram};
	slots = (struct kvm_memslots){.gfn_tree = {&slot.gfn_node[1]}, .node_idx = 1};
	vms[0].memslots[0] = vms[1].memslots[0] = &slots;
	vcpu.kvm = &vms[0];
	vcpu.arch.guest_csr.vstvec = stvec;
	make_root(PROCESS);
	make_root(OTHER);
	ram[KERNEL][index_of(stack_top - 1, 1)] = to_page(LEAVES, PTE_V);
	for (unsigned int i = 0; i < STACK_PAGES; i++) {
		uint64_t address = stack_top - STACK_PAGES * STACK_PAGE + i * STACK_PAGE;

		ram[LEAVES][index_of(address, 0)] = to_page(STACK + i, PTE_V | PTE_R);
		ram[STACK + i][0] = 0x1000 + i;
	}
	/* A page of 2 MiB, of which the first 64 KiB are memory. */
	ram[CODE][index_of(first_stack, 1)] = to_page(0, PTE_V | PTE_R);
	runs_in(PROCESS);
	return 0;
}

static uint64_t copied_at(uint64_t sp, uint64_t satp)
{
	memset(&stack, 0, sizeof(stack));
	memset(kept, 0, sizeof(kept));
	rules.pieces = STACK_PIECES;
	stack.sp = sp;
	stack.base = sp & ~(uint64_t)(STACK_PIECE - 1);
	stack.first = 1000;
	copy_stack(&vcpu, 1, &stack, satp);
	return stack.pieces;
}

static uint64_t pieces_at(uint64_t sp)
{
	const uint64_t copied = copied_at(sp, 0);

	assert_true(copied <= stack_pieces(stack.base));
	return copied;
}

static uint64_t word_at(uint64_t address)
{
	uint64_t offset = address - stack.base;

	return kept[STACK_PIECES + (stack.first + offset / STACK_PIECE) % STACK_PIECES]
		.words[offset % STACK_PIECE / 8];
}

/* All that was pushed, from the last page but one. */
static void expect_stack(void)
{
	assert_int_equal(pieces_at(stack_top - 2 * STACK_PAGE + 0x10), 2 * PAGE_PIECES);
	assert_int_equal(stack.base, stack_top - 2 * STACK_PAGE);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(word_at(stack.base + i * STACK_PAGE), 0x1002 + i);
}

static void expect_none(void)
{
	assert_int_equal(pieces_at(stack_top - 0x10), 0);
}

/* ---- what is true of it ---- */

#define USER_TOP 0x3FFFFF8000ull

/* A process's stack has no end where one of a kernel has it, and is found by the root that runs. */
static void a_processs_stack_is_found_by_its_own_root(void **state)
{
	const uint64_t sp = USER_TOP - STACK_PAGE - STACK_PIECE;

	(void)state;
	runs_in(OTHER);
	ram[PROCESS][index_of(USER_TOP - 1, 2)] = to_page(KERNEL, PTE_V);
	ram[KERNEL][index_of(USER_TOP - 1, 1)] = to_page(LEAVES, PTE_V);
	for (unsigned int i = 0; i < STACK_PAGES; i++)
		ram[LEAVES][index_of(USER_TOP - (i + 1) * STACK_PAGE, 0)] =
			to_page(STACK + i, PTE_V | PTE_R);
	ram[STACK][0] = 77;
	assert_int_equal(copied_at(sp, satp_of(PROCESS)), USER_STACK_PIECES);
	assert_int_equal(word_at(USER_TOP - STACK_PAGE), 77);
	/* Up to where there is nothing any more. */
	assert_int_equal(copied_at(USER_TOP - 2 * STACK_PIECE, satp_of(PROCESS)), 2);
	assert_int_equal(copied_at(sp, satp_of(OTHER)), 0);
	/* The kernel's is kept for kernels. */
	assert_int_equal(kernel_root.satp, 0);
}

static void a_stack_is_found_by_satp(void **state)
{
	(void)state;
	expect_stack();
	assert_int_equal(pieces_at(stack_top - STACK_SIZE), STACK_PIECES);
}

/* No more than is on it: most are short, and room for samples is memory. */
static void a_short_stack_takes_little(void **state)
{
	uint64_t *end = &ram[STACK + 3][512 - 512 / 8];

	(void)state;
	end[-1] = 0xBEEF;
	end[0] = 0xF00D;
	assert_int_equal(pieces_at(stack_top - 0x150), 1);
	assert_int_equal(word_at(stack_top - 0x200), 0xF00D);
	assert_int_equal(pieces_at(stack_top - 0x208), 2);
	assert_int_equal(word_at(stack_top - 0x208), 0xBEEF);
	assert_int_equal(word_at(stack_top - 0x200), 0xF00D);
	for (uint64_t depth = 8; depth <= STACK_SIZE; depth += 8)
		assert_int_equal(pieces_at(stack_top - depth),
				 (depth + STACK_PIECE - 1) / STACK_PIECE);
}

/* KVM still has the satp of a process whose root is other people's memory by now. */
static void a_process_that_is_gone_does_no_harm(void **state)
{
	(void)state;
	expect_stack();
	memset(ram[PROCESS], 0, sizeof(ram[PROCESS]));
	expect_stack();
	memset(ram[PROCESS], 0xA5, sizeof(ram[PROCESS]));
	expect_stack();
	vcpu.arch.guest_csr.vsatp = 0;
	expect_stack();
}

/* Where nothing is known a root that is gone finds nothing, and the next one that is not does. */
static void the_first_good_root_teaches(void **state)
{
	(void)state;
	memset(ram[PROCESS], 0, sizeof(ram[PROCESS]));
	expect_none();
	runs_in(OTHER);
	expect_stack();
	runs_in(PROCESS);
	expect_stack();
}

static void another_kernel_or_vm_has_other_tables(void **state)
{
	(void)state;
	expect_stack();
	memset(ram[PROCESS], 0, sizeof(ram[PROCESS]));
	vcpu.arch.guest_csr.vstvec = stvec + 0x200000;
	expect_none();
	vcpu.arch.guest_csr.vstvec = stvec;
	expect_stack();
	vcpu.kvm = &vms[1];
	expect_none();
}

/* The table that was remembered is elsewhere, for the other process; its old page has LEFT now. */
static void move_table(int left)
{
	memcpy(ram[7], ram[KERNEL], sizeof(ram[7]));
	memset(ram[KERNEL], left, sizeof(ram[KERNEL]));
	ram[OTHER][index_of(stack_top - 1, 2)] = to_page(7, PTE_V);
}

/* The kernel has made them anew: what was remembered finds nothing, and gives way. */
static void tables_that_moved_are_learned_anew(void **state)
{
	(void)state;
	expect_stack();
	move_table(0);
	runs_in(OTHER);
	expect_stack();
	memset(ram[OTHER], 0, sizeof(ram[OTHER]));
	expect_stack();
}

/* What was remembered leads out of memory. */
static void tables_that_became_others_memory_are_too(void **state)
{
	(void)state;
	expect_stack();
	move_table(0xA7);
	expect_none();
	runs_in(OTHER);
	expect_stack();
}

/* The tables of a kernel that begins map its first stack too, and are given back. */
static void the_first_tables_are_not_kept(void **state)
{
	(void)state;
	assert_int_equal(pieces_at(first_stack + 0x3F00), 1);
	assert_int_equal(kernel_root.satp, 0);
	expect_stack();
	assert_int_equal(kernel_root.satp, vcpu.arch.guest_csr.vsatp);
	memset(ram[PROCESS], 0, sizeof(ram[PROCESS]));
	assert_int_equal(pieces_at(first_stack + 0x3F00), 1);
}

/* A kernel in the lower half may have a root for each process there. The same place of the upper
 * half is mapped. */
static void the_lower_half_is_satps(void **state)
{
	const uint64_t sp = 0x40001F00;

	(void)state;
	ram[PROCESS][index_of(sp, 2)] = to_page(KERNEL, PTE_V);
	ram[PROCESS][KERNEL_ENTRIES + index_of(sp, 2)] = to_page(KERNEL, PTE_V);
	ram[KERNEL][index_of(sp, 1)] = to_page(LEAVES, PTE_V);
	ram[LEAVES][index_of(sp, 0)] = to_page(STACK, PTE_V | PTE_R);
	expect_stack();
	/* Only this page of it is there. */
	assert_int_equal(pieces_at(sp), 1);
	runs_in(OTHER);
	assert_int_equal(pieces_at(sp), 0);
}

static void bare_addresses_are_physical(void **state)
{
	(void)state;
	vcpu.arch.guest_csr.vsatp = 0;
	assert_int_equal(pieces_at(ram_base + STACK * STACK_PAGE), STACK_PIECES);
	assert_int_equal(pieces_at(ram_base + PAGES * STACK_PAGE), 0);
}

/* ---- against base/guest_walk.c ---- */

static bool read_ram(void *context, uint64_t physical, uint64_t *value)
{
	(void)context;
	if (physical - ram_base >= sizeof(ram))
		return false;
	*value = ram[(physical - ram_base) / STACK_PAGE][physical % STACK_PAGE / 8];
	return true;
}

static uint64_t random64(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

/* Tables in RAM most of all; leaves of every size, those of Svnapot too; and nonsense. */
static uint64_t random_entry(void)
{
	const uint64_t page = random64() & SATP_PPN;

	switch (random() % 10) {
	case 0: return random64();
	case 1: return (page & ~0x7FFFFFFull) << PTE_PPN_SHIFT | PTE_V | PTE_R;
	case 2: return (page & ~0x3FFFFull) << PTE_PPN_SHIFT | PTE_V | PTE_R | PTE_A;
	case 3: return (page & ~0x1FFull) << PTE_PPN_SHIFT | PTE_V | PTE_X | PTE_D;
	case 4: return PTE_N | ((page & ~0xFull) | 8) << PTE_PPN_SHIFT | PTE_V | PTE_R | PTE_W;
	case 5: return page << PTE_PPN_SHIFT | PTE_V | PTE_R;
	default: return to_page((unsigned int)random() % PAGES, PTE_V);
	}
}

/* A hart's address in MODE: the bits above those that are translated are like the highest. */
static uint64_t random_address(uint64_t mode)
{
	const unsigned int above = 64 - (PAGE_SHIFT + 9 * ((unsigned int)mode - 5));

	return (uint64_t)((int64_t)(random64() << above) >> above);
}

static void what_a_hart_would_find_is_found(void **state)
{
	unsigned int same = 0;

	(void)state;
	srandom(7);
	for (int round = 0; round < 60000; round++) {
		const uint64_t mode = SATP_MODE_SV39 + (uint64_t)(round % 3);
		struct stack_space space = {
			.kvm = &vms[0], .satp = mode << SATP_MODE_SHIFT | ram_base >> PAGE_SHIFT};
		const struct guest_space hart = {space.satp, read_ram, NULL};
		uint64_t address = random_address(mode);
		struct guest_page page;
		__u64 physical;

		if (round % 20 == 0)
			for (unsigned int i = 0; i < PAGES * 512; i++)
				ram[i / 512][i % 512] = random_entry();
		if (guest_walk(&hart, address, &page) != GUEST_WALK_OK)
			continue;
		assert_int_equal(walk(&space, address, &physical), 1);
		assert_int_equal(physical, page.physical);
		same++;
	}
	assert_in_range(same, 10000, 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_stack_is_found_by_satp, set_up),
		cmocka_unit_test_setup(a_processs_stack_is_found_by_its_own_root, set_up),
		cmocka_unit_test_setup(a_short_stack_takes_little, set_up),
		cmocka_unit_test_setup(a_process_that_is_gone_does_no_harm, set_up),
		cmocka_unit_test_setup(the_first_good_root_teaches, set_up),
		cmocka_unit_test_setup(another_kernel_or_vm_has_other_tables, set_up),
		cmocka_unit_test_setup(tables_that_moved_are_learned_anew, set_up),
		cmocka_unit_test_setup(tables_that_became_others_memory_are_too, set_up),
		cmocka_unit_test_setup(the_first_tables_are_not_kept, set_up),
		cmocka_unit_test_setup(the_lower_half_is_satps, set_up),
		cmocka_unit_test_setup(bare_addresses_are_physical, set_up),
		cmocka_unit_test_setup(what_a_hart_would_find_is_found, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
