/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/registers.h"

#include <string.h>

#include "base/riscv.h"

/* Subtypes of KVM's CSRs, and where its structs of registers begin. */
#define OF_AIA	     (1u << 16)
#define OF_SMSTATEEN (2u << 16)
#define FIRST_VECTOR 6u /* words of struct __riscv_v_ext_state */
#define FCSR_OF_FP_D 32u

/* KVM has pc where x0 would be. */
#define X(n, abi_name)                                                                             \
	{.name = abi_name,                                                                         \
	 .other = "x" #n,                                                                          \
	 .kind = REGISTER_GENERAL,                                                                 \
	 .number = n,                                                                              \
	 .class = REGISTER_OF_CORE,                                                                \
	 .size = 8,                                                                                \
	 .index = n}
#define F(n, abi_name)                                                                             \
	{.name = abi_name,                                                                         \
	 .other = "f" #n,                                                                          \
	 .kind = REGISTER_FLOAT,                                                                   \
	 .number = n,                                                                              \
	 .class = REGISTER_OF_FP_D,                                                                \
	 .size = 8,                                                                                \
	 .index = n}
#define V(n)                                                                                       \
	{.name = "v" #n,                                                                           \
	 .kind = REGISTER_VECTOR,                                                                  \
	 .number = n,                                                                              \
	 .class = REGISTER_OF_VECTOR,                                                              \
	 .index = FIRST_VECTOR + n}

static const struct hart_register registers[] = {
	{.name = "pc", .kind = REGISTER_PC, .class = REGISTER_OF_CORE, .size = 8},
	{.name = "zero",
	 .other = "x0",
	 .kind = REGISTER_GENERAL,
	 .class = REGISTER_CONSTANT,
	 .size = 8,
	 .read_only = true},
	X(1, "ra"),
	X(2, "sp"),
	X(3, "gp"),
	X(4, "tp"),
	X(5, "t0"),
	X(6, "t1"),
	X(7, "t2"),
	X(8, "s0"),
	X(9, "s1"),
	X(10, "a0"),
	X(11, "a1"),
	X(12, "a2"),
	X(13, "a3"),
	X(14, "a4"),
	X(15, "a5"),
	X(16, "a6"),
	X(17, "a7"),
	X(18, "s2"),
	X(19, "s3"),
	X(20, "s4"),
	X(21, "s5"),
	X(22, "s6"),
	X(23, "s7"),
	X(24, "s8"),
	X(25, "s9"),
	X(26, "s10"),
	X(27, "s11"),
	X(28, "t3"),
	X(29, "t4"),
	X(30, "t5"),
	X(31, "t6"),
	{"priv", NULL, REGISTER_PRIV, 0, REGISTER_OF_CORE, 8, 32, false, 0},
	{"sstatus", NULL, REGISTER_CSR, 0x100, REGISTER_OF_CSR, 8, 0, false,
	 SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_VS | SSTATUS_FS | SSTATUS_SUM |
		 SSTATUS_MXR},
	{"sie", NULL, REGISTER_CSR, 0x104, REGISTER_OF_CSR, 8, 1, false, 0},
	{"stvec", NULL, REGISTER_CSR, 0x105, REGISTER_OF_CSR, 8, 2, false, 0},
	{"scounteren", NULL, REGISTER_CSR, 0x106, REGISTER_OF_CSR, 8, 9, false, 0},
	{"senvcfg", NULL, REGISTER_CSR, 0x10a, REGISTER_OF_CSR, 8, 10, false, 0},
	{"sstateen0", NULL, REGISTER_CSR, 0x10c, REGISTER_OF_CSR, 8, OF_SMSTATEEN, false, 0},
	{"sscratch", NULL, REGISTER_CSR, 0x140, REGISTER_OF_CSR, 8, 3, false, 0},
	{"sepc", NULL, REGISTER_CSR, 0x141, REGISTER_OF_CSR, 8, 4, false, 0},
	{"scause", NULL, REGISTER_CSR, 0x142, REGISTER_OF_CSR, 8, 5, false, 0},
	{"stval", NULL, REGISTER_CSR, 0x143, REGISTER_OF_CSR, 8, 6, false, 0},
	{"sip", NULL, REGISTER_CSR, 0x144, REGISTER_OF_CSR, 8, 7, false, 0},
	{"stimecmp", NULL, REGISTER_CSR, 0x14d, REGISTER_OF_TIMER, 8, 2, false, 0},
	{"siselect", NULL, REGISTER_CSR, 0x150, REGISTER_OF_CSR, 8, OF_AIA, false, 0},
	{"satp", NULL, REGISTER_CSR, 0x180, REGISTER_OF_CSR, 8, 8, false, 0},
	/* Of the whole machine: all harts have the same offset to the host's. */
	{"time", NULL, REGISTER_CSR, 0xc01, REGISTER_OF_TIMER, 8, 1, false, 0},
	F(0, "ft0"),
	F(1, "ft1"),
	F(2, "ft2"),
	F(3, "ft3"),
	F(4, "ft4"),
	F(5, "ft5"),
	F(6, "ft6"),
	F(7, "ft7"),
	F(8, "fs0"),
	F(9, "fs1"),
	F(10, "fa0"),
	F(11, "fa1"),
	F(12, "fa2"),
	F(13, "fa3"),
	F(14, "fa4"),
	F(15, "fa5"),
	F(16, "fa6"),
	F(17, "fa7"),
	F(18, "fs2"),
	F(19, "fs3"),
	F(20, "fs4"),
	F(21, "fs5"),
	F(22, "fs6"),
	F(23, "fs7"),
	F(24, "fs8"),
	F(25, "fs9"),
	F(26, "fs10"),
	F(27, "fs11"),
	F(28, "ft8"),
	F(29, "ft9"),
	F(30, "ft10"),
	F(31, "ft11"),
	{"fcsr", NULL, REGISTER_CSR, 0x003, REGISTER_OF_FP_D, 4, FCSR_OF_FP_D, false, 0},
	V(0),
	V(1),
	V(2),
	V(3),
	V(4),
	V(5),
	V(6),
	V(7),
	V(8),
	V(9),
	V(10),
	V(11),
	V(12),
	V(13),
	V(14),
	V(15),
	V(16),
	V(17),
	V(18),
	V(19),
	V(20),
	V(21),
	V(22),
	V(23),
	V(24),
	V(25),
	V(26),
	V(27),
	V(28),
	V(29),
	V(30),
	V(31),
	{"vstart", NULL, REGISTER_CSR, 0x008, REGISTER_OF_VECTOR, 8, 0, false, 0},
	{"vcsr", NULL, REGISTER_CSR, 0x00f, REGISTER_OF_VECTOR, 8, 3, false, 0},
	{"vl", NULL, REGISTER_CSR, 0xc20, REGISTER_OF_VECTOR, 8, 1, false, 0},
	{"vtype", NULL, REGISTER_CSR, 0xc21, REGISTER_OF_VECTOR, 8, 2, false, 0},
	{"vlenb", NULL, REGISTER_CSR, 0xc22, REGISTER_OF_VECTOR, 8, 4, true, 0},
};
#define REGISTER_COUNT (sizeof(registers) / sizeof(registers[0]))
_Static_assert(REGISTER_COUNT <= REGISTERS_MOST, "room in struct registers");

const struct hart_register *register_at(size_t index)
{
	return index < REGISTER_COUNT ? &registers[index] : NULL;
}

static bool is_called(const struct hart_register *which, const char *name)
{
	return !strcmp(which->name, name) || (which->other && !strcmp(which->other, name));
}

const struct hart_register *register_find(const char *name)
{
	const char *ours = strcmp(name, "fp") == 0 ? "s0" : name;

	for (size_t i = 0; i < REGISTER_COUNT; i++)
		if (is_called(&registers[i], ours))
			return &registers[i];
	return NULL;
}

const struct hart_register *register_numbered(enum register_kind kind, unsigned int number)
{
	for (size_t i = 0; i < REGISTER_COUNT; i++)
		if (registers[i].kind == kind && registers[i].number == number)
			return &registers[i];
	return NULL;
}

/* Of a power of two: KVM's ids have its logarithm. */
static unsigned int size_code(unsigned int bytes)
{
	return (unsigned int)__builtin_ctz(bytes);
}

uint64_t register_kvm_id(const struct hart_register *which, unsigned int vector_bytes)
{
	const uint64_t riscv = 8ull << 60; /* KVM_REG_RISCV */
	unsigned int size = which->size ? which->size : vector_bytes;

	/* KVM has ids for up to 256 bytes. */
	if (which->class == REGISTER_CONSTANT || !size || size & (size - 1) ||
	    size > REGISTER_BYTES_MOST)
		return 0;
	return riscv | (uint64_t)size_code(size) << 52 | (uint64_t)which->class << 24 |
	       which->index;
}
