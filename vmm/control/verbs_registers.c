/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for a hart's registers. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "base/suggest.h"
#include "vmm/control/verbs.h"
#include "vmm/debug/registers.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/vcpu_stay.h"

#define KIND(kind) (1u << (kind))

/* What registers are asked for by. */
static const struct {
	const char *name;
	unsigned int kinds;
} groups[] = {
	{"general", KIND(REGISTER_GENERAL) | KIND(REGISTER_PC) | KIND(REGISTER_PRIV)},
	{"csr", KIND(REGISTER_CSR)},
	{"float", KIND(REGISTER_FLOAT)},
	{"vector", KIND(REGISTER_VECTOR)},
	{"all", KIND(REGISTER_KINDS) - 1},
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* 0: it is the name of no group. */
static unsigned int kinds_of(const char *name)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (!strcmp(groups[i].name, name))
			return groups[i].kinds;
	return 0;
}

static bool no_such_register(struct verb_call *call, const char *verb, const char *name)
{
	struct suggestion near = {.word = name};
	const struct hart_register *which;
	char shown[32];

	for (size_t i = 0; (which = register_at(i)) != NULL; i++)
		suggest_offer(&near, which->name);
	printable(shown, sizeof(shown), name);
	return verb_fail(call, verb, "there is no register '%s'%s%s", shown,
			 near.best ? ": did you mean " : "", near.best ? near.best : "");
}

/* Most significant digit first. */
static void hex_of(const uint8_t *value, size_t size, char *out)
{
	out += sprintf(out, "0x");
	while (size--)
		out += sprintf(out, "%02x", value[size]);
}

static bool add_one(struct verb_call *call, const struct registers *registers,
		    const struct hart_register *which, json_object *to, const char *name)
{
	uint8_t value[REGISTER_BYTES_MOST];
	char text[2 * REGISTER_BYTES_MOST + 3];
	int result = registers_read(registers, which, value);

	if (result < 0)
		return verb_fail(call, "registers", "%s: %s", which->name, strerror(-result));
	hex_of(value, registers_size(registers, which), text);
	json_object_object_add(to, name, json_object_new_string(text));
	return true;
}

static bool add_kinds(struct verb_call *call, const struct registers *registers, unsigned int kinds,
		      json_object *to)
{
	const struct hart_register *which;
	bool good = true;

	for (size_t i = 0; good && (which = register_at(i)) != NULL; i++)
		if (kinds & KIND(which->kind) && registers_have(registers, which))
			good = add_one(call, registers, which, to, which->name);
	return good;
}

static bool not_there(struct verb_call *call, const char *verb, const char *name)
{
	return verb_fail(call, verb, "KVM on this host does not give %s", name);
}

bool verb_registers(struct verb_call *call)
{
	const char *name = call->args[1].given ? call->args[1].text : "general";
	const struct vcpu *vcpu = &call->machine->vcpus[call->args[0].number];
	const struct hart_register *which = register_find(name);
	json_object *to = json_object_new_object();
	unsigned int kinds = kinds_of(name);
	struct registers registers;

	json_object_object_add(call->result, "hart", json_object_new_int64(vcpu->id));
	json_object_object_add(call->result, "registers", to);
	if (!kinds && !which)
		return no_such_register(call, "registers", name);
	registers_open(&registers, vcpu->fd);
	if (kinds)
		return add_kinds(call, &registers, kinds, to);
	return registers_have(&registers, which) ? add_one(call, &registers, which, to, name)
						 : not_there(call, "registers", name);
}

/* ---- set ---- */

static uint8_t digit(char letter)
{
	return (uint8_t)(isdigit((unsigned char)letter)
				 ? letter - '0'
				 : tolower((unsigned char)letter) - 'a' + 10);
}

/* 0x and exactly so many digits. */
static bool read_wide(const struct verb_value *from, size_t size, uint8_t *value)
{
	if (!from->text || from->len != 2 + 2 * size || strncmp(from->text, "0x", 2) != 0 ||
	    strspn(from->text + 2, "0123456789abcdefABCDEF") != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		const char *digits = from->text + 2 * size - 2 * i;

		value[i] = (uint8_t)(digit(digits[0]) << 4 | digit(digits[1]));
	}
	return true;
}

static bool take_value(struct verb_call *call, size_t size, uint8_t *value)
{
	uint64_t number;

	if (size > sizeof(number))
		return read_wide(&call->args[2], size, value) ||
		       verb_fail(call, "set", "expected 0x and %zu digits", 2 * size);
	if (!verb_address(call, 2, &number))
		return false;
	if (size < sizeof(number) && number >> (8 * size))
		return verb_fail(call, "set", "the register has %zu bits", 8 * size);
	memcpy(value, &number, sizeof(number));
	return true;
}

bool verb_set(struct verb_call *call)
{
	struct vcpu *vcpu = &call->machine->vcpus[call->args[0].number];
	const char *name = call->args[1].text;
	const struct hart_register *which = register_find(name);
	uint8_t value[REGISTER_BYTES_MOST];
	struct registers registers;
	int result;

	if (!which)
		return no_such_register(call, "set", name);
	registers_open(&registers, vcpu->fd);
	if (!registers_have(&registers, which))
		return not_there(call, "set", name);
	if (!take_value(call, registers_size(&registers, which), value))
		return false;
	vcpu_stay(vcpu);
	result = registers_write(&registers, which, value);
	if (result < 0)
		return verb_fail(call, "set", "%s: %s", name,
				 which->read_only ? "it cannot be set" : strerror(-result));
	return add_one(call, &registers, which, call->result, "value");
}
