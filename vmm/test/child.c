/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define GRACE_NS    10000000000ull /* for vhart run to end a machine at its own time limit */
#define ENDING_NS   5000000000ull  /* for who was asked to end */
#define PIECE	    65536u	   /* a pipe holds as much */
#define LAST_PIECES 16u		   /* of a process that goes on writing, behind the test's end */
#define RESULT_MOST (1u << 20)

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_all(struct child *child)
{
	close_one(&child->process);
	close_one(&child->console);
	close_one(&child->messages);
	close_one(&child->result);
}

/* In the new process. */
static void become(const char *program, char **words, const int out[2], const int err[2],
		   int result, pid_t parent, const struct test_options *options,
		   const struct test *test)
{
	const int null = open("/dev/null", O_RDONLY);
	sigset_t none;
	char seed[32];

	setpgid(0, 0);
	/* Whoever kills vhart test does not want its machines. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(125);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	dup2(err[1], STDERR_FILENO);
	fcntl(result, F_SETFD, 0);
	snprintf(seed, sizeof(seed), "%" PRIu64, test->seed);
	if (options->has_seed)
		setenv("VHART_SEED", seed, 1);
	execv(program, words);
	dprintf(STDERR_FILENO, "vhart: %s: %s\n", program, strerror(errno));
	_exit(125);
}

static bool open_pipes(struct child *child, int out[2], int err[2])
{
	out[0] = out[1] = err[0] = err[1] = -1;
	child->result = memfd_create("vhart-test-result", MFD_CLOEXEC);
	if (child->result < 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		return false;
	child->console = out[0];
	child->messages = err[0];
	return fcntl(out[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(err[0], F_SETFL, O_NONBLOCK) == 0;
}

/* That of the side file, or of the words behind "--", is nearer. */
static double time_limit(const struct test_options *options, const struct run_words *words)
{
	const char *given = run_words_value(words, "--timeout");

	return (given ? strtod(given, NULL) : options->timeout) * (double)NS_PER_S;
}

static void begin(struct child *child, double limit)
{
	setpgid(child->pid, child->pid);
	child->started_ns = clock_now();
	child->deadline_ns = limit < (double)(UINT64_MAX / 2) ? child->started_ns + (uint64_t)limit
							      : UINT64_MAX - GRACE_NS;
	/* vhart run has the limit too, and says where the harts are. */
	if (child->gives_result)
		child->deadline_ns += GRACE_NS;
}

bool child_start(struct child *child, const char *program, const struct test_options *options,
		 const struct test *test)
{
	struct run_words words = {0};
	const pid_t self = getpid();
	int out[2], err[2];

	memset(child, 0, sizeof(*child));
	child->process = child->console = child->messages = child->result = -1;
	child->gives_result = test->kind != KIND_LUA;
	bool good =
		open_pipes(child, out, err) && child_words(options, test, child->result, &words);
	if (good)
		child->pid = fork();
	if (good && child->pid == 0)
		become(program ? program : "/proc/self/exe", words.words, out, err, child->result,
		       self, options, test);
	good = good && child->pid > 0;
	if (good)
		child->process = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (!good || child->process < 0)
		error("%s: it cannot be started: %s", test->name, strerror(errno));
	const double limit = time_limit(options, &words);
	run_words_free(&words);
	close_one(&out[1]);
	close_one(&err[1]);
	if (good && child->process < 0) {
		child_kill(child);
		waitpid(child->pid, NULL, 0);
		good = false;
	}
	if (good) {
		begin(child, limit);
		return true;
	}
	child->pid = 0;
	close_all(child);
	return false;
}

/* False: there is no more now. */
static bool read_piece(int *fd, struct keep *keep, struct claims *claims)
{
	char bytes[PIECE];
	const ssize_t len = *fd < 0 ? 0 : read(*fd, bytes, sizeof(bytes));

	if (len > 0) {
		keep_add(keep, bytes, (size_t)len);
		if (claims)
			claims_read(claims, bytes, (size_t)len);
		return true;
	}
	if (len == 0 || (errno != EAGAIN && errno != EINTR))
		close_one(fd);
	return false;
}

void child_read(struct child *child)
{
	read_piece(&child->console, &child->said, &child->claims);
	read_piece(&child->messages, &child->told, NULL);
}

void child_kill(struct child *child)
{
	child->killed = true;
	kill(-child->pid, SIGKILL);
	kill(child->pid, SIGKILL);
}

void child_ask(struct child *child)
{
	child->asked = true;
	kill(child->pid, SIGTERM);
	child->deadline_ns = clock_now() + ENDING_NS;
}

void child_is_late(struct child *child)
{
	if (child->asked || child->gives_result)
		child_kill(child);
	else
		child_ask(child);
}

static void read_rest(struct child *child)
{
	for (unsigned int i = 0; i < LAST_PIECES; i++)
		if (!read_piece(&child->console, &child->said, &child->claims))
			break;
	for (unsigned int i = 0; i < LAST_PIECES; i++)
		if (!read_piece(&child->messages, &child->told, NULL))
			break;
	claims_end(&child->claims);
}

static void read_result(struct child *child, const struct test *test,
			struct ending_account *account)
{
	char *text = malloc(RESULT_MOST);
	const ssize_t len = text ? pread(child->result, text, RESULT_MOST, 0) : 0;

	ending_of_result(text ? text : "", len > 0 ? (size_t)len : 0, child->status,
			 test->kind == KIND_SHELL, account);
	free(text);
}

void child_finish(struct child *child, const struct test *test, struct ending_account *account)
{
	const bool late = child->asked || child->killed;

	/* The process is a zombie: its number, the group's, cannot be another's yet. */
	kill(-child->pid, SIGKILL);
	waitpid(child->pid, &child->status, 0);
	read_rest(child);
	if (child->gives_result)
		read_result(child, test, account);
	else
		ending_of_status(child->status, account);
	if (late && (!child->gives_result || account->ending == ENDING_CRASH)) {
		*account = (struct ending_account){.ending = child->killed ? ENDING_HUNG
									   : ENDING_TIMEOUT};
		snprintf(account->words, ENDING_LINE, "%s", ending_words(account->ending));
	}
	close_all(child);
	child->pid = 0;
}
