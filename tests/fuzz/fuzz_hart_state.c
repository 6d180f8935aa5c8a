/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said about a hart of a hostile guest: registers and memory of any contents. And when such
 * a guest wakes from a system suspend.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/debug/where.h"
#include "vmm/run/wake.h"

#define BASE 0x80000000ull

struct input {
	struct hart_state state;
	uint64_t a6, a7, entry;
	struct wake_state wake;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void tell(void *context, const char *line)
{
	(void)context;
	require(strlen(line) < HART_LINE_MAX);
}

/* Who called, through its tables and its stack. */
static void follow(const struct input *input, const struct guest_memory *memory)
{
	static const struct config config = {.kernel = ""};
	struct debug_names *names = debug_names_new(&config);
	struct hart_where where = {.state = input->state,
				   .sp = input->a6,
				   .fp = input->a7,
				   .sie = input->state.sepc,
				   .sip = input->state.stval,
				   .time = input->entry,
				   .stimecmp = input->state.ra};
	struct json_object *object;

	require(names);
	where_follow(memory, names, &where);
	require(where.depth <= HART_CHAIN_MOST);
	hart_where_tell(&where, tell, NULL);
	object = hart_where_json(&where);
	require(json_object_to_json_string(object));
	json_object_put(object);
	debug_names_free(names);
}

static void look(struct input *input, const struct guest_memory *memory)
{
	struct hart_state *state = &input->state;
	char line[HART_LINE_MAX], name[24];
	uint64_t at, wait_ns;

	state->activity = hart_activity_at(memory, state->satp, state->pc, input->a6, input->a7);
	require(state->activity == HART_RUNNING || state->activity == HART_HALTED ||
		state->activity == HART_SUSPENDED);
	if (hart_find_machine_mode(memory, input->entry, &at, name))
		require(at - input->entry < 4096 && strlen(name) < sizeof(name));
	if (hart_state_traps_again(state))
		require(state->supervisor);
	hart_state_text(state, line);
	require(strlen(line) < sizeof(line));
	follow(input, memory);
	/* Real ones are at most some GHz. */
	input->wake.frequency &= UINT32_MAX;
	if (!wake_due(&input->wake, &wait_ns))
		require(wait_ns > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest_memory memory = {.base = BASE};
	struct input input;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	/* What is no value of their types would be our own mistake. */
	input.state.supervisor = data[0] & 1;
	input.wake.external = data[0] & 2;
	input.state.pc_symbol[HART_SYMBOL_MAX - 1] = '\0';
	input.state.ra_symbol[HART_SYMBOL_MAX - 1] = '\0';
	input.state.sepc_symbol[HART_SYMBOL_MAX - 1] = '\0';
	/* The rest is memory, where the guest most likely is. */
	memory.size = size - sizeof(input);
	memory.host = malloc(memory.size + 1);
	if (!memory.host)
		return 0;
	memcpy(memory.host, data + sizeof(input), memory.size);
	if (data[0] & 4)
		input.state.pc = BASE + input.state.pc % (memory.size + 8);
	if (data[0] & 8)
		input.state.satp = 0;
	if (data[0] & 16)
		input.entry = BASE + input.entry % (memory.size + 8);
	if (data[0] & 32) { /* its stack */
		input.a7 = BASE + input.a7 % (memory.size + 8);
		input.a6 = input.a7 - input.a6 % 4096;
	}
	look(&input, &memory);
	free(memory.host);
	return 0;
}
