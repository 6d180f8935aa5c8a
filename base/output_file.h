/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that an option names and that a running machine writes to: nobody waits for it. A file
 * that takes nothing more, on a full disk for instance, is given up. That is said once, and at the
 * end how much is missing. One thread.
 */
#ifndef VHART_OUTPUT_FILE_H
#define VHART_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

struct output_file {
	const char *option, *path; /* messages begin with both: "--console-log ", "boot.log" */
	int fd;
	struct writer *writer; /* NULL: it is not open */
	uint64_t given, lost;  /* bytes */
	bool failed;	       /* it was given up, and that was said */
};

/* The file at PATH, emptied or, with APPEND, continued, behind a buffer of ROOM bytes. Never waits:
 * a pipe that nobody reads is refused. False after error(). OPTION and PATH outlive it. */
bool output_file_open(struct output_file *file, const char *option, const char *path, bool append,
		      size_t room);
/* Writes what is left, as long as something goes out in each second, or with HURRY for a fifth of
 * one at most, and says what is missing. */
void output_file_close(struct output_file *file, bool hurry);

/* Takes what there is room for; it goes out with writer_go(). */
size_t output_file_put(struct output_file *file, const void *bytes, size_t len);
/* LEN bytes that were for it are in it never. */
void output_file_lose(struct output_file *file, size_t len);

/* When writer_event() says that there is something to hear. False: the file was given up. */
bool output_file_heard(struct output_file *file);

#endif
