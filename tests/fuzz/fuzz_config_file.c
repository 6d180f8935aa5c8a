/* SPDX-License-Identifier: Apache-2.0 */
/* A file of --config, and what --print-config makes of it, which is read back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/option_file.h"
#include "vmm/config.h"
#include "vmm/run/run_options.h"

static unsigned int messages;

/* Instead of log.c's: counted, formatted, not shown. */
void error(const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	messages++;
}

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The file of these bytes, as it is printed; NULL: it was refused. */
static char *print_of(const void *data, size_t size, size_t *len)
{
	struct option_words words = {0};
	struct config config = {.append = ""};
	struct option_reading reading = {.table = &run_options, .target = &config, .words = &words};
	char *text = malloc(size + 1), *print = NULL;

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	messages = 0;
	int status = option_file_take(&reading, text, size, "/etc/vm.conf");
	require(status == 0 || status == STATUS_USAGE);
	require(messages == (status ? 1 : 0));
	if (!status) {
		FILE *to = open_memstream(&print, len);

		require(to != NULL);
		require(option_words_print(&words, "/elsewhere/", to));
		fclose(to);
	}
	option_words_free(&words);
	return print;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = 0, len_again = 0;
	char *print = print_of(data, size, &len), *again;

	if (!print)
		return 0;
	again = print_of(print, len, &len_again);
	require(again && len == len_again && !memcmp(print, again, len));
	free(print);
	free(again);
	return 0;
}
