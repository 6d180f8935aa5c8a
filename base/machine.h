/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as its devices and its SBI see it: the contract between vmm/ and the rooms that it
 * starts. The real one is in machine.c; unit tests and fuzzers bring their own (tests/unit/).
 *
 * Threads: device code (MMIO handlers, doorbells, loop callbacks, SBI handlers that touch devices)
 * runs with the machine's lock held, always, so that no device needs a lock of its own. It must not
 * block. Functions here are called with the lock held unless they say otherwise.
 *
 * A device may release the lock in its handler of an MMIO write (machine_unlock(), machine_lock())
 * to move data that is in memory, as long as it counts that as in flight: what else it looks at
 * afterwards may have changed, and a reset waits for it (machine_wait_idle()).
 */
#ifndef VHART_MACHINE_H
#define VHART_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guest_memory.h"
#include "base/loop.h"

struct machine;

const struct guest_memory *machine_memory(struct machine *machine);
struct loop *machine_loop(struct machine *machine);

/* Wired interrupts: LINE is a source number of the APLIC or PLIC (1 and up), level-sensitive. */
void machine_irq_set(struct machine *machine, unsigned int line, bool level);

/*
 * Message-signalled interrupts (only with an in-kernel IMSIC). An msi is one vector: an irqfd and
 * its route. machine_msi_new() gives NULL where the host has no MSI or no descriptors are left.
 */
struct msi;
bool machine_has_msi(struct machine *machine);
struct msi *machine_msi_new(struct machine *machine);
void machine_msi_free(struct msi *msi);
void machine_msi_route(struct msi *msi, uint64_t address, uint32_t data);
void machine_msi_signal(struct msi *msi);
/* An eventfd of who is not in this process signals it too, without this process, until it is taken
 * back (KVM_IRQFD); what is in it already does at once. It wakes no suspended hart. 0 or -errno. */
int machine_msi_add_irqfd(struct msi *msi, int event_fd);
void machine_msi_remove_irqfd(struct msi *msi, int event_fd);

/*
 * MMIO regions. SIZE of an access is 1, 2, 4 or 8 and the access lies within the region; values are
 * little-endian as the guest sees them. A region belongs to its device and may be added and removed
 * at any time (PCI BARs move). Overlap with another region is refused with -EEXIST.
 */
struct mmio_region {
	const char *name;
	uint64_t base; /* guest-physical */
	uint64_t len;  /* bytes */
	uint64_t (*read)(struct mmio_region *region, uint64_t offset, unsigned int size);
	void (*write)(struct mmio_region *region, uint64_t offset, unsigned int size,
		      uint64_t value);
	void *opaque; /* the device's */
};
int machine_mmio_add(struct machine *machine, struct mmio_region *region);
void machine_mmio_remove(struct machine *machine, struct mmio_region *region);

/*
 * Memory that the guest reads and executes without an exit, and where a write of its own comes as
 * one to the MMIO region that lies there too. GPA, LEN and BYTES are multiples of the page size;
 * BYTES are the device's, stay where they are while it is mapped, and may change.
 */
struct machine_rom {
	uint64_t gpa, len;
	void *bytes;
	unsigned int slot; /* the machine's */
};
int machine_rom_map(struct machine *machine, struct machine_rom *rom); /* 0 or -errno */
void machine_rom_unmap(struct machine *machine, struct machine_rom *rom);

/*
 * A doorbell: a guest write of LEN bytes (0: any length) at GPA, of DATA only if MATCH, calls
 * rung() on the loop's thread without an exit to userspace (ioeventfd). The same write can still
 * reach the MMIO region (when the kernel has no room for an ioeventfd, say): the device handles
 * both. With EVENT_FD the write is counted in that eventfd, which is the device's, and rung() is
 * not called: another process waits for it.
 */
struct doorbell {
	uint64_t gpa;
	uint32_t len;
	bool match;
	uint64_t data;
	int event_fd; /* 0: the machine makes one */
	void (*rung)(struct doorbell *doorbell);
	void *opaque;
	struct loop_watch watch; /* the machine's */
};
int machine_doorbell_add(struct machine *machine, struct doorbell *doorbell); /* 0 or -errno */
void machine_doorbell_remove(struct machine *machine, struct doorbell *doorbell);

/*
 * The console: where the guest's characters go and come from (standard output and input).
 * write takes what it can without blocking and returns how many bytes it took; when it took fewer,
 * the device's room() is called once there is space again. read gives at most LEN bytes of input
 * that is there; input() is called when there is some.
 */
struct console_device {
	void (*input)(struct console_device *device);
	void (*room)(struct console_device *device);
	void (*resized)(struct console_device *device); /* may be NULL */
	void *opaque;
};
void machine_console_attach(struct machine *machine, struct console_device *device);
size_t machine_console_write(struct machine *machine, const void *bytes, size_t len);
size_t machine_console_read(struct machine *machine, void *bytes, size_t len);
/* Waits, with the lock released, until machine_console_write() takes at least a byte. False: the
 * machine ends. Only for a vCPU's thread; what the caller knows of its device may have changed. */
bool machine_console_wait(struct machine *machine);

/* How large the console's screen is, in characters; resized() follows when it changes. False: it
 * has none, or nobody knows. */
bool machine_console_size(struct machine *machine, uint16_t *columns, uint16_t *rows);

/* Why a machine ends. The first request counts, and later ones are ignored; but a reset of the
 * guest's, after which it would live again, keeps nobody outside from ending it. Any thread, no
 * lock. */
enum machine_end {
	END_NONE,
	END_POWEROFF,
	END_RESET,    /* the guest asked for a reset */
	END_PANIC,    /* the guest said that it failed (pvpanic, SRST reason) */
	END_WATCHDOG, /* the guest has not restarted its watchdog in time */
	END_TIMEOUT,  /* --timeout */
	END_QUIT,     /* the user, on the console */
	END_SIGNAL,   /* SIGINT, SIGTERM, SIGHUP */
	END_VCPU,     /* KVM cannot run a vCPU any more */
	END_HOST,     /* the host failed under us */
};
void machine_request_end(struct machine *machine, enum machine_end end);

/* The guest's system reset (SBI 3.0, chapter 10): ends the machine as TYPE and REASON say. */
void machine_system_reset(struct machine *machine, uint32_t type, uint32_t reason);

/* The guest's status (0: all is well), for when it powers off; the last one counts. Any thread. */
void machine_guest_status(struct machine *machine, uint32_t status);

/*
 * A guest's mistake: counted, and logged at a bounded rate with the name of WHO (a device or "sbi")
 * noticed. The VM goes on. Any thread, lock held or not.
 */
void machine_guest_error(struct machine *machine, const char *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Waits, with the lock released, until *COUNT (a device's operations in flight) is 0. Only for a
 * vCPU's thread: a device reset must not return while the host may still write into guest memory.
 * Whoever brings *COUNT to 0 calls machine_idle().
 */
void machine_wait_idle(struct machine *machine, const unsigned int *count);
void machine_idle(struct machine *machine);

/*
 * The same for what another process answers, which may take as long as its device allows it. False:
 * the machine ends. From any thread but the loop's.
 */
bool machine_wait_answers(struct machine *machine, const unsigned int *count);

/*
 * Work that another process does for a device: it goes on when the loop is frozen. stop() asks for
 * its end, and *BUSY is 0 when that has come; go_on() is called for each stop(). With the lock.
 */
struct machine_outsider {
	void (*stop)(struct machine_outsider *outsider);
	void (*go_on)(struct machine_outsider *outsider);
	const unsigned int *busy;
	void *opaque;
	struct machine_outsider *next; /* the machine's, as is: */
	bool stopped;
};
void machine_outsider_add(struct machine *machine, struct machine_outsider *outsider);
void machine_outsider_remove(struct machine *machine, struct machine_outsider *outsider);

/* For SBI handlers, which are called without the lock, and for MMIO handlers: see above. */
void machine_lock(struct machine *machine);
void machine_unlock(struct machine *machine);

#endif
