/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that can be done to a running machine, as one const table (verbs.c). The control
 * socket, Lua and `vhart ctl` are shells over it; their help, the manual's section and the JSON
 * schema are made from it (verbs_help.c). To add a verb, add a row and its function: no shell knows
 * any verb by itself.
 *
 * Arguments and results are JSON values (json-c): a shell turns what it has into an object of named
 * arguments, and a row's function gives an object of named results.
 */
#ifndef VHART_VERBS_H
#define VHART_VERBS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/control/control.h"

#define VERB_ARGUMENTS_MAX 6u
#define VERB_BYTES_MAX	   (1u << 20) /* of memory, in one call */

enum verb_type {
	VERB_NONE,    /* ends a row's arguments */
	VERB_TEXT,    /* any characters; as JSON, a string */
	VERB_NUMBER,  /* 0 and up; also as a string: "0x20", "32" */
	VERB_SECONDS, /* a number, more than 0 */
	VERB_SIZE,    /* bytes; or as a string, with K, M, G or T: "512M" */
	VERB_HART,    /* a number below the machine's count of harts */
	VERB_ADDRESS, /* a number as above, or SYMBOL, or SYMBOL+NUMBER */
	VERB_BYTES,   /* two hexadecimal digits a byte */
	VERB_FLAG,    /* true or false */
	VERB_FILE,    /* a path of the host; vhart ctl takes it from where it is called */
	VERB_TYPES,
};

struct verb_argument {
	const char *name;
	enum verb_type type;
	const char *help;
	bool optional;
	const char *const *choices; /* of a VERB_TEXT; ends with NULL; NULL: any */
};

struct verb_value {
	bool given;
	uint64_t number; /* NUMBER, SIZE, HART, FLAG, and ADDRESS without a symbol */
	double seconds;
	const char *text; /* TEXT, BYTES (the digits), and ADDRESS with a symbol; else NULL */
	size_t len;	  /* of text */
};

/* What a verb needs of the machine. */
enum verb_when {
	WHEN_EVER,    /* nothing: also before, between and after its lives */
	WHEN_RUNNING, /* a life: its function takes the machine with control_take() */
	WHEN_HELD,    /* a life whose harts are held: a running machine is held for that time */
	WHENS,
};

/* One call of a verb. */
struct verb_call {
	struct control *control;
	struct events *events;	 /* the caller's, of all kinds; for verbs that wait */
	struct events *listens;	 /* what the caller is told as it happens; NULL: it cannot be */
	int abort_fd;		 /* see control_wait(); -1: none */
	struct machine *machine; /* WHEN_RUNNING and WHEN_HELD: the verb's until it returns */
	struct verb_value args[VERB_ARGUMENTS_MAX]; /* as in its row */
	json_object *result;			    /* an object, for the verb to fill */
	char error[CONTROL_ERROR_MAX];		    /* words, when it fails */
};

struct verb {
	const char *name;
	const char *help;   /* one sentence, without a dot */
	const char *result; /* the members of its result, in words; NULL: it has none. One called
			       "lines" is text for people, an array of strings. */
	enum verb_when when;
	bool goes_on; /* what it asked for is told to the caller after the result */
	bool (*run)(struct verb_call *call); /* false: error says why */
	struct verb_argument arguments[VERB_ARGUMENTS_MAX + 1];
};

/* The table; ends with a NULL name. */
extern const struct verb verbs[];
const struct verb *verb_find(const char *name);
/* The same of a user's word; NULL, with words in WHY. */
const struct verb *verb_find_or_say(const char *name, char why[CONTROL_ERROR_MAX]);
/* "number", "address", ... */
const char *verb_type_name(enum verb_type type);

/*
 * Checks ARGS, an object (NULL: none), against VERB's row: into VALUES, whose text is ARGS' own.
 * HARTS is the machine's count. False, with words in WHY. Pure.
 */
bool verb_take_arguments(const struct verb *verb, json_object *args, unsigned int harts,
			 struct verb_value values[VERB_ARGUMENTS_MAX], char why[CONTROL_ERROR_MAX]);

/* The COUNT words of a command line, in the row's order or as NAME=VALUE, as the object of
 * arguments. NULL, with words in WHY. The caller puts it. Pure. */
json_object *verb_words_to_arguments(const struct verb *verb, char *const *words,
				     unsigned int count, char why[CONTROL_ERROR_MAX]);

/*
 * Does VERB with ARGS: checks them, takes or holds the machine as its row says, runs it. The result
 * object is the caller's to put; NULL: CALL->error says why not. Of CALL, control, events and
 * abort_fd are set before.
 */
json_object *verb_do(const struct verb *verb, json_object *args, struct verb_call *call);

/* ---- the rows' functions, each in the file of its subject ---- */

bool verb_status(struct verb_call *call); /* verbs_machine.c */
bool verb_pause(struct verb_call *call);
bool verb_resume(struct verb_call *call);
bool verb_stop(struct verb_call *call);
bool verb_power_key(struct verb_call *call);
bool verb_reset(struct verb_call *call);
bool verb_type(struct verb_call *call);
bool verb_wait(struct verb_call *call); /* verbs_wait.c */
bool verb_listen(struct verb_call *call);
bool verb_breakpoint(struct verb_call *call); /* verbs_break.c */
bool verb_unbreak(struct verb_call *call);
bool verb_breakpoints(struct verb_call *call);
bool verb_step(struct verb_call *call);
bool verb_inject(struct verb_call *call);    /* verbs_interrupt.c */
bool verb_hart_stop(struct verb_call *call); /* verbs_hart.c */
bool verb_hart_start(struct verb_call *call);
bool verb_statistics(struct verb_call *call);
bool verb_dump(struct verb_call *call);	   /* verbs_dump.c */
bool verb_sysrq(struct verb_call *call);   /* verbs_sysrq.c */
bool verb_balloon(struct verb_call *call); /* verbs_balloon.c */
bool verb_where(struct verb_call *call);   /* verbs_where.c */
bool verb_symbol(struct verb_call *call);
bool verb_registers(struct verb_call *call); /* verbs_registers.c */
bool verb_set(struct verb_call *call);
bool verb_read(struct verb_call *call); /* verbs_memory.c */
bool verb_write(struct verb_call *call);
bool verb_pmu(struct verb_call *call); /* verbs_pmu.c */
bool verb_pmu_save(struct verb_call *call);
bool verb_pmu_restore(struct verb_call *call);

/* ---- for the rows' functions ---- */

/*
 * The address that argument INDEX is, a VERB_ADDRESS: symbols are looked up in the guest's names.
 * The harts are held. False, with words in CALL->error: there is no such symbol.
 */
bool verb_address(struct verb_call *call, unsigned int index, uint64_t *address);
/* A member of the result: "0x...". */
void verb_add_hex(struct verb_call *call, const char *name, uint64_t value);
/* A member of the result, "bytes". False: no memory. */
bool verb_add_bytes(struct verb_call *call, const uint8_t *bytes, size_t len);
/* Of a VERB_BYTES, half as many as it has digits; the caller frees them. NULL: no memory. */
uint8_t *verb_bytes(const struct verb_value *digits);
/* CALL->error, with the verb's NAME in front; false. */
bool verb_fail(struct verb_call *call, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool verb_symbols(struct verb_call *call); /* verbs_gdb.c */
bool verb_gdb(struct verb_call *call);

#endif
