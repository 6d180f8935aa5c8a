/* SPDX-License-Identifier: Apache-2.0 */
/* The UART, a 16550 at MAP_UART, by polling. Its bytes are the console's, as those of the SBI. */
#ifndef GUEST_UART_H
#define GUEST_UART_H

#include <stdint.h>

#include "base/memory_map.h"
#include "vhart-guest/io.h"

/* Receiver buffer and transmitter holding register; line status. */
#define UART_DATA      0u
#define UART_LSR       5u
#define UART_LSR_READY 0x01u
#define UART_LSR_EMPTY 0x20u

/* Waits until there is a byte. */
static inline uint8_t uart_get(void)
{
	while (!(io_read(MAP_UART + UART_LSR, 1) & UART_LSR_READY))
		;
	return (uint8_t)io_read(MAP_UART + UART_DATA, 1);
}

/* Waits until there is room for it. */
static inline void uart_put(uint8_t byte)
{
	while (!(io_read(MAP_UART + UART_LSR, 1) & UART_LSR_EMPTY))
		;
	io_write(MAP_UART + UART_DATA, 1, byte);
}

#endif
