/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for guest memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"

#define LENGTH_DEFAULT 8u

/* Both verbs have them as their last arguments. */
enum { ADDRESS, LENGTH_OR_BYTES, HART, PHYSICAL };

static bool is_physical(const struct verb_call *call)
{
	return call->args[PHYSICAL].number != 0;
}

static uint64_t satp_of(const struct verb_call *call)
{
	uint64_t satp = 0;

	if (!is_physical(call))
		kvm_get_reg(call->machine->vcpus[call->args[HART].number].fd, KVM_CSR_REG(satp),
			    &satp);
	return satp;
}

static bool not_there(struct verb_call *call, const char *verb, uint64_t address)
{
	if (is_physical(call))
		return verb_fail(call, verb, "0x%" PRIx64 ": there is no memory", address);
	return verb_fail(call, verb, "0x%" PRIx64 ": not mapped to memory by hart %" PRIu64,
			 address, call->args[HART].number);
}

/* ---- read ---- */

static char *hex_of(const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);

	for (size_t i = 0; text && i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return text;
}

bool verb_add_bytes(struct verb_call *call, const uint8_t *bytes, size_t len)
{
	char *text = hex_of(bytes, len);

	if (!text)
		return false;
	json_object_object_add(call->result, "bytes",
			       json_object_new_string_len(text, (int)(2 * len)));
	free(text);
	return true;
}

static bool add_memory(struct verb_call *call, uint64_t address, const uint8_t *bytes, size_t len)
{
	verb_add_hex(call, "address", address);
	if (!verb_add_bytes(call, bytes, len))
		return verb_fail(call, "read", "no memory");
	json_object_object_add(call->result, "length", json_object_new_uint64(len));
	return true;
}

bool verb_read(struct verb_call *call)
{
	const struct verb_value *length = &call->args[LENGTH_OR_BYTES];
	uint64_t wanted = length->given ? length->number : LENGTH_DEFAULT, address;
	uint8_t *bytes;
	size_t len;
	bool good;

	if (wanted < 1 || wanted > VERB_BYTES_MAX)
		return verb_fail(call, "read", "expected a length of 1 to %u bytes",
				 VERB_BYTES_MAX);
	if (!verb_address(call, ADDRESS, &address))
		return false;
	bytes = malloc(wanted);
	if (!bytes)
		return verb_fail(call, "read", "no memory");
	len = breakpoints_read_memory(&call->control->breakpoints, call->machine, satp_of(call),
				      address, bytes, wanted);
	good = len ? add_memory(call, address, bytes, len) : not_there(call, "read", address);
	free(bytes);
	return good;
}

/* ---- write ---- */

uint8_t *verb_bytes(const struct verb_value *digits)
{
	size_t len = digits->len / 2;
	uint8_t *bytes = malloc(len + 1);
	char pair[3] = "";

	for (size_t i = 0; bytes && i < len; i++) {
		pair[0] = digits->text[2 * i];
		pair[1] = digits->text[2 * i + 1];
		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return bytes;
}

/* All that is to be written is there. */
static bool is_there(struct verb_call *call, uint64_t address, size_t len)
{
	uint8_t *before = malloc(len + 1);
	size_t found = before ? breakpoints_read_memory(&call->control->breakpoints, call->machine,
							satp_of(call), address, before, len)
			      : 0;

	free(before);
	if (!before)
		return verb_fail(call, "write", "no memory");
	return found == len || not_there(call, "write", address + found);
}

bool verb_write(struct verb_call *call)
{
	const struct verb_value *digits = &call->args[LENGTH_OR_BYTES];
	size_t len = digits->len / 2;
	uint64_t address;
	uint8_t *bytes;

	if (!verb_address(call, ADDRESS, &address) || !is_there(call, address, len))
		return false;
	bytes = verb_bytes(digits);
	if (!bytes)
		return verb_fail(call, "write", "no memory");
	breakpoints_write_memory(&call->control->breakpoints, call->machine, satp_of(call), address,
				 bytes, len);
	free(bytes);
	verb_add_hex(call, "address", address);
	json_object_object_add(call->result, "length", json_object_new_uint64(len));
	return true;
}
