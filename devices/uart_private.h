/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the UART's two halves share: its registers and transmitter (uart.c), and its receiver
 * (uart_receiver.c). All of it under the machine's lock.
 */
#ifndef VHART_UART_PRIVATE_H
#define VHART_UART_PRIVATE_H

#include "devices/devices.h"

#define IER_RECEIVED 0x01u
#define FCR_ENABLE   0x01u
#define MCR_LOOP     0x10u

#define RECEIVE_FIFO 16u
#define OUTPUT_SIZE  1024u

struct uart {
	struct machine *machine;
	unsigned int line;
	struct mmio_region region;
	struct console_device console;
	struct uart_wire wire; /* without write(): the console */
	struct loop_task flush;
	struct loop_timer rest;

	uint8_t ier, fcr, lcr, mcr, msr, scr, dll, dlm;
	bool overrun;
	bool listening;		/* the driver is up: input may enter the receiver */
	unsigned int lsr_reads; /* of LSR, with none between but reads of MCR and MSR */
	bool thre_pending;	/* the THRE interrupt, until IIR is read or THR written */

	uint8_t received[RECEIVE_FIFO];
	bool breaks[RECEIVE_FIFO]; /* which of them are a BREAK; its byte is 0 */
	unsigned int received_first, received_count;
	unsigned int refills; /* in a row, since REFILLS_SINCE on clock_now() */
	uint64_t refills_since;
	bool resting;
	enum { BREAK_NONE, BREAK_DUE, BREAK_CAME } break_state; /* of uart_break() */
	uint8_t after_break;
	uint8_t held[RECEIVE_FIFO]; /* input that a clearing driver sent back to the wire */
	unsigned int held_count;

	uint8_t output[OUTPUT_SIZE];
	unsigned int output_len;
	bool blocked; /* the console takes no more: wait for room() */
};

/* After whatever may change which interrupt is due. */
void uart_update_interrupt(struct uart *uart);

/* BYTE enters the receiver: in loopback mode, from the transmitter. */
void uart_receive(struct uart *uart, uint8_t byte);
/* Fills the receiver, if the guest may receive now. */
void uart_receive_from_wire(struct uart *uart);
/* RBR: 0 when nothing is there. */
uint8_t uart_read_received(struct uart *uart);
/* Empties the receiver. What came by the wire waits to be received again. */
void uart_clear_received(struct uart *uart);
/* What LSR is to say of the character that is read next. */
bool uart_break_is_next(const struct uart *uart);
/* The timer's, when a rest is over. */
void uart_rested(struct loop_timer *timer);

#endif
