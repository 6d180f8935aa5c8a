/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex_digit.h"
#include "trace/stat/stat_file.h"

#define DEPTH 3 /* a line's object, and its buckets' */

/* One file being read. */
struct reading {
	FILE *in;
	struct stat_file *file;
	char *why;	 /* STAT_FILE_WHY */
	uint64_t number; /* of the line */
	bool ended;
	char text[STAT_FILE_LINE + 1];
};

/* False, as the caller's. */
static bool refuse(const struct reading *reading, const char *what, const char *key)
{
	snprintf(reading->why, STAT_FILE_WHY, "line %" PRIu64 ": %s%s%s", reading->number, what,
		 key ? " " : "", key ? key : "");
	return false;
}

/* ---- values ---- */

static bool take_number(const struct reading *reading, json_object *object, const char *key,
			uint64_t max, uint64_t *value)
{
	json_object *found;

	if (!json_object_object_get_ex(object, key, &found) ||
	    !json_object_is_type(found, json_type_int) || json_object_get_int64(found) < 0)
		return refuse(reading, "expected a number that is not negative as", key);
	*value = json_object_get_uint64(found);
	return *value <= max || refuse(reading, "too large a number as", key);
}

static bool take_text(const struct reading *reading, json_object *object, const char *key,
		      char *text, size_t room)
{
	json_object *found;

	if (!json_object_object_get_ex(object, key, &found) ||
	    !json_object_is_type(found, json_type_string))
		return refuse(reading, "expected a text as", key);
	const char *bytes = json_object_get_string(found);
	const size_t len = (size_t)json_object_get_string_len(found);

	if (len >= room || memchr(bytes, '\0', len))
		return refuse(reading, "too long a text, or a zero in it, as", key);
	memcpy(text, bytes, len + 1);
	return true;
}

/* "0x1f" */
static bool take_hex(const struct reading *reading, json_object *object, const char *key,
		     uint64_t *value)
{
	char text[20], *end;

	if (!take_text(reading, object, key, text, sizeof(text)))
		return false;
	*value = strtoull(text, &end, 16);
	return (!strncmp(text, "0x", 2) && hex_digit(text[2]) >= 0 && !*end &&
		strlen(text) <= 18) ||
	       refuse(reading, "expected 0x and up to 16 digits as", key);
}

static bool has(json_object *object, const char *key)
{
	return json_object_object_get_ex(object, key, NULL);
}

static bool take_buckets(const struct reading *reading, json_object *object,
			 struct exit_times *times)
{
	json_object *buckets;

	if (!json_object_object_get_ex(object, "buckets", &buckets) ||
	    !json_object_is_type(buckets, json_type_object))
		return refuse(reading, "expected an object as buckets", NULL);
	struct json_object_iterator at = json_object_iter_begin(buckets);
	const struct json_object_iterator end = json_object_iter_end(buckets);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		char *rest;
		const unsigned long index = strtoul(key, &rest, 10);
		uint64_t count;

		if (key[0] < '0' || key[0] > '9' || *rest || index >= EXIT_BUCKETS)
			return refuse(reading, "there is no such bucket", NULL);
		if (!take_number(reading, buckets, key, UINT32_MAX, &count))
			return refuse(reading, "expected a number of exits in each bucket", NULL);
		times->buckets[index] = (uint32_t)count;
	}
	return true;
}

/* ---- lines ---- */

static bool read_header(const struct reading *reading, json_object *object)
{
	struct stat_facts *facts = &reading->file->facts;
	char type[16], vhart[16];
	uint64_t version;

	if (!take_text(reading, object, "type", type, sizeof(type)) ||
	    strcmp(type, "header") != 0 ||
	    !take_text(reading, object, "vhart", vhart, sizeof(vhart)) ||
	    strcmp(vhart, "stat") != 0) {
		snprintf(reading->why, STAT_FILE_WHY,
			 "it was not written by 'vhart stat --save': give a file that was");
		return false;
	}
	if (!take_number(reading, object, "version", UINT64_MAX, &version))
		return false;
	if (version != STAT_FILE_VERSION) {
		snprintf(reading->why, STAT_FILE_WHY,
			 "version %" PRIu64 " of such files, and this vhart reads %u: take the "
			 "vhart that wrote it, or save anew",
			 version, STAT_FILE_VERSION);
		return false;
	}
	return take_text(reading, object, "by", facts->vhart, sizeof(facts->vhart)) &&
	       take_text(reading, object, "kernel", facts->kernel, sizeof(facts->kernel)) &&
	       take_text(reading, object, "guest", facts->guest, sizeof(facts->guest)) &&
	       take_text(reading, object, "way", facts->way, sizeof(facts->way)) &&
	       take_number(reading, object, "realtime_ns", UINT64_MAX, &facts->realtime) &&
	       take_number(reading, object, "wall_ns", UINT64_MAX, &facts->wall) &&
	       take_number(reading, object, "vcpus", UINT32_MAX, &facts->vcpus) &&
	       take_number(reading, object, "lost", UINT64_MAX, &facts->lost) &&
	       (!has(object, "keys") ||
		take_text(reading, object, "keys", facts->keys, sizeof(facts->keys)));
}

/* One more of COUNT things of SIZE bytes at *TABLE, all zero. NULL: refused. */
static void *add_to(const struct reading *reading, void **table, size_t *count, size_t *room,
		    size_t size)
{
	if (*count == STAT_FILE_ROWS) {
		refuse(reading, "more kinds of exits than any VM has", NULL);
		return NULL;
	}
	if (*count == *room) {
		const size_t more = *room ? 2 * *room : 64;
		void *memory = realloc(*table, more * size);

		if (!memory) {
			refuse(reading, "no memory", NULL);
			return NULL;
		}
		*table = memory;
		*room = more;
	}
	return memset((char *)*table + (*count)++ * size, 0, size);
}

static struct stat_row *new_row(const struct reading *reading)
{
	struct stat_file *file = reading->file;
	void *rows = file->rows;
	struct stat_row *row = add_to(reading, &rows, &file->count, &file->room, sizeof(*row));

	file->rows = rows;
	return row;
}

static struct stat_key *new_key(const struct reading *reading)
{
	struct stat_file *file = reading->file;
	void *keys = file->keys;
	struct stat_key *key =
		add_to(reading, &keys, &file->keys_count, &file->keys_room, sizeof(*key));

	file->keys = keys;
	return key;
}

/* What exits and keys have. */
static bool read_sums(const struct reading *reading, json_object *object, struct stat_row *row)
{
	struct exit_times *times = &row->times;

	if (!take_number(reading, object, "vcpu", UINT32_MAX, &row->vcpu) ||
	    !take_text(reading, object, "reason", row->reason, sizeof(row->reason)) ||
	    !take_text(reading, object, "sub", row->sub, sizeof(row->sub)) ||
	    !take_number(reading, object, "count", UINT64_MAX, &times->count) ||
	    !take_number(reading, object, "to_vmm", times->count, &times->to_vmm) ||
	    !take_number(reading, object, "ns", UINT64_MAX, &times->ns) ||
	    !take_number(reading, object, "vmm_ns", UINT64_MAX, &times->vmm_ns) ||
	    !take_number(reading, object, "halted_ns", UINT64_MAX, &times->halted_ns) ||
	    !take_buckets(reading, object, times))
		return false;
	return times->count || refuse(reading, "a kind of exit of which there was none", NULL);
}

static bool read_row(const struct reading *reading, json_object *object)
{
	struct stat_row *row = new_row(reading);

	return row && read_sums(reading, object, row) &&
	       take_number(reading, object, "min_ns", UINT64_MAX, &row->times.min) &&
	       take_number(reading, object, "max_ns", UINT64_MAX, &row->times.max);
}

static bool read_key(const struct reading *reading, json_object *object)
{
	struct stat_key *key;

	if (!reading->file->facts.keys[0])
		return refuse(reading, "a key, and by the first line there are none", NULL);
	key = new_key(reading);
	return key && read_sums(reading, object, &key->row) &&
	       take_hex(reading, object, "value", &key->value) &&
	       take_text(reading, object, "name", key->name, sizeof(key->name));
}

static bool read_end(struct reading *reading, json_object *object)
{
	uint64_t rows, keys = 0;

	if (!take_number(reading, object, "exits", UINT64_MAX, &rows) ||
	    (has(object, "keys") && !take_number(reading, object, "keys", UINT64_MAX, &keys)))
		return false;
	reading->ended = true;
	return (rows == reading->file->count && keys == reading->file->keys_count) ||
	       refuse(reading, "lines are missing before the end: save anew", NULL);
}

static bool read_object(struct reading *reading, json_object *object)
{
	char type[16];

	if (!json_object_is_type(object, json_type_object))
		return refuse(reading, "expected a JSON object", NULL);
	if (reading->number == 1)
		return read_header(reading, object);
	if (reading->ended)
		return refuse(reading, "there is something behind the end", NULL);
	if (!take_text(reading, object, "type", type, sizeof(type)))
		return false;
	if (!strcmp(type, "exit"))
		return read_row(reading, object);
	if (!strcmp(type, "key"))
		return read_key(reading, object);
	return strcmp(type, "end") != 0 || read_end(reading, object);
}

static json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	json_object *object;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)len + 1);
	json_tokener_free(tokener);
	return object;
}

static bool read_line(struct reading *reading)
{
	size_t len = strlen(reading->text);
	json_object *object;
	bool good;

	reading->number++;
	if (!len || reading->text[len - 1] != '\n')
		return refuse(reading,
			      len >= STAT_FILE_LINE ? "it is too long"
						    : "it is cut short: save anew",
			      NULL);
	reading->text[--len] = '\0';
	object = parse(reading->text, len);
	if (!object)
		return refuse(reading, "expected a JSON object", NULL);
	good = read_object(reading, object);
	json_object_put(object);
	return good;
}

bool stat_file_read(FILE *in, struct stat_file *file, char why[STAT_FILE_WHY])
{
	struct reading reading = {.in = in, .file = file, .why = why};

	while (fgets(reading.text, sizeof(reading.text), in))
		if (!read_line(&reading))
			return false;
	if (!reading.number)
		snprintf(why, STAT_FILE_WHY, "%s",
			 ferror(in) ? "it cannot be read" : "it is empty: save anew");
	else if (ferror(in))
		refuse(&reading, "it cannot be read behind it", NULL);
	else if (!reading.ended)
		refuse(&reading, "the end is missing behind it: save anew", NULL);
	else
		return true;
	return false;
}

void stat_file_free(struct stat_file *file)
{
	free(file->rows);
	free(file->keys);
	*file = (struct stat_file){.rows = NULL};
}
