/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any sequence of SBI calls over any RAM. Each input: calls of one choice byte and five 8-byte
 * words (EID, FID, a0, a1, a2); the choice steers the EID and the address to where handlers are,
 * which chance would not find.
 */
#include <stdlib.h>
#include <string.h>

#include "sbi/sbi.h"
#include "tests/unit/fixtures/fake_machine.h"

#define RAM (16u << 10)

struct input {
	uint8_t choice;
	uint64_t words[5];
} __attribute__((packed));

static void suspend(struct machine *machine, unsigned int hart)
{
	(void)machine;
	(void)hart;
}

static uint64_t extension_count(void)
{
	uint64_t count = 0;

	while (sbi_extensions[count].name)
		count++;
	return count;
}

static void make_call(struct sbi_context *context, const struct input *input)
{
	struct sbi_call call = {
		.eid = input->words[0],
		.fid = input->words[1],
		.args = {input->words[2], input->words[3], input->words[4]},
	};

	if (input->choice & 1)
		call.eid = sbi_extensions[input->words[0] % extension_count()].first;
	if (input->choice & 2)
		call.fid %= 4;
	if (input->choice & 4)
		call.args[0] %= 2 * RAM;
	if (input->choice & 8)
		call.args[1] = FAKE_RAM_BASE + call.args[1] % (2 * RAM);
	if (input->choice & 16)
		call.args[2] = 0;
	sbi_dispatch(context, &call);
	if (!sbi_find(context, call.eid) && call.error != SBI_ERR_NOT_SUPPORTED)
		abort();
	/* No console call may say that it moved more than it was given. */
	if (call.eid == 0x4442434e && call.error == SBI_SUCCESS && call.value > call.args[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine machine;
	struct sbi_context context = {.machine = &machine, .suspend = suspend};

	fake_machine_init(&machine, RAM);
	/* Input for the console: what the guest sent, again. */
	fake_console_type(&machine, (const char *)data, size);
	while (size >= sizeof(struct input)) {
		struct input input;
		memcpy(&input, data, sizeof(input));
		data += sizeof(input);
		size -= sizeof(input);
		make_call(&context, &input);
	}
	fake_machine_destroy(&machine);
	return 0;
}
