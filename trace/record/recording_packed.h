/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How samples are in a recording since version 2: most of a recording is samples, most of a sample
 * is who called, and callers repeat. Between the lines of recording.h stand packed records: a tag,
 * the length of what follows as a varint, and that many bytes. A tag is at least 0x80, with which
 * no line begins. Numbers are varints (7 bits a byte, low ones first, the top bit says that more
 * come); differences are zigzag: 0, -1, 1, -2 are 0, 1, 2, 3.
 *
 * frame: caller (0: none is known, else the number of a frame), address less that of the frame
 * written before. Frames are numbered from 1 in the order of the file: a stack is its inmost frame.
 *
 * name: of an exit: the bytes. Numbered from 0.
 *
 * task: the process's number, the thread's, that of its mappings, how many bytes the thread's name
 * has, these; the rest is the process's name. Numbered from 1.
 *
 * forget: frames, names and tasks are numbered anew from here: neither writer nor reader needs more
 * memory for a longer recording.
 *
 * sample: time less that of the sample before; 2 * vCPU + user mode; pc less the pc before it of
 * that mode; count; ns; vmm_ns; the exit's name; the frame of its callers, 0: none; the task, 0: it
 * is not known; the VM. Of these two, those at the end that are 0 are left out.
 *
 * All that is subtracted from begins at 0. Tags that a reader does not know, and bytes behind the
 * numbers it knows, are passed over. Pure.
 */
#ifndef VHART_RECORDING_PACKED_H
#define VHART_RECORDING_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/record/recording.h"

enum recording_tag {
	RECORDING_TAGS = 0x80, /* the least of them */
	RECORDING_TAG_SAMPLE = RECORDING_TAGS,
	RECORDING_TAG_FRAME,
	RECORDING_TAG_NAME,
	RECORDING_TAG_FORGET,
	RECORDING_TAG_TASK,
};

/* Bytes behind tag and length, at most. */
#define RECORDING_PACKED_MAX 1024u

/* Between two "forget", at most. */
#define RECORDING_FRAMES_MAX (1u << 18)
#define RECORDING_NAMES_MAX  (1u << 10)
#define RECORDING_TASKS_MAX  (1u << 16)

struct recording_packer;

/* NULL: no memory. */
struct recording_packer *recording_packer_new(void);
void recording_packer_free(struct recording_packer *packer);

/*
 * SAMPLE as packed records, behind those of the frames and names that came with none before it: how
 * many bytes. 0: no memory; the packer can only be freed then.
 */
size_t recording_pack(struct recording_packer *packer, const struct recording_sample *sample,
		      uint8_t out[RECORDING_LINE]);

struct recording_unpacker;

/* For one reading of a recording, from its start. NULL: no memory. */
struct recording_unpacker *recording_unpacker_new(void);
void recording_unpacker_free(struct recording_unpacker *unpacker);

/*
 * The LEN bytes behind a tag and their length: LINE is a sample, or RECORDING_OTHER where the
 * record is for later ones. False with WHY as recording_read() has it.
 */
bool recording_unpack(struct recording_unpacker *unpacker, uint8_t tag, const uint8_t *bytes,
		      size_t len, struct recording_line *line, const char **why);

#endif
