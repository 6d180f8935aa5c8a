/* SPDX-License-Identifier: Apache-2.0 */
/* SBI calls that are unknown, right and wrong: each must be answered, whoever answers it. */
#include "vhart-guest/sbi.h"

#include <stdbool.h>

#include "vhart-guest/guest.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/print.h"
#include "vhart-guest/tap.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static void unknown_extensions(void)
{
	static const uint64_t eids[] = {
		0x08000000, 0x08123456, 0x08ffffff, /* experimental: KVM forwards */
		0x09000000, 0x09123456, 0x09ffffff, /* vendor: KVM forwards */
		0x0a000000, 0x0affffff,		    /* firmware-specific */
		0x0f,	    0x11,	0x7fffffff, 0xffffffff, 0x1234567887654321,
	};

	for (unsigned int i = 0; i < ARRAY_LEN(eids); i++) {
		struct sbi_result result = sbi_call(eids[i], i, 1, 2, 3);
		tap(result.error == SBI_ERR_NOT_SUPPORTED, "EID 0x%lx is not supported", eids[i]);
		tap(sbi_probe(eids[i]) == 0, "probing EID 0x%lx gives 0", eids[i]);
	}
}

/* A KVM without legacy calls has an empty slot at this EID, and says that it is there. */
static void the_last_eid(void)
{
	tap(sbi_call(UINT64_MAX, 0, 1, 2, 3).error == SBI_ERR_NOT_SUPPORTED,
	    "EID 0x%lx is not supported", UINT64_MAX);
}

static void a_thousand_unknown_calls(void)
{
	unsigned int refused = 0;

	for (unsigned int i = 0; i < 1000; i++)
		refused += sbi_call(0x08100000 + i % 7, i, i, i, i).error == SBI_ERR_NOT_SUPPORTED;
	tap(refused == 1000, "a thousand unknown calls are refused");
}

static void base(void)
{
	struct sbi_result version = sbi_call(SBI_EID_BASE, 0, 0, 0, 0);

	tap(version.error == 0 && version.value >= 2 << 24, "the SBI is 2.0 or newer");
	tap(sbi_probe(SBI_EID_BASE) != 0, "BASE is there");
	tap(sbi_probe(SBI_EID_DBCN) != 0, "DBCN is there");
	tap(sbi_probe(SBI_EID_HSM) != 0, "HSM is there");
	tap(sbi_probe(SBI_EID_SRST) != 0, "SRST is there");
	tap(sbi_call(SBI_EID_BASE, 99, 0, 0, 0).error == SBI_ERR_NOT_SUPPORTED,
	    "BASE has no function 99");
}

static void console(void)
{
	static const char text[] = "# written by DBCN\n";
	struct sbi_result result;

	result = sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE, strlen(text), (uint64_t)text, 0);
	tap(result.error == 0 && result.value == strlen(text), "DBCN takes a buffer");
	result = sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE, 0, (uint64_t)text, 0);
	tap(result.error == 0 && result.value == 0, "DBCN takes an empty buffer");
	result = sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE_BYTE, '#', 0, 0);
	sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE_BYTE, '\n', 0, 0);
	tap(result.error == 0 && result.value == 0, "DBCN takes a byte");
	tap(sbi_call(SBI_EID_DBCN, 99, 0, 0, 0).error == SBI_ERR_NOT_SUPPORTED,
	    "DBCN has no function 99");
}

static void wild_console_memory(void)
{
	static const struct {
		const char *what;
		uint64_t len, low, high;
	} wild[] = {
		{"at 0", 16, 0, 0},
		{"just below RAM", 16, 0x80000000 - 8, 0},
		{"over the UART", 8, 0x10000000, 0},
		{"far above RAM", 16, 1ull << 45, 0},
		{"at the end of the address space", 16, UINT64_MAX - 15, 0},
		{"that wraps", UINT64_MAX, 0x80200000, 0},
		{"of 1 TiB", 1ull << 40, 0x80200000, 0},
		{"beyond 64 bits", 16, 0x80200000, 1},
	};

	for (unsigned int i = 0; i < ARRAY_LEN(wild); i++) {
		for (unsigned int fid = SBI_DBCN_WRITE; fid <= SBI_DBCN_READ; fid++) {
			struct sbi_result result =
				sbi_call(SBI_EID_DBCN, fid, wild[i].len, wild[i].low, wild[i].high);
			tap(result.error == SBI_ERR_INVALID_PARAM && result.value == 0,
			    "DBCN refuses to %s memory %s",
			    fid == SBI_DBCN_WRITE ? "print" : "fill", wild[i].what);
		}
	}
}

static void legacy_console(void)
{
	struct sbi_result result;

	if (!sbi_probe(SBI_EID_LEGACY_PUTCHAR)) {
		tap_note("the host's kernel is built without the legacy calls");
		return;
	}
	result = sbi_call(SBI_EID_LEGACY_PUTCHAR, 0, '#', 0x5555, 0);
	sbi_call(SBI_EID_LEGACY_PUTCHAR, 0, '\n', 0, 0);
	tap(result.error == 0, "the legacy putchar takes a byte");
	tap(result.value == 0x5555, "the legacy putchar leaves a1 alone");
	result = sbi_call(SBI_EID_LEGACY_GETCHAR, 0, 0, 0x5555, 0);
	tap(result.error >= -1 && result.error <= 255, "the legacy getchar gives a byte or -1");
	tap(result.value == 0x5555, "the legacy getchar leaves a1 alone");
}

static void refused_resets(void)
{
	tap(sbi_call(SBI_EID_SRST, 0, 3, 0, 0).error < 0, "a reserved reset type is refused");
	tap(sbi_call(SBI_EID_SRST, 0, 0xf0000000, 0, 0).error < 0,
	    "a vendor's reset type is refused");
	tap(sbi_call(SBI_EID_SRST, 1, 0, 0, 0).error < 0, "SRST has no function 1");
	tap(sbi_call(SBI_EID_SUSP, 0, 1, 0x80200000, 0).error < 0,
	    "a reserved sleep type is refused");
	tap(sbi_call(SBI_EID_SUSP, 1, 0, 0x80200000, 0).error < 0, "SUSP has no function 1");
}

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	base();
	unknown_extensions();
	the_last_eid();
	a_thousand_unknown_calls();
	console();
	wild_console_memory();
	legacy_console();
	refused_resets();
	tap_end();
}
