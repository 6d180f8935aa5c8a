/* SPDX-License-Identifier: Apache-2.0 */

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/writer.h"

/*
 * The settings belong to the process, as standard error itself does: they describe where the
 * lines go, whoever writes them.
 */
static atomic_bool verbose_on;
static atomic_bool raw_terminal;
static _Atomic(struct writer *) line_writer; /* NULL: each line waits until it is written */
static atomic_uint lost_lines;

enum { LINE_MAX_BYTES = 1024 };

static void write_waiting(const char *line, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t written = write(STDERR_FILENO, line + done, len - done);
		if (written > 0)
			done += (size_t)written;
		else if (written == 0 || errno != EINTR)
			break; /* nobody can be told that nobody can be told */
	}
}

/* A line that finds no room is lost, and counted: it may be written under the machine's lock. */
static void hand_over(struct writer *writer, const char *line, size_t len)
{
	unsigned int lost = atomic_exchange(&lost_lines, 0);
	char said[100];
	int said_len = snprintf(said, sizeof(said),
				"vhart: warning: standard error did not take %u lines%s\n", lost,
				atomic_load(&raw_terminal) ? "\r" : "");

	if (lost && !writer_put_whole(writer, said, (size_t)said_len))
		lost++;
	else
		lost = writer_put_whole(writer, line, len) ? 0 : 1;
	atomic_fetch_add(&lost_lines, lost);
	writer_go(writer);
}

static void put(const char *line, size_t len)
{
	struct writer *writer = atomic_load(&line_writer);

	if (writer)
		hand_over(writer, line, len);
	else
		write_waiting(line, len);
}

/* One write a line, so that lines of several threads and of the guest's console do not mix. */
static void put_line(const char *severity, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES], text[LINE_MAX_BYTES];
	const size_t room = sizeof(line) - 2; /* for the carriage return and the newline */
	int saved_errno = errno;

	size_t len = (size_t)snprintf(line, room, "vhart: %s", severity);
	/* Its arguments may be anybody's. */
	vsnprintf(text, sizeof(text), format, arguments);
	len += strlen(printable(line + len, room - len, text));
	if (atomic_load(&raw_terminal))
		line[len++] = '\r';
	line[len++] = '\n';

	put(line, len);
	errno = saved_errno;
}

void error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_line("", format, arguments);
	va_end(arguments);
}

void warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_line("warning: ", format, arguments);
	va_end(arguments);
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_line("", format, arguments);
	va_end(arguments);
}

void verbose(const char *format, ...)
{
	va_list arguments;

	if (!atomic_load(&verbose_on))
		return;
	va_start(arguments, format);
	put_line("", format, arguments);
	va_end(arguments);
}

void log_set_verbose(bool on)
{
	atomic_store(&verbose_on, on);
}

void log_set_raw_terminal(bool on)
{
	atomic_store(&raw_terminal, on);
}

void log_set_writer(struct writer *writer)
{
	atomic_store(&line_writer, writer);
}
