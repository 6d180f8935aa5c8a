/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hart's registers by name: which there are, and reading and writing them through KVM's ONE_REG
 * interface. The table is pure (registers.c); who talks to KVM is registers_kvm.c.
 *
 * Threads: any, but the vCPU must be out of KVM_RUN and stay so (parked): KVM has its registers in
 * the CPU until then, and would make the caller wait.
 */
#ifndef VHART_REGISTERS_H
#define VHART_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum register_kind {
	REGISTER_GENERAL, /* NUMBER is that of xN */
	REGISTER_PC,
	REGISTER_FLOAT,	 /* fN */
	REGISTER_VECTOR, /* vN */
	REGISTER_CSR,	 /* its number in the privileged specification */
	REGISTER_PRIV,	 /* the mode: 0 U, 1 S */
	REGISTER_KINDS,
};

/* Types and sizes of KVM's register ids (arch/riscv/include/uapi/asm/kvm.h): ABI, and written out
 * so that the table is compiled on every machine. */
enum register_class {
	REGISTER_OF_CORE = 2,
	REGISTER_OF_CSR = 3,
	REGISTER_OF_TIMER = 4,
	REGISTER_OF_FP_D = 6,
	REGISTER_OF_VECTOR = 9,
	REGISTER_CONSTANT = 0, /* none of KVM's: x0 */
};

struct hart_register {
	const char *name;  /* "a0", "sstatus" */
	const char *other; /* "x10"; NULL: it has one name */
	uint16_t kind;	   /* enum register_kind */
	uint16_t number;
	uint16_t class; /* enum register_class */
	uint16_t size;	/* bytes; 0: the host's VLEN */
	uint32_t index; /* within CLASS, with the subtype */
	bool read_only;
	uint64_t writable; /* the bits that are written; the others stay; 0: all */
};

#define REGISTERS_MOST	    128u
#define REGISTER_BYTES_MOST 256u /* of a value: VLEN of 2048 */

/* The INDEX-th of the table, in the order in which they are shown; NULL: there are fewer. */
const struct hart_register *register_at(size_t index);
/* By either name, as "fp" too, in lower case. NULL: none is called so; offer all names of
 * register_at() to base/suggest.h then. */
const struct hart_register *register_find(const char *name);
/* Of KIND and NUMBER; NULL: there is none. */
const struct hart_register *register_numbered(enum register_kind kind, unsigned int number);
/* KVM's id of it on a host whose vectors have VECTOR_BYTES; 0: KVM has none. */
uint64_t register_kvm_id(const struct hart_register *which, unsigned int vector_bytes);

/* What one vCPU has of the table. */
struct registers {
	int vcpu_fd;
	unsigned int vector_bytes; /* VLEN / 8; 0: no vectors */
	bool present[REGISTERS_MOST];
};

/* Tries all of the table once: what a vCPU has does not change after its first KVM_RUN. */
void registers_open(struct registers *registers, int vcpu_fd);
/* The same for WHICH alone: of what else there is it knows nothing. */
void registers_open_one(struct registers *registers, int vcpu_fd,
			const struct hart_register *which);
bool registers_have(const struct registers *registers, const struct hart_register *which);
/* Bytes of its value; 0: the vCPU has it not. */
size_t registers_size(const struct registers *registers, const struct hart_register *which);

/*
 * The value, of registers_size() bytes, little-endian. 0 or -errno: ENOENT, the vCPU has it not;
 * EPERM, it cannot be written; else KVM's. Bits that a CSR cannot take are dropped in silence, by
 * the CPU at the latest. Of sstatus only what a guest has of it is written: KVM gives all of a
 * value to the CPU, and QEMU as the host's takes bits of vsstatus that there are not for mstatus's
 * (all ones locked up a CPU of such a host).
 *
 * sip is what KVM has injected; where the host has Sstc or IMSICs in hardware, STIP and SEIP are
 * not in it.
 */
int registers_read(const struct registers *registers, const struct hart_register *which,
		   void *bytes);
int registers_write(const struct registers *registers, const struct hart_register *which,
		    const void *bytes);

/* The same for those of at most 8 bytes, by name: for callers that name them in their source. */
int registers_get(const struct registers *registers, const char *name, uint64_t *value);
int registers_set(const struct registers *registers, const char *name, uint64_t value);

#endif
