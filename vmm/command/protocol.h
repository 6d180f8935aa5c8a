/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What vhart and its init in the guest say to each other for `vhart run ... -- CMD`. No names but
 * these are shared: the init is a program of its own, without a C library (init/).
 */
#ifndef VHART_COMMAND_PROTOCOL_H
#define VHART_COMMAND_PROTOCOL_H

#include <stdint.h>

/* Two files in the root of the initrd; the init removes both. The second has CMD and its arguments,
 * each ended by a zero byte. */
#define COMMAND_INIT_PATH  "vhart-init"
#define COMMAND_WORDS_PATH "vhart-command"

/*
 * Of `--root DIR`, a third: CMD runs in the file system of this tag, on which what it writes is in
 * memory only, as this user, and in this folder where it is there. The init removes it as well.
 */
#define COMMAND_ROOT_PATH  "vhart-root"
#define COMMAND_ROOT_TAG   "vhart-root"
#define COMMAND_GROUPS_MAX 64u
#define COMMAND_FOLDER_MAX 4096u
#define COMMAND_USER_MAX   256u

struct command_root {
	uint32_t uid, gid;
	uint32_t group_count;
	uint32_t groups[COMMAND_GROUPS_MAX];
	/* For the environment; the last is the working folder's. */
	char user[sizeof("USER=") + COMMAND_USER_MAX];
	char logname[sizeof("LOGNAME=") + COMMAND_USER_MAX];
	char home[sizeof("HOME=") + COMMAND_FOLDER_MAX];
	char pwd[sizeof("PWD=") + COMMAND_FOLDER_MAX];
};

/* The paths of files to send when CMD has ended, each ended by a zero byte. */
#define COMMAND_EXTRACTS_PATH "vhart-extracts"
#define COMMAND_FILES_MAX     16u

/* And modules, to be loaded in the order of their numbers: 0, 1, and so on. They may be compressed.
 */
#define COMMAND_MODULES_PATH "vhart-modules"

/* The ports by number, and their names. */
enum command_port {
	COMMAND_CONTROL,
	COMMAND_STDIN,
	COMMAND_STDOUT,
	COMMAND_STDERR,
	COMMAND_FILES, /* of --extract */
	COMMAND_PORTS,
};
#define COMMAND_PORT_NAMES                                                                         \
	{"vhart.control", "vhart.stdin", "vhart.stdout", "vhart.stderr", "vhart.files"}

/* What goes through the control port, both ways; little-endian. */
struct command_message {
	uint32_t kind;
	uint32_t value;
};

enum command_kind {
	/* the guest's */
	COMMAND_STARTED = 1,   /* CMD runs: it can be sent signals */
	COMMAND_EXITED = 2,    /* VALUE is its exit status; all its output was written */
	COMMAND_SIGNALLED = 3, /* VALUE is the signal that ended it; likewise */
	COMMAND_NOT_RUN = 4,   /* VALUE is the errno of execve() */
	/* the guest's, on the port of files: each file is pieces, and its end */
	COMMAND_FILE_BYTES = 6, /* VALUE bytes follow */
	COMMAND_FILE_END = 7,	/* VALUE is the errno with which it could not be read; 0: all */
	/* vhart's */
	COMMAND_SIGNAL = 5, /* VALUE is a signal for CMD and all that it started */
};

#endif
