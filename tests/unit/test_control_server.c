/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket with real sockets and threads, and a table of verbs of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/socket_path.h"
#include "tests/unit/fixtures/sample_verbs.h"
#include "vmm/control/protocol.h"
#include "vmm/control/server.h"

enum { CLIENTS = 16 };

struct fixture {
	struct config config;
	struct control control;
	char folder[32], path[64];
	struct server *server;
};

/* ---- a machine that is always there ---- */

static struct machine *some_machine(struct control *control)
{
	return (struct machine *)control;
}

struct machine *control_take(struct control *control)
{
	pthread_mutex_lock(&control->lock);
	return some_machine(control);
}

void control_release(struct control *control)
{
	pthread_mutex_unlock(&control->lock);
}

struct machine *control_hold(struct control *control, char why[CONTROL_ERROR_MAX])
{
	(void)why;
	return control_take(control);
}

void control_let_go(struct control *control)
{
	control_release(control);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->folder, "/tmp/control-XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->path, sizeof(fixture->path), "%s/socket", fixture->folder);
	fixture->config = (struct config){.name = "sample", .cpus = 2};
	fixture->control.config = &fixture->config;
	event_hub_init(&fixture->control.hub);
	pthread_mutex_init(&fixture->control.lock, NULL);
	fixture->server = server_new(&fixture->control, fixture->path);
	*state = fixture;
	return fixture->server ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	server_free(fixture->server);
	event_hub_free(&fixture->control.hub);
	pthread_mutex_destroy(&fixture->control.lock);
	unlink(fixture->path);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static void post(struct fixture *fixture, enum event_kind kind, const char *text)
{
	event_post(&fixture->control.hub, &(struct event){.kind = kind}, text, strlen(text));
}

static void end(struct fixture *fixture)
{
	post(fixture, EVENT_ENDED, "quit");
	server_free(fixture->server);
	fixture->server = NULL;
}

/* ---- clients ---- */

struct client {
	int fd;
	struct protocol_lines lines;
};

static json_object *next(struct client *client)
{
	size_t len, room;
	char *line;

	while (!(line = protocol_line(&client->lines, &len))) {
		char *to = protocol_room(&client->lines, &room);
		ssize_t got = recv(client->fd, to, room, 0);

		if (got <= 0)
			return NULL;
		protocol_filled(&client->lines, (size_t)got);
	}
	return json_tokener_parse(line);
}

static void expect(struct client *client, const char *json)
{
	json_object *object = next(client);

	assert_string_equal(
		object ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN) : "", json);
	json_object_put(object);
}

/* Of what comes next, only that NAME is VALUE. */
static void expect_member(struct client *client, const char *name, const char *value)
{
	json_object *object = next(client), *member = NULL;

	assert_true(json_object_object_get_ex(object, name, &member));
	assert_string_equal(json_object_get_string(member), value);
	json_object_put(object);
}

static struct client connect_only(struct fixture *fixture)
{
	struct client client = {.fd = socket_path_connect(fixture->path)};

	assert_true(client.fd >= 0);
	return client;
}

static struct client come(struct fixture *fixture)
{
	struct client client = connect_only(fixture);

	expect_member(&client, "name", "sample");
	return client;
}

static void leave(struct client *client)
{
	close(client->fd);
	protocol_free(&client->lines);
}

static void say(struct client *client, const char *line)
{
	assert_int_equal(send(client->fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

/* ---- what is asked and answered ---- */

static void the_socket_is_its_users_alone(void **state)
{
	struct fixture *fixture = *state;
	struct stat is;

	assert_int_equal(stat(fixture->path, &is), 0);
	assert_int_equal(is.st_mode, S_IFSOCK | 0600);
	end(fixture);
	assert_int_equal(access(fixture->path, F_OK), -1);
}

static void requests_are_answered_in_their_order(void **state)
{
	struct client client = come(*state);

	say(&client, "{\"id\":1,\"verb\":\"echo\",\"args\":{\"text\":\"a/\\u00e9\"}}\n"
		     "{\"id\":2,\"verb\":\"all\",\"args\":{\"number\":1}}\n{\"id\":3,\"ve");
	expect(&client, "{\"id\":1,\"result\":{\"text\":\"a\\/\xc3\xa9\"}}");
	expect(&client, "{\"id\":2,\"error\":\"it failed\"}");
	say(&client, "rb\":\"hold\"}\nnonsense\n");
	expect(&client, "{\"id\":3,\"result\":{\"held\":true}}");
	expect(&client,
	       "{\"id\":null,\"error\":\"expected a JSON object on one line, such as {\\\"id\\\": "
	       "1, \\\"verb\\\": \\\"status\\\"}\"}");
	leave(&client);
}

static void one_that_waits_keeps_nobody_else(void **state)
{
	struct client waits = come(*state), other = come(*state);

	say(&waits, "{\"id\":1,\"verb\":\"await\"}\n");
	say(&other, "{\"id\":2,\"verb\":\"echo\",\"args\":{\"text\":\"b\"}}\n");
	expect(&other, "{\"id\":2,\"result\":{\"text\":\"b\"}}");
	post(*state, EVENT_PAUSED, "");
	expect_member(&waits, "id", "1");
	leave(&waits);
	leave(&other);
}

static void events_are_told_to_those_who_listen(void **state)
{
	struct client client = come(*state);

	say(&client, "{\"verb\":\"tell\"}\n");
	expect(&client, "{\"id\":null,\"result\":{}}");
	post(*state, EVENT_LINE, "hello");
	expect_member(&client, "text", "hello");
	end(*state);
	expect_member(&client, "event", "ended");
	assert_null(next(&client));
	leave(&client);
}

/* As `echo ... | socat - UNIX:...` does. */
static void a_client_that_has_asked_for_all_is_still_answered_and_told(void **state)
{
	struct client waits = come(*state), listens = come(*state), done = come(*state);

	say(&waits, "{\"id\":1,\"verb\":\"await\"}\n");
	shutdown(waits.fd, SHUT_WR);
	say(&listens, "{\"id\":2,\"verb\":\"tell\"}\n");
	shutdown(listens.fd, SHUT_WR);
	expect_member(&listens, "id", "2");
	say(&done, "{\"id\":3,\"verb\":\"hold\"}\n");
	shutdown(done.fd, SHUT_WR);
	expect_member(&done, "id", "3");
	assert_null(next(&done));
	post(*state, EVENT_PAUSED, "");
	expect_member(&listens, "event", "paused");
	expect_member(&waits, "id", "1");
	assert_null(next(&waits));
	leave(&waits);
	leave(&listens);
	leave(&done);
}

/* ---- bad ones ---- */

static void a_line_without_an_end_ends_its_client(void **state)
{
	struct client client = come(*state);
	static char much[1 << 16];
	ssize_t sent = 1;

	memset(much, '[', sizeof(much));
	for (size_t all = 0; sent > 0 && all < 2 * PROTOCOL_LINE_MAX; all += (size_t)sent)
		sent = send(client.fd, much, sizeof(much), MSG_NOSIGNAL);
	expect(&client, "{\"id\":null,\"error\":\"the line is too long\"}");
	assert_null(next(&client));
	leave(&client);
	client = come(*state);
	leave(&client);
}

static void there_is_room_for_sixteen(void **state)
{
	struct client clients[CLIENTS], more;

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = come(*state);
	more = connect_only(*state);
	expect(&more, "{\"id\":null,\"error\":\"there are too many clients already\"}");
	assert_null(next(&more));
	leave(&more);
	leave(&clients[3]);
	/* Its place is free as soon as its thread has seen that. */
	for (bool in = false; !in;) {
		json_object *first, *name;

		more = connect_only(*state);
		first = next(&more);
		in = json_object_object_get_ex(first, "name", &name);
		json_object_put(first);
		if (!in)
			leave(&more);
	}
	clients[3] = more;
	for (int i = 0; i < CLIENTS; i++)
		leave(&clients[i]);
}

static void clients_that_do_not_read_or_wait_do_not_keep_the_end(void **state)
{
	struct client deaf[4], waits = come(*state), gone = come(*state);

	for (int i = 0; i < 4; i++) {
		deaf[i] = come(*state);
		say(&deaf[i], "{\"verb\":\"much\"}\n");
	}
	say(&waits, "{\"id\":1,\"verb\":\"await\"}\n{\"id\":2,\"verb\":\"await\"}\n");
	say(&gone, "{\"verb\":\"await\"}\n");
	leave(&gone);
	end(*state);
	expect_member(&waits, "id", "1");
	for (int i = 0; i < 4; i++)
		leave(&deaf[i]);
	leave(&waits);
}

static void one_who_reads_late_gets_all_of_it(void **state)
{
	struct client client = come(*state);
	json_object *answer, *result, *text;

	say(&client, "{\"verb\":\"much\"}\n");
	answer = next(&client);
	assert_true(json_object_object_get_ex(answer, "result", &result));
	assert_true(json_object_object_get_ex(result, "text", &text));
	assert_int_equal(json_object_get_string_len(text), MUCH);
	json_object_put(answer);
	leave(&client);
}

/* ---- paths ---- */

static void silence(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDERR_FILENO);
	close(null);
}

static void expect_not_opened(struct fixture *fixture, const char *path)
{
	const int before = dup(STDERR_FILENO);

	silence();
	assert_null(server_new(&fixture->control, path));
	dup2(before, STDERR_FILENO);
	close(before);
}

static void paths_that_cannot_be_are_refused_and_not_touched(void **state)
{
	struct fixture *fixture = *state;
	char path[256];
	int fd;

	expect_not_opened(fixture, fixture->path); /* somebody listens there */
	snprintf(path, sizeof(path), "%s/file", fixture->folder);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	expect_not_opened(fixture, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	expect_not_opened(fixture, path);
	assert_int_equal(unlink(path), 0);
	expect_not_opened(fixture, fixture->folder);
	snprintf(path, sizeof(path), "%s/no/such/folder", fixture->folder);
	expect_not_opened(fixture, path);
	memset(path, 'x', sizeof(path));
	path[200] = '\0';
	expect_not_opened(fixture, path);
}

static void a_socket_that_nobody_listens_at_is_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client client;

	end(fixture);
	strcpy(address.sun_path, fixture->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	fixture->server = server_new(&fixture->control, fixture->path);
	assert_non_null(fixture->server);
	client = come(fixture);
	leave(&client);
}

static void the_end_leaves_alone_what_another_put_there(void **state)
{
	struct fixture *fixture = *state;
	struct server *first = fixture->server;
	struct client client;

	assert_int_equal(unlink(fixture->path), 0);
	fixture->server = server_new(&fixture->control, fixture->path);
	assert_non_null(fixture->server);
	server_free(first);
	client = come(fixture);
	leave(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_socket_is_its_users_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(requests_are_answered_in_their_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_waits_keeps_nobody_else, setup, teardown),
		cmocka_unit_test_setup_teardown(events_are_told_to_those_who_listen, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_client_that_has_asked_for_all_is_still_answered_and_told, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_line_without_an_end_ends_its_client, setup,
						teardown),
		cmocka_unit_test_setup_teardown(there_is_room_for_sixteen, setup, teardown),
		cmocka_unit_test_setup_teardown(
			clients_that_do_not_read_or_wait_do_not_keep_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(one_who_reads_late_gets_all_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(paths_that_cannot_be_are_refused_and_not_touched,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_socket_that_nobody_listens_at_is_replaced, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_end_leaves_alone_what_another_put_there, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("control_server", tests, NULL, NULL);
}
