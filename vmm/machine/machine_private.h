/* SPDX-License-Identifier: Apache-2.0 */
/* The machine from the inside: for the files of vmm/ that make it up, and nobody else. */
#ifndef VHART_MACHINE_PRIVATE_H
#define VHART_MACHINE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/board.h"
#include "base/exit_status.h"
#include "base/machine.h"
#include "devices/devices.h"
#include "sbi/sbi.h"
#include "vmm/config.h"
#include "vmm/counters/pmu_choice.h"
#include "vmm/kvm/kvm.h"
#include "vmm/machine/bus.h"
#include "vmm/machine/console.h"
#include "vmm/machine/pause_state.h"
#include "vmm/machine/vcpu.h"
#include "vmm/machine/watcher.h"

#define MACHINE_MAX_MSI 512u

#define GUEST_STATUS_GIVEN (1ull << 32)

/* Whether KVM trusts a CPU to have a vCPU's CSRs still: vcpu_stay.h. */
enum csr_shortcut { CSR_SHORTCUT_UNKNOWN, CSR_SHORTCUT_NONE, CSR_SHORTCUT_TAKEN };

struct machine {
	const struct config *config;
	const struct exit_log *exit_log;       /* never NULL; can be empty */
	const struct machine_watcher *watcher; /* NULL: nobody drives it */
	bool first_life;		       /* the guest has not restarted yet */
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
	/* Who gets the wired lines, when one changes: KVM's AIA, or the PLIC. */
	void (*set_line)(struct machine *machine, unsigned int line, bool level);
	struct msi *msis[MACHINE_MAX_MSI];
	struct machine_outsider *outsiders; /* NULL: none */

	unsigned int vcpu_count; /* created so far */
	struct vcpu *vcpus;	 /* config->cpus of them */

	struct uart *uart;
	struct rtc *rtc;
	struct watchdog *watchdog; /* NULL: the guest has none */
	struct finisher *finisher;
	struct flash *code, *vars; /* NULL: the firmware is not in flash */
	unsigned int rom_slots;	   /* taken */
	struct htif *htif;	   /* NULL: the program has no words for it */
	struct backends *backends; /* of vhost-user devices; NULL: there are none */
	struct pci_host *pci;
	struct virtio_device *balloon; /* its transport owns it; NULL: none */
	struct virtio_mmio *virtio_mmio[BOARD_VIRTIO_SLOTS];
	unsigned int virtio_mmio_count;
	struct virtio_device *power_key; /* NULL: the guest has none; its transport owns it */

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

	atomic_int end;	       /* enum machine_end, and END_IS_FINAL */
	atomic_int end_signal; /* END_SIGNAL: which */
	bool asked_off;	       /* by SIGTERM, to power off; with the lock */
	atomic_ullong status;  /* that the guest gave, and GUEST_STATUS_GIVEN; 0: none */
	struct guest_end said; /* by whoever set end; read after the vCPUs stopped */
	atomic_bool stopping;  /* vCPUs leave KVM_RUN for good */

	_Atomic(enum csr_shortcut) csr_shortcut; /* vcpu_stay.c */
	atomic_uint access_faults;		 /* in all lives: see fault_pace.h */

	atomic_uint guest_error_lines_total; /* printed in this life */
	atomic_ullong guest_errors;
	struct pause pause;
	struct debug_names *names; /* of the guest */

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

/* Not by the guest or the host: by who waits for the end. */
bool machine_end_is_from_outside(enum machine_end end);

/* Why it ends; later requests are ignored from now on. The vCPUs have stopped. */
#define END_IS_FINAL 0x100
enum machine_end machine_final_end(struct machine *machine);

#endif
