/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/print.h"

#include <stdbool.h>

#include "vhart-guest/hart.h"
#include "vhart-guest/sbi.h"

#define TEXT_MAX 250u

struct text {
	char bytes[TEXT_MAX];
	unsigned int len;
};

static void add(struct text *text, char c)
{
	if (text->len < TEXT_MAX)
		text->bytes[text->len++] = c;
}

static void add_string(struct text *text, const char *string)
{
	while (*string)
		add(text, *string++);
}

static void add_number(struct text *text, uint64_t value, unsigned int base, unsigned int width)
{
	char digits[20];
	unsigned int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > count; width--)
		add(text, '0');
	while (count)
		add(text, digits[--count]);
}

static void add_signed(struct text *text, int64_t value, unsigned int width)
{
	if (value < 0)
		add(text, '-');
	add_number(text, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width);
}

/* One conversion, FORMAT being after its '%'; returns where it ends. */
static const char *convert(struct text *text, const char *format, va_list *arguments)
{
	unsigned int width = 0;
	bool is_long = false;

	while (*format >= '0' && *format <= '9')
		width = width * 10 + (unsigned int)(*format++ - '0');
	while (*format == 'l') {
		is_long = true;
		format++;
	}
	switch (*format) {
	case 's': add_string(text, va_arg(*arguments, const char *)); break;
	case 'c': add(text, (char)va_arg(*arguments, int)); break;
	case 'd':
		add_signed(text, is_long ? va_arg(*arguments, long) : va_arg(*arguments, int),
			   width);
		break;
	case 'u':
	case 'x':
		add_number(text,
			   is_long ? va_arg(*arguments, unsigned long)
				   : va_arg(*arguments, unsigned int),
			   *format == 'u' ? 10 : 16, width);
		break;
	case '\0': return format;
	default: add(text, *format); break;
	}
	return format + 1;
}

/* DBCN may take less than all, also nothing, when nobody reads on the other side. */
static void write_out(const struct text *text)
{
	unsigned int done = 0;

	while (done < text->len) {
		struct sbi_result taken = sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE, text->len - done,
						   (uint64_t)(text->bytes + done), 0);
		if (taken.error)
			break;
		done += (unsigned int)taken.value;
	}
	for (; done < text->len; done++)
		sbi_call(SBI_EID_LEGACY_PUTCHAR, 0, (uint8_t)text->bytes[done], 0, 0);
}

/* Whose the console is (its ID + 1; 0: nobody's), and how often. */
static uint64_t holder;
static unsigned int holds;

void print_hold(void)
{
	uint64_t nobody = 0, self = hart_id() + 1;

	while (__atomic_load_n(&holder, __ATOMIC_RELAXED) != self &&
	       !__atomic_compare_exchange_n(&holder, &nobody, self, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED))
		nobody = 0;
	holds++;
}

void print_release(void)
{
	if (--holds == 0)
		__atomic_store_n(&holder, 0, __ATOMIC_RELEASE);
}

void print_list(const char *format, va_list arguments)
{
	struct text text = {.len = 0};
	va_list copy;

	va_copy(copy, arguments);
	while (*format) {
		if (*format == '%')
			format = convert(&text, format + 1, &copy);
		else
			add(&text, *format++);
	}
	va_end(copy);
	print_hold();
	write_out(&text);
	print_release();
}

void print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_list(format, arguments);
	va_end(arguments);
}
