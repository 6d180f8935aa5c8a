/* SPDX-License-Identifier: Apache-2.0 */
/* How the machine of a test ended, from the result file of `vhart run` (the manual's RESULT FILE).
 * Pure. */
#ifndef VHART_ENDING_H
#define VHART_ENDING_H

#include <stddef.h>

#include "vmm/test/verdict.h"

#define ENDING_HARTS 8u /* of more only the first are shown */
#define ENDING_LINE  320u

struct ending_account {
	enum ending ending;
	char words[ENDING_LINE]; /* printable: "status 7", "timed out" */
	/* Printable lines about where the harts were. */
	unsigned int hart_count;
	char harts[ENDING_HARTS][ENDING_LINE];
};

/*
 * TEXT, of LEN bytes, is what --result wrote, STATUS what waitpid() gave. Text that is no result
 * (none, half of one) is ENDING_CRASH. SCRIPT: the guest has a script of Linux, and is to give its
 * status.
 */
void ending_of_result(const char *text, size_t len, int status, bool script,
		      struct ending_account *account);

/* Of a program that gives no result, such as `vhart script`: by its exit status alone. */
void ending_of_status(int status, struct ending_account *account);

#endif
