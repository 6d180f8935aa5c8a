/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/btf_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_LEN 65536u

/* Reads on behind KEPT bytes; how many there are then. */
static size_t read_block(int fd, char *block, size_t kept)
{
	size_t len = kept;

	while (len < BLOCK_LEN) {
		ssize_t got = read(fd, block + len, BLOCK_LEN - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return len;
}

/* NEEDLE may lie across two blocks: its length less one stays for the next. */
static bool holds(int fd, char *block, const char *needle, size_t needle_len)
{
	size_t kept = 0, len;

	while ((len = read_block(fd, block, kept)) > kept) {
		if (memmem(block, len, needle, needle_len))
			return true;
		kept = len < needle_len - 1 ? len : needle_len - 1;
		memmove(block, block + len - kept, kept);
	}
	return false;
}

bool btf_names(const char *path, const char *name)
{
	size_t needle_len = strlen(name) + 2;
	char *needle = calloc(1, needle_len), *block = malloc(BLOCK_LEN);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool found = false;

	if (needle && block && fd >= 0 && needle_len < BLOCK_LEN) {
		memcpy(needle + 1, name, needle_len - 2);
		found = holds(fd, block, needle, needle_len);
	}
	if (fd >= 0)
		close(fd);
	free(block);
	free(needle);
	return found;
}

bool btf_kvm_names(const char *name)
{
	return btf_names(access(BTF_KVM, F_OK) == 0 ? BTF_KVM : BTF_VMLINUX, name);
}
