/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/target_xml.h"

/* As riscv-tdep.h of gdb counts: the table's first number of each kind. */
static const unsigned int first_number[REGISTER_KINDS] = {
	[REGISTER_GENERAL] = 0, [REGISTER_PC] = 32,	[REGISTER_FLOAT] = 33,
	[REGISTER_CSR] = 65,	[REGISTER_PRIV] = 4161, [REGISTER_VECTOR] = 4162,
};

enum { CSR_FCSR = 3 };

enum feature { FEATURE_CPU, FEATURE_FPU, FEATURE_VECTOR, FEATURE_CSR, FEATURE_VIRTUAL, FEATURES };

static const char *const feature_names[FEATURES] = {
	[FEATURE_CPU] = "cpu", [FEATURE_FPU] = "fpu",	      [FEATURE_VECTOR] = "vector",
	[FEATURE_CSR] = "csr", [FEATURE_VIRTUAL] = "virtual",
};

static enum feature feature_of(const struct hart_register *which)
{
	static const enum feature of_kind[REGISTER_KINDS] = {
		[REGISTER_GENERAL] = FEATURE_CPU,   [REGISTER_PC] = FEATURE_CPU,
		[REGISTER_FLOAT] = FEATURE_FPU,	    [REGISTER_CSR] = FEATURE_CSR,
		[REGISTER_VECTOR] = FEATURE_VECTOR, [REGISTER_PRIV] = FEATURE_VIRTUAL,
	};

	if (which->kind == REGISTER_CSR && which->number == CSR_FCSR)
		return FEATURE_FPU;
	return of_kind[which->kind];
}

static const char *type_of(const struct hart_register *which)
{
	/* By their ABI's use, so that gdb shows what they point to. */
	static const char *const general[] = {
		[1] = "code_ptr", [2] = "data_ptr", [3] = "data_ptr", [4] = "data_ptr"};

	switch (which->kind) {
	case REGISTER_GENERAL: return which->number - 1u < 4 ? general[which->number] : "int";
	case REGISTER_PC: return "code_ptr";
	case REGISTER_FLOAT: return "ieee_double";
	case REGISTER_VECTOR: return "riscv_vector";
	default: return "int";
	}
}

unsigned int gdb_number_of(const struct hart_register *which)
{
	return first_number[which->kind] + which->number;
}

const struct hart_register *gdb_register_numbered(unsigned int number)
{
	const struct hart_register *found = NULL;

	for (unsigned int kind = 0; kind < REGISTER_KINDS && !found; kind++)
		if (number >= first_number[kind])
			found = register_numbered((enum register_kind)kind,
						  number - first_number[kind]);
	return found;
}

static void write_register(FILE *to, const struct hart_register *which, size_t size)
{
	fprintf(to, "<reg name=\"%s\" bitsize=\"%zu\" type=\"%s\" regnum=\"%u\"/>\n", which->name,
		8 * size, type_of(which), gdb_number_of(which));
}

/* By their elements, as gdb's own descriptions have them. */
static void write_vector_types(FILE *to, size_t bytes)
{
	static const struct {
		const char *id, *type, *field;
		unsigned int size;
	} parts[] = {{"bytes", "uint8", "b", 1},
		     {"shorts", "uint16", "s", 2},
		     {"words", "uint32", "w", 4},
		     {"longs", "uint64", "l", 8}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		fprintf(to, "<vector id=\"%s\" type=\"%s\" count=\"%zu\"/>\n", parts[i].id,
			parts[i].type, bytes / parts[i].size);
	fprintf(to, "<union id=\"riscv_vector\">\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		fprintf(to, "<field name=\"%s\" type=\"%s\"/>\n", parts[i].field, parts[i].id);
	fprintf(to, "</union>\n");
}

static void write_feature(FILE *to, enum feature feature, gdb_register_size *size, void *context)
{
	const struct hart_register *which;
	bool begun = false;

	for (size_t i = 0; (which = register_at(i)) != NULL; i++) {
		const size_t bytes = feature_of(which) == feature ? size(context, which) : 0;

		if (bytes == 0)
			continue;
		if (!begun)
			fprintf(to, "<feature name=\"org.gnu.gdb.riscv.%s\">\n",
				feature_names[feature]);
		if (!begun && feature == FEATURE_VECTOR)
			write_vector_types(to, bytes);
		begun = true;
		write_register(to, which, bytes);
	}
	if (begun)
		fprintf(to, "</feature>\n");
}

/* No OS: for GNU/Linux, its default, gdb takes steps by breakpoints of its own, where harts that it
 * does not mean can run into, and offers what only a process has. */
void gdb_write_target_xml(FILE *to, gdb_register_size *size, void *context)
{
	fprintf(to, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
		    "<target version=\"1.0\">\n<architecture>riscv:rv64</architecture>\n"
		    "<osabi>none</osabi>\n");
	for (unsigned int feature = 0; feature < FEATURES; feature++)
		write_feature(to, (enum feature)feature, size, context);
	fprintf(to, "</target>\n");
}
