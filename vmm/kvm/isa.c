/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/isa.h"

#include <string.h>

static const char *const isa_names[ISA_EXT_COUNT] = {
	/*  0 */ "a",
	"c",
	"d",
	"f",
	"h",
	"i",
	/*  6 */ "m",
	"svpbmt",
	"sstc",
	"svinval",
	"zihintpause",
	"zicbom",
	/* 12 */ "zicboz",
	"zbb",
	"ssaia",
	"v",
	"svnapot",
	"zba",
	/* 18 */ "zbs",
	"zicntr",
	"zicsr",
	"zifencei",
	"zihpm",
	"smstateen",
	/* 24 */ "zicond",
	"zbc",
	"zbkb",
	"zbkc",
	"zbkx",
	"zknd",
	/* 30 */ "zkne",
	"zknh",
	"zkr",
	"zksed",
	"zksh",
	"zkt",
	/* 36 */ "zvbb",
	"zvbc",
	"zvkb",
	"zvkg",
	"zvkned",
	"zvknha",
	/* 42 */ "zvknhb",
	"zvksed",
	"zvksh",
	"zvkt",
	"zfh",
	"zfhmin",
	/* 48 */ "zihintntl",
	"zvfh",
	"zvfhmin",
	"zfa",
	"ztso",
	"zacas",
	/* 54 */ "sscofpmf",
	"zimop",
	"zca",
	"zcb",
	"zcd",
	"zcf",
	/* 60 */ "zcmop",
	"zawrs",
	"smnpm",
	"ssnpm",
	"svade",
	"svadu",
	/* 66 */ "svvptc",
	"zabha",
	"ziccrse",
	"zaamo",
	"zalrsc",
	"zicbop",
	/* 72 */ "zfbfmin",
	"zvfbfmin",
	"zvfbfwma",
	"zclsd",
	"zilsd",
	"zalasr",
};

static const char *const sbi_names[ISA_SBI_EXT_COUNT] = {
	"V01",		"TIME",	  "IPI",  "RFENCE", "SRST", "HSM",  "PMU",
	"EXPERIMENTAL", "VENDOR", "DBCN", "STA",    "SUSP", "FWFT", "MPXY",
};

const char *isa_ext_name(unsigned int id)
{
	return id < ISA_EXT_COUNT ? isa_names[id] : NULL;
}

const char *isa_sbi_ext_name(unsigned int id)
{
	return id < ISA_SBI_EXT_COUNT ? sbi_names[id] : NULL;
}

static const struct {
	unsigned int mode;
	const char *name;
} mmu_modes[] = {{8, "sv39"}, {9, "sv48"}, {10, "sv57"}};

unsigned int isa_mmu_mode(const char *name)
{
	for (size_t i = 0; i < sizeof(mmu_modes) / sizeof(mmu_modes[0]); i++)
		if (!strcmp(mmu_modes[i].name, name))
			return mmu_modes[i].mode;
	return 0;
}

const char *isa_mmu_name(unsigned int mode)
{
	for (size_t i = 0; i < sizeof(mmu_modes) / sizeof(mmu_modes[0]); i++)
		if (mmu_modes[i].mode == mode)
			return mmu_modes[i].name;
	return "none";
}

/* Single letters in the manual's order; Z names are sorted by the letter after the Z, in it too. */
static unsigned int letter_rank(char letter)
{
	static const char order[] = "iemafdgqlcbkjtpvnh";
	const char *found = strchr(order, letter);

	return found ? (unsigned int)(found - order) : sizeof(order) + (unsigned char)letter;
}

/* Whether A comes before B: single letters, Z by category, S and the rest; then alphabetically. */
static bool canonical_before(const char *a, const char *b)
{
	unsigned int class_a = !a[1] ? 0 : a[0] == 'z' ? 1 : 2;
	unsigned int class_b = !b[1] ? 0 : b[0] == 'z' ? 1 : 2;

	if (class_a != class_b)
		return class_a < class_b;
	if (class_a < 2) {
		unsigned int rank_a = letter_rank(a[class_a]), rank_b = letter_rank(b[class_a]);
		if (rank_a != rank_b)
			return rank_a < rank_b;
	}
	return strcmp(a, b) < 0;
}

unsigned int isa_describe(const bool *enabled, unsigned int count, char *isa, size_t size,
			  const char *names[ISA_EXT_COUNT])
{
	unsigned int used = 0;

	for (unsigned int id = 0; id < count && id < ISA_EXT_COUNT; id++) {
		if (!enabled[id])
			continue;
		unsigned int at = used++;
		for (; at > 0 && canonical_before(isa_names[id], names[at - 1]); at--)
			names[at] = names[at - 1];
		names[at] = isa_names[id];
	}

	size_t len = strlen("rv64");
	if (size <= len)
		return 0;
	memcpy(isa, "rv64", len);
	for (unsigned int i = 0; i < used; i++) {
		size_t name_len = strlen(names[i]);
		bool underscore = name_len > 1;
		if (size - len <= name_len + underscore)
			return 0;
		if (underscore)
			isa[len++] = '_';
		memcpy(isa + len, names[i], name_len);
		len += name_len;
	}
	isa[len] = '\0';
	return used;
}
