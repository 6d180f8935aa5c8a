/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/next_pc.h"

/* What an instruction does to pc. */
enum flow {
	FLOW_ON,
	FLOW_JUMP,   /* to pc + offset */
	FLOW_BRANCH, /* to pc + offset if rs1 and rs2 compare so */
	FLOW_TO_REGISTER,
	FLOW_SRET,
};

struct instruction {
	enum flow flow;
	unsigned int length, rs1, rs2;
	unsigned int compare; /* funct3 of a branch */
	int64_t offset;
	bool lr, sc;
};

enum { OP_BRANCH = 0x63, OP_JALR = 0x67, OP_JAL = 0x6f, OP_AMO = 0x2f };
enum { FUNCT5_LR = 2, FUNCT5_SC = 3 };
enum { COMPARE_EQUAL = 0, COMPARE_NOT_EQUAL = 1 };
enum { SEQUENCE_MOST = 16 };
#define INSTRUCTION_SRET 0x10200073u

unsigned int instruction_length(uint16_t parcel)
{
	if ((parcel & 0x3) != 0x3)
		return 2;
	if ((parcel & 0x1f) != 0x1f)
		return 4;
	return (parcel & 0x20) ? 8 : 6;
}

/* COUNT bits of WORD from bit AT on, moved to bit TO. */
static uint32_t field(uint32_t word, unsigned int at, unsigned int count, unsigned int to)
{
	return (word >> at & ((1u << count) - 1)) << to;
}

/* The lowest BITS of VALUE as a signed number. */
static int64_t extend(uint32_t value, unsigned int bits)
{
	const int64_t sign = 1ll << (bits - 1);

	return ((int64_t)value ^ sign) - sign;
}

/* ---- the immediates: "Immediate Encoding Variants", and those of C ---- */

static int64_t branch_offset(uint32_t word)
{
	return extend(field(word, 8, 4, 1) | field(word, 25, 6, 5) | field(word, 7, 1, 11) |
			      field(word, 31, 1, 12),
		      13);
}

static int64_t jal_offset(uint32_t word)
{
	return extend(field(word, 21, 10, 1) | field(word, 20, 1, 11) | field(word, 12, 8, 12) |
			      field(word, 31, 1, 20),
		      21);
}

static int64_t c_jump_offset(uint32_t word)
{
	return extend(field(word, 3, 3, 1) | field(word, 11, 1, 4) | field(word, 2, 1, 5) |
			      field(word, 7, 1, 6) | field(word, 6, 1, 7) | field(word, 9, 2, 8) |
			      field(word, 8, 1, 10) | field(word, 12, 1, 11),
		      12);
}

static int64_t c_branch_offset(uint32_t word)
{
	return extend(field(word, 3, 2, 1) | field(word, 10, 2, 3) | field(word, 2, 1, 5) |
			      field(word, 5, 2, 6) | field(word, 12, 1, 8),
		      9);
}

/* ---- decoding ---- */

static void decode_amo(uint32_t word, struct instruction *to)
{
	const uint32_t size = field(word, 12, 3, 0), funct5 = field(word, 27, 5, 0);

	if (size != 2 && size != 3)
		return;
	to->lr = funct5 == FUNCT5_LR;
	to->sc = funct5 == FUNCT5_SC;
}

static void decode_branch(uint32_t word, struct instruction *to)
{
	to->compare = field(word, 12, 3, 0);
	if (to->compare == 2 || to->compare == 3)
		return; /* reserved */
	to->flow = FLOW_BRANCH;
	to->rs1 = field(word, 15, 5, 0);
	to->rs2 = field(word, 20, 5, 0);
	to->offset = branch_offset(word);
}

static void decode_jalr(uint32_t word, struct instruction *to)
{
	if (field(word, 12, 3, 0))
		return;
	to->flow = FLOW_TO_REGISTER;
	to->rs1 = field(word, 15, 5, 0);
	to->offset = extend(field(word, 20, 12, 0), 12);
}

static void decode_32(uint32_t word, struct instruction *to)
{
	switch (word & 0x7f) {
	case OP_BRANCH: decode_branch(word, to); break;
	case OP_JALR: decode_jalr(word, to); break;
	case OP_AMO: decode_amo(word, to); break;
	case OP_JAL:
		to->flow = FLOW_JUMP;
		to->offset = jal_offset(word);
		break;
	default:
		if (word == INSTRUCTION_SRET)
			to->flow = FLOW_SRET;
	}
}

static void decode_c_branch(uint32_t word, struct instruction *to)
{
	to->flow = FLOW_BRANCH;
	to->compare = (word & 0x2000) ? COMPARE_NOT_EQUAL : COMPARE_EQUAL;
	to->rs1 = 8 + field(word, 7, 3, 0);
	to->offset = c_branch_offset(word);
}

/* Quadrant and funct3 of a compressed instruction. */
enum { C_J = 1 << 3 | 5, C_BEQZ = 1 << 3 | 6, C_BNEZ = 1 << 3 | 7, C_JR = 2 << 3 | 4 };

static void decode_16(uint32_t word, struct instruction *to)
{
	switch (field(word, 0, 2, 3) | field(word, 13, 3, 0)) {
	case C_BEQZ:
	case C_BNEZ: decode_c_branch(word, to); break;
	case C_J:
		to->flow = FLOW_JUMP;
		to->offset = c_jump_offset(word);
		break;
	case C_JR: /* and c.jalr; with rs2 they are c.mv and c.add, without rs1 c.ebreak */
		to->rs1 = field(word, 7, 5, 0);
		if (to->rs1 && !field(word, 2, 5, 0))
			to->flow = FLOW_TO_REGISTER;
		break;
	default: break;
	}
}

static bool decode(const struct next_pc_hart *hart, uint64_t pc, struct instruction *to)
{
	uint16_t low, high;

	if (!hart->read_code(hart->context, pc, &low))
		return false;
	*to = (struct instruction){.flow = FLOW_ON, .length = instruction_length(low)};
	if (to->length == 2)
		decode_16(low, to);
	if (to->length != 4)
		return true;
	if (!hart->read_code(hart->context, pc + 2, &high))
		return false;
	decode_32((uint32_t)high << 16 | low, to);
	return true;
}

/* ---- where it goes ---- */

static bool compares(unsigned int compare, uint64_t a, uint64_t b)
{
	bool holds;

	switch (compare >> 1) {
	case 0: holds = a == b; break;
	case 2: holds = (int64_t)a < (int64_t)b; break;
	default: holds = a < b; break;
	}
	return holds != (compare & 1);
}

static bool target(const struct next_pc_hart *hart, uint64_t pc, const struct instruction *at,
		   uint64_t *to)
{
	uint64_t a, b;

	*to = pc + at->length;
	switch (at->flow) {
	case FLOW_JUMP: *to = pc + (uint64_t)at->offset; return true;
	case FLOW_BRANCH:
		if (!hart->read_register(hart->context, at->rs1, &a) ||
		    !hart->read_register(hart->context, at->rs2, &b))
			return false;
		if (compares(at->compare, a, b))
			*to = pc + (uint64_t)at->offset;
		return true;
	case FLOW_TO_REGISTER:
		if (!hart->read_register(hart->context, at->rs1, &a))
			return false;
		*to = (a + (uint64_t)at->offset) & ~1ull;
		return true;
	case FLOW_SRET: return hart->read_sepc(hart->context, to);
	default: return true;
	}
}

static void add(struct next_pcs *next, uint64_t pc)
{
	for (unsigned int i = 0; i < next->count; i++)
		if (next->pc[i] == pc)
			return;
	next->pc[next->count++] = pc;
}

/* What lies within the sequence from FIRST to END is no place where it is left. */
static void leave_out(struct next_pcs *next, uint64_t first, uint64_t end)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < next->count; i++)
		if (next->pc[i] - first >= end - first)
			next->pc[kept++] = next->pc[i];
	next->count = kept;
}

/* From the LR at PC, of LENGTH. False: no SC follows as it would in a constrained sequence. */
static bool leave_sequence(const struct next_pc_hart *hart, uint64_t pc, unsigned int length,
			   struct next_pcs *next)
{
	uint64_t at = pc + length;
	struct instruction found;

	next->count = 0;
	for (unsigned int i = 1; i < SEQUENCE_MOST; i++, at += found.length) {
		if (!decode(hart, at, &found) || found.lr || found.flow == FLOW_TO_REGISTER ||
		    found.flow == FLOW_SRET)
			return false;
		if (found.flow != FLOW_ON)
			add(next, at + (uint64_t)found.offset);
		if (found.sc) {
			leave_out(next, pc, at + found.length);
			add(next, at + found.length);
			return true;
		}
	}
	return false;
}

bool next_pc(const struct next_pc_hart *hart, uint64_t pc, struct next_pcs *next)
{
	struct instruction at;
	uint64_t to;

	if (!decode(hart, pc, &at))
		return false;
	if (at.lr && leave_sequence(hart, pc, at.length, next))
		return true;
	next->count = 0;
	if (!target(hart, pc, &at, &to))
		return false;
	add(next, to);
	return true;
}
