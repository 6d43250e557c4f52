// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include <libiberty/hashtab.h>
#include <libiberty/objalloc.h>

#include "strings.h"

struct strings {
	htab_t table;
	struct objalloc *memory;
};

struct strings *strings__new(void)
{
	struct strings *strings = calloc(1, sizeof(*strings));

	if (!strings)
		return NULL;
	strings->table = htab_try_create(1024, htab_hash_string, htab_eq_string, NULL);
	strings->memory = objalloc_create();
	if (!strings->table || !strings->memory) {
		strings__free(strings);
		return NULL;
	}
	return strings;
}

void strings__free(struct strings *strings)
{
	if (!strings)
		return;
	if (strings->table)
		htab_delete(strings->table);
	if (strings->memory)
		objalloc_free(strings->memory);
	free(strings);
}

const char *strings__intern(struct strings *strings, const char *string, size_t length)
{
	void **slot;
	char *copy;

	/*
	 * Copied first: the string may be in a mapped file, and a fault in there must not
	 * leave the table half changed.
	 */
	copy = objalloc_alloc(strings->memory, length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, string, length);
	copy[length] = '\0';

	slot = htab_find_slot(strings->table, copy, INSERT);
	if (!slot || *slot)
		objalloc_free_block(strings->memory, copy);
	if (!slot)
		return NULL;
	if (!*slot)
		*slot = copy;
	return *slot;
}
