/* SPDX-License-Identifier: Apache-2.0 */
/* Counting and sampling: the host's PMU, and what perf lets this user do with it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "base/clock.h"
#include "base/host.h"
#include "vmm/kvm/isa.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"

#define CAP_PERFMON_NUMBER   38u /* newer than some headers */
#define CAP_SYS_ADMIN_NUMBER 21u
#define PARANOID_PATH	     "/proc/sys/kernel/perf_event_paranoid"
#define PMU_DRIVERS	     "/sys/bus/platform/drivers/"

#define CONFIG1_GUEST_EVENTS 1u /* drivers/perf/riscv_pmu_sbi.c: count in VS- and VU-mode */
#define GUEST_ROUNDS	     100000u
#define SAMPLE_PERIOD	     100000u
#define SAMPLE_TRIES	     3
#define SAMPLE_MILLISECONDS  150
#define NS_PER_MS	     1000000ull

#define ALLOW_PERF "sysctl kernel.perf_event_paranoid=1 (as root)"

static const char *explain_perf(int reason)
{
	switch (reason) {
	case EACCES:
	case EPERM: return "this user may not";
	case ENOENT: return "the PMU has no such event";
	case EOPNOTSUPP: return "the PMU cannot count guests only, or cannot sample";
	case ENOSYS: return "this kernel has no perf";
	case ENODEV: return "no PMU takes the event";
	case EBUSY: return "another user of perf has pinned its counters";
	case EINVAL: return "the PMU refuses the event";
	default: return "perf_event_open failed";
	}
}

static void perf_failed(int reason, struct probe_finding *finding)
{
	probe_set(finding, PROBE_MISSING, "%s (perf_event_open: %s)", explain_perf(reason),
		  strerror(reason));
	if (reason == EACCES || reason == EPERM)
		finding->fix = ALLOW_PERF;
}

/* For this thread, disabled. -1 with errno. */
static int open_event(struct perf_event_attr *attr)
{
	attr->size = sizeof(*attr);
	attr->type = PERF_TYPE_HARDWARE;
	attr->disabled = 1;
	attr->exclude_hv = 1;
	return (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* ---- the host's PMU ---- */

static void check_driver(struct probe *probe, const struct probe_check *check,
			 struct probe_finding *finding)
{
	char type[32];
	bool sbi = access(PMU_DRIVERS "riscv-pmu-sbi", F_OK) == 0;

	(void)probe;
	(void)check;
	if (host_read_line("/sys/bus/event_source/devices/cpu/type", type, sizeof(type)) < 0) {
		probe_set(finding, PROBE_MISSING, "no PMU is registered%s",
			  sbi ? ", though the kernel has the SBI PMU driver" : "");
		return;
	}
	if (sbi) {
		probe_set(finding, PROBE_OK, "riscv-pmu-sbi; perf type %s", type);
		return;
	}
	probe_set(finding, PROBE_LIMITED, "there is a PMU, but not of the SBI driver");
	finding->cost = "counters of the legacy driver count the host and the guest alike, and "
			"cannot sample";
}

static void check_sscofpmf(struct probe *probe, const struct probe_check *check,
			   struct probe_finding *finding)
{
	char isa[2048];
	bool host = host_read_field("/proc/cpuinfo", "isa", isa, sizeof(isa)) &&
		    host_isa_has(isa, "sscofpmf");
	struct scratch scratch;
	uint64_t guest = 0;

	(void)check;
	if (!host) {
		probe_set(finding, PROBE_MISSING, "/proc/cpuinfo does not list it");
		return;
	}
	if (probe->kvm_fd < 0) {
		probe_set(finding, PROBE_UNKNOWN,
			  "/proc/cpuinfo lists it; KVM cannot be asked about guests");
		finding->cost = finding->fix = NULL;
		return;
	}
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	kvm_get_reg(scratch.vcpu_fd, KVM_ISA_REG(ISA_EXT_SSCOFPMF), &guest);
	scratch_close(&scratch);
	if (guest == 1) {
		probe_set(finding, PROBE_OK, "/proc/cpuinfo lists it, and KVM gives it to guests");
		return;
	}
	probe_set(finding, PROBE_LIMITED, "/proc/cpuinfo lists it, KVM does not give it to guests");
	finding->cost = "guests cannot sample ('perf record')";
	/* KVM passes interrupt 13 on by hvien, which is AIA's. */
	finding->fix = "use a host with AIA (see 'AIA' above)";
}

/* By an event that every kernel with perf has. False with errno. */
static bool may_count_kernel(void)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void check_paranoid(struct probe *probe, const struct probe_check *check,
			   struct probe_finding *finding)
{
	bool capable = host_has_capability(CAP_PERFMON_NUMBER) ||
		       host_has_capability(CAP_SYS_ADMIN_NUMBER);
	char text[32];
	int result = host_read_line(PARANOID_PATH, text, sizeof(text));

	(void)probe;
	(void)check;
	if (result < 0) {
		probe_set(finding, PROBE_MISSING, "%s: %s", PARANOID_PATH, strerror(-result));
		finding->fix = "run a kernel with CONFIG_PERF_EVENTS";
		return;
	}
	if (may_count_kernel())
		probe_set(finding, PROBE_OK,
			  "perf_event_paranoid is %s%s; an event that counts kernels, too, was "
			  "opened",
			  text, capable ? ", and this process has CAP_PERFMON or more" : "");
	else
		probe_set(finding, PROBE_LIMITED,
			  "perf_event_paranoid is %s; an event that counts kernels, too: %s", text,
			  strerror(errno));
}

/* ---- tried out ---- */

/* Counts the scratch guest alone while it spins: its loop is two instructions long. */
static void count_guest(struct scratch *scratch, int event, const struct probe_check *check,
			struct probe_finding *finding)
{
	struct scratch_outcome outcome = scratch_start(scratch);
	uint64_t count = 0;
	char words[96];

	if (outcome.end == SCRATCH_READY) {
		ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
		outcome = scratch_spin(scratch, GUEST_ROUNDS);
		ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
	}
	if (outcome.end != SCRATCH_SPUN) {
		scratch_explain(&outcome, words, sizeof(words));
		probe_set(finding, PROBE_UNKNOWN, "the event opens, but: %s", words);
		return;
	}
	if (read(event, &count, sizeof(count)) != sizeof(count)) {
		probe_set(finding, PROBE_MISSING, "reading the counter: %s", strerror(errno));
		return;
	}
	if (count > 0) {
		probe_set(finding, PROBE_OK, "%" PRIu64 " in a guest that ran %u instructions",
			  count, 2 * GUEST_ROUNDS);
		return;
	}
	probe_set(finding, PROBE_MISSING,
		  "the event opens, but counted 0 in a guest that ran %u "
		  "%s",
		  2 * GUEST_ROUNDS,
		  check->number == PERF_COUNT_HW_CPU_CYCLES ? "instructions" : "of them");
	finding->fix = "see that nothing else counts the same event: perf stat, a watchdog "
		       "(sysctl kernel.nmi_watchdog=0)";
}

static void check_guest_event(struct probe *probe, const struct probe_check *check,
			      struct probe_finding *finding)
{
	struct perf_event_attr attr = {
		.config = check->number,
		.config1 = CONFIG1_GUEST_EVENTS,
		.exclude_host = 1,
	};
	struct scratch scratch;
	int event = open_event(&attr);

	if (event < 0) {
		perf_failed(errno, finding);
		return;
	}
	if (probe->kvm_fd < 0) {
		probe_set(finding, PROBE_UNKNOWN, "the event opens; no guest can be run to count");
		finding->cost = finding->fix = NULL;
	} else if (scratch_for_check(&scratch, probe, finding)) {
		count_guest(&scratch, event, check, finding);
		scratch_close(&scratch);
	}
	close(event);
}

/* Spins until the ring has a sample or the time is over. */
static bool spin_for_sample(const struct perf_event_mmap_page *ring)
{
	uint64_t end = clock_now() + SAMPLE_MILLISECONDS * NS_PER_MS;
	volatile unsigned int spin = 0;

	while (__atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE) == 0 && clock_now() < end)
		while (++spin % 4096)
			continue;
	return __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE) != 0;
}

/* 1: a sample came; 0: none; -errno. */
static int sample_once(void)
{
	struct perf_event_attr attr = {
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.sample_period = SAMPLE_PERIOD,
		.sample_type = PERF_SAMPLE_IP,
		.exclude_kernel = 1,
		.wakeup_events = 1,
	};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int event = open_event(&attr), result;
	void *ring;

	if (event < 0)
		return -errno;
	ring = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
	if (ring == MAP_FAILED) {
		result = -errno;
	} else {
		ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
		result = spin_for_sample(ring);
		ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
		munmap(ring, 2 * page);
	}
	close(event);
	return result;
}

/*
 * The ISA string can promise overflow interrupts that never come (QEMU later than 10.0.2), so they
 * are tried. Several times: a counter's first overflow can be lost there.
 */
static void check_sampling(struct probe *probe, const struct probe_check *check,
			   struct probe_finding *finding)
{
	int result = 0;

	(void)probe;
	(void)check;
	for (int i = 0; i < SAMPLE_TRIES && result == 0; i++)
		result = sample_once();
	if (result > 0) {
		probe_set(finding, PROBE_OK, "a sample of this program arrived");
	} else if (result < 0)
		perf_failed(-result, finding);
	else
		probe_set(finding, PROBE_MISSING,
			  "the event opens, but no sample arrives: the "
			  "overflow interrupt is never raised");
}

const struct probe_check probe_pmu_checks[] = {
	{"pmu.driver", "PMU driver", check_driver, 0,
	 "nothing can be counted, on the host and in guests",
	 "run a kernel with CONFIG_RISCV_PMU_SBI on firmware that has the SBI PMU extension "
	 "(OpenSBI 1.0 or later)"},
	{"pmu.sscofpmf", "Sscofpmf", check_sscofpmf, 0,
	 "counters cannot be limited to guests, and guests cannot sample ('perf record')",
	 "use a CPU with Sscofpmf (in QEMU: -cpu rv64,sscofpmf=true)"},
	{"pmu.paranoid", "perf permission", check_paranoid, 0,
	 "the events of a guest cannot be counted from the host", ALLOW_PERF},
	{"pmu.guest_cycles", "guest-only cycles", check_guest_event, PERF_COUNT_HW_CPU_CYCLES,
	 "the cycles of a guest cannot be counted apart from the host's",
	 "see 'PMU driver' and 'Sscofpmf' above"},
	{"pmu.guest_instructions", "guest-only instructions", check_guest_event,
	 PERF_COUNT_HW_INSTRUCTIONS,
	 "the instructions of a guest cannot be counted apart from the host's",
	 "see 'PMU driver' and 'Sscofpmf' above"},
	{"pmu.sampling", "sampling", check_sampling, 0,
	 "'perf record' gets no samples, on the host and in guests",
	 "see 'Sscofpmf' above; QEMU raises the interrupt up to version 10.0.2, later ones do not"},
	{0},
};
