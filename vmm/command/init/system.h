/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of Linux on riscv64, and texts and folders. A result below 0 is -errno. */
#ifndef VHART_INIT_SYSTEM_H
#define VHART_INIT_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h> /* of it there is what the library for guests has */
#include <sys/syscall.h>

/* start.S */
long system_call(long number, long a, long b, long c, long d, long e, long f);

#define CALL6(number, a, b, c, d, e, f)                                                            \
	system_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL5(number, a, b, c, d, e) CALL6(number, a, b, c, d, e, 0)
#define CALL4(number, a, b, c, d)    CALL5(number, a, b, c, d, 0)
#define CALL3(number, a, b, c)	     CALL5(number, a, b, c, 0, 0)
#define CALL2(number, a, b)	     CALL5(number, a, b, 0, 0, 0)
#define CALL1(number, a)	     CALL5(number, a, 0, 0, 0, 0)
#define CALL0(number)		     CALL5(number, 0, 0, 0, 0, 0)

int sys_open(const char *path, int flags);
long sys_read(int fd, void *bytes, size_t len);
long sys_write(int fd, const void *bytes, size_t len);
void sys_close(int fd);
bool sys_exists(const char *path);
/* A child that is a copy of this process; 0 in the child. */
long sys_fork(void);
void sys_exit(int status) __attribute__((noreturn));
void sys_sleep_ms(unsigned int ms);

bool text_equal(const char *a, const char *b);
/* PATH = FOLDER/NAME. False: it does not fit into SIZE bytes. */
bool text_join(char *path, size_t size, const char *folder, const char *name);

/* The names in FOLDER but . and .., one after the other, until VISIT says false. */
void each_name(const char *folder, bool (*visit)(const char *name, void *opaque), void *opaque);

#endif
