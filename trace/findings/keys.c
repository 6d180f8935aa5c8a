/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/keys.h"

#include <stdlib.h>

/* False: of no kind that is looked at. */
static bool kind_of(uint32_t row, enum key_kind *kind)
{
	if (row == EXIT_LOAD_MMIO || row == EXIT_STORE_MMIO)
		*kind = ABOUT_DEVICE;
	else if (row == EXIT_CSR_READ || row == EXIT_CSR_WRITE)
		*kind = ABOUT_CSR;
	else if (row >= EXIT_SBI && row < EXIT_SBI_CALL)
		*kind = ABOUT_ERROR;
	else
		return false;
	return true;
}

/* Of the same call, or of any exit of its kind. */
static uint32_t call_of(const struct key *key)
{
	return key->kind == ABOUT_ERROR ? key->row : 0;
}

static int compare(const void *a, const void *b)
{
	const struct key *left = a, *right = b;

	if (left->vcpu != right->vcpu)
		return left->vcpu < right->vcpu ? -1 : 1;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (call_of(left) != call_of(right))
		return call_of(left) < call_of(right) ? -1 : 1;
	return left->value < right->value ? -1 : left->value > right->value;
}

static void put_in_order(struct keys *keys)
{
	size_t count = 0;

	if (!keys->count)
		return;
	qsort(keys->keys, keys->count, sizeof(*keys->keys), compare);
	for (size_t i = 1; i < keys->count; i++)
		if (!compare(&keys->keys[count], &keys->keys[i])) {
			keys->keys[count].count += keys->keys[i].count;
			keys->keys[count].ns += keys->keys[i].ns;
		} else {
			keys->keys[++count] = keys->keys[i];
		}
	keys->count = count + 1;
}

bool keys_take(struct keys *keys, const struct stat_sample *sample)
{
	enum key_kind kind;

	keys->count = 0;
	if (sample->keyed_count > keys->room) {
		struct key *more = realloc(keys->keys, 2 * sample->keyed_count * sizeof(*more));

		if (!more)
			return false;
		keys->keys = more;
		keys->room = 2 * sample->keyed_count;
	}
	for (size_t i = 0; i < sample->keyed_count; i++) {
		const struct stat_keyed *keyed = &sample->keyed[i];

		if (keyed->name.vcpu < sample->vcpu_count && kind_of(keyed->name.row, &kind))
			keys->keys[keys->count++] =
				(struct key){keyed->name.vcpu,	 kind,
					     keyed->name.row,	 keyed->name.value,
					     keyed->times.count, keyed->times.ns};
	}
	put_in_order(keys);
	return true;
}

void keys_free(struct keys *keys)
{
	free(keys->keys);
	*keys = (struct keys){0};
}

void keys_compare(const struct keys *before, const struct keys *now, keys_changed *each,
		  void *opaque)
{
	size_t then = 0;

	for (size_t i = 0; i < now->count; i++) {
		struct key key = now->keys[i];
		const struct key *old = NULL;

		while (then < before->count && compare(&before->keys[then], &key) < 0)
			then++;
		if (then < before->count && !compare(&before->keys[then], &key))
			old = &before->keys[then];
		key.count -= old ? old->count : 0;
		key.ns -= old ? old->ns : 0;
		if (key.count)
			each(opaque, &key, !old);
	}
}
