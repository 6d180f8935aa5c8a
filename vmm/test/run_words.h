/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a `vhart run` for one test: those of the user, of the test's side file, and ours. */
#ifndef VHART_RUN_WORDS_H
#define VHART_RUN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* What execv() takes: ended by NULL; every word malloc. */
struct run_words {
	char **words;
	size_t count;
	bool failed; /* no memory for one of them */
};

void run_words_free(struct run_words *words);

/* Whether vhart run takes these. False after error(); WHERE ("--", "x.elf.opts") says whose. */
bool run_words_check(char **words, int count, const char *where);

/* Adds NAME and VALUE (NULL: none); if NAME is an option that is given once, what was given before
 * goes. Also a word that is no option ("run"): with VALUE NULL. */
void run_words_set(struct run_words *words, const char *name, const char *value);
/* The same with words as a user gives them ("--name=value" and letters too), which
 * run_words_check() took. */
void run_words_add(struct run_words *words, char **from, int count);
void run_words_drop(struct run_words *words, const char *name);
/* The value of NAME, or NULL. */
const char *run_words_value(const struct run_words *words, const char *name);

/*
 * Cuts TEXT up as a shell would words: spaces and ends of lines part them, quotes of both kinds and
 * a backslash hold them together, a # at a word's start begins a comment. False with nothing left
 * in WORDS: a quote has no end, or there is no memory.
 */
bool run_words_split(const char *text, struct run_words *words);

#endif
