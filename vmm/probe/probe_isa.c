/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ISA of a vCPU. KVM's registers say which extensions it has, and vhart's devicetree repeats
 * that; of most an instruction is tried on a scratch vCPU, as firmware may not let a guest have it.
 */
#include <inttypes.h>
#include <string.h>

#include "base/board.h"
#include "vmm/kvm/isa.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"

#define NOP	  0x00000013u
#define JR_T2	  0x00038067u
#define VSETIVLI  0xcd027057u /* zero, 4, e32, m1, ta, ma */
#define C_NOP	  0x0001u
#define PAIR(two) ((uint32_t)C_NOP << 16 | (two)) /* a compressed instruction, and c.nop */

/* Of the scratch guest's RAM: the code of each row, and what t0 points to. */
#define CODE_AT	 0x8000u
#define DATA_AT	 0xc000u
#define CODE_LEN 4u /* words of a row */

/*
 * By KVM's numbers (isa_ext_name()). Of what is not here no instruction tells: h, i, what only
 * translation or hints show, counters that --pmu decides about, entropy that is asked of the VMM.
 */
static const struct {
	unsigned int id;
	uint32_t code;
	bool vector; /* behind vsetivli */
} instructions[] = {
	{0, 0x0002a02f, false},		     /* a: amoadd.w zero, zero, (t0) */
	{1, PAIR(C_NOP), false},	     /* c: c.nop */
	{2, 0xf2000553, false},		     /* d: fmv.d.x fa0, zero */
	{3, 0xf0000553, false},		     /* f: fmv.w.x fa0, zero */
	{6, 0x02a50533, false},		     /* m: mul a0, a0, a0 */
	{8, 0x14d02573, false},		     /* sstc: csrr a0, stimecmp */
	{9, 0x16000073, false},		     /* svinval: sinval.vma zero, zero */
	{ISA_EXT_ZICBOM, 0x0012a00f, false}, /* cbo.clean (t0) */
	{ISA_EXT_ZICBOZ, 0x0042a00f, false}, /* cbo.zero (t0) */
	{13, 0x60051513, false},	     /* zbb: clz a0, a0 */
	{ISA_EXT_SSAIA, 0x15002573, false},  /* csrr a0, siselect */
	{15, NOP, true},		     /* v */
	{17, 0x20a52533, false},	     /* zba: sh1add a0, a0, a0 */
	{18, 0x28a51533, false},	     /* zbs: bset a0, a0, a0 */
	{19, 0xc0102573, false},	     /* zicntr: rdtime a0 */
	{20, 0x14002573, false},	     /* zicsr: csrr a0, sscratch */
	{21, 0x0000100f, false},	     /* zifencei: fence.i */
	{24, 0x0ea55533, false},	     /* zicond: czero.eqz a0, a0, a0 */
	{25, 0x0aa52533, false},	     /* zbc: clmulr a0, a0, a0 */
	{26, 0x08a54533, false},	     /* zbkb: pack a0, a0, a0 */
	{27, 0x0aa51533, false},	     /* zbkc: clmul a0, a0, a0 */
	{28, 0x28a52533, false},	     /* zbkx: xperm4 a0, a0, a0 */
	{29, 0x3aa50533, false},	     /* zknd: aes64ds a0, a0, a0 */
	{30, 0x32a50533, false},	     /* zkne: aes64es a0, a0, a0 */
	{31, 0x10251513, false},	     /* zknh: sha256sig0 a0, a0 */
	{33, 0x30a50533, false},	     /* zksed: sm4ed a0, a0, a0, 0 */
	{34, 0x10851513, false},	     /* zksh: sm3p0 a0, a0 */
	{36, 0x4a462157, true},		     /* zvbb: vclz.v v2, v4 */
	{38, 0x06430157, true},		     /* zvkb: vandn.vv v2, v4, v6 */
	{39, 0xa248a177, true},		     /* zvkg: vgmul.vv v2, v4 */
	{40, 0xa2412177, true},		     /* zvkned: vaesem.vv v2, v4 */
	{41, 0xb6432177, true},		     /* zvknha: vsha2ms.vv v2, v4, v6 */
	{43, 0xa2482177, true},		     /* zvksed: vsm4r.vv v2, v4 */
	{46, 0x04a57553, false},	     /* zfh: fadd.h fa0, fa0, fa0 */
	{47, 0xe4050553, false},	     /* zfhmin: fmv.x.h a0, fa0 */
	{51, 0xf0180553, false},	     /* zfa: fli.s fa0, 1.0 */
	{53, 0x2802a02f, false},	     /* zacas: amocas.w zero, zero, (t0) */
	{55, 0x81c54573, false},	     /* zimop: mop.r.0 a0, a0 */
	{57, PAIR(0x9d61), false},	     /* zcb: c.zext.b a0 */
	{60, PAIR(0x6081), false},	     /* zcmop: c.mop.1 */
	{67, 0x0002802f, false},	     /* zabha: amoadd.b zero, zero, (t0) */
	{69, 0x0002a02f, false},	     /* zaamo: amoadd.w zero, zero, (t0) */
	{70, 0x1002a02f, false},	     /* zalrsc: lr.w zero, (t0) */
	{72, 0x44857553, false},	     /* zfbfmin: fcvt.bf16.s fa0, fa0 */
};

#define INSTRUCTIONS (sizeof(instructions) / sizeof(instructions[0]))

struct isa_trial {
	unsigned int tried;
	char refused[256]; /* names of extensions, with what their instructions gave */
	char why[96];	   /* the trial itself failed; "": it did not */
};

static uint64_t code_address(unsigned int row)
{
	return MAP_RAM + CODE_AT + row * CODE_LEN * sizeof(uint32_t);
}

static void write_code(struct scratch *scratch)
{
	uint32_t *code = (uint32_t *)((char *)scratch->ram + CODE_AT);

	for (unsigned int row = 0; row < INSTRUCTIONS; row++, code += CODE_LEN) {
		code[0] = instructions[row].vector ? VSETIVLI : NOP;
		code[1] = instructions[row].code;
		code[2] = JR_T2;
	}
}

/* Until the guest's next write to address 0. */
static bool step(struct scratch *scratch, struct isa_trial *trial)
{
	struct scratch_outcome outcome;

	if (!scratch_step(scratch, &outcome))
		scratch_explain(&outcome, trial->why, sizeof(trial->why));
	else if (scratch->run->exit_reason != KVM_EXIT_MMIO)
		snprintf(trial->why, sizeof(trial->why), "KVM_RUN: exit reason %u",
			 scratch->run->exit_reason);
	return !*trial->why;
}

static void try_row(struct scratch *scratch, unsigned int row, struct isa_trial *trial)
{
	const char *name = isa_ext_name(instructions[row].id);
	size_t used = strlen(trial->refused);
	uint64_t scause = 0;
	int result = kvm_set_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.t1), code_address(row));

	if (result == 0 && !step(scratch, trial))
		return;
	if (result == 0)
		result = kvm_get_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a1), &scause);
	if (result < 0)
		snprintf(trial->why, sizeof(trial->why), "its registers: %s", strerror(-result));
	trial->tried++;
	if (scause)
		snprintf(trial->refused + used, sizeof(trial->refused) - used,
			 "%s%s (scause %" PRIu64 ")", used ? ", " : "", name, scause);
}

/* Of what is ENABLED. */
static void try_all(struct scratch *scratch, const bool *enabled, struct isa_trial *trial)
{
	int result = scratch_begin_instructions(scratch);

	write_code(scratch);
	if (result < 0)
		snprintf(trial->why, sizeof(trial->why), "its pc: %s", strerror(-result));
	else if (step(scratch, trial))
		result = kvm_set_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.t0), MAP_RAM + DATA_AT);
	for (unsigned int row = 0; row < INSTRUCTIONS && result == 0 && !*trial->why; row++)
		if (enabled[instructions[row].id])
			try_row(scratch, row, trial);
}

static void tell(const char *isa, unsigned int count, const struct isa_trial *trial,
		 struct probe_finding *finding)
{
	if (count == 0) {
		probe_set(finding, PROBE_MISSING, "KVM names no ISA extension");
	} else if (*trial->why) {
		probe_set(finding, PROBE_UNKNOWN, "KVM says %s; not tried: %s", isa, trial->why);
		finding->cost = finding->fix = NULL;
	} else if (*trial->refused) {
		probe_set(finding, PROBE_LIMITED,
			  "KVM says %s; a scratch guest could not execute %s", isa, trial->refused);
		finding->cost = "guests are told of extensions that they do not have";
		finding->fix = "run newer firmware on this host (it enables them for guests)";
	} else {
		probe_set(finding, PROBE_OK,
			  "KVM says %s; a scratch guest executed an instruction of %u of these %u",
			  isa, trial->tried, count);
	}
}

void probe_isa(struct probe *probe, const struct probe_check *check, struct probe_finding *finding)
{
	const char *names[ISA_EXT_COUNT];
	bool enabled[ISA_EXT_COUNT];
	char isa[ISA_STRING_MAX];
	struct isa_trial trial = {0};
	struct scratch scratch;
	unsigned int count;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++) {
		uint64_t value = 0;

		enabled[id] = kvm_get_reg(scratch.vcpu_fd, KVM_ISA_REG(id), &value) == 0 && value;
	}
	try_all(&scratch, enabled, &trial);
	scratch_close(&scratch);
	count = isa_describe(enabled, ISA_EXT_COUNT, isa, sizeof(isa), names);
	tell(isa, count, &trial, finding);
}
