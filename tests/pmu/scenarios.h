/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the scenario table share to be readable. */
#ifndef TESTS_PMU_SCENARIOS_H
#define TESTS_PMU_SCENARIOS_H

#include "tests/pmu/runner.h"

enum { FAILED = -1, NS = -2, IP = -3, IA = -5, AS = -7, SD = -8, NSH = -9 };

/* Outcomes. Columns that are left out are as the one to the left; all left out: success, 0. */
#define OK   {EXACT, 0, 0}
#define V(v) {EXACT, 0, v}
#define E(e) {EXACT, e, 0}
#define SAME {AS_BEFORE, 0, 0}

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

/* Words of the page. */
enum { OVERFLOW = 0, VALUE_0 = 1, RESERVED_0 = 65 };

#define NEVER UINT64_MAX /* all ones */

#endif
