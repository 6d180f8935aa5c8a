/* SPDX-License-Identifier: Apache-2.0 */
/* A machine, brought up in one readable order. */

#include "vmm/run/bring_up.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "vmm/command/command.h"
#include "vmm/debug/names.h"
#include "vmm/machine/interrupts.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/run/boot.h"
#include "vmm/run/cpu_setup.h"
#include "vmm/run/devices_plug.h"
#include "vmm/run/hart_report.h"
#include "vmm/run/pmu_setup.h"
#include "vmm/run/run.h"
#include "vmm/run/suspend.h"

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

/* A file that is nowhere, for processes that serve devices, and of huge pages. None of them can cut
 * it short, which would be a SIGBUS here. Negative after error(). */
static int create_shared(const struct config *config)
{
	const unsigned int huge = config->hugepages ? MFD_HUGETLB | MFD_HUGE_2MB : 0;
	int fd = memfd_create("vhart-guest", MFD_CLOEXEC | MFD_ALLOW_SEALING | huge);

	if (fd >= 0 && ftruncate(fd, (off_t)config->memory) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	if (fd < 0 && huge)
		error("--hugepages: this kernel has no huge pages of 2 MiB: %s", strerror(errno));
	else
		error("--memory %" PRIu64 " MiB: no file for it, which %s: %s",
		      config->memory >> 20, huge ? "--hugepages needs" : "vhost-user devices need",
		      strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* For vhost-user devices it can be shared; else it is this process's alone. Huge pages are reserved
 * at once: one that is missing later would be a SIGBUS. */
static void *map_memory(const struct machine *machine)
{
	const uint64_t size = machine->config->memory;
	const int lazily = machine->config->hugepages ? 0 : MAP_NORESERVE;
	const int prot = PROT_READ | PROT_WRITE;

	if (!machine->memory.shared_fd)
		return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | lazily, -1, 0);
	return mmap(NULL, size, prot, MAP_SHARED | lazily, machine->memory.shared_fd, 0);
}

static void no_memory(const struct config *config, int reason)
{
	if (config->hugepages && reason == ENOMEM)
		error("--hugepages: --memory %" PRIu64 " MiB is %" PRIu64
		      " pages of 2 MiB, and the host has not so many free: see "
		      "/proc/sys/vm/nr_hugepages",
		      config->memory >> 20, config->memory >> 21);
	else
		error("--memory %" PRIu64 " MiB: %s: ask for less", config->memory >> 20,
		      strerror(reason));
}

static bool create_memory(struct machine *machine)
{
	struct kvm_userspace_memory_region region = {0};
	uint64_t size = machine->config->memory;
	void *host;

	if (machine->backends || machine->config->hugepages) {
		int fd = create_shared(machine->config);

		if (fd < 0)
			return false;
		machine->memory.shared_fd = fd;
	}
	host = map_memory(machine);
	if (host == MAP_FAILED) {
		no_memory(machine->config, errno);
		return false;
	}
	machine->memory.base = MAP_RAM;
	machine->memory.size = size;
	machine->memory.host = host;
	/* Fewer stage-2 faults; a host without huge pages says no, and that is fine. */
	madvise(host, size, MADV_HUGEPAGE);
	region.slot = KVM_SLOT_RAM;
	region.guest_phys_addr = MAP_RAM;
	region.memory_size = size;
	region.userspace_addr = (uint64_t)(uintptr_t)host;
	if (ioctl(machine->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0) {
		error("--memory %" PRIu64 " MiB: KVM does not take it: %s: ask for less",
		      (size >> 20), strerror(errno));
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
		if (!vcpu_create(vcpu, machine, machine->kvm_fd, machine->vm_fd,
				 machine->vcpu_count - 1))
			return false;
	}
	return true;
}

static void set_plic_line(struct machine *machine, unsigned int line, bool level)
{
	plic_set(machine->plic, line, level);
}

static bool create_interrupts(struct machine *machine)
{
	const char *what = NULL;
	int result;

	if (machine->has_aia) {
		machine->set_line = interrupts_set_line;
		result =
			aia_init(&machine->aia, machine->config->cpus, machine->config->aia, &what);
		if (result == 0) {
			what = "its routes";
			result = interrupts_commit_routes(machine);
		}
		if (result < 0)
			error("KVM's AIA refuses %s: %s: try --aia emul, or off", what,
			      strerror(-result));
		return result == 0;
	}
	machine->set_line = set_plic_line;
	verbose("no AIA: a userspace PLIC interrupts the guest");
	machine->plic = plic_new(machine, MAP_PLIC, machine->config->cpus, interrupts_set_external,
				 machine);
	return machine->plic != NULL;
}

/* False: there is none, and the signal is the machine's. */
static bool interrupt_command(struct machine *machine)
{
	bool taken;
	int old;

	if (!machine->config->command_run)
		return false;
	/* The end of the machine cancels this thread, but not with the lock. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	machine_lock(machine);
	taken = guest_command_interrupt(machine->config->command_run);
	machine_unlock(machine);
	pthread_setcancelstate(old, &old);
	return taken;
}

static void resize_console(struct machine *machine)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	machine_lock(machine);
	console_resized(&machine->console);
	machine_unlock(machine);
	pthread_setcancelstate(old, &old);
}

/* A dump of a large guest holds it for as long as that takes. */
#define HELD_MOST_NS (60 * NS_PER_S)

static bool is_paused(const struct machine *machine)
{
	const struct machine_watcher *watcher = machine->watcher;

	return watcher && watcher->is_paused && watcher->is_paused(watcher->opaque);
}

/*
 * Asks the guest to power off. False: nobody in it would hear that, and the signal is the
 * machine's. A guest with a driver may still not heed it; the next signal ends it.
 */
static bool ask_guest(struct machine *machine)
{
	const char *why = "";
	int old;

	if (is_paused(machine))
		return false;
	/* As above, and not with the log's lock, or that of who holds the harts for a moment. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	if (pause_wait_over(machine, HELD_MOST_NS)) {
		machine_lock(machine);
		if (machine->power_key)
			why = power_key_press(machine->power_key);
		machine->asked_off = machine->asked_off || !why;
		machine_unlock(machine);
	}
	if (!why)
		note("SIGTERM: the guest is asked to power off, by its power key; a second SIGTERM "
		     "ends the VM");
	pthread_setcancelstate(old, &old);
	return !why;
}

/*
 * Takes signals until one ends the machine. Not a signalfd in the loop: the kernel wakes whoever
 * polls one for every signal of every thread (signalfd_notify()), and an SBI call that the forward
 * brings here is a signal.
 */
static void *signal_thread(void *opaque)
{
	struct machine *machine = opaque;
	bool asked = false;
	sigset_t set;
	int number;

	signals_awaited(&set);
	while (sigwait(&set, &number) == 0) {
		switch (signal_way(number)) {
		case SIGNAL_STOPS:
			terminal_stop();
			resize_console(machine); /* what happened meanwhile had no signal */
			break;
		case SIGNAL_REPORTS: hart_report_live(machine); break;
		case SIGNAL_RESIZES: resize_console(machine); break;
		default:
			if (number == SIGINT && interrupt_command(machine))
				break;
			if (number == SIGTERM && !asked && ask_guest(machine)) {
				asked = true;
				break;
			}
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

	machine->timeout = (struct loop_timer){
		.expired = timeout_expired, .opaque = machine, .while_frozen = true};
	if (machine->config->timeout > 0) /* however short */
		loop_timer_set(machine->loop, &machine->timeout,
			       deadline > now ? deadline - now : 1);
}

static void console_ended(void *opaque, enum console_end end)
{
	machine_request_end(opaque, end == CONSOLE_QUIT ? END_QUIT : END_HOST);
}

/* Harts may wait for it. */
static void console_has_room_again(void *opaque)
{
	machine_idle(opaque);
}

/* Signals are blocked in every thread: main() did that. */
static bool create_loop(struct machine *machine, const struct console_ends *ends,
			const struct run_account *account)
{
	const struct console_owner owner = {console_ended, console_has_room_again, machine};
	int result;

	machine->loop = loop_new(&machine->lock);
	if (!machine->loop) {
		error("no io_uring: %s: is it disabled (sysctl kernel.io_uring_disabled)?",
		      strerror(errno));
		return false;
	}
	/* The thread looks at the console. */
	console_init(&machine->console, &owner, machine->loop, ends);
	result = machine->config->no_signals
			 ? 0
			 : pthread_create(&machine->signals, NULL, signal_thread, machine);
	machine->has_signals = !machine->config->no_signals && result == 0;
	if (result != 0) {
		error("no thread for signals: %s", strerror(result));
		return false;
	}
	set_timeout(machine, account);
	return true;
}

struct machine *machine_new(const struct config *config)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	struct debug_names *names = debug_names_new(config);

	if (!machine || !names) {
		error("no memory");
		debug_names_free(names);
		free(machine);
		return NULL;
	}
	machine->names = names;
	machine->config = config;
	machine->kvm_fd = machine->vm_fd = machine->aia.fd = -1;
	machine->sbi.machine = machine;
	machine->sbi.override = config->sbi_override;
	machine->sbi.suspend = suspend_hart;
	pthread_mutex_init(&machine->lock, NULL);
	pthread_mutex_init(&machine->guest_error_lock, NULL);
	pthread_cond_init(&machine->idle, NULL);
	clock_cond_init(&machine->wake);
	pthread_mutex_init(&machine->look_lock, NULL);
	clock_cond_init(&machine->looked);
	pause_init(&machine->pause);
	return machine;
}

bool machine_bring_up(struct machine *machine, const struct boot_files *files,
		      const struct console_ends *ends, const struct run_account *account)
{
	machine->first_life = account->boots == 0;
	machine->exit_log = &account->log;
	machine->backends = files->backends;
	atomic_store(&machine->access_faults, account->access_faults);
	if (!create_vm(machine) || !check_cpus(machine) || !create_memory(machine))
		return false;
	/* KVM wants the AIA before the vCPUs exist, and started after. */
	machine->has_aia =
		machine->config->aia != AIA_OFF && aia_create(machine->vm_fd, &machine->aia);
	return create_vcpus(machine) && cpu_setup(machine) && create_interrupts(machine) &&
	       create_loop(machine, ends, account) && pmu_setup(machine) && devices_plug(machine) &&
	       boot_prepare(machine, files);
}
