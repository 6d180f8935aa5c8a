/* SPDX-License-Identifier: Apache-2.0 */
/* An SBI call and its result as text: registers, then what its buffer holds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/names/sbi_format.h"

struct head {
	uint64_t registers[8], result[2], now, timebase;
	uint8_t size, known, cut;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_text(const char *out, size_t size, size_t length)
{
	if (!size)
		return;
	/* A character that does not fit is not there by parts: of UTF-8 these are 3 bytes at most,
	 * of an escape 9. */
	require(length < size ? strlen(out) == length
			      : strlen(out) < size && strlen(out) + 10 >= size);
	for (size_t taken; *out; out += taken) {
		uint32_t character;

		taken = utf8_character(out, strlen(out), &character);
		require(taken && utf8_prints(character));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbi_argument argument;
	struct head head;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	struct sbi_traced_call call = {.eid = head.registers[7],
				       .fid = head.registers[6],
				       .now = head.now,
				       .timebase = head.timebase,
				       .bytes = data + sizeof(head),
				       .length = size - sizeof(head),
				       .cut = head.cut & 1};
	const struct sbi_traced_result result = {
		.known = head.known & 1, .error = (int64_t)head.result[0], .value = head.result[1]};

	memcpy(call.args, head.registers, sizeof(call.args));
	char *out = malloc(head.size);
	require(out || !head.size);
	require(sbi_row(call.eid, call.fid) < SBI_ROWS);
	check_text(out, head.size, sbi_format_name(out, head.size, call.eid, call.fid));
	check_text(out, head.size, sbi_format_call(out, head.size, &call));
	check_text(out, head.size, sbi_format_result(out, head.size, &call, &result));
	for (unsigned int i = 0; sbi_argument(&call, i, &argument); i++)
		check_text(argument.text, SBI_TEXT_MAX, strlen(argument.text));
	free(out);
	return 0;
}
