/* SPDX-License-Identifier: Apache-2.0 */
/* A vhost-user back-end that goes away and comes back: who it has to be, and what it goes on with.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "devices/vhost_device.h"
#include "devices/vhost_link.h"
#include "tests/unit/fixtures/fake_backend.h"
#include "tests/unit/fixtures/guest_driver.h"
#include "tests/unit/fixtures/kept_messages.h"

#define PROTOCOL                                                                                   \
	(1ull << VHOST_PROTOCOL_F_MQ | 1ull << VHOST_PROTOCOL_F_REPLY_ACK |                        \
	 1ull << VHOST_PROTOCOL_F_CONFIG)
#define INFLIGHT  (1ull << VHOST_PROTOCOL_F_INFLIGHT_SHMFD)
#define READ_ONLY (1ull << 5)

enum { REQUESTS = 1 };

struct fixture {
	struct machine machine;
	void *ram;
	int memory;
	char folder[32], path[48];
	struct fake_backend backends[3]; /* one after the other */
	unsigned int now;		 /* that runs, or ran last */
	bool runs;
	struct vhost_link link;
	struct guest_driver driver;
	struct virtio_device *device;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	messages_forget();
	strcpy(fixture->folder, "/tmp/vhost-return.XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->path, sizeof(fixture->path), "%s/socket", fixture->folder);
	fixture->memory = memfd_create("test", MFD_CLOEXEC);
	if (ftruncate(fixture->memory, GUEST_RAM) < 0)
		return -1;
	fixture->ram =
		mmap(NULL, GUEST_RAM, PROT_READ | PROT_WRITE, MAP_SHARED, fixture->memory, 0);
	fake_machine_init_over(&fixture->machine, fixture->ram, GUEST_RAM);
	fixture->machine.memory.shared_fd = fixture->memory;
	fixture->machine.loop = loop_new(&fixture->machine.lock);
	vhost_link_init(&fixture->link, -1);
	for (unsigned int i = 0; i < 3; i++) {
		fixture->backends[i].features = BACKEND_FEATURES | 1ull << 12;
		fixture->backends[i].protocol_features = PROTOCOL;
		fixture->backends[i].config[34] = BACKEND_RINGS;
	}
	return fixture->machine.loop ? 0 : -1;
}

static struct fake_backend *backend_of(struct fixture *fixture)
{
	return &fixture->backends[fixture->now];
}

static void stop_backend(struct fixture *fixture)
{
	if (fixture->runs)
		fake_backend_stop(backend_of(fixture));
	fixture->runs = false;
}

static void free_device(struct fixture *fixture)
{
	if (fixture->device)
		virtio_device_free(fixture->device);
	fixture->device = NULL;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	free_device(fixture);
	vhost_link_close(&fixture->link);
	stop_backend(fixture);
	fake_machine_destroy(&fixture->machine);
	munmap(fixture->ram, GUEST_RAM);
	close(fixture->memory);
	unlink(fixture->path);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

/* ---- what happens ---- */

static void plug(struct fixture *fixture, const char *type)
{
	static const uint8_t mac[6] = {0x52};
	const struct vhost_user_options options = {.type = type,
						   .tag = "here",
						   .mac = mac,
						   .who = "the test",
						   .path = fixture->path,
						   .link = &fixture->link};

	fixture->device = virtio_vhost_user_new(&fixture->machine, "device0", &options);
	assert_non_null(fixture->device);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, ~0ull);
}

static void start(struct fixture *fixture, const char *type)
{
	vhost_link_init(&fixture->link, fake_backend_start(backend_of(fixture)));
	fixture->runs = true;
	plug(fixture, type);
}

static struct vhost_device *vhost_of(struct fixture *fixture)
{
	return fixture->device->state;
}

static void run_until(struct fixture *fixture, bool (*is)(struct fixture *fixture))
{
	for (unsigned int i = 0; i < 20000 && !is(fixture); i++)
		fake_machine_run_for(&fixture->machine, 1000000);
	assert_true(is(fixture));
}

static bool is_awaited(struct fixture *fixture)
{
	return vhost_of(fixture)->absence == VHOST_AWAITED;
}

static bool is_there(struct fixture *fixture)
{
	return vhost_of(fixture)->absence == VHOST_THERE;
}

static bool needs_reset(struct fixture *fixture)
{
	return fixture->device->status & VIRTIO_STATUS_NEEDS_RESET;
}

static void go_away(struct fixture *fixture)
{
	stop_backend(fixture);
	run_until(fixture, is_awaited);
	assert_false(needs_reset(fixture));
	assert_int_equal(vhost_of(fixture)->busy, 0);
}

/* The next one listens. */
static void listen_again(struct fixture *fixture)
{
	stop_backend(fixture);
	fixture->now++;
	fake_backend_listen(backend_of(fixture), fixture->path);
	fixture->runs = true;
}

/* The timer is due. */
static void try_now(struct fixture *fixture)
{
	struct loop_timer *again = &vhost_of(fixture)->again;

	loop_timer_set(fixture->machine.loop, again, 0);
	again->expired(again);
}

static void come_back(struct fixture *fixture)
{
	listen_again(fixture);
	try_now(fixture);
	run_until(fixture, is_there);
}

static void ask(struct fixture *fixture)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 16, .writable = true};

	guest_driver_add(&fixture->driver, REQUESTS, &buffer, 1);
	guest_driver_kick(&fixture->driver, REQUESTS);
}

static void serve_one(struct fixture *fixture)
{
	ask(fixture);
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
}

static void is_idle(struct fixture *fixture)
{
	uint32_t len;

	fake_machine_run_for(&fixture->machine, 20000000);
	assert_false(guest_driver_used(&fixture->driver, REQUESTS, &len));
}

/* One that was under way is done, and no other. */
static void expect_done(struct fixture *fixture, uint32_t head)
{
	uint32_t id, len;

	for (unsigned int i = 0; i < 10000; i++) {
		if (fake_queue_take(&fixture->driver.queues[REQUESTS], &id, &len)) {
			assert_int_equal(id, head);
			assert_int_equal(len, 16);
			return;
		}
		fake_machine_run_for(&fixture->machine, 1000000);
	}
	fail_msg("it is not done");
}

static bool has_taken_two_more(struct fixture *fixture)
{
	return backend_of(fixture)->work.taken >= 3;
}

/* The first and KEPT more that a disk was asked for: those are under way. */
static void leave_under_way(struct fixture *fixture, unsigned int kept)
{
	start(fixture, "blk");
	serve_one(fixture);
	backend_of(fixture)->work.keeps = kept;
	ask(fixture);
	ask(fixture);
	run_until(fixture, has_taken_two_more);
}

/* ---- who comes back goes on ---- */

static void used_by_a_disk(struct fixture *fixture)
{
	start(fixture, "blk");
	serve_one(fixture);
}

static void ask_twice(struct fixture *fixture)
{
	ask(fixture);
	ask(fixture);
}

static void expect_two(struct fixture *fixture)
{
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
}

static void what_is_asked_meanwhile_is_done(void **state)
{
	struct fixture *fixture = *state;
	unsigned int interrupts;

	used_by_a_disk(fixture);
	interrupts = fixture->driver.interrupts[REQUESTS];
	go_away(fixture);
	assert_string_equal(message, "device0: the test has closed its socket: it is awaited, and "
				     "so is what the guest asks of the device");
	/* What it has given back last it may not have told. */
	assert_int_equal(fixture->driver.interrupts[REQUESTS], interrupts + 1);
	ask_twice(fixture);
	is_idle(fixture);
	/* Nobody is there yet. */
	try_now(fixture);
	assert_true(is_awaited(fixture));
	messages_forget();
	come_back(fixture);
	expect_two(fixture);
	assert_string_equal(message, "device0: the test is back");
	assert_int_equal(messages, 1);
	serve_one(fixture);
	is_idle(fixture);
	assert_int_equal(backend_of(fixture)->work.taken, 3);
	assert_int_equal(backend_of(fixture)->asked[VHOST_SET_INFLIGHT_FD], 0);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

/* It may still hold its end of them. */
static void calls_of_one_that_is_gone_are_for_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct msi *msi = machine_msi_new(&fixture->machine);

	used_by_a_disk(fixture);
	fixture->driver.msis[REQUESTS] = msi;
	virtio_device_interrupts_moved(fixture->device);
	assert_int_equal(msi->irqfds, 1);
	go_away(fixture);
	assert_int_equal(msi->irqfds, 0);
	come_back(fixture);
	assert_int_equal(msi->irqfds, 1);
	serve_one(fixture);
	free_device(fixture);
	machine_msi_free(msi);
}

static void the_timer_finds_it(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "blk");
	go_away(fixture);
	listen_again(fixture);
	run_until(fixture, is_there);
	serve_one(fixture);
}

static void a_network_card_comes_back(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "net");
	serve_one(fixture);
	go_away(fixture);
	come_back(fixture);
	serve_one(fixture);
}

static void without_protocol_features(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < 2; i++) {
		fixture->backends[i].features &= ~(1ull << VHOST_USER_F_PROTOCOL_FEATURES);
		for (unsigned int j = 0; j < BACKEND_RINGS; j++)
			fixture->backends[i].work.each[j].enabled = true;
	}
	start(fixture, "net");
	serve_one(fixture);
	go_away(fixture);
	come_back(fixture);
	serve_one(fixture);
}

static void note_what_is_under_way(struct fixture *fixture)
{
	for (unsigned int i = 0; i < 3; i++)
		fixture->backends[i].protocol_features |= INFLIGHT;
}

/* The first of two is under way, the second is done: the used index alone would not tell. */
static void notes_tell_what_is_under_way(void **state)
{
	struct fixture *fixture = *state;
	unsigned int given;

	note_what_is_under_way(fixture);
	leave_under_way(fixture, 1);
	expect_done(fixture, 2);
	assert_int_equal(backend_of(fixture)->asked[VHOST_GET_INFLIGHT_FD], 1);
	assert_int_equal(backend_of(fixture)->asked[VHOST_SET_INFLIGHT_FD], 1);
	go_away(fixture);
	come_back(fixture);
	expect_done(fixture, 1);
	is_idle(fixture);
	assert_int_equal(backend_of(fixture)->work.taken, 1);
	assert_int_equal(backend_of(fixture)->asked[VHOST_GET_INFLIGHT_FD], 0);
	given = backend_of(fixture)->asked[VHOST_SET_INFLIGHT_FD];
	assert_int_equal(given, 1);
	serve_one(fixture);
	/* The next driver has nothing under way. */
	guest_driver_restart(&fixture->driver, ~0ull);
	serve_one(fixture);
	assert_int_equal(backend_of(fixture)->asked[VHOST_GET_INFLIGHT_FD], 1);
}

/* One of the two is under way, and which one only a back-end that notes it could tell. */
static void what_is_not_noted_is_not_done_again(void **state)
{
	struct fixture *fixture = *state;

	leave_under_way(fixture, 1);
	expect_done(fixture, 2);
	stop_backend(fixture);
	run_until(fixture, needs_reset);
	assert_true(is_there(fixture));
	assert_string_equal(fixture->link.backend.broken,
			    "has ended, and which requests were under way it has not noted");
	assert_non_null(strstr(message, "does not work until the guest is rebooted"));
}

/* The memory is asked for, and the answer is the last that it says, or not even that. */
static void it_goes_before_a_driver_has_started(void **state)
{
	struct fixture *fixture = *state;

	note_what_is_under_way(fixture);
	fixture->backends[0].lie = LIE_DEATH;
	fixture->backends[0].lie_at = VHOST_GET_INFLIGHT_FD;
	start(fixture, "blk");
	ask(fixture);
	go_away(fixture);
	come_back(fixture);
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
}

static void only_so_many_lines(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "blk");
	vhost_of(fixture)->absences = 19;
	go_away(fixture);
	come_back(fixture);
	assert_int_equal(messages, 2);
	go_away(fixture);
	come_back(fixture);
	assert_int_equal(messages, 2);
	serve_one(fixture);
}

/* ---- who does not ---- */

static void break_with(struct fixture *fixture, const char *found)
{
	used_by_a_disk(fixture);
	go_away(fixture);
	listen_again(fixture);
	try_now(fixture);
	run_until(fixture, needs_reset);
	assert_string_equal(fixture->link.backend.broken, found);
	assert_non_null(strstr(message, "does not work until the guest is rebooted"));
	assert_int_equal(backend_of(fixture)->asked[VHOST_SET_VRING_KICK], 0);
	guest_driver_restart(&fixture->driver, 0);
	assert_true(needs_reset(fixture));
}

static void fewer_features(void **state)
{
	struct fixture *fixture = *state;

	fixture->backends[0].features |= READ_ONLY;
	break_with(fixture, "has come back without features that the guest was offered");
}

static void fewer_queues(void **state)
{
	struct fixture *fixture = *state;

	fixture->backends[1].ring_count = 1;
	break_with(fixture, "has come back with fewer queues");
}

static void another_configuration(void **state)
{
	struct fixture *fixture = *state;

	fixture->backends[1].config[0] = 8;
	break_with(fixture, "has come back with another configuration");
}

static void a_lie_in_the_greeting(void **state)
{
	struct fixture *fixture = *state;

	fixture->backends[1].lie = LIE_REQUEST;
	fixture->backends[1].lie_at = VHOST_GET_QUEUE_NUM;
	break_with(fixture, "answers what it was not asked");
}

/* More than before is none of the guest's business. */
static void more_features(void **state)
{
	struct fixture *fixture = *state;
	uint64_t offered;

	start(fixture, "blk");
	offered = virtio_device_features(fixture->device);
	go_away(fixture);
	fixture->backends[1].features |= READ_ONLY;
	fixture->backends[1].ring_count = 8;
	come_back(fixture);
	assert_int_equal(virtio_device_features(fixture->device), offered);
	guest_driver_restart(&fixture->driver, ~0ull);
	serve_one(fixture);
	assert_false(backend_of(fixture)->driver_features & READ_ONLY);
}

static void a_file_system_is_not_awaited(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "fs");
	stop_backend(fixture);
	run_until(fixture, needs_reset);
	assert_true(is_there(fixture));
}

static const struct {
	enum backend_lie lie;
	const char *found;
} inflight_lies[] = {
	{LIE_NO_FILE, "gives no memory for what is under way"},
	{LIE_FILE, "gives a file that is no memory for what is under way"},
	{LIE_SHORT, "gives less memory than it says"},
	{LIE_VALUE, "gives memory of a size that cannot be"},
	{LIE_OFFSET, "gives memory of a size that cannot be"},
	{LIE_OTHER, "gives memory for other rings than it was asked about"},
	{LIE_SIZE_SMALL, "answers with another number of bytes than there should be"},
	{LIE_REQUEST, "answers what it was not asked"},
};

static unsigned int count_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void lies_about_its_notes(void **state)
{
	struct fixture *fixture = *state;
	const unsigned int files = count_files();

	for (size_t i = 0; i < sizeof(inflight_lies) / sizeof(inflight_lies[0]); i++) {
		fixture->backends[0] = (struct fake_backend){
			.features = BACKEND_FEATURES,
			.protocol_features = PROTOCOL | INFLIGHT,
			.config[34] = BACKEND_RINGS,
			.lie = inflight_lies[i].lie,
			.lie_at = VHOST_GET_INFLIGHT_FD,
		};
		start(fixture, "blk");
		run_until(fixture, needs_reset);
		assert_string_equal(fixture->link.backend.broken, inflight_lies[i].found);
		free_device(fixture);
		stop_backend(fixture);
		fake_machine_run_for(&fixture->machine, 1000);
		assert_int_equal(count_files(), files);
	}
}

/* ---- what may happen meanwhile ---- */

static void it_dies_in_the_greeting(void **state)
{
	static const enum vhost_request at[] = {VHOST_GET_FEATURES, VHOST_GET_PROTOCOL_FEATURES,
						VHOST_GET_CONFIG};
	struct fixture *fixture = *state;

	used_by_a_disk(fixture);
	go_away(fixture);
	ask_twice(fixture);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		fixture->backends[1] = fixture->backends[2];
		fixture->backends[1].lie = LIE_DEATH;
		fixture->backends[1].lie_at = at[i];
		fixture->now = 0;
		listen_again(fixture);
		try_now(fixture);
		assert_false(is_awaited(fixture));
		run_until(fixture, is_awaited);
		stop_backend(fixture);
	}
	come_back(fixture);
	expect_two(fixture);
	serve_one(fixture);
}

static void greet_in_vain(struct fixture *fixture)
{
	go_away(fixture);
	fixture->backends[1].lie = LIE_SILENCE;
	fixture->backends[1].lie_at = VHOST_GET_PROTOCOL_FEATURES;
	listen_again(fixture);
	try_now(fixture);
	while (!backend_of(fixture)->asked[VHOST_GET_PROTOCOL_FEATURES])
		fake_machine_run_for(&fixture->machine, 1000000);
	assert_int_equal(vhost_of(fixture)->absence, VHOST_GREETED);
	assert_int_equal(vhost_of(fixture)->busy, 0);
}

static void it_is_silent_in_the_greeting(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer *patience;

	used_by_a_disk(fixture);
	greet_in_vain(fixture);
	ask_twice(fixture);
	patience = &vhost_of(fixture)->patience;
	assert_true(patience->deadline);
	loop_timer_set(fixture->machine.loop, patience, 0);
	patience->expired(patience);
	assert_true(is_awaited(fixture));
	come_back(fixture);
	expect_two(fixture);
}

static void the_guest_resets_the_device(void **state)
{
	struct fixture *fixture = *state;

	note_what_is_under_way(fixture);
	leave_under_way(fixture, 2);
	go_away(fixture);
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_false(needs_reset(fixture));
	ask(fixture);
	is_idle(fixture);
	greet_in_vain(fixture);
	/* Also now; and of the last driver nothing is left. */
	guest_driver_restart(&fixture->driver, ~0ull);
	ask(fixture);
	go_away(fixture);
	come_back(fixture);
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
	is_idle(fixture);
	assert_int_equal(backend_of(fixture)->asked[VHOST_GET_INFLIGHT_FD], 1);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

/* And no driver starts it again before it is back. */
static void nobody_uses_the_device(void **state)
{
	struct fixture *fixture = *state;

	used_by_a_disk(fixture);
	go_away(fixture);
	ask_twice(fixture);
	virtio_device_set_status(fixture->device, 0);
	come_back(fixture);
	assert_int_equal(backend_of(fixture)->asked[VHOST_SET_VRING_KICK], 0);
	guest_driver_restart(&fixture->driver, ~0ull);
	serve_one(fixture);
}

static void the_machine_is_paused(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;

	used_by_a_disk(fixture);
	greet_in_vain(fixture);
	ask_twice(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	assert_int_equal(*outsider->busy, 0);
	assert_true(is_awaited(fixture));
	listen_again(fixture);
	try_now(fixture);
	assert_true(is_awaited(fixture));
	outsider->go_on(outsider);
	assert_true(is_awaited(fixture));
	try_now(fixture);
	run_until(fixture, is_there);
	expect_two(fixture);
}

/* Asked where its rings are, it goes: that is then looked up. */
static void it_dies_before_a_pause(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;

	fixture->backends[0].lie = LIE_DEATH;
	fixture->backends[0].lie_at = VHOST_GET_VRING_BASE;
	start(fixture, "blk");
	serve_one(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	assert_true(is_awaited(fixture));
	outsider->go_on(outsider);
	come_back(fixture);
	serve_one(fixture);
	is_idle(fixture);
	assert_int_equal(backend_of(fixture)->work.taken, 1);
}

/* Nobody listens to the socket of a frozen loop. */
static void it_dies_in_a_pause(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider;

	start(fixture, "blk");
	serve_one(fixture);
	outsider = fixture->machine.outsiders;
	outsider->stop(outsider);
	fake_machine_run_idle(&fixture->machine, outsider->busy);
	stop_backend(fixture);
	outsider->go_on(outsider);
	run_until(fixture, is_awaited);
	come_back(fixture);
	serve_one(fixture);
	assert_int_equal(backend_of(fixture)->work.taken, 1);
}

static void the_machine_ends(void **state)
{
	struct fixture *fixture = *state;
	const unsigned int files = count_files();

	note_what_is_under_way(fixture);
	leave_under_way(fixture, 2);
	go_away(fixture);
	free_device(fixture);
	vhost_link_close(&fixture->link);
	fake_machine_run_for(&fixture->machine, 1000);
	assert_int_equal(count_files(), files);
	start(fixture, "blk");
	greet_in_vain(fixture);
	free_device(fixture);
	stop_backend(fixture);
	fake_machine_run_for(&fixture->machine, 1000);
	assert_int_equal(count_files(), files);
	/* At once, not when it owes its answer for too long. */
	assert_string_equal(fixture->link.backend.broken, "is left before it was greeted");
}

/* The next life's device is the same, though nobody is there to ask. */
static void the_guest_reboots(void **state)
{
	struct fixture *fixture = *state;
	uint64_t offered;

	fixture->backends[0].features |= READ_ONLY;
	fixture->backends[1].features |= READ_ONLY;
	fixture->backends[0].config[0] = fixture->backends[1].config[0] = 8;
	start(fixture, "blk");
	offered = virtio_device_features(fixture->device);
	serve_one(fixture);
	go_away(fixture);
	free_device(fixture);
	vhost_link_await(&fixture->link);
	plug(fixture, "blk");
	assert_int_equal(virtio_device_features(fixture->device), offered);
	assert_int_equal(virtio_device_config_read(fixture->device, 0, 8), 8);
	assert_int_equal(fixture->device->queue_count, BACKEND_RINGS);
	ask(fixture);
	is_idle(fixture);
	come_back(fixture);
	assert_int_equal(guest_driver_wait(&fixture->driver, REQUESTS), 16);
	serve_one(fixture);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_asked_meanwhile_is_done),
		TEST(calls_of_one_that_is_gone_are_for_nobody),
		TEST(the_timer_finds_it),
		TEST(a_network_card_comes_back),
		TEST(without_protocol_features),
		TEST(notes_tell_what_is_under_way),
		TEST(what_is_not_noted_is_not_done_again),
		TEST(it_goes_before_a_driver_has_started),
		TEST(only_so_many_lines),
		TEST(fewer_features),
		TEST(fewer_queues),
		TEST(another_configuration),
		TEST(a_lie_in_the_greeting),
		TEST(more_features),
		TEST(a_file_system_is_not_awaited),
		TEST(lies_about_its_notes),
		TEST(it_dies_in_the_greeting),
		TEST(it_is_silent_in_the_greeting),
		TEST(the_guest_resets_the_device),
		TEST(nobody_uses_the_device),
		TEST(the_machine_is_paused),
		TEST(it_dies_before_a_pause),
		TEST(it_dies_in_a_pause),
		TEST(the_machine_ends),
		TEST(the_guest_reboots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
