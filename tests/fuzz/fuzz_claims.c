/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict reader, with any console and any result. The first byte cuts the rest in two: the
 * console, in pieces, and a result file.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/test/ending.h"
#include "vmm/test/keep.h"
#include "vmm/test/kind.h"

/* Whatever the pieces are, the console means the same. */
static enum claims_says read_in_pieces(struct claims *claims, const uint8_t *data, size_t size,
				       size_t piece, char why[CLAIMS_WHY_MAX])
{
	*claims = (struct claims){.filled = 0};
	for (size_t at = 0; at < size; at += piece)
		claims_read(claims, data + at, size - at < piece ? size - at : piece);
	claims_end(claims);
	return claims_says(claims, why);
}

static void check_account(const struct ending_account *account)
{
	if (account->ending >= ENDING_COUNT || account->hart_count > ENDING_HARTS ||
	    !memchr(account->words, '\0', ENDING_LINE))
		abort();
	for (unsigned int i = 0; i < account->hart_count; i++)
		if (!memchr(account->harts[i], '\0', ENDING_LINE))
			abort();
}

static void read_result(const uint8_t *data, size_t size)
{
	struct ending_account account;

	ending_of_result((const char *)data, size, 0, size & 1, &account);
	check_account(&account);
	if (verdict_of(account.ending, CLAIMS_FAILED, false) == VERDICT_PASSED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct claims claims;
	char why[CLAIMS_WHY_MAX], other[CLAIMS_WHY_MAX];

	if (size < 1)
		return 0;
	const size_t piece = 1 + data[0] % 16;
	data++;
	size--;
	/* A console and a result are parted by a byte that neither has. */
	const uint8_t *cut = size ? memchr(data, 0xff, size) : NULL;
	const size_t console = cut ? (size_t)(cut - data) : size;
	const enum claims_says says = read_in_pieces(&claims, data, console, piece, why);
	if (read_in_pieces(&claims, data, console, console + 1, other) != says ||
	    strcmp(why, other) != 0)
		abort();
	/* Nothing passes that has a failed test. */
	if (says == CLAIMS_PASSED && (claims.bailed || (claims.tap.seen && claims.failed > 0)))
		abort();
	if (cut)
		read_result(cut + 1, size - console - 1);
	test_kind("x", data, size);
	return 0;
}
