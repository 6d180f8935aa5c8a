/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UART's receiver: its FIFO, and what waits for a place in it.
 *
 * The wire is fast, but not infinitely so as for the transmitter: a driver reads until the receiver
 * is empty, in Linux with interrupts off, and input may have no end. So the receiver rests after
 * some FIFOs for as long as those took, and a guest has half of its time for other things.
 */
#include <string.h>

#include "base/clock.h"
#include "devices/uart_private.h"

/* So many FIFOs are read without a rest. It is a short one, as one who takes long for them is not
 * kept from other things. */
#define REFILLS_MOST 16u
#define REST_MOST_NS (NS_PER_S / 50)

static size_t wire_read(struct uart *uart, void *bytes, size_t len)
{
	return uart->wire.write ? uart->wire.read(uart->wire.opaque, bytes, len)
				: machine_console_read(uart->machine, bytes, len);
}

bool uart_break_is_next(const struct uart *uart)
{
	return uart->received_count && uart->breaks[uart->received_first];
}

static unsigned int receive_capacity(const struct uart *uart)
{
	return uart->fcr & FCR_ENABLE ? RECEIVE_FIFO : 1;
}

static void receive(struct uart *uart, uint8_t byte, bool is_break)
{
	unsigned int at = (uart->received_first + uart->received_count) % RECEIVE_FIFO;

	if (uart->received_count >= receive_capacity(uart)) {
		uart->overrun = true;
		return;
	}
	uart->received[at] = byte;
	uart->breaks[at] = is_break;
	uart->received_count++;
}

void uart_receive(struct uart *uart, uint8_t byte)
{
	receive(uart, byte, false);
}

/* The BREAK of uart_break() and what follows it come before all other input that waits. */
static void receive_break(struct uart *uart)
{
	if (uart->break_state == BREAK_DUE && uart->received_count < receive_capacity(uart)) {
		receive(uart, 0, true);
		uart->break_state = BREAK_CAME;
	}
	if (uart->break_state == BREAK_CAME && uart->received_count < receive_capacity(uart)) {
		uart_receive(uart, uart->after_break);
		uart->break_state = BREAK_NONE;
	}
}

void uart_receive_from_wire(struct uart *uart)
{
	uint8_t bytes[RECEIVE_FIFO];
	unsigned int capacity = receive_capacity(uart);
	size_t count;

	/*
	 * In loopback mode the receiver is cut off from the wire: input waits at the console. So it
	 * does while a driver starts up: that clears the receiver several times, and a pipe's input
	 * is all there by then.
	 */
	if (!uart->listening || (uart->mcr & MCR_LOOP) || uart->received_count >= capacity ||
	    uart->resting)
		return;
	receive_break(uart);
	while (uart->held_count && uart->received_count < capacity) {
		uart_receive(uart, uart->held[0]);
		memmove(uart->held, uart->held + 1, --uart->held_count);
	}
	if (uart->received_count >= capacity)
		return;
	count = wire_read(uart, bytes, capacity - uart->received_count);
	for (size_t i = 0; i < count; i++)
		uart_receive(uart, bytes[i]);
}

void uart_input(struct uart *uart)
{
	uart_receive_from_wire(uart);
	uart_update_interrupt(uart);
}

void uart_rested(struct loop_timer *timer)
{
	struct uart *uart = timer->opaque;

	uart->resting = false;
	uart_input(uart);
}

/* The FIFO has been read. */
static void refill(struct uart *uart)
{
	uint64_t took;

	if (uart->refills == 0)
		uart->refills_since = clock_now();
	if (uart->refills++ < REFILLS_MOST) {
		uart_receive_from_wire(uart);
		if (!uart->received_count)
			uart->refills = 0;
		return;
	}
	uart->refills = 0;
	uart->resting = true;
	took = clock_now() - uart->refills_since;
	loop_timer_set(machine_loop(uart->machine), &uart->rest,
		       took < REST_MOST_NS ? took + 1 : REST_MOST_NS);
}

uint8_t uart_read_received(struct uart *uart)
{
	uint8_t byte;

	if (!uart->received_count)
		return 0;
	byte = uart->received[uart->received_first];
	uart->received_first = (uart->received_first + 1) % RECEIVE_FIFO;
	if (--uart->received_count == 0)
		refill(uart);
	return byte;
}

/* What was received, but for a BREAK, goes back in front of what is held: together never more than
 * one FIFO. */
static void hold_received(struct uart *uart)
{
	uint8_t back[RECEIVE_FIFO];
	unsigned int count = 0;

	for (unsigned int i = 0; i < uart->received_count; i++) {
		unsigned int at = (uart->received_first + i) % RECEIVE_FIFO;

		if (!uart->breaks[at])
			back[count++] = uart->received[at];
	}
	if (count + uart->held_count > RECEIVE_FIFO)
		return;
	memmove(uart->held + count, uart->held, uart->held_count);
	memcpy(uart->held, back, count);
	uart->held_count += count;
}

void uart_clear_received(struct uart *uart)
{
	if (!(uart->mcr & MCR_LOOP))
		hold_received(uart);
	uart->received_count = 0;
	uart->overrun = false;
	uart->listening = uart->ier & IER_RECEIVED;
}

bool uart_break(struct uart *uart, uint8_t then)
{
	if (!uart->listening || uart->break_state != BREAK_NONE)
		return false;
	uart->break_state = BREAK_DUE;
	uart->after_break = then;
	uart_receive_from_wire(uart);
	uart_update_interrupt(uart);
	return true;
}
