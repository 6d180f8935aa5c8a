/* SPDX-License-Identifier: Apache-2.0 */
/* How often KVM_RUN came back, by what for. Pure. */
#ifndef VHART_EXIT_CAUSES_H
#define VHART_EXIT_CAUSES_H

#include <stdint.h>

#define VCPU_EXIT_REASONS 64u

/* Of one hart, or of several. */
struct exit_causes {
	uint64_t reasons[VCPU_EXIT_REASONS]; /* by kvm_run's exit_reason */
	uint64_t interrupted;		     /* with EINTR: a signal ended it */
};

void exit_causes_add(struct exit_causes *to, const struct exit_causes *counts);

/* "mmio"; NULL: this program knows no such reason. */
const char *exit_reason_name(unsigned int reason);

/* Calls TELL for each that is not 0 and has a name, then for "interrupted" if that is not, then for
 * "total", always. */
void exit_causes_tell(const struct exit_causes *counts,
		      void (*tell)(void *context, const char *name, uint64_t count), void *context);

#endif
