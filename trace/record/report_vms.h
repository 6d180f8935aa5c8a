/* SPDX-License-Identifier: Apache-2.0 */
/* The VMs of a recording: what is of each of them alone. Pure. */
#ifndef VHART_REPORT_VMS_H
#define VHART_REPORT_VMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/guest/symbols.h"
#include "trace/record/recording.h"
#include "trace/record/report_modules.h"

/* What it is called where there may be several: with its process, if two have one name. */
#define REPORT_VM_NAME (sizeof(((struct recording_vm *)0)->name) + 32)

struct report_vm {
	struct recording_vm is; /* names as the file has them */
	char name[REPORT_VM_NAME];
	struct symbols symbols;
	struct report_modules modules;
	uint64_t stvec;		      /* of the guest; 0: not known */
	uint64_t strange;	      /* samples whose task is not known */
	struct recording_tasks tasks; /* why: "": not said */
};

/* By their numbers, that of the header first; NULL: the recording has none of that number. */
struct report_vms {
	struct report_vm *vms[RECORDING_VMS + 1];
};

/* That of NUMBER, at most RECORDING_VMS, which is there from now on. NULL: no memory. */
struct report_vm *report_vms_at(struct report_vms *vms, uint64_t number);

/* To be called when all are there: gives them their names. False with MESSAGE: their symbols are
 * none. */
bool report_vms_finish(struct report_vms *vms, char message[IMAGE_MESSAGE_MAX]);
void report_vms_free(struct report_vms *vms);

/* How many the recording has. */
size_t report_vms_count(const struct report_vms *vms);
/* The next one after NUMBER AFTER, or the first (-1), in their order; NULL: there is no other. */
const struct report_vm *report_vms_next(const struct report_vms *vms, int64_t after);

#endif
