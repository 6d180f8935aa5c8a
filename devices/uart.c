/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NS16550A, as the PC16550D data sheet has it, with byte-wide registers one byte apart.
 *
 * The wire is infinitely fast: a character written to THR is on the console's side at once, so the
 * transmitter looks empty again when the write returns. What the guest writes character by
 * character is collected here and goes to the console in larger pieces: at each newline, when the
 * buffer fills, and at the latest in the event loop's next turn. The receiver: uart_receiver.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/uart_private.h"

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

#define IER_THRE  0x02u
#define IER_LINE  0x04u
#define IER_MODEM 0x08u
#define IER_BITS  0x0fu

#define IIR_NONE     0x01u
#define IIR_LINE     0x06u
#define IIR_RECEIVED 0x04u
#define IIR_TIMEOUT  0x0cu
#define IIR_THRE     0x02u
#define IIR_MODEM    0x00u
#define IIR_FIFOS    0xc0u

#define FCR_CLEAR_RX 0x02u

#define LCR_DLAB 0x80u

#define MCR_DTR	 0x01u
#define MCR_RTS	 0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u
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

/*
 * A driver looks at THRE once and then writes a whole FIFO of characters. That much room is kept
 * free behind the mark at which THRE goes away, so that such a burst is never lost.
 */
#define OUTPUT_RESERVE 128u

/* ---- the wire ---- */

static size_t wire_write(struct uart *uart, const void *bytes, size_t len)
{
	return uart->wire.write ? uart->wire.write(uart->wire.opaque, bytes, len)
				: machine_console_write(uart->machine, bytes, len);
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

static unsigned int interrupt_id(const struct uart *uart)
{
	static const uint8_t triggers[4] = {1, 4, 8, 14};

	if ((uart->overrun || uart_break_is_next(uart)) && (uart->ier & IER_LINE))
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

void uart_update_interrupt(struct uart *uart)
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
	uart_update_interrupt(uart);
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

static void console_input(struct console_device *console)
{
	uart_input(console->opaque);
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
		uart_receive(uart, byte);
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
		uart_receive_from_wire(uart);
	}
}

static void write_fcr(struct uart *uart, uint8_t value)
{
	bool toggled = (value ^ uart->fcr) & FCR_ENABLE;

	/* Clearing the transmit FIFO finds it empty: what was written is on the wire already. */
	if (toggled || (value & FCR_CLEAR_RX))
		uart_clear_received(uart);
	uart->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | 0xc0u) : 0;
	uart_receive_from_wire(uart);
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
		uart_receive_from_wire(uart);
	}
	if (uart->received_count)
		lsr |= LSR_DATA;
	if (uart->overrun)
		lsr |= LSR_OVERRUN;
	if (uart_break_is_next(uart))
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
	case REG_DATA: value = dlab ? uart->dll : uart_read_received(uart); break;
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
	uart_update_interrupt(uart);
	return value;
}

static void write_mcr(struct uart *uart, uint8_t value)
{
	uart->mcr = value & MCR_BITS;
	update_modem_lines(uart);
	uart_receive_from_wire(uart);
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
	uart_update_interrupt(uart);
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
	uart->rest = (struct loop_timer){.expired = uart_rested, .opaque = uart};
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
