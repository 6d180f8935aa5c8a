/* SPDX-License-Identifier: Apache-2.0 */
/* How a run ended: names, exit statuses, and the JSON of --result. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/printable.h"
#include "vmm/run/run.h"
#include "vmm/run/vcpu_exits.h"

static const struct {
	const char *name;
	int status;
} ends[] = {
	[END_NONE] = {"none", STATUS_NOT_RUN},
	[END_POWEROFF] = {"poweroff", STATUS_OK},
	[END_RESET] = {"reset", STATUS_RESET},
	[END_PANIC] = {"panic", STATUS_PANIC},
	[END_TIMEOUT] = {"timeout", STATUS_TIMEOUT},
	[END_QUIT] = {"quit", STATUS_QUIT},
	[END_SIGNAL] = {"signal", 128},
	[END_VCPU] = {"vcpu", STATUS_VCPU},
	[END_HOST] = {"host", STATUS_NOT_RUN},
};

const char *machine_end_name(enum machine_end end)
{
	return ends[end].name;
}

int machine_end_status(const struct run_account *account)
{
	int status = ends[account->end].status;

	if (account->end == END_POWEROFF && account->said.has_status)
		return exit_status_of_guest(account->said.status);
	return account->end == END_SIGNAL ? status + account->signal_number : status;
}

static json_object *exits_by_cause(const struct run_account *account)
{
	json_object *exits = json_object_new_object();
	uint64_t total = account->interrupted;

	for (unsigned int reason = 0; reason < VCPU_EXIT_REASONS; reason++) {
		const char *name = vcpu_exit_name(reason);

		total += account->exits[reason];
		if (name && account->exits[reason] > 0)
			json_object_object_add(exits, name,
					       json_object_new_uint64(account->exits[reason]));
	}
	if (account->interrupted > 0)
		json_object_object_add(exits, "interrupted",
				       json_object_new_uint64(account->interrupted));
	json_object_object_add(exits, "total", json_object_new_uint64(total));
	return exits;
}

/* KVM's own names: "ecall_exit_stat", "wfi_exit_stat", "mmio_exit_kernel", ... */
static json_object *kvm_counters(const struct kvm_stats *stats)
{
	json_object *kvm = json_object_new_object();

	for (unsigned int i = 0; i < stats->count; i++)
		json_object_object_add(kvm, stats->entries[i].name,
				       json_object_new_uint64(stats->entries[i].value));
	return kvm;
}

static json_object *seconds(uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", (double)ns / 1e9);
	return json_object_new_double_s((double)ns / 1e9, text);
}

/* What the guest said about its end, as it said it. */
static void add_guest_end(json_object *result, const struct guest_end *said)
{
	json_object *srst = NULL;

	json_object_object_add(result, "guest_status",
			       said->has_status ? json_object_new_int64(said->status) : NULL);
	if (said->reset) {
		srst = json_object_new_object();
		json_object_object_add(srst, "type",
				       json_object_new_string(srst_type_name(said->type)));
		json_object_object_add(srst, "reason", json_object_new_int64(said->reason));
		json_object_object_add(srst, "reason_name",
				       json_object_new_string(srst_reason_name(said->reason)));
	}
	json_object_object_add(result, "srst", srst);
}

static void add_hex(json_object *to, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_object_object_add(to, name, json_object_new_string(text));
}

static void add_symbol(json_object *to, const char *name, const char *symbol)
{
	json_object_object_add(to, name, *symbol ? json_object_new_string(symbol) : NULL);
}

static json_object *hart_object(const struct hart_state *state)
{
	json_object *hart = json_object_new_object();

	json_object_object_add(hart, "hart", json_object_new_int((int)state->hart));
	json_object_object_add(hart, "state",
			       json_object_new_string(hart_activity_name(state->activity)));
	json_object_object_add(hart, "mode", json_object_new_string(state->supervisor ? "S" : "U"));
	add_hex(hart, "pc", state->pc);
	add_symbol(hart, "pc_symbol", state->pc_symbol);
	add_hex(hart, "ra", state->ra);
	add_symbol(hart, "ra_symbol", state->ra_symbol);
	add_hex(hart, "scause", state->scause);
	json_object_object_add(hart, "scause_name",
			       json_object_new_string(hart_cause_name(state->scause)));
	add_hex(hart, "sepc", state->sepc);
	add_symbol(hart, "sepc_symbol", state->sepc_symbol);
	add_hex(hart, "stval", state->stval);
	return hart;
}

static void add_harts(json_object *result, const struct run_account *account)
{
	json_object *harts = json_object_new_array();

	for (unsigned int i = 0; i < account->hart_count; i++)
		json_object_array_add(harts, hart_object(&account->harts[i]));
	json_object_object_add(result, "cause",
			       account->cause ? json_object_new_string(account->cause) : NULL);
	json_object_object_add(result, "harts", harts);
}

FILE *result_open(const char *path)
{
	FILE *to = path ? fopen(path, "we") : NULL;

	if (path && !to)
		error("--result %s: %s", path, strerror(errno));
	return to;
}

/* Why it did not run, or not again. */
static void add_fault(json_object *result, const struct run_account *account)
{
	bool failed = account->end == END_NONE || account->end == END_HOST;

	json_object_object_add(
		result, "fault",
		failed ? json_object_new_string(account->bad_input ? "input" : "host") : NULL);
}

bool result_write(FILE *to, const struct config *config, const struct run_account *account)
{
	json_object *result = json_object_new_object();
	json_object *sbi = json_object_new_object();
	char name[256];
	bool good;

	json_object_object_add(result, "vhart", json_object_new_string(VHART_VERSION));
	json_object_object_add(result, "name",
			       json_object_new_string(printable(name, sizeof(name), config->name)));
	json_object_object_add(result, "end",
			       json_object_new_string(machine_end_name(account->end)));
	json_object_object_add(result, "status", json_object_new_int(machine_end_status(account)));
	if (account->end == END_SIGNAL)
		json_object_object_add(result, "signal",
				       json_object_new_int(account->signal_number));
	add_fault(result, account);
	add_guest_end(result, &account->said);
	json_object_object_add(result, "boots", json_object_new_int((int)account->boots));
	json_object_object_add(result, "started", seconds(account->started_ns));
	json_object_object_add(result, "setup_seconds", seconds(account->setup_ns));
	json_object_object_add(result, "run_seconds", seconds(account->run_ns));
	json_object_object_add(result, "exits", exits_by_cause(account));
	json_object_object_add(result, "kvm", kvm_counters(&account->kvm));
	json_object_object_add(sbi, "answered", json_object_new_uint64(account->sbi_answered));
	json_object_object_add(sbi, "unclaimed", json_object_new_uint64(account->sbi_unclaimed));
	json_object_object_add(result, "sbi", sbi);
	json_object_object_add(result, "guest_errors",
			       json_object_new_uint64(account->guest_errors));
	add_harts(result, account);
	good = fputs(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PRETTY), to) >= 0;
	good = fclose(to) == 0 && good;
	if (!good)
		error("--result %s: %s", config->result, strerror(errno));
	json_object_put(result);
	return good;
}
