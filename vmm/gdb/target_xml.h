/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target description (gdb manual, "RISC-V Features"): which registers a hart has, and gdb's
 * numbers of them. Pure.
 */
#ifndef VHART_GDB_TARGET_XML_H
#define VHART_GDB_TARGET_XML_H

#include <stddef.h>
#include <stdio.h>

#include "vmm/debug/registers.h"

/* gdb's number of a register, which it uses in packets; and back: NULL, there is none of ours. */
unsigned int gdb_number_of(const struct hart_register *which);
const struct hart_register *gdb_register_numbered(unsigned int number);

/* Bytes of its value; 0: no hart of the machine has it. */
typedef size_t gdb_register_size(void *context, const struct hart_register *which);

/* target.xml, of those registers that have a size. */
void gdb_write_target_xml(FILE *to, gdb_register_size *size, void *context);

#endif
