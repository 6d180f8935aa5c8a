/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a function, says where it is as perf wants it (/tmp/perf-PID.map), and runs it for ever. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* 1: addi a0, a0, -1; bnez a0, 1b; ret */
static const uint32_t loop[] = {0xfff50513, 0xfe051ee3, 0x00008067};

int main(void)
{
	char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void (*made)(uint64_t rounds);
	char path[64];
	FILE *map;

	if (code == MAP_FAILED)
		return 1;
	memcpy(code + 64, loop, sizeof(loop));
	__builtin___clear_cache(code, code + 4096);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	map = fopen(path, "w");
	if (!map)
		return 1;
	fprintf(map, "%lx 1000 older_code\n%lx %zx made_loop\n", (unsigned long)code,
		(unsigned long)code + 64, sizeof(loop));
	fclose(map);
	code += 64;
	memcpy(&made, &code, sizeof(made));
	for (;;)
		made(1000000);
}
