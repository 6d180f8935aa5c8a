/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/vcpu_thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own_run.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vcpu_stay.h"
#include "vmm/run/exit_watch.h"
#include "vmm/run/hart_pmu.h"
#include "vmm/run/hart_report.h"
#include "vmm/run/overriding.h"
#include "vmm/run/suspend.h"
#include "vmm/run/vcpu_exits.h"

/* What the handler takes: its own thread's, and nothing that came with the signal, which any
 * process of the user can send. */
static _Thread_local struct kvm_run *own_run;

/* On the vCPU's thread. KVM_RUN, now or next, returns at once with EINTR. */
static void take_kick(int signal)
{
	(void)signal;
	if (own_run)
		__atomic_store_n(&own_run->immediate_exit, 1, __ATOMIC_RELAXED);
}

static bool unblock_kick(struct kvm_run *run)
{
	struct sigaction action = {.sa_handler = take_kick, .sa_flags = SA_RESTART};
	sigset_t kick;

	own_run = run;
	sigemptyset(&action.sa_mask);
	sigemptyset(&kick);
	sigaddset(&kick, VCPU_KICK_SIGNAL);
	return sigaction(VCPU_KICK_SIGNAL, &action, NULL) == 0 &&
	       pthread_sigmask(SIG_UNBLOCK, &kick, NULL) == 0;
}

/* What KVM keeps to itself, and the forward brought here. RESULT is what KVM_RUN returned. */
static void answer_forwarded(struct vcpu *vcpu, int result)
{
	struct machine *machine = vcpu->machine;
	struct forwarded forwarded;
	struct vcpu_asks asks;

	switch (forward_take(&vcpu->forward, result, &machine->memory, &forwarded)) {
	case FORWARD_CALL:
		exit_log_is_call(&vcpu->log, forwarded.call.eid, forwarded.call.fid);
		if (forwarded.kept)
			vcpu_asks_init(&asks, vcpu, &forwarded);
		if (exit_is_watched(vcpu))
			exit_watch_call(vcpu, &forwarded.call);
		sbi_dispatch(&machine->sbi, &forwarded.call);
		vcpu->mark = forwarded.call.by_script ? RUN_MARK_SCRIPT : 0;
		break;
	case FORWARD_COUNTER:
		if (exit_is_watched(vcpu))
			exit_watch_counter(vcpu, &forwarded.read);
		if (machine->sbi.read_counter)
			machine->sbi.read_counter(&machine->sbi, &forwarded.read);
		break;
	case FORWARD_STOPPED:
		if (vcpu->pmu)
			hart_pmu_reset(vcpu->pmu);
		return;
	default: return;
	}
	if (forwarded.redirected)
		vcpu_stay(vcpu);
	result = forward_answer(&vcpu->forward, &forwarded);
	if (result < 0)
		vcpu_failed(vcpu, -result);
}

static void take_kept_signals(struct vcpu *vcpu)
{
	const struct timespec no_time = {0};
	siginfo_t info;

	while (sigtimedwait(&vcpu->kept, &info, &no_time) > 0)
		if (info.si_signo == HART_PMU_SIGNAL && vcpu->pmu)
			hart_pmu_overflow(vcpu->pmu, info.si_fd);
}

/* Also for one that was opened while the guest ran: whoever opens it kicks. */
static void attach_forward(struct vcpu *vcpu)
{
	struct forward *forward = atomic_load(&vcpu->machine->forward);
	int result;

	if (!forward || vcpu->forward.slot)
		return;
	result = forward_attach_vcpu(forward, &vcpu->forward, vcpu->id, vcpu->fd, vcpu->run);
	if (result < 0)
		vcpu_failed(vcpu, -result);
}

static void lcofi_failed(struct vcpu *vcpu, int reason)
{
	if (vcpu->lcofi_failures++ == 0)
		warning("pmu: hart %u: an overflow interrupt is lost (way %s): %s", vcpu->id,
			vcpu->lcofi.way->name, strerror(reason));
}

/* KVM_RUN, of what is due before the guest goes on or else of the guest. */
static int run_vcpu(struct vcpu *vcpu)
{
	uint8_t mark = vcpu->mark;
	int result;

	if (vcpu->lcofi.due) {
		vcpu_stay(vcpu);
		switch (hart_pmu_raise(vcpu->pmu, &result)) {
		case LCOFI_RAISED: mark |= RUN_MARK_LCOFI | vcpu->lcofi.way->by; break;
		case LCOFI_RETURNED: return result;
		case LCOFI_FAILED: lcofi_failed(vcpu, -result); break;
		}
	}
	exit_log_entering(&vcpu->log);
	vcpu->mark = 0;
	vcpu->run->request_interrupt_window = mark;
	result = kvm_run(vcpu->fd);
	exit_log_left(&vcpu->log, vcpu->run, result);
	return result;
}

static void *vcpu_thread(void *opaque)
{
	struct vcpu *vcpu = opaque;
	struct machine *machine = vcpu->machine;
	char name[16];
	int result;

	/* Before it runs: who watches threads knows the vCPU by it. */
	snprintf(name, sizeof(name), "vcpu%u", vcpu->id);
	pthread_setname_np(pthread_self(), name);
	atomic_store(&vcpu->tid, gettid());
	if (!unblock_kick(vcpu->run))
		vcpu_failed(vcpu, errno);
	attach_forward(vcpu);
	vcpu->log = exit_log_port(machine->exit_log, vcpu->id);
	pause_point(vcpu);
	while (!atomic_load(&machine->stopping)) {
		result = run_vcpu(vcpu);
		if (result == 0 || forward_waits(&vcpu->forward))
			vcpu_may_move(vcpu);
		if (forward_waits(&vcpu->forward))
			answer_forwarded(vcpu, result);
		if (result == 0) {
			vcpu_handle_exit(vcpu);
			continue;
		}
		if (result == -EINTR) {
			vcpu->exits.interrupted++;
			/* Before stopping is looked at: it was set before the kick was sent. */
			__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
			if (vcpu->keeps)
				take_kept_signals(vcpu);
			if (vcpu->pmu)
				hart_pmu_interrupted(vcpu->pmu);
			suspend_interrupted(vcpu);
			hart_report_look(vcpu);
			pause_point(vcpu);
			attach_forward(vcpu);
		} else if (!vcpu_goes_on(vcpu, -result)) {
			break;
		}
	}
	exit_log_ended(&vcpu->log);
	lcofi_forget(&vcpu->lcofi);
	hart_pmu_free(vcpu->pmu);
	vcpu->pmu = NULL;
	return NULL;
}

/* --affinity: a CPU of its own for each hart, and from the first again where there are fewer. */
static int create_thread(struct vcpu *vcpu)
{
	const struct config *config = vcpu->machine->config;
	pthread_attr_t attributes;
	cpu_set_t cpus;
	int result = pthread_attr_init(&attributes);

	if (result != 0)
		return result;
	if (config->affinity_count) {
		CPU_ZERO(&cpus);
		CPU_SET(config->affinity[vcpu->id % config->affinity_count], &cpus);
		result = pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
	}
	if (result == 0)
		result = pthread_create(&vcpu->thread, &attributes, vcpu_thread, vcpu);
	pthread_attr_destroy(&attributes);
	return result;
}

bool vcpu_start(struct vcpu *vcpu)
{
	const struct config *config = vcpu->machine->config;
	int result = create_thread(vcpu);

	if (result == EINVAL && config->affinity_count) {
		error("--affinity: hart %u cannot be bound to CPU %u: this host has it not, or not "
		      "for this process: see nproc and taskset -p $$",
		      vcpu->id, config->affinity[vcpu->id % config->affinity_count]);
		vcpu->machine->bad_input = true;
		return false;
	}
	if (result != 0) {
		error("hart %u: no thread for it: %s: use fewer --cpus", vcpu->id,
		      strerror(result));
		return false;
	}
	vcpu->started = true;
	/* Who asked for it since the thread began did not know whom to kick. */
	if (atomic_load(&vcpu->hold))
		vcpu_kick(vcpu);
	return true;
}

void vcpu_stop(struct vcpu *vcpu)
{
	if (!vcpu->started)
		return;
	vcpu_kick(vcpu);
	pthread_join(vcpu->thread, NULL);
	vcpu->started = false;
}
