// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "copies.h"
#include "names.h"
#include "symbol/process.h"
#include "symbol/told_file.h"
#include "unwind/compile.h"
#include "unwind/table.h"
#include "unwind/walk.h"
#include "util/array.h"

/* Most user frames. */
#define DEPTH	PROFBUF_STACK_MAX

#define NUMBER_RSP	7

/* The kernel's vdso is a few pages. */
#define VDSO_MAX	(1 << 20)

/**
 * struct copies_file - a file, or the vdso
 * @key: what tells it from others: device, inode and the like
 * @table: its unwind table; NULL: there is none
 */
struct copies_file {
	struct symbol_mapping key;
	struct profbuf_unwind_table *table;
};

/* What a walk looks code up in. */
struct finder {
	struct copies *copies;
	const struct names *names;
	uint64_t space;
	bool no_memory;
};

static bool is_vdso(const struct symbol_mapping *mapping)
{
	return !strcmp(mapping->path, "[vdso]");
}

static int compile_vdso(const struct symbol_mapping *mapping, struct profbuf_unwind_table **table,
			struct unwind_summary *summary)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR), size = mapping->end - mapping->start;
	void *memory;

	if (!start || size > VDSO_MAX)
		return -ENOENT;
	memory = malloc(size);
	if (!memory)
		return -ENOMEM;
	if (process__read_memory(getpid(), start, memory, size)) {
		free(memory);
		return -ENOENT;
	}
	return unwind__compile_memory(memory, size, table, summary);
}

/* NULL: there is none on disk, or it is damaged. */
static struct profbuf_unwind_table *read_table(const struct copies *copies, const char *name)
{
	size_t size;
	void *table;

	if (unwind_cache__read(&copies->cache, name, &table, &size))
		return NULL;
	if (!unwind_table__check(table, size))
		return table;
	free(table);
	return NULL;
}

static int compile_file(const struct copies *copies, const struct symbol_mapping *mapping,
			struct profbuf_unwind_table **table)
{
	char name[UNWIND_CACHE_NAME] = "";
	struct unwind_summary summary;
	int fd = told_file__find(mapping), err;

	if (fd < 0)
		return fd;
	if (mapping->build_id_size &&
	    !unwind_cache__name(name, fd, mapping->build_id, mapping->build_id_size))
		*table = read_table(copies, name);
	if (*table) {
		close(fd);
		return 0;
	}
	err = unwind__compile(fd, table, &summary);
	if (!err && *name)
		unwind_cache__write(&copies->cache, name, *table, (*table)->size);
	return err;
}

/* All processes of a kernel have the same vdso, and this process has that of its own kernel. */
static struct profbuf_unwind_table *get_table(const struct copies *copies,
					      const struct names *names,
					      const struct symbol_mapping *mapping)
{
	struct profbuf_unwind_table *table = NULL;
	struct unwind_summary summary;
	int err;

	if (!is_vdso(mapping))
		err = compile_file(copies, mapping, &table);
	else
		err = names->same_boot ? compile_vdso(mapping, &table, &summary) : -ENOENT;
	if (!err && !unwind_table__check(table, table->size))
		return table;
	free(table);
	return NULL;
}

static bool same_file(const struct symbol_mapping *a, const struct symbol_mapping *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       a->inode_generation == b->inode_generation && a->ctime_sec == b->ctime_sec &&
	       a->ctime_nsec == b->ctime_nsec;
}

/* Of all files that are known. NULL: there is no memory. */
static struct copies_file *get_file(struct copies *copies, const struct names *names,
				    const struct symbol_mapping *mapping)
{
	uint32_t hash = hash_pair(mapping->inode, mapping->ctime_sec ^ mapping->ctime_nsec);
	struct copies_file *file;
	uint32_t cursor, i;

	index_for_each_candidate(&copies->index, hash, cursor, i) {
		if (same_file(&copies->files[i].key, mapping))
			return &copies->files[i];
	}
	i = copies->nr_files;
	if (array__reserve(&copies->files, i, &copies->max_files, sizeof(*copies->files)) ||
	    index__insert(&copies->index, hash, i))
		return NULL;
	file = &copies->files[copies->nr_files++];
	file->key = *mapping;
	file->table = get_table(copies, names, mapping);
	return file;
}

static bool find_code(void *context, uint64_t address, struct walk_code *code)
{
	struct finder *finder = context;
	const struct symbol_mapping *mapping;
	struct copies_file *file;

	mapping = symbols__told_mapping(finder->names->symbols, finder->space, address);
	if (!mapping)
		return false;
	code->base = mapping->start - mapping->offset;
	code->table = NULL;
	if (*mapping->path != '/' && !is_vdso(mapping))
		return true;
	file = get_file(finder->copies, finder->names, mapping);
	if (file)
		code->table = file->table;
	else
		finder->no_memory = true;
	return true;
}

/* Ends the copy where no more was asked for, and not where there was no more? */
static bool is_cut(const struct walk_copy *copy, const struct profbuf_info *info)
{
	uint64_t end = copy->start + copy->nr_words * sizeof(uint64_t);

	return info && end - copy->registers[NUMBER_RSP] >= info->stack_copy;
}

static int reserve_stack(struct copies *copies, uint32_t words)
{
	uint64_t *larger;

	if (words <= copies->max_stack)
		return 0;
	larger = realloc(copies->stack, words * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	copies->stack = larger;
	copies->max_stack = words;
	return 0;
}

/* What the walk of the copy has found takes the place of what the kernel found. */
static void replace(struct profbuf_record *walked, const uint64_t *stack, uint32_t depth,
		    uint64_t end)
{
	uint64_t flags = PROFBUF_MODE_USER_INCOMPLETE | PROFBUF_MODE_TRUNCATED;

	if (walked->end == PROFBUF_END_TIME)
		flags |= PROFBUF_MODE_TIMED_OUT;
	walked->mode &= ~flags;
	walked->stack = stack;
	walked->depth = depth;
	walked->end = PROFBUF_END(end);
	walked->end_flags = end ^ walked->end;
	if (walked->end == PROFBUF_END_DEPTH)
		walked->mode |= PROFBUF_MODE_TRUNCATED;
	else if (walked->end != PROFBUF_END_ROOT)
		walked->mode |= PROFBUF_MODE_USER_INCOMPLETE;
}

/* Who has found the beginning is right; else who has come further. */
static bool is_better(const struct profbuf_record *record, uint32_t depth, uint64_t end)
{
	if (PROFBUF_END(end) == PROFBUF_END_ROOT)
		return true;
	return record->end != PROFBUF_END_ROOT && depth >= record->depth;
}

/**
 * copies__walk - find user frames by the copy of a record
 * @copies: all zero at first
 * @names: what is known of its space, up to now
 * @record: the record, of any kind
 * @walked: the same with the frames that were found, up to the next call; else as it was
 *
 * The files have to be here, unchanged. Where they are not, what the kernel found is all there is.
 *
 * Return: 0 or -ENOMEM.
 */
int copies__walk(struct copies *copies, const struct names *names,
		 const struct profbuf_record *record, struct profbuf_record *walked)
{
	struct finder finder = { .copies = copies, .names = names, .space = record->space };
	struct walk_copy copy;
	uint32_t depth, n;
	uint64_t end;

	*walked = *record;
	if (!record->copy_words || record->kernel_frames >= record->depth ||
	    !PROFBUF_SPACE_ID(record->space) ||
	    !symbols__has_space(names->symbols, record->space))
		return 0;
	if (!copies->opened)
		unwind_cache__open(&copies->cache);
	copies->opened = true;
	n = record->kernel_frames;
	if (reserve_stack(copies, n + DEPTH))
		return -ENOMEM;
	memcpy(copies->stack, record->stack, n * sizeof(*copies->stack));

	copy = (struct walk_copy){
		.ip = record->stack[n],
		.registers = record->copy,
		.start = record->copy[PROFBUF_COPY_REGISTERS],
		.words = record->copy + PROFBUF_COPY_FIXED,
		.nr_words = record->copy_words - PROFBUF_COPY_FIXED,
	};
	copy.cut = is_cut(&copy, profbuf_stream__info(record->stream));
	depth = n + walk__copy(&copy, find_code, &finder, copies->stack + n, DEPTH, &end);
	if (finder.no_memory)
		return -ENOMEM;
	if (is_better(record, depth, end))
		replace(walked, copies->stack, depth, end);
	return 0;
}

/**
 * copies__exit - give back what they hold
 * @copies: the copies
 */
void copies__exit(struct copies *copies)
{
	uint32_t i;

	for (i = 0; i < copies->nr_files; i++)
		free(copies->files[i].table);
	free(copies->files);
	index__free(&copies->index);
	free(copies->stack);
	if (!copies->opened)
		return;
	unwind_cache__trim(&copies->cache, UNWIND_CACHE_BYTES);
	unwind_cache__close(&copies->cache);
}
