/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/exits/exit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "base/clock.h"
#include "base/log.h"
#include "trace/exits/exit_fold.h"
#include "trace/exits/sbi_rows.h"

/* ---- the memory ---- */

int exit_log_memory(unsigned int flags, uint64_t size)
{
	int fd = memfd_create(EXIT_LOG_NAME, MFD_ALLOW_SEALING | flags);

	/* A reader maps it: what was there once must stay. */
	if (fd >= 0 && (ftruncate(fd, (off_t)size) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)) {
		int reason = errno;

		close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

void exit_log_open(struct exit_log *log, int fd, unsigned int vcpus)
{
	struct stat status;
	bool own = fd < 0;

	vcpus = vcpus < EXIT_LOG_VCPUS ? vcpus : EXIT_LOG_VCPUS;
	*log = (struct exit_log){.size = EXIT_LOG_START + vcpus * sizeof(struct exit_counts)};
	if (own)
		fd = exit_log_memory(MFD_CLOEXEC, log->size);
	if (fd < 0 || fstat(fd, &status) < 0 || (uint64_t)status.st_size < log->size) {
		verbose("no memory for a log of exits: %s: watching this VM takes privileges",
			strerror(errno));
		return;
	}
	log->head = mmap(NULL, log->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (log->head == MAP_FAILED) {
		log->head = NULL;
		return;
	}
	/* The file stays open: by it the memory is found. */
	log->counts = (struct exit_counts *)((char *)log->head + EXIT_LOG_START);
	log->head->vcpus = vcpus;
	log->head->size = sizeof(struct exit_counts);
	__atomic_store_n(&log->head->magic, EXIT_LOG_MAGIC, __ATOMIC_RELEASE);
}

void exit_log_close(struct exit_log *log)
{
	if (log->head)
		munmap(log->head, log->size);
	log->head = NULL;
}

struct exit_log_port exit_log_port(const struct exit_log *log, unsigned int id)
{
	struct exit_log_port port = {.head = log->head};
	struct exit_vcpu *vcpu;

	if (!log->head || id >= (log->size - EXIT_LOG_START) / sizeof(*log->counts))
		return (struct exit_log_port){0};
	port.counts = &log->counts[id];
	port.thread = &log->head->threads[id];
	vcpu = &port.counts->vcpu;
	vcpu->tgid = (uint32_t)getpid();
	vcpu->tid = vcpu->thread = (uint32_t)gettid();
	vcpu->vcpu_id = id;
	vcpu->state = VCPU_GUEST;
	vcpu->since = clock_now();
	vcpu->open = EXIT_NONE;
	/* 0 is no interval: extremes of the first begin at 1. */
	vcpu->interval += !vcpu->interval;
	__atomic_store_n(&log->head->threads[id].alive, 1, __ATOMIC_RELEASE);
	if (!vcpu->first)
		__atomic_store_n(&vcpu->first, vcpu->since, __ATOMIC_RELEASE);
	return port;
}

/* ---- counting ---- */

/* The reader is another process, perhaps on another CPU. */
static void begin_change(struct exit_vcpu *vcpu)
{
	fold_begin(vcpu);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end_change(struct exit_vcpu *vcpu)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	fold_end(vcpu);
}

static uint32_t system_event_row(const struct kvm_run *run)
{
	return EXIT_SBI + sbi_row(run->system_event.type == KVM_SYSTEM_EVENT_SUSPEND ? SBI_EID_SUSP
										     : SBI_EID_SRST,
				  0);
}

static uint32_t row_of(const struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO: return run->mmio.is_write ? EXIT_STORE_MMIO : EXIT_LOAD_MMIO;
	case KVM_EXIT_RISCV_SBI:
		return EXIT_SBI + sbi_row(run->riscv_sbi.extension_id, run->riscv_sbi.function_id);
	case KVM_EXIT_RISCV_CSR: return run->riscv_csr.write_mask ? EXIT_CSR_WRITE : EXIT_CSR_READ;
	case KVM_EXIT_SYSTEM_EVENT: return system_event_row(run);
	default: return EXIT_OTHER;
	}
}

/* False: nobody watches any more. The word is only taken back if it is still the one that was
 * seen: a new watcher may have come. */
static bool still_watched(struct exit_log_port *port, uint64_t now)
{
	uint64_t until = __atomic_load_n(&port->head->watched_until, __ATOMIC_ACQUIRE);

	if (now <= until)
		return true;
	__atomic_compare_exchange_n(&port->head->watched_until, &until, 0, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
	return false;
}

void exit_log_count_left(struct exit_log_port *port, const struct kvm_run *run, int result)
{
	struct exit_vcpu *vcpu = &port->counts->vcpu;
	/* The cost of looking goes to the guest's side of the exit, here and when it goes on. */
	uint64_t ran = clock_ns(CLOCK_THREAD_CPUTIME_ID), now = clock_now();

	if (!still_watched(port, now)) {
		port->counting = false;
		return;
	}
	port->ran = ran;
	begin_change(vcpu);
	if (!port->counting) {
		uint64_t began = port->head->began;

		/* Until now it was in KVM_RUN, as far as it was watched. */
		if (vcpu->since < began)
			vcpu->since = began < now ? began : now;
		vcpu->state = VCPU_GUEST;
		port->counting = true;
	}
	if (result == 0) {
		exit_came(vcpu, row_of(run), 0, now);
		exit_to_vmm(vcpu, run->exit_reason, false, now);
	} else {
		fold_enter_state(vcpu, VCPU_VMM, now);
	}
	end_change(vcpu);
}

void exit_log_is_call(struct exit_log_port *port, uint64_t eid, uint64_t fid)
{
	struct exit_vcpu *vcpu;

	if (!port->counting)
		return;
	vcpu = &port->counts->vcpu;
	begin_change(vcpu);
	if (vcpu->open == EXIT_NONE) {
		uint64_t now = vcpu->since;

		vcpu->state = VCPU_GUEST;
		exit_came(vcpu, EXIT_SBI + sbi_row(eid, fid), 0, now);
		exit_to_vmm(vcpu, KVM_EXIT_RISCV_SBI, false, now);
	}
	end_change(vcpu);
}

/* The thread's share of the CPUs, for good: nobody can ask for it any more. */
static void add_thread(struct exit_log_thread *thread)
{
	FILE *file = fopen("/proc/thread-self/schedstat", "re");
	uint64_t waited = 0;

	if (file && fscanf(file, "%*u %" SCNu64, &waited) != 1)
		waited = 0;
	if (file)
		fclose(file);
	thread->waited += waited;
	thread->ran += clock_ns(CLOCK_THREAD_CPUTIME_ID);
	__atomic_store_n(&thread->alive, 0, __ATOMIC_RELEASE);
}

void exit_log_ended(struct exit_log_port *port)
{
	struct spent spent;

	if (!port->head)
		return;
	begin_change(&port->counts->vcpu);
	if (port->counting)
		fold_vcpu_ended(port->counts, &spent, clock_now());
	else
		port->counts->vcpu.state = VCPU_GONE;
	end_change(&port->counts->vcpu);
	add_thread(port->thread);
}

void exit_log_count_entering(struct exit_log_port *port)
{
	struct exit_vcpu *vcpu = &port->counts->vcpu;
	uint64_t now = clock_now();
	struct spent spent;

	begin_change(vcpu);
	if (vcpu->open == EXIT_NONE)
		fold_enter_state(vcpu, VCPU_GUEST, now);
	else
		fold_finish_exit(port->counts, &spent, now);
	fold_guest_entered(vcpu, now);
	port->thread->vmm_ran += clock_ns(CLOCK_THREAD_CPUTIME_ID) - port->ran;
	end_change(vcpu);
}
