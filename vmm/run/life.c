/* SPDX-License-Identifier: Apache-2.0 */
/* One life of a machine. */
#include <malloc.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/run/boot.h"
#include "vmm/run/bring_up.h"
#include "vmm/run/hart_report.h"
#include "vmm/run/run.h"
#include "vmm/run/service.h"
#include "vmm/run/take_down.h"
#include "vmm/run/vcpu_thread.h"

/* A Linux that panicked resets, powers off or just stops like a healthy one: its words decide. */
static enum machine_end end_of(const struct machine *machine)
{
	enum machine_end end = (enum machine_end)atomic_load(&machine->end);
	bool ambiguous = end == END_RESET || end == END_POWEROFF || end == END_TIMEOUT;

	return ambiguous && machine->console.panic.seen ? END_PANIC : end;
}

static struct guest_end said_by_guest(const struct machine *machine)
{
	uint64_t status = atomic_load(&machine->status);
	struct guest_end said = machine->said;

	said.has_status = status & GUEST_STATUS_GIVEN;
	said.status = (uint32_t)status;
	return said;
}

static void add_to_account(struct machine *machine, struct run_account *account)
{
	account->end = end_of(machine);
	account->said = said_by_guest(machine);
	hart_report_end(machine, account);
	account->signal_number = atomic_load(&machine->end_signal);
	for (unsigned int i = 0; i < machine->vcpu_count; i++) {
		exit_causes_add(&account->exits, &machine->vcpus[i].exits);
		kvm_stats_add(&account->kvm, machine->vcpus[i].fd);
	}
	account->sbi_answered += machine->sbi.answered;
	account->sbi_unclaimed += machine->sbi.unclaimed;
	account->guest_errors += atomic_load(&machine->guest_errors);
	account->access_faults = atomic_load(&machine->access_faults);
}

/*
 * The loop works for the vCPUs. Where it shares a CPU with one it does not take it at every
 * doorbell, but comes when the vCPU waits, and finds all that was asked for by then: under
 * SCHED_BATCH a thread that wakes preempts nobody. On a CPU that is free it runs at once.
 */
static int loop_run_patiently(struct loop *loop)
{
	const struct sched_param none = {0};
	/* Whoever started us under another policy meant it. */
	bool patient = sched_getscheduler(0) == SCHED_OTHER &&
		       sched_setscheduler(0, SCHED_BATCH, &none) == 0;
	int result = loop_run(loop);

	/* The vCPUs of the guest's next life inherit this thread's. */
	if (patient)
		sched_setscheduler(0, SCHED_OTHER, &none);
	return result;
}

static bool run(struct machine *machine, struct run_account *account)
{
	uint64_t start = clock_now();
	bool started = true;
	int result;

	if (account->boots++ == 0) {
		account->first_start_ns = start;
		account->setup_ns = start - account->setup_ns;
		account->started_ns = clock_ns(CLOCK_REALTIME);
	}
	for (unsigned int i = 0; i < machine->vcpu_count && started; i++)
		started = vcpu_start(&machine->vcpus[i]);
	if (started && account->boots == 1 && !service_running(account->service))
		machine_request_end(machine, END_HOST);
	if (started) {
		machine_lock(machine);
		hart_report_watch(machine);
		machine_unlock(machine);
		result = loop_run_patiently(machine->loop);
		if (result < 0) {
			error("the event loop: %s", strerror(-result));
			machine_request_end(machine, END_HOST);
		}
	}
	machine_stop_vcpus(machine);
	account->life_ns = clock_now() - start;
	account->run_ns += account->life_ns;
	account->spoke = machine->console.line_seen;
	add_to_account(machine, account);
	return started;
}

/* Before a vCPU runs. */
static void tell_start(struct machine *machine)
{
	const struct machine_watcher *watcher = machine->watcher;

	if (watcher && watcher->started(watcher->opaque, machine))
		pause_ask(machine);
}

static void tell_end(struct machine *machine)
{
	if (machine->watcher)
		machine->watcher->ending(machine->watcher->opaque, machine);
}

/* When nobody can find the machine any more: somebody may have ended for good what the guest had
 * asked to reset. */
static void close_account(struct machine *machine, struct run_account *account)
{
	const enum machine_end end = machine_final_end(machine);

	account->asked_off = machine->asked_off;
	if (!machine_end_is_reset(account->end) || !machine_end_is_from_outside(end))
		return;
	account->end = end;
	account->signal_number = atomic_load(&machine->end_signal);
}

bool machine_run(const struct config *config, struct boot_files *files,
		 const struct console_ends *ends, const struct machine_watcher *watcher,
		 struct run_account *account)
{
	struct machine *machine = machine_new(config);
	bool ran;

	if (!machine)
		return false;
	machine->watcher = watcher;
	ran = machine_bring_up(machine, files, ends, account);
	/* The guest has its own copy now; without the trim malloc keeps tens of megabytes. */
	boot_files_free(files);
	malloc_trim(0);
	if (ran) {
		tell_start(machine);
		ran = run(machine, account);
		tell_end(machine);
		close_account(machine, account);
	}
	account->bad_input = machine->bad_input;
	machine_free(machine);
	return ran;
}
