/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/option_file.h"

int config_read(struct config *config, const struct option_table *table, int argc, char **argv)
{
	struct option_reading reading = {.table = table, .target = config};
	const char *file = options_peek(table, argc, argv, "--config");
	int status = 0;

	if (options_peek(table, argc, argv, "--help"))
		file = NULL;
	if (file || options_peek(table, argc, argv, "--print-config"))
		reading.words = &config->words;
	if (file)
		status = option_file_load(&reading, file);
	/* What is given once may be given by each. */
	memset(reading.seen, 0, sizeof(reading.seen));
	return status ? status : options_read_more(&reading, argc, argv, &config->help);
}

bool config_print(const struct config *config)
{
	char *here = getcwd(NULL, 0), *folder = NULL, *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	bool good = false;

	if (!here || !to || asprintf(&folder, "%s/", here) < 0)
		error("--print-config: the current folder: %s", strerror(errno));
	else
		good = option_words_print(&config->words, folder, to);
	if (to)
		fclose(to);
	/* All of it or nothing. */
	if (good && (fputs(text, stdout) == EOF || fflush(stdout) == EOF)) {
		error("--print-config: standard output: %s", strerror(errno));
		good = false;
	}
	free(text);
	free(folder);
	free(here);
	return good;
}

void config_execute(const struct config *config)
{
	char **arguments;

	if (!config->config_file)
		return;
	arguments = option_words_arguments(&config->words, "vhart", "run");
	if (arguments)
		execv("/proc/self/exe", arguments);
	free(arguments);
}

void config_free(struct config *config)
{
	option_words_free(&config->words);
}
