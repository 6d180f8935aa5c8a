/* SPDX-License-Identifier: Apache-2.0 */
/* The programs of the collector, loaded and attached. For collector.c only. */
#ifndef VHART_COLLECTOR_LOAD_H
#define VHART_COLLECTOR_LOAD_H

#include "trace/exits/exits_map.h"

#define COLLECTOR_LINKS 11u
#define COLLECTOR_KEYS	8192u /* that exits can be told apart by */

struct collector_programs {
	const char *step; /* what failed */
	int links[COLLECTOR_LINKS];
	int attached[COLLECTOR_LINKS]; /* the programs behind them, in their order */
	unsigned int link_count, program_count;
	int vcpus, known, runners, keyed, rings, records, texts, stacks, pieces; /* maps */
	int sampling;								 /* a program */
	uint64_t *keys_lost; /* in memory that the programs share */
	uint32_t *vcpu_count;
	void *skeleton;
	void (*destroy)(void *skeleton);
};

/* 0, or -errno with nothing left but STEP. */
int collector_load_fentry(struct collector_programs *programs, const struct exit_rules *rules);
int collector_load_lcofi(struct collector_programs *programs, const struct exit_rules *rules);
int collector_load_tracepoint(struct collector_programs *programs, const struct exit_rules *rules);
/* Begins: what was to be there before has been put into the maps. 0, or -errno. */
int collector_attach(struct collector_programs *programs);
void collector_unload(struct collector_programs *programs);

#endif
