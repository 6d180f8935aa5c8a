/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/export/json_text.h"
#include "trace/names/exit_names.h"
#include "trace/stat/stat_file.h"
#include "trace/stat/stat_lines.h"

struct file_line {
	struct json_line line;
	char text[STAT_FILE_LINE];
};

static struct json_line *begin_line(struct file_line *to, const char *type)
{
	json_line_begin(&to->line, to->text, sizeof(to->text));
	json_line_string(&to->line, "type", type);
	return &to->line;
}

static void end_line(struct file_line *line, FILE *out)
{
	const size_t size = json_line_end(&line->line);

	fwrite(line->text, 1, size, out);
}

/* NULL: no keys. */
static const char *keys_word(enum stat_by by)
{
	static const char *const words[] = {
		[BY_REASON] = NULL, [BY_SBI] = NULL,  [BY_MMIO] = "mmio",
		[BY_CSR] = "csr",   [BY_VCPU] = NULL, [BY_PC] = "pc",
	};

	return words[by];
}

static void write_header(FILE *out, const struct stat_facts *facts, const struct stat_view *view,
			 const struct stat_sample *sample)
{
	struct file_line file_line;
	struct json_line *line = begin_line(&file_line, "header");
	uint64_t vcpus = 0;

	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		vcpus += sample->vcpus[i].first != 0;
	json_line_string(line, "vhart", "stat");
	json_line_uint(line, "version", STAT_FILE_VERSION);
	json_line_string(line, "by", facts->vhart);
	json_line_string(line, "kernel", facts->kernel);
	json_line_string(line, "guest", facts->guest);
	json_line_string(line, "way", facts->way);
	json_line_uint(line, "realtime_ns", facts->realtime);
	json_line_uint(line, "wall_ns", facts->wall);
	json_line_uint(line, "vcpus", vcpus);
	json_line_uint(line, "lost", facts->lost);
	if (keys_word(view->by))
		json_line_string(line, "keys", keys_word(view->by));
	end_line(&file_line, out);
}

static void write_vcpu(FILE *out, const struct exit_vcpu *vcpu)
{
	struct file_line file_line;
	struct json_line *line = begin_line(&file_line, "vcpu");

	json_line_uint(line, "vcpu", vcpu->vcpu_id);
	json_line_uint(line, "exits", vcpu->exits);
	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		char name[16];

		snprintf(name, sizeof(name), "%s_ns", vcpu_state_name((enum vcpu_state)state));
		json_line_uint(line, name, vcpu->ns[state]);
	}
	end_line(&file_line, out);
}

static void put_name(struct json_line *line, const struct exit_vcpu *vcpu, uint32_t row)
{
	const struct exit_name name = exit_name(row);

	json_line_uint(line, "vcpu", vcpu->vcpu_id);
	json_line_string(line, "reason", name.reason);
	json_line_string(line, "sub", name.sub);
}

static void put_sums(struct json_line *line, const struct exit_times *times)
{
	json_line_uint(line, "count", times->count);
	json_line_uint(line, "to_vmm", times->to_vmm);
	json_line_uint(line, "ns", times->ns);
	json_line_uint(line, "vmm_ns", times->vmm_ns);
	json_line_uint(line, "halted_ns", times->halted_ns);
}

static void put_buckets(struct json_line *line, const struct exit_times *times)
{
	json_line_object(line, "buckets");
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++) {
		char bucket[12];

		if (!times->buckets[i])
			continue;
		snprintf(bucket, sizeof(bucket), "%u", i);
		json_line_uint(line, bucket, times->buckets[i]);
	}
	json_line_close(line);
}

static void write_row(FILE *out, const struct exit_vcpu *vcpu, uint32_t row,
		      const struct exit_times *times)
{
	struct file_line file_line;
	struct json_line *line = begin_line(&file_line, "exit");

	put_name(line, vcpu, row);
	put_sums(line, times);
	json_line_uint(line, "min_ns", times->min);
	json_line_uint(line, "max_ns", times->max);
	put_buckets(line, times);
	end_line(&file_line, out);
}

/* Minimum and maximum are of the last interval alone. */
static void write_key(FILE *out, const struct stat_view *view, const struct exit_vcpu *vcpu,
		      const struct stat_keyed *key)
{
	struct file_line file_line;
	struct json_line *line = begin_line(&file_line, "key");
	char name[sizeof(((struct stat_key *)0)->name)];

	put_name(line, vcpu, key->name.row);
	json_line_hex(line, "value", key->name.value);
	json_line_string(line, "name",
			 stat_key_name(view, vcpu, key->name.value, name, sizeof(name)));
	put_sums(line, &key->times);
	put_buckets(line, &key->times);
	end_line(&file_line, out);
}

/* How many. */
static uint64_t write_keys(FILE *out, const struct stat_view *view,
			   const struct stat_sample *sample)
{
	uint64_t keys = 0;

	for (size_t i = 0; keys_word(view->by) && i < sample->keyed_count; i++) {
		const struct stat_keyed *key = &sample->keyed[i];

		if (key->name.vcpu >= sample->vcpu_count || !key->times.count)
			continue;
		write_key(out, view, &sample->vcpus[key->name.vcpu], key);
		keys++;
	}
	return keys;
}

bool stat_file_write(FILE *out, const struct stat_facts *facts, const struct stat_view *view,
		     const struct stat_sample *sample)
{
	struct file_line file_line;
	uint64_t rows = 0, keys;

	write_header(out, facts, view, sample);
	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		if (!sample->vcpus[i].first)
			continue;
		write_vcpu(out, &sample->vcpus[i]);
		for (uint32_t row = 0; row < EXIT_ROWS; row++) {
			const struct exit_times *times = &sample->times[i * EXIT_TIMES + row];

			if (!times->count)
				continue;
			write_row(out, &sample->vcpus[i], row, times);
			rows++;
		}
	}
	keys = write_keys(out, view, sample);
	json_line_uint(begin_line(&file_line, "end"), "exits", rows);
	if (keys)
		json_line_uint(&file_line.line, "keys", keys);
	end_line(&file_line, out);
	return !ferror(out);
}
