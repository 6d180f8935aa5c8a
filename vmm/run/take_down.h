/* SPDX-License-Identifier: Apache-2.0 */
/* A machine, from its end to nothing. */
#ifndef VHART_TAKE_DOWN_H
#define VHART_TAKE_DOWN_H

struct machine;

/* All vCPUs leave KVM_RUN for good, and their threads end. Without the machine's lock. */
void machine_stop_vcpus(struct machine *machine);

/* Whatever of it was brought up; its vCPUs are stopped. */
void machine_free(struct machine *machine);

#endif
