/* SPDX-License-Identifier: Apache-2.0 */
/* Short words for the scenario table and the generator of random steps. */
#ifndef TESTS_PMU_SCENARIOS_H
#define TESTS_PMU_SCENARIOS_H

#include "tests/pmu/runner.h"

enum { FAILED = -1, NS = -2, IP = -3, IA = -5, AS = -7, SD = -8, NSH = -9 };

/* Outcomes. Columns that are left out are as the one to the left; all left out: success, 0. */
#define OK   {EXACT, 0, 0}
#define V(v) {EXACT, 0, v}
#define E(e) {EXACT, e, 0}
#define SAME {AS_BEFORE, 0, 0}

/* Symbols. */
#define N	     SYMBOL(SYMBOL_N)
#define F0	     SYMBOL(SYMBOL_F0)	/* the first firmware counter */
#define ALL	     SYMBOL(SYMBOL_ALL) /* every counter's bit */
#define ALL_AND_TIME SYMBOL(SYMBOL_ALL_AND_TIME)
#define BIT_F0	     SYMBOL(SYMBOL_BIT_F0)
#define PAST_N	     SYMBOL(SYMBOL_PAST_N)
#define P	     SYMBOL(SYMBOL_P)	      /* a page */
#define LAST_PAGE    SYMBOL(SYMBOL_LAST_PAGE) /* of RAM */
#define HOLE	     SYMBOL(SYMBOL_HOLE)      /* an address where nothing is */
#define READ_ONLY    SYMBOL(SYMBOL_READ_ONLY) /* a page of ROM */

#define WIDE SYMBOL(SYMBOL_WIDE) /* 2^60 as a programmable counter holds it */

/* Flags. */
enum { SKIP = 1, CLEAR = 2, AUTO = 4, UINH = 0x20, SINH = 0x40 }; /* CFG */
enum { SET = 1, SNAP = 2, RST = 1 };				  /* ST and SP; RST: SP */

/* Events. */
#define CYCLES 1u
#define INSNS  2u
#define TIMER  0xF0005ull /* SET_TIMER */
#define IPI    0xF0006ull /* IPI_SENT */
#define RAW    0x20000ull
#define RAW_V2 0x30000ull
#define DTLB   0x10019ull /* read misses */

#define UNCOUNTED 0x666ull /* event_data of RAW */

/* Words of the page. */
enum { OVERFLOW = 0, VALUE_0 = 1, RESERVED_0 = 65 };

#define NEVER UINT64_MAX /* all ones */

#endif
