/* SPDX-License-Identifier: Apache-2.0 */
/* Packets about registers. */
#include <string.h>

#include "vmm/gdb/session.h"

/* In the g packet: x0 to x31 and pc. The others gdb asks for one by one. */
#define GENERAL_PACKET 33u

static bool read_register(const struct gdb_session *session, unsigned int number, void *bytes,
			  size_t *size)
{
	const struct hart_register *which = gdb_register_numbered(number);

	*size = which ? session->target->register_size(session->context, which) : 0;
	return *size &&
	       session->target->read_register(session->context, session->general, which, bytes);
}

static bool write_register(const struct gdb_session *session, unsigned int number,
			   const char **digits)
{
	const struct hart_register *which = gdb_register_numbered(number);
	uint8_t bytes[REGISTER_BYTES_MOST];
	size_t size = which ? session->target->register_size(session->context, which) : 0;

	return size && gdb_take_hex(digits, bytes, size) &&
	       session->target->write_register(session->context, session->general, which, bytes);
}

void gdb_take_g(struct gdb_session *session, const char *arguments, size_t len)
{
	uint8_t bytes[REGISTER_BYTES_MOST];
	size_t size;

	(void)arguments, (void)len;
	for (unsigned int number = 0; number < GENERAL_PACKET; number++) {
		if (!read_register(session, number, bytes, &size)) {
			gdb_fail(session);
			return;
		}
		gdb_put_hex(&session->reply, bytes, size);
	}
}

/* x0 cannot be written, and gdb sends it all the same. */
void gdb_take_G(struct gdb_session *session, const char *arguments, size_t len)
{
	const char *at = arguments;
	uint8_t zero[8];
	bool good = gdb_take_hex(&at, zero, sizeof(zero));

	(void)len;
	for (unsigned int number = 1; good && number < GENERAL_PACKET; number++)
		good = write_register(session, number, &at);
	if (good)
		gdb_ok(session);
	else
		gdb_fail(session);
}

void gdb_take_p(struct gdb_session *session, const char *arguments, size_t len)
{
	uint8_t bytes[REGISTER_BYTES_MOST];
	const char *at = arguments;
	uint64_t number;
	size_t size;

	(void)len;
	if (gdb_take_number(&at, &number) && number <= UINT16_MAX &&
	    read_register(session, (unsigned int)number, bytes, &size))
		gdb_put_hex(&session->reply, bytes, size);
	else
		gdb_fail(session);
}

void gdb_take_P(struct gdb_session *session, const char *arguments, size_t len)
{
	const char *at = arguments;
	uint64_t number;

	(void)len;
	if (gdb_take_number(&at, &number) && number <= UINT16_MAX && *at++ == '=' &&
	    write_register(session, (unsigned int)number, &at))
		gdb_ok(session);
	else
		gdb_fail(session);
}
