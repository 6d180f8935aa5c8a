/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest gets from KVM: the registers of a scratch vCPU, and the AIA of a scratch VM. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/isa.h"
#include "vmm/kvm.h"
#include "vmm/probe.h"
#include "vmm/probe_scratch.h"

/* Numbers of SBI extensions (enum KVM_RISCV_SBI_EXT_ID) that some headers do not have. */
#define SBI_V01		 0u
#define SBI_PMU		 6u
#define SBI_EXPERIMENTAL 7u
#define SBI_VENDOR	 8u
#define SBI_DBCN	 9u
#define SBI_SUSP	 11u
#define SBI_MPXY	 13u

/* Index of struct kvm_riscv_config's zicbop_block_size, newer than some headers. */
#define CONFIG_REG_ZICBOP_BLOCK 7u

static uint64_t get_or_zero(const struct scratch *scratch, uint64_t id)
{
	uint64_t value = 0;

	return kvm_get_reg(scratch->vcpu_fd, id, &value) == 0 ? value : 0;
}

static void check_isa(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	const char *names[ISA_EXT_COUNT];
	bool enabled[ISA_EXT_COUNT];
	char isa[ISA_STRING_MAX];
	struct scratch scratch;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++)
		enabled[id] = get_or_zero(&scratch, KVM_ISA_REG(id)) == 1;
	scratch_close(&scratch);
	if (isa_describe(enabled, ISA_EXT_COUNT, isa, sizeof(isa), names) > 0)
		probe_set(finding, PROBE_OK, "%s", isa);
	else
		probe_set(finding, PROBE_MISSING, "KVM names no ISA extension");
}

static void check_satp(struct probe *probe, const struct probe_check *check,
		       struct probe_finding *finding)
{
	/* satp.MODE: privileged spec, "Supervisor Address Translation and Protection". */
	static const struct {
		uint64_t mode;
		const char *name;
	} modes[] = {{8, "Sv39"}, {9, "Sv48"}, {10, "Sv57"}};
	struct scratch scratch;
	const char *name = NULL;
	uint64_t mode = 0;
	int result;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	result = kvm_get_reg(scratch.vcpu_fd, KVM_CONFIG_REG(satp_mode), &mode);
	scratch_close(&scratch);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].mode == mode)
			name = modes[i].name;
	if (result < 0)
		probe_set(finding, PROBE_UNKNOWN, "KVM does not tell: %s", strerror(-result));
	else if (name)
		probe_set(finding, PROBE_OK, "up to %s", name);
	else
		probe_set(finding, PROBE_OK, "satp mode %llu", (unsigned long long)mode);
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
		probe_set(finding, PROBE_OK, "%llu Hz", (unsigned long long)hertz);
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
			snprintf(text + used, sizeof(text) - used, "%s%s %llu bytes",
				 used ? ", " : "", kinds[i].name,
				 (unsigned long long)get_or_zero(&scratch, id));
	}
	scratch_close(&scratch);
	probe_set(finding, PROBE_OK, "%s", *text ? text : "no cache-block operations");
}

/* ---- SBI ---- */

static bool is_forwarded(unsigned int id)
{
	static const unsigned int forwarded[] = {SBI_V01,  SBI_EXPERIMENTAL, SBI_VENDOR,
						 SBI_DBCN, SBI_SUSP,	     SBI_MPXY};

	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		if (forwarded[i] == id)
			return true;
	return false;
}

static void check_sbi_kernel(struct probe *probe, const struct probe_check *check,
			     struct probe_finding *finding)
{
	char text[PROBE_DETAIL_MAX] = "BASE";
	struct scratch scratch;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	for (unsigned int id = 0; id < ISA_SBI_EXT_COUNT; id++) {
		size_t used = strlen(text);
		uint64_t value;

		if (!is_forwarded(id) && kvm_get_reg(scratch.vcpu_fd, KVM_SBI_REG(id), &value) == 0)
			snprintf(text + used, sizeof(text) - used, " %s%s", isa_sbi_ext_name(id),
				 value ? "" : " (can be enabled)");
	}
	scratch_close(&scratch);
	probe_set(finding, PROBE_OK, "%s", text);
}

/* Whether the kernel gives us the calls of extension NUMBER. */
static void check_sbi_forwarded(struct probe *probe, const struct probe_check *check,
				struct probe_finding *finding)
{
	struct scratch scratch;
	uint64_t value = 0;
	int result;

	if (!scratch_for_check(&scratch, probe, finding))
		return;
	result = kvm_get_reg(scratch.vcpu_fd, KVM_SBI_REG(check->number), &value);
	if (result == 0 && !value) {
		result = kvm_set_reg(scratch.vcpu_fd, KVM_SBI_REG(check->number), 1);
		if (result == 0)
			probe_set(finding, PROBE_OK, "yes, when enabled");
	} else if (result == 0) {
		probe_set(finding, PROBE_OK, "yes");
	}
	scratch_close(&scratch);
	if (result < 0)
		probe_set(finding, PROBE_MISSING, "no: %s",
			  result == -ENOENT ? "this kernel's KVM does not know it"
					    : strerror(-result));
}

static void check_sbi_pmu(struct probe *probe, const struct probe_check *check,
			  struct probe_finding *finding)
{
	struct scratch scratch;
	uint64_t value = 0;
	int result, disabled;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	result = kvm_get_reg(scratch.vcpu_fd, KVM_SBI_REG(SBI_PMU), &value);
	disabled = kvm_set_reg(scratch.vcpu_fd, KVM_SBI_REG(SBI_PMU), 0);
	scratch_close(&scratch);
	if (result < 0)
		probe_set(finding, PROBE_MISSING, "KVM has none to offer: %s", strerror(-result));
	else
		probe_set(finding, PROBE_OK, "%s; it %s be taken over by disabling it",
			  value ? "KVM answers it" : "KVM has it, disabled",
			  disabled == 0 ? "can" : "cannot");
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

static void describe_mode(uint32_t mode, struct probe_finding *finding)
{
	int files = guest_files();

	if (mode == KVM_DEV_RISCV_AIA_MODE_EMUL) {
		probe_set(finding, PROBE_LIMITED,
			  "emulated: the host has no guest interrupt files that KVM can use");
		finding->cost = "each access of a guest to its interrupt file is an exit, and each "
				"MSI a kick";
		finding->fix = "use a host with guest interrupt files (in QEMU: "
			       "-M virt,aia=aplic-imsic,aia-guests=3)";
		return;
	}
	const char *name = mode == KVM_DEV_RISCV_AIA_MODE_HWACCEL
				   ? "hardware accelerated"
				   : "automatic: hardware accelerated while guest interrupt files "
				     "last, then emulated";
	if (files > 0)
		probe_set(finding, PROBE_OK, "%s; %d guest interrupt file%s per hart", name, files,
			  files == 1 ? "" : "s");
	else
		probe_set(finding, PROBE_OK, "%s", name);
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

#define NEWER "run a newer host kernel (./lab --host 7.2 has one)"

const struct probe_check probe_vcpu_checks[] = {
	{"vcpu.isa", "ISA", check_isa, 0, "no devicetree can be made for a guest", NEWER},
	{"vcpu.satp", "address translation", check_satp, 0, "guests are told Sv39", NEWER},
	{"vcpu.timebase", "timebase", check_timebase, 0, "no devicetree can be made for a guest",
	 NEWER},
	{"vcpu.cache_blocks", "cache blocks", check_blocks, 0, NULL, NULL},
	{"vcpu.aia", "AIA", check_aia, 0,
	 "no MSI: a PLIC in vhart takes over, and each interrupt costs exits",
	 "use a host with AIA (in QEMU: -M virt,aia=aplic-imsic,aia-guests=3; in the lab: --aia "
	 "aplic-imsic)"},
	{0},
};

const struct probe_check probe_sbi_checks[] = {
	{"sbi.kernel", "answered by KVM", check_sbi_kernel, 0, NULL, NULL},
	{"sbi.pmu", "PMU", check_sbi_pmu, 0,
	 "a guest sees no counters through KVM: perf in it has software events only",
	 "use a host whose PMU driver works (see 'PMU driver' below)"},
	{"sbi.pmu_profile", "KVM's PMU is that of", probe_pmu_profile, 0, NULL, NULL},
	{"sbi.legacy", "legacy, to vhart", check_sbi_forwarded, SBI_V01,
	 "guests without DBCN have no early console", NEWER},
	{"sbi.experimental", "experimental, to vhart", check_sbi_forwarded, SBI_EXPERIMENTAL,
	 "test guests cannot call vhart", NEWER},
	{"sbi.vendor", "vendor, to vhart", check_sbi_forwarded, SBI_VENDOR,
	 "vendor calls of a guest get NOT_SUPPORTED from KVM", NEWER},
	{"sbi.dbcn", "DBCN, to vhart", check_sbi_forwarded, SBI_DBCN,
	 "no debug console: earlycon=sbi of a guest falls back to the legacy one", NEWER},
	{"sbi.susp", "SUSP, to vhart", check_sbi_forwarded, SBI_SUSP,
	 "guests cannot suspend to RAM", NEWER},
	{"sbi.mpxy", "MPXY, to vhart", check_sbi_forwarded, SBI_MPXY,
	 "message proxy calls of a guest get NOT_SUPPORTED from KVM", NEWER},
	{0},
};
