/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gdb, or who says to be gdb, sends. The input is a sequence of steps: a byte that says what
 * kind, a byte that says how long, and so many bytes: raw, or as a packet with its checksum. And
 * code of any contents, whose next instruction is looked for.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/fake_debuggee.h"
#include "vmm/debug/next_pc.h"
#include "vmm/gdb/dispatch.h"

static struct fake_debuggee fake;
static struct gdb_session session;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void packet(const uint8_t *bytes, size_t len)
{
	static struct gdb_text text;
	static uint8_t frame[GDB_FRAME_MOST];

	text = (struct gdb_text){.len = 0};
	gdb_put(&text, bytes, len);
	gdb_session_take(&session, frame, gdb_frame(&text, frame));
}

static void stop(const uint8_t *bytes, size_t len)
{
	const struct gdb_stop at = {.hart = len ? bytes[0] % FAKE_HARTS : 0,
				    .signal = GDB_SIGNAL_TRAP,
				    .breakpoint = len > 1};

	if (!fake.running)
		return;
	fake.running = false;
	gdb_session_stopped(&session, &at, len > 2 ? "why\n" : NULL);
	require(session.over || !session.running);
}

/* ---- code ---- */

struct code {
	const uint8_t *bytes;
	size_t len;
};

static bool read_register(void *context, unsigned int number, uint64_t *value)
{
	(void)context;
	require(number < 32);
	*value = number * 0x0123456789abcdefull;
	return true;
}

static bool read_sepc(void *context, uint64_t *value)
{
	(void)context;
	*value = 0x1000;
	return true;
}

static bool read_code(void *context, uint64_t address, uint16_t *parcel)
{
	const struct code *code = context;

	if (address >= code->len || code->len - address < sizeof(*parcel))
		return false;
	memcpy(parcel, code->bytes + address, sizeof(*parcel));
	return true;
}

static void look_at_code(const uint8_t *bytes, size_t len)
{
	struct code code = {bytes, len};
	const struct next_pc_hart hart = {read_register, read_sepc, read_code, &code};
	struct next_pcs next;

	if (!next_pc(&hart, 0, &next))
		return;
	require(next.count >= 1 && next.count <= NEXT_PC_MOST);
	for (unsigned int i = 0; i < next.count; i++)
		for (unsigned int j = 0; j < i; j++)
			require(next.pc[i] != next.pc[j]);
}

static void step(uint8_t kind, const uint8_t *bytes, size_t len)
{
	switch (kind) {
	case 'r':
		gdb_session_heard(&session);
		gdb_session_take(&session, bytes, len);
		break;
	case 's': stop(bytes, len); break;
	case 'i': look_at_code(bytes, len); break;
	case 'g': fake.gone = len; break;
	case 'e': gdb_session_ended(&session, (unsigned int)len); break;
	default: packet(bytes, len); break;
	}
	require(session.general < FAKE_HARTS && session.control < FAKE_HARTS);
	require(session.over || session.running == fake.running);
	require(fake.holds == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gdb_stop first = {.hart = 1, .signal = GDB_SIGNAL_TRAP};
	size_t len;

	memset(&fake, 0, sizeof(fake));
	fake.vectors = size % 2;
	gdb_session_begin(&session, &fake_debuggee_target, &fake, &first);
	while (size >= 2) {
		len = data[1] < size - 2 ? data[1] : size - 2;
		step(data[0], data + 2, len);
		data += 2 + len;
		size -= 2 + len;
	}
	return 0;
}
