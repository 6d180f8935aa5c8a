/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI host bridge, MSI-X, virtio over PCI, and pvpanic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_driver.h"

#define RAM_SIZE   0x20000ull
#define BUFFERS	   (FAKE_RAM_BASE + 0x10000)
#define ECAM	   0x30000000ull
#define WINDOW	   0x40000000ull
#define WINDOW_LEN 0x40000000ull
#define INTA	   3u
#define QUEUES	   3u
#define BAR0	   (WINDOW + 0x100000)
#define BAR1	   (WINDOW + 0x200000)

/* Config space, and the structures in BAR 0. */
enum { COMMAND = 0x04, STATUS = 0x06, BARS = 0x10, CAPABILITIES = 0x34, INTERRUPT_LINE = 0x3c };
enum { MEMORY = 2, MASTER = 4, INTX_DISABLE = 0x400 };
enum { NOTIFY = 0x1000, ISR = 0x2000, DEVICE = 0x3000 };
enum {
	DEVICE_FEATURE_SELECT = 0,
	DEVICE_FEATURE = 4,
	DRIVER_FEATURE_SELECT = 8,
	DRIVER_FEATURE = 12,
	CONFIG_VECTOR = 16,
	NUM_QUEUES = 18,
	DEVICE_STATUS = 20,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY_OFF = 30,
	QUEUE_DESC = 32,
	QUEUE_DRIVER = 40,
	QUEUE_DEVICE = 48,
};

struct fixture {
	struct machine machine;
	struct pci_host *host;
	struct fake_device *fake;
	struct fake_queue driver;
	unsigned int freed;
};

static uint64_t config_address(unsigned int slot, unsigned int offset)
{
	return ECAM + slot * 0x8000ull + offset;
}

static uint32_t config_get(struct fixture *f, unsigned int slot, unsigned int offset,
			   unsigned int size)
{
	return (uint32_t)fake_read(&f->machine, config_address(slot, offset), size);
}

static void config_set(struct fixture *f, unsigned int slot, unsigned int offset, unsigned int size,
		       uint32_t value)
{
	fake_write(&f->machine, config_address(slot, offset), size, value);
}

static uint32_t get(struct fixture *f, uint64_t offset, unsigned int size)
{
	return (uint32_t)fake_read(&f->machine, BAR0 + offset, size);
}

static void set(struct fixture *f, uint64_t offset, unsigned int size, uint32_t value)
{
	fake_write(&f->machine, BAR0 + offset, size, value);
}

/* Where the capability with ID (and, for virtio's, TYPE) is; 0: nowhere. */
static unsigned int find_capability(struct fixture *f, unsigned int slot, uint8_t id, uint8_t type)
{
	unsigned int at = config_get(f, slot, CAPABILITIES, 1);

	for (unsigned int steps = 0; at && steps < 48; steps++) {
		if (config_get(f, slot, at, 1) == id &&
		    (id != 0x09 || config_get(f, slot, at + 3, 1) == type))
			return at;
		at = config_get(f, slot, at + 1, 1);
	}
	return 0;
}

static void plug(struct fixture *f)
{
	f->fake = fake_device_new(&f->machine, QUEUES, &f->freed);
	assert_int_equal(virtio_pci_plug(f->host, &f->fake->device), 0);
}

static void map_bars(struct fixture *f, unsigned int slot)
{
	config_set(f, slot, BARS, 4, BAR0);
	config_set(f, slot, BARS + 4, 4, BAR1);
	config_set(f, slot, COMMAND, 2, MEMORY | MASTER);
}

static int set_up_bus(void **state)
{
	static struct fixture f;
	const struct pci_layout layout = {
		.ecam = ECAM,
		.window = WINDOW,
		.window_len = WINDOW_LEN,
		.intx = {INTA, INTA + 1, INTA + 2, INTA + 3},
	};

	memset(&f, 0, sizeof(f));
	fake_machine_init(&f.machine, RAM_SIZE);
	f.host = pci_host_new(&f.machine, &layout);
	assert_non_null(f.host);
	*state = &f;
	return 0;
}

/* The fake virtio device in slot 1, with its BARs mapped. */
static int set_up(void **state)
{
	set_up_bus(state);
	plug(*state);
	map_bars(*state, 1);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	pci_host_free(f->host);
	assert_int_equal(f->freed, f->fake ? 1 : 0);
	fake_machine_destroy(&f->machine);
	f->fake = NULL;
	return 0;
}

/* ---- the bus ---- */

static void absent_functions_read_all_ones(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_get(f, 2, 0, 4), 0xffffffff);
	assert_int_equal(config_get(f, 2, 0, 2), 0xffff);
	assert_int_equal(config_get(f, 31, 0, 1), 0xff);
	/* Function 1 of a slot that is taken. */
	assert_int_equal(fake_read(&f->machine, config_address(1, 0x1000), 4), 0xffffffff);
	config_set(f, 2, COMMAND, 2, MEMORY);
	assert_int_equal(f->machine.guest_errors, 0);
}

static void slot_0_is_the_host_bridge(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_get(f, 0, 0, 4), 0x00081b36);
	assert_int_equal(config_get(f, 0, 8, 4) >> 8, 0x060000);
	assert_int_equal(config_get(f, 0, BARS, 4), 0);
	config_set(f, 0, BARS, 4, 0xffffffff);
	assert_int_equal(config_get(f, 0, BARS, 4), 0);
}

static void config_accesses_of_1_2_and_4_bytes_agree(void **state)
{
	struct fixture *f = *state;
	uint32_t ids = config_get(f, 1, 0, 4);

	assert_int_equal(ids, (0x1040 + FAKE_DEVICE_ID) << 16 | 0x1af4);
	assert_int_equal(config_get(f, 1, 0, 2), 0x1af4);
	assert_int_equal(config_get(f, 1, 3, 1), ids >> 24);
	config_set(f, 1, 0x3c, 1, 0x5a);
	assert_int_equal(config_get(f, 1, 0x3c, 2), 0x015a); /* pin INTA is read-only */
	config_set(f, 1, 0, 4, 0);
	assert_int_equal(config_get(f, 1, 0, 4), ids);
	assert_int_equal(config_get(f, 1, 0x100, 4), 0); /* no extended capabilities */
	assert_int_equal(f->machine.guest_errors, 0);

	assert_int_equal(fake_read(&f->machine, config_address(1, 0), 8), UINT64_MAX);
	assert_int_equal(fake_read(&f->machine, config_address(1, 2), 4), 0xffffffff);
	assert_int_equal(f->machine.guest_errors, 2);
}

static void a_bar_tells_its_size_and_follows_its_address(void **state)
{
	struct fixture *f = *state;

	plug(f);
	assert_int_equal(config_get(f, 1, BARS, 4), 0);
	config_set(f, 1, BARS, 4, 0xffffffff);
	assert_int_equal(config_get(f, 1, BARS, 4), 0xffffc000);
	config_set(f, 1, BARS, 4, BAR0);
	assert_false(fake_claimed(&f->machine, BAR0));
	config_set(f, 1, COMMAND, 2, MEMORY);
	assert_true(fake_claimed(&f->machine, BAR0));
	assert_true(fake_claimed(&f->machine, BAR0 + 0x3fff));
	assert_false(fake_claimed(&f->machine, BAR0 + 0x4000));

	config_set(f, 1, BARS, 4, BAR0 + 0x8000);
	assert_false(fake_claimed(&f->machine, BAR0));
	assert_true(fake_claimed(&f->machine, BAR0 + 0x8000));
	config_set(f, 1, BARS, 4, 0xffffffff); /* sizing with decoding on: not an error */
	assert_false(fake_claimed(&f->machine, BAR0 + 0x8000));
	config_set(f, 1, BARS, 4, BAR0);
	config_set(f, 1, COMMAND, 2, 0);
	assert_false(fake_claimed(&f->machine, BAR0));
	assert_int_equal(f->machine.guest_errors, 0);
}

static void a_bar_outside_the_window_is_not_mapped(void **state)
{
	struct fixture *f = *state;
	const uint32_t outside[] = {0x10000000, WINDOW - 0x4000, WINDOW + WINDOW_LEN};
	const size_t count = sizeof(outside) / sizeof(outside[0]);

	plug(f);
	config_set(f, 1, COMMAND, 2, MEMORY);
	for (size_t i = 0; i < count; i++) {
		config_set(f, 1, BARS, 4, outside[i]);
		assert_false(fake_claimed(&f->machine, outside[i]));
		config_set(f, 1, COMMAND, 2, MEMORY | MASTER);
	}
	assert_int_equal(f->machine.guest_errors, count);
	config_set(f, 1, BARS, 4, WINDOW + WINDOW_LEN - 0x4000);
	assert_true(fake_claimed(&f->machine, WINDOW + WINDOW_LEN - 1));
}

static void a_bar_on_top_of_another_is_not_mapped(void **state)
{
	struct fixture *f = *state;

	config_set(f, 1, BARS + 4, 4, BAR0);
	assert_int_equal(get(f, NUM_QUEUES, 2), QUEUES); /* BAR 0 is still there */
	config_set(f, 1, INTERRUPT_LINE, 1, 1);
	assert_int_equal(f->machine.guest_errors, 1);
	config_set(f, 1, INTERRUPT_LINE, 1, 2); /* once */
	assert_int_equal(f->machine.guest_errors, 1);
	config_set(f, 1, BARS + 4, 4, BAR1);
	assert_true(fake_claimed(&f->machine, BAR1));
}

/* With decoding on: as Linux does where a firmware left it on. */
static void a_wrong_place_for_a_moment_is_no_mistake(void **state)
{
	struct fixture *f = *state;

	config_set(f, 1, BARS, 4, BAR1);	       /* on top of the next */
	config_set(f, 1, BARS + 4, 4, BAR1 + 0x10000); /* which moves away */
	config_set(f, 1, BARS + 4, 4, 0x10000000);     /* is outside, */
	config_set(f, 1, BARS + 4, 4, BAR0);	       /* and comes back */
	config_set(f, 1, BARS, 4, BAR0);	       /* on top again, */
	config_set(f, 1, COMMAND, 2, MASTER);	       /* and decodes no more */
	config_set(f, 1, BARS, 4, BAR1);
	config_set(f, 1, COMMAND, 2, MEMORY | MASTER);
	assert_true(fake_claimed(&f->machine, BAR1));
	assert_true(fake_claimed(&f->machine, BAR0));
	assert_int_equal(f->machine.guest_errors, 0);
}

/* Linux assigns anew, one BAR after another, what a firmware assigned and left decoding. */
static void a_bar_that_was_refused_is_mapped_once_its_place_is_free(void **state)
{
	struct fixture *f = *state;
	struct fake_device *second = fake_device_new(&f->machine, 1, NULL);

	assert_int_equal(virtio_pci_plug(f->host, &second->device), 0);
	config_set(f, 2, COMMAND, 2, MEMORY);
	config_set(f, 2, BARS, 4, BAR1); /* where BAR 1 of the first still is */
	config_set(f, 1, BARS + 4, 4, BAR1 + 0x10000);
	assert_int_equal(fake_read(&f->machine, BAR1 + NUM_QUEUES, 2), 1);
	assert_true(fake_claimed(&f->machine, BAR1 + 0x10000));
	config_set(f, 2, COMMAND, 2, MEMORY | MASTER);
	assert_int_equal(f->machine.guest_errors, 0);

	/* Two of one function change places. */
	config_set(f, 1, BARS, 4, BAR1 + 0x10000);
	config_set(f, 1, BARS + 4, 4, BAR0);
	assert_int_equal(fake_read(&f->machine, BAR1 + 0x10000 + NUM_QUEUES, 2), QUEUES);
	assert_int_equal(fake_read(&f->machine, BAR0 + 12, 4), 1); /* a masked vector */
}

static void the_bus_takes_31_functions(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 31; i++) {
		assert_true(pci_host_has_room(f->host));
		assert_int_equal(pvpanic_pci_plug(f->host), 0);
	}
	assert_false(pci_host_has_room(f->host));
	assert_int_equal(pvpanic_pci_plug(f->host), -1);

	unsigned int freed = 0;
	struct fake_device *fake = fake_device_new(&f->machine, 1, &freed);
	assert_int_equal(virtio_pci_plug(f->host, &fake->device), -1);
	assert_int_equal(freed, 1);
	assert_int_equal(f->machine.msi_count, 0);
}

/* ---- virtio ---- */

static void every_structure_has_a_capability(void **state)
{
	struct fixture *f = *state;

	assert_true(config_get(f, 1, STATUS, 2) & 0x10);
	assert_int_equal(config_get(f, 1, 8, 1), 1);
	assert_int_equal(config_get(f, 1, 8, 4) >> 8, FAKE_DEVICE_CLASS);
	for (uint8_t type = 1; type <= 4; type++) {
		unsigned int at = find_capability(f, 1, 0x09, type);
		assert_int_not_equal(at, 0);
		assert_int_equal(config_get(f, 1, at + 4, 1), 0);
		assert_int_equal(config_get(f, 1, at + 8, 4), (type - 1) * 0x1000);
		assert_true(config_get(f, 1, at + 12, 4) >= 1);
		if (type == 2)
			assert_int_equal(config_get(f, 1, at + 16, 4), 4);
	}
	assert_int_not_equal(find_capability(f, 1, 0x09, 5), 0);
	unsigned int msix = find_capability(f, 1, 0x11, 0);
	assert_int_not_equal(msix, 0);
	assert_int_equal(config_get(f, 1, msix + 2, 2), QUEUES); /* vectors less 1 */
	assert_int_equal(config_get(f, 1, msix + 4, 4), 1);
	assert_int_equal(config_get(f, 1, msix + 8, 4), 0x801);
}

static void without_msis_there_is_no_msix(void **state)
{
	struct fixture *f = *state;

	f->machine.msi_absent = true;
	plug(f);
	assert_int_equal(find_capability(f, 1, 0x11, 0), 0);
	config_set(f, 1, BARS + 4, 4, 0xffffffff);
	assert_int_equal(config_get(f, 1, BARS + 4, 4), 0);
}

static void too_few_msis_are_all_given_back(void **state)
{
	struct fixture *f = *state;

	f->machine.msi_limit = QUEUES;
	plug(f);
	assert_int_equal(find_capability(f, 1, 0x11, 0), 0);
	assert_int_equal(f->machine.msi_count, 0);
}

static void bring_up(struct fixture *f, unsigned int queue)
{
	set(f, DEVICE_STATUS, 1, 0);
	set(f, DEVICE_STATUS, 1, 3);
	set(f, DRIVER_FEATURE_SELECT, 4, 1);
	set(f, DRIVER_FEATURE, 4, 1);
	set(f, DEVICE_STATUS, 1, 11);
	fake_queue_init(&f->driver, &f->machine, FAKE_RAM_BASE, 8);
	set(f, QUEUE_SELECT, 2, queue);
	set(f, QUEUE_SIZE, 2, 8);
	set(f, QUEUE_DESC, 4, (uint32_t)f->driver.desc);
	set(f, QUEUE_DESC + 4, 4, (uint32_t)(f->driver.desc >> 32));
	set(f, QUEUE_DRIVER, 4, (uint32_t)f->driver.driver);
	set(f, QUEUE_DRIVER + 4, 4, (uint32_t)(f->driver.driver >> 32));
	set(f, QUEUE_DEVICE, 4, (uint32_t)f->driver.device);
	set(f, QUEUE_DEVICE + 4, 4, (uint32_t)(f->driver.device >> 32));
	set(f, QUEUE_VECTOR, 2, queue + 1);
	set(f, CONFIG_VECTOR, 2, 0);
	set(f, QUEUE_ENABLE, 2, 1);
	assert_int_equal(get(f, QUEUE_ENABLE, 2), 1);
	set(f, DEVICE_STATUS, 1, 15);
	assert_int_equal(get(f, DEVICE_STATUS, 1), 15);
	assert_int_equal(f->machine.guest_errors, 0);
}

/* One chain goes through QUEUE. */
static void exchange(struct fixture *f, unsigned int queue)
{
	uint32_t id, len;
	unsigned int kicks = f->fake->kicks[queue];

	fake_desc(&f->machine, f->driver.desc, 0, BUFFERS, 4, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 0);
	set(f, NOTIFY + 4 * queue, 2, queue);
	assert_int_equal(f->fake->kicks[queue], kicks + 1);
	assert_true(fake_queue_take(&f->driver, &id, &len));
}

static void enable_msix(struct fixture *f, uint32_t control)
{
	config_set(f, 1, find_capability(f, 1, 0x11, 0) + 2, 2, control);
}

static void write_vector(struct fixture *f, unsigned int vector, uint64_t address, uint32_t data,
			 bool masked)
{
	uint64_t at = BAR1 + vector * 16ull;

	fake_write(&f->machine, at, 4, (uint32_t)address);
	fake_write(&f->machine, at + 4, 4, address >> 32);
	fake_write(&f->machine, at + 8, 4, data);
	fake_write(&f->machine, at + 12, 4, masked);
}

static void the_common_structure_describes_the_device(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, NUM_QUEUES, 2), QUEUES);
	assert_int_equal(get(f, DEVICE_FEATURE, 4), FAKE_DEVICE_FEATURES | 1u << 28 | 1u << 29);
	set(f, DEVICE_FEATURE_SELECT, 4, 1);
	assert_int_equal(get(f, DEVICE_FEATURE, 4), 1);
	set(f, DEVICE_FEATURE_SELECT, 4, 2);
	assert_int_equal(get(f, DEVICE_FEATURE, 4), 0);
	set(f, QUEUE_SELECT, 2, 2);
	assert_int_equal(get(f, QUEUE_SIZE, 2), VIRTIO_QUEUE_SIZE);
	assert_int_equal(get(f, QUEUE_NOTIFY_OFF, 2), 2);
	set(f, QUEUE_SELECT, 2, QUEUES);
	assert_int_equal(get(f, QUEUE_SIZE, 2), 0);
	assert_int_equal(get(f, QUEUE_VECTOR, 2), 0xffff);
	assert_int_equal(get(f, DEVICE, 4), 0x13121110);
	assert_int_equal(f->machine.guest_errors, 0);
}

static void fields_are_accessed_in_their_own_width(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, NUM_QUEUES, 4), 0);
	assert_int_equal(get(f, NUM_QUEUES + 1, 1), 0);
	set(f, DEVICE_STATUS, 4, 3);
	assert_int_equal(get(f, DEVICE_STATUS, 1), 0);
	set(f, NUM_QUEUES, 2, 9);
	assert_int_equal(get(f, NUM_QUEUES, 2), QUEUES);
	assert_int_equal(get(f, 60, 4), 0);
	set(f, ISR, 1, 1);
	assert_int_equal(f->machine.guest_errors, 6);
}

static void a_queue_raises_its_own_vector(void **state)
{
	struct fixture *f = *state;

	enable_msix(f, 0x8000);
	write_vector(f, 2, 0x28000000, 77, false);
	bring_up(f, 1);
	assert_int_equal(get(f, QUEUE_VECTOR, 2), 2);
	exchange(f, 1);
	assert_int_equal(f->machine.msi_signals, 1);
	assert_int_equal(fake_msi_signals(&f->machine, 0x28000000, 77), 1);
	assert_int_equal(get(f, ISR, 1), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(f->machine.rises[INTA + i], 0);
}

static void a_changed_configuration_raises_the_config_vector(void **state)
{
	struct fixture *f = *state;

	enable_msix(f, 0x8000);
	write_vector(f, 0, 0x28001000, 5, false);
	bring_up(f, 1);
	virtio_config_changed(&f->fake->device);
	assert_int_equal(fake_msi_signals(&f->machine, 0x28001000, 5), 1);
	assert_int_equal(get(f, ISR, 1), 2);
	assert_int_equal(f->machine.rises[INTA + 1], 0);
	virtio_config_changed(&f->fake->device);
	assert_int_equal(f->machine.rises[INTA + 1], 0);
}

static void no_msi_leaves_a_function_that_is_no_bus_master(void **state)
{
	struct fixture *f = *state;

	enable_msix(f, 0x8000);
	write_vector(f, 1, 0x28000000, 9, false);
	bring_up(f, 0);
	config_set(f, 1, COMMAND, 2, MEMORY);
	exchange(f, 0);
	assert_int_equal(f->machine.msi_signals, 0);
	config_set(f, 1, COMMAND, 2, MEMORY | MASTER);
	assert_int_equal(fake_msi_signals(&f->machine, 0x28000000, 9), 1);
	exchange(f, 0);
	assert_int_equal(fake_msi_signals(&f->machine, 0x28000000, 9), 2);
}

static void a_vector_out_of_range_reads_back_as_none(void **state)
{
	struct fixture *f = *state;

	enable_msix(f, 0x8000);
	bring_up(f, 0);
	set(f, CONFIG_VECTOR, 2, QUEUES + 1);
	set(f, QUEUE_VECTOR, 2, QUEUES + 1);
	assert_int_equal(get(f, CONFIG_VECTOR, 2), 0xffff);
	assert_int_equal(get(f, QUEUE_VECTOR, 2), 0xffff);
	exchange(f, 0);
	virtio_config_changed(&f->fake->device);
	assert_int_equal(f->machine.msi_signals, 0);
}

static void a_masked_vector_stays_pending_until_it_is_unmasked(void **state)
{
	struct fixture *f = *state;

	enable_msix(f, 0x8000);
	write_vector(f, 1, 0x28000000, 9, true);
	bring_up(f, 0);
	exchange(f, 0);
	exchange(f, 0);
	assert_int_equal(f->machine.msi_signals, 0);
	assert_int_equal(fake_read(&f->machine, BAR1 + 0x800, 8), 2);
	fake_write(&f->machine, BAR1 + 16 + 12, 4, 0);
	assert_int_equal(f->machine.msi_signals, 1);
	assert_int_equal(fake_msi_signals(&f->machine, 0x28000000, 9), 1);
	assert_int_equal(fake_read(&f->machine, BAR1 + 0x800, 4), 0);
}

static void the_function_mask_holds_all_vectors(void **state)
{
	struct fixture *f = *state;

	enable_msix(f, 0xc000);
	write_vector(f, 1, 0x28000000, 9, false);
	bring_up(f, 0);
	exchange(f, 0);
	assert_int_equal(f->machine.msi_signals, 0);
	assert_int_equal(fake_read(&f->machine, BAR1 + 0x800, 4), 2);
	enable_msix(f, 0x8000);
	assert_int_equal(f->machine.msi_signals, 1);
}

/* Who serves a queue outside of this process can do so only while nothing holds its vector. */
static void an_open_vector_has_an_msi(void **state)
{
	struct fixture *f = *state;
	struct virtio_device *device = &f->fake->device;
	struct msi *(*msi)(struct virtio_device *device, unsigned int queue) =
		device->transport->interrupt_msi;
	unsigned int moves;
	struct msi *open;

	bring_up(f, 0);
	assert_null(msi(device, 0));
	enable_msix(f, 0x8000);
	set(f, QUEUE_VECTOR, 2, 1);
	write_vector(f, 1, 0x28000000, 9, false);
	write_vector(f, 2, 0x28000000, 10, false);
	open = msi(device, 0);
	assert_non_null(open);
	assert_null(msi(device, 1));
	moves = f->fake->moves;
	fake_write(&f->machine, BAR1 + 16 + 12, 4, 1);
	assert_null(msi(device, 0));
	assert_true(f->fake->moves > moves);
	fake_write(&f->machine, BAR1 + 16 + 12, 4, 0);
	assert_ptr_equal(msi(device, 0), open);
	moves = f->fake->moves;
	enable_msix(f, 0xc000);
	assert_null(msi(device, 0));
	assert_true(f->fake->moves > moves);
	enable_msix(f, 0x8000);
	assert_ptr_equal(msi(device, 0), open);
	config_set(f, 1, COMMAND, 2, MEMORY);
	assert_null(msi(device, 0));
	config_set(f, 1, COMMAND, 2, MEMORY | MASTER);
	moves = f->fake->moves;
	set(f, QUEUE_VECTOR, 2, 2);
	assert_true(f->fake->moves > moves);
	assert_non_null(msi(device, 0));
	assert_ptr_not_equal(msi(device, 0), open);
	enable_msix(f, 0);
	assert_null(msi(device, 0));
}

static void vectors_power_on_masked_and_move_with_their_entry(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i <= QUEUES; i++)
		assert_int_equal(fake_read(&f->machine, BAR1 + i * 16 + 12, 4), 1);
	enable_msix(f, 0x8000);
	write_vector(f, 1, 0x28000000, 9, false);
	bring_up(f, 0);
	exchange(f, 0);
	write_vector(f, 1, 0x128003000, 10, true);
	fake_write(&f->machine, BAR1 + 16 + 12, 4, 0);
	exchange(f, 0);
	assert_int_equal(fake_msi_signals(&f->machine, 0x28000000, 9), 1);
	assert_int_equal(fake_msi_signals(&f->machine, 0x128003000, 10), 1);
}

static void the_table_takes_whole_words_only(void **state)
{
	struct fixture *f = *state;

	fake_write(&f->machine, BAR1, 1, 1);
	fake_write(&f->machine, BAR1, 2, 1);
	fake_write(&f->machine, BAR1 + 4, 8, 1);
	fake_write(&f->machine, BAR1 + 2, 4, 1);
	fake_write(&f->machine, BAR1 + 16 * (QUEUES + 1), 4, 1);
	fake_write(&f->machine, BAR1 + 0x800, 4, 1);
	assert_int_equal(f->machine.guest_errors, 6);
	assert_int_equal(fake_read(&f->machine, BAR1, 8), 0);
	fake_write(&f->machine, BAR1, 8, 0x1122334455667788);
	assert_int_equal(fake_read(&f->machine, BAR1 + 4, 4), 0x11223344);
	assert_int_equal(fake_read(&f->machine, BAR1 + 7, 1), 0x11);
}

static void without_msix_the_isr_holds_the_line(void **state)
{
	struct fixture *f = *state;
	const unsigned int line = INTA + 1; /* slot 1, INTA, swizzled */

	bring_up(f, 0);
	exchange(f, 0);
	assert_true(f->machine.line[line]);
	assert_true(config_get(f, 1, STATUS, 2) & 8);
	virtio_config_changed(&f->fake->device);
	assert_int_equal(get(f, ISR, 1), 3);
	assert_false(f->machine.line[line]);
	assert_false(config_get(f, 1, STATUS, 2) & 8);
	assert_int_equal(get(f, ISR, 1), 0);
}

static void intx_disable_lowers_the_line_and_keeps_the_status(void **state)
{
	struct fixture *f = *state;

	config_set(f, 1, COMMAND, 2, MEMORY | INTX_DISABLE);
	bring_up(f, 0);
	exchange(f, 0);
	assert_false(f->machine.line[INTA + 1]);
	assert_true(config_get(f, 1, STATUS, 2) & 8);
	config_set(f, 1, COMMAND, 2, MEMORY);
	assert_true(f->machine.line[INTA + 1]);
	config_set(f, 1, COMMAND, 2, MEMORY | INTX_DISABLE);
	assert_false(f->machine.line[INTA + 1]);
	config_set(f, 1, COMMAND, 2, MEMORY);
	enable_msix(f, 0x8000);
	assert_false(f->machine.line[INTA + 1]);
	enable_msix(f, 0);
	set(f, DEVICE_STATUS, 1, 0);
	assert_false(f->machine.line[INTA + 1]);
}

static void a_shared_line_is_high_while_one_function_raises_it(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 2; i < 5; i++)
		assert_int_equal(pvpanic_pci_plug(f->host), 0);
	struct fake_device *fifth = fake_device_new(&f->machine, 1, NULL);
	assert_int_equal(virtio_pci_plug(f->host, &fifth->device), 0);
	const uint64_t bar = WINDOW + 0x300000;
	config_set(f, 5, BARS, 4, bar);
	config_set(f, 5, COMMAND, 2, MEMORY);
	fifth->device.status = 15;

	bring_up(f, 0);
	exchange(f, 0);
	virtio_config_changed(&fifth->device);
	assert_int_equal(f->machine.rises[INTA + 1], 1);
	assert_int_equal(get(f, ISR, 1), 1);
	assert_true(f->machine.line[INTA + 1]);
	assert_int_equal(fake_read(&f->machine, bar + ISR, 1), 2);
	assert_false(f->machine.line[INTA + 1]);
}

static void doorbells_move_with_bar_0(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->machine.doorbell_count, QUEUES);
	assert_int_equal(f->machine.doorbells[0]->gpa & ~0xffull, BAR0 + NOTIFY);
	bring_up(f, 2);
	exchange(f, 2);
	assert_int_equal(f->machine.doorbells_rung, 1);
	config_set(f, 1, BARS, 4, BAR0 + 0x4000);
	assert_int_equal(f->machine.doorbell_count, QUEUES);
	fake_write(&f->machine, BAR0 + 0x4000 + NOTIFY + 8, 2, 2);
	assert_int_equal(f->machine.doorbells_rung, 2);
	assert_int_equal(f->fake->kicks[2], 2);
	config_set(f, 1, COMMAND, 2, 0);
	assert_int_equal(f->machine.doorbell_count, 0);
	config_set(f, 1, COMMAND, 2, MEMORY);
	assert_int_equal(f->machine.doorbell_count, QUEUES);
}

static void a_device_whose_doorbells_exit_has_none_in_the_kernel(void **state)
{
	struct fixture *f = *state;

	f->fake->device.doorbell_exits = true;
	config_set(f, 1, BARS, 4, BAR0 + 0x4000);
	config_set(f, 1, BARS, 4, BAR0);
	assert_int_equal(f->machine.doorbell_count, 0);
	bring_up(f, 1);
	exchange(f, 1);
}

static void kicks_work_without_doorbells(void **state)
{
	struct fixture *f = *state;

	f->machine.doorbells_refused = true;
	config_set(f, 1, BARS, 4, BAR0 + 0x4000);
	config_set(f, 1, BARS, 4, BAR0);
	assert_int_equal(f->machine.doorbell_count, 0);
	bring_up(f, 1);
	exchange(f, 1);
	assert_int_equal(f->machine.doorbells_rung, 0);
	set(f, NOTIFY + 4 * QUEUES, 2, QUEUES);
	assert_int_equal(f->machine.guest_errors, 1);
}

static void the_capability_window_reaches_bar_0(void **state)
{
	struct fixture *f = *state;

	unsigned int at = find_capability(f, 1, 0x09, 5);
	config_set(f, 1, COMMAND, 2, 0); /* it is for when the BAR is not mapped */
	assert_int_equal(config_get(f, 1, at + 16, 4), 0); /* not set up: nothing, and no error */
	assert_int_equal(f->machine.guest_errors, 0);
	config_set(f, 1, at + 4, 1, 0);
	config_set(f, 1, at + 8, 4, NUM_QUEUES);
	config_set(f, 1, at + 12, 4, 2);
	assert_int_equal(config_get(f, 1, at + 16, 2), QUEUES);
	config_set(f, 1, at + 8, 4, DEVICE_STATUS);
	config_set(f, 1, at + 12, 4, 1);
	config_set(f, 1, at + 16, 1, 3);
	assert_int_equal(f->fake->device.status, 3);
	assert_int_equal(f->machine.guest_errors, 0);

	config_set(f, 1, at + 8, 4, 0x4000);
	config_get(f, 1, at + 16, 4);
	config_set(f, 1, at + 8, 4, 1);
	config_set(f, 1, at + 12, 4, 3);
	config_set(f, 1, at + 16, 4, 0);
	config_set(f, 1, at + 12, 4, 4);
	config_get(f, 1, at + 16, 4);
	config_set(f, 1, at + 4, 1, 1);
	config_get(f, 1, at + 16, 4);
	assert_int_equal(f->machine.guest_errors, 4);
}

static void a_reset_forgets_vectors_and_queues(void **state)
{
	struct fixture *f = *state;

	enable_msix(f, 0x8000);
	bring_up(f, 1);
	set(f, DEVICE_STATUS, 1, 0);
	set(f, QUEUE_SELECT, 2, 1);
	assert_int_equal(get(f, QUEUE_ENABLE, 2), 0);
	assert_int_equal(get(f, QUEUE_VECTOR, 2), 0xffff);
	assert_int_equal(get(f, CONFIG_VECTOR, 2), 0xffff);
	assert_int_equal(get(f, QUEUE_DESC, 4), 0);
	assert_int_equal(get(f, QUEUE_SIZE, 2), VIRTIO_QUEUE_SIZE);
}

static void a_running_queue_is_fixed(void **state)
{
	struct fixture *f = *state;
	struct virtqueue before;

	bring_up(f, 1);
	before = f->fake->device.queues[1];
	set(f, QUEUE_SIZE, 2, 4);
	set(f, QUEUE_DESC, 4, 0);
	set(f, QUEUE_DRIVER + 4, 4, 0);
	set(f, QUEUE_ENABLE, 2, 0);
	assert_memory_equal(&before, &f->fake->device.queues[1], sizeof(before));
	assert_int_equal(f->machine.guest_errors, 4);
}

/* ---- pvpanic ---- */

static void map_pvpanic(struct fixture *f)
{
	assert_int_equal(pvpanic_pci_plug(f->host), 0);
	assert_int_equal(config_get(f, 1, 0, 4), 0x00111b36);
	assert_int_equal(config_get(f, 1, 8, 4) >> 8, 0x088000);
	config_set(f, 1, BARS, 4, 0xffffffff);
	assert_int_equal(config_get(f, 1, BARS, 4), 0xfffffff0);
	config_set(f, 1, BARS, 4, BAR0);
	config_set(f, 1, COMMAND, 2, MEMORY);
	assert_int_equal(get(f, 0, 1), 7);
	assert_int_equal(get(f, 1, 1), 0);
}

static void pvpanic_ends_the_machine_as_the_guest_says(void **state)
{
	struct fixture *f = *state;

	map_pvpanic(f);
	set(f, 0, 1, 1);
	assert_int_equal(f->machine.end, END_PANIC);
	f->machine.end = END_NONE;
	set(f, 0, 1, 4);
	assert_int_equal(f->machine.end, END_POWEROFF);
	assert_int_equal(f->machine.guest_errors, 0);
}

static void pvpanic_lets_the_crash_kernel_run(void **state)
{
	struct fixture *f = *state;

	map_pvpanic(f);
	set(f, 0, 1, 2);
	set(f, 0, 1, 0x80);
	set(f, 1, 1, 1);
	assert_int_equal(f->machine.end, END_NONE);
	assert_int_equal(f->machine.guest_errors, 3);
}

#define BUS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_bus, tear_down)
#define TEST(name)     cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(absent_functions_read_all_ones),
		BUS_TEST(slot_0_is_the_host_bridge),
		TEST(config_accesses_of_1_2_and_4_bytes_agree),
		BUS_TEST(a_bar_tells_its_size_and_follows_its_address),
		BUS_TEST(a_bar_outside_the_window_is_not_mapped),
		TEST(a_bar_on_top_of_another_is_not_mapped),
		TEST(a_wrong_place_for_a_moment_is_no_mistake),
		TEST(a_bar_that_was_refused_is_mapped_once_its_place_is_free),
		BUS_TEST(the_bus_takes_31_functions),
		TEST(every_structure_has_a_capability),
		BUS_TEST(without_msis_there_is_no_msix),
		BUS_TEST(too_few_msis_are_all_given_back),
		TEST(the_common_structure_describes_the_device),
		TEST(fields_are_accessed_in_their_own_width),
		TEST(a_queue_raises_its_own_vector),
		TEST(a_changed_configuration_raises_the_config_vector),
		TEST(no_msi_leaves_a_function_that_is_no_bus_master),
		TEST(a_vector_out_of_range_reads_back_as_none),
		TEST(a_masked_vector_stays_pending_until_it_is_unmasked),
		TEST(the_function_mask_holds_all_vectors),
		TEST(an_open_vector_has_an_msi),
		TEST(vectors_power_on_masked_and_move_with_their_entry),
		TEST(the_table_takes_whole_words_only),
		TEST(without_msix_the_isr_holds_the_line),
		TEST(intx_disable_lowers_the_line_and_keeps_the_status),
		TEST(a_shared_line_is_high_while_one_function_raises_it),
		TEST(doorbells_move_with_bar_0),
		TEST(a_device_whose_doorbells_exit_has_none_in_the_kernel),
		TEST(kicks_work_without_doorbells),
		TEST(the_capability_window_reaches_bar_0),
		TEST(a_reset_forgets_vectors_and_queues),
		TEST(a_running_queue_is_fixed),
		BUS_TEST(pvpanic_ends_the_machine_as_the_guest_says),
		BUS_TEST(pvpanic_lets_the_crash_kernel_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
