/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/log_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/sampler.h"
#include "vmm/exit_log.h"

#define LINK_TEXT "/memfd:" EXIT_LOG_NAME
#define LEASE	  3000000000ull /* ns: some renewals may come late */

struct log_source {
	pid_t pid;
	struct exit_log_head *head;
	struct shares {
		struct exit_log_thread thread; /* at the last look */
		uint64_t in_kvm, vmm;	       /* and what the log had */
		uint64_t ns[VCPU_STATES];      /* made of all that */
	} shares[EXIT_LOG_VCPUS];
};

int log_source_memory(void)
{
	/* The VM inherits it. */
	int fd = memfd_create(EXIT_LOG_NAME, 0);

	if (fd >= 0 && ftruncate(fd, EXIT_LOG_START) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* ---- finding it ---- */

static int find_log(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *files;
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	files = opendir(path);
	while (files && fd < 0 && (entry = readdir(files))) {
		char target[64];
		ssize_t len = readlinkat(dirfd(files), entry->d_name, target, sizeof(target) - 1);

		if (len < (ssize_t)strlen(LINK_TEXT) ||
		    strncmp(target, LINK_TEXT, strlen(LINK_TEXT)) != 0)
			continue;
		fd = openat(dirfd(files), entry->d_name, O_RDWR | O_CLOEXEC);
	}
	if (files)
		closedir(files);
	if (fd < 0)
		errno = ENOENT;
	return fd;
}

/* A VM that is yet to be started makes the file longer: what lies beyond its end is not touched
 * before it says that it is there. */
static struct exit_log_head *map_log(int fd)
{
	size_t size = EXIT_LOG_START + EXIT_LOG_VCPUS * sizeof(struct exit_counts);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool is_there(const struct exit_log_head *head)
{
	return __atomic_load_n(&head->magic, __ATOMIC_ACQUIRE) == EXIT_LOG_MAGIC;
}

static struct exit_log_thread thread_times(const struct log_source *source, uint32_t vcpu,
					   uint32_t tid)
{
	struct exit_log_thread times = source->head->threads[vcpu];
	char path[80];
	FILE *file;

	if (times.ran)
		return times;
	snprintf(path, sizeof(path), "/proc/%d/task/%" PRIu32 "/schedstat", (int)source->pid, tid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%" SCNu64 " %" SCNu64, &times.ran, &times.waited) != 2)
		times.ran = 0;
	if (file)
		fclose(file);
	return times;
}

static void begin_watching(struct log_source *source)
{
	struct exit_log_head *head = source->head;
	const struct exit_counts *counts = log_source_counts(source);
	uint64_t now = clock_now();

	for (uint32_t i = 0; i < log_source_vcpus(source); i++)
		source->shares[i] = (struct shares){
			.thread = thread_times(source, i, counts[i].vcpu.tid),
			.in_kvm = counts[i].vcpu.ns[VCPU_GUEST],
		};
	/* Others may watch already. */
	if (__atomic_load_n(&head->watched_until, __ATOMIC_RELAXED) < now)
		__atomic_store_n(&head->began, now, __ATOMIC_RELEASE);
	log_source_renew(source);
}

struct log_source *log_source_open(pid_t pid, int memory)
{
	struct log_source *source = calloc(1, sizeof(*source));
	int fd = memory >= 0 ? memory : find_log(pid);

	if (source && fd >= 0)
		source->head = map_log(fd);
	if (fd >= 0 && fd != memory)
		close(fd);
	if (!source || !source->head) {
		free(source);
		return NULL;
	}
	source->pid = pid;
	if (memory < 0 &&
	    (!is_there(source->head) || source->head->size != sizeof(struct exit_counts))) {
		log_source_close(source);
		errno = EPROTO;
		return NULL;
	}
	begin_watching(source);
	return source;
}

void log_source_close(struct log_source *source)
{
	if (!source)
		return;
	munmap(source->head, EXIT_LOG_START + EXIT_LOG_VCPUS * sizeof(struct exit_counts));
	free(source);
}

/* ---- reading it ---- */

void log_source_renew(struct log_source *source)
{
	uint64_t until = clock_now() + LEASE;

	if (__atomic_load_n(&source->head->watched_until, __ATOMIC_RELAXED) < until)
		__atomic_store_n(&source->head->watched_until, until, __ATOMIC_RELEASE);
}

uint32_t log_source_vcpus(const struct log_source *source)
{
	uint64_t vcpus = is_there(source->head) ? source->head->vcpus : 0;

	return vcpus < EXIT_LOG_VCPUS ? (uint32_t)vcpus : EXIT_LOG_VCPUS;
}

struct exit_counts *log_source_counts(struct log_source *source)
{
	return (struct exit_counts *)((char *)source->head + EXIT_LOG_START);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void log_source_trim(const struct log_source *source, struct exit_vcpu *vcpu)
{
	uint64_t began = __atomic_load_n(&source->head->began, __ATOMIC_RELAXED);

	if (vcpu->since < began)
		vcpu->since = began;
}

void log_source_split(struct log_source *source, struct exit_vcpu *vcpu)
{
	uint32_t slot = (uint32_t)least(vcpu->vcpu_id, EXIT_LOG_VCPUS - 1);
	struct shares *shares = &source->shares[slot];
	struct exit_log_thread thread = thread_times(source, slot, vcpu->tid);
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
