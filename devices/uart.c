/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NS16550A, as the PC16550D data sheet has it, with byte-wide registers one byte apart.
 *
 * The wire is infinitely fast: a character written to THR is on the console's side at once, so the
 * transmitter looks empty again when the write returns. What the guest writes character by
 * character is collected here and goes to the console in larger pieces: at each newline, when the
 * buffer fills, and at the latest in the event loop's next turn.
 *
 * The other way it is not: a driver reads until the receiver is empty, in Linux with interrupts
 * off, and input may have no end. So the receiver rests after some FIFOs for as long as those took,
 * and a guest has half of its time for other things.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "devices/devices.h"

enum uart_register {
	REG_DATA = 0, /* RBR, THR, DLL */
	REG_IER = 1,  /* and DLM */
	REG_IIR = 2,  /* and FCR */
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_MSR = 6,
	REG_SCR = 7,
};

#define IER_RECEIVED 0x01u
#define IER_THRE     0x02u
#define IER_LINE     0x04u
#define IER_MODEM    0x08u
#define IER_BITS     0x0fu

#define IIR_NONE     0x01u
#define IIR_LINE     0x06u
#define IIR_RECEIVED 0x04u
#define IIR_TIMEOUT  0x0cu
#define IIR_THRE     0x02u
#define IIR_MODEM    0x00u
#define IIR_FIFOS    0xc0u

#define FCR_ENABLE   0x01u
#define FCR_CLEAR_RX 0x02u

#define LCR_DLAB 0x80u

#define MCR_DTR	 0x01u
#define MCR_RTS	 0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u
#define MCR_BITS 0x1fu

#define LSR_DATA    0x01u
#define LSR_OVERRUN 0x02u
#define LSR_BREAK   0x10u
#define LSR_THRE    0x20u
#define LSR_TEMT    0x40u

#define MSR_DELTA_CTS 0x01u
#define MSR_DELTA_DSR 0x02u
#define MSR_TRAIL_RI  0x04u
#define MSR_DELTA_DCD 0x08u
#define MSR_CTS	      0x10u
#define MSR_DSR	      0x20u
#define MSR_RI	      0x40u
#define MSR_DCD	      0x80u
#define MSR_LINES     0xf0u

#define RECEIVE_FIFO 16u
/* So many FIFOs are read without a rest. It is a short one, as one who takes long for them is not
 * kept from other things. */
#define REFILLS_MOST 16u
#define REST_MOST_NS (NS_PER_S / 50)
#define OUTPUT_SIZE  1024u
/*
 * A driver looks at THRE once and then writes a whole FIFO of characters. That much room is kept
 * free behind the mark at which THRE goes away, so that such a burst is never lost.
 */
#define OUTPUT_RESERVE 128u

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

/* ---- the wire ---- */

static size_t wire_write(struct uart *uart, const void *bytes, size_t len)
{
	return uart->wire.write ? uart->wire.write(uart->wire.opaque, bytes, len)
				: machine_console_write(uart->machine, bytes, len);
}

static size_t wire_read(struct uart *uart, void *bytes, size_t len)
{
	return uart->wire.write ? uart->wire.read(uart->wire.opaque, bytes, len)
				: machine_console_read(uart->machine, bytes, len);
}

/* Until it takes at least a byte. False: it will not, and a byte is lost. */
static bool wire_wait(struct uart *uart)
{
	if (!uart->wire.write)
		return machine_console_wait(uart->machine);
	uart->wire.lost(uart->wire.opaque, 1);
	return false;
}

/* ---- interrupts ---- */

/* What LSR is to say of the character that is read next. */
static bool break_is_next(const struct uart *uart)
{
	return uart->received_count && uart->breaks[uart->received_first];
}

static unsigned int interrupt_id(const struct uart *uart)
{
	static const uint8_t triggers[4] = {1, 4, 8, 14};

	if ((uart->overrun || break_is_next(uart)) && (uart->ier & IER_LINE))
		return IIR_LINE;
	if (uart->received_count && (uart->ier & IER_RECEIVED)) {
		/* Below the trigger level the character timeout reports; here it is over at once.
		 */
		if ((uart->fcr & FCR_ENABLE) && uart->received_count < triggers[uart->fcr >> 6])
			return IIR_TIMEOUT;
		return IIR_RECEIVED;
	}
	if (uart->thre_pending && (uart->ier & IER_THRE))
		return IIR_THRE;
	if ((uart->msr & ~MSR_LINES) && (uart->ier & IER_MODEM))
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_interrupt(struct uart *uart)
{
	machine_irq_set(uart->machine, uart->line, interrupt_id(uart) != IIR_NONE);
}

/* ---- transmitter ---- */

static void output_flush(struct uart *uart)
{
	size_t taken;

	if (!uart->output_len)
		return;
	taken = wire_write(uart, uart->output, uart->output_len);
	uart->output_len -= (unsigned int)taken;
	memmove(uart->output, uart->output + taken, uart->output_len);
	uart->blocked = uart->output_len != 0;
}

static void flush_task(struct loop_task *task)
{
	struct uart *uart = task->opaque;

	if (!uart->blocked)
		output_flush(uart);
}

void uart_room(struct uart *uart)
{
	if (!uart->blocked)
		return;
	output_flush(uart);
	if (uart->blocked)
		return;
	uart->thre_pending = true;
	update_interrupt(uart);
}

static void console_room(struct console_device *console)
{
	uart_room(console->opaque);
}

static void output_byte(struct uart *uart, uint8_t byte)
{
	/* Linux's printk looks at THRE for ten milliseconds, and then writes all the same: the
	 * store takes as long as the wire does, and nothing is lost. */
	while (uart->output_len == OUTPUT_SIZE) {
		if (!wire_wait(uart))
			return;
		output_flush(uart);
	}
	uart->output[uart->output_len++] = byte;
	if (uart->blocked)
		return;
	if (byte == '\n' || uart->output_len >= OUTPUT_SIZE - OUTPUT_RESERVE)
		output_flush(uart);
	else if (uart->output_len == 1)
		loop_post(machine_loop(uart->machine), &uart->flush);
}

/* ---- receiver ---- */

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

static void receive_byte(struct uart *uart, uint8_t byte)
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
		receive_byte(uart, uart->after_break);
		uart->break_state = BREAK_NONE;
	}
}

static void receive_from_wire(struct uart *uart)
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
		receive_byte(uart, uart->held[0]);
		memmove(uart->held, uart->held + 1, --uart->held_count);
	}
	if (uart->received_count >= capacity)
		return;
	count = wire_read(uart, bytes, capacity - uart->received_count);
	for (size_t i = 0; i < count; i++)
		receive_byte(uart, bytes[i]);
}

void uart_input(struct uart *uart)
{
	receive_from_wire(uart);
	update_interrupt(uart);
}

static void rested(struct loop_timer *timer)
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
		receive_from_wire(uart);
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

static void console_input(struct console_device *console)
{
	uart_input(console->opaque);
}

static uint8_t read_received(struct uart *uart)
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

/* ---- modem lines ---- */

/* Normally a modem that is always there; in loopback mode MCR's outputs come back as inputs. */
static unsigned int modem_lines(const struct uart *uart)
{
	if (!(uart->mcr & MCR_LOOP))
		return MSR_DCD | MSR_DSR | MSR_CTS;
	return (uart->mcr & MCR_DTR ? MSR_DSR : 0) | (uart->mcr & MCR_RTS ? MSR_CTS : 0) |
	       (uart->mcr & MCR_OUT1 ? MSR_RI : 0) | (uart->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void update_modem_lines(struct uart *uart)
{
	unsigned int before = uart->msr & MSR_LINES;
	unsigned int now = modem_lines(uart);
	unsigned int changed = (before ^ now) >> 4;
	unsigned int deltas = changed & (MSR_DELTA_CTS | MSR_DELTA_DSR | MSR_DELTA_DCD);

	/* Of the ring indicator only the trailing edge counts. */
	if ((before & MSR_RI) && !(now & MSR_RI))
		deltas |= MSR_TRAIL_RI;
	uart->msr = (uint8_t)(now | (uart->msr & ~MSR_LINES) | deltas);
}

/* ---- registers ---- */

static void write_data(struct uart *uart, uint8_t byte)
{
	if (uart->mcr & MCR_LOOP)
		receive_byte(uart, byte);
	else
		output_byte(uart, byte);
	uart->thre_pending = !uart->blocked;
}

static void write_ier(struct uart *uart, uint8_t value)
{
	/* Enabling the THRE interrupt while THR is empty raises it: Linux's THRE test looks. */
	if ((value & ~uart->ier & IER_THRE) && !uart->blocked)
		uart->thre_pending = true;
	uart->ier = value & IER_BITS;
	if (uart->ier & IER_RECEIVED) {
		uart->listening = true;
		receive_from_wire(uart);
	}
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

static void write_fcr(struct uart *uart, uint8_t value)
{
	bool toggled = (value ^ uart->fcr) & FCR_ENABLE;

	/* Clearing the transmit FIFO finds it empty: what was written is on the wire already. */
	if (toggled || (value & FCR_CLEAR_RX)) {
		if (!(uart->mcr & MCR_LOOP))
			hold_received(uart);
		uart->received_count = 0;
		uart->overrun = false;
		uart->listening = uart->ier & IER_RECEIVED;
	}
	uart->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | 0xc0u) : 0;
	receive_from_wire(uart);
}

static uint8_t read_iir(struct uart *uart)
{
	unsigned int id = interrupt_id(uart);

	if (id == IIR_THRE)
		uart->thre_pending = false;
	return (uint8_t)(id | (uart->fcr & FCR_ENABLE ? IIR_FIFOS : 0));
}

static uint8_t read_lsr(struct uart *uart)
{
	uint8_t lsr = uart->blocked ? 0 : LSR_THRE | LSR_TEMT;

	/*
	 * Who looks again and again, though the transmitter is ready, polls for input. Twice is
	 * not enough: Linux's start-up does that before it throws a character away.
	 */
	if (uart->lsr_reads >= 2 && !uart->blocked && !uart->listening) {
		uart->listening = true;
		receive_from_wire(uart);
	}
	if (uart->received_count)
		lsr |= LSR_DATA;
	if (uart->overrun)
		lsr |= LSR_OVERRUN;
	if (break_is_next(uart))
		lsr |= LSR_BREAK;
	uart->overrun = false;
	uart->breaks[uart->received_first] = false;
	return lsr;
}

static uint8_t read_msr(struct uart *uart)
{
	uint8_t msr = uart->msr;

	uart->msr &= MSR_LINES;
	return msr;
}

static uint64_t uart_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct uart *uart = region->opaque;
	bool dlab = uart->lcr & LCR_DLAB;
	uint8_t value = 0;

	(void)size;
	switch (offset) {
	case REG_DATA: value = dlab ? uart->dll : read_received(uart); break;
	case REG_IER: value = dlab ? uart->dlm : uart->ier; break;
	case REG_IIR: value = read_iir(uart); break;
	case REG_LCR: value = uart->lcr; break;
	case REG_MCR: value = uart->mcr; break;
	case REG_LSR: value = read_lsr(uart); break;
	case REG_MSR: value = read_msr(uart); break;
	case REG_SCR: value = uart->scr; break;
	default:
		machine_guest_error(uart->machine, region->name, "read of register 0x%" PRIx64,
				    offset);
	}
	/* EDK2 polls for input by MSR, MCR and LSR in turn. */
	if (offset == REG_LSR)
		uart->lsr_reads++;
	else if (offset != REG_MSR && offset != REG_MCR)
		uart->lsr_reads = 0;
	update_interrupt(uart);
	return value;
}

static void write_mcr(struct uart *uart, uint8_t value)
{
	uart->mcr = value & MCR_BITS;
	update_modem_lines(uart);
	receive_from_wire(uart);
}

static void uart_write(struct mmio_region *region, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct uart *uart = region->opaque;
	bool dlab = uart->lcr & LCR_DLAB;
	uint8_t byte = (uint8_t)value;

	(void)size;
	uart->lsr_reads = 0;
	switch (offset) {
	case REG_DATA:
		if (dlab)
			uart->dll = byte;
		else
			write_data(uart, byte);
		break;
	case REG_IER:
		if (dlab)
			uart->dlm = byte;
		else
			write_ier(uart, byte);
		break;
	case REG_IIR: write_fcr(uart, byte); break;
	case REG_LCR: uart->lcr = byte; break;
	case REG_MCR: write_mcr(uart, byte); break;
	case REG_LSR:
	case REG_MSR: break; /* read-only */
	case REG_SCR: uart->scr = byte; break;
	default:
		machine_guest_error(uart->machine, region->name, "write of register 0x%" PRIx64,
				    offset);
	}
	update_interrupt(uart);
}

bool uart_break(struct uart *uart, uint8_t then)
{
	if (!uart->listening || uart->break_state != BREAK_NONE)
		return false;
	uart->break_state = BREAK_DUE;
	uart->after_break = then;
	receive_from_wire(uart);
	update_interrupt(uart);
	return true;
}

static struct uart *make(struct machine *machine, const struct uart_place *place)
{
	struct uart *uart = calloc(1, sizeof(*uart));
	int err;

	if (!uart) {
		error("no memory for the UART");
		return NULL;
	}
	uart->machine = machine;
	uart->line = place->line;
	uart->msr = MSR_DCD | MSR_DSR | MSR_CTS;
	uart->flush = (struct loop_task){.run = flush_task, .opaque = uart};
	uart->rest = (struct loop_timer){.expired = rested, .opaque = uart};
	uart->region = (struct mmio_region){.name = place->name,
					    .base = place->gpa,
					    .len = UART_LEN,
					    .read = uart_read,
					    .write = uart_write,
					    .opaque = uart};
	err = machine_mmio_add(machine, &uart->region);
	if (!err)
		return uart;
	error("the UART cannot be placed at 0x%" PRIx64 ": %s", place->gpa, strerror(-err));
	free(uart);
	return NULL;
}

struct uart *uart_new(struct machine *machine, uint64_t gpa, unsigned int line)
{
	struct uart *uart = make(machine, &(struct uart_place){"uart", gpa, line});

	if (!uart)
		return NULL;
	uart->console = (struct console_device){
		.input = console_input, .room = console_room, .opaque = uart};
	machine_console_attach(machine, &uart->console);
	return uart;
}

struct uart *uart_new_on(struct machine *machine, const struct uart_place *place,
			 const struct uart_wire *wire)
{
	struct uart *uart = make(machine, place);

	if (uart)
		uart->wire = *wire;
	return uart;
}

void uart_free(struct uart *uart)
{
	unsigned int before;

	if (!uart)
		return;
	/* The guest saw these characters leave: give the console every chance to take them. */
	do {
		before = uart->output_len;
		output_flush(uart);
	} while (uart->output_len && uart->output_len != before);
	if (uart->output_len && uart->wire.lost)
		uart->wire.lost(uart->wire.opaque, uart->output_len);
	if (uart->flush.posted)
		loop_withdraw(machine_loop(uart->machine), &uart->flush);
	if (uart->resting)
		loop_timer_set(machine_loop(uart->machine), &uart->rest, 0);
	machine_mmio_remove(uart->machine, &uart->region);
	free(uart);
}
