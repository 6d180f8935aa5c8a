/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/cpu_options.h"

#include <sched.h>
#include <string.h>

#include "base/option_spec.h"
#include "vmm/config.h"
#include "vmm/kvm/isa.h"

_Static_assert(ISA_EXT_COUNT <= CONFIG_MAX_ISA, "each extension that is known has its place");

static const char cpu_expected[] =
	"expected EXT=on or EXT=off, with the ISA extension's name as 'vhart probe' prints it, or "
	"mmu=sv39, sv48 or sv57, with commas between them";

static const struct {
	const char *name;
	const char *instead;
} elsewhere[] = {
	{"i", "expected no i: a hart without the base ISA is none"},
	{"ssaia", "expected no ssaia: it goes with the interrupt files of --aia"},
	{"sscofpmf", "expected no sscofpmf: it goes with the PMU: --pmu off hides it"},
};

static const char *take_extension(struct config *config, const char *name, const char *state)
{
	const enum config_isa wanted = !strcmp(state, "on")    ? ISA_ON
				       : !strcmp(state, "off") ? ISA_OFF
							       : ISA_AS_HOST;
	unsigned int id = 0;

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (!strcmp(name, elsewhere[i].name))
			return elsewhere[i].instead;
	while (id < ISA_EXT_COUNT && strcmp(isa_ext_name(id), name) != 0)
		id++;
	if (id == ISA_EXT_COUNT || wanted == ISA_AS_HOST)
		return cpu_expected;
	if (config->isa[id] != ISA_AS_HOST)
		return "expected each extension once";
	config->isa[id] = (uint8_t)wanted;
	return NULL;
}

static const char *take_mmu(struct config *config, const char *name)
{
	if (config->mmu)
		return "expected mmu= once";
	config->mmu = isa_mmu_mode(name);
	return config->mmu ? NULL : cpu_expected;
}

const char *cpu_option(char *value, void *target)
{
	struct config *config = target;
	const char *wrong = NULL;

	/* That of the command line replaces a file's. */
	for (size_t id = 0; id < sizeof(config->isa) / sizeof(config->isa[0]); id++)
		config->isa[id] = ISA_AS_HOST;
	config->mmu = 0;
	for (char *part = strsep(&value, ","); part && !wrong; part = strsep(&value, ",")) {
		char *state = strchr(part, '=');

		if (!state)
			return cpu_expected;
		*state++ = '\0';
		wrong = !strcmp(part, "mmu") ? take_mmu(config, state)
					     : take_extension(config, part, state);
	}
	return wrong;
}

static bool take_cpu(const char *text, unsigned int *cpu)
{
	uint64_t number;

	if (!option_number(text, CPU_SETSIZE - 1, &number))
		return false;
	*cpu = (unsigned int)number;
	return true;
}

/* FIRST-LAST, or one of them. */
static bool take_cpus(struct config *config, char *part)
{
	char *dash = strchr(part, '-');
	unsigned int first, last;

	if (dash)
		*dash++ = '\0';
	if (!take_cpu(part, &first) || !take_cpu(dash ? dash : part, &last) || last < first)
		return false;
	for (; first <= last; first++) {
		if (config->affinity_count == CONFIG_MAX_AFFINITY)
			return false;
		config->affinity[config->affinity_count++] = (uint16_t)first;
	}
	return true;
}

const char *affinity_option(char *value, void *target)
{
	struct config *config = target;

	config->affinity_count = 0;
	for (char *part = strsep(&value, ","); part; part = strsep(&value, ","))
		if (!take_cpus(config, part))
			return "expected numbers of host CPUs, such as 0,2-5: the first for hart "
			       "0, "
			       "the next for hart 1; at most 512";
	return NULL;
}
