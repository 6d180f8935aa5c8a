/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile_log KIND: a process with a VM, and a log of exits (trace/exits/exit_log.h) that is to
 * harm who reads it, until its input ends. KIND: head, its head only; shrinks, memory that is
 * cut when it is read from; busy, always in the midst of a change, and its numbers as large as they
 * can be.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/exits/exit_log.h"

static void become_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0 || ioctl(kvm, KVM_CREATE_VM, 0ul) < 0)
		err(1, "/dev/kvm");
}

static void fill(struct exit_log_head *head, size_t size)
{
	struct exit_counts *counts = (void *)((char *)head + EXIT_LOG_START);

	memset(counts, 0xff, size - EXIT_LOG_START);
	head->magic = EXIT_LOG_MAGIC;
	head->size = sizeof(*counts);
	head->vcpus = UINT64_MAX;
	memset(head->threads, 0xff, sizeof(head->threads));
}

int main(int argc, char **argv)
{
	const char *kind = argc == 2 ? argv[1] : "";
	size_t size = strcmp(kind, "head") ? EXIT_LOG_MOST : EXIT_LOG_START;
	int log = memfd_create(EXIT_LOG_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *memory;
	char byte;

	if (log < 0 || ftruncate(log, (off_t)size) < 0)
		err(1, "memory");
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, log, 0);
	if (memory == MAP_FAILED)
		err(1, "memory");
	fill(memory, size);
	if (strcmp(kind, "shrinks") && fcntl(log, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		err(1, "seals");
	become_vm();
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
