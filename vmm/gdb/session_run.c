/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that let harts run, and about which hart. */
#include <string.h>

#include "vmm/gdb/session.h"

static unsigned int harts_of(const struct gdb_session *session)
{
	const unsigned int harts = session->target->harts(session->context);

	return harts < GDB_HARTS_MOST ? harts : GDB_HARTS_MOST;
}

bool gdb_take_thread(const struct gdb_session *session, const char **at, unsigned int *hart,
		     bool *all)
{
	uint64_t number;

	*all = !strncmp(*at, "-1", 2);
	*hart = session->general;
	if (*all) {
		*at += 2;
		return true;
	}
	if (!gdb_take_number(at, &number) || number > harts_of(session))
		return false;
	if (number > 0)
		*hart = (unsigned int)number - 1;
	return true;
}

/* ---- selecting ---- */

void gdb_take_H(struct gdb_session *session, const char *arguments, size_t len)
{
	const char *at = arguments + (len > 0);
	unsigned int hart;
	bool all;

	if ((*arguments != 'g' && *arguments != 'c') ||
	    !gdb_take_thread(session, &at, &hart, &all)) {
		gdb_fail(session);
		return;
	}
	if (*arguments == 'g')
		session->general = hart;
	else
		session->control = hart;
	gdb_ok(session);
}

void gdb_take_T(struct gdb_session *session, const char *arguments, size_t len)
{
	const char *at = arguments;
	unsigned int hart;
	bool all;

	(void)len;
	if (gdb_take_thread(session, &at, &hart, &all))
		gdb_ok(session);
	else
		gdb_fail(session);
}

void gdb_put_stop(struct gdb_session *session)
{
	static const char *const expedited[] = {"pc", "sp", "s0"};
	const struct gdb_stop *stop = &session->stop;
	uint8_t bytes[REGISTER_BYTES_MOST];

	gdb_print(&session->reply, "T%02xthread:%x;", stop->signal, stop->hart + 1);
	if (stop->breakpoint && session->knows_swbreak)
		gdb_print(&session->reply, "swbreak:;");
	for (size_t i = 0; i < sizeof(expedited) / sizeof(expedited[0]); i++) {
		const struct hart_register *which = register_find(expedited[i]);

		if (!session->target->read_register(session->context, stop->hart, which, bytes))
			continue;
		gdb_print(&session->reply, "%02x:", gdb_number_of(which));
		gdb_put_hex(&session->reply, bytes, 8);
		gdb_print(&session->reply, ";");
	}
}

/* ---- running ---- */

static bool any_runs(const struct gdb_session *session, const struct gdb_action *actions)
{
	for (unsigned int i = 0; i < harts_of(session); i++)
		if (actions[i].kind != GDB_STAY)
			return true;
	return false;
}

static void resume(struct gdb_session *session, const struct gdb_action *actions)
{
	const char *why = any_runs(session, actions)
				  ? session->target->resume(session->context, actions)
				  : "no hart would run";

	if (why)
		gdb_fail_because(session, why);
	else
		session->running = true;
}

/* c, s, C05, S05 or rSTART,END at *AT, which moves behind it. A signal is for processes: a hart
 * gets none. */
static bool take_kind(const char **at, struct gdb_action *action)
{
	const char kind = *(*at)++;
	uint64_t signal;

	*action = (struct gdb_action){.kind = kind == 'c' || kind == 'C' ? GDB_CONTINUE : GDB_STEP};
	switch (kind) {
	case 'c':
	case 's': return true;
	case 'C':
	case 'S': return gdb_take_number(at, &signal);
	case 'r':
		return gdb_take_number(at, &action->start) && *(*at)++ == ',' &&
		       gdb_take_number(at, &action->end);
	default: return false;
	}
}

/* ";ACTION[:THREAD]" at *AT; the first that names a hart holds for it. */
static bool take_action(const struct gdb_session *session, const char **at,
			struct gdb_action *actions, bool *given)
{
	struct gdb_action action;
	unsigned int hart = 0;
	bool all = true;

	if (*(*at)++ != ';' || !take_kind(at, &action))
		return false;
	if (**at == ':') {
		(*at)++;
		if (!gdb_take_thread(session, at, &hart, &all))
			return false;
	}
	for (unsigned int i = 0; i < harts_of(session); i++) {
		if (given[i] || !(all || i == hart))
			continue;
		actions[i] = action;
		given[i] = true;
	}
	return true;
}

void gdb_take_vCont(struct gdb_session *session, const char *arguments, size_t len)
{
	struct gdb_action actions[GDB_HARTS_MOST] = {{.kind = GDB_STAY}};
	bool given[GDB_HARTS_MOST] = {false}, good = *arguments == ';';
	const char *at = arguments;

	(void)len;
	while (good && *at)
		good = take_action(session, &at, actions, given);
	if (good)
		resume(session, actions);
	else
		gdb_fail_because(session, "no such action, or no such hart");
}

void gdb_take_vCont_query(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)arguments, (void)len;
	gdb_print(&session->reply, "vCont;c;C;s;S;r");
}

static bool set_pc(struct gdb_session *session, const char *at)
{
	uint64_t pc;
	bool set;

	if (*at == '\0')
		return true;
	if (!gdb_take_number(&at, &pc) || !session->target->hold(session->context))
		return false;
	set = session->target->write_register(session->context, session->control,
					      register_find("pc"), &pc);
	session->target->let_go(session->context);
	return set;
}

/* The packets of old: KIND for the control hart, and the others run. */
static void run(struct gdb_session *session, enum gdb_action_kind kind, const char *address)
{
	struct gdb_action actions[GDB_HARTS_MOST];

	for (unsigned int i = 0; i < GDB_HARTS_MOST; i++)
		actions[i] = (struct gdb_action){.kind = GDB_CONTINUE};
	actions[session->control].kind = kind;
	if (set_pc(session, address))
		resume(session, actions);
	else
		gdb_fail(session);
}

void gdb_take_c(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	run(session, GDB_CONTINUE, arguments);
}

void gdb_take_s(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	run(session, GDB_STEP, arguments);
}

/* SIGNAL[;ADDRESS] */
static const char *behind_signal(const char *arguments)
{
	const char *address = strchr(arguments, ';');

	return address ? address + 1 : "";
}

void gdb_take_C(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	run(session, GDB_CONTINUE, behind_signal(arguments));
}

void gdb_take_S(struct gdb_session *session, const char *arguments, size_t len)
{
	(void)len;
	run(session, GDB_STEP, behind_signal(arguments));
}
