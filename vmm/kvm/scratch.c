/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/scratch.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/board.h"
#include "base/sbi_spec.h"
#include "vmm/kvm/kvm.h"

#define RAM_SIZE      0x10000u /* enough for every page size that the host can have */
#define CALL_READY    0u
#define LIMIT_SECONDS 5
#define LIMIT_SIGNAL  (SIGRTMIN + 9) /* signals.c knows it */

/* scratch_guest.S */
extern const unsigned char scratch_guest[];
extern const unsigned char scratch_guest_calls[], scratch_guest_resume[],
	scratch_guest_instructions[], scratch_guest_deadlines[], scratch_guest_trips[],
	scratch_guest_stores[];
extern const uint64_t scratch_guest_size; /* bytes */

static int add_ram(struct scratch *scratch)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = MAP_RAM,
		.memory_size = RAM_SIZE,
	};

	scratch->ram =
		mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch->ram == MAP_FAILED) {
		scratch->ram = NULL;
		return -errno;
	}
	memcpy(scratch->ram, scratch_guest, scratch_guest_size);
	region.userspace_addr = (uint64_t)(uintptr_t)scratch->ram;
	return ioctl(scratch->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

static int map_run(struct scratch *scratch, int kvm_fd)
{
	int len = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (len < 0)
		return -errno;
	scratch->run_len = (size_t)len;
	scratch->run = mmap(NULL, scratch->run_len, PROT_READ | PROT_WRITE, MAP_SHARED,
			    scratch->vcpu_fd, 0);
	if (scratch->run != MAP_FAILED)
		return 0;
	scratch->run = NULL;
	return -errno;
}

int scratch_open(struct scratch *scratch, int kvm_fd, const char **step)
{
	int result;

	*scratch = (struct scratch){.vm_fd = -1, .vcpu_fd = -1};
	*step = "creating a VM";
	scratch->vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	if (scratch->vm_fd < 0)
		return -errno;
	*step = "giving it memory";
	result = add_ram(scratch);
	if (result < 0)
		return result;
	*step = "creating a vCPU";
	scratch->vcpu_fd = ioctl(scratch->vm_fd, KVM_CREATE_VCPU, 0);
	if (scratch->vcpu_fd < 0)
		return -errno;
	*step = "mapping the vCPU's kvm_run";
	result = map_run(scratch, kvm_fd);
	if (result < 0)
		return result;
	*step = "setting the vCPU's pc";
	return kvm_set_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.pc), MAP_RAM);
}

void scratch_close(struct scratch *scratch)
{
	if (scratch->run)
		munmap(scratch->run, scratch->run_len);
	if (scratch->vcpu_fd >= 0)
		close(scratch->vcpu_fd);
	if (scratch->vm_fd >= 0)
		close(scratch->vm_fd);
	if (scratch->ram)
		munmap(scratch->ram, RAM_SIZE);
}

/* What the handler takes: its own thread's, and nothing that came with the signal, which any
 * process of the user can send. */
static _Thread_local struct kvm_run *limited;

/* Also stops a KVM_RUN that has not begun when the signal comes. */
static void time_is_up(int number)
{
	(void)number;
	if (limited)
		__atomic_store_n(&limited->immediate_exit, 1, __ATOMIC_RELAXED);
}

static void end_limit(timer_t timer)
{
	timer_delete(timer);
	limited = NULL;
}

static bool take_limit_signal(void)
{
	const struct sigaction action = {.sa_handler = time_is_up};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, LIMIT_SIGNAL);
	return sigaction(LIMIT_SIGNAL, &action, NULL) == 0 &&
	       pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0;
}

static bool start_limit(struct kvm_run *run, const struct itimerspec *limit, timer_t *timer)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = LIMIT_SIGNAL,
	};

	event._sigev_un._tid = gettid();
	if (!take_limit_signal() || timer_create(CLOCK_MONOTONIC, &event, timer) < 0)
		return false;
	limited = run;
	if (timer_settime(*timer, 0, limit, NULL) == 0)
		return true;
	end_limit(*timer);
	return false;
}

static struct scratch_outcome read_exit(const struct kvm_run *run)
{
	struct scratch_outcome outcome = {
		.end = SCRATCH_FAILED,
		.exit_reason = run->exit_reason,
	};

	if (run->exit_reason != KVM_EXIT_RISCV_SBI ||
	    run->riscv_sbi.extension_id != SBI_EID_PMU_EXIT)
		return outcome;
	outcome.scause = run->riscv_sbi.args[1];
	if (run->riscv_sbi.function_id == CALL_READY)
		outcome.end = SCRATCH_READY;
	else
		outcome.end = outcome.scause ? SCRATCH_TRAPPED : SCRATCH_SPUN;
	return outcome;
}

bool scratch_repeat(struct scratch *scratch, unsigned int times, struct scratch_outcome *outcome)
{
	const struct itimerspec limit = {.it_value.tv_sec = LIMIT_SECONDS};
	timer_t timer;
	bool stuck = false;
	int result = 0;

	*outcome = (struct scratch_outcome){.end = SCRATCH_FAILED};
	if (!start_limit(scratch->run, &limit, &timer)) {
		outcome->failure = errno;
		return false;
	}
	/* Other signals interrupt it too: being stopped and continued, or traced. */
	while (times > 0 && !stuck && (result == 0 || errno == EINTR)) {
		result = ioctl(scratch->vcpu_fd, KVM_RUN, 0);
		stuck = __atomic_load_n(&scratch->run->immediate_exit, __ATOMIC_RELAXED);
		times -= result == 0;
	}
	if (times > 0 && stuck)
		outcome->end = SCRATCH_STUCK;
	else if (result < 0)
		outcome->failure = errno;
	end_limit(timer);
	return times == 0;
}

bool scratch_step(struct scratch *scratch, struct scratch_outcome *outcome)
{
	return scratch_repeat(scratch, 1, outcome);
}

int scratch_settle(struct scratch *scratch)
{
	int result;

	/* Documentation/virt/kvm/api.rst, 5: what an exit with MMIO has pending. */
	__atomic_store_n(&scratch->run->immediate_exit, 1, __ATOMIC_RELAXED);
	result = ioctl(scratch->vcpu_fd, KVM_RUN, 0);
	__atomic_store_n(&scratch->run->immediate_exit, 0, __ATOMIC_RELAXED);
	return result < 0 && errno != EINTR ? -errno : 0;
}

bool scratch_disturb(struct scratch *scratch, unsigned int times, struct scratch_outcome *outcome)
{
	const struct timespec often = {.tv_nsec = 1000000};
	const struct itimerspec limit = {.it_value = often, .it_interval = often};
	timer_t timer;
	int result = -1;

	*outcome = (struct scratch_outcome){.end = SCRATCH_FAILED};
	if (!start_limit(scratch->run, &limit, &timer)) {
		outcome->failure = errno;
		return false;
	}
	for (unsigned int i = 0; i < times && result < 0; i++) {
		__atomic_store_n(&scratch->run->immediate_exit, 0, __ATOMIC_RELAXED);
		result = ioctl(scratch->vcpu_fd, KVM_RUN, 0);
		if (result < 0 && errno != EINTR)
			break;
	}
	if (result < 0 && errno == EINTR)
		outcome->end = SCRATCH_SPUN;
	else if (result < 0)
		outcome->failure = errno;
	end_limit(timer);
	return result == 0;
}

struct scratch_outcome scratch_run(struct scratch *scratch)
{
	struct scratch_outcome outcome;

	return scratch_step(scratch, &outcome) ? read_exit(scratch->run) : outcome;
}

/* Where a label of the guest is for it. */
static uint64_t guest_address(const unsigned char *label)
{
	return MAP_RAM + (uint64_t)(label - scratch_guest);
}

static int begin(struct scratch *scratch, const unsigned char *label)
{
	return kvm_set_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.pc), guest_address(label));
}

int scratch_begin_calls(struct scratch *scratch)
{
	return begin(scratch, scratch_guest_calls);
}

int scratch_begin_instructions(struct scratch *scratch)
{
	return begin(scratch, scratch_guest_instructions);
}

int scratch_begin_deadlines(struct scratch *scratch)
{
	return begin(scratch, scratch_guest_deadlines);
}

int scratch_begin_trips(struct scratch *scratch)
{
	return begin(scratch, scratch_guest_trips);
}

int scratch_begin_stores(struct scratch *scratch)
{
	return begin(scratch, scratch_guest_stores);
}

uint64_t scratch_resume_address(void)
{
	return guest_address(scratch_guest_resume);
}

struct scratch_outcome scratch_start(struct scratch *scratch)
{
	return scratch_run(scratch);
}

void scratch_answer(struct scratch *scratch, uint64_t rounds)
{
	scratch->run->riscv_sbi.ret[0] = 0;
	scratch->run->riscv_sbi.ret[1] = rounds;
}

struct scratch_outcome scratch_spin(struct scratch *scratch, uint64_t rounds)
{
	scratch_answer(scratch, rounds);
	return scratch_run(scratch);
}

struct scratch_outcome scratch_exit(const struct scratch *scratch)
{
	return read_exit(scratch->run);
}

void scratch_explain(const struct scratch_outcome *outcome, char *text, size_t size)
{
	switch (outcome->end) {
	case SCRATCH_READY: snprintf(text, size, "the guest started"); break;
	case SCRATCH_SPUN: snprintf(text, size, "the guest ran to its end without a trap"); break;
	case SCRATCH_TRAPPED:
		snprintf(text, size, "the guest trapped with scause 0x%" PRIx64, outcome->scause);
		break;
	case SCRATCH_STUCK:
		snprintf(text, size, "no answer from the guest in %d s", LIMIT_SECONDS);
		break;
	case SCRATCH_FAILED:
		if (outcome->failure)
			snprintf(text, size, "KVM_RUN: %s", strerror(outcome->failure));
		else
			snprintf(text, size, "KVM_RUN: exit reason %u", outcome->exit_reason);
		break;
	}
}
