/* SPDX-License-Identifier: Apache-2.0 */
/* From what a test did to what is said of it. */
#ifndef VHART_JUDGE_H
#define VHART_JUDGE_H

#include "vmm/test/child.h"
#include "vmm/test/outcome.h"

/* Fills all of OUTCOME but done. CHILD has ended as ACCOUNT says. */
void judge(const struct test_options *options, const struct child *child,
	   const struct ending_account *account, struct outcome *outcome);

/* Adds the file in which the console is to the notes. */
void judge_add_path(struct outcome *outcome, const char *path);

#endif
