/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: brought up in one readable order, run, and taken down in the reverse order. */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/hart_report.h"
#include "vmm/run/run.h"
#include "vmm/run/suspend.h"

#define GUEST_ERROR_LINES_PER_S 4u
#define GUEST_ERROR_LINES	100u /* in a life: a guest must not fill the user's log */

/* ---- the contract of machine.h that needs no more than a line or two ---- */

const struct guest_memory *machine_memory(struct machine *machine)
{
	return &machine->memory;
}

struct loop *machine_loop(struct machine *machine)
{
	return machine->loop;
}

int machine_mmio_add(struct machine *machine, struct mmio_region *region)
{
	return bus_add(&machine->bus, region);
}

void machine_mmio_remove(struct machine *machine, struct mmio_region *region)
{
	bus_remove(&machine->bus, region);
}

void machine_console_attach(struct machine *machine, struct console_device *device)
{
	console_attach(&machine->console, device);
}

size_t machine_console_write(struct machine *machine, const void *bytes, size_t len)
{
	return console_write(&machine->console, bytes, len);
}

size_t machine_console_read(struct machine *machine, void *bytes, size_t len)
{
	return console_read(&machine->console, bytes, len);
}

bool machine_console_wait(struct machine *machine)
{
	while (!console_has_room(&machine->console)) {
		if (atomic_load(&machine->stopping))
			return false;
		pthread_cond_wait(&machine->idle, &machine->lock);
	}
	return true;
}

void machine_lock(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
}

void machine_unlock(struct machine *machine)
{
	pthread_mutex_unlock(&machine->lock);
}

void machine_wait_idle(struct machine *machine, const unsigned int *count)
{
	while (*count > 0)
		pthread_cond_wait(&machine->idle, &machine->lock);
}

void machine_idle(struct machine *machine)
{
	pthread_cond_broadcast(&machine->idle);
}

static bool set_end(struct machine *machine, enum machine_end end)
{
	int none = END_NONE;

	if (!atomic_compare_exchange_strong(&machine->end, &none, (int)end))
		return false;
	loop_stop(machine->loop);
	return true;
}

void machine_request_end(struct machine *machine, enum machine_end end)
{
	set_end(machine, end);
}

void machine_guest_status(struct machine *machine, uint32_t status)
{
	atomic_store(&machine->status, GUEST_STATUS_GIVEN | status);
}

void machine_system_reset(struct machine *machine, uint32_t type, uint32_t reason)
{
	uint32_t status;

	if (srst_status(reason, &status))
		machine_guest_status(machine, status);
	if (set_end(machine, srst_end(type, reason)))
		machine->said = (struct guest_end){.reset = true, .type = type, .reason = reason};
}

void machine_guest_error(struct machine *machine, const char *who, const char *format, ...)
{
	uint64_t second;
	char text[200];
	bool print;
	va_list args;

	atomic_fetch_add(&machine->guest_errors, 1);
	/* A guest that errs in a loop costs a count, no more. */
	if (atomic_load(&machine->guest_error_lines_total) >= GUEST_ERROR_LINES)
		return;
	second = clock_now() / NS_PER_S;
	pthread_mutex_lock(&machine->guest_error_lock);
	if (machine->guest_error_window != second) {
		machine->guest_error_window = second;
		machine->guest_error_lines = 0;
	}
	print = machine->guest_error_lines < GUEST_ERROR_LINES_PER_S;
	machine->guest_error_lines += print;
	atomic_fetch_add(&machine->guest_error_lines_total, print);
	pthread_mutex_unlock(&machine->guest_error_lock);
	if (!print)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	warning("guest error: %s: %s", who, text);
}

/* ---- bringing it up ---- */

static bool create_vm(struct machine *machine)
{
	machine->kvm_fd = kvm_open();
	if (machine->kvm_fd < 0)
		return false;
	/* After a reset the ring of the life before may still be going away, which the kernel takes
	 * for a signal (mm_take_all_locks()). */
	do {
		machine->vm_fd = ioctl(machine->kvm_fd, KVM_CREATE_VM, 0);
	} while (machine->vm_fd < 0 && errno == EINTR);
	if (machine->vm_fd < 0) {
		error("KVM cannot create a VM: %s: 'vhart probe' says what this host can do",
		      strerror(errno));
		return false;
	}
	return true;
}

static bool create_memory(struct machine *machine)
{
	struct kvm_userspace_memory_region region = {0};
	uint64_t size = machine->config->memory;
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (host == MAP_FAILED) {
		error("--memory %llu MiB: %s: ask for less", (unsigned long long)(size >> 20),
		      strerror(errno));
		return false;
	}
	machine->memory = (struct guest_memory){.base = MAP_RAM, .size = size, .host = host};
	/* Fewer stage-2 faults; a host without huge pages says no, and that is fine. */
	madvise(host, size, MADV_HUGEPAGE);
	region.guest_phys_addr = MAP_RAM;
	region.memory_size = size;
	region.userspace_addr = (uint64_t)(uintptr_t)host;
	if (ioctl(machine->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0) {
		error("--memory %llu MiB: KVM does not take it: %s: ask for less",
		      (unsigned long long)(size >> 20), strerror(errno));
		return false;
	}
	return true;
}

static bool check_cpus(struct machine *machine)
{
	int limit = ioctl(machine->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);

	if (limit > 0 && machine->config->cpus > (unsigned int)limit) {
		error("--cpus %u: KVM on this host allows at most %d", machine->config->cpus,
		      limit);
		machine->bad_input = true;
		return false;
	}
	return true;
}

static bool create_vcpus(struct machine *machine)
{
	machine->vcpus = calloc(machine->config->cpus, sizeof(*machine->vcpus));
	if (!machine->vcpus) {
		error("no memory for %u vCPUs", machine->config->cpus);
		return false;
	}
	while (machine->vcpu_count < machine->config->cpus) {
		struct vcpu *vcpu = &machine->vcpus[machine->vcpu_count];

		machine->vcpu_count++;
		if (!vcpu_create(vcpu, machine, machine->vcpu_count - 1))
			return false;
	}
	return true;
}

static bool create_interrupts(struct machine *machine)
{
	const char *what = NULL;
	int result;

	if (machine->has_aia) {
		result = aia_init(&machine->aia, machine->config->cpus, &what);
		if (result == 0) {
			what = "its routes";
			result = interrupts_commit_routes(machine);
		}
		if (result < 0)
			error("KVM's AIA refuses %s: %s: try --aia off", what, strerror(-result));
		return result == 0;
	}
	verbose("no AIA: a userspace PLIC interrupts the guest");
	machine->plic = plic_new(machine, MAP_PLIC, machine->config->cpus, interrupts_set_external,
				 machine);
	return machine->plic != NULL;
}

/*
 * Takes signals until one ends the machine. Not a signalfd in the loop: the kernel wakes whoever
 * polls one for every signal of every thread (signalfd_notify()), and an SBI call that the forward
 * brings here is a signal.
 */
static void *signal_thread(void *opaque)
{
	struct machine *machine = opaque;
	sigset_t set;
	int number;

	signals_awaited(&set);
	while (sigwait(&set, &number) == 0) {
		switch (signal_way(number)) {
		case SIGNAL_STOPS: terminal_stop(); break;
		case SIGNAL_REPORTS: hart_report_live(machine); break;
		default:
			atomic_store(&machine->end_signal, number);
			machine_request_end(machine, END_SIGNAL);
			return NULL;
		}
	}
	return NULL;
}

static void timeout_expired(struct loop_timer *timer)
{
	machine_request_end(timer->opaque, END_TIMEOUT);
}

/* --timeout is for all lives together: a guest that resets for ever must not escape it. */
static void set_timeout(struct machine *machine, const struct run_account *account)
{
	uint64_t now = clock_now();
	uint64_t limit = (uint64_t)(machine->config->timeout * (double)NS_PER_S);
	uint64_t deadline = account->first_start_ns ? account->first_start_ns + limit : now + limit;

	machine->timeout = (struct loop_timer){.expired = timeout_expired, .opaque = machine};
	if (machine->config->timeout > 0) /* however short */
		loop_timer_set(machine->loop, &machine->timeout,
			       deadline > now ? deadline - now : 1);
}

/* Signals are blocked in every thread: main() did that. */
static bool create_loop(struct machine *machine, const struct console_ends *ends,
			const struct run_account *account)
{
	int result;

	machine->loop = loop_new(&machine->lock);
	if (!machine->loop) {
		error("no io_uring: %s: is it disabled (sysctl kernel.io_uring_disabled)?",
		      strerror(errno));
		return false;
	}
	result = pthread_create(&machine->signals, NULL, signal_thread, machine);
	machine->has_signals = result == 0;
	if (result != 0) {
		error("no thread for signals: %s", strerror(result));
		return false;
	}
	set_timeout(machine, account);
	console_init(&machine->console, machine, machine->loop, ends);
	return true;
}

static struct machine *machine_new(const struct config *config)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine) {
		error("no memory");
		return NULL;
	}
	machine->config = config;
	machine->kvm_fd = machine->vm_fd = machine->aia.fd = -1;
	machine->sbi.machine = machine;
	machine->sbi.suspend = suspend_hart;
	pthread_mutex_init(&machine->lock, NULL);
	pthread_mutex_init(&machine->guest_error_lock, NULL);
	pthread_cond_init(&machine->idle, NULL);
	clock_cond_init(&machine->wake);
	pthread_mutex_init(&machine->look_lock, NULL);
	clock_cond_init(&machine->looked);
	return machine;
}

static bool bring_up(struct machine *machine, const struct boot_files *files,
		     const struct console_ends *ends, const struct run_account *account)
{
	machine->first_life = account->boots == 0;
	machine->exit_log = &account->log;
	atomic_store(&machine->access_faults, account->access_faults);
	if (!create_vm(machine) || !check_cpus(machine) || !create_memory(machine))
		return false;
	/* KVM wants the AIA before the vCPUs exist, and started after. */
	machine->has_aia = machine->config->aia && aia_create(machine->vm_fd, &machine->aia);
	return create_vcpus(machine) && create_interrupts(machine) &&
	       create_loop(machine, ends, account) && pmu_setup(machine) && devices_plug(machine) &&
	       boot_prepare(machine, files);
}

/* ---- taking it down ---- */

static void stop_vcpus(struct machine *machine)
{
	pmu_setup_finish(machine);
	forwarding_check(machine);
	atomic_store(&machine->stopping, true);
	pthread_mutex_lock(&machine->lock);
	/* A vCPU may wait for a device to become idle, or for a wake-up. */
	loop_drain(machine->loop);
	pthread_cond_broadcast(&machine->idle);
	pthread_cond_broadcast(&machine->wake);
	pthread_mutex_unlock(&machine->lock);
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		vcpu_stop(&machine->vcpus[i]);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void end_signals(struct machine *machine)
{
	int number;

	if (!machine->has_signals)
		return;
	pthread_cancel(machine->signals);
	pthread_join(machine->signals, NULL);
	/* One that came when the machine had ended for another reason is for its next life. */
	number = atomic_load(&machine->end_signal);
	if (number && atomic_load(&machine->end) != END_SIGNAL)
		kill(getpid(), number);
}

/* Then somebody waits for the end, not for what the guest said. */
static bool ended_from_outside(const struct machine *machine)
{
	int end = atomic_load(&machine->end);

	return end == END_TIMEOUT || end == END_QUIT || end == END_SIGNAL;
}

static void machine_free(struct machine *machine)
{
	end_signals(machine);
	if (machine->loop) {
		pthread_mutex_lock(&machine->lock);
		loop_drain(machine->loop);
		devices_unplug(machine);
		console_finish(&machine->console, ended_from_outside(machine));
		pthread_mutex_unlock(&machine->lock);
	}
	plic_free(machine->plic);
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		vcpu_free(&machine->vcpus[i]);
	free(machine->vcpus);
	forward_close(atomic_load(&machine->forward));
	loop_free(machine->loop);
	close_if_open(machine->aia.fd);
	close_if_open(machine->vm_fd);
	close_if_open(machine->kvm_fd);
	if (machine->memory.host)
		munmap(machine->memory.host, machine->memory.size);
	pthread_mutex_destroy(&machine->lock);
	pthread_mutex_destroy(&machine->guest_error_lock);
	pthread_cond_destroy(&machine->idle);
	pthread_cond_destroy(&machine->wake);
	pthread_mutex_destroy(&machine->look_lock);
	pthread_cond_destroy(&machine->looked);
	free(machine);
}

/* ---- one life ---- */

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
		for (unsigned int reason = 0; reason < VCPU_EXIT_REASONS; reason++)
			account->exits[reason] += machine->vcpus[i].exits[reason];
		account->interrupted += machine->vcpus[i].interrupted;
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
	stop_vcpus(machine);
	account->life_ns = clock_now() - start;
	account->run_ns += account->life_ns;
	account->spoke = machine->console.line_seen;
	add_to_account(machine, account);
	return started;
}

bool machine_run(const struct config *config, struct boot_files *files,
		 const struct console_ends *ends, struct run_account *account)
{
	struct machine *machine = machine_new(config);
	bool ran;

	if (!machine)
		return false;
	ran = bring_up(machine, files, ends, account);
	/* The guest has its own copy now; without the trim malloc keeps tens of megabytes. */
	blob_free(&files->kernel);
	blob_free(&files->initrd);
	malloc_trim(0);
	ran = ran && run(machine, account);
	account->bad_input = machine->bad_input;
	machine_free(machine);
	return ran;
}
