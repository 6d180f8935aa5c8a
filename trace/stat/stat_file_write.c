/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/export/json_text.h"
#include "trace/names/exit_names.h"
#include "trace/stat/stat_file.h"

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

static void write_header(FILE *out, const struct stat_facts *facts,
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

static void write_row(FILE *out, const struct exit_vcpu *vcpu, uint32_t row,
		      const struct exit_times *times)
{
	struct file_line file_line;
	struct json_line *line = begin_line(&file_line, "exit");
	const struct exit_name name = exit_name(row);

	json_line_uint(line, "vcpu", vcpu->vcpu_id);
	json_line_string(line, "reason", name.reason);
	json_line_string(line, "sub", name.sub);
	json_line_uint(line, "count", times->count);
	json_line_uint(line, "to_vmm", times->to_vmm);
	json_line_uint(line, "ns", times->ns);
	json_line_uint(line, "vmm_ns", times->vmm_ns);
	json_line_uint(line, "halted_ns", times->halted_ns);
	json_line_uint(line, "min_ns", times->min);
	json_line_uint(line, "max_ns", times->max);
	json_line_object(line, "buckets");
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++) {
		char bucket[12];

		if (!times->buckets[i])
			continue;
		snprintf(bucket, sizeof(bucket), "%u", i);
		json_line_uint(line, bucket, times->buckets[i]);
	}
	json_line_close(line);
	end_line(&file_line, out);
}

bool stat_file_write(FILE *out, const struct stat_facts *facts, const struct stat_sample *sample)
{
	struct file_line file_line;
	uint64_t rows = 0;

	write_header(out, facts, sample);
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
	json_line_uint(begin_line(&file_line, "end"), "exits", rows);
	end_line(&file_line, out);
	return !ferror(out);
}
