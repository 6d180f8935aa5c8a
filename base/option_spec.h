/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An option: a row of a command's table (options.h). It says what its value may be, and which
 * member of the command's options it is stored in.
 */
#ifndef VHART_OPTION_SPEC_H
#define VHART_OPTION_SPEC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
	KIND_OTHER,   /* PARSE takes the value */
	KIND_FLAG,    /* there is no value: MOST is stored */
	KIND_TEXT,    /* the argument itself */
	KIND_PATH,    /* and it is not empty */
	KIND_NUMBER,  /* option_number(), from LEAST to MOST */
	KIND_SIZE,    /* option_size(), in bytes from LEAST to MOST */
	KIND_SECONDS, /* option_seconds() */
	KIND_CHOICE,  /* one of CHOICES */
};

/* Where a value has a path, which a file of --config has as seen from its own folder. A value of
 * KIND_PATH is one. */
enum option_path {
	PATH_NONE,
	PATH_FIRST,	   /* it begins with one */
	PATH_OR_NUMBER,	   /* it is one if it is not a number */
	PATH_OF_SOCKET,	   /* behind ",socket=" */
	PATH_AFTER_COLON,  /* behind the first */
	PATH_AFTER_EQUALS, /* the same */
};

/* A value by its name. What comes later for the same value is an alias, which messages leave out.
 */
struct option_choice {
	const char *name;
	unsigned int value;
};

struct option_spec {
	const char *name;  /* "--memory" */
	const char *value; /* its value in --help, "SIZE"; NULL: the option takes none */
	const char *help;  /* lines after the first are indented to the first */

	/* One of the macros below fills these. */
	enum option_kind kind;
	size_t offset, size; /* of the member */
	uint64_t least, most;
	const struct option_choice *choices; /* ended by {NULL, 0} */
	/* Stores VALUE (NULL where there is none; the argument itself, which may be cut up) in
	 * TARGET. NULL: fine, else words that say what was expected. */
	const char *(*parse)(char *value, void *target);

	/* May be left out. */
	const char *expected; /* instead of words that the limits or the choices make */
	const char *letter;   /* a short name, "-m" */
	bool repeatable;
	enum option_path path;
	bool not_in_file; /* of --config */
};

/*
 * The kind of a row, and where its value goes: MEMBER of STRUCTURE, or of a struct in it
 * ("names.vmlinux"). A member of a type that is not the kind's does not compile.
 */
#define OPTION_FLAG(structure, member)                                                             \
	.kind = KIND_FLAG, .most = true, OPTION_MEMBER(structure, member, bool)
/* An enum, which becomes CONSTANT. */
#define OPTION_SET(structure, member, constant)                                                    \
	.kind = KIND_FLAG, .most = (constant), OPTION_MEMBER(structure, member, unsigned int)
#define OPTION_TEXT(structure, member)                                                             \
	.kind = KIND_TEXT, OPTION_MEMBER(structure, member, const char *)
#define OPTION_PATH(structure, member)                                                             \
	.kind = KIND_PATH, OPTION_MEMBER(structure, member, const char *)
/* TO: UINT64_MAX is no limit. More than MEMBER can hold does not compile. */
#define OPTION_NUMBER(structure, member, from, to)                                                 \
	.kind = KIND_NUMBER, .least = (from),                                                      \
	.most = (to) * sizeof(char[(to) <= OPTION_HOLDS(structure, member) ? 1 : -1]),             \
	OPTION_INTEGER(structure, member)
#define OPTION_SIZE(structure, member, from, to)                                                   \
	.kind = KIND_SIZE, .least = (from), .most = (to), OPTION_MEMBER(structure, member, uint64_t)
#define OPTION_SECONDS(structure, member)                                                          \
	.kind = KIND_SECONDS, OPTION_MEMBER(structure, member, double)
/* An enum, or a bool. */
#define OPTION_CHOICE(structure, member, names)                                                    \
	.kind = KIND_CHOICE, .choices = (names), OPTION_INTEGER(structure, member)
#define OPTION_OTHER(function) .kind = KIND_OTHER, .parse = (function)

/* For the macros above. An enum without negative values is an unsigned int. */
#define OPTION_MEMBER(structure, member, type)                                                     \
	.size = sizeof(type),                                                                      \
	.offset = _Generic(((structure *)NULL)->member, type: offsetof(structure, member))
#define OPTION_INTEGER(structure, member)                                                          \
	.size = sizeof(((structure *)NULL)->member),                                               \
	.offset = _Generic(((structure *)NULL)->member,                                            \
		bool: offsetof(structure, member),                                                 \
		int: offsetof(structure, member),                                                  \
		unsigned int: offsetof(structure, member),                                         \
		uint64_t: offsetof(structure, member))
/* The most that it can. */
#define OPTION_HOLDS(structure, member)                                                            \
	_Generic(((structure *)NULL)->member,                                                      \
		int: (uint64_t)INT_MAX,                                                            \
		unsigned int: (uint64_t)UINT_MAX,                                                  \
		uint64_t: UINT64_MAX)

#define OPTION_WORDS_MAX 160

/*
 * Stores VALUE (NULL for an option that takes none) in TARGET, the struct that SPEC was made for.
 * NULL: done, else what was expected, perhaps in WORDS.
 */
const char *option_take(const struct option_spec *spec, char *value, void *target,
			char words[OPTION_WORDS_MAX]);

/* Of VALUE the name, not an alias; NULL: it has none. */
const char *option_choice_name(const struct option_choice *choices, unsigned int value);

/* For parse functions. SIZE: digits and one of K, M, G, T. False: not of this form, or too big. */
bool option_size(const char *text, uint64_t *bytes);
/* Decimal digits only, at most MAX. */
bool option_number(const char *text, uint64_t max, uint64_t *number);
/* Seconds: digits, perhaps with a fraction; more than 0. */
bool option_seconds(const char *text, double *seconds);

#endif
