/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is to `vhart test`, by its bytes, and where they do not tell, by its name. Pure. */
#ifndef VHART_TEST_KIND_H
#define VHART_TEST_KIND_H

#include <stddef.h>

enum test_kind {
	KIND_NO_TEST,
	KIND_GUEST,    /* an ELF for a riscv64 machine, or a flat binary with Linux's header */
	KIND_FIRMWARE, /* a flat binary without one: it starts 2 MiB into RAM */
	KIND_LUA,      /* for vhart script */
	KIND_SHELL,    /* runs in a Linux guest */
};

#define KIND_BYTES 65536u /* of the file's start are enough */

/*
 * BYTES are the first LEN of the file NAME. A program for Linux is no test: an ELF that has an
 * interpreter, is not linked, or lies below the machine's memory; nor is a Linux kernel, which
 * would be booted without an end.
 */
enum test_kind test_kind(const char *name, const void *bytes, size_t len);

#endif
