/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/printable.h"

/*
 * The two settings belong to the process, as standard error itself does: they describe where the
 * lines go, whoever writes them.
 */
static atomic_bool verbose_on;
static atomic_bool raw_terminal;

enum { LINE_MAX_BYTES = 1024 };

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

	for (size_t done = 0; done < len;) {
		ssize_t written = write(STDERR_FILENO, line + done, len - done);
		if (written > 0)
			done += (size_t)written;
		else if (written == 0 || errno != EINTR)
			break; /* nobody can be told that nobody can be told */
	}
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
