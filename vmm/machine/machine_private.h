/* SPDX-License-Identifier: Apache-2.0 */
/* The machine from the inside: for the files of vmm/ that make it up, and nobody else. */
#ifndef VHART_MACHINE_PRIVATE_H
#define VHART_MACHINE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/board.h"
#include "base/exit_status.h"
#include "base/file.h"
#include "base/machine.h"
#include "devices/devices.h"
#include "sbi/sbi.h"
#include "vmm/boot/kept_file.h"
#include "vmm/config.h"
#include "vmm/counters/pmu_choice.h"
#include "vmm/kvm/kvm.h"
#include "vmm/machine/bus.h"
#include "vmm/machine/console.h"
#include "vmm/machine/vcpu.h"

#define MACHINE_MAX_MSI 512u

#define GUEST_STATUS_GIVEN (1ull << 32)

/* The files that a machine boots from. */
struct boot_files {
	struct blob kernel; /* or the firmware */
	struct blob initrd; /* with the injected files */
	/* Open from the first life to the last. */
	struct kept_file kept_kernel, kept_initrd, kept_injects[CONFIG_MAX_INJECTS];
};

/* An MSI vector: an eventfd that KVM turns into the routed message (irqfd). */
struct msi {
	struct machine *machine;
	int event_fd;
	uint32_t gsi;
	bool routed;
	uint64_t address;
	uint32_t data;
};

struct machine {
	const struct config *config;
	const struct exit_log *exit_log; /* never NULL; can be empty */
	bool first_life;		 /* the guest has not restarted yet */
	bool bad_input;		      /* bring-up failed on what the user gave, not on the host */
	pthread_mutex_t lock;	      /* held by whoever runs device code */
	pthread_cond_t idle;	      /* a device has nothing in flight any more */
	pthread_cond_t wake;	      /* something that ends a system suspend happened */
	bool line_high[LINE_COUNT];   /* wired interrupts as they are now */
	uint64_t wake_events;	      /* how often */
	struct loop_timer reset_kick; /* suspend.c */

	int kvm_fd, vm_fd;
	struct guest_memory memory;
	struct loop *loop;
	struct bus bus;
	struct console console;

	bool has_aia;
	struct aia aia;
	struct plic *plic; /* where has_aia is false */
	struct msi *msis[MACHINE_MAX_MSI];

	unsigned int vcpu_count; /* created so far */
	struct vcpu *vcpus;	 /* config->cpus of them */

	struct uart *uart;
	struct rtc *rtc;
	struct finisher *finisher;
	struct pci_host *pci;
	struct virtio_mmio *virtio_mmio[BOARD_VIRTIO_SLOTS];
	unsigned int virtio_mmio_count;

	struct sbi_context sbi;
	struct pmu_choice pmu;		   /* who answers the guest's PMU */
	const struct lcofi_way *lcofi;	   /* how an overflow gets to it; NULL: not at all */
	atomic_uint pmu_counters;	   /* what its harts show of it; 0: nobody has asked yet */
	_Atomic(struct forward *) forward; /* NULL: no call is forwarded, or not yet */
	pthread_t mender; /* opens the forward while the guest starts: see pmu_setup.c */
	bool has_mender;
	struct loop_timer mend_timer;
	struct loop_timer forward_check;
	pthread_t signals; /* waits for SIGINT, SIGTERM and SIGHUP */
	bool has_signals;
	struct loop_timer timeout;

	atomic_int end;	       /* enum machine_end */
	atomic_int end_signal; /* END_SIGNAL: which */
	atomic_ullong status;  /* that the guest gave, and GUEST_STATUS_GIVEN; 0: none */
	struct guest_end said; /* by whoever set end; read after the vCPUs stopped */
	atomic_bool stopping;  /* vCPUs leave KVM_RUN for good */

	atomic_uint access_faults; /* in all lives: see fault_pace.h */

	atomic_uint guest_error_lines_total; /* printed in this life */
	atomic_ullong guest_errors;
	/* hart_report.c */
	pthread_mutex_t look_lock; /* states of the vCPUs, when they are asked for */
	pthread_cond_t looked;
	_Atomic(const char *) report_why; /* NULL: the user asked */
	struct loop_timer look_timer;
	uint64_t look_wait_ns;
	atomic_bool endless; /* a hart traps for ever, and that was said */
	atomic_bool hole;    /* there was an access to nothing */
	uint64_t entry;	     /* pc of the boot hart at the start */
	const char *cause;   /* of END_PANIC, where vhart found it; NULL */

	pthread_mutex_t guest_error_lock; /* the two below */
	uint64_t guest_error_window;	  /* CLOCK_MONOTONIC second of the last lines */
	unsigned int guest_error_lines;	  /* printed in that window */
};

/* interrupts.c */
int interrupts_commit_routes(struct machine *machine);
void interrupts_set_external(void *opaque, unsigned int hart, bool level); /* for the PLIC */

/* board_kvm.c: BOARD, as KVM's registers of the first vCPU say. ISA and names are the caller's. */
struct board_isa {
	char isa[1024];
	const char *names[128];
};
bool board_from_kvm(const struct machine *machine, struct board *board, struct board_isa *isa);

/* devices_plug.c: all devices that the configuration asks for. False after error(). */
bool devices_plug(struct machine *machine);
void devices_unplug(struct machine *machine);

/* forwarding.c: the calls that KVM keeps to itself, and that are to come here all the same. */
struct forward_rules forwarding_rules(struct machine *machine);
/* Opens machine->forward. Any thread. False: see REFUSAL, and the guest is without. */
bool forwarding_open(struct machine *machine, const struct forward_rules *rules,
		     struct forward_refusal *refusal);
void forwarding_watch(struct machine *machine); /* sees to it that the user hears of its end */
void forwarding_check(struct machine *machine);

/* pmu_setup.c: decides who answers the SBI PMU, tells KVM and the user, opens the forward. Before
 * the vCPUs run. False after error(). */
bool pmu_setup(struct machine *machine);
void pmu_setup_finish(struct machine *machine); /* before they are stopped */

/* boot.c: images, FDT and the boot hart's registers. False after error(). */
bool boot_prepare(struct machine *machine, const struct boot_files *files);

#endif
