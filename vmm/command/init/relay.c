/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes between ports and pipes, signals to CMD, and its end. CMD has pipes, and not the ports
 * themselves, so that it finds what it would find anywhere: an end of file, SIGPIPE when nobody
 * reads any more, and /dev/stdout that can be opened.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "vmm/command/init/init.h"
#include "vmm/command/init/system.h"

#define PIPE_BYTES (64u << 10)

/* One direction. -1: that end is closed. */
struct stream {
	int from, to;
	bool port_is_to; /* else it is FROM; a port is never closed here */
	size_t start, len;
	uint8_t bytes[PIPE_BYTES];
};

struct relay {
	struct stream in, out, err;
	int control;
	long pid;
	bool ended;
	struct command_message end;
	size_t message_len; /* of one that comes by the control port */
	struct command_message message;
};

/* ---- one direction ---- */

static void close_pipe(int *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
	*fd = -1;
}

/* Nobody takes what comes: CMD has closed its input, or vhart's reader is gone. */
static void give_up(struct stream *stream)
{
	stream->len = 0;
	if (stream->port_is_to)
		close_pipe(&stream->from);
	else
		close_pipe(&stream->to);
	stream->from = stream->to = -1;
}

static void fill(struct stream *stream)
{
	long got;

	if (stream->from < 0 || stream->len)
		return;
	got = sys_read(stream->from, stream->bytes, PIPE_BYTES);
	if (got == -EAGAIN || got == -EINTR)
		return;
	stream->start = 0;
	stream->len = got > 0 ? (size_t)got : 0;
	if (got > 0)
		return;
	/* The end: a pipe's is closed behind it, so that CMD sees it too. */
	if (stream->port_is_to)
		close_pipe(&stream->from);
	else
		close_pipe(&stream->to);
	stream->from = -1;
}

static void drain(struct stream *stream)
{
	long put;

	if (stream->to < 0 || !stream->len)
		return;
	put = sys_write(stream->to, stream->bytes + stream->start, stream->len);
	if (put == -EAGAIN || put == -EINTR)
		return;
	if (put < 0) {
		give_up(stream);
		return;
	}
	stream->start += (size_t)put;
	stream->len -= (size_t)put;
}

/* Which events of which file are waited for; the answers go to turn(). */
static void watch(const struct stream *stream, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = stream->len ? -1 : stream->from, .events = POLLIN};
	/* Without events the loss of a reader is heard of all the same. */
	fds[1] = (struct pollfd){.fd = stream->to, .events = stream->len ? POLLOUT : 0};
}

static void turn(struct stream *stream, const struct pollfd *fds)
{
	if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		give_up(stream);
		return;
	}
	if (fds[0].revents)
		fill(stream);
	drain(stream);
}

/* ---- CMD ---- */

static void hear(struct relay *relay)
{
	uint8_t *to = (uint8_t *)&relay->message + relay->message_len;
	long got = sys_read(relay->control, to, sizeof(relay->message) - relay->message_len);

	if (got <= 0)
		return;
	relay->message_len += (size_t)got;
	if (relay->message_len < sizeof(relay->message))
		return;
	relay->message_len = 0;
	if (relay->message.kind == COMMAND_SIGNAL && !relay->ended)
		CALL2(SYS_kill, -relay->pid, relay->message.value);
}

/* All processes that have ended: those whose parents have gone are this one's. */
static void reap(struct relay *relay)
{
	int status;
	long pid;

	while ((pid = CALL4(SYS_wait4, -1, &status, WNOHANG, NULL)) > 0) {
		if (pid != relay->pid)
			continue;
		relay->ended = true;
		if (WIFSIGNALED(status))
			relay->end = (struct command_message){COMMAND_SIGNALLED,
							      (uint32_t)WTERMSIG(status)};
		else
			relay->end = (struct command_message){COMMAND_EXITED,
							      (uint32_t)WEXITSTATUS(status)};
	}
}

static void on_child(int number)
{
	(void)number;
}

/* As the kernel has it on riscv64. */
struct kernel_action {
	void (*handler)(int number);
	unsigned long flags;
	uint64_t mask;
};

/* From here on an ended child ends a wait, and nothing else; MASK is the one for waits. */
static void watch_children(uint64_t *mask)
{
	const struct kernel_action action = {.handler = on_child};
	const uint64_t child = 1ull << (SIGCHLD - 1);

	CALL4(SYS_rt_sigaction, SIGCHLD, &action, NULL, sizeof(uint64_t));
	CALL4(SYS_rt_sigprocmask, SIG_BLOCK, &child, mask, sizeof(uint64_t));
}

/* ---- all of it ---- */

static bool has_output(struct stream *stream)
{
	fill(stream);
	return stream->len > 0;
}

/* What CMD left behind ends with it; what was written by then is delivered. */
static bool goes_on(struct relay *relay)
{
	if (!relay->ended)
		return true;
	CALL2(SYS_kill, -1, SIGKILL);
	reap(relay);
	bool out = has_output(&relay->out), err = has_output(&relay->err);
	return out || err;
}

struct command_message relay(const int ports[COMMAND_PORTS], const struct spawned *spawned)
{
	static struct relay relay;
	struct pollfd fds[7];
	uint64_t mask;

	relay.control = ports[COMMAND_CONTROL];
	relay.pid = spawned->pid;
	relay.in.from = ports[COMMAND_STDIN];
	relay.in.to = spawned->in;
	relay.out.from = spawned->out;
	relay.out.to = ports[COMMAND_STDOUT];
	relay.out.port_is_to = true;
	relay.err.from = spawned->err;
	relay.err.to = ports[COMMAND_STDERR];
	relay.err.port_is_to = true;
	watch_children(&mask);
	reap(&relay); /* one that ended before that */
	while (goes_on(&relay)) {
		watch(&relay.in, fds);
		watch(&relay.out, fds + 2);
		watch(&relay.err, fds + 4);
		fds[6] = (struct pollfd){.fd = relay.control, .events = POLLIN};
		if (CALL5(SYS_ppoll, fds, 7, NULL, &mask, sizeof(mask)) > 0) {
			turn(&relay.in, fds);
			turn(&relay.out, fds + 2);
			turn(&relay.err, fds + 4);
			if (fds[6].revents & POLLIN)
				hear(&relay);
		}
		reap(&relay);
	}
	return relay.end;
}
