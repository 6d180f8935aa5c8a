/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "base/riscv.h"
#include "vmm/debug/registers.h"
#include "vmm/kvm/kvm.h"

/* The numbers of registers.c are the header's. */
_Static_assert(KVM_REG_RISCV == 8ull << 60 && KVM_REG_SIZE_SHIFT == 52 &&
		       KVM_REG_RISCV_CORE >> KVM_REG_RISCV_TYPE_SHIFT == REGISTER_OF_CORE &&
		       KVM_REG_RISCV_CSR >> KVM_REG_RISCV_TYPE_SHIFT == REGISTER_OF_CSR &&
		       KVM_REG_RISCV_TIMER >> KVM_REG_RISCV_TYPE_SHIFT == REGISTER_OF_TIMER &&
		       KVM_REG_RISCV_FP_D >> KVM_REG_RISCV_TYPE_SHIFT == REGISTER_OF_FP_D &&
		       KVM_REG_RISCV_VECTOR >> KVM_REG_RISCV_TYPE_SHIFT == REGISTER_OF_VECTOR,
	       "classes of registers");
_Static_assert(KVM_REG_RISCV_CORE_REG(regs.pc) == 0 && KVM_REG_RISCV_CORE_REG(regs.t6) == 31 &&
		       KVM_REG_RISCV_CORE_REG(mode) == 32 && KVM_REG_RISCV_CSR_REG(senvcfg) == 10 &&
		       KVM_REG_RISCV_CSR_REG(satp) == 8 && KVM_REG_RISCV_TIMER_REG(compare) == 2 &&
		       KVM_REG_RISCV_FP_D_REG(fcsr) == 32 && KVM_REG_RISCV_VECTOR_REG(0) == 6,
	       "their indices");

static int one_reg(const struct registers *registers, unsigned long request, uint64_t id,
		   void *bytes)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)(uintptr_t)bytes};

	return ioctl(registers->vcpu_fd, request, &reg) < 0 ? -errno : 0;
}

static unsigned int find_vector_bytes(int vcpu_fd)
{
	uint64_t vlenb;

	return kvm_get_reg(vcpu_fd, register_kvm_id(register_find("vlenb"), 0), &vlenb) == 0 &&
			       vlenb <= REGISTER_BYTES_MOST
		       ? (unsigned int)vlenb
		       : 0;
}

static bool try_one(const struct registers *registers, const struct hart_register *which)
{
	uint8_t value[REGISTER_BYTES_MOST];
	uint64_t id = register_kvm_id(which, registers->vector_bytes);

	return which->class == REGISTER_CONSTANT ||
	       (id && one_reg(registers, KVM_GET_ONE_REG, id, value) == 0);
}

void registers_open(struct registers *registers, int vcpu_fd)
{
	const struct hart_register *which;

	*registers =
		(struct registers){.vcpu_fd = vcpu_fd, .vector_bytes = find_vector_bytes(vcpu_fd)};
	for (size_t i = 0; (which = register_at(i)) != NULL; i++)
		registers->present[i] = try_one(registers, which);
}

void registers_open_one(struct registers *registers, int vcpu_fd, const struct hart_register *which)
{
	*registers =
		(struct registers){.vcpu_fd = vcpu_fd, .vector_bytes = find_vector_bytes(vcpu_fd)};
	registers->present[which - register_at(0)] = try_one(registers, which);
}

bool registers_have(const struct registers *registers, const struct hart_register *which)
{
	return registers->present[which - register_at(0)];
}

size_t registers_size(const struct registers *registers, const struct hart_register *which)
{
	if (!registers_have(registers, which))
		return 0;
	return which->size ? which->size : registers->vector_bytes;
}

int registers_read(const struct registers *registers, const struct hart_register *which,
		   void *bytes)
{
	if (!registers_have(registers, which))
		return -ENOENT;
	if (which->class == REGISTER_CONSTANT) {
		memset(bytes, 0, which->size);
		return 0;
	}
	return one_reg(registers, KVM_GET_ONE_REG, register_kvm_id(which, registers->vector_bytes),
		       bytes);
}

/* VALUE has 8 bytes. VS is not there without vectors. */
static int keep_others(const struct registers *registers, const struct hart_register *which,
		       uint8_t *value)
{
	uint64_t mask = which->writable & ~(registers->vector_bytes ? 0 : SSTATUS_VS), old, new;
	int result = registers_read(registers, which, &old);

	memcpy(&new, value, sizeof(new));
	new = (old & ~mask) | (new &mask);
	memcpy(value, &new, sizeof(new));
	return result;
}

int registers_write(const struct registers *registers, const struct hart_register *which,
		    const void *bytes)
{
	uint8_t value[REGISTER_BYTES_MOST];
	int result = 0;

	if (!registers_have(registers, which))
		return -ENOENT;
	if (which->read_only)
		return -EPERM;
	memcpy(value, bytes, registers_size(registers, which));
	if (which->writable)
		result = keep_others(registers, which, value);
	return result ? result
		      : one_reg(registers, KVM_SET_ONE_REG,
				register_kvm_id(which, registers->vector_bytes), value);
}

static const struct hart_register *find_small(const struct registers *registers, const char *name)
{
	const struct hart_register *which = register_find(name);

	return which && registers_size(registers, which) <= sizeof(uint64_t) ? which : NULL;
}

int registers_get(const struct registers *registers, const char *name, uint64_t *value)
{
	const struct hart_register *which = find_small(registers, name);

	*value = 0;
	return which ? registers_read(registers, which, value) : -ENOENT;
}

int registers_set(const struct registers *registers, const char *name, uint64_t value)
{
	const struct hart_register *which = find_small(registers, name);

	return which ? registers_write(registers, which, &value) : -ENOENT;
}
