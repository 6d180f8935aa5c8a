/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"

/* What kvm_run.S takes for granted. */
#define REG_OFFSET(n) (offsetof(ucontext_t, uc_mcontext.__gregs) + (n) * sizeof(uint64_t))
_Static_assert(REG_OFFSET(REG_PC) == 176 && REG_OFFSET(REG_RA) == 184 &&
		       REG_OFFSET(REG_SP) == 192 && REG_OFFSET(REG_A0) == 256,
	       "layout of ucontext_t");
_Static_assert(KVM_RUN == 0xae80, "number of KVM_RUN");

static void explain_open_failure(int reason)
{
	switch (reason) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		error("/dev/kvm: %s: KVM is not there; load it with 'modprobe kvm' (it needs the H "
		      "extension; 'vhart probe' says more)",
		      strerror(reason));
		break;
	case EACCES:
	case EPERM:
		error("/dev/kvm: %s: add yourself to its group ('usermod -aG kvm USER', then log "
		      "in again) or run as root",
		      strerror(reason));
		break;
	default: error("/dev/kvm: %s", strerror(reason)); break;
	}
}

int kvm_open(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0) {
		explain_open_failure(errno);
		return -1;
	}
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		error("/dev/kvm: its API version is %d, this program knows %d: is it KVM at all?",
		      version, KVM_API_VERSION);
		close(fd);
		return -1;
	}
	return fd;
}

int kvm_get_reg(int vcpu_fd, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)(uintptr_t)value};

	return ioctl(vcpu_fd, KVM_GET_ONE_REG, &reg) < 0 ? -errno : 0;
}

int kvm_set_reg(int vcpu_fd, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)(uintptr_t)&value};

	return ioctl(vcpu_fd, KVM_SET_ONE_REG, &reg) < 0 ? -errno : 0;
}
