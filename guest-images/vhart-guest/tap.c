/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/tap.h"

#include <stdarg.h>

#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

static unsigned int count, failed, planned;

/* START and what FORMAT says, as one line. */
static void line(const char *start, const char *format, va_list arguments)
{
	print_hold();
	print("%s", start);
	print_list(format, arguments);
	print("\n");
	print_release();
}

static void numbered(bool ok, const char *between, const char *format, va_list arguments)
{
	print_hold();
	failed += !ok;
	print("%s %u %s ", ok ? "ok" : "not ok", ++count, between);
	line("", format, arguments);
	print_release();
}

void tap_plan(unsigned int tests)
{
	planned = tests;
	print("1..%u\n", tests);
}

bool tap(bool ok, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	numbered(ok, "-", format, arguments);
	va_end(arguments);
	return ok;
}

bool tap_eq(uint64_t got, uint64_t wanted, const char *format, ...)
{
	va_list arguments;

	print_hold();
	va_start(arguments, format);
	numbered(got == wanted, "-", format, arguments);
	va_end(arguments);
	if (got != wanted)
		tap_note("0x%lx (%ld), not 0x%lx (%ld)", got, (int64_t)got, wanted,
			 (int64_t)wanted);
	print_release();
	return got == wanted;
}

void tap_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	numbered(true, "# SKIP", format, arguments);
	va_end(arguments);
}

void tap_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line("# ", format, arguments);
	va_end(arguments);
}

_Noreturn void tap_end(void)
{
	if (!planned)
		print("1..%u\n", count);
	else if (count != planned)
		tap_note("%u tests were planned, and %u made", planned, count);
	if (failed || (planned && count != planned))
		reset(SRST_SHUTDOWN, SRST_SYSTEM_FAILURE);
	power_off();
}

_Noreturn void tap_skip_all(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line("1..0 # SKIP ", format, arguments);
	va_end(arguments);
	power_off();
}

_Noreturn void tap_bail_out(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line("Bail out! ", format, arguments);
	va_end(arguments);
	reset(SRST_SHUTDOWN, SRST_SYSTEM_FAILURE);
}
