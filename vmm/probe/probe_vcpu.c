/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest gets from KVM: the registers of a scratch vCPU, and the AIA of a scratch VM. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/board.h"
#include "base/riscv.h"
#include "vmm/kvm/isa.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/scratch.h"
#include "vmm/machine/vcpu_stay.h"
#include "vmm/probe/probe.h"

/* Index of struct kvm_riscv_config's zicbop_block_size, newer than some headers. */
#define CONFIG_REG_ZICBOP_BLOCK 7u

static uint64_t get_or_zero(const struct scratch *scratch, uint64_t id)
{
	uint64_t value = 0;

	return kvm_get_reg(scratch->vcpu_fd, id, &value) == 0 ? value : 0;
}

/*
 * A page table of one page: what is at 0 and the guest's RAM at their own addresses, by leaves of
 * its top level. PTEs: privileged spec, "Sv39: Page-Based 39-bit Virtual-Memory System".
 */
#define TABLE_AT   0x4000u /* of the RAM */
#define PTE_LEAF   0xcfull /* V, R, W, X, A, D */
#define GIGA_PAGES (MAP_RAM >> 30)

static void make_table(struct scratch *scratch, uint64_t mode)
{
	uint64_t *table = (uint64_t *)((char *)scratch->ram + TABLE_AT);

	table[0] = PTE_LEAF;
	if (mode == SATP_MODE_SV39)
		table[GIGA_PAGES] = MAP_RAM >> 12 << 10 | PTE_LEAF;
}

/* A guest runs with satp's MODE. 0: it does, and the mode stays; 1: it does not stay; -errno. */
static int run_paged(struct scratch *scratch, uint64_t mode)
{
	const uint64_t satp = mode << 60 | (MAP_RAM + TABLE_AT) >> 12;
	struct scratch_outcome outcome;
	uint64_t after = 0;
	int result;

	make_table(scratch, mode);
	result = kvm_set_reg(scratch->vcpu_fd, KVM_CSR_REG(satp), satp);
	if (result < 0)
		return result;
	outcome = scratch_start(scratch);
	if (outcome.end != SCRATCH_READY)
		return outcome.failure ? -outcome.failure : -ETIMEDOUT;
	result = kvm_get_reg(scratch->vcpu_fd, KVM_CSR_REG(satp), &after);
	return result < 0 ? result : after != satp;
}

static void tell_satp(const char *name, int result, struct probe_finding *finding)
{
	if (result == 0)
		probe_set(finding, PROBE_OK, "up to %s: a scratch guest ran with it", name);
	else if (result > 0)
		probe_set(finding, PROBE_MISSING, "KVM says %s, but the hart does not take it",
			  name);
	else
		probe_set(finding, PROBE_MISSING, "KVM says %s, but a scratch guest with it: %s",
			  name, strerror(-result));
}

static void check_satp(struct probe *probe, const struct probe_check *check,
		       struct probe_finding *finding)
{
	/* satp.MODE: privileged spec, "Supervisor Address Translation and Protection". */
	static const struct {
		uint64_t mode;
		const char *name;
	} modes[] = {{SATP_MODE_SV39, "Sv39"}, {9, "Sv48"}, {10, "Sv57"}};
	struct scratch scratch;
	const char *name = NULL;
	uint64_t mode = 0;
	int result;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	result = kvm_get_reg(scratch.vcpu_fd, KVM_CONFIG_REG(satp_mode), &mode);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].mode == mode)
			name = modes[i].name;
	if (result < 0)
		probe_set(finding, PROBE_UNKNOWN, "KVM does not tell: %s", strerror(-result));
	else if (name)
		tell_satp(name, run_paged(&scratch, mode), finding);
	else
		probe_set(finding, PROBE_UNKNOWN,
			  "KVM says satp mode %" PRIu64 ", which was not tried", mode);
	scratch_close(&scratch);
}

static void check_timebase(struct probe *probe, const struct probe_check *check,
			   struct probe_finding *finding)
{
	struct scratch scratch;
	uint64_t hertz = 0;
	int result;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	result = kvm_get_reg(scratch.vcpu_fd,
			     KVM_REG64(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(frequency)),
			     &hertz);
	scratch_close(&scratch);
	if (result < 0)
		probe_set(finding, PROBE_MISSING, "KVM does not tell: %s", strerror(-result));
	else
		probe_set(finding, PROBE_OK, "KVM says %" PRIu64 " Hz", hertz);
}

static void check_blocks(struct probe *probe, const struct probe_check *check,
			 struct probe_finding *finding)
{
	static const struct {
		const char *name;
		unsigned int isa, index;
	} kinds[] = {
		{"zicbom", ISA_EXT_ZICBOM, KVM_REG_RISCV_CONFIG_REG(zicbom_block_size)},
		{"zicboz", ISA_EXT_ZICBOZ, KVM_REG_RISCV_CONFIG_REG(zicboz_block_size)},
		{"zicbop", ISA_EXT_ZICBOP, CONFIG_REG_ZICBOP_BLOCK},
	};
	char text[128] = "";
	struct scratch scratch;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t used = strlen(text);
		uint64_t id = KVM_REG64(KVM_REG_RISCV_CONFIG, kinds[i].index);

		if (get_or_zero(&scratch, KVM_ISA_REG(kinds[i].isa)) == 1)
			snprintf(text + used, sizeof(text) - used, "%s%s %" PRIu64 " bytes",
				 used ? ", " : "", kinds[i].name, get_or_zero(&scratch, id));
	}
	scratch_close(&scratch);
	probe_set(finding, PROBE_OK, "KVM says %s",
		  *text ? text : "there are no operations on them");
}

/* ---- AIA ---- */

static int count_guest_files(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	static const char property[] = "riscv,guest-index-bits";
	uint8_t cell[4];
	int bits = 0;

	(void)stat;
	if (type != FTW_F || strcmp(path + ftw->base, property) != 0)
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, cell, sizeof(cell)) == sizeof(cell))
		bits = cell[3];
	close(fd);
	/* One of the 2^bits files of a hart is its supervisor's own. */
	return bits > 0 && bits < 8 ? 1 << bits : 0;
}

/* Guest interrupt files per hart as the devicetree tells; 0: it does not. */
static int guest_files(void)
{
	int found = nftw("/sys/firmware/devicetree/base", count_guest_files, 8, FTW_PHYS);

	return found > 0 ? found - 1 : 0;
}

#define NEWER "run a newer host kernel (./lab --host 7.2 has one)"
#define EMULATED_COSTS                                                                             \
	"each access of a guest to its interrupt file is an exit, and each MSI a kick"

static void describe_mode(uint32_t mode, struct probe_finding *finding)
{
	int files = guest_files();

	if (mode == KVM_DEV_RISCV_AIA_MODE_EMUL) {
		probe_set(finding, PROBE_LIMITED,
			  "made; KVM says emulated: the host has no guest interrupt files that KVM "
			  "can use");
		finding->cost = EMULATED_COSTS;
		finding->fix = "use a host with guest interrupt files (in QEMU: "
			       "-M virt,aia=aplic-imsic,aia-guests=3)";
		return;
	}
	const char *name = mode == KVM_DEV_RISCV_AIA_MODE_HWACCEL
				   ? "hardware accelerated"
				   : "automatic: hardware accelerated while guest interrupt files "
				     "last, then emulated";
	if (aia_misses_msis()) {
		probe_set(
			finding, PROBE_LIMITED,
			"made; KVM says %s; but a halted vCPU of this kernel can miss an MSI that "
			"way",
			name);
		finding->cost = "VMs of more vCPUs than this host has CPUs wait for their timers";
		finding->fix = "--aia emul (see the manual), or a newer host kernel";
	} else if (files > 0)
		probe_set(finding, PROBE_OK,
			  "made; KVM says %s; the devicetree, %d guest interrupt file%s per hart",
			  name, files, files == 1 ? "" : "s");
	else
		probe_set(finding, PROBE_OK, "made; KVM says %s", name);
}

static void check_aia(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	uint32_t mode = 0;
	struct kvm_device_attr request = {
		.group = KVM_DEV_RISCV_AIA_GRP_CONFIG,
		.attr = KVM_DEV_RISCV_AIA_CONFIG_MODE,
		.addr = (uint64_t)(uintptr_t)&mode,
	};
	struct scratch scratch;
	struct aia aia;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	if (!aia_create(scratch.vm_fd, &aia)) {
		int reason = errno;
		probe_set(finding, PROBE_MISSING, "KVM_CREATE_DEVICE: %s", strerror(reason));
	} else {
		if (ioctl(aia.fd, KVM_GET_DEVICE_ATTR, &request) < 0)
			probe_set(finding, PROBE_UNKNOWN, "there, but its mode: %s",
				  strerror(errno));
		else
			describe_mode(mode, finding);
		close(aia.fd);
	}
	scratch_close(&scratch);
}

static void check_csrs(struct probe *probe, const struct probe_check *check,
		       struct probe_finding *finding)
{
	(void)probe;
	(void)check;
	if (kvm_forgets_csrs())
		probe_set(finding, PROBE_LIMITED,
			  "KVM can forget one when the vCPU's thread moves to another CPU before "
			  "the guest runs");
	else
		probe_set(finding, PROBE_OK, "KVM keeps them");
}

const struct probe_check probe_vcpu_checks[] = {
	{"vcpu.isa", "ISA", probe_isa, 0, "no devicetree can be made for a guest", NEWER},
	{"vcpu.satp", "address translation", check_satp, 0, "guests are told Sv39", NEWER},
	{"vcpu.timebase", "timebase", check_timebase, 0, "no devicetree can be made for a guest",
	 NEWER},
	{"vcpu.cache_blocks", "cache blocks", check_blocks, 0, NULL, NULL},
	{"vcpu.timer", "SBI set_timer", probe_timer, 0,
	 "guests that do not write stimecmp can wait for ever; Linux writes it",
	 "have the guest write stimecmp, or wrap its calls by a script (docs/testing.md)"},
	{"vcpu.csrs", "CSRs that are set", check_csrs, 0,
	 "vhart keeps the thread on its CPU until then; other VMMs' breakpoints and registers can "
	 "be lost",
	 NULL},
	{"vcpu.aia", "AIA", check_aia, 0,
	 "no MSI: a PLIC in vhart takes over, and each interrupt costs exits",
	 "use a host with AIA (in QEMU: -M virt,aia=aplic-imsic,aia-guests=3; in the lab: --aia "
	 "aplic-imsic)"},
	{0},
};
