/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_file.h"

#include <errno.h>

#include "trace/record/recording_packed.h"

#define NAMES_LIMIT (16u << 20)

/* A symbol that was written. */
struct named {
	uint64_t vm, start;
};

void record_file_line(struct record_file *file)
{
	char text[RECORDING_LINE];
	size_t size = recording_write(&file->line, text);

	fwrite(text, 1, size, file->out);
}

/* That there is such a VM, before all else of it. FILE's line is another one then. */
static void write_vm(struct record_file *file, struct record_vm *vm)
{
	if (!vm->is.vm || vm->written)
		return;
	vm->written = true;
	file->line.type = RECORDING_VM;
	file->line.vm = vm->is;
	record_file_line(file);
}

void record_file_line_of(struct record_file *file, struct record_vm *vm)
{
	if (vm->is.vm && !vm->written) {
		const struct recording_line line = file->line;

		write_vm(file, vm);
		file->line = line;
	}
	record_file_line(file);
}

/* The function of VM that ADDRESS is in, if it has not been written yet. */
static void write_symbol(struct record_file *file, struct record_vm *vm, uint64_t address)
{
	struct recording_symbol *symbol = &file->line.symbol;
	uint32_t count = file->named.count, number;
	struct symbol_place place;

	if (!symbols_lookup(&vm->symbols, address, &place) ||
	    intern_add(&file->named, &(struct named){vm->is.vm, place.start}, sizeof(struct named),
		       &number) != 0 ||
	    number < count)
		return;
	file->line.type = RECORDING_SYMBOL;
	*symbol = (struct recording_symbol){
		.vm = vm->is.vm, .start = place.start, .size = place.size};
	snprintf(symbol->name, sizeof(symbol->name), "%s", place.name);
	snprintf(symbol->module, sizeof(symbol->module), "%s", place.module);
	record_file_line(file);
}

bool record_file_sample(struct record_file *file, struct record_vm *vm,
			const struct recording_sample *sample)
{
	uint8_t packed[RECORDING_LINE];
	size_t size;

	write_vm(file, vm);
	write_symbol(file, vm, sample->pc);
	/* A call may be the last instruction of its function: what is behind it is not in it. */
	for (uint64_t i = 0; i < sample->depth; i++) {
		write_symbol(file, vm, sample->callers[i] - 1);
		write_symbol(file, vm, sample->callers[i]);
	}
	size = recording_pack(file->packer, sample, packed);
	if (!size)
		errno = ENOMEM;
	else
		fwrite(packed, 1, size, file->out);
	return size > 0;
}

bool record_file_begin(struct record_file *file, FILE *out, const struct recording_header *header,
		       const struct record_vms *vms)
{
	file->out = out;
	file->budget.left = NAMES_LIMIT;
	file->named.budget = &file->budget;
	file->packer = recording_packer_new();
	if (!file->packer)
		return false;
	file->line.type = RECORDING_HEADER;
	file->line.header = *header;
	record_file_line(file);
	for (uint32_t i = 0; i < vms->count; i++) {
		vms->vms[i]->written = false;
		write_vm(file, vms->vms[i]);
	}
	return true;
}

void record_file_end(struct record_file *file)
{
	intern_free(&file->named);
	recording_packer_free(file->packer);
	file->named = (struct intern){0};
	file->packer = NULL;
}
