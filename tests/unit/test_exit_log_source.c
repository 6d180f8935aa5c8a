/* SPDX-License-Identifier: Apache-2.0 */
/* The log of exits, both of its sides, when the other side is hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "trace/exits/exit_copy.h"
#include "trace/sources/exit_log_counts.h"
#include "trace/sources/exit_log_source.h"

#define SMALLEST (EXIT_LOG_START + sizeof(struct exit_counts))

static struct exit_log_head *map_memory(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void expect_none(int reason)
{
	errno = 0;
	assert_null(exit_log_source_open(getpid(), -1));
	assert_int_equal(errno, reason);
}

/* Whatever the memory is that has the name, this process has no other. */
static void memory_that_may_shrink_is_no_log(void **state)
{
	int fd = memfd_create(EXIT_LOG_NAME, MFD_ALLOW_SEALING);
	struct exit_log_head *head;

	(void)state;
	assert_true(fd >= 0);
	expect_none(EPROTO);
	/* The head only: a look at the counts behind it would be a SIGBUS. */
	assert_int_equal(ftruncate(fd, EXIT_LOG_START), 0);
	head = map_memory(fd, EXIT_LOG_START);
	*head = (struct exit_log_head){
		.magic = EXIT_LOG_MAGIC, .vcpus = 100, .size = sizeof(struct exit_counts)};
	expect_none(EPROTO);
	assert_int_equal(ftruncate(fd, SMALLEST), 0);
	expect_none(EPROTO);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	struct exit_log_source *source = exit_log_source_open(getpid(), -1);
	assert_non_null(source);
	/* It says 100. */
	assert_int_equal(exit_log_ops.seen(source), 1);
	exit_log_ops.close(source);
	munmap(head, EXIT_LOG_START);
	close(fd);
	expect_none(ENOENT);
}

static void sealed_memory_without_counts_is_no_log(void **state)
{
	int fd = exit_log_memory(MFD_CLOEXEC, EXIT_LOG_START);

	(void)state;
	expect_none(EPROTO);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, SMALLEST), -1);
	close(fd);
}

static void another_build_has_no_log(void **state)
{
	int fd = exit_log_memory(MFD_CLOEXEC, EXIT_LOG_MOST);
	struct exit_log_head *head = map_memory(fd, EXIT_LOG_MOST);

	(void)state;
	expect_none(EPROTO);
	head->magic = EXIT_LOG_MAGIC;
	head->size = sizeof(struct exit_counts) - 8;
	expect_none(EPROTO);
	munmap(head, EXIT_LOG_MOST);
	close(fd);
}

/* There is room on this side for as many as a log of ours has. */
static void more_vcpus_than_a_log_has_are_not_looked_at(void **state)
{
	size_t size = EXIT_LOG_MOST + 100 * sizeof(struct exit_counts);
	int fd = exit_log_memory(MFD_CLOEXEC, size);
	struct exit_log_head *head = map_memory(fd, size);
	struct exit_log_source *source;

	(void)state;
	*head = (struct exit_log_head){
		.magic = EXIT_LOG_MAGIC, .vcpus = UINT64_MAX, .size = sizeof(struct exit_counts)};
	source = exit_log_source_open(getpid(), -1);
	assert_non_null(source);
	assert_int_equal(exit_log_ops.seen(source), EXIT_LOG_VCPUS);
	exit_log_ops.close(source);
	munmap(head, size);
	close(fd);
}

/* A file that somebody gave the name is not opened. */
static void a_file_of_that_name_is_no_log(void **state)
{
	char path[] = "/tmp/memfd:" EXIT_LOG_NAME " (deleted)";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	expect_none(ENOENT);
	close(fd);
	unlink(path);
}

static void what_is_hostile_is_read_as_nothing(void **state)
{
	struct exit_vcpu vcpu;

	(void)state;
	memset(&vcpu, 0xff, sizeof(vcpu));
	exit_log_counts_trust(&vcpu, 42, 3);
	assert_int_equal(vcpu.tgid, 42);
	assert_int_equal(vcpu.vcpu_id, 3);
	assert_int_equal(vcpu.timed + vcpu.own_ns + vcpu.stvec, 0);
	assert_true(vcpu.row < EXIT_ROWS && vcpu.state <= VCPU_UNSEEN);
}

/* A change that never ends holds one look up only so often, whatever is read in it. */
static void a_change_that_never_ends_is_not_awaited(void **state)
{
	struct exit_vcpu vcpu = {.sequence = 1, .exits = 7}, copy;
	uint32_t patience = EXIT_COPY_PATIENCE;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		copy.exits = 0;
		assert_false(exit_copy(&vcpu, &copy, &vcpu, sizeof(vcpu), &patience));
		assert_int_equal(copy.exits, 7);
		assert_int_equal(patience, 0);
	}
	vcpu.sequence = 2;
	assert_true(exit_copy(&vcpu, &copy, &vcpu, sizeof(vcpu), &patience));
	patience = 5;
	assert_true(exit_copy(&vcpu, &copy, &vcpu, sizeof(vcpu), &patience));
	assert_int_equal(patience, 5);
}

/* Any process of its user can write the log: the VMM finds its own place in it without. */
static void the_vmm_trusts_no_reader(void **state)
{
	struct exit_log log;
	struct exit_log_port port;
	struct kvm_run run = {.exit_reason = KVM_EXIT_RISCV_SBI};
	struct exit_vcpu *vcpu;

	(void)state;
	exit_log_open(&log, -1, 1);
	assert_non_null(log.head);
	log.head->vcpus = UINT64_MAX;
	port = exit_log_port(&log, 1);
	assert_null(port.head);
	port = exit_log_port(&log, 0);
	assert_non_null(port.head);
	vcpu = &port.counts->vcpu;
	log.head->watched_until = UINT64_MAX;
	for (unsigned int i = 0; i < 100; i++) {
		exit_log_left(&port, &run, 0);
		vcpu->vcpu_id = UINT32_MAX - i;
		vcpu->row = UINT64_MAX - i;
		vcpu->state = UINT64_MAX - i;
		vcpu->open = i % 5;
		vcpu->interval = i;
		exit_log_is_call(&port, i, i);
		vcpu->row = EXIT_ROWS + i;
		exit_log_entering(&port);
	}
	exit_log_ended(&port);
	assert_true(log.head->threads[0].ran > 0);
	exit_log_close(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_may_shrink_is_no_log),
		cmocka_unit_test(sealed_memory_without_counts_is_no_log),
		cmocka_unit_test(another_build_has_no_log),
		cmocka_unit_test(more_vcpus_than_a_log_has_are_not_looked_at),
		cmocka_unit_test(a_file_of_that_name_is_no_log),
		cmocka_unit_test(what_is_hostile_is_read_as_nothing),
		cmocka_unit_test(a_change_that_never_ends_is_not_awaited),
		cmocka_unit_test(the_vmm_trusts_no_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
