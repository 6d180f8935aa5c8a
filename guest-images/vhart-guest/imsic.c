/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/imsic.h"

#include "base/memory_map.h"
#include "vhart-guest/csr.h"
#include "vhart-guest/io.h"
#include "vhart-guest/trap.h"

#define FILE_SIZE 4096u

/* Of an aligned pair of registers, on RV64 the even one has all 64 bits (3.8.1). */
static uint32_t number_of(uint32_t first, uint32_t identity)
{
	return first + identity / 64 * 2;
}

static uint64_t get(uint32_t number)
{
	csr_write(CSR_SISELECT, number);
	return csr_read(CSR_SIREG);
}

static void set(uint32_t number, uint64_t value)
{
	csr_write(CSR_SISELECT, number);
	csr_write(CSR_SIREG, value);
}

static void read_stopei(void)
{
	csr_read(CSR_STOPEI);
}

bool imsic_there(void)
{
	return trap_free(read_stopei);
}

void imsic_set_up(void)
{
	set(IMSIC_EITHRESHOLD, 0);
	set(IMSIC_EIDELIVERY, 1);
}

void imsic_enable(uint32_t identity)
{
	uint32_t number = number_of(IMSIC_EIE0, identity);

	set(number, get(number) | 1ull << identity % 64);
}

void imsic_disable(uint32_t identity)
{
	uint32_t number = number_of(IMSIC_EIE0, identity);

	set(number, get(number) & ~(1ull << identity % 64));
}

bool imsic_pending(uint32_t identity)
{
	return get(number_of(IMSIC_EIP0, identity)) >> identity % 64 & 1;
}

uint32_t imsic_claim(void)
{
	return (uint32_t)(csr_swap(CSR_STOPEI, 0) >> 16);
}

void imsic_send(uint64_t hart, uint32_t identity)
{
	io_write(MAP_IMSIC + hart * FILE_SIZE, 4, identity);
}
