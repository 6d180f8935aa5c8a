/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/printable_text.h"

#include "tests/unit/fixtures/sample_profile.h"
#include "trace/export/export.h"

#define PLENTY (64ul << 20)

typedef int exporter(struct profile *profile, const struct export_options *options, FILE *to);

static exporter *const exporters[] = {export_folded, export_flamegraph, export_pprof};

static const struct export_options by_count = {.labels_as_roots = true};
static const struct export_options by_time = {.weight = EXPORT_HOST_NS};

static char *exported(exporter *export, struct profile *profile,
		      const struct export_options *options, size_t *size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, size);

	assert_int_equal(export(profile, options, to), 0);
	fclose(to);
	return text;
}

static void folded_stacks_are_the_words_of_the_format(void **state)
{
	struct profile *profile = profile_new(PLENTY);
	size_t size;
	char *text;

	(void)state;
	sample_add_small(profile);
	text = exported(export_folded, profile, &by_count, &size);
	assert_string_equal(text,
			    "web1;vcpu0;[guest.kernel];start_kernel;do_idle;arch_cpu_idle 40\n"
			    "web1;vcpu0;[guest.kernel];start_kernel;do_idle;sbi_set_timer;"
			    "exit:sbi time.set_timer 21\n"
			    "web1;vcpu1;[guest.user];[unknown] 9\n"
			    "web1;vcpu1;[guest.user];main;std::sort<a: b> 30\n");
	free(text);
	text = exported(export_folded, profile,
			&(struct export_options){.labels_as_roots = true, .vcpus_together = true},
			&size);
	assert_string_equal(text, "web1;[guest.kernel];start_kernel;do_idle;arch_cpu_idle 40\n"
				  "web1;[guest.kernel];start_kernel;do_idle;sbi_set_timer;"
				  "exit:sbi time.set_timer 21\n"
				  "web1;[guest.user];[unknown] 9\n"
				  "web1;[guest.user];main;std::sort<a: b> 30\n");
	free(text);
	text = exported(export_folded, profile, &by_time, &size);
	assert_string_equal(text,
			    "[unknown] 9000000\n"
			    "main;std::sort<a: b> 30000000\n"
			    "start_kernel;do_idle;arch_cpu_idle 40000000\n"
			    "start_kernel;do_idle;sbi_set_timer;exit:sbi time.set_timer 54600\n");
	free(text);
	profile_free(profile);
}

static void vcpus_are_added_up_where_wanted(void **state)
{
	const struct export_options together = {.labels_as_roots = true, .vcpus_together = true};
	struct profile *profile = profile_new(PLENTY);
	size_t size;
	char *text;

	(void)state;
	for (int32_t vcpu = 0; vcpu < 2; vcpu++) {
		const struct profile_frame frame = {"f", 0, PROFILE_GUEST_KERNEL};
		const struct profile_labels labels = {
			.vm = "web1", .vcpu = vcpu, .mode = PROFILE_GUEST_KERNEL};

		assert_int_equal(profile_add(profile, &frame, 1, &labels,
					     (struct profile_values){.count = 3 + (uint64_t)vcpu}),
				 0);
	}
	text = exported(export_folded, profile, &together, &size);
	assert_string_equal(text, "web1;[guest.kernel];f 7\n");
	free(text);
	text = exported(export_folded, profile, &by_count, &size);
	assert_string_equal(text, "web1;vcpu0;[guest.kernel];f 3\nweb1;vcpu1;[guest.kernel];f 4\n");
	free(text);
	profile_free(profile);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line a stack whatever is in the names: the numbers add up, and no path is there twice. */
static void folded_sums_are_the_total(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 20; seed++) {
		struct profile *profile = profile_new(PLENTY);
		struct profile_values total = sample_add_random(profile, seed, 200);
		char *lines[200], *rest, *text;
		size_t count = 0, size;
		uint64_t sum = 0;

		text = exported(export_folded, profile, seed % 2 ? &by_count : &by_time, &size);
		for (char *line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			char *number = strrchr(line, ' ');

			assert_true(count < 200);
			assert_non_null(number);
			assert_true(number > line);
			sum += strtoull(number + 1, NULL, 10);
			*number = '\0';
			lines[count++] = line;
		}
		assert_int_equal(sum, seed % 2 ? total.count : total.host_ns);
		qsort(lines, count, sizeof(lines[0]), compare_lines);
		for (size_t i = 1; i < count; i++)
			assert_string_not_equal(lines[i - 1], lines[i]);
		free(text);
		profile_free(profile);
	}
}

struct box {
	uint64_t start, width;
	unsigned int depth;
	double x, w, y;
};

static size_t read_boxes(const char *svg, struct box *boxes, size_t room)
{
	size_t count = 0;

	for (const char *at = strstr(svg, "<svg class=\"f\""); at;
	     at = strstr(at + 1, "<svg class=\"f\"")) {
		struct box *box = &boxes[count++];

		assert_true(count <= room);
		assert_int_equal(sscanf(at,
					"<svg class=\"f\" data-s=\"%" SCNu64 "\" data-w=\"%" SCNu64
					"\" data-d=\"%u\" x=\"%lf%%\" y=\"%lf\" width=\"%lf%%\"",
					&box->start, &box->width, &box->depth, &box->x, &box->y,
					&box->w),
				 6);
	}
	return count;
}

/* Every box lies inside one of the row below, boxes of a row do not overlap, and widths are shares.
 */
static void boxes_of_a_flame_graph_lie_on_their_callers(void **state)
{
	static struct box boxes[4000];

	(void)state;
	for (uint32_t seed = 0; seed < 20; seed++) {
		struct profile *profile = profile_new(PLENTY);
		struct profile_values total = sample_add_random(profile, seed, 200);
		uint64_t all = seed % 2 ? total.count : total.host_ns;
		size_t size, count;
		char *svg = exported(export_flamegraph, profile, seed % 2 ? &by_count : &by_time,
				     &size);

		count = read_boxes(svg, boxes, 4000);
		assert_true(count > 100);
		assert_int_equal(boxes[0].width, all);
		for (size_t i = 0; i < count; i++) {
			const struct box *box = &boxes[i];
			double exact = 100.0 * (double)box->width / (double)all;
			unsigned int below = 0;

			assert_true(box->w > exact - 0.00011 && box->w < exact + 0.00011);
			for (size_t j = 0; j < count; j++) {
				const struct box *other = &boxes[j];

				if (i != j && other->depth == box->depth)
					assert_true(other->start >= box->start + box->width ||
						    box->start >= other->start + other->width);
				if (other->depth + 1 == box->depth && other->start <= box->start &&
				    other->start + other->width >= box->start + box->width &&
				    other->x <= box->x + 0.00001 &&
				    other->x + other->w >= box->x + box->w - 0.00001 &&
				    other->y > box->y)
					below++;
			}
			assert_int_equal(below, box->depth > 0);
		}
		free(svg);
		profile_free(profile);
	}
}

static void names_in_a_flame_graph_are_only_text(void **state)
{
	struct profile *profile = profile_new(PLENTY);
	struct export_options options = by_count;
	size_t size, scripts = 0;
	char *svg;

	(void)state;
	options.title = "<script>&\"]]>\033\xc3\xbc";
	options.subtitle = "</desc><script>]]>\033\xc3\xbc";
	options.counts = "</title>";
	sample_add_random(profile, 1, 500);
	svg = exported(export_flamegraph, profile, &options, &size);
	assert_printable(svg);
	for (const char *at = strstr(svg, "<script"); at; at = strstr(at + 1, "<script"))
		scripts++;
	assert_int_equal(scripts, 1);
	assert_non_null(strstr(svg, ">&lt;script&gt;&amp;&quot;]]&gt;\\x1b\xc3\xbc</title>"));
	assert_non_null(strstr(svg, ">&lt;/desc&gt;&lt;script&gt;]]&gt;\\x1b\xc3\xbc</text>"));
	assert_ptr_equal(strstr(svg, "]]>"), strstr(svg, "]]></style>"));
	assert_ptr_equal(strstr(strstr(svg, "]]>") + 1, "]]>"), strstr(svg, "]]></script>"));
	free(svg);
	profile_free(profile);
}

static void an_empty_profile_is_exported(void **state)
{
	struct profile *profile = profile_new(PLENTY);
	size_t size;
	char *text = exported(export_folded, profile, &by_count, &size);

	(void)state;
	assert_int_equal(size, 0);
	free(text);
	text = exported(export_flamegraph, profile, &by_count, &size);
	assert_non_null(strstr(text, "no samples"));
	free(text);
	text = exported(export_pprof, profile, &by_count, &size);
	assert_true(size > 0);
	free(text);
	profile_free(profile);
}

static void the_order_of_arrival_changes_no_byte(void **state)
{
	struct profile *a = profile_new(PLENTY), *b = profile_new(PLENTY);

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		sample_add_random(a, i, 5);
		sample_add_random(b, 39 - i, 5);
	}
	for (size_t i = 0; i < sizeof(exporters) / sizeof(exporters[0]); i++) {
		size_t one_size, other_size;
		char *one = exported(exporters[i], a, &by_count, &one_size);
		char *other = exported(exporters[i], b, &by_count, &other_size);

		assert_int_equal(one_size, other_size);
		assert_memory_equal(one, other, one_size);
		free(one);
		free(other);
	}
	profile_free(a);
	profile_free(b);
}

static void a_full_disk_is_told(void **state)
{
	struct profile *profile = profile_new(PLENTY);

	(void)state;
	sample_add_small(profile);
	for (size_t i = 0; i < sizeof(exporters) / sizeof(exporters[0]); i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		assert_int_equal(exporters[i](profile, &by_count, full), -ENOSPC);
		fclose(full);
	}
	profile_free(profile);
}

/* As many samples as fit: exports then end well or say that there is no room, and leak nothing. */
static void a_profile_at_its_limit_is_exported_or_refused(void **state)
{
	static const struct profile_labels labels = {.vcpu = 0};

	(void)state;
	for (size_t limit = 0; limit < 20000; limit += 500) {
		struct profile *profile = profile_new(limit);

		for (unsigned int i = 0; i < 100; i++) {
			char name[16];
			struct profile_frame frames[] = {{name, 0, PROFILE_GUEST_KERNEL}};

			snprintf(name, sizeof(name), "f%u", i);
			(void)!profile_add(profile, frames, 1, &labels,
					   (struct profile_values){.count = 1});
		}
		for (size_t i = 0; i < sizeof(exporters) / sizeof(exporters[0]); i++) {
			FILE *to = fopen("/dev/null", "w");
			int error = exporters[i](profile, &by_count, to);

			assert_true(error == 0 || error == -ENOSPC);
			fclose(to);
		}
		profile_free(profile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded_stacks_are_the_words_of_the_format),
		cmocka_unit_test(vcpus_are_added_up_where_wanted),
		cmocka_unit_test(folded_sums_are_the_total),
		cmocka_unit_test(boxes_of_a_flame_graph_lie_on_their_callers),
		cmocka_unit_test(names_in_a_flame_graph_are_only_text),
		cmocka_unit_test(an_empty_profile_is_exported),
		cmocka_unit_test(the_order_of_arrival_changes_no_byte),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_profile_at_its_limit_is_exported_or_refused),
	};

	return cmocka_run_group_tests_name("export_profile", tests, NULL, NULL);
}
