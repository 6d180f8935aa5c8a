/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/exit_log_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "trace/sources/exit_log_counts.h"

#define LINK_TEXT "/memfd:" EXIT_LOG_NAME " (deleted)"
#define LEASE	  3000000000ull /* ns: some renewals may come late */

struct exit_log_source {
	pid_t pid;
	struct exit_log_head *head;
	size_t size;   /* of what is mapped */
	uint32_t room; /* vCPUs in it */
	struct shares {
		struct exit_log_thread thread; /* at the last look */
		uint64_t in_kvm, vmm;	       /* and what the log had */
		uint64_t ns[VCPU_STATES];      /* made of all that */
	} shares[EXIT_LOG_VCPUS];
};

int exit_log_source_memory(void)
{
	/* The VM inherits it; how many vCPUs it will have is not known. */
	return exit_log_memory(0, EXIT_LOG_MOST);
}

/* ---- finding it ---- */

/* The file system of all such memory, which no process can mount elsewhere. 0 where it cannot be
 * told. */
static dev_t device_of_memory(void)
{
	int fd = memfd_create(EXIT_LOG_NAME, MFD_CLOEXEC);
	struct stat status = {0};

	if (fd < 0)
		return 0;
	if (fstat(fd, &status) < 0)
		status.st_dev = 0;
	close(fd);
	return status.st_dev;
}

/* Whether FOUND, which is not opened, is such memory; a file of that name may be any. */
static bool is_memory(int found)
{
	dev_t device = device_of_memory();
	struct statx status;

	/* A file system that asks somebody for this is not asked. */
	return statx(found, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0 &&
	       S_ISREG(status.stx_mode) &&
	       makedev(status.stx_dev_major, status.stx_dev_minor) == device;
}

static int open_memory(int found)
{
	char path[64];

	if (!is_memory(found)) {
		errno = EPROTO;
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	return open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

static bool is_named_so(int files, const char *name)
{
	char target[64];
	ssize_t length = readlinkat(files, name, target, sizeof(target));

	return length == (ssize_t)strlen(LINK_TEXT) && !memcmp(target, LINK_TEXT, (size_t)length);
}

static int find_log(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *files;
	int fd = -1, found, reason = ENOENT;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	files = opendir(path);
	while (files && fd < 0 && (entry = readdir(files))) {
		if (!is_named_so(dirfd(files), entry->d_name))
			continue;
		found = openat(dirfd(files), entry->d_name, O_PATH | O_CLOEXEC);
		if (found < 0)
			continue;
		fd = open_memory(found);
		reason = fd < 0 ? errno : 0;
		close(found);
	}
	if (files)
		closedir(files);
	errno = reason;
	return fd;
}

/* How many vCPUs there are counts of in FD; 0: it is too short, or can become so while it is mapped
 * (then a look at it is a SIGBUS). */
static uint32_t room_of(int fd)
{
	struct stat status;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &status) < 0 || status.st_size < 0)
		return 0;
	return exit_log_counts_room((uint64_t)status.st_size);
}

/* False with errno. */
static bool map_log(struct exit_log_source *source, int fd)
{
	void *memory;

	source->room = room_of(fd);
	source->size = EXIT_LOG_START + source->room * sizeof(struct exit_counts);
	errno = EPROTO;
	if (!source->room)
		return false;
	memory = mmap(NULL, source->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	source->head = memory == MAP_FAILED ? NULL : memory;
	return source->head != NULL;
}

static void close_source(void *opaque)
{
	struct exit_log_source *source = opaque;

	munmap(source->head, source->size);
	free(source);
}

/* Else the VM takes it that nobody watches any more. */
static void renew(void *opaque)
{
	struct exit_log_source *source = opaque;
	uint64_t until = clock_now() + LEASE;

	if (__atomic_load_n(&source->head->watched_until, __ATOMIC_RELAXED) < until)
		__atomic_store_n(&source->head->watched_until, until, __ATOMIC_RELEASE);
}

static uint32_t vcpus(const void *opaque)
{
	const struct exit_log_source *source = opaque;

	return exit_log_counts_vcpus(source->head, source->room);
}

struct exit_counts *exit_log_source_counts(const struct exit_log_source *source)
{
	return (struct exit_counts *)((char *)source->head + EXIT_LOG_START);
}

static bool read_schedstat(const struct exit_log_source *source, uint32_t tid, uint64_t *ran,
			   uint64_t *waited)
{
	char path[80];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "/proc/%d/task/%" PRIu32 "/schedstat", (int)source->pid, tid);
	file = fopen(path, "re");
	good = file && fscanf(file, "%" SCNu64 " %" SCNu64, ran, waited) == 2;
	if (file)
		fclose(file);
	return good;
}

/* Of all threads that the vCPU had; ran is 0 where one is gone that did not say how it was. */
static struct exit_log_thread thread_times(const struct exit_log_source *source, uint32_t vcpu)
{
	const struct exit_vcpu *seen = &exit_log_source_counts(source)[vcpu].vcpu;
	const struct exit_log_thread *thread = &source->head->threads[vcpu];

	/* It may end just now, and then says so. */
	for (unsigned int tries = 0; tries < 2; tries++) {
		bool alive = __atomic_load_n(&thread->alive, __ATOMIC_ACQUIRE);
		struct exit_log_thread times = *thread;
		uint64_t ran = 0, waited = 0;

		if (alive && !read_schedstat(source, seen->tid, &ran, &waited))
			continue;
		times.ran += ran;
		times.waited += waited;
		return times;
	}
	return (struct exit_log_thread){0};
}

static void begin_watching(struct exit_log_source *source)
{
	struct exit_log_head *head = source->head;
	const struct exit_counts *counts = exit_log_source_counts(source);
	uint64_t now = clock_now();

	for (uint32_t i = 0; i < vcpus(source); i++)
		source->shares[i] = (struct shares){
			.thread = thread_times(source, i),
			.in_kvm = counts[i].vcpu.ns[VCPU_GUEST],
		};
	/* Others may watch already. */
	if (__atomic_load_n(&head->watched_until, __ATOMIC_RELAXED) < now)
		__atomic_store_n(&head->began, now, __ATOMIC_RELEASE);
	renew(source);
}

struct exit_log_source *exit_log_source_open(pid_t pid, int memory)
{
	struct exit_log_source *source = calloc(1, sizeof(*source));
	int fd = memory >= 0 ? memory : find_log(pid);

	bool mapped = source && fd >= 0 && map_log(source, fd);
	int reason = errno;

	if (fd >= 0 && fd != memory)
		close(fd);
	if (!mapped) {
		free(source);
		errno = reason;
		return NULL;
	}
	source->pid = pid;
	if (memory < 0 && (!exit_log_counts_there(source->head) ||
			   source->head->size != sizeof(struct exit_counts))) {
		close_source(source);
		errno = EPROTO;
		return NULL;
	}
	begin_watching(source);
	return source;
}

/* ---- reading it ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* It has nothing that could lead astray; and what it was doing counts from when watching began. */
static void trust(const void *opaque, uint32_t index, struct exit_vcpu *vcpu)
{
	const struct exit_log_source *source = opaque;
	uint64_t began = __atomic_load_n(&source->head->began, __ATOMIC_RELAXED);

	exit_log_counts_trust(vcpu, (uint32_t)source->pid, index);
	if (vcpu->since < began)
		vcpu->since = began;
}

/* Its times in KVM are one: since the last look it slept in them, waited for a CPU, or else ran
 * (/proc/PID/task/TID/schedstat). */
static void split(void *opaque, struct exit_vcpu *vcpu)
{
	struct exit_log_source *source = opaque;
	uint32_t slot = vcpu->vcpu_id;
	struct shares *shares = &source->shares[slot];
	struct exit_log_thread thread = thread_times(source, slot);
	uint64_t in_kvm = vcpu->ns[VCPU_GUEST] - shares->in_kvm, ran = in_kvm, waited = 0;

	/* Else it is gone, and did not say how it was. */
	if (thread.ran) {
		waited = least(thread.waited - shares->thread.waited, in_kvm);
		ran = thread.ran - shares->thread.ran;
		ran -= least(ran, thread.vmm_ran - shares->thread.vmm_ran);
		ran = least(ran, in_kvm - waited);
		shares->thread = thread;
	}
	shares->ns[VCPU_GUEST] += ran;
	shares->ns[VCPU_WAITING] += waited;
	shares->ns[VCPU_HALTED] += in_kvm - waited - ran;
	shares->in_kvm = vcpu->ns[VCPU_GUEST];
	vcpu->ns[VCPU_GUEST] = shares->ns[VCPU_GUEST];
	vcpu->ns[VCPU_WAITING] = shares->ns[VCPU_WAITING];
	vcpu->ns[VCPU_HALTED] = shares->ns[VCPU_HALTED];
}

const struct exit_source exit_log_ops = {
	.lacks = "only exits that reach the VMM are counted",
	.close = close_source,
	.poll = renew,
	.seen = vcpus,
	.counted = vcpus,
	.trust = trust,
	.split = split,
};
