/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that `vhart record` writes, or the files, one after the other: the newest has the name
 * that was given, the one before it that name and ".1".
 */
#ifndef VHART_RECORD_OUTPUT_H
#define VHART_RECORD_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct record_output {
	const char *path;
	uint64_t size;	/* bytes with which a file is full; 0: none ever is */
	uint64_t files; /* that are kept, from 1 up; more than 1 go with a size */
	FILE *file;	/* NULL: not open */
	bool made;	/* there was no such file before */
	bool begun;	/* it has something of this recording */
};

/* What an older recording had stays until there is something to put in its place. False after
 * error(). */
bool record_output_open(struct record_output *output);

/* The older one is no more. Does nothing the second time. False with errno. */
bool record_output_begin(struct record_output *output);

bool record_output_is_full(const struct record_output *output);

/*
 * OUTPUT's file is a new one, and empty. The one before has its own name, is the caller's, and
 * comes back; so does NULL with errno.
 */
FILE *record_output_next(struct record_output *output);

/* A file that was made for this recording and did not begin is removed. False with errno: it does
 * not have all that was written. */
bool record_output_close(struct record_output *output);

#endif
