/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of gdb's remote serial protocol (gdb manual, appendix "gdb Remote Serial Protocol",
 * Overview): what comes from gdb, byte by byte, and what goes to it. Pure.
 */
#ifndef VHART_GDB_PACKET_H
#define VHART_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of one packet between its $ and its #, as they are without escapes. */
#define GDB_PACKET_MOST 4096u

enum gdb_item {
	GDB_MORE,      /* it is not complete yet */
	GDB_PACKET,    /* in TEXT */
	GDB_DAMAGED,   /* its checksum is wrong, or there is no such encoding: ask for it again */
	GDB_TOO_LONG,  /* it was more than anybody may send */
	GDB_ACK,       /* + */
	GDB_NAK,       /* -: send the last again */
	GDB_INTERRUPT, /* Ctrl-C, outside of packets */
};

struct gdb_parser {
	int state;			/* packet.c */
	uint8_t sum, given;		/* of the checksum: what it is, and its first digit */
	bool bad, long_one;		/* what its end will say */
	size_t len;			/* of TEXT */
	char text[GDB_PACKET_MOST + 1]; /* with a zero behind it; it may have zeros in it too */
};

/* Takes the next byte; any byte may follow any other. A parser that is all zeros is fresh. */
enum gdb_item gdb_parse(struct gdb_parser *parser, uint8_t byte);

/* What is to be sent: grows up to its room, and tells when it did not suffice. */
struct gdb_text {
	size_t len;
	bool overflow;
	char bytes[GDB_PACKET_MOST];
};

void gdb_put(struct gdb_text *text, const void *bytes, size_t len);
void gdb_print(struct gdb_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Two hexadecimal digits a byte. */
void gdb_put_hex(struct gdb_text *text, const void *bytes, size_t len);

/* A packet with TEXT: every byte may need an escape. Returns its size. */
#define GDB_FRAME_MOST (2 * GDB_PACKET_MOST + 4)
size_t gdb_frame(const struct gdb_text *text, uint8_t frame[GDB_FRAME_MOST]);

/* The value of hexadecimal digits at *AT, which moves behind them: 1 to 16 of them, else false. */
bool gdb_take_number(const char **at, uint64_t *value);
/* LEN bytes from twice as many digits at *AT; false where they are not. */
bool gdb_take_hex(const char **at, void *bytes, size_t len);

#endif
