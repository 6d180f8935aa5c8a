/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with gdb, from the inside: the few things that can be done to a machine, the session's
 * state, and the functions of its packets. dispatch.h is for those who have a session.
 */
#ifndef VHART_GDB_SESSION_H
#define VHART_GDB_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/debug/registers.h"
#include "vmm/gdb/packet.h"
#include "vmm/gdb/target_xml.h"

#define GDB_SIGNAL_INT	2u
#define GDB_SIGNAL_TRAP 5u

/* What a hart is to do when the machine goes on. */
enum gdb_action_kind { GDB_STAY, GDB_CONTINUE, GDB_STEP };
struct gdb_action {
	enum gdb_action_kind kind;
	/* GDB_STEP: again while pc is in [start, end). Both 0: once. */
	uint64_t start, end;
};

/*
 * The machine. Numbers of harts are below harts(). What is about registers, memory and breakpoints
 * is called only between hold() and let_go(); monitor(), resume() and detach() are not.
 */
struct gdb_target {
	unsigned int (*harts)(void *context);
	/* The harts are held for a while, if they are not. False: there is no machine now. */
	bool (*hold)(void *context);
	void (*let_go)(void *context);
	/* "halted"; into TEXT, for a line about HART. Between hold() and let_go(). */
	void (*describe)(void *context, unsigned int hart, char *text, size_t room);
	gdb_register_size *register_size;
	/* The value, of register_size() bytes. False: it cannot be had, or written. */
	bool (*read_register)(void *context, unsigned int hart, const struct hart_register *which,
			      void *bytes);
	bool (*write_register)(void *context, unsigned int hart, const struct hart_register *which,
			       const void *bytes);
	/* By virtual address as HART sees it, as it is without breakpoints. How many bytes. */
	size_t (*read_memory)(void *context, unsigned int hart, uint64_t address, void *bytes,
			      size_t len);
	size_t (*write_memory)(void *context, unsigned int hart, uint64_t address,
			       const void *bytes, size_t len);
	/* A breakpoint in the code that HART sees. NULL, or one sentence why not. */
	const char *(*insert)(void *context, unsigned int hart, uint64_t address);
	const char *(*remove)(void *context, unsigned int hart, uint64_t address);
	/* One action for each hart, at least one of which runs. NULL: harts will run, and then
	 * gdb_session_stopped() is called. Else why not. */
	const char *(*resume)(void *context, const struct gdb_action *actions);
	void (*interrupt)(void *context); /* harts that run are to stop */
	/* What COMMAND, a verb with its arguments, says. */
	void (*monitor)(void *context, const char *command, FILE *out);
	/* For the user, on vhart's own standard error: what gdb has no words for. */
	void (*note)(void *context, const char *text);
	/* Where the kernel begins now, whatever it was linked for. False: not known. */
	bool (*kernel_start)(void *context, uint64_t *address);
	/* gdb leaves: no breakpoint stays, and the harts run. */
	void (*detach)(void *context);
	void (*kill)(void *context); /* the machine is to end */
	void (*send)(void *context, const void *bytes, size_t len);
};

struct gdb_stop {
	unsigned int hart, signal;
	bool breakpoint; /* one that insert() made */
};

struct gdb_session {
	const struct gdb_target *target;
	void *context;
	struct gdb_parser parser;
	struct gdb_text reply;
	uint8_t frame[GDB_FRAME_MOST]; /* the last that was sent, for a NAK */
	size_t frame_len;
	bool no_ack;
	/* Of what was heard at once: the last packet, and whether copies of it may follow. */
	char taken[GDB_PACKET_MOST];
	size_t taken_len;
	bool has_taken, copies;
	bool running; /* harts run: gdb waits for a stop */
	bool over;    /* gdb has left: the connection is to be closed */
	bool knows_swbreak;
	unsigned int general; /* the hart that registers and memory are of */
	unsigned int control; /* the hart that c and s are for */
	struct gdb_stop stop; /* the last */
};

#define GDB_HARTS_MOST 512u

/* What a packet does: ARGUMENTS are behind its name, LEN bytes with a zero behind them. It puts the
 * answer into session->reply; an empty one says that the packet is not known. */
typedef void gdb_packet_handler(struct gdb_session *session, const char *arguments, size_t len);

gdb_packet_handler gdb_take_g, gdb_take_G, gdb_take_p, gdb_take_P; /* session_registers.c */
gdb_packet_handler gdb_take_m, gdb_take_M, gdb_take_X, gdb_take_Z, gdb_take_z; /* _memory.c */
gdb_packet_handler gdb_take_vCont, gdb_take_vCont_query, gdb_take_c, gdb_take_C, gdb_take_s,
	gdb_take_S, gdb_take_H, gdb_take_T; /* session_run.c */
gdb_packet_handler gdb_take_supported, gdb_take_xfer, gdb_take_threads, gdb_take_rest_of_threads,
	gdb_take_thread_info, gdb_take_rcmd, gdb_take_offsets, gdb_take_current; /* _query.c */

/* The answers that many have. */
void gdb_ok(struct gdb_session *session);
void gdb_fail(struct gdb_session *session); /* gdb says what of */
/* For those packets whose failure gdb explains with our words. */
void gdb_fail_because(struct gdb_session *session, const char *why);
/* The stop as a packet: "T05thread:1;". */
void gdb_put_stop(struct gdb_session *session);

/* A thread's number at *AT; false: none of a hart. ALL: "-1"; "0", any, gives the general one. */
bool gdb_take_thread(const struct gdb_session *session, const char **at, unsigned int *hart,
		     bool *all);

#endif
