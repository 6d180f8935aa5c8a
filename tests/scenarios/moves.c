/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM whose one vCPU is run by two threads in turn, as KVM allows: moves COUNT. Its guest loads
 * from where nothing is, over and over; COUNT times KVM_RUN returns with that, to one thread and
 * then the other. Says "ready, PID", begins when a byte can be read from standard input, says
 * "moved" when done, and ends with standard input.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/board.h"
#include "vmm/kvm/kvm.h"

#define RAM_LEN (2ull << 20)
#define NOTHING 0x10000u

/* ld t0, 0(a0); j -4 */
static const uint32_t guest[] = {0x00053283, 0xffdff06f};

struct turns {
	int vcpu;
	struct kvm_run *run;
	pthread_barrier_t both;
	long count;
};

struct runner {
	struct turns *turns;
	int parity;
};

static int must(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

static void *map(int fd, size_t len, int flags)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		err(1, "mmap of %zu bytes", len);
	return at;
}

static void set_reg(int vcpu, uint64_t id, uint64_t value)
{
	const struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)(uintptr_t)&value};

	must(ioctl(vcpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

static void create(struct turns *turns)
{
	int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	int run_len = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_userspace_memory_region ram = {.guest_phys_addr = MAP_RAM,
						  .memory_size = RAM_LEN};
	void *memory = map(-1, RAM_LEN, MAP_PRIVATE | MAP_ANONYMOUS);

	memcpy(memory, guest, sizeof(guest));
	ram.userspace_addr = (uint64_t)(uintptr_t)memory;
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &ram), "KVM_SET_USER_MEMORY_REGION");
	turns->vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	turns->run = map(turns->vcpu, (size_t)run_len, MAP_SHARED);
	set_reg(turns->vcpu, KVM_CORE_REG(regs.pc), MAP_RAM);
	set_reg(turns->vcpu, KVM_CORE_REG(regs.a0), NOTHING);
}

static void *run(void *opaque)
{
	const struct runner *runner = opaque;
	struct turns *turns = runner->turns;

	for (long i = 0; i < turns->count; i++) {
		if (i % 2 == runner->parity) {
			must(ioctl(turns->vcpu, KVM_RUN, 0), "KVM_RUN");
			if (turns->run->exit_reason != KVM_EXIT_MMIO)
				errx(1, "exit reason %u", turns->run->exit_reason);
		}
		pthread_barrier_wait(&turns->both);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct turns turns = {.count = argc == 2 ? atol(argv[1]) : 0};
	struct runner runners[] = {{&turns, 0}, {&turns, 1}};
	pthread_t threads[2];
	char byte;

	if (turns.count <= 0)
		errx(2, "usage: moves COUNT");
	create(&turns);
	pthread_barrier_init(&turns.both, NULL, 2);
	printf("ready, %d\n", (int)getpid());
	fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		errx(1, "nobody says when to begin");
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run, &runners[i]) != 0)
			errx(1, "no thread");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	puts("moved");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) == 1)
		;
	return 0;
}
