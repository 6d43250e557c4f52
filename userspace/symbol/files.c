// SPDX-License-Identifier: GPL-2.0
/*
 * The table of files that the kernel has told of: by what tells them from others, with the names
 * that a recording has of them.
 */
#include <errno.h>
#include <string.h>

#include "resolver.h"

/**
 * struct told_file - a file
 * @key: what it is found by: device, inode and the like
 * @held: it was opened, or that was tried
 * @symtab: its functions, by their place in the file
 */
struct told_file {
	struct symbol_mapping key;
	bool held;
	struct symtab symtab;
};

static hashval_t hash_file(const void *item)
{
	const struct symbol_mapping *key = &((const struct told_file *)item)->key;

	return symbols__hash(key->inode ^ (uint64_t)key->ctime_nsec << 32,
			     (uint64_t)key->major << 32 | key->minor);
}

static int equal_file(const void *item, const void *other)
{
	const struct symbol_mapping *a = &((const struct told_file *)item)->key;
	const struct symbol_mapping *b = &((const struct told_file *)other)->key;

	return a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       a->inode_generation == b->inode_generation && a->ctime_sec == b->ctime_sec &&
	       a->ctime_nsec == b->ctime_nsec;
}

static void free_file(void *item)
{
	struct told_file *file = item;

	symtab__free(&file->symtab);
}

htab_t files__new(void)
{
	return htab_try_create(64, hash_file, equal_file, free_file);
}

static struct told_file *add_file(struct symbols *symbols, const struct symbol_mapping *mapping)
{
	struct told_file key = { .key = *mapping };
	bool added;

	return symbols__find_or_add(symbols, symbols->files, &key, sizeof(key), &added);
}

int symbols__hold_file(struct symbols *symbols, const struct symbol_mapping *mapping)
{
	struct told_file *file = add_file(symbols, mapping);
	bool held;

	if (!file)
		return -ENOMEM;
	held = file->held;
	file->held = true;
	return !held;
}

int symbols__add_file_symbol(struct symbols *symbols, const struct symbol_mapping *mapping,
			     uint64_t offset, uint64_t size, const char *name)
{
	struct told_file *file = add_file(symbols, mapping);
	struct symtab_symbol symbol = {
		.start = offset,
		.end = offset + size,
		.name = symbols__intern(symbols, name),
		.name_size = strlen(name) + 1,
	};

	if (!file || !symbol.name)
		return -ENOMEM;
	return symtab__add(&file->symtab, &symbol);
}

const struct symtab_symbol *symbols__find_file_symbol(struct symbols *symbols,
						      const struct symbol_mapping *mapping,
						      uint64_t address)
{
	struct told_file key = { .key = *mapping }, *file;

	file = htab_find(symbols->files, &key);
	if (!file)
		return NULL;
	return symtab__find(&file->symtab, address - mapping->start + mapping->offset);
}
