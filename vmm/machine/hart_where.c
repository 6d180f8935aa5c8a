/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/hart_where.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/riscv.h"

/* Linux sets its timer to the end of time when nobody waits for it; no clock gets there. */
#define NEVER (UINT64_MAX / 2)

/* Those that get to S-mode, in the order of their bits in sie and sip. */
static const struct {
	uint64_t bit;
	const char *name;
} interrupts[] = {
	{SIP_SSIP, "software"},
	{SIP_STIP, "timer"},
	{SIP_SEIP, "external"},
	{SIP_LCOFIP, "counter overflow"},
};
#define INTERRUPTS (sizeof(interrupts) / sizeof(interrupts[0]))

/* ---- text ---- */

static void add_interrupts(char out[HART_LINE_MAX], const char *what, uint64_t bits)
{
	const char *between = "";

	hart_line_add(out, "; %s: ", what);
	for (size_t i = 0; i < INTERRUPTS; i++)
		if (bits & interrupts[i].bit) {
			hart_line_add(out, "%s%s", between, interrupts[i].name);
			between = ", ";
		}
	if (!*between)
		hart_line_add(out, "none");
}

/* With Sstc KVM does not show a timer that is due. */
static uint64_t pending(const struct hart_where *where)
{
	return where->sip | (where->time >= where->stimecmp ? SIP_STIP : 0);
}

static void add_timer(char out[HART_LINE_MAX], const struct hart_where *where)
{
	if (where->stimecmp >= NEVER)
		hart_line_add(out, "; its timer is not set");
	else if (where->time < where->stimecmp && where->timer_hz)
		hart_line_add(out, "; its timer is due in %.6f s",
			      (double)(where->stimecmp - where->time) / (double)where->timer_hz);
}

static void halted(const struct hart_where *where, char out[HART_LINE_MAX])
{
	hart_line_add(out, "waits for an interrupt");
	add_interrupts(out, "enabled", where->sie);
	add_interrupts(out, "pending", pending(where));
	add_timer(out, where);
	if (!where->sie)
		hart_line_add(out, ": nothing can wake it");
}

static void running(const struct hart_where *where, char out[HART_LINE_MAX])
{
	bool off = where->state.supervisor && !(where->state.sstatus & SSTATUS_SIE);

	if (where->loops)
		hart_line_add(out, "jumps to itself");
	if (off)
		hart_line_add(out, "%sinterrupts are off (sstatus.SIE)", where->loops ? "; " : "");
	if (*out) {
		add_interrupts(out, "enabled", where->sie);
		add_interrupts(out, "pending", pending(where));
	}
}

static void stopped(const struct hart_where *where, char out[HART_LINE_MAX])
{
	(void)where;
	hart_line_add(out, "waits for another hart to start it (SBI HSM, hart_start)");
}

static void suspended(const struct hart_where *where, char out[HART_LINE_MAX])
{
	hart_line_add(out, "waits to be woken (SBI HSM or SUSP)");
	add_interrupts(out, "enabled", where->sie);
	add_interrupts(out, "pending", pending(where));
	add_timer(out, where);
}

void hart_where_waits(const struct hart_where *where, char out[HART_LINE_MAX])
{
	static void (*const say[HART_ACTIVITIES])(const struct hart_where *, char *) = {
		[HART_RUNNING] = running,
		[HART_HALTED] = halted,
		[HART_STOPPED] = stopped,
		[HART_SUSPENDED] = suspended,
	};

	out[0] = '\0';
	if (say[where->state.activity])
		say[where->state.activity](where, out);
}

static void add_caller(char out[HART_LINE_MAX], const struct hart_caller *caller)
{
	if (*caller->symbol)
		hart_line_add(out, "%s", caller->symbol);
	else
		hart_line_add(out, "0x%" PRIx64, caller->address);
}

/* A line has room for some of them. */
static void tell_chain(const struct hart_where *where, void (*tell)(void *, const char *),
		       void *context)
{
	enum { IN_A_LINE = 4 };
	char line[HART_LINE_MAX];

	for (unsigned int i = 1; i < where->depth; i += IN_A_LINE) {
		snprintf(line, sizeof(line), "hart %u: %s ", where->state.hart,
			 i == 1 ? "called from" : "and from");
		for (unsigned int j = i; j < where->depth && j < i + IN_A_LINE; j++) {
			hart_line_add(line, "%s", j == i ? "" : ", ");
			add_caller(line, &where->chain[j]);
		}
		tell(context, line);
	}
}

void hart_where_tell(const struct hart_where *where, void (*tell)(void *, const char *),
		     void *context)
{
	char line[HART_LINE_MAX], waits[HART_LINE_MAX];

	hart_state_text(&where->state, line);
	tell(context, line);
	hart_where_waits(where, waits);
	if (*waits) {
		snprintf(line, sizeof(line), "hart %u: ", where->state.hart);
		hart_line_add(line, "%s", waits);
		tell(context, line);
	}
	tell_chain(where, tell, context);
}

/* ---- JSON ---- */

static void add_hex(json_object *to, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_object_object_add(to, name, json_object_new_string(text));
}

static void add_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, *text ? json_object_new_string(text) : NULL);
}

static void add_place(json_object *to, const char *name, uint64_t address, const char *symbol)
{
	char symbol_name[32];

	add_hex(to, name, address);
	snprintf(symbol_name, sizeof(symbol_name), "%s_symbol", name);
	add_text(to, symbol_name, symbol);
}

static json_object *chain(const struct hart_where *where)
{
	json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < where->depth; i++) {
		json_object *caller = json_object_new_object();

		add_hex(caller, "address", where->chain[i].address);
		add_text(caller, "symbol", where->chain[i].symbol);
		json_object_array_add(array, caller);
	}
	return array;
}

static json_object *names_of(uint64_t bits)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < INTERRUPTS; i++)
		if (bits & interrupts[i].bit)
			json_object_array_add(array, json_object_new_string(interrupts[i].name));
	return array;
}

struct json_object *hart_where_json(const struct hart_where *where)
{
	const struct hart_state *state = &where->state;
	json_object *hart = json_object_new_object();
	char waits[HART_LINE_MAX];

	json_object_object_add(hart, "hart", json_object_new_int64(state->hart));
	add_text(hart, "state", hart_activity_name(state->activity));
	add_text(hart, "mode", state->supervisor ? "S" : "U");
	add_place(hart, "pc", state->pc, state->pc_symbol);
	add_place(hart, "ra", state->ra, state->ra_symbol);
	add_hex(hart, "scause", state->scause);
	add_text(hart, "scause_name", hart_cause_name(state->scause));
	add_place(hart, "sepc", state->sepc, state->sepc_symbol);
	add_hex(hart, "stval", state->stval);
	hart_where_waits(where, waits);
	add_text(hart, "waits", waits);
	json_object_object_add(hart, "enabled", names_of(where->sie));
	json_object_object_add(hart, "pending", names_of(pending(where)));
	json_object_object_add(hart, "chain", chain(where));
	return hart;
}
