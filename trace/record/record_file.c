/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_file.h"

#include <errno.h>

#include "trace/record/recording_packed.h"

void record_file_line(struct record_file *file)
{
	char text[RECORDING_LINE];
	size_t size = recording_write(&file->line, text);

	fwrite(text, 1, size, file->out);
}

static void write_this(void *opaque)
{
	record_file_line(opaque);
}

/* That there is such a VM, before all else of it; its names begin. FILE's line is another one then.
 */
static void begin_vm(struct record_file *file, struct record_vm *vm)
{
	if (vm->written)
		return;
	vm->written = true;
	vm->names = (struct record_names){.vm = vm->is.vm,
					  .symbols = &vm->symbols,
					  .modules = vm->modules,
					  .write = write_this,
					  .opaque = file,
					  .line = &file->line};
	record_names_begin(&vm->names);
	if (!vm->is.vm)
		return;
	file->line.type = RECORDING_VM;
	file->line.vm = vm->is;
	record_file_line(file);
}

void record_file_line_of(struct record_file *file, struct record_vm *vm)
{
	if (!vm->written) {
		const struct recording_line line = file->line;

		begin_vm(file, vm);
		file->line = line;
	}
	record_file_line(file);
}

bool record_file_sample(struct record_file *file, struct record_vm *vm,
			const struct recording_sample *sample)
{
	uint8_t packed[RECORDING_LINE];
	size_t size;

	begin_vm(file, vm);
	record_names_put(&vm->names, sample->pc);
	/* A call may be the last instruction of its function: what is behind it is not in it. */
	for (uint64_t i = 0; i < sample->depth; i++) {
		record_names_put(&vm->names, sample->callers[i] - 1);
		record_names_put(&vm->names, sample->callers[i]);
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
	file->vms = vms;
	file->packer = recording_packer_new();
	if (!file->packer)
		return false;
	file->line.type = RECORDING_HEADER;
	file->line.header = *header;
	record_file_line(file);
	for (uint32_t i = 0; i < vms->count; i++)
		begin_vm(file, vms->vms[i]);
	return true;
}

void record_file_end(struct record_file *file)
{
	for (uint32_t i = 0; file->vms && i < file->vms->count; i++) {
		record_names_end(&file->vms->vms[i]->names);
		file->vms->vms[i]->written = false;
	}
	recording_packer_free(file->packer);
	file->packer = NULL;
	file->vms = NULL;
}
