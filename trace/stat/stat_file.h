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
#define STAT_FILE_ROWS	  65536u /* that a reader takes, and so many keys */
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
	char keys[16];	   /* what exits are told apart by beside their kind: "mmio", "csr", "pc";
			      "": nothing. Files of before 0.5 have none */
};

/* Exits of one kind of one vCPU. */
struct stat_row {
	char reason[32], sub[48];
	uint64_t vcpu;
	struct exit_times times;
};

/* Exits of one kind of one vCPU at one device register, at one CSR, or from one pc. The times have
 * neither min nor max. */
struct stat_key {
	struct stat_row row;
	uint64_t value; /* guest physical address, CSR, or guest pc */
	char name[128]; /* "uart+0x5 (LSR)", "cycle", "memset+0x1c"; "": not known */
};

struct stat_file {
	struct stat_facts facts;
	struct stat_row *rows;
	size_t count, room;
	struct stat_key *keys;
	size_t keys_count, keys_room;
};

/* SAMPLE is a difference; VIEW says which of its keys are of interest, and names them. FACTS but
 * for the number of vCPUs, which is counted here. False: OUT takes no more. */
bool stat_file_write(FILE *out, const struct stat_facts *facts, const struct stat_view *view,
		     const struct stat_sample *sample);

/* FILE is empty, and is freed by stat_file_free() also after a failure: false with WHY, words that
 * follow the name of the file. */
bool stat_file_read(FILE *in, struct stat_file *file, char why[STAT_FILE_WHY]);
void stat_file_free(struct stat_file *file);

#endif
