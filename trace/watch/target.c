/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/watch/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/printable.h"
#include "trace/guest/command_line.h"
#include "trace/sources/exit_log_source.h"
#include "trace/sources/vms.h"
#include "trace/watch/await.h"

#define MAX_VMS 64u
/* So many vCPUs are expected where it is not known how many there will be, and of a VM that runs.
 */
#define LIKELY_VCPUS 16u
#define LEAST_VCPUS  4u

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* ---- a VM that runs ---- */

/* "web1 (pid 12), build (pid 14)" */
static void list_names(const struct vm *vms, size_t count, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s (pid %d)", i ? ", " : "",
					 vms[i].name, (int)vms[i].pid);
}

static bool refuse(const char *what, const struct vm *vms, size_t count)
{
	char names[400];

	list_names(vms, count < MAX_VMS ? count : MAX_VMS, names, sizeof(names));
	if (count)
		error("%s: these are there: %s", what, names);
	else
		error("%s: no VM runs that this user may see: start one, or 'vhart stat -- run "
		      "...'; VMs of other users take root",
		      what);
	return false;
}

static void use(struct target *target, const struct vm *vm)
{
	target->process = vm->pid;
	target->vcpus = vm->vcpus;
	target->ours = vm->ours;
	snprintf(target->title, sizeof(target->title), "%s", vm->name);
}

static bool find_pid(struct target *target)
{
	/* A vCPU's thread will do as well. */
	pid_t process = vm_process_of_thread(target->pid);
	struct vm vm;

	if (!vm_of_process(process ? process : target->pid, &vm)) {
		if (errno == EACCES || errno == EPERM)
			error("process %d: it is another user's: run vhart as root",
			      (int)target->pid);
		else if (errno == ENOENT)
			error("process %d: there is no such process", (int)target->pid);
		else
			error("process %d: it has no KVM VM", (int)target->pid);
		return false;
	}
	use(target, &vm);
	return true;
}

static bool find_name(struct target *target, const struct vm *vms, size_t count)
{
	char what[160];
	size_t found = 0;

	for (size_t i = 0; i < count && i < MAX_VMS; i++) {
		if (target->name && strcmp(target->name, vms[i].name) != 0)
			continue;
		use(target, &vms[i]);
		found++;
	}
	if (found == 1)
		return true;
	if (target->name)
		snprintf(what, sizeof(what), "--name %.64s: %s", target->name,
			 found ? "several VMs are called that: take --pid" : "there is no such VM");
	else
		snprintf(what, sizeof(what), "%s",
			 count ? "which VM? take --pid, --name or --all" : "there is no VM");
	return refuse(what, vms, count);
}

bool target_find(struct target *target)
{
	struct vm vms[MAX_VMS];
	bool found = true;

	target->go = -1;
	target->log = -1;
	target->pidfd = -1;
	if (target->all)
		return true;
	if (target->pid) {
		found = find_pid(target);
	} else {
		size_t count = vms_list(vms, MAX_VMS);

		found = find_name(target, vms, count);
	}
	if (found)
		target->pidfd = open_pidfd(target->process);
	return found;
}

/* ---- a VM of our own ---- */

/* In the child. Its end of the pipe says when to go on, or that nobody waits any more. */
static void run_command(char **command, int go, int log)
{
	static char name[] = "vhart", option[] = "--exit-log";
	char memory[16];
	char self[PATH_MAX], byte, **words;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t count = 0;

	while (command[count])
		count++;
	words = calloc(count + 4, sizeof(*words));
	if (!words || len < 0 || read(go, &byte, 1) != 1)
		_exit(1);
	self[len] = '\0';
	words[0] = name;
	words[1] = command[0];
	if (log >= 0) {
		snprintf(memory, sizeof(memory), "%d", log);
		words[2] = option;
		words[3] = memory;
	}
	memcpy(words + (log >= 0 ? 4 : 2), command + 1, (count - 1) * sizeof(*words));
	execv(self, words);
	error("vhart %s: %s", command[0], strerror(errno));
	_exit(1);
}

/* As `vhart run` will call it. */
static void foresee_name(struct target *target)
{
	snprintf(target->title, sizeof(target->title), "vhart-%d", (int)target->process);
	for (char **word = target->command; word[0] && word[1]; word++)
		if (!strcmp(*word, "--name"))
			printable(target->title, sizeof(target->title), word[1]);
}

bool target_start(struct target *target)
{
	int pipe_ends[2];

	target->pidfd = -1;
	target->go = -1;
	target->log = -1;
	if (pipe2(pipe_ends, O_CLOEXEC) < 0) {
		error("a pipe: %s", strerror(errno));
		return false;
	}
	fflush(NULL);
	target->log = exit_log_source_memory();
	target->process = fork();
	if (target->process == 0) {
		close(pipe_ends[1]);
		run_command(target->command, pipe_ends[0], target->log);
	}
	close(pipe_ends[0]);
	if (target->process < 0) {
		error("starting vhart %s: %s", target->command[0], strerror(errno));
		close(pipe_ends[1]);
		return false;
	}
	foresee_name(target);
	target->ours = true;
	target->go = pipe_ends[1];
	target->pidfd = open_pidfd(target->process);
	return true;
}

void target_go(const struct target *target)
{
	/* Should it be gone already, target_end() says so. */
	if (target->go >= 0 && write(target->go, "", 1) != 1)
		warning("vhart %s ended before it began", target->command[0]);
}

void target_kernel(const struct target *target, struct guest_kernel *kernel)
{
	const char *name;

	if (!target->command) {
		guest_kernel_of_process(target->process, kernel);
		return;
	}
	*kernel = (struct guest_kernel){0};
	name = command_line_kernel(target->command);
	if (!name || !realpath(name, kernel->name))
		kernel->name[0] = '\0';
}

void target_stop(const struct target *target)
{
	if (target->command)
		kill(target->process, SIGTERM);
}

/* Waits, unless PIDFD is readable before. False: there was none. */
static bool take_signal(int signals, int pidfd)
{
	struct pollfd files[] = {{.fd = signals, .events = POLLIN},
				 {.fd = pidfd, .events = POLLIN}};
	int ready;

	do {
		ready = poll(files, 2, -1);
	} while (ready < 0 && errno == EINTR);
	return ready > 0 && files[0].revents && await_taken(signals);
}

/* A guest that is asked to power off may not heed it, and then the next signal is for its VM too.
 * The first was taken by who called target_stop(). */
static void pass_signals(const struct target *target)
{
	const int signals = await_signals();

	if (signals < 0)
		return;
	while (target->pidfd >= 0 && take_signal(signals, target->pidfd))
		target_stop(target);
	close(signals);
}

/* Its exit status, as a shell has it. */
static int wait_for(const struct target *target)
{
	int status = 0;

	pass_signals(target);
	while (waitpid(target->process, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void close_file(int *file)
{
	if (*file >= 0)
		close(*file);
	*file = -1;
}

int target_end(struct target *target, int status)
{
	int ended;

	/* What has not begun does not begin. */
	close_file(&target->go);
	close_file(&target->log);
	if (target->command) {
		ended = wait_for(target);
		status = status ? STATUS_NOT_RUN : ended;
	}
	close_file(&target->pidfd);
	return status;
}

/* How many vCPUs the command makes, as far as one can see; 0: not. */
static unsigned int vcpus_of(char *const *words)
{
	static const char *const cpus[] = {"--cpus", "-c", NULL};
	static const char *const file[] = {"--config", NULL};
	const char *given = command_line_option(words, cpus);
	uint64_t vcpus = 1;

	if (!given && command_line_option(words, file))
		return 0;
	return !given || option_number(given, UINT16_MAX, &vcpus) ? (unsigned int)vcpus : 0;
}

/* A VM that runs may be about to make more than it has. */
uint32_t target_vcpu_room(const struct target *target, uint32_t most)
{
	uint32_t vcpus = target->command ? vcpus_of(target->command) : target->vcpus;
	uint32_t room = vcpus ? vcpus + (vcpus + 1) / 2 : LIKELY_VCPUS;

	if (target->all)
		return most;
	if (!target->command && room < LEAST_VCPUS)
		room = LEAST_VCPUS;
	return room < most ? room : most;
}
