/* SPDX-License-Identifier: Apache-2.0 */
/* How a run ended: names, exit statuses, and the JSON of --result. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "vmm/log.h"
#include "vmm/printable.h"
#include "vmm/run.h"

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

bool result_write(const char *path, const struct config *config, const struct run_account *account)
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
	good = json_object_to_file_ext(path, result, JSON_C_TO_STRING_PRETTY) == 0;
	if (!good)
		error("--result %s: %s", path, strerror(errno));
	json_object_put(result);
	return good;
}
