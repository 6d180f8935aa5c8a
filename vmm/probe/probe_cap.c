/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/probe/probe_cap.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/board.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/lcofi_try.h"
#include "vmm/kvm/scratch.h"

#define UNKNOWN_DEVICE 0xffffffffu
#define PAGES	       0x10000u /* enough for every page size that the host can have */
#define GSI	       7u	/* no default route's: made a route to an MSI */

/*
 * Each gives 0, -errno, or 1 where nothing was refused, and nothing came. STEP is what was tried
 * last, for the words of a failure.
 */
typedef int trial_function(struct scratch *scratch, const char **step);

static int try_one_reg(struct scratch *scratch, const char **step)
{
	uint64_t pc = 0;
	int result = kvm_get_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.pc), &pc);

	*step = "KVM_GET_ONE_REG";
	return result < 0 ? result : pc != MAP_RAM; /* scratch_open() has set it */
}

static int try_mp_state(struct scratch *scratch, const char **step)
{
	struct kvm_mp_state state;

	*step = "KVM_GET_MP_STATE";
	if (ioctl(scratch->vcpu_fd, KVM_GET_MP_STATE, &state) < 0)
		return -errno;
	return state.mp_state != KVM_MP_STATE_RUNNABLE;
}

/* Whether there is an AIA is another question. */
static int try_device_ctrl(struct scratch *scratch, const char **step)
{
	struct kvm_create_device none = {.type = UNKNOWN_DEVICE};

	*step = "KVM_CREATE_DEVICE";
	if (ioctl(scratch->vm_fd, KVM_CREATE_DEVICE, &none) < 0)
		return errno == ENODEV ? 0 : -errno;
	return 1;
}

static int try_binary_stats(struct scratch *scratch, const char **step)
{
	struct kvm_stats_header header;
	int fd = ioctl(scratch->vcpu_fd, KVM_GET_STATS_FD, NULL), result;

	*step = "KVM_GET_STATS_FD";
	if (fd < 0)
		return -errno;
	*step = "reading it";
	result = pread(fd, &header, sizeof(header), 0) != sizeof(header) || header.num_desc == 0;
	close(fd);
	return result;
}

/* ---- interrupts: a guest takes them ---- */

static int write_to_irqfd(const struct scratch *scratch, uint32_t gsi)
{
	const int fd = eventfd(0, EFD_CLOEXEC);
	struct kvm_irqfd request = {.fd = (uint32_t)fd, .gsi = gsi};
	int result = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(scratch->vm_fd, KVM_IRQFD, &request) < 0 || eventfd_write(fd, 1) < 0)
		result = -errno;
	close(fd);
	return result;
}

static int raise_irqfd(const struct scratch *scratch)
{
	return write_to_irqfd(scratch, LCOFI_TRY_SOURCE);
}

static int raise_route(const struct scratch *scratch)
{
	union {
		struct kvm_irq_routing table;
		char room[sizeof(struct kvm_irq_routing) + sizeof(struct kvm_irq_routing_entry)];
	} routes = {.table.nr = 1};

	routes.table.entries[0] = (struct kvm_irq_routing_entry){
		.gsi = GSI,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi = {.address_lo = (uint32_t)MAP_IMSIC, .data = LCOFI_TRY_IDENTITY},
	};
	if (ioctl(scratch->vm_fd, KVM_SET_GSI_ROUTING, &routes.table) < 0)
		return -errno;
	return write_to_irqfd(scratch, GSI);
}

static int judge(const struct lcofi_trial *trial, const char *what, const char **step)
{
	*step = trial->end == LCOFI_REFUSED ? trial->step : what;
	if (trial->end == LCOFI_REFUSED)
		return -trial->failure;
	return trial->end != LCOFI_TAKEN;
}

static int try_irqfd(struct scratch *scratch, const char **step)
{
	const struct lcofi_trial trial = lcofi_try_by_aia(scratch, raise_irqfd, "KVM_IRQFD");

	return judge(&trial, "KVM_IRQFD", step);
}

static int try_irq_routing(struct scratch *scratch, const char **step)
{
	const struct lcofi_trial trial =
		lcofi_try_by_aia(scratch, raise_route, "KVM_SET_GSI_ROUTING");

	return judge(&trial, "KVM_SET_GSI_ROUTING", step);
}

static int try_signal_msi(struct scratch *scratch, const char **step)
{
	const struct lcofi_trial trial = lcofi_try_msi(scratch, true);

	return judge(&trial, "KVM_SIGNAL_MSI", step);
}

/* ---- a store of a guest to address 0 ---- */

/* The reason of its exit, or of the one behind it where it is none; or -errno. */
static int exit_of_store(struct scratch *scratch)
{
	struct scratch_outcome outcome;
	int result = scratch_begin_calls(scratch);

	/* It makes a call before the store. */
	if (result == 0)
		result = kvm_set_reg(scratch->vcpu_fd, KVM_CORE_REG(regs.a7), 0x08000000);
	if (result < 0)
		return result;
	if (!scratch_step(scratch, &outcome) || !scratch_step(scratch, &outcome))
		return outcome.failure ? -outcome.failure : -ETIMEDOUT;
	return (int)scratch->run->exit_reason;
}

/* No exit, and the eventfd rang. */
static int ring(struct scratch *scratch, uint32_t len, const char **step)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct kvm_ioeventfd request = {.len = len, .fd = fd};
	eventfd_t count = 0;
	int result = 0;

	*step = "KVM_IOEVENTFD";
	if (fd < 0)
		return -errno;
	if (ioctl(scratch->vm_fd, KVM_IOEVENTFD, &request) < 0)
		result = -errno;
	if (result == 0)
		result = exit_of_store(scratch);
	if (result >= 0)
		result = result == KVM_EXIT_MMIO || eventfd_read(fd, &count) < 0 || count != 1;
	close(fd);
	return result;
}

static int try_ioeventfd(struct scratch *scratch, const char **step)
{
	return ring(scratch, sizeof(uint64_t), step);
}

static int try_any_length(struct scratch *scratch, const char **step)
{
	return ring(scratch, 0, step);
}

static int try_readonly(struct scratch *scratch, const char **step)
{
	uint64_t *pages =
		mmap(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.slot = 1,
		.flags = KVM_MEM_READONLY,
		.memory_size = PAGES,
		.userspace_addr = (uint64_t)(uintptr_t)pages,
	};
	int result = 0;

	*step = "KVM_SET_USER_MEMORY_REGION";
	if (pages == MAP_FAILED)
		return -errno;
	*pages = PAGES;
	if (ioctl(scratch->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		result = -errno;
	if (result == 0)
		result = exit_of_store(scratch);
	if (result >= 0)
		result = result != KVM_EXIT_MMIO || *pages != PAGES;
	region.memory_size = 0;
	ioctl(scratch->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
	munmap(pages, PAGES);
	return result;
}

/* ---- the table ---- */

static const struct {
	unsigned int number; /* KVM_CAP_* */
	trial_function *try;
	const char *done, *nothing; /* what 0 and 1 mean */
} caps[] = {
	[PROBE_CAP_ONE_REG] = {KVM_CAP_ONE_REG, try_one_reg,
			       "a register of a scratch vCPU was "
			       "written and read",
			       "a register does not keep what is written"},
	[PROBE_CAP_MP_STATE] = {KVM_CAP_MP_STATE, try_mp_state, "that of a scratch vCPU was read",
				"a new vCPU is not runnable"},
	[PROBE_CAP_DEVICE_CTRL] = {KVM_CAP_DEVICE_CTRL, try_device_ctrl, "devices can be asked for",
				   "KVM makes a device that nobody knows"},
	[PROBE_CAP_IRQFD] = {KVM_CAP_IRQFD, try_irqfd, "a scratch guest took the interrupt of one",
			     "its interrupt did not reach a scratch guest"},
	[PROBE_CAP_IRQ_ROUTING] = {KVM_CAP_IRQ_ROUTING, try_irq_routing,
				   "a scratch guest took an MSI by a route",
				   "no MSI reached a scratch guest by a route"},
	[PROBE_CAP_SIGNAL_MSI] = {KVM_CAP_SIGNAL_MSI, try_signal_msi, "a scratch guest took an MSI",
				  "no MSI reached a scratch guest"},
	[PROBE_CAP_IOEVENTFD] = {KVM_CAP_IOEVENTFD, try_ioeventfd,
				 "one rang at a scratch guest's store, without an exit",
				 "a scratch guest's store did not ring it"},
	[PROBE_CAP_IOEVENTFD_ANY_LENGTH] = {KVM_CAP_IOEVENTFD_ANY_LENGTH, try_any_length,
					    "one rang at a scratch guest's store, without an exit",
					    "a scratch guest's store did not ring it"},
	[PROBE_CAP_READONLY_MEM] = {KVM_CAP_READONLY_MEM, try_readonly,
				    "a scratch guest's store to some was an exit",
				    "a scratch guest's store to some was no exit"},
	[PROBE_CAP_BINARY_STATS] = {KVM_CAP_BINARY_STATS_FD, try_binary_stats,
				    "those of a scratch vCPU were read", "there are none"},
};

/* The value, or -1, with FINDING, where KVM cannot be asked. */
static int ask(const struct probe *probe, unsigned int number, struct probe_finding *finding)
{
	int value = probe->kvm_fd < 0 ? -1 : ioctl(probe->kvm_fd, KVM_CHECK_EXTENSION, number);

	if (value >= 0)
		return value;
	probe_set(finding, PROBE_UNKNOWN, "KVM cannot be asked");
	finding->cost = finding->fix = NULL;
	return value;
}

void probe_capability(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	int value = ask(probe, caps[check->number].number, finding), result;
	struct scratch scratch;
	const char *step;

	if (value == 0)
		probe_set(finding, PROBE_MISSING, "KVM says no");
	if (value <= 0 || !scratch_for_check(&scratch, probe, finding))
		return;
	result = caps[check->number].try(&scratch, &step);
	scratch_close(&scratch);
	if (result == 0)
		probe_set(finding, PROBE_OK, "%s", caps[check->number].done);
	else if (result > 0)
		probe_set(finding, PROBE_MISSING, "KVM says yes, but %s",
			  caps[check->number].nothing);
	else
		probe_set(finding, PROBE_MISSING, "KVM says yes, but %s: %s", step,
			  strerror(-result));
}

/* 0: the kernel is too old to tell. */
void probe_capability_number(struct probe *probe, const struct probe_check *check,
			     struct probe_finding *finding)
{
	int value = ask(probe, check->number, finding);

	if (value > 0)
		probe_set(finding, PROBE_OK, "KVM says %d", value);
	else if (value == 0)
		probe_set(finding, PROBE_UNKNOWN, "this kernel does not tell");
}
