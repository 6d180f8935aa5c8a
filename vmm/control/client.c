/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/socket_path.h"
#include "trace/sources/vms.h"

#define MAX_VMS 256u

/* ---- which ---- */

bool client_socket_of(pid_t pid, char path[PATH_MAX])
{
	static const char *const option[] = {"--control", NULL};
	char given[PATH_MAX];
	int length;

	if (!vm_option(pid, option, given, sizeof(given)))
		return false;
	if (given[0] != '/')
		length = snprintf(path, PATH_MAX, "/proc/%d/cwd/%s", (int)pid, given);
	else if (vm_has_our_files(pid))
		length = snprintf(path, PATH_MAX, "%s", given);
	else /* a container's */
		length = snprintf(path, PATH_MAX, "/proc/%d/root%s", (int)pid, given);
	return length < PATH_MAX;
}

/* This user's one of that name: where another's is said to be, anybody may listen; false after
 * error(). */
static bool find_by_name(const char *name, char path[PATH_MAX])
{
	struct vm vms[MAX_VMS];
	size_t count = vms_list(vms, MAX_VMS);
	const struct vm *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!vms[i].ours || vm_user(vms[i].pid) != getuid() ||
		    strcmp(vms[i].name, name) != 0)
			continue;
		if (found) {
			error("there are several VMs called '%s': give the path of one's socket: "
			      "'vhart list' shows them",
			      name);
			return false;
		}
		found = &vms[i];
	}
	if (!found)
		error("there is no VM '%s': 'vhart list' shows what there is; a path has a slash "
		      "in it",
		      name);
	else if (!client_socket_of(found->pid, path))
		error("VM '%s' has no control socket: start it with --control PATH", name);
	else
		return true;
	return false;
}

/* ---- talking ---- */

json_object *client_next(struct client_connection *client)
{
	size_t len, room;
	char *line, *to;
	ssize_t got;

	while (!(line = protocol_line(&client->lines, &len))) {
		to = protocol_room(&client->lines, &room);
		got = to ? recv(client->fd, to, room, 0) : 0;
		if (got <= 0)
			return NULL;
		protocol_filled(&client->lines, (size_t)got);
	}
	return json_tokener_parse(line);
}

int client_open(struct client_connection *client, const char *path)
{
	*client = (struct client_connection){.fd = socket_path_connect(path)};
	if (client->fd < 0)
		return -errno;
	client->greeting = client_next(client);
	if (client->greeting)
		return 0;
	client_close(client);
	return -EPROTO;
}

bool client_connect(struct client_connection *client, const char *vm)
{
	char path[PATH_MAX];
	int result;

	if (strchr(vm, '/'))
		snprintf(path, sizeof(path), "%s", vm);
	else if (!find_by_name(vm, path))
		return false;
	result = client_open(client, path);
	if (result < 0)
		error("%s: %s: no VM answers there", path, strerror(-result));
	return result == 0;
}

void client_close(struct client_connection *client)
{
	json_object_put(client->greeting);
	protocol_free(&client->lines);
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	client->greeting = NULL;
}

json_object *client_ask(struct client_connection *client, const char *verb, json_object *args)
{
	json_object *request = json_object_new_object();
	const char *text;
	size_t len;
	bool sent;

	json_object_object_add(request, "id", json_object_new_int(1));
	json_object_object_add(request, "verb", json_object_new_string(verb));
	if (args)
		json_object_object_add(request, "args", args);
	text = json_object_to_json_string_length(request, JSON_C_TO_STRING_PLAIN, &len);
	sent = send(client->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len &&
	       send(client->fd, "\n", 1, MSG_NOSIGNAL) == 1;
	json_object_put(request);
	return sent ? client_next(client) : NULL;
}
