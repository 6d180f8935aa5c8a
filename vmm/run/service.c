/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/service.h"

#include <unistd.h>

#include "base/log.h"
#include "base/writer.h"
#include "vmm/config.h"

#define LINES_MS 200u /* for a standard error that takes nothing */

bool service_begin(struct service *service, const struct config *config)
{
	service->config = config;
	service->words = -1;
	service->pidfile.fd = -1;
	notify_open(&service->notify);
	return !config->pidfile || pidfile_open(&service->pidfile, config->pidfile);
}

bool service_running(struct service *service)
{
	if (!service)
		return true;
	notify_say(&service->notify, "READY=1\nMAINPID=%d\nSTATUS=%s runs\n", (int)getpid(),
		   service->config->name);
	if (!service->config->daemonize)
		return true;
	/* What was said so far is for the parent's standard error. */
	if (service->lines)
		writer_finish(service->lines, LINES_MS, LINES_MS);
	if (daemon_leave(&service->daemon, service->words))
		return true;
	error("--daemonize: the process that waited for the VM is gone: the machine stops");
	return false;
}

void service_ending(struct service *service, const char *why)
{
	if (service)
		notify_say(&service->notify, "STOPPING=1\nSTATUS=%s ended: %s\n",
			   service->config->name, why);
}

void service_end(struct service *service)
{
	pidfile_close(&service->pidfile);
	notify_close(&service->notify);
}
