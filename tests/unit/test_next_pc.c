/* SPDX-License-Identifier: Apache-2.0 */
/* The next pc: instructions as binutils encodes them, and random ones from an encoder of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/debug/next_pc.h"

#define BASE  0xffffffff80001000ull
#define WORDS 64u

static uint16_t code[WORDS];
static uint64_t x[32];
static uint64_t sepc;

static bool read_register(void *context, unsigned int number, uint64_t *value)
{
	(void)context;
	assert_true(number < 32);
	*value = x[number];
	return true;
}

static bool read_sepc(void *context, uint64_t *value)
{
	(void)context;
	*value = sepc;
	return true;
}

static bool read_code(void *context, uint64_t address, uint16_t *parcel)
{
	(void)context;
	if (address < BASE || address - BASE >= sizeof(code))
		return false;
	*parcel = code[(address - BASE) / 2];
	return true;
}

static const struct next_pc_hart hart = {read_register, read_sepc, read_code, NULL};

static void put32(unsigned int at, uint32_t word)
{
	code[at / 2] = (uint16_t)word;
	code[at / 2 + 1] = (uint16_t)(word >> 16);
}

static uint64_t only_next(uint64_t pc)
{
	struct next_pcs next;

	assert_true(next_pc(&hart, pc, &next));
	assert_int_equal(next.count, 1);
	return next.pc[0];
}

static void instructions_of_an_assembler_go_where_they_say(void **state)
{
	/* As riscv64-linux-gnu-as and objdump have them. a0 is 0, a1 is 0x10, a2 is -1, ra 0x5555.
	 */
	static const struct {
		uint32_t word;
		int64_t offset;
	} cases[] = {
		{0x00000013, 4},	 /* nop */
		{0x0001, 2},		 /* c.nop */
		{0x0080006f, 8},	 /* j .+8 */
		{0xffdff06f, -4},	 /* j .-4 */
		{0x7ffff0ef, 0xffffe},	 /* jal .+0xffffe */
		{0x800000ef, -0x100000}, /* jal .-0x100000 */
		{0x00050463, 8},	 /* beqz a0, .+8 */
		{0x00051463, 4},	 /* bnez a0, .+8 */
		{0x00b50463, 4},	 /* beq a0, a1, .+8 */
		{0x00b51463, 8},	 /* bne a0, a1, .+8 */
		{0x00c54463, 4},	 /* blt a0, a2, .+8 */
		{0x00c55463, 8},	 /* bge a0, a2, .+8 */
		{0x00c56463, 8},	 /* bltu a0, a2, .+8 */
		{0x00c57463, 4},	 /* bgeu a0, a2, .+8 */
		{0xfea506e3, -20},	 /* beq a0, a0, .-20 */
		{0x80a50063, -4096},	 /* beq a0, a0, .-4096 */
		{0xa009, 2},		 /* c.j .+2 */
		{0xbffd, -2},		 /* c.j .-2 */
		{0xb001, -2048},	 /* c.j .-2048 */
		{0xaffd, 2046},		 /* c.j .+2046 */
		{0xc119, 6},		 /* c.beqz a0, .+6 */
		{0xe119, 2},		 /* c.bnez a0, .+6 */
		{0xc199, 2},		 /* c.beqz a1, .+6 */
		{0xfdfd, -2},		 /* c.bnez a1, .-2 */
		{0xd101, -256},		 /* c.beqz a0, .-256 */
		{0x852e, 2},		 /* c.mv a0, a1 */
		{0x952e, 2},		 /* c.add a0, a1 */
		{0x9002, 2},		 /* c.ebreak */
		{0x00100073, 4},	 /* ebreak */
		{0x00000073, 4},	 /* ecall */
		{0x10500073, 4},	 /* wfi */
		{0x12000073, 4},	 /* sfence.vma */
		{0x00b5202f, 4},	 /* amoadd.w zero, a1, (a0) */
		{0x0000001f, 6},	 /* 48 bits long */
		{0x0000003f, 8},	 /* 64 bits long */
	};

	(void)state;
	memset(x, 0, sizeof(x));
	x[11] = 0x10;
	x[12] = UINT64_MAX;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put32(0, cases[i].word);
		assert_int_equal(only_next(BASE), BASE + (uint64_t)cases[i].offset);
	}
}

static void a_jump_to_a_register_goes_there(void **state)
{
	(void)state;
	memset(x, 0, sizeof(x));
	x[1] = 0x5554;
	x[15] = 0x80001235;
	put32(0, 0x8082); /* ret, as c.jr ra */
	assert_int_equal(only_next(BASE), 0x5554);
	put32(0, 0x00008067); /* ret, as jalr zero, 0(ra) */
	assert_int_equal(only_next(BASE), 0x5554);
	put32(0, 0x9782); /* c.jalr a5: bit 0 is cleared */
	assert_int_equal(only_next(BASE), 0x80001234);
	put32(0, 0xff8780e7); /* jalr ra, -8(a5) */
	assert_int_equal(only_next(BASE), 0x8000122c);
	put32(0, 0x000300e7); /* jalr ra, 0(t1) */
	x[6] = UINT64_MAX;
	assert_int_equal(only_next(BASE), UINT64_MAX - 1);
}

static void sret_goes_to_sepc(void **state)
{
	(void)state;
	sepc = 0x3fb7e12344;
	put32(0, 0x10200073);
	assert_int_equal(only_next(BASE), 0x3fb7e12344);
	put32(0, 0x30200073); /* mret traps */
	assert_int_equal(only_next(BASE), BASE + 4);
}

static void a_sequence_is_left_as_a_whole(void **state)
{
	struct next_pcs next;

	(void)state;
	memset(code, 0, sizeof(code));
	/* Linux's cmpxchg: 0: lr.d a5,(a0); bne a5,a1,1f; sc.d.rl a4,a2,(a0); bnez a4,0b; 1: */
	put32(0, 0x100537af);
	put32(4, 0x00b79663);
	put32(8, 0x1ac5372f);
	put32(12, 0xfe071ae3);
	assert_true(next_pc(&hart, BASE, &next));
	assert_int_equal(next.count, 2);
	assert_int_equal(next.pc[0], BASE + 16);
	assert_int_equal(next.pc[1], BASE + 12);
	/* From its middle it is stepped as any other: the SC fails, and it begins anew. */
	x[14] = 1;
	assert_int_equal(only_next(BASE + 8), BASE + 12);
	assert_int_equal(only_next(BASE + 12), BASE);
}

static void a_branch_within_a_sequence_does_not_leave_it(void **state)
{
	struct next_pcs next;

	(void)state;
	memset(code, 0, sizeof(code));
	/* lr.w a5,(a0); c.beqz a5, sc; c.nop; sc.w a4,a2,(a0) */
	put32(0, 0x100527af);
	code[2] = 0xc391; /* c.beqz a5, .+4 */
	code[3] = 0x0001;
	put32(8, 0x18c5272f);
	assert_true(next_pc(&hart, BASE, &next));
	assert_int_equal(next.count, 1);
	assert_int_equal(next.pc[0], BASE + 12);
}

static void an_lr_without_its_sc_is_one_instruction(void **state)
{
	(void)state;
	memset(code, 0, sizeof(code));
	put32(0, 0x100537af);
	for (unsigned int i = 2; i < WORDS; i++)
		code[i] = 0x0001;
	assert_int_equal(only_next(BASE), BASE + 4);
	/* A return before the SC. */
	code[2] = 0x8082;
	put32(6, 0x18c5272f);
	assert_int_equal(only_next(BASE), BASE + 4);
	/* The sixteenth instruction may be the SC, the seventeenth not. */
	code[2] = 0x0001;
	put32(6, 0x00010001);
	put32(4 + 14 * 2, 0x18c5272f);
	assert_int_equal(only_next(BASE), BASE + 4 + 14 * 2 + 4);
	put32(4 + 14 * 2, 0x00010001);
	put32(4 + 15 * 2, 0x18c5272f);
	assert_int_equal(only_next(BASE), BASE + 4);
}

static void code_that_cannot_be_read_is_told(void **state)
{
	struct next_pcs next;

	(void)state;
	memset(code, 0, sizeof(code));
	assert_false(next_pc(&hart, 0x1000, &next));
	/* The second half of a jump. */
	code[WORDS - 1] = 0x006f;
	assert_false(next_pc(&hart, BASE + sizeof(code) - 2, &next));
	/* The rest of a sequence, whose LR is then stepped alone. */
	put32(sizeof(code) - 4, 0x100537af);
	assert_int_equal(only_next(BASE + sizeof(code) - 4), BASE + sizeof(code));
}

/* ---- random ones ---- */

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* Bits FROM of OFFSET, highest first, into a word whose highest bit AT is: one by one, as the
 * specification's table lists them. */
static uint32_t spread(int64_t offset, unsigned int at, const int *bits, unsigned int count)
{
	uint32_t word = 0;

	for (unsigned int i = 0; i < count; i++)
		if (bits[i] >= 0)
			word |= (uint32_t)((uint64_t)offset >> bits[i] & 1) << (at - i);
	return word;
}

#define SPREAD(offset, at, ...)                                                                    \
	spread(offset, at, (const int[]){__VA_ARGS__},                                             \
	       sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static uint32_t encode_jal(unsigned int rd, int64_t offset)
{
	return SPREAD(offset, 31, 20, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 11, 19, 18, 17, 16, 15, 14, 13,
		      12) |
	       rd << 7 | 0x6f;
}

static uint32_t encode_branch(unsigned int funct3, unsigned int a, unsigned int b, int64_t offset)
{
	return SPREAD(offset, 31, 12, 10, 9, 8, 7, 6, 5) | b << 20 | a << 15 | funct3 << 12 |
	       SPREAD(offset, 11, 4, 3, 2, 1, 11) | 0x63;
}

static uint32_t encode_c_j(int64_t offset)
{
	return 5u << 13 | SPREAD(offset, 12, 11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5) | 1;
}

static uint32_t encode_c_branch(bool equal, unsigned int a, int64_t offset)
{
	return (equal ? 6u : 7u) << 13 | SPREAD(offset, 12, 8, 4, 3) | (a - 8) << 7 |
	       SPREAD(offset, 6, 7, 6, 2, 1, 5) | 1;
}

static int64_t draw_offset(unsigned int bits)
{
	return ((int64_t)draw(1ull << (bits - 1)) - (1ll << (bits - 2))) * 2;
}

static bool is_taken(unsigned int funct3, uint64_t a, uint64_t b)
{
	switch (funct3) {
	case 0: return a == b;
	case 1: return a != b;
	case 4: return (int64_t)a < (int64_t)b;
	case 5: return (int64_t)a >= (int64_t)b;
	case 6: return a < b;
	default: return a >= b;
	}
}

/* One random instruction at BASE; where it goes. */
static uint64_t make_one(void)
{
	static const unsigned int compares[] = {0, 1, 4, 5, 6, 7};
	const unsigned int a = (unsigned int)draw(32), b = (unsigned int)draw(32);
	const unsigned int funct3 = compares[draw(6)], low = 8 + (unsigned int)draw(8);
	const bool equal = draw(2);
	int64_t offset;

	switch (draw(6)) {
	case 0:
		offset = draw_offset(21);
		put32(0, encode_jal(a, offset));
		return BASE + (uint64_t)offset;
	case 1:
		offset = draw_offset(13);
		put32(0, encode_branch(funct3, a, b, offset));
		return BASE + (uint64_t)(is_taken(funct3, x[a], x[b]) ? offset : 4);
	case 2:
		offset = draw_offset(12);
		put32(0, encode_c_j(offset));
		return BASE + (uint64_t)offset;
	case 3:
		offset = draw_offset(9);
		put32(0, encode_c_branch(equal, low, offset));
		return BASE + (uint64_t)((x[low] == 0) == equal ? offset : 2);
	case 4:
		offset = (int64_t)draw(4096) - 2048;
		put32(0, (uint32_t)offset << 20 | a << 15 | b << 7 | 0x67);
		return (x[a] + (uint64_t)offset) & ~1ull;
	default:
		put32(0, (1 + a % 31) << 7 | 2 | 1u << 15 | (uint32_t)equal << 12);
		return x[1 + a % 31] & ~1ull;
	}
}

static void random_jumps_and_branches_go_where_they_were_sent(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		for (unsigned int n = 1; n < 32; n++)
			x[n] = draw(4) ? draw(3) - 1 : draw(UINT64_MAX);
		x[0] = 0;
		const uint64_t wanted = make_one();

		assert_int_equal(only_next(BASE), wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_of_an_assembler_go_where_they_say),
		cmocka_unit_test(a_jump_to_a_register_goes_there),
		cmocka_unit_test(sret_goes_to_sepc),
		cmocka_unit_test(a_sequence_is_left_as_a_whole),
		cmocka_unit_test(a_branch_within_a_sequence_does_not_leave_it),
		cmocka_unit_test(an_lr_without_its_sc_is_one_instruction),
		cmocka_unit_test(code_that_cannot_be_read_is_told),
		cmocka_unit_test(random_jumps_and_branches_go_where_they_were_sent),
	};

	return cmocka_run_group_tests_name("next_pc", tests, NULL, NULL);
}
