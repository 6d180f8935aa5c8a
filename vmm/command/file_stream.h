/* SPDX-License-Identifier: Apache-2.0 */
/* The files of --extract as the guest's init sends them: one behind the other. Pure; untrusted. */
#ifndef VHART_FILE_STREAM_H
#define VHART_FILE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/command/protocol.h"

struct file_stream {
	unsigned int files;		    /* that are to come */
	unsigned int file;		    /* whose bytes come now */
	uint32_t errors[COMMAND_FILES_MAX]; /* of those before FILE; 0: it is complete */
	uint32_t left;			    /* bytes of FILE that come before the next message */
	size_t part_len;		    /* of the message that comes */
	uint8_t part[sizeof(struct command_message)];
	const char *wrong; /* what was; from then on all is dropped */
};

/*
 * Takes what is no bytes of a file; returns how many bytes that was. PAYLOAD of those behind it are
 * of FILE. STREAM->wrong is NULL, or a constant: then it has taken all.
 */
size_t file_stream_hear(struct file_stream *stream, const uint8_t *bytes, size_t len,
			size_t *payload);
/* LEN bytes of FILE have found their place. */
void file_stream_took(struct file_stream *stream, size_t len);

#endif
