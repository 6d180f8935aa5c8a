/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the SBI calls that its command line names, one word each: EID:FID:A0:A1:A2, where what is
 * left out is 0. TIMES*CALL makes a call so often. The word "probe:EID" asks BASE for an extension.
 * A line for each: the word, then a0 and a1 of the answer as signed numbers. The others of its
 * registers are looked at: "lost" stands behind a line where a call changed more than a0 and a1.
 */
#include <stdbool.h>
#include <stdint.h>

#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

#define WORD_MAX 120

static const char *take_number(const char *at, uint64_t *number)
{
	unsigned int base = 10;

	*number = 0;
	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		at += 2;
	}
	for (;; at++) {
		unsigned int digit = *at >= '0' && *at <= '9'	? (unsigned int)(*at - '0')
				     : *at >= 'a' && *at <= 'f' ? (unsigned int)(*at - 'a' + 10)
								: 16;

		if (digit >= base)
			return at;
		*number = *number * base + digit;
	}
}

static const char *end_of(const char *word)
{
	while (*word && *word != ' ')
		word++;
	return word;
}

/* EID, FID, a0, a1, a2; TIMES. */
static void read_call(const char *at, uint64_t call[5], uint64_t *times)
{
	unsigned int count = 0;

	*times = 1;
	if (at[0] == 'p') {
		call[0] = SBI_EID_BASE;
		call[1] = SBI_BASE_PROBE_EXTENSION;
		take_number(at + 6, &call[2]);
		return;
	}
	while (count < 5) {
		at = take_number(at, &call[count]);
		if (*at == '*')
			*times = call[count];
		else
			count++;
		if (*at != ':' && *at != '*')
			return;
		at++;
	}
}

static void copy_word(const char *word, const char *end, char shown[WORD_MAX])
{
	unsigned int length = 0;

	while (word < end && length < WORD_MAX - 1)
		shown[length++] = *word++;
	shown[length] = 0;
}

static void make_call(const char *word, const char *end)
{
	uint64_t call[5] = {0}, times;
	uint64_t before[8], registers[8] = {0};
	bool lost = false;
	char shown[WORD_MAX];

	read_call(word, call, &times);
	for (uint64_t i = 0; i < times; i++) {
		for (unsigned int a = 0; a < 6; a++)
			registers[a] = before[a] = a < 3 ? call[2 + a] : 100 + a;
		registers[6] = before[6] = call[1];
		registers[7] = before[7] = call[0];
		sbi_call_registers(registers);
		for (unsigned int a = 2; a < 8; a++)
			lost = lost || registers[a] != before[a];
	}
	copy_word(word, end, shown);
	print("%s %ld %ld%s\n", shown, (long)registers[0], (long)registers[1], lost ? " lost" : "");
}

void main(uint64_t hart, const void *fdt)
{
	const char *word = fdt_bootargs(fdt);

	(void)hart;
	print("calls\n");
	while (*word) {
		const char *end = end_of(word);

		if (end > word)
			make_call(word, end);
		word = *end ? end + 1 : end;
	}
}
