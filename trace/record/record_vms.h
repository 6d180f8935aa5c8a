/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMs that are recorded: one, or all that there are, also those that come later. Of each the
 * names of its kernel, where its tasks are, and the event that samples it.
 */
#ifndef VHART_RECORD_VMS_H
#define VHART_RECORD_VMS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/guest/guest_names.h"
#include "trace/guest/symbols.h"
#include "trace/record/record_modules.h"
#include "trace/record/record_names.h"
#include "trace/record/record_tasks.h"
#include "trace/record/recording.h"
#include "trace/sources/collector.h"
#include "trace/sources/sampling.h"

struct record_vm {
	struct recording_vm is; /* its number is 0 where the header tells of it */
	struct symbols symbols; /* moved when it is known where the kernel is, and where empty
				   then, filled out of the guest's memory */
	bool searched;		/* that memory was */
	uint64_t stvec;		/* by which they were moved */
	uint64_t kernel_start;	/* where they say that it begins; 0: not known */
	uint64_t kernel_end;	/* and ends, where there are chains */
	uint64_t exception_start, exception_end; /* unwind.h */
	struct record_tasks tasks;		 /* PLACES are NULL: they are not looked for */
	struct record_modules *modules;		 /* of its kernel */
	struct record_names names;		 /* of this file */
	bool written;	  /* its names have begun, and the file has its line */
	uint64_t strange; /* samples of the file whose task is not known */
};

struct record_vms {
	bool several; /* all that there are; else one */
	bool chains;  /* callers are looked for */
	bool no_tasks;
	const struct sampling_options *how; /* the caller's */
	/* From record_vms_begin() on. */
	struct collector *collector; /* the caller's */
	struct sampling sampling;
	struct record_vm *vms[RECORDING_VMS];
	uint32_t count;
	uint32_t vcpus; /* of those that ran when all were added */
};

/* One more. False after error(). */
bool record_vms_add(struct record_vms *vms, const char *name, pid_t pid,
		    const struct guest_names_options *names, const struct guest_kernel *kernel);
/* Those that run. False after error(). */
bool record_vms_add_all(struct record_vms *vms);

/* Those that were added are looked for by COLLECTOR, and where RUNNING, for a few seconds at most,
 * for their tasks. */
void record_vms_begin(struct record_vms *vms, struct collector *collector, bool running);
/* And sampled. False after error(). */
bool record_vms_sample(struct record_vms *vms);
void record_vms_free(struct record_vms *vms);

/* To be called now and then: looks for their tasks, and for kernels whose modules are asked for. */
void record_vms_follow(struct record_vms *vms);
/* Code that SAMPLE, of VM, has seen may be of modules. */
void record_vms_see(const struct record_vm *vm, const struct recording_sample *sample);

/* That of VCPU, which may be a new one, that is sampled from now on, and whose kernel may just have
 * been moved. NULL: no memory, or more than RECORDING_VMS. */
struct record_vm *record_vms_of(struct record_vms *vms, const struct exit_vcpu *vcpu);
/* That of a process; NULL: there is none. */
struct record_vm *record_vms_of_process(const struct record_vms *vms, uint32_t tgid);
/* That of a number. */
struct record_vm *record_vms_at(const struct record_vms *vms, uint64_t number);

/* Why the task of some samples is not known. */
const char *record_vms_why(const struct record_vms *vms, const struct record_vm *vm);

#endif
