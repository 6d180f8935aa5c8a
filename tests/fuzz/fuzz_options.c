/* SPDX-License-Identifier: Apache-2.0 */
/* A command line of `vhart run`: arguments with zeros between them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "vmm/config.h"
#include "vmm/run/disk_options.h"
#include "vmm/run/run_options.h"

enum { ARGUMENTS_MAX = 128 };

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

static void check_config(const struct config *config)
{
	unsigned int served = 0; /* disks and cards without a back-end so far */

	require(!config->kernel != !config->firmware);
	require(config->memory >= 16ull << 20 && config->memory % (2ull << 20) == 0);
	require(MAP_RAM + config->memory > MAP_RAM);
	require(config->cpus >= 1 && config->cpus <= BOARD_MAX_HARTS);
	require(config->disk_count <= CONFIG_MAX_DISKS);
	for (unsigned int i = 0; i < config->disk_count; i++) {
		require(config->disks[i].path[0] && !strchr(config->disks[i].path, ','));
		require(!config->disks[i].serial || strlen(config->disks[i].serial) <= 20);
		require(!config->disks[i].format || !config->disks[i].raw);
		served += disk_option_is_served(&config->disks[i]);
	}
	require(config->net_count <= CONFIG_MAX_NETS);
	for (unsigned int i = 0; i < config->net_count; i++)
		served += config->nets[i].passt;
	require(config->backend_count <= CONFIG_MAX_BACKENDS);
	for (unsigned int i = 0; i < config->backend_count; i++) {
		const struct config_backend *backend = &config->backends[i];

		require(!backend->share || !backend->socket);
		if (config_backend_is_of(backend, "blk")) {
			require(backend->index < config->disk_count);
			require(disk_option_is_served(&config->disks[backend->index]));
			served--;
		}
		if (config_backend_is_of(backend, "net")) {
			require(backend->index < config->net_count);
			require(config->nets[backend->index].passt);
			served--;
		}
		require((backend->tag != NULL) == !strcmp(backend->type, "fs") || backend->socket);
		require(!backend->tag || (backend->tag[0] && strlen(backend->tag) <= 36));
	}
	require(served == 0);
	require(config->inject_count <= CONFIG_MAX_INJECTS);
	for (unsigned int i = 0; i < config->inject_count; i++) {
		require(config->injects[i].host_path[0]);
		require(config->injects[i].guest_path[0] == '/');
		require(!strstr(config->injects[i].guest_path, "/../"));
	}
	for (unsigned int i = 0; i < config->net_count; i++) {
		const struct config_net *net = &config->nets[i];

		require(!net->tap || (net->tap[0] && !net->forward_count && !net->passt));
		require(net->tap || (net->vhost == NET_VHOST_AUTO && !net->queues));
		require(net->queues <= NET_PAIRS_MOST);
		require(!(net->mac[0] & 1));
		require(!net->mtu || (net->mtu >= NET_MTU_LEAST && net->mtu <= NET_MTU_MOST));
		for (unsigned int j = 0; j < net->forward_count; j++)
			require(net->forwards[j].host_port && net->forwards[j].guest_port &&
				!net->forwards[j].guest.s_addr == net->passt);
	}
	require(config->serial_count <= CONFIG_MAX_SERIALS);
	for (unsigned int i = 0; i < config->serial_count; i++) {
		const struct config_serial *serial = &config->serials[i];
		const bool named = serial->kind == SERIAL_FILE || serial->kind == SERIAL_UNIX;

		require(named ? serial->path[0] != '\0' : !serial->path);
	}
	require(!config->console_log || config->console_log[0]);
	require(config->vsock_cid != 1 && config->vsock_cid != 2 &&
		config->vsock_cid != UINT32_MAX);
	require(config->append != NULL);
	require(config->timeout >= 0 && config->timeout < 1e9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char command[] = "run";
	char *argv[ARGUMENTS_MAX] = {command};
	struct config config;
	int argc = 1;

	char *text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc < ARGUMENTS_MAX; at += strlen(text + at) + 1) {
		/* The help is the same each time and would fill the screen; what --config does with
		 * files is fuzz_config_file's. */
		if (strcmp(text + at, "--help") != 0 && strcmp(text + at, "-h") != 0 &&
		    strncmp(text + at, "--config", 8) != 0 &&
		    strncmp(text + at, "--print-config", 14) != 0)
			argv[argc++] = text + at;
	}

	messages = 0;
	int status = options_parse(argc, argv, &config);
	require(status == 0 || status == STATUS_USAGE);
	require(messages == (status ? 1 : 0));
	if (!status)
		check_config(&config);
	free(text);
	return 0;
}
