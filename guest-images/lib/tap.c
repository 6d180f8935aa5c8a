/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/tap.h"

#include <stdarg.h>

#include "lib/print.h"
#include "lib/sbi.h"

static unsigned int count, failed;

bool tap(bool ok, const char *format, ...)
{
	va_list arguments;

	failed += !ok;
	print("%s %u - ", ok ? "ok" : "not ok", ++count);
	va_start(arguments, format);
	print_list(format, arguments);
	va_end(arguments);
	print("\n");
	return ok;
}

void tap_note(const char *format, ...)
{
	va_list arguments;

	print("# ");
	va_start(arguments, format);
	print_list(format, arguments);
	va_end(arguments);
	print("\n");
}

_Noreturn void tap_end(void)
{
	print("1..%u\n", count);
	if (failed)
		reset(SRST_SHUTDOWN, SRST_SYSTEM_FAILURE);
	power_off();
}
