/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/vms.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "trace/exits/exit_log.h"
#include "trace/guest/command_line.h"

#define COMM_LENGTH 20 /* 15 characters, proc_pid_comm(5) */

/* ---- names ---- */

static size_t read_file(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	out[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

static bool name_on_command_line(pid_t pid, char name[VM_NAME_LENGTH])
{
	struct command_line line;

	command_line_split(&line, read_file(pid, "cmdline", line.text, sizeof(line.text)));
	return command_line_name(line.words, name, VM_NAME_LENGTH);
}

bool vm_option(pid_t pid, const char *const *spellings, char *value, size_t size)
{
	struct command_line line;
	const char *found;

	command_line_split(&line, read_file(pid, "cmdline", line.text, sizeof(line.text)));
	found = command_line_option(line.words, spellings);
	return found && (size_t)snprintf(value, size, "%s", found) < size;
}

static bool is_run(const struct command_line *line)
{
	return line->words[0] && line->words[1] && !strcmp(line->words[1], "run");
}

bool vm_is_run(pid_t pid)
{
	struct command_line line;

	command_line_split(&line, read_file(pid, "cmdline", line.text, sizeof(line.text)));
	return is_run(&line);
}

bool vm_is_alive(pid_t pid)
{
	char text[2];

	return read_file(pid, "cmdline", text, sizeof(text)) > 0;
}

/* NAME of /proc/PID and our own are one file, or it may not be looked at. */
static bool is_our(pid_t pid, const char *name)
{
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	if (stat(path, &own) < 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return stat(path, &other) < 0 || (own.st_dev == other.st_dev && own.st_ino == other.st_ino);
}

bool vm_has_our_files(pid_t pid)
{
	return is_our(pid, "ns/mnt") && is_our(pid, "root/");
}

uid_t vm_user(pid_t pid)
{
	char text[1024];
	const char *line = NULL;
	unsigned int user;

	if (read_file(pid, "status", text, sizeof(text)))
		line = strstr(text, "\nUid:");
	return line && sscanf(line, "\nUid: %u", &user) == 1 ? (uid_t)user : (uid_t)-1;
}

/* proc_pid_stat(5): field 22, in ticks since the host started. */
double vm_seconds(pid_t pid)
{
	const double ticks = (double)sysconf(_SC_CLK_TCK);
	char text[1024];
	const char *at = NULL;

	if (read_file(pid, "stat", text, sizeof(text)))
		at = strrchr(text, ')');
	for (unsigned int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? (double)clock_ns(CLOCK_BOOTTIME) / 1e9 - strtod(at, NULL) / ticks : 0;
}

/* Others' command lines and process names may hold anything: it ends on terminals. */
void vm_name(pid_t pid, char name[VM_NAME_LENGTH])
{
	char found[VM_NAME_LENGTH];

	if (name_on_command_line(pid, name))
		return;
	char process[COMM_LENGTH];

	read_file(pid, "comm", process, sizeof(process));
	process[strcspn(process, "\n")] = '\0';
	/* What it calls itself then. */
	if (!strcmp(process, "vhart"))
		snprintf(found, sizeof(found), "vhart-%d", (int)pid);
	else if (process[0])
		snprintf(found, sizeof(found), "%s", process);
	else
		snprintf(found, sizeof(found), "%d", (int)pid);
	printable(name, VM_NAME_LENGTH, found);
}

static bool runs_this_program(pid_t pid)
{
	struct stat own, other;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* ---- VMs ---- */

/* One of ours that resets has none for a moment; its log stays. (A watcher holds one as well.) */
static bool is_between_lives(pid_t pid, bool has_log)
{
	struct command_line line;

	if (!has_log)
		return false;
	command_line_split(&line, read_file(pid, "cmdline", line.text, sizeof(line.text)));
	return is_run(&line) && runs_this_program(pid);
}

static bool holds(DIR *files, struct vm *vm)
{
	bool found = false, has_log = false;
	struct dirent *entry;

	while ((entry = readdir(files))) {
		char target[64];
		ssize_t len = readlinkat(dirfd(files), entry->d_name, target, sizeof(target) - 1);

		if (len < 0)
			continue;
		target[len] = '\0';
		found = found || !strcmp(target, "anon_inode:kvm-vm");
		has_log = has_log || !strncmp(target, "/memfd:" EXIT_LOG_NAME, 18);
		vm->vcpus += !strncmp(target, "anon_inode:kvm-vcpu", 19);
	}
	return found || is_between_lives(vm->pid, has_log);
}

bool vm_of_process(pid_t pid, struct vm *vm)
{
	char path[64];
	DIR *files;

	*vm = (struct vm){.pid = pid};
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	files = opendir(path);
	if (!files)
		return false;
	bool found = holds(files, vm);
	closedir(files);
	errno = 0;
	if (found) {
		vm_name(pid, vm->name);
		vm->ours = runs_this_program(pid);
	}
	return found;
}

pid_t vm_process_of_thread(pid_t tid)
{
	char text[1024];
	const char *line = NULL;
	int process = 0;

	if (read_file(tid, "status", text, sizeof(text)))
		line = strstr(text, "\nTgid:");
	if (!line || sscanf(line, "\nTgid: %d", &process) != 1)
		return 0;
	return process;
}

size_t vms_list(struct vm *vms, size_t room)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;
	struct vm vm;

	while (processes && (entry = readdir(processes))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (*end || pid <= 0 || !vm_of_process((pid_t)pid, &vm))
			continue;
		if (count < room)
			vms[count] = vm;
		count++;
	}
	if (processes)
		closedir(processes);
	return count;
}

static unsigned int find_name(const struct vm_names *names, uint32_t pid)
{
	unsigned int i = 0;

	while (i < names->count && names->names[i].pid != pid)
		i++;
	return i;
}

void vm_names_put(struct vm_names *names, uint32_t pid, const char *name, bool ours)
{
	unsigned int i = find_name(names, pid);

	if (i == VM_NAMES_MAX)
		return;
	names->names[i].pid = pid;
	names->names[i].ours = ours;
	snprintf(names->names[i].name, VM_NAME_LENGTH, "%s", name);
	if (i == names->count)
		names->count++;
}

const char *vm_names_get(void *opaque, uint32_t pid)
{
	struct vm_names *names = opaque;
	unsigned int i = find_name(names, pid);
	char name[VM_NAME_LENGTH];

	if (i == VM_NAMES_MAX)
		return "";
	if (i == names->count) {
		vm_name((pid_t)pid, name);
		vm_names_put(names, pid, name, runs_this_program((pid_t)pid));
	}
	return names->names[i].name;
}

bool vm_names_ours(const struct vm_names *names, uint32_t pid)
{
	unsigned int i = find_name(names, pid);

	return i < names->count && names->names[i].ours;
}
