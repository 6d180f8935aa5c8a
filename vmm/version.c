/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/version.h"

#include <json-c/json_c_version.h>
#include <liburing.h>
#include <lua5.4/lua.h>
#include <lzma.h>
#include <slirp/libslirp-version.h>
#include <zlib.h>
#include <zstd.h>

#ifdef __clang__
#define COMPILER "" /* its name is in __VERSION__ */
#else
#define COMPILER "gcc "
#endif

/* What a build for this machine lacks, or has. */
#ifdef __riscv
#define MACHINE "riscv64, with KVM and BPF"
#else
#define MACHINE "a machine without vhart's KVM: only vhart report works"
#endif

void version_print(FILE *to)
{
	fprintf(to, "vhart %s\n", VHART_VERSION);
	fprintf(to, "built by %s%s for %s\n", COMPILER, __VERSION__, MACHINE);
	fprintf(to, "with liburing %d.%d, json-c %s, libfdt, and %s in the program\n",
		IO_URING_VERSION_MAJOR, IO_URING_VERSION_MINOR, JSON_C_VERSION, LUA_RELEASE);
	fprintf(to, "when needed: zlib %s, zstd %s, liblzma %s, libslirp %s\n", ZLIB_VERSION,
		ZSTD_VERSION_STRING, LZMA_VERSION_STRING, SLIRP_VERSION_STRING);
}
