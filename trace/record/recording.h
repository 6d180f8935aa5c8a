/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file between `vhart record` and `vhart report`: a JSON object a line, all of them flat, and
 * between the lines, since version 2, samples as recording_packed.h has them. Version 1 had samples
 * in lines too; it is still read. The first line is the header; keys and types that a reader does
 * not know are passed over. Times are CLOCK_MONOTONIC in ns, addresses and registers strings
 * "0x...". Pure; a reader takes bytes that nobody vouches for.
 */
#ifndef VHART_RECORDING_H
#define VHART_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"

#define RECORDING_VERSION 2u	 /* of what is written; those before it are read */
#define RECORDING_LINE	  16384u /* bytes of a line at most, its line feed included */

enum recording_type {
	RECORDING_OTHER, /* of a later writer: to be passed over */
	RECORDING_HEADER,
	RECORDING_SYMBOL,
	RECORDING_SAMPLE,
	RECORDING_LOST,
	RECORDING_VCPU,
	RECORDING_REASON,
	RECORDING_TASKS,
	RECORDING_MAPPING,
	RECORDING_VM,
	RECORDING_FINDING,
	RECORDING_MODULE,
	RECORDING_END,
};
#define RECORDING_TYPES (RECORDING_END + 1)

/* What a line's "type" is called. */
extern const char *const recording_type_words[RECORDING_TYPES];

/* "type":"header","vhart":"recording","version":2 */
struct recording_header {
	char event[32];	    /* "cycles", "cpu-clock", "exits" */
	char why[128];	    /* it was taken, where the user did not choose it */
	uint64_t period;    /* of the event, 0: it was sampled at a frequency */
	uint64_t frequency; /* 1/s */
	char vm[64];	    /* "" and 0: each has a line of its own (struct recording_vm) */
	uint64_t pid;
	char way[64];	   /* how it was watched */
	uint64_t start;	   /* CLOCK_MONOTONIC */
	uint64_t realtime; /* CLOCK_REALTIME at the same moment */
	bool chains;	   /* callers were looked for */
	bool judged;	   /* what is odd was looked for */
	char kernel[4096]; /* the file that the VM booted; "": not known */
};

#define RECORDING_VMS 128u

/* "type":"vm": where several are recorded, each, before the first line or sample of it. */
struct recording_vm {
	uint64_t vm; /* its number, from 1 up; 0 is that of the header everywhere */
	char name[64];
	uint64_t pid;
	char kernel[4096]; /* the file that it booted; "": not known */
};

/* "type":"symbol": a function that addresses of the samples of that VM behind it are in. */
struct recording_symbol {
	uint64_t vm;
	uint64_t start, size;
	char name[512];
	char module[64]; /* "": the kernel itself */
};

#define RECORDING_CALLERS 127u
#define RECORDING_COMM	  16u

/* The guest's task, in packed samples only. Names are the guest's: any bytes up to a 0. */
struct recording_task {
	uint32_t known; /* 0: all of it is */
	uint32_t space; /* what it has mapped: of struct recording_mapping; 0: not known */
	uint32_t process, thread;
	char comm[RECORDING_COMM]; /* of the thread */
	char name[RECORDING_COMM]; /* of the process */
};

/* "type":"sample" in version 1 */
struct recording_sample {
	uint64_t time;
	uint64_t vm; /* in packed samples only */
	uint64_t vcpu;
	bool user; /* "mode":"u", else "g": the guest's kernel */
	uint64_t pc;
	uint64_t count;	     /* overflows of the event at this exit; or so many such exits */
	uint64_t ns, vmm_ns; /* what the host took for the exit, and the VMM of it */
	char exit[96];	     /* its name */
	struct recording_task task;
	uint64_t depth;
	uint64_t callers[RECORDING_CALLERS]; /* where they go on, inmost first */
};

/* "type":"lost": so many records are missing before the next sample of that vCPU. */
struct recording_lost {
	uint64_t vm, vcpu, records;
};

/* "type":"vcpu": at the end, of each. */
struct recording_vcpu {
	uint64_t vm, vcpu;
	uint64_t overflows; /* of the event in its thread, also those while the host ran */
	uint64_t stvec;	    /* the guest's; 0: not known */
};

#define RECORDING_COLUMNS 512u

/* "type":"reason": at the end of a recording of exits, when those for one reason came, and how long
 * they took. Those before 0.5 have no such lines. */
struct recording_reason {
	char exit[96];
	uint64_t from, step;		     /* of the columns of time */
	uint64_t min, max;		     /* ns */
	uint64_t count;			     /* of columns */
	uint32_t columns[RECORDING_COLUMNS]; /* exits in each: "3 0 17" */
	uint32_t buckets[EXIT_BUCKETS];	     /* exits by exit_bucket(): "31:17 40:3" */
};

/* "type":"tasks": of some samples of a VM the task is not known. */
struct recording_tasks {
	uint64_t vm;
	char why[128]; /* "": it is not known yet */
};

#define RECORDING_SPACES_MAX (1u << 16)

/* "type":"mapping": code of a process, before the samples in it. */
struct recording_mapping {
	uint64_t space; /* from 1 up */
	uint64_t start, end, offset;
	char file[256]; /* its path in the guest; "": none, or not known */
};

/* "type":"finding": at the end, what was odd, in the words of `vhart stat --findings`. */
struct recording_finding {
	char headline[768];
	char seen[160], why[160], help[160]; /* how odd it was, why it is odd, what to try */
};

/*
 * "type":"module": the code of a module of the guest's kernel. From here on no other is where it
 * is; what no line before it says of a place holds for the samples before it too. Symbols with its
 * name are its own. Those before 0.5 have no such lines.
 */
struct recording_module {
	uint64_t vm;
	uint64_t start, size; /* less than 4 GiB */
	char name[64];	      /* not "" */
};

/* "type":"end": nothing is missing behind it. */
struct recording_end {
	uint64_t time, samples;
};

struct recording_line {
	enum recording_type type;
	union {
		struct recording_header header;
		struct recording_symbol symbol;
		struct recording_sample sample;
		struct recording_lost lost;
		struct recording_vcpu vcpu;
		struct recording_reason reason;
		struct recording_tasks tasks;
		struct recording_mapping mapping;
		struct recording_vm vm;
		struct recording_finding finding;
		struct recording_module module;
		struct recording_end end;
	};
};

/* Writes LINE and a line feed; how many bytes. */
size_t recording_write(const struct recording_line *line, char out[RECORDING_LINE]);

/* Reads the LEN bytes at TEXT, which it cuts up. False with WHY, words that follow "line 7": they
 * are no such line. */
bool recording_read(char *text, size_t len, struct recording_line *line, const char **why);

/* The WHY of a header that a later vhart wrote. */
extern const char recording_of_another_version[];

#endif
