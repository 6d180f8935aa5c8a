/* SPDX-License-Identifier: Apache-2.0 */
/* KVM's in-kernel AIA device: the order of attributes is KVM's (arch/riscv/kvm/aia_device.c). */
#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "base/board.h"
#include "vmm/kvm/btf_names.h"
#include "vmm/kvm/kvm.h"

bool aia_create(int vm_fd, struct aia *aia)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_RISCV_AIA};

	aia->fd = -1;
	if (ioctl(vm_fd, KVM_CREATE_DEVICE, &device) < 0)
		return false;
	aia->fd = (int)device.fd;
	return true;
}

static int set_attr(const struct aia *aia, uint32_t group, uint64_t attr, uint64_t value,
		    size_t size)
{
	uint32_t narrow = (uint32_t)value;
	struct kvm_device_attr request = {
		.group = group,
		.attr = attr,
		.addr = (uint64_t)(uintptr_t)(size == 4 ? (void *)&narrow : (void *)&value),
	};

	return ioctl(aia->fd, KVM_SET_DEVICE_ATTR, &request) < 0 ? -errno : 0;
}

static int get_config(const struct aia *aia, uint64_t attr, uint64_t *value)
{
	uint32_t narrow = 0;
	struct kvm_device_attr request = {
		.group = KVM_DEV_RISCV_AIA_GRP_CONFIG,
		.attr = attr,
		.addr = (uint64_t)(uintptr_t)&narrow,
	};
	int result = ioctl(aia->fd, KVM_GET_DEVICE_ATTR, &request) < 0 ? -errno : 0;

	*value = narrow;
	return result;
}

bool aia_misses_msis(void)
{
	return btf_kvm_names("kvm_riscv_aia_wakeon_hgei");
}

/*
 * KVM's default is AUTO where it has guest interrupt files, else EMUL. Not HWACCEL: a vCPU then
 * cannot run on a CPU whose files all have other owners (KVM_EXIT_FAIL_ENTRY). EMUL only where it
 * is asked for, aia_misses_msis() or not: that kernel's emulation changes 32 bits of 64 only
 * (imsic_mrif_atomic_rmw()), so that a guest cannot enable the identities in the upper halves.
 */
static int set_mode(const struct aia *aia, enum config_aia wanted)
{
	if (wanted != AIA_EMUL)
		return 0;
	return set_attr(aia, KVM_DEV_RISCV_AIA_GRP_CONFIG, KVM_DEV_RISCV_AIA_CONFIG_MODE,
			KVM_DEV_RISCV_AIA_MODE_EMUL, 4);
}

static unsigned int bits_for(unsigned int harts)
{
	unsigned int bits = 1;

	while (1u << bits < harts)
		bits++;
	return bits;
}

int aia_init(struct aia *aia, unsigned int harts, enum config_aia wanted, const char **what)
{
	const uint32_t config = KVM_DEV_RISCV_AIA_GRP_CONFIG, addr = KVM_DEV_RISCV_AIA_GRP_ADDR;
	int result;

	*what = "its mode";
	result = set_mode(aia, wanted);
	if (result == 0)
		result = get_config(aia, KVM_DEV_RISCV_AIA_CONFIG_MODE, &aia->mode);
	if (result < 0)
		return result;
	*what = "the number of interrupt identities";
	result = get_config(aia, KVM_DEV_RISCV_AIA_CONFIG_IDS, &aia->imsic_ids);
	if (result < 0)
		return result;
	*what = "the number of sources";
	result = set_attr(aia, config, KVM_DEV_RISCV_AIA_CONFIG_SRCS, LINE_COUNT, 4);
	if (result < 0)
		return result;
	*what = "the number of hart bits";
	result = set_attr(aia, config, KVM_DEV_RISCV_AIA_CONFIG_HART_BITS, bits_for(harts), 4);
	if (result < 0)
		return result;
	*what = "the APLIC's address";
	result = set_attr(aia, addr, KVM_DEV_RISCV_AIA_ADDR_APLIC, MAP_APLIC, 8);
	*what = result < 0 ? *what : "an IMSIC's address";
	for (unsigned int hart = 0; hart < harts && result == 0; hart++)
		result = set_attr(aia, addr, KVM_DEV_RISCV_AIA_ADDR_IMSIC(hart),
				  MAP_IMSIC + hart * 0x1000ull, 8);
	if (result < 0)
		return result;
	*what = "starting it";
	return set_attr(aia, KVM_DEV_RISCV_AIA_GRP_CTRL, KVM_DEV_RISCV_AIA_CTRL_INIT, 0, 8);
}

int aia_set_aplic(const struct aia *aia, uint32_t offset, uint32_t value)
{
	return set_attr(aia, KVM_DEV_RISCV_AIA_GRP_APLIC, offset, value, 4);
}

int aia_set_imsic(const struct aia *aia, uint32_t number, uint64_t value)
{
	return set_attr(aia, KVM_DEV_RISCV_AIA_GRP_IMSIC, KVM_DEV_RISCV_AIA_IMSIC_MKATTR(0, number),
			value, 8);
}

int aia_send_msi(int vm_fd, unsigned int hart, uint32_t identity)
{
	const uint64_t address = MAP_IMSIC + hart * 0x1000ull;
	struct kvm_msi msi = {
		.address_lo = (uint32_t)address,
		.address_hi = (uint32_t)(address >> 32),
		.data = identity,
	};
	int result = ioctl(vm_fd, KVM_SIGNAL_MSI, &msi);

	return result < 0 ? -errno : result;
}
