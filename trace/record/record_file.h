/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One recording as it is written: what a sample needs, its VM, its functions and its callers, is in
 * the file before it.
 */
#ifndef VHART_RECORD_FILE_H
#define VHART_RECORD_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/record/record_vms.h"
#include "trace/record/recording.h"

struct recording_packer;

/* All zero: it has not begun. It does not move. */
struct record_file {
	FILE *out;		    /* the caller's */
	struct recording_line line; /* for record_file_line() */
	struct recording_packer *packer;
	const struct record_vms *vms; /* the caller's */
};

/* Writes HEADER, and the VMs that it does not tell of; there may be more of them later. False: no
 * memory. */
bool record_file_begin(struct record_file *file, FILE *out, const struct recording_header *header,
		       const struct record_vms *vms);
/* What it has of its own; OUT is left. */
void record_file_end(struct record_file *file);

/* Writes file->line, which is not of one VM, or is of VM. */
void record_file_line(struct record_file *file);
void record_file_line_of(struct record_file *file, struct record_vm *vm);
/* Writes SAMPLE, of VM. False with errno. */
bool record_file_sample(struct record_file *file, struct record_vm *vm,
			const struct recording_sample *sample);

#endif
