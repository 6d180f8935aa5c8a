/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart ctl`: one verb for a running VM. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "vmm/commands.h"
#include "vmm/control/client.h"
#include "vmm/control/ctl_options.h"
#include "vmm/control/event_json.h"
#include "vmm/control/result_text.h"
#include "vmm/control/verbs.h"
#include "vmm/control/verbs_help.h"

static int take_answer(json_object *answer, const char *vm, bool json)
{
	json_object *result = NULL, *why = NULL;

	if (!answer) {
		error("%s: the VM went away before it answered", vm);
		return STATUS_HOST;
	}
	json_object_object_get_ex(answer, "error", &why);
	if (json_object_object_get_ex(answer, "result", &result)) {
		if (json)
			json_print(stdout, result);
		else
			verb_result_text(result, stdout);
		return STATUS_OK;
	}
	error("%s", why ? json_object_get_string(why) : "the VM gave no answer");
	return STATUS_HOST;
}

/* Events, until the VM ends or the user has enough. */
static int follow(struct client_connection *client)
{
	json_object *event;

	while ((event = client_next(client))) {
		json_print(stdout, event);
		fflush(stdout);
		json_object_put(event);
	}
	return STATUS_OK;
}

static int ask(const struct ctl_options *options, const struct verb *verb, json_object *args)
{
	const char *vm = options->words[0];
	struct client_connection client;
	json_object *answer;
	int status;

	if (!client_connect(&client, vm)) {
		json_object_put(args);
		return STATUS_USAGE;
	}
	answer = client_ask(&client, verb->name, args);
	status = take_answer(answer, vm, options->json);
	json_object_put(answer);
	if (status == STATUS_OK && verb->goes_on)
		status = follow(&client);
	client_close(&client);
	return status;
}

static int usage(const char *why)
{
	error("ctl: %s", why);
	return STATUS_USAGE;
}

int command_ctl(int argc, char **argv)
{
	struct ctl_options options = {.count = 0};
	char why[CONTROL_ERROR_MAX];
	const struct verb *verb;
	json_object *args;
	bool help;
	int status = options_read(&ctl_options, argc, argv, &options, &help);

	if (status || help)
		return status;
	if (options.count > 0 && !strcmp(options.words[0], "help"))
		return verbs_help(options.count > 1 ? options.words[1] : NULL) ? STATUS_OK
									       : STATUS_USAGE;
	if (options.count < 2)
		return usage("expected a VM and a verb: 'vhart list' shows the VMs, 'vhart ctl "
			     "help' the verbs");
	verb = verb_find_or_say(options.words[1], why);
	if (!verb)
		return usage(why);
	args = verb_words_to_arguments(verb, options.words + 2, options.count - 2, why);
	if (!args)
		return usage(why);
	return ask(&options, verb, args);
}
