/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/names/sbi_value.h"

#include <ctype.h>
#include <inttypes.h>

#include "pmu/names.h"

#define EVENT_NAME_MAX 64

/* ---- numbers with names: all of them 32 bits wide, in the words of SBI 3.0 ---- */

struct named_value {
	uint32_t value;
	const char *name;
};

/* Section 4.9. */
static const struct named_value implementations[] = {
	{0, "BBL"},	 {1, "OpenSBI"}, {2, "Xvisor"}, {3, "KVM"},	  {4, "RustSBI"},
	{5, "Diosix"},	 {6, "Coffer"},	 {7, "Xen"},	{8, "PolarFire"}, {9, "coreboot"},
	{10, "oreboot"}, {11, "bhyve"},	 {0, NULL},
};

/* Chapter 9. */
static const struct named_value hart_states[] = {
	{0, "STARTED"},	  {1, "STOPPED"},	  {2, "START_PENDING"},	 {3, "STOP_PENDING"},
	{4, "SUSPENDED"}, {5, "SUSPEND_PENDING"}, {6, "RESUME_PENDING"}, {0, NULL},
};

static const struct named_value hart_suspend_types[] = {
	{0, "retentive"},
	{0x80000000, "non-retentive"},
	{0, NULL},
};

/* Chapter 10. */
static const struct named_value reset_types[] = {
	{0, "shutdown"},
	{1, "cold-reboot"},
	{2, "warm-reboot"},
	{0, NULL},
};

static const struct named_value reset_reasons[] = {
	{0, "no-reason"},
	{1, "system-failure"},
	{0, NULL},
};

/* Chapter 13. */
static const struct named_value sleep_types[] = {
	{0, "suspend-to-ram"},
	{0, NULL},
};

/* Chapter 14. */
static const struct named_value cppc_registers[] = {
	{0x00, "HighestPerformance"},
	{0x01, "NominalPerformance"},
	{0x02, "LowestNonlinearPerformance"},
	{0x03, "LowestPerformance"},
	{0x04, "GuaranteedPerformanceRegister"},
	{0x05, "DesiredPerformanceRegister"},
	{0x06, "MinimumPerformanceRegister"},
	{0x07, "MaximumPerformanceRegister"},
	{0x08, "PerformanceReductionToleranceRegister"},
	{0x09, "TimeWindowRegister"},
	{0x0A, "CounterWraparoundTime"},
	{0x0B, "ReferencePerformanceCounterRegister"},
	{0x0C, "DeliveredPerformanceCounterRegister"},
	{0x0D, "PerformanceLimitedRegister"},
	{0x0E, "CPPCEnableRegister"},
	{0x0F, "AutonomousSelectionEnable"},
	{0x10, "AutonomousActivityWindowRegister"},
	{0x11, "EnergyPerformancePreferenceRegister"},
	{0x12, "ReferencePerformance"},
	{0x13, "LowestFrequency"},
	{0x14, "NominalFrequency"},
	{0x80000000, "TransitionLatency"},
	{0, NULL},
};

/* Chapter 15. */
static const struct named_value nacl_features[] = {
	{0, "SYNC_CSR"}, {1, "SYNC_HFENCE"}, {2, "SYNC_SRET"}, {3, "AUTOSWAP_CSR"}, {0, NULL},
};

/* Chapter 17. */
static const struct named_value sse_events[] = {
	{0x00000000, "local-high-priority-ras"},
	{0x00000001, "local-double-trap"},
	{0x00008000, "global-high-priority-ras"},
	{0x00010000, "local-pmu-overflow"},
	{0x00100000, "local-low-priority-ras"},
	{0x00108000, "global-low-priority-ras"},
	{0xFFFF0000, "local-software"},
	{0xFFFF8000, "global-software"},
	{0, NULL},
};

static const struct named_value sse_attributes[] = {
	{0, "STATUS"},
	{1, "PRIORITY"},
	{2, "CONFIG"},
	{3, "PREFERRED_HART"},
	{4, "ENTRY_PC"},
	{5, "ENTRY_ARG"},
	{6, "INTERRUPTED_SEPC"},
	{7, "INTERRUPTED_FLAGS"},
	{8, "INTERRUPTED_A6"},
	{9, "INTERRUPTED_A7"},
	{0, NULL},
};

/* Chapter 18. */
static const struct named_value fwft_features[] = {
	{0, "MISALIGNED_EXC_DELEG"},
	{1, "LANDING_PAD"},
	{2, "SHADOW_STACK"},
	{3, "DOUBLE_TRAP"},
	{4, "PTE_AD_HW_UPDATING"},
	{5, "POINTER_MASKING_PMLEN"},
	{0, NULL},
};

/* Chapter 20. */
static const struct named_value mpxy_modes[] = {
	{0, "OVERWRITE"},
	{1, "OVERWRITE-RETURN"},
	{0, NULL},
};

static const struct named_value mpxy_attributes[] = {
	{0x0, "MSG_PROT_ID"},
	{0x1, "MSG_PROT_VERSION"},
	{0x2, "MSG_DATA_MAX_LEN"},
	{0x3, "MSG_SEND_TIMEOUT"},
	{0x4, "MSG_COMPLETION_TIMEOUT"},
	{0x5, "CHANNEL_CAPABILITY"},
	{0x6, "SSE_EVENT_ID"},
	{0x7, "MSI_CONTROL"},
	{0x8, "MSI_ADDR_LOW"},
	{0x9, "MSI_ADDR_HIGH"},
	{0xA, "MSI_DATA"},
	{0xB, "EVENTS_STATE_CONTROL"},
	{0, NULL},
};

static const struct named_value *const enumerations[SBI_KINDS] = {
	[SBI_IMPLEMENTATION_ID] = implementations,
	[SBI_HART_STATE] = hart_states,
	[SBI_HART_SUSPEND_TYPE] = hart_suspend_types,
	[SBI_RESET_TYPE] = reset_types,
	[SBI_RESET_REASON] = reset_reasons,
	[SBI_SLEEP_TYPE] = sleep_types,
	[SBI_CPPC_REGISTER] = cppc_registers,
	[SBI_NACL_FEATURE] = nacl_features,
	[SBI_SSE_EVENT] = sse_events,
	[SBI_SSE_ATTRIBUTE] = sse_attributes,
	[SBI_FWFT_FEATURE] = fwft_features,
	[SBI_MPXY_MODE] = mpxy_modes,
	[SBI_MPXY_ATTRIBUTE] = mpxy_attributes,
};

static void add_enumerated(struct text *text, const struct named_value *names, uint64_t value)
{
	/* A 32-bit value may come sign-extended. */
	if (value == (uint64_t)(int64_t)(int32_t)value)
		value = (uint32_t)value;
	for (; names->name; names++) {
		if (names->value == value) {
			text_add(text, "%s", names->name);
			return;
		}
	}
	text_add(text, "%#" PRIx64, value);
}

/* ---- flags, by bit ---- */

#define FLAGS_MAX 8

/* Sections 11.8, 11.9, 11.10 and 18.1. */
static const char *const flags[SBI_KINDS][FLAGS_MAX] = {
	[SBI_CONFIG_FLAGS] = {"SKIP_MATCH", "CLEAR_VALUE", "AUTO_START", "SET_VUINH", "SET_VSINH",
			      "SET_UINH", "SET_SINH", "SET_MINH"},
	[SBI_START_FLAGS] = {"SET_INIT_VALUE", "INIT_SNAPSHOT"},
	[SBI_STOP_FLAGS] = {"RESET", "TAKE_SNAPSHOT"},
	[SBI_FWFT_FLAGS] = {"LOCK"},
};

static void add_flags(struct text *text, const char *const names[FLAGS_MAX], uint64_t value)
{
	const char *separator = "";

	for (unsigned int bit = 0; bit < FLAGS_MAX && names[bit]; bit++) {
		if (value >> bit & 1) {
			text_add(text, "%s%s", separator, names[bit]);
			separator = "|";
			value &= ~(1ull << bit);
		}
	}
	if (value || !*separator)
		text_add(text, "%s%#" PRIx64, separator, value);
}

/* ---- the rest ---- */

/* How far away a time is: "+4.000ms". */
static void add_distance(struct text *text, uint64_t time, const struct sbi_surroundings *around)
{
	uint64_t ticks = time >= around->now ? time - around->now : around->now - time;
	double seconds = (double)ticks / (double)around->timebase;
	char sign = time >= around->now ? '+' : '-';

	if (seconds < 1e-6)
		text_add(text, "%c%.0fns", sign, seconds * 1e9);
	else if (seconds < 1e-3)
		text_add(text, "%c%.3fus", sign, seconds * 1e6);
	else if (seconds < 1)
		text_add(text, "%c%.3fms", sign, seconds * 1e3);
	else
		text_add(text, "%c%.3fs", sign, seconds);
}

static void add_time(struct text *text, uint64_t value, const struct sbi_surroundings *around)
{
	if (value == UINT64_MAX) {
		text_add(text, "disarm");
		return;
	}
	text_add(text, "%#" PRIx64, value);
	if (around->timebase) {
		text_add(text, " [");
		add_distance(text, value, around);
		text_add(text, "]");
	}
}

/* Chapter 8: -1, and 0 from 0 on, are the whole address space. */
static void add_range_size(struct text *text, uint64_t size, uint64_t start)
{
	if (size == UINT64_MAX)
		text_add(text, "all");
	else
		text_add(text, "%#" PRIx64 "%s", size, size == 0 && start == 0 ? " [all]" : "");
}

static void add_address(struct text *text, uint64_t low, uint64_t high)
{
	if (high)
		text_add(text, "%#" PRIx64 "%016" PRIx64, high, low);
	else
		text_add(text, "%#" PRIx64, low);
}

static void add_character(struct text *text, uint64_t value)
{
	uint8_t byte = (uint8_t)value;

	if (byte != value) {
		text_add(text, "%" PRId64, (int64_t)value);
		return;
	}
	text_add(text, "'");
	if (byte == '\'')
		text_add(text, "\\'");
	else if (byte == '"')
		text_add(text, "\"");
	else
		text_add_escaped(text, &byte, 1);
	text_add(text, "'");
}

static void add_extension(struct text *text, uint64_t eid)
{
	const struct sbi_named_extension *extension = sbi_find_extension(eid);
	const struct sbi_function *legacy = sbi_is_legacy(eid) ? sbi_find_function(eid, 0) : NULL;

	if (legacy) {
		text_add(text, "%s", legacy->name);
	} else if (!extension || extension->first != extension->last) {
		text_add(text, "%#" PRIx64, eid);
	} else {
		for (const char *letter = extension->name; *letter; letter++)
			text_add(text, "%c", toupper((unsigned char)*letter));
	}
}

/* Section 11.7: of a firmware counter, CSR and width say nothing. */
static void add_counter_info(struct text *text, uint64_t info)
{
	text_add(text, "%#" PRIx64, info);
	if (info >> 63)
		text_add(text, " [firmware]");
	else if (info)
		text_add(text, " [csr %#x, %u bits]", (unsigned int)(info & 0xFFF),
			 (unsigned int)(info >> 12 & 63) + 1);
}

static void add_event(struct text *text, uint64_t event_idx, uint64_t data)
{
	char name[EVENT_NAME_MAX];

	pmu_event_name(name, sizeof(name), event_idx, data);
	text_add(text, "%s", name);
}

/* Section 4.1: minor version in the low 24 bits, major in the next 7. */
static void add_spec_version(struct text *text, uint64_t version)
{
	if (version >> 31)
		text_add(text, "%#" PRIx64, version);
	else
		text_add(text, "%u.%u", (unsigned int)(version >> 24),
			 (unsigned int)(version & 0xFFFFFF));
}

void sbi_add_value(struct text *text, enum sbi_kind kind, uint64_t value,
		   const struct sbi_surroundings *around)
{
	bool all = value == UINT64_MAX;

	switch (kind) {
	case SBI_TIME: add_time(text, value, around); return;
	case SBI_RANGE_SIZE: add_range_size(text, value, around->before); return;
	case SBI_SHMEM_LOW:
		if (all && around->after == UINT64_MAX)
			text_add(text, "disable");
		else
			add_address(text, value, around->after);
		return;
	case SBI_BUFFER_LOW:
	case SBI_BYTES_LOW: add_address(text, value, around->after); return;
	case SBI_EVENT_IDX: add_event(text, value, around->after); return;
	case SBI_CHARACTER: add_character(text, value); return;
	case SBI_EXTENSION_ID: add_extension(text, value); return;
	case SBI_SPEC_VERSION: add_spec_version(text, value); return;
	case SBI_COUNTER_INFO: add_counter_info(text, value); return;
	case SBI_DECIMAL: text_add(text, "%" PRId64, (int64_t)value); return;
	case SBI_ALL_OR_DECIMAL:
		if (all)
			text_add(text, "all");
		else
			text_add(text, "%" PRId64, (int64_t)value);
		return;
	case SBI_ALL_OR_HEX:
		if (all)
			text_add(text, "all");
		else
			text_add(text, "%#" PRIx64, value);
		return;
	case SBI_CONFIG_FLAGS:
	case SBI_START_FLAGS:
	case SBI_STOP_FLAGS:
	case SBI_FWFT_FLAGS: add_flags(text, flags[kind], value); return;
	case SBI_NOTHING:
	case SBI_HEX:
	case SBI_HIGH:
	case SBI_KINDS: text_add(text, "%#" PRIx64, value); return;
	default: add_enumerated(text, enumerations[kind], value); return;
	}
}
