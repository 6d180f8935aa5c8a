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
#include "vmm/command/command.h"
#include "vmm/run/run.h"

static const struct {
	const char *name;
	int status;
} ends[] = {
	[END_NONE] = {"none", STATUS_NOT_RUN},	     [END_POWEROFF] = {"poweroff", STATUS_OK},
	[END_RESET] = {"reset", STATUS_RESET},	     [END_PANIC] = {"panic", STATUS_PANIC},
	[END_WATCHDOG] = {"watchdog", STATUS_PANIC}, [END_TIMEOUT] = {"timeout", STATUS_TIMEOUT},
	[END_QUIT] = {"quit", STATUS_QUIT},	     [END_SIGNAL] = {"signal", 128},
	[END_VCPU] = {"vcpu", STATUS_VCPU},	     [END_HOST] = {"host", STATUS_NOT_RUN},
};

const char *machine_end_name(enum machine_end end)
{
	return ends[end].name;
}

int machine_end_status(const struct run_account *account)
{
	int status = ends[account->end].status;

	if (account->command && account->end != END_SIGNAL)
		return guest_command_status(account->command, account->end, status);
	if (account->end == END_POWEROFF && account->said.has_status)
		return exit_status_of_guest(account->said.status);
	return account->end == END_SIGNAL ? status + account->signal_number : status;
}

static void add_count(void *exits, const char *name, uint64_t count)
{
	json_object_object_add(exits, name, json_object_new_uint64(count));
}

static json_object *exits_by_cause(const struct run_account *account)
{
	json_object *exits = json_object_new_object();

	exit_causes_tell(&account->exits, add_count, exits);
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

static void add_harts(json_object *result, const struct run_account *account)
{
	json_object *harts = json_object_new_array();

	for (unsigned int i = 0; i < account->hart_count; i++)
		json_object_array_add(harts, hart_where_json(&account->harts[i]));
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
