/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices: what the machine may put on its buses. This header is the room's contract; virtio.h
 * is for those who write a virtio device or transport.
 *
 * Constructors return NULL after one line through base/log.h's error() when the host refuses; what
 * they return is freed by the function beside them. Device code runs under the machine's lock.
 */
#ifndef VHART_DEVICES_H
#define VHART_DEVICES_H

#include "base/machine.h"
#include "devices/net_options.h"
#include "devices/virtio.h"

/* ---- virtio devices: one constructor each; transports take ownership ---- */

struct disk_options {
	const char *path;
	bool read_only;
	bool direct;	    /* O_DIRECT */
	bool raw;	    /* even if it looks like an image in another format */
	bool image;	    /* in another format, so only one may write to it */
	bool share_rw;	    /* others may write to it meanwhile */
	bool again;	    /* it was opened in an earlier life of this machine */
	const char *serial; /* at most 20 bytes reach the guest; NULL: none */
};
struct virtio_device *virtio_blk_new(struct machine *machine, const char *name,
				     const struct disk_options *options, unsigned int queue_count);
/* A network card behind libslirp: DHCP, DNS and outgoing connections without privileges, and what
 * is forwarded in. */
struct virtio_device *virtio_net_user_new(struct machine *machine, const char *name,
					  const struct net_user_options *options);
/* A network card on the tap interface IFNAME, which must exist, with pairs of queues as that one
 * has them. VHOST: whether the host's kernel moves its packets. */
struct virtio_device *virtio_net_tap_new(struct machine *machine, const char *name,
					 const struct net_options *options, const char *ifname,
					 enum net_vhost vhost);
struct virtio_device *virtio_console_new(struct machine *machine, const char *name);
struct virtio_device *virtio_rng_new(struct machine *machine, const char *name);
/* What the machine does with it is in balloon.h. */
struct virtio_device *virtio_balloon_new(struct machine *machine, const char *name);
/* An input device with a power key. */
struct virtio_device *virtio_power_key_new(struct machine *machine, const char *name);
/* Presses and releases it. NULL; or why the guest will not hear of it, in words. */
const char *power_key_press(struct virtio_device *power_key);

/* A device whose work another process does, at the other end of LINK, by the vhost-user protocol.
 * The machine's memory is shared. */
struct vhost_link;
struct vhost_user_options {
	const char *type;   /* "fs", "blk" or "net" */
	const char *tag;    /* of a file system */
	const uint8_t *mac; /* of a network card */
	unsigned int mtu;   /* that its guest is told; 0: none */
	const char *who;    /* the other process, for messages */
	/* Where it listens, and may come back when it is gone; NULL: it does not. */
	const char *path;
	struct vhost_link *link; /* the caller's; outlives the device */
};
struct virtio_device *virtio_vhost_user_new(struct machine *machine, const char *name,
					    const struct vhost_user_options *options);

/* Sockets between host and guest (AF_VSOCK), by the host's kernel; the guest is CID, which no other
 * VM of the host has. */
struct virtio_device *virtio_vhost_vsock_new(struct machine *machine, const char *name,
					     uint32_t cid);

/* ---- transports ---- */

#define VIRTIO_MMIO_LEN 0x1000u
struct virtio_mmio;
/* Registers at GPA, wired interrupt LINE. Owns DEVICE, also when it fails (NULL). */
struct virtio_mmio *virtio_mmio_new(struct machine *machine, struct virtio_device *device,
				    uint64_t gpa, unsigned int line);
void virtio_mmio_free(struct virtio_mmio *mmio);

/* ---- PCI: one host bridge (ECAM), bus 0, up to 31 functions ---- */

struct pci_host;
struct pci_layout {
	uint64_t ecam;	      /* 1 MiB: bus 0 */
	uint64_t window;      /* 32-bit memory window, also its bus address */
	uint64_t window_len;  /* bytes */
	unsigned int intx[4]; /* lines of INTA..INTD, swizzled by slot as PCI says */
};
struct pci_host *pci_host_new(struct machine *machine, const struct pci_layout *layout);
void pci_host_free(struct pci_host *host); /* with all that sits on it */
/* Plug into the next free slot; own their DEVICE, also when they fail (-1). */
int virtio_pci_plug(struct pci_host *host, struct virtio_device *device);
bool pci_host_has_room(const struct pci_host *host); /* for one more */
int pvpanic_pci_plug(
	struct pci_host *host); /* 1b36:0011: the guest's way to say that it panicked */

/* ---- platform devices ---- */

#define UART_LEN 0x100u
struct uart; /* NS16550A with FIFO, byte registers, on the machine's console */
struct uart *uart_new(struct machine *machine, uint64_t gpa, unsigned int line);
/*
 * What else its wire may lead to. write() takes what it can without waiting; when that was not all,
 * uart_room() follows once there is room. A driver that does not wait for that, as the register
 * tells it to, loses what it writes, and uart_free() what still waits: lost() counts. read() gives
 * at most LEN bytes that are there; uart_input() tells of some.
 */
struct uart_wire {
	size_t (*write)(void *opaque, const void *bytes, size_t len);
	size_t (*read)(void *opaque, void *bytes, size_t len);
	void (*lost)(void *opaque, size_t len);
	void *opaque;
};
struct uart_place {
	const char *name; /* for messages; outlives it */
	uint64_t gpa;
	unsigned int line;
};
/* WIRE is copied. */
struct uart *uart_new_on(struct machine *machine, const struct uart_place *place,
			 const struct uart_wire *wire);
void uart_room(struct uart *uart);
void uart_input(struct uart *uart);
void uart_free(struct uart *uart);
/*
 * A BREAK on the line, and THEN the next character, before all other input that waits: Linux takes
 * the two for SysRq and a command at the UART that is its console. False: no driver of the guest
 * listens, or has not taken the last one yet.
 */
bool uart_break(struct uart *uart, uint8_t then);

#define FINISHER_LEN 0x1000u
struct finisher; /* SiFive's test finisher ("sifive,test0"), and a register for a status */
struct finisher *finisher_new(struct machine *machine, uint64_t gpa);
void finisher_free(struct finisher *finisher);

/* HTIF: the words tohost and fromhost (0: none) that a program has in its RAM, at these
 * guest-physical addresses. */
struct htif;
struct htif *htif_new(struct machine *machine, uint64_t tohost, uint64_t fromhost);
void htif_free(struct htif *htif);

/* Flash: Intel's command set, saved to FILE, which is the caller's and outlives it; its length is
 * the flash's. Or one that cannot be written, with LEN bytes of BYTES in it and zeros behind. */
struct flash;
struct flash_file;
struct flash *flash_new(struct machine *machine, uint64_t gpa, struct flash_file *file);
struct flash *flash_new_read_only(struct machine *machine, uint64_t gpa, const void *bytes,
				  uint64_t len);
void flash_free(struct flash *flash);

#define RTC_LEN 0x1000u
struct rtc; /* Goldfish RTC ("google,goldfish-rtc") with alarm */
struct rtc *rtc_new(struct machine *machine, uint64_t gpa, unsigned int line);
void rtc_free(struct rtc *rtc);

#define WATCHDOG_LEN 0x1000u
struct watchdog; /* of Allwinner's D1 ("allwinner,sun20i-d1-wdt"): END_WATCHDOG when it is over */
struct watchdog *watchdog_new(struct machine *machine, uint64_t gpa);
void watchdog_free(struct watchdog *watchdog);

/*
 * The userspace PLIC (RISC-V PLIC 1.0.0, "sifive,plic-1.0.0"), used where the host has no AIA. One
 * context per hart (S-mode): context i is hart i. It drives each hart's external interrupt through
 * set_external(). plic_set() is what machine_irq_set() calls.
 */
#define PLIC_LEN     0x4000000u
#define PLIC_SOURCES 128u
struct plic;
struct plic *plic_new(struct machine *machine, uint64_t gpa, unsigned int hart_count,
		      void (*set_external)(void *opaque, unsigned int hart, bool level),
		      void *opaque);
void plic_set(struct plic *plic, unsigned int line, bool level);
void plic_free(struct plic *plic);

#endif
