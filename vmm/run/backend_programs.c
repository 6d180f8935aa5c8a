/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/backend_programs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/blk_file.h"
#include "devices/disk_format.h"
#include "vmm/run/backend_process.h"
#include "vmm/run/confine.h"
#include "vmm/run/disk_files.h"
#include "vmm/run/disk_medium.h"

static bool add(struct backend_arguments *arguments, const char *word)
{
	const size_t room = sizeof(arguments->words) / sizeof(arguments->words[0]);

	if (arguments->count + 1 >= room)
		return false;
	arguments->words[arguments->count++] = word;
	arguments->words[arguments->count] = NULL;
	return true;
}

/* ---- virtiofsd ---- */

static const char *const places_of_virtiofsd[] = {"/usr/libexec/virtiofsd",
						  "/usr/lib/virtiofsd",
						  "/usr/lib/qemu/virtiofsd",
						  "/usr/bin/virtiofsd",
						  "/usr/local/libexec/virtiofsd",
						  "/usr/local/bin/virtiofsd",
						  NULL};

static bool is_whole_root(const char *folder)
{
	struct stat info, root;

	return stat(folder, &info) == 0 && stat("/", &root) == 0 && info.st_dev == root.st_dev &&
	       info.st_ino == root.st_ino;
}

/* Its namespace has the folder as a new root (pivot_root), which / cannot be; outside of that there
 * is nothing. */
static const char *sandbox_of_virtiofsd(const struct config_backend *backend, unsigned int index)
{
	static const char *const of_root[] = {"namespace", "chroot", "none", NULL};
	static const char *const of_users[] = {"namespace", "none", NULL};
	const unsigned int first = is_whole_root(backend->share) ? 1 : 0;

	return geteuid() == 0 ? of_root[first + index] : of_users[first + index];
}

static bool check_folder(const struct config *config, const struct config_backend *backend,
			 bool again)
{
	struct stat info;

	(void)config, (void)again;
	if (stat(backend->share, &info) < 0)
		error("%s %s: %s", backend_option_of(backend), backend->share, strerror(errno));
	else if (!S_ISDIR(info.st_mode))
		error("%s %s: this is not a folder", backend_option_of(backend), backend->share);
	else
		return true;
	return false;
}

static bool arguments_of_virtiofsd(const struct config *config,
				   const struct config_backend *backend, const char *sandbox,
				   struct backend_arguments *arguments)
{
	(void)config;
	return add(arguments, "--fd=" BACKEND_SOCKET) && add(arguments, "--shared-dir") &&
	       add(arguments, backend->share) && add(arguments, "--sandbox") &&
	       add(arguments, sandbox) && add(arguments, "--log-level=error") &&
	       (!backend->read_only || add(arguments, "--readonly")) &&
	       /* A root has mounts below it, and a guest that is told of them cannot reach all. */
	       (!backend->root || add(arguments, "--no-announce-submounts")) &&
	       /* Under an overlay it must not change anyway: nothing is asked for twice. */
	       (!backend->root || add(arguments, "--cache=always"));
}

/* "[2026-01-01T00:00:00Z ERROR virtiofsd] words" */
static const char *without_time(const char *line)
{
	const char *end = *line == '[' ? strstr(line, "] ") : NULL;

	return end ? end + 2 : line;
}

/* ---- qemu-storage-daemon ---- */

static const char *const places_of_storage[] = {"/usr/bin/qemu-storage-daemon",
						"/usr/libexec/qemu-storage-daemon",
						"/usr/local/bin/qemu-storage-daemon", NULL};

/* What the name says may be wrong, and then it is not what the user wants. A guest can have written
 * the beginning of a raw disk, or of a VHD of fixed size: what is found there is no advice. */
static bool check_name(const struct config_disk *disk, int fd)
{
	uint8_t head[DISK_FORMAT_HEAD];
	const ssize_t len = pread(fd, head, sizeof(head), 0);
	const struct disk_format *format = disk_format_of(head, len < 0 ? 0 : (size_t)len);

	if (format && format->word && !strcmp(format->word, disk->format))
		return true;
	/* One of a fixed size has its mark at the end. */
	if (!format && !strcmp(disk->format, "vpc"))
		return true;
	if (!format)
		error("disk %s: its name says %s, and it is no such image: add ,format=raw if it "
		      "is a raw disk",
		      disk->path, disk->format);
	else if (format->word)
		error("disk %s: its name says %s, and it is %s: add ,format=%s, if no guest may "
		      "have written that",
		      disk->path, disk->format, format->name, format->word);
	else
		error("disk %s: its name says %s, and it is %s: unpack it (%s %s %s)", disk->path,
		      disk->format, format->name, format->before, disk->path, format->after);
	return false;
}

/* Before the program does it too: that it cannot be had is said as of other disks. */
static bool check_disk(const struct config *config, const struct config_backend *backend,
		       bool again)
{
	const struct config_disk *disk = &config->disks[backend->index];
	const struct disk_options options = {
		.path = disk->path, .read_only = disk->read_only, .image = true, .again = true};
	struct blk_file file;
	bool good;

	if (disk->on_server)
		return true;
	if (!blk_file_take(&file, &options))
		return false;
	good = !disk->by_name || again || check_name(disk, file.fd);
	blk_file_close(&file);
	return good;
}

static bool arguments_of_storage(const struct config *config, const struct config_backend *backend,
				 const char *sandbox, struct backend_arguments *arguments)
{
	const struct config_disk *disk = &config->disks[backend->index];
	struct stat info;
	const bool device =
		!disk->on_server && stat(disk->path, &info) == 0 && S_ISBLK(info.st_mode);

	(void)sandbox;
	return disk_medium(disk, device, arguments->medium, sizeof(arguments->medium)) &&
	       disk_export(disk, config->cpus, arguments->export, sizeof(arguments->export)) &&
	       add(arguments, "--blockdev") && add(arguments, arguments->medium) &&
	       add(arguments, "--export") && add(arguments, arguments->export);
}

static const char *sandbox_of_storage(const struct config_backend *backend, unsigned int index)
{
	(void)backend;
	if (index > 0)
		return NULL;
	return confine_can() ? "landlock" : "none";
}

/* Programs and libraries; and what finds the address of a server. */
static const struct {
	const char *path;
	enum confine_right right;
	bool for_servers;
} reach_of_storage[] = {
	{"/usr", CONFINE_RUN, false},
	{"/lib", CONFINE_RUN, false},
	{"/lib64", CONFINE_RUN, false},
	{"/bin", CONFINE_RUN, false},
	{"/opt", CONFINE_RUN, false},
	{"/etc/ld.so.cache", CONFINE_READ, false},
	{"/etc/ld.so.preload", CONFINE_READ, false},
	{"/dev/null", CONFINE_WRITE, false},
	{"/sys/dev", CONFINE_READ, false},
	{"/sys/devices", CONFINE_READ, false},
	{"/etc/hosts", CONFINE_READ, true},
	{"/etc/resolv.conf", CONFINE_READ, true},
	{"/etc/nsswitch.conf", CONFINE_READ, true},
	{"/etc/host.conf", CONFINE_READ, true},
	{"/etc/gai.conf", CONFINE_READ, true},
	{"/etc/services", CONFINE_READ, true},
};

static int confine_storage(const struct config *config, const struct config_backend *backend)
{
	const struct config_disk *disk = &config->disks[backend->index];
	const int rules = confine_new(disk->on_server);
	int result = rules < 0 ? -rules : disk_files_allow(rules, disk);

	for (size_t i = 0; i < sizeof(reach_of_storage) / sizeof(reach_of_storage[0]); i++)
		if (result == 0 && (disk->on_server || !reach_of_storage[i].for_servers))
			result = confine_allow(rules, reach_of_storage[i].path,
					       reach_of_storage[i].right);
	if (result == 0)
		return rules;
	if (rules >= 0)
		close(rules);
	return -result;
}

/* "PROGRAM: --blockdev WORDS: reason", where PROGRAM is a path, and WORDS may have a colon. */
static const char *without_option(const char *line)
{
	const char *option = strstr(line, ": --"), *rest;

	if (!option)
		return line;
	rest = strstr(option, "=disk");
	rest = strstr(rest ? rest : option + 2, ": ");
	return rest ? rest + 2 : line;
}

/* ---- passt ---- */

static const char *const places_of_passt[] = {"/usr/bin/passt", "/usr/local/bin/passt",
					      "/bin/passt", NULL};

/* It shuts itself in, and does not start where it cannot. */
static const char *sandbox_of_passt(const struct config_backend *backend, unsigned int index)
{
	(void)backend;
	return index > 0 ? NULL : "its own";
}

/* passt(1): ADDRESS/PORT:PORT, where the second is the guest's. */
static bool add_forward(struct backend_arguments *arguments, const struct net_forward *forward,
			char *text, size_t room)
{
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &forward->host, address, sizeof(address));
	snprintf(text, room, "%s/%u:%u", address, (unsigned int)forward->host_port,
		 (unsigned int)forward->guest_port);
	return add(arguments, forward->udp ? "--udp-ports" : "--tcp-ports") && add(arguments, text);
}

/* A connection that it did not make itself is its only one: it ends with that. */
static bool arguments_of_passt(const struct config *config, const struct config_backend *backend,
			       const char *sandbox, struct backend_arguments *arguments)
{
	const struct config_net *net = &config->nets[backend->index];
	bool fit = add(arguments, "--vhost-user") && add(arguments, "--foreground") &&
		   add(arguments, "--quiet") && add(arguments, "--fd") &&
		   add(arguments, BACKEND_SOCKET);

	(void)sandbox;
	snprintf(arguments->mtu, sizeof(arguments->mtu), "%u", net->mtu);
	if (net->mtu)
		fit = fit && add(arguments, "--mtu") && add(arguments, arguments->mtu);
	for (unsigned int i = 0; i < net->forward_count; i++)
		fit = fit && add_forward(arguments, &net->forwards[i], arguments->forwards[i],
					 sizeof(arguments->forwards[i]));
	return fit;
}

/* One that is too old says all that it knows. */
static const char *without_usage(const char *line)
{
	return *line == ' ' || *line == '\t'
		       ? "it does not know --vhost-user: that of Debian 13 does"
		       : line;
}

/* ---- all ---- */

enum { VIRTIOFSD, STORAGE, PASST };

static const struct backend_program programs[] = {
	[VIRTIOFSD] = {.name = "virtiofsd",
		       .does = "serves the folder",
		       .package = "virtiofsd",
		       .places = places_of_virtiofsd,
		       .sandbox = sandbox_of_virtiofsd,
		       .check = check_folder,
		       .arguments = arguments_of_virtiofsd,
		       .gist = without_time,
		       .end_ms = 3000},
	[STORAGE] = {.name = "qemu-storage-daemon",
		     .does = "serves disks that are not raw, or on an NBD server",
		     .package = "qemu-utils (in Debian 12 qemu-system-common)",
		     .places = places_of_storage,
		     .sandbox = sandbox_of_storage,
		     .confine = confine_storage,
		     .check = check_disk,
		     .arguments = arguments_of_storage,
		     .gist = without_option,
		     .end_signal = SIGTERM,
		     /* It writes out what the guest has written. */
		     .end_ms = 60000,
		     .each_life = true},
	[PASST] = {.name = "passt",
		   .does = "serves the card",
		   .package = "passt, or take --net user",
		   .places = places_of_passt,
		   .sandbox = sandbox_of_passt,
		   .arguments = arguments_of_passt,
		   .gist = without_usage,
		   .connected = true,
		   .end_ms = 3000},
};

const struct backend_program *backend_program_of(const struct config_backend *backend)
{
	if (backend->socket)
		return NULL;
	if (backend->share)
		return &programs[VIRTIOFSD];
	return &programs[config_backend_is_of(backend, "blk") ? STORAGE : PASST];
}

const char *backend_program_find(const struct backend_program *program)
{
	for (const char *const *place = program->places; *place; place++)
		if (access(*place, X_OK) == 0)
			return *place;
	return NULL;
}

const char *backend_option_of(const struct config_backend *backend)
{
	if (backend->socket)
		return "--vhost-user";
	if (backend->share)
		return backend->root ? "--root" : "--share";
	return config_backend_is_of(backend, "blk") ? "disk" : "--net";
}

const char *backend_subject_of(const struct config *config, const struct config_backend *backend)
{
	if (backend->socket)
		return backend->socket;
	if (backend->share)
		return backend->share;
	return config_backend_is_of(backend, "blk") ? config->disks[backend->index].path : "passt";
}
