/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers the guest's SBI PMU. */
#ifndef VHART_PMU_SETUP_H
#define VHART_PMU_SETUP_H

#include <stdbool.h>

struct machine;

/* Decides who answers the SBI PMU, tells KVM and the user, opens the forward. Before
 * the vCPUs run. False after error(). */
bool pmu_setup(struct machine *machine);
void pmu_setup_finish(struct machine *machine); /* before they are stopped */

#endif
