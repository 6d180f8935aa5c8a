/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/hart_report.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "vmm/debug/names.h"
#include "vmm/debug/where.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/run/run.h"

#define FIRST_LOOK_NS	NS_PER_S
#define LONGEST_WAIT_NS (600 * NS_PER_S)
#define BUSY_SHARE	16u /* of the time: a vCPU that ran that much of it is busy */
#define HARTS_SHOWN	64u

/* ---- a trap for ever ---- */

/*
 * What trapped first is not to be seen any more: its sepc is lost by the next trap. So the start of
 * the program is looked at, where one for machine mode uses its CSRs at once.
 */
static bool is_machine_mode(const struct machine *machine, const struct hart_state *state)
{
	uint64_t at;
	char name[24];

	if (state->stvec || !hart_find_machine_mode(&machine->memory, machine->entry, &at, name))
		return false;
	warning("hart %u trapped before it had a trap handler, and uses %s at 0x%" PRIx64
		": this is a "
		"program for machine mode, as OpenSBI is; a VM has no such mode, and its SBI is "
		"vhart's and KVM's: give it a kernel, or firmware for S-mode such as U-Boot's "
		"u-boot.bin",
		state->hart, name, at);
	return true;
}

static void end_endless(struct machine *machine, const struct hart_state *state)
{
	if (atomic_exchange(&machine->endless, true))
		return;
	machine->cause = "machine-mode-program";
	if (!is_machine_mode(machine, state)) {
		machine->cause = "endless-trap";
		warning("hart %u traps in its trap handler (stvec 0x%" PRIx64
			") for ever: the guest "
			"failed",
			state->hart, state->stvec);
	}
	machine_request_end(machine, END_PANIC);
}

void hart_report_no_handler(struct vcpu *vcpu)
{
	struct hart_where where;

	where_read(vcpu, &where);
	end_endless(vcpu->machine, &where.state);
}

/* Two looks in a row that find the same are proof. */
static void look_for_endless(struct vcpu *vcpu, const struct hart_state *state)
{
	const struct hart_state *before = &vcpu->trapping;

	if (!hart_state_traps_again(state)) {
		vcpu->trapping.stvec = 0;
		return;
	}
	if (before->stvec == state->stvec && before->sepc == state->sepc &&
	    before->scause == state->scause)
		end_endless(vcpu->machine, state);
	vcpu->trapping = *state;
}

static uint64_t cpu_time_ns(const struct vcpu *vcpu)
{
	clockid_t clock;

	return pthread_getcpuclockid(vcpu->thread, &clock) == 0 ? clock_ns(clock) : 0;
}

/*
 * Whether its thread runs or would if it had a CPU (proc_pid_stat(5)), as that of an endless trap
 * does. One that sleeps is in a WFI, most often, which a kick would end.
 */
static bool is_awake(struct vcpu *vcpu)
{
	char path[64], line[128], *end;
	FILE *file;
	bool awake;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&vcpu->tid));
	file = fopen(path, "re");
	if (!file)
		return false;
	end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	awake = end && end[1] == ' ' && end[2] == 'R';
	fclose(file);
	return awake;
}

static void ask_vcpu(struct vcpu *vcpu, unsigned int what)
{
	atomic_fetch_or(&vcpu->look, what);
	vcpu_kick(vcpu);
}

static void time_to_look(struct loop_timer *timer)
{
	struct machine *machine = timer->opaque;
	uint64_t waited = machine->look_wait_ns;

	for (unsigned int i = 0; i < machine->vcpu_count; i++) {
		struct vcpu *vcpu = &machine->vcpus[i];
		uint64_t used = vcpu->started ? cpu_time_ns(vcpu) : 0;

		if (used - vcpu->cpu_time_ns >= waited / BUSY_SHARE && is_awake(vcpu))
			ask_vcpu(vcpu, VCPU_LOOK_TRAP);
		vcpu->cpu_time_ns = used;
	}
	machine->look_wait_ns = waited * 2 < LONGEST_WAIT_NS ? waited * 2 : LONGEST_WAIT_NS;
	loop_timer_set(machine->loop, &machine->look_timer, machine->look_wait_ns);
}

void hart_report_watch(struct machine *machine)
{
	machine->look_wait_ns = FIRST_LOOK_NS;
	machine->look_timer = (struct loop_timer){.expired = time_to_look, .opaque = machine};
	loop_timer_set(machine->loop, &machine->look_timer, machine->look_wait_ns);
}

/* ---- a report while it runs ---- */

void hart_report_look(struct vcpu *vcpu)
{
	unsigned int wanted = atomic_load(&vcpu->look);
	struct machine *machine = vcpu->machine;
	struct hart_where where;

	if (!wanted)
		return;
	where_read(vcpu, &where);
	if (wanted & VCPU_LOOK_TRAP)
		look_for_endless(vcpu, &where.state);
	/* Its stack stands still now, and the names were found before it was asked. */
	if (wanted & VCPU_LOOK_STATE)
		where_follow(&machine->memory, machine->names, &where);
	pthread_mutex_lock(&machine->look_lock);
	vcpu->where = where;
	atomic_fetch_and(&vcpu->look, ~wanted);
	pthread_cond_signal(&machine->looked);
	pthread_mutex_unlock(&machine->look_lock);
}

/* WHY is a literal. The signal thread makes the report: it may wait. A machine without one is a
 * script's, which makes a report itself if it fails. */
static void ask_for_report(struct machine *machine, const char *why)
{
	if (machine->config->no_signals)
		return;
	atomic_store(&machine->report_why, why);
	pthread_kill(machine->signals, SIGQUIT);
}

void hart_report_hole(struct machine *machine)
{
	if (atomic_exchange(&machine->hole, true))
		return;
	ask_for_report(machine, "an access to nothing");
}

/* Under the lock, so that no vCPU is stopped meanwhile. */
static bool ask_all(struct machine *machine)
{
	bool running;

	pthread_mutex_lock(&machine->lock);
	running = !atomic_load(&machine->stopping);
	for (unsigned int i = 0; running && i < machine->vcpu_count; i++)
		if (machine->vcpus[i].started)
			ask_vcpu(&machine->vcpus[i], VCPU_LOOK_STATE);
	pthread_cond_broadcast(&machine->wake);
	pthread_mutex_unlock(&machine->lock);
	if (running)
		pause_for_held(machine, hart_report_look);
	return running;
}

static bool any_owes(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		if (atomic_load(&machine->vcpus[i].look) & VCPU_LOOK_STATE)
			return true;
	return false;
}

/* Waits for all, a second at most, and copies what they found. */
static void collect(struct machine *machine, struct hart_where *harts)
{
	const struct timespec until = clock_timespec(clock_now() + NS_PER_S);
	int result = 0;

	pthread_mutex_lock(&machine->look_lock);
	while (result == 0 && any_owes(machine))
		result = pthread_cond_timedwait(&machine->looked, &machine->look_lock, &until);
	for (unsigned int i = 0; i < machine->vcpu_count; i++) {
		struct vcpu *vcpu = &machine->vcpus[i];

		harts[i] = vcpu->where;
		if (atomic_load(&vcpu->look) & VCPU_LOOK_STATE)
			harts[i] = (struct hart_where){.state.hart = i};
	}
	pthread_mutex_unlock(&machine->look_lock);
}

static void print_line(void *context, const char *line)
{
	(void)context;
	note("%s", line);
}

static void print_harts(const char *why, const struct hart_where *harts, unsigned int count)
{
	note("%s: where the harts are:", why);
	for (unsigned int i = 0; i < count && i < HARTS_SHOWN; i++)
		hart_where_tell(&harts[i], print_line, NULL);
	if (count > HARTS_SHOWN)
		note("and %u more", count - HARTS_SHOWN);
}

void hart_report_live(struct machine *machine)
{
	const char *why = atomic_exchange(&machine->report_why, NULL);
	struct hart_where *harts = calloc(machine->config->cpus, sizeof(*harts));
	int old;

	/* The end of the machine cancels this thread, but not in here. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	debug_names_find(machine->names);
	if (harts && ask_all(machine)) {
		collect(machine, harts);
		print_harts(why ? why : "SIGQUIT", harts, machine->vcpu_count);
	}
	pthread_setcancelstate(old, &old);
	free(harts);
}

/* ---- a report at the end ---- */

static const struct {
	bool kept;	 /* in the result */
	const char *why; /* NULL: not printed */
} reports[] = {
	[END_PANIC] = {true, "the guest failed"},
	[END_WATCHDOG] = {true, "the guest has not restarted its watchdog in time"},
	[END_TIMEOUT] = {true, "--timeout"},
	[END_QUIT] = {true, NULL},
	[END_SIGNAL] = {true, NULL},
	[END_VCPU] = {true, "a hart cannot run"},
	[END_HOST] = {false, NULL},
};

void hart_report_end(struct machine *machine, struct run_account *account)
{
	const char *why = reports[account->end].why;
	struct hart_where *harts = NULL;

	if (reports[account->end].kept && (why || machine->config->result))
		harts = calloc(machine->vcpu_count, sizeof(*harts));
	if (!harts)
		return;
	where_all(machine, harts);
	if (why)
		print_harts(why, harts, machine->vcpu_count);
	account->harts = harts;
	account->hart_count = machine->vcpu_count;
	account->cause = machine->cause;
}
