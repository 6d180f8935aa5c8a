/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "tests/unit/sample_profile.h"

static void add(struct profile *profile, const struct profile_labels *labels,
		const struct profile_frame *frames, size_t depth, uint64_t count, uint64_t host_ns)
{
	int error = profile_add(profile, frames, depth, labels,
				(struct profile_values){.count = count, .host_ns = host_ns});

	assert(!error);
	(void)error;
}

void sample_add_small(struct profile *profile)
{
	static const struct profile_labels kernel = {"web1", 0, PROFILE_GUEST_KERNEL, NULL};
	static const struct profile_labels call = {"web1", 0, PROFILE_GUEST_KERNEL,
						   "sbi time.set_timer"};
	static const struct profile_labels user = {"web1", 1, PROFILE_GUEST_USER, NULL};
	static const struct profile_frame idle[] = {
		{"arch_cpu_idle", 0xffffffff80006e30, PROFILE_GUEST_KERNEL},
		{"do_idle", 0xffffffff80055a10, PROFILE_GUEST_KERNEL},
		{"start_kernel", 0xffffffff80800a5c, PROFILE_GUEST_KERNEL},
	};
	static const struct profile_frame timer[] = {
		{"exit:sbi time.set_timer", 0, PROFILE_EXIT},
		{"sbi_set_timer", 0xffffffff80012a4c, PROFILE_GUEST_KERNEL},
		{"do_idle", 0xffffffff80055a18, PROFILE_GUEST_KERNEL},
		{"start_kernel", 0xffffffff80800a5c, PROFILE_GUEST_KERNEL},
	};
	static const struct profile_frame sort[] = {
		{"std::sort<a; b>", 0x10a52, PROFILE_GUEST_USER},
		{"main", 0x10400, PROFILE_GUEST_USER},
	};
	static const struct profile_frame unknown[] = {{NULL, 0x3f8e1c0a52, PROFILE_GUEST_USER}};

	add(profile, &user, sort, 2, 30, 30000000);
	add(profile, &kernel, idle, 3, 40, 40000000);
	add(profile, &call, timer, 4, 20, 52600);
	add(profile, &user, unknown, 1, 9, 9000000);
	add(profile, &call, timer, 4, 1, 2000);
}

uint32_t sample_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

void sample_hostile_name(uint32_t *state, char *to, size_t room)
{
	static const char *const pieces[] = {
		";",
		"\n",
		"\r",
		" ",
		"<",
		"&",
		"]]>",
		"\"",
		"'",
		"\\",
		"\x7f",
		"\x1b[31m",
		"\xc0\x80",
		"\xff",
		"%s%n",
		"\xe2\x80\xa8",
		"\xed\xa0\x80",
		"\xef\xbf\xbf",
		"\xc2\x85",
		"é",
		"名",
		"</title>",
		"🙂",
		"(1, 2)",
		"name",
		"x",
		"\x01",
		"\xe5",
		"<script>",
		"all",
	};
	size_t used = 0;

	for (uint32_t left = sample_random(state) % 8; left > 0; left--) {
		const char *piece =
			pieces[sample_random(state) % (sizeof(pieces) / sizeof(pieces[0]))];
		size_t size = strlen(piece);

		if (used + size >= room)
			break;
		memcpy(to + used, piece, size);
		used += size;
	}
	to[used] = '\0';
}

struct profile_values sample_add_random(struct profile *profile, uint32_t seed,
					unsigned int samples)
{
	struct profile_values sum = {0};

	for (unsigned int i = 0; i < samples; i++) {
		char names[12][64], vm[64], reason[64];
		struct profile_frame frames[12];
		size_t depth = sample_random(&seed) % 12;
		uint64_t count = sample_random(&seed) % 100, ns = sample_random(&seed);
		struct profile_labels labels = {
			.vm = sample_random(&seed) % 2 ? vm : NULL,
			.vcpu = (int32_t)(sample_random(&seed) % 4) - 1,
			.mode = (enum profile_kind)(sample_random(&seed) % PROFILE_EXIT),
			.reason = sample_random(&seed) % 2 ? reason : NULL,
		};

		sample_hostile_name(&seed, vm, sizeof(vm));
		sample_hostile_name(&seed, reason, sizeof(reason));
		for (size_t j = 0; j < depth; j++) {
			sample_hostile_name(&seed, names[j], sizeof(names[j]));
			frames[j] = (struct profile_frame){
				.name = names[j],
				.address = sample_random(&seed) % 3,
				.kind = (enum profile_kind)(sample_random(&seed) % PROFILE_KINDS),
			};
		}
		add(profile, &labels, frames, depth, count, ns);
		sum.count += count;
		sum.host_ns += ns;
	}
	return sum;
}
