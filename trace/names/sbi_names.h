/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBI 3.0 as a table: every extension, its functions, and what the registers of a call hold. For
 * tracers; text is made of it by sbi_format.h.
 */
#ifndef VHART_SBI_NAMES_H
#define VHART_SBI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/sbi_rows.h"

#define SBI_ARGUMENTS_MAX 6u

/* What a register holds, and so how it is written: sbi_value.c. */
enum sbi_kind {
	SBI_NOTHING, /* the function returns no value */
	SBI_HEX,
	SBI_DECIMAL,	/* signed */
	SBI_ALL_OR_HEX, /* -1: all of them */
	SBI_ALL_OR_DECIMAL,
	SBI_CHARACTER,
	SBI_TIME,	/* of the guest's time CSR; -1: never */
	SBI_RANGE_SIZE, /* of the range that starts in the register before; -1: all */
	/* An address in two registers. -1 in both of a SHMEM: none. */
	SBI_SHMEM_LOW,
	SBI_BUFFER_LOW,
	SBI_BYTES_LOW, /* a buffer whose bytes are text */
	SBI_HIGH,      /* the second register, which is part of the text of the first */
	SBI_EXTENSION_ID,
	SBI_SPEC_VERSION,
	SBI_IMPLEMENTATION_ID,
	SBI_HART_STATE,
	SBI_HART_SUSPEND_TYPE,
	SBI_RESET_TYPE,
	SBI_RESET_REASON,
	SBI_SLEEP_TYPE,
	SBI_COUNTER_INFO,
	SBI_EVENT_IDX,	  /* its event_data is in the next register */
	SBI_CONFIG_FLAGS, /* of PMU's counter_config_matching */
	SBI_START_FLAGS,
	SBI_STOP_FLAGS,
	SBI_CPPC_REGISTER,
	SBI_NACL_FEATURE,
	SBI_SSE_EVENT,
	SBI_SSE_ATTRIBUTE,
	SBI_FWFT_FEATURE,
	SBI_FWFT_FLAGS,
	SBI_MPXY_MODE,
	SBI_MPXY_ATTRIBUTE,
	SBI_KINDS,
};

struct sbi_register {
	const char *name;
	enum sbi_kind kind;
};

struct sbi_function {
	const char *name; /* "pmu.counter_start": of the extension, then of the text */
	struct sbi_register arguments[SBI_ARGUMENTS_MAX]; /* ends with a NULL name */
	enum sbi_kind value; /* of a1 on success; of legacy functions, a0 */
	bool bare;	     /* the arguments need no names where people read them */
	bool value_of_error; /* a1 says more of an error, too */
};

struct sbi_named_extension {
	const char *name;
	const char *unknown;  /* the name of the row of functions that it does not have */
	uint32_t first, last; /* EIDs, inclusive */
	uint32_t row;	      /* sbi_rows.h */
	const struct sbi_function *functions;
	uint32_t function_count;
};

/* Ends with a NULL name. Ranges of unknown EIDs are part of it, with no functions. */
extern const struct sbi_named_extension sbi_named_extensions[];

/* EID and FID are registers, a7 and a6: see sbi_row(). NULL: unknown. */
const struct sbi_named_extension *sbi_find_extension(uint64_t eid);
const struct sbi_function *sbi_find_function(uint64_t eid, uint64_t fid);

static inline bool sbi_is_legacy(uint64_t eid)
{
	return (uint32_t)eid <= SBI_EID_LEGACY_LAST;
}

/* Of a row of sbi_rows.h: "pmu.counter_start", "pmu.unknown", "vendor"; "unknown" is the last, and
 * every number behind it. */
const char *sbi_row_name(uint32_t row);

/* SBI_ERR_..., without that prefix, "INVALID_PARAM"; NULL: unknown. */
const char *sbi_error_name(int64_t error);

#endif
