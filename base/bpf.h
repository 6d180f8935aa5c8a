/* SPDX-License-Identifier: Apache-2.0 */
/* What the loaders of light BPF skeletons share: the system call, without libbpf. */
#ifndef VHART_BPF_H
#define VHART_BPF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Calls LOAD, again as long as it says -EAGAIN: the verifier gives up while a signal is pending, or
 * work of an io_uring. Returns what it said last.
 */
int bpf_load_patiently(int (*load)(void *opaque), void *opaque);

/* Runs a program of type syscall. 0 or -errno. */
int bpf_run_program(int program);

/* Runs a program of BTF tracing that iterates, over what PID has. 0 or -errno. */
int bpf_iterate(int program, pid_t pid);

/* Attaches a program of BTF tracing where it says: a link's file descriptor, or -errno. */
int bpf_attach(int program);

/* Whether the link's program still runs. */
bool bpf_link_lives(int link);
/* How often the kernel did not run the program where it should have (recursion_misses). */
uint64_t bpf_program_missed(int program);

/* Whether the function tracer is on, which trampolines hang on: root can switch it off. */
bool bpf_tracer_is_on(void);

#endif
