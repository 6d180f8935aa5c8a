/* SPDX-License-Identifier: Apache-2.0 */
/* What watching VMs from the host needs: BPF, BTF, and KVM's tracepoints. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/perf_event.h>

#include "base/host.h"
#include "base/way_out.h"
#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"

/* Newer than some headers. */
#define CAP_SYS_ADMIN_NUMBER 21u
#define CAP_PERFMON_NUMBER   38u
#define CAP_BPF_NUMBER	     39u

#define BE_ROOT "run vhart as root (sudo)"

static void check_capabilities(struct probe *probe, const struct probe_check *check,
			       struct probe_finding *finding)
{
	bool admin = host_has_capability(CAP_SYS_ADMIN_NUMBER);
	bool bpf = admin || host_has_capability(CAP_BPF_NUMBER);
	bool perfmon = admin || host_has_capability(CAP_PERFMON_NUMBER);

	(void)probe;
	(void)check;
	if (bpf && perfmon)
		probe_set(finding, PROBE_OK, "this process has %s",
			  admin ? "CAP_SYS_ADMIN" : "CAP_BPF and CAP_PERFMON");
	else
		probe_set(finding, PROBE_MISSING, "this process has no %s%s%s",
			  bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and no ",
			  perfmon ? "" : "CAP_PERFMON");
}

static void check_unprivileged(struct probe *probe, const struct probe_check *check,
			       struct probe_finding *finding)
{
	char text[32];
	int result =
		host_read_line("/proc/sys/kernel/unprivileged_bpf_disabled", text, sizeof(text));

	(void)probe;
	(void)check;
	if (result < 0)
		probe_set(finding, PROBE_UNKNOWN, "unprivileged_bpf_disabled: %s",
			  strerror(-result));
	else
		probe_set(finding, PROBE_OK,
			  "unprivileged_bpf_disabled is %s; tracing programs "
			  "need CAP_BPF and CAP_PERFMON anyway",
			  text);
}

/* A program of the kind that tracing uses, which does nothing: its descriptor, or -1 with errno. */
static int load_program(void)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (uint64_t)(uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uint64_t)(uintptr_t)"GPL",
	};

	return (int)syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static void check_load(struct probe *probe, const struct probe_check *check,
		       struct probe_finding *finding)
{
	int fd = load_program(), reason = errno;

	(void)probe;
	(void)check;
	if (fd >= 0) {
		close(fd);
		probe_set(finding, PROBE_OK, "a tracing program was loaded");
		return;
	}
	probe_set(finding, PROBE_MISSING, "loading a tracing program: %s", strerror(reason));
	finding->fix = way_out(WAY_OUT_BPF, reason);
}

/* Some architectures' kernels start with it off, riscv's among them. */
static void check_jit(struct probe *probe, const struct probe_check *check,
		      struct probe_finding *finding)
{
	struct bpf_prog_info info = {0};
	int fd = load_program(), reason = errno;
	union bpf_attr attr = {.info = {.bpf_fd = (uint32_t)fd,
					.info_len = sizeof(info),
					.info = (uint64_t)(uintptr_t)&info}};

	(void)probe;
	(void)check;
	if (fd < 0) {
		probe_set(finding, PROBE_UNKNOWN, "no program can be loaded: %s", strerror(reason));
		finding->cost = NULL;
		finding->fix = way_out(WAY_OUT_BPF, reason);
		return;
	}
	if (syscall(__NR_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) < 0) {
		probe_set(finding, PROBE_UNKNOWN, "this kernel does not say: %s", strerror(errno));
		finding->cost = finding->fix = NULL;
	} else if (info.jited_prog_len == 0) {
		probe_set(finding, PROBE_LIMITED, "a program was interpreted, not compiled");
	} else {
		probe_set(finding, PROBE_OK, "a program was compiled");
	}
	close(fd);
}

/* Reads its first two bytes (include/uapi/linux/btf.h). */
static void check_btf(const char *path, struct probe_finding *finding)
{
	uint16_t magic = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		probe_set(finding, PROBE_MISSING, "%s: %s", path, strerror(errno));
		return;
	}
	if (read(fd, &magic, sizeof(magic)) == sizeof(magic) && magic == BTF_MAGIC)
		probe_set(finding, PROBE_OK, "%s was read", path);
	else
		probe_set(finding, PROBE_MISSING, "%s is no BTF", path);
	close(fd);
}

static void check_btf_vmlinux(struct probe *probe, const struct probe_check *check,
			      struct probe_finding *finding)
{
	(void)probe;
	(void)check;
	check_btf("/sys/kernel/btf/vmlinux", finding);
}

/* A program on a module's tracepoint names its BTF by descriptor: bpf_btf_get_fd_by_id(). */
static bool may_list_btf(void)
{
	union bpf_attr attr = {.start_id = 0};

	return syscall(__NR_bpf, BPF_BTF_GET_NEXT_ID, &attr, sizeof(attr)) == 0 || errno != EPERM;
}

static void check_btf_kvm(struct probe *probe, const struct probe_check *check,
			  struct probe_finding *finding)
{
	(void)probe;
	(void)check;
	if (access("/sys/module/kvm/initstate", F_OK) != 0 && probe->kvm_fd >= 0) {
		/* Built in: its types are in the kernel's own. */
		check_btf("/sys/kernel/btf/vmlinux", finding);
		return;
	}
	check_btf("/sys/kernel/btf/kvm", finding);
	if (finding->state == PROBE_OK && !may_list_btf()) {
		probe_set(finding, PROBE_MISSING,
			  "there, but this user may not name a module's "
			  "types to BPF (no CAP_SYS_ADMIN)");
		finding->fix = BE_ROOT;
	}
}

/* Of tracepoint ID, on this thread, or -1 with errno. */
static int open_tracepoint(const char *id)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_TRACEPOINT,
		.config = strtoull(id, NULL, 10),
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Lets EVENT count while a scratch guest starts. */
static void count_tracepoint(struct probe *probe, int event, const char *path,
			     struct probe_finding *finding)
{
	struct scratch_outcome outcome;
	struct scratch scratch;
	uint64_t count = 0;
	char words[96];

	if (!scratch_for_check(&scratch, probe, finding))
		return;
	outcome = scratch_start(&scratch);
	scratch_close(&scratch);
	if (outcome.end != SCRATCH_READY) {
		scratch_explain(&outcome, words, sizeof(words));
		probe_set(finding, PROBE_UNKNOWN, "it is there, but: %s", words);
		finding->cost = finding->fix = NULL;
	} else if (read(event, &count, sizeof(count)) == sizeof(count) && count > 0) {
		probe_set(finding, PROBE_OK, "%s told of a scratch guest", path);
	} else {
		probe_set(finding, PROBE_MISSING, "%s told nothing of a scratch guest", path);
		finding->fix = NULL;
	}
}

/* PATH is its folder in tracefs. */
static void try_tracepoint(struct probe *probe, const char *path, struct probe_finding *finding)
{
	char file[160], id[32];
	int event, result;

	snprintf(file, sizeof(file), "%s/id", path);
	result = host_read_line(file, id, sizeof(id));
	event = result < 0 ? -1 : open_tracepoint(id);
	if (event < 0) {
		result = result < 0 ? -result : errno;
		probe_set(finding, PROBE_MISSING, "%s: counting it: %s", path, strerror(result));
		finding->fix = way_out(WAY_OUT_TRACEPOINT, result);
		return;
	}
	count_tracepoint(probe, event, path, finding);
	close(event);
}

static void check_tracepoint(struct probe *probe, const char *name, struct probe_finding *finding)
{
	static const char *const roots[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	bool forbidden = false, mounted = false;
	char path[128];

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(path, sizeof(path), "%s/events", roots[i]);
		if (access(path, F_OK) == 0)
			mounted = true;
		else if (errno == EACCES)
			forbidden = true;
		snprintf(path, sizeof(path), "%s/events/kvm/%s", roots[i], name);
		if (access(path, F_OK) == 0) {
			try_tracepoint(probe, path, finding);
			return;
		}
	}
	if (mounted) {
		probe_set(finding, PROBE_MISSING, "the kernel has no tracepoint kvm:%s", name);
	} else if (forbidden) {
		probe_set(finding, PROBE_UNKNOWN, "tracefs cannot be looked into by this user");
		finding->cost = NULL;
		finding->fix = "run 'vhart probe' as root";
	} else {
		probe_set(finding, PROBE_UNKNOWN, "tracefs is not mounted");
		finding->cost = NULL;
		finding->fix = "mount -t tracefs tracefs /sys/kernel/tracing (as root)";
	}
}

static void check_kvm_entry(struct probe *probe, const struct probe_check *check,
			    struct probe_finding *finding)
{
	(void)check;
	check_tracepoint(probe, "kvm_entry", finding);
}

static void check_kvm_exit(struct probe *probe, const struct probe_check *check,
			   struct probe_finding *finding)
{
	(void)check;
	check_tracepoint(probe, "kvm_exit", finding);
}

#define NO_BPF                                                                                     \
	"SBI calls that KVM keeps to itself cannot be answered by vhart, and exits cannot be "     \
	"traced with BPF"

const struct probe_check probe_trace_checks[] = {
	{"trace.capabilities", "BPF permission", check_capabilities, 0, NO_BPF, BE_ROOT},
	{"trace.unprivileged_bpf", "unprivileged BPF", check_unprivileged, 0, NULL, NULL},
	{"trace.bpf", "BPF", check_load, 0, NO_BPF, BE_ROOT},
	{"trace.bpf_jit", "BPF compiler", check_jit, 0,
	 "an SBI call that is forwarded to vhart takes about an eighth longer",
	 "sysctl net.core.bpf_jit_enable=1 (as root)"},
	{"trace.btf_vmlinux", "BTF of the kernel", check_btf_vmlinux, 0, NO_BPF,
	 "run a kernel with CONFIG_DEBUG_INFO_BTF, such as the distribution's"},
	{"trace.btf_kvm", "BTF of kvm", check_btf_kvm, 0, NO_BPF,
	 "modprobe kvm (as root); if that does not help, run a kernel with "
	 "CONFIG_DEBUG_INFO_BTF_MODULES"},
	{"trace.kvm_entry", "kvm_entry", check_kvm_entry, 0, NO_BPF,
	 "modprobe kvm (as root); if that does not help, run a kernel with CONFIG_TRACEPOINTS"},
	{"trace.kvm_exit", "kvm_exit", check_kvm_exit, 0, NO_BPF,
	 "modprobe kvm (as root); if that does not help, run a kernel with CONFIG_TRACEPOINTS"},
	{0},
};
