/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracefs' format files and records of a ring. The first byte chooses: a format file is read as it
 * is, behind its good ones, and the records go by what it says; or all four are good. Then records,
 * each with a byte for its length; the header is made to fit, its type and misc are the input's.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/sources/perf_records.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static const char *const good[PERF_TRACEPOINTS] = {
	"name: kvm_entry\nID: 11\nformat:\n\tfield:unsigned long "
	"pc;\toffset:8;\tsize:8;\tsigned:0;\n",
	"name: kvm_exit\nID: 12\nformat:\n"
	"\tfield:unsigned long sepc;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long scause;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long stval;\toffset:24;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long htval;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long htinst;\toffset:40;\tsize:8;\tsigned:0;\n",
	"name: kvm_userspace_exit\nID: 13\nformat:\n"
	"\tfield:__u32 reason;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:int errno;\toffset:12;\tsize:4;\tsigned:1;\n",
	"name: kvm_vcpu_wakeup\nID: 14\nformat:\n\tfield:__u64 "
	"ns;\toffset:8;\tsize:8;\tsigned:0;\n",
};

/* Takes the text up to a NUL or the end; the caller frees it. */
static char *take_text(const uint8_t **data, size_t *size)
{
	const uint8_t *nul = memchr(*data, 0, *size);
	size_t len = nul ? (size_t)(nul - *data) : *size;
	char *text = strndup((const char *)*data, len);

	require(text != NULL);
	*data += len + (nul != NULL);
	*size -= len + (nul != NULL);
	return text;
}

/* False: the formats are not usable. */
static int choose_formats(struct perf_formats *formats, const uint8_t **data, size_t *size)
{
	const char *texts[PERF_TRACEPOINTS];
	unsigned int choice = (*data)[0] % (PERF_TRACEPOINTS + 1);
	const char *missing;
	char *text = NULL;

	++*data;
	--*size;
	memcpy(texts, good, sizeof(texts));
	if (choice < PERF_TRACEPOINTS)
		texts[choice] = text = take_text(data, size);
	missing = perf_formats_read(formats, texts);
	free(text);
	require(!missing || *missing);
	return !missing;
}

/* A record of exactly its length, so that a sanitizer sees what lies behind. */
static void read_record(const struct perf_formats *formats, const uint8_t *bytes, size_t len)
{
	struct perf_event_header *record = malloc(sizeof(*record) + len);
	struct vcpu_event event = {0};
	uint8_t kind = len ? bytes[0] : 0;

	require(record != NULL);
	memcpy(record + 1, bytes, len);
	*record = (struct perf_event_header){
		.type = kind % (PERF_RECORD_SWITCH_CPU_WIDE + 3),
		.misc = (uint16_t)(kind << 8),
		.size = (uint16_t)(sizeof(*record) + len),
	};
	perf_record_read(formats, record, &event);
	free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct perf_formats formats;

	if (!size || !choose_formats(&formats, &data, &size))
		return 0;
	while (size) {
		size_t len = *data++ % (PERF_RECORDS_LARGEST - sizeof(struct perf_event_header));

		size--;
		if (len > size)
			len = size;
		read_record(&formats, data, len);
		data += len;
		size -= len;
	}
	return 0;
}
