/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sample_exits.h"

#include <inttypes.h>
#include <string.h>

#include "sbi/own_run.h"

#define START	 SAMPLE_EXITS_START
#define KERNEL	 0x100ull /* sstatus.SPP */
#define ROW(x)	 (EXIT_SBI + (x))
#define LOAD_4	 0x2501ull /* lw a0, transformed */
#define STORE_1	 0xb00021ull
#define MINUS(x) ((uint64_t)-(int64_t)(x))

static const uint8_t long_text[RECORD_LONG_TEXT] =
	"A line that is longer than a record has room for, with \"quotes\" and \x01.\n";

/* Times are ns after START. Where it is not said, all of the time was handling, and the guest went
 * on behind the instruction. */
static const struct sample {
	enum trace_part part;
	uint32_t vcpu;
	const uint8_t *text;
	struct exit_record record;
} samples[] = {
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 1000,
	  .entered = 2300,
	  .pc = 0xffffffff80012a4c,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_TIME),
	  .known = RECORD_ARGS,
	  .args = {40100, 0, 0, 0, 0, 0, 0, SBI_EID_TIME}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 10000,
	  .entered = 11000,
	  .pc = 0x80001000,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_TIME),
	  .known = RECORD_ARGS,
	  .args = {UINT64_MAX, 0, 0, 0, 0, 0, 0, SBI_EID_TIME}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 20000,
	  .entered = 31900,
	  .vmm_ns = 9800,
	  .left_after = 900,
	  .pc = 0x80001008,
	  .sstatus = KERNEL,
	  .row = EXIT_LOAD_MMIO,
	  .to_vmm = 7,
	  .htval = 0x10000005 >> 2,
	  .stval = 5,
	  .htinst = LOAD_4,
	  .data = 0xffffffff8000000f,
	  .known = RECORD_DATA}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 40000,
	  .entered = 50000,
	  .vmm_ns = 9000,
	  .pc = 0x8000100c,
	  .sstatus = KERNEL,
	  .row = EXIT_STORE_MMIO,
	  .to_vmm = 7,
	  .htval = 0x20000000 >> 2,
	  .htinst = STORE_1,
	  .data = 0x1234,
	  .known = RECORD_DATA}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 60000,
	  .entered = 70000,
	  .pc = 0x8000100c,
	  .sstatus = KERNEL,
	  .row = EXIT_LOAD_MMIO}},
	{TRACE_WHOLE,
	 1,
	 NULL,
	 {.exited = 100000,
	  .entered = 4020000,
	  .ns = 8000,
	  .halted_ns = 3912000,
	  .left_after = 2000,
	  .pc = 0x80006e30,
	  .sstatus = KERNEL,
	  .row = EXIT_WFI}},
	{TRACE_BEGIN,
	 1,
	 NULL,
	 {.exited = 4030000, .pc = 0x80006e30, .sstatus = KERNEL, .row = EXIT_WFI}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4040000,
	  .entered = 4046200,
	  .pc = 0x3f8e1c0a52,
	  .next_pc = 0x3f8e1c0a52,
	  .row = EXIT_STORE_FAULT,
	  .htval = 0x9f3c1000 >> 2}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4050000,
	  .entered = 4056200,
	  .pc = 0x3f8e1c0a54,
	  .next_pc = 0x3f8e1c0a54,
	  .row = EXIT_WALK_READ,
	  .htval = 0x9f3c2000 >> 2,
	  .htinst = 0x3000}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4060000,
	  .entered = 4062700,
	  .pc = 0x80001010,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_RFENCE + 1),
	  .known = RECORD_ARGS,
	  .args = {0xe, 0, 0x80400000, 0x1000, 0, 0, 1, SBI_EID_RFENCE}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4070000,
	  .entered = 4071000,
	  .pc = 0x80001014,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_IPI),
	  .known = RECORD_ARGS,
	  .args = {0, UINT64_MAX, 0, 0, 0, 0, 0, SBI_EID_IPI}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4080000,
	  .entered = 4081000,
	  .pc = 0x80001018,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_VENDOR),
	  .known = RECORD_ARGS | RECORD_BY_VMM,
	  .args = {1, 2, 3, 4, 5, 6, 3, 0x09000000},
	  .result = {MINUS(2), 77},
	  .to_vmm = 36,
	  .vmm_ns = 500}},
	/* KVM answers, and a signal comes then. */
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4086000,
	  .entered = 4087000,
	  .vmm_ns = 400,
	  .pc = 0x80001018,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_BASE),
	  .known = RECORD_ARGS | RECORD_DATA,
	  .to_vmm = 11,
	  .args = {0, 0, 0, 0, 0, 0, 0, SBI_EID_BASE},
	  .result = {0, 0x3000000}}},
	/* KVM refuses, and the VMM changes that. */
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4088000,
	  .entered = 4089000,
	  .vmm_ns = 400,
	  .pc = 0x80001018,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_PMU),
	  .known = RECORD_ARGS | RECORD_DATA,
	  .data = MINUS(2),
	  .to_vmm = 11,
	  .args = {0, 0, 0, 0, 0, 0, 0, SBI_EID_PMU},
	  .result = {0, 18}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4090000,
	  .entered = 4112000,
	  .pc = 0x8000101c,
	  .sstatus = KERNEL,
	  .row = EXIT_CONSOLE_WRITE,
	  .to_vmm = 36,
	  .vmm_ns = 20000,
	  .known = RECORD_ARGS | RECORD_BYTES | RECORD_BY_VMM,
	  .text = "login: \x1b[0m\xff\n",
	  .text_size = 13,
	  .args = {13, 0x81f2a000, 0, 0, 0, 0, 0, SBI_EID_DBCN},
	  .result = {0, 13}}},
	{TRACE_WHOLE,
	 0,
	 long_text,
	 {.exited = 4120000,
	  .entered = 4121000,
	  .pc = 0x80001020,
	  .sstatus = KERNEL,
	  .row = EXIT_CONSOLE_WRITE,
	  .to_vmm = 36,
	  .known = RECORD_ARGS | RECORD_BYTES | RECORD_BY_VMM,
	  .text_size = 71,
	  .args = {100, 0x81f2a000, 0, 0, 0, 0, 0, SBI_EID_DBCN},
	  .result = {0, 100}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4130000,
	  .entered = 4131000,
	  .pc = 0x80001024,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_LEGACY + 1),
	  .to_vmm = 36,
	  .known = RECORD_ARGS | RECORD_BY_VMM,
	  .args = {'x', 0, 0, 0, 0, 0, 9, 1},
	  .result = {MINUS(2), 5}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.lost = 132,
	  .exited = 4140000,
	  .entered = 4141000,
	  .pc = 0x80001028,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_PMU + 2),
	  .known = RECORD_ARGS,
	  .args = {0, 7, 4, 1, 0, 0, 2, SBI_EID_PMU},
	  .result = {0, 2}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4150000,
	  .entered = 4151000,
	  .pc = 0x8000102c,
	  .next_pc = 0x80000000,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_HSM + 3),
	  .known = RECORD_ARGS,
	  .args = {0x80000000, 0x80000000, 0, 0, 0, 0, 3, SBI_EID_HSM}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4160000,
	  .entered = 4161000,
	  .pc = 0x80001030,
	  .sstatus = KERNEL,
	  .row = EXIT_CSR_READ,
	  .stval = 0xc0002573,
	  .data = 0xe5c4,
	  .known = RECORD_DATA}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4170000,
	  .entered = 4171000,
	  .pc = 0x80001034,
	  .next_pc = 0x80000100,
	  .sstatus = KERNEL,
	  .row = EXIT_CSR_READ,
	  .stval = 0x7c002573,
	  .data = 0xe5c4,
	  .known = RECORD_DATA}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4183000,
	  .entered = 4190000,
	  .pc = 0x3f8e1c0a60,
	  .next_pc = 0x80000100,
	  .row = EXIT_IRQ + IRQ_LCOFI,
	  .known = RECORD_LCOFI,
	  .lcofi = {START + 4180000, START + 4181200, LCOFI_BY_KVM, 1}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4203000,
	  .entered = 4250000,
	  .vmm_ns = 40000,
	  .to_vmm = 10,
	  .pc = 0x3f8e1c0a60,
	  .next_pc = 0x3f8e1c0a60,
	  .row = EXIT_IRQ + IRQ_LCOFI,
	  .known = RECORD_LCOFI,
	  .lcofi = {START + 4200000, START + 4230000, LCOFI_BY_STUB, 0}}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4303000,
	  .entered = 4310000,
	  .pc = 0x3f8e1c0a60,
	  .next_pc = 0x3f8e1c0a60,
	  .row = EXIT_IRQ + IRQ_LCOFI,
	  .known = RECORD_LCOFI}},
	{TRACE_WHOLE,
	 0,
	 NULL,
	 {.exited = 4320000,
	  .entered = 4321000,
	  .pc = 0x3f8e1c0a60,
	  .next_pc = 0x3f8e1c0a60,
	  .row = EXIT_IRQ + 5}},
	{TRACE_END,
	 1,
	 NULL,
	 {.exited = 4030000,
	  .entered = 5030000,
	  .ns = 9000,
	  .halted_ns = 991000,
	  .pc = 0x80006e30,
	  .sstatus = KERNEL,
	  .row = EXIT_WFI}},
	{TRACE_BEGIN,
	 0,
	 NULL,
	 {.exited = 5040000,
	  .ns = 59300000,
	  .pc = 0x80001040,
	  .sstatus = KERNEL,
	  .row = ROW(SBI_ROW_SRST),
	  .known = RECORD_ARGS | RECORD_BY_VMM,
	  .to_vmm = 36,
	  .args = {0, 0, 0, 0, 0, 0, 0, SBI_EID_SRST}}},
};

/* Room for one at a time. */
static struct exit_record shown;

bool sample_exit(unsigned int index, struct trace_exit *exit, enum trace_part *part)
{
	if (index >= sizeof(samples) / sizeof(samples[0]))
		return false;
	const struct sample *sample = &samples[index];

	shown = sample->record;
	shown.exited += START;
	if (shown.entered)
		shown.entered += START;
	if (shown.entered && !shown.ns)
		shown.ns = shown.entered - shown.exited;
	if (!shown.next_pc)
		shown.next_pc = shown.pc + 4;
	*exit = (struct trace_exit){
		.record = &shown,
		.who = {"web1 \"<&?", 4242, 4243 + sample->vcpu, sample->vcpu, MINUS(1000)},
		/* 10 MHz; the guest's clock says 10 when the first exit comes. */
		.clock = {START + 1000, 1010, 10000000},
		.text = sample->text,
		.unfinished = sample->part == TRACE_BEGIN,
	};
	*part = sample->part;
	return true;
}

static bool device_at(void *opaque, uint32_t pid, uint64_t address, char *out, size_t size)
{
	(void)opaque;
	(void)pid;
	if (address >> 8 != 0x100000)
		return false;
	snprintf(out, size, "uart+0x%" PRIx64, address & 0xff);
	return true;
}

static bool symbol_at(void *opaque, uint32_t pid, uint64_t pc, char *out, size_t size)
{
	(void)opaque;
	(void)pid;
	snprintf(out, size, "f+0x%" PRIx64, pc & 0xfff);
	return pc >> 63;
}

struct trace_view sample_exits_view(void)
{
	return (struct trace_view){
		.start = START,
		.last = START,
		.realtime = 1700000000000000000 - START,
		.device = device_at,
		.symbol = symbol_at,
	};
}
