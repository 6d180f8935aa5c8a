/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked `vhart run` for: plain data, made by run_options.c, read by everybody. */
#ifndef VHART_CONFIG_H
#define VHART_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/option_words.h"
#include "devices/net_options.h"
#include "pmu/pmu.h"

#define CONFIG_MEMORY_DEFAULT (512ull << 20)

#define CONFIG_MAX_DISKS    16
#define CONFIG_MAX_INJECTS  64
#define CONFIG_MAX_BACKENDS 16
#define CONFIG_MAX_NETS	    8
#define CONFIG_MAX_FORWARDS 32 /* of one card */
#define CONFIG_MAX_EXTRACTS 16
#define CONFIG_MAX_OVERLAYS 16
#define CONFIG_MAX_ISA	    128 /* ISA extensions */
#define CONFIG_MAX_AFFINITY 512 /* CPUs */
#define CONFIG_MAX_SERIALS  3	/* BOARD_SERIALS */

struct guest_command;
struct sbi_override;

/* The interrupt files of KVM's AIA, where the host has one: see aia_init(). */
enum config_aia { AIA_OFF, AIA_AUTO, AIA_EMUL };
enum config_console { CONSOLE_SERIAL, CONSOLE_VIRTIO, CONSOLE_NONE };
enum config_transport { TRANSPORT_PCI, TRANSPORT_MMIO };
/* Who answers the SBI PMU. */
enum config_pmu {
	CONFIG_PMU_AUTO,
	CONFIG_PMU_KVM,
	CONFIG_PMU_VMM,
	CONFIG_PMU_OFF,
	CONFIG_PMU_EXIT, /* this process, for guests that call SBI_EID_PMU_EXIT */
};
/* How its overflow interrupts get to the guest. */
enum config_pmu_irq { PMU_IRQ_AUTO, PMU_IRQ_SIP, PMU_IRQ_STUB, PMU_IRQ_MSI, PMU_IRQ_WIRED };
/* AUTO: a guest that has its system on a disk or starts by firmware has one. */
enum config_power_key { POWER_KEY_AUTO, POWER_KEY_ON, POWER_KEY_OFF };
/* What happens when the guest does not restart it in time. */
enum config_watchdog { WATCHDOG_NONE, WATCHDOG_RESET, WATCHDOG_EXIT };
enum config_on_reboot { ON_REBOOT_RESTART, ON_REBOOT_EXIT };

/* What the guest is to have of an ISA extension. */
enum config_isa { ISA_AS_HOST, ISA_ON, ISA_OFF };

struct config_disk {
	const char *path;   /* or a URL (vmm/run/nbd_url.h) */
	const char *format; /* a word of devices/disk_format.h; NULL: raw */
	const char *serial; /* NULL: none */
	bool read_only, direct;
	bool raw;	/* whatever it looks like */
	bool by_name;	/* FORMAT is what the file's name says */
	bool share_rw;	/* others may write to it meanwhile */
	bool on_server; /* PATH is a URL */
};

/* A device whose work another process does. */
struct config_backend {
	const char *type;   /* "fs", "blk" or "net" */
	const char *share;  /* the folder of --share, or NULL */
	const char *socket; /* the path of --vhost-user, or NULL */
	unsigned int index; /* of neither: of its disk (type "blk") or card ("net") in the config */
	const char *tag;    /* of a file system; NULL: it has none */
	uint8_t mac[6];	    /* of a network card; all 0 until net_options_complete() */
	bool read_only;
	bool root; /* the folder is that of --root */
};

/* It serves a disk ("blk") or network card ("net") of the config, which INDEX says. */
static inline bool config_backend_is_of(const struct config_backend *backend, const char *type)
{
	return !backend->share && !backend->socket && !strcmp(backend->type, type);
}

struct config_net {
	const char *tap;     /* the interface; NULL: there is none, */
	bool passt;	     /* but this; else libslirp */
	unsigned int subnet; /* of libslirp: 10.0.SUBNET.0/24 */
	uint8_t mac[6];	     /* all 0 until net_options_complete() */
	unsigned int mtu;    /* that the guest is told; 0: none */
	bool vhost_said;
	enum net_vhost vhost; /* of a tap interface */
	unsigned int queues;  /* pairs of them, of one; 0: as many as it can have, one a hart */
	struct net_forward forwards[CONFIG_MAX_FORWARDS];
	unsigned int forward_count;
};

/* What a serial port beside the console leads to. */
enum config_serial_kind { SERIAL_FILE, SERIAL_PTY, SERIAL_UNIX, SERIAL_NULL, SERIAL_STDIO };
struct config_serial {
	enum config_serial_kind kind;
	const char *path; /* of a file or socket */
	bool append;	  /* to the file */
};

struct config_inject {
	const char *host_path, *guest_path;
};

struct config_extract {
	const char *guest_path, *host_path;
};

/* ECHO (base/echo.h) at its forwarded EID: off, and how its calls are brought here. */
enum config_sbi_echo { SBI_ECHO_OFF, SBI_ECHO_AUTO, SBI_ECHO_TRACEPOINTS };

/* Strings point into the argument vector, or into the words, which config_free() frees. */
struct config {
	const char *kernel, *initrd, *firmware; /* paths or NULL */
	const char *firmware_vars;		/* the file of its variables, or NULL */
	const char *append;			/* never NULL */
	uint64_t memory;			/* bytes, a multiple of 2 MiB */
	bool hugepages;
	unsigned int cpus;
	uint8_t isa[CONFIG_MAX_ISA];		/* enum config_isa, by KVM's number */
	unsigned int mmu;			/* satp's mode at most; 0: as the host */
	uint16_t affinity[CONFIG_MAX_AFFINITY]; /* host CPUs of hart 0, 1, ..., and again */
	unsigned int affinity_count;		/* 0: the scheduler chooses */
	struct config_disk disks[CONFIG_MAX_DISKS];
	unsigned int disk_count;
	struct config_inject injects[CONFIG_MAX_INJECTS];
	unsigned int inject_count;
	struct config_backend backends[CONFIG_MAX_BACKENDS];
	unsigned int backend_count;
	struct config_net nets[CONFIG_MAX_NETS];
	unsigned int net_count;
	bool no_net;	    /* --net none was said */
	uint32_t vsock_cid; /* 0: no --vsock */
	bool rng, balloon;
	enum config_console console;
	enum config_transport transport;
	enum config_aia aia;
	enum config_pmu pmu;
	enum pmu_profile pmu_profile;
	enum config_pmu_irq pmu_irq;
	enum config_on_reboot on_reboot;
	const char *dtb; /* path of a devicetree instead of ours, or NULL */
	const char *overlays[CONFIG_MAX_OVERLAYS]; /* paths of changes to it */
	unsigned int overlay_count;
	struct config_serial serials[CONFIG_MAX_SERIALS]; /* port 1 is the first */
	unsigned int serial_count;
	const char *console_log; /* path or NULL */
	bool console_log_append;
	enum config_power_key power_key;
	enum config_watchdog watchdog;
	const char *dump_fdt, *result; /* paths or NULL */
	const char *control;	       /* path of a socket or NULL */
	bool paused;		       /* start with the harts held */
	const char *gdb;	       /* port, or path of a socket; NULL: none */
	bool gdb_wait;		       /* start with the harts held, for the first gdb */
	const char *name;	       /* NULL after options_parse() unless given */
	int exit_log;		       /* file descriptor; 0: not given */
	bool daemonize;		       /* go on in the background once it runs */
	const char *pidfile;	       /* path or NULL */
	double timeout;		       /* seconds, 0: none */
	enum config_sbi_echo sbi_echo;
	bool verbose;
	const char *root; /* the folder that CMD has for its root; NULL: the initrd */
	char **command;	  /* what stands behind --; NULL: nothing */
	unsigned int command_words;
	struct config_extract extracts[CONFIG_MAX_EXTRACTS]; /* when CMD has ended */
	unsigned int extract_count;
	struct guest_command *command_run;
	/* Of a machine that a script runs: who answers SBI calls first, and that the process's
	 * signals are not its own. */
	struct sbi_override *sbi_override;
	bool no_signals;
	const char *config_file; /* NULL: none */
	bool print_config;
	struct option_words words; /* what was given; empty where nobody asks for it */
	bool help; /* --help or --print-config was answered: there is nothing to run */
};

#endif
