/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine for native tests and fuzzers: it implements vmm/machine.h over plain memory and records
 * what devices do to it. One thread, no KVM. Everything is open to the test, to look at or to set.
 *
 *     struct machine machine;
 *     fake_machine_init(&machine, 1 << 20);
 *     ... thing_new(&machine, ...), fake_write(&machine, gpa, 4, value), ...
 *     fake_machine_destroy(&machine);
 *
 * Tests of devices that use the loop (file I/O, timers) call fake_machine_init_loop() instead.
 */
#ifndef VHART_FAKE_MACHINE_H
#define VHART_FAKE_MACHINE_H

#include <pthread.h>

#include "vmm/machine.h"

#define FAKE_RAM_BASE	  0x80000000ull
#define FAKE_LINES	  128u
#define FAKE_MSIS	  256u
#define FAKE_MSI_LOG	  64u
#define FAKE_REGIONS	  64u
#define FAKE_DOORBELLS	  512u
#define FAKE_CONSOLE_SIZE 65536u

struct msi {
	struct machine *machine;
	uint64_t address;
	uint32_t data;
	unsigned int routed, signals; /* how often */
};

struct machine {
	struct guest_memory memory; /* RAM of exactly its size, so that a sanitizer sees overruns */
	struct loop *loop;	    /* NULL without fake_machine_init_loop() */
	pthread_mutex_t lock;
	bool locked;   /* by machine_lock() */
	bool released; /* by machine_unlock(), though the test held no lock */

	bool line[FAKE_LINES];		/* the level now */
	unsigned int rises[FAKE_LINES]; /* how often it went from low to high */

	bool msi_absent;	  /* the test's: machine_has_msi() says no */
	unsigned int msi_limit;	  /* the test's: no more than so many at a time */
	unsigned int msi_count;	  /* that live now */
	unsigned int msi_signals; /* all signals ever; the last FAKE_MSI_LOG of them: */
	struct {
		uint64_t address;
		uint32_t data;
	} msi_log[FAKE_MSI_LOG];

	struct mmio_region *regions[FAKE_REGIONS];
	unsigned int region_count;
	struct doorbell *doorbells[FAKE_DOORBELLS];
	unsigned int doorbell_count;
	bool doorbells_refused; /* the test's: machine_doorbell_add() fails with -ENOSPC */
	unsigned int doorbells_rung;
	unsigned int unclaimed; /* accesses that no region took */

	struct console_device *console;
	char output[FAKE_CONSOLE_SIZE];
	size_t output_len;
	size_t output_room;	/* the test's: what machine_console_write() takes from now on */
	size_t waits_make_room; /* the test's: a wait for room finds so much; 0: the machine ends */
	const char *input;
	size_t input_len;

	enum machine_end end;
	uint32_t reset_type, reset_reason;
	bool has_status; /* that the guest gave: */
	uint32_t status;
	unsigned int guest_errors;
	char guest_error[256]; /* the last one: "who: what" */

	bool waiting;	   /* in machine_wait_idle() */
	bool ram_is_tests; /* it frees it */
};

/* RAM of RAM_SIZE bytes (a multiple of 8), zeroed, at FAKE_RAM_BASE. */
void fake_machine_init(struct machine *machine, uint64_t ram_size);
/* The same over RAM of the test's own. For fuzzers: a fresh megabyte for each input costs more than
 * what is done in it. */
void fake_machine_init_over(struct machine *machine, void *ram, uint64_t ram_size);
/* The same, with a real loop. False (nothing to destroy) where the kernel refuses io_uring. */
bool fake_machine_init_loop(struct machine *machine, uint64_t ram_size);
/* Frees. Aborts when a device left a region, doorbell or MSI behind. */
void fake_machine_destroy(struct machine *machine);

/* An access as a vCPU makes it. A write first looks for a doorbell, as KVM does. */
uint64_t fake_read(struct machine *machine, uint64_t gpa, unsigned int size);
void fake_write(struct machine *machine, uint64_t gpa, unsigned int size, uint64_t value);
/* Whether a region covers GPA. */
bool fake_claimed(const struct machine *machine, uint64_t gpa);

/* RAM, little-endian, by guest-physical address. Aborts outside RAM. */
uint64_t fake_load(const struct machine *machine, uint64_t gpa, unsigned int size);
void fake_store(struct machine *machine, uint64_t gpa, unsigned int size, uint64_t value);

/* How often an MSI with ADDRESS and DATA is among the last FAKE_MSI_LOG signals. */
unsigned int fake_msi_signals(const struct machine *machine, uint64_t address, uint32_t data);

/* Gives the guest's console input, or room for output, as the outside would. */
void fake_console_type(struct machine *machine, const char *bytes, size_t len);
void fake_console_make_room(struct machine *machine, size_t room);

/* Runs the loop: for NS nanoseconds, or until *COUNT is 0 (machine_idle() ends the wait). */
void fake_machine_run_for(struct machine *machine, uint64_t ns);
void fake_machine_run_idle(struct machine *machine, const unsigned int *count);

#endif
