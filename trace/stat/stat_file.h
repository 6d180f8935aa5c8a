/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of `vhart stat --save`, for `vhart diff`: a JSON object a line. The first is the header,
 * the last says that nothing is missing; keys and types that a reader does not know are passed
 * over. Times are ns. Pure; a reader takes bytes that nobody vouches for.
 */
#ifndef VHART_STAT_FILE_H
#define VHART_STAT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/exits/exits_map.h"
#include "trace/stat/stat_table.h"

#define STAT_FILE_VERSION 1u
#define STAT_FILE_LINE	  8192u	 /* bytes of a line at most, its line feed included */
#define STAT_FILE_ROWS	  65536u /* that a reader takes */
#define STAT_FILE_WHY	  160u

/* Of the run. Texts are shown by printable() alone once they are read. */
struct stat_facts {
	char vhart[32];	   /* the version that counted */
	char kernel[128];  /* of the host */
	char guest[512];   /* the kernel's file, "": not known, or of several VMs */
	char way[64];	   /* how it was counted */
	uint64_t realtime; /* CLOCK_REALTIME of the end */
	uint64_t wall;	   /* how long it was watched */
	uint64_t vcpus;	   /* that were seen */
	uint64_t lost;	   /* events, exits, and vCPUs for which was no room */
};

/* Exits of one kind of one vCPU. */
struct stat_row {
	char reason[32], sub[48];
	uint64_t vcpu;
	struct exit_times times;
};

struct stat_file {
	struct stat_facts facts;
	struct stat_row *rows;
	size_t count, room;
};

/* SAMPLE is a difference. FACTS but for the number of vCPUs, which is counted here. False: OUT
 * takes no more. */
bool stat_file_write(FILE *out, const struct stat_facts *facts, const struct stat_sample *sample);

/* FILE is empty, and is freed by stat_file_free() also after a failure: false with WHY, words that
 * follow the name of the file. */
bool stat_file_read(FILE *in, struct stat_file *file, char why[STAT_FILE_WHY]);
void stat_file_free(struct stat_file *file);

#endif
