// SPDX-License-Identifier: GPL-2.0
/*
 * The table of address spaces: what the kernel has told of each, and what an address in it stood
 * for at a generation. <linux/profbuf.h> says how that is found.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <profbuf/profbuf.h>

#include "resolver.h"
#include "util/array.h"

#define GENERATION_BITS	24
#define SPACE_ID(word)	((word) >> GENERATION_BITS)
#define GENERATION(word) ((uint32_t)(word) & ((1U << GENERATION_BITS) - 1))

/*
 * The default of vm.max_map_count, and more than the kernel lets go between two looks. They bound
 * what a hostile stream costs.
 */
#define MAPPINGS_MAX	65530
#define GONE_MAX	1024

/**
 * struct look - what was told of a space at one time
 * @generation: of the space
 * @incomplete: that was not all
 * @sorted: @there is in the order of addresses
 * @nr_there: number of mappings that were there
 * @max_there: room for so many
 * @there: these
 * @nr_gone: number of mappings that had gone
 * @max_gone: room for so many
 * @gone: these
 */
struct look {
	uint32_t generation;
	bool incomplete;
	bool sorted;
	uint32_t nr_there;
	uint32_t max_there;
	struct symbol_space_mapping **there;
	uint32_t nr_gone;
	uint32_t max_gone;
	struct symbol_space_mapping **gone;
};

/**
 * struct space - an address space
 * @id: its ID
 * @told: of the first frame
 * @looks: what was told, in the order of generations
 * @nr_looks: their number
 * @max_looks: room for so many
 * @open: what the next frame may go on with, or NULL
 * @jit: code in no file, if an address has led there
 */
struct space {
	uint64_t id;
	struct symbol_space told;
	struct look **looks;
	uint32_t nr_looks;
	uint32_t max_looks;
	struct look *open;
	struct module *jit;
};

static hashval_t hash_space(const void *item)
{
	const struct space *space = item;

	return symbols__hash(space->id, 0);
}

static int equal_space(const void *item, const void *other)
{
	const struct space *a = item, *b = other;

	return a->id == b->id;
}

static void free_space(void *item)
{
	struct space *space = item;
	size_t i;

	for (i = 0; i < space->nr_looks; i++) {
		free(space->looks[i]->there);
		free(space->looks[i]->gone);
		free(space->looks[i]);
	}
	free(space->looks);
}

htab_t spaces__new(void)
{
	return htab_try_create(64, hash_space, equal_space, free_space);
}

static struct space *find_space(const struct symbols *symbols, uint64_t id)
{
	struct space key = { .id = id };

	return htab_find(symbols->spaces, &key);
}

/* The first look at @generation or later: an index, space->nr_looks if there is none. */
static size_t find_look(const struct space *space, uint32_t generation)
{
	size_t low = 0, high = space->nr_looks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->looks[middle]->generation < generation)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Behind all others of its generation, which is where it comes unless the stream is damaged. */
static struct look *new_look(struct space *space, uint32_t generation)
{
	size_t at = find_look(space, generation + 1);
	struct look *look;

	if (array__reserve(&space->looks, space->nr_looks, &space->max_looks,
			   sizeof(*space->looks)))
		return NULL;
	look = calloc(1, sizeof(*look));
	if (!look)
		return NULL;
	look->generation = generation;
	memmove(&space->looks[at + 1], &space->looks[at],
		(space->nr_looks - at) * sizeof(*space->looks));
	space->looks[at] = look;
	space->nr_looks++;
	return look;
}

static int append(struct symbol_space_mapping ***list, uint32_t *nr, uint32_t *max,
		  struct symbol_space_mapping *mapping)
{
	if (array__reserve(list, *nr, max, sizeof(**list)))
		return -ENOMEM;
	(*list)[(*nr)++] = mapping;
	return 0;
}

static int add_to_look(struct look *look, struct symbol_space_mapping *mapping)
{
	if (look->nr_gone >= GONE_MAX || look->nr_there >= MAPPINGS_MAX) {
		look->incomplete = true;
		return 0;
	}
	if (mapping->gone)
		return append(&look->gone, &look->nr_gone, &look->max_gone, mapping);
	look->sorted = false;
	return append(&look->there, &look->nr_there, &look->max_there, mapping);
}

static struct symbol_space_mapping *copy(struct symbols *symbols, const struct space *space,
					 const struct symbol_space_mapping *from)
{
	struct symbol_space_mapping *mapping;

	mapping = objalloc_alloc(symbols->context.memory, sizeof(*mapping));
	if (!mapping)
		return NULL;
	*mapping = *from;
	mapping->mapping.told = true;
	mapping->mapping.pid = space->told.pid;
	mapping->mapping.start_ns = space->told.start_ns;
	mapping->mapping.path = symbols__intern(symbols, from->mapping.path ?: "");
	if (!mapping->mapping.path)
		return NULL;
	if (from->mapping.build_id) {
		uint8_t *bytes = objalloc_alloc(symbols->context.memory,
						from->mapping.build_id_size);

		if (!bytes)
			return NULL;
		memcpy(bytes, from->mapping.build_id, from->mapping.build_id_size);
		mapping->mapping.build_id = bytes;
	}
	return mapping;
}

static void get_mapping(void *context, uint32_t n, struct symbol_space_mapping *symbol)
{
	const struct profbuf_space_mapping *mapping = context;
	const struct profbuf_mapping *fixed;

	mapping += n;
	fixed = &mapping->fixed;
	*symbol = (struct symbol_space_mapping){
		.mapping = {
			.start = fixed->start,
			.end = fixed->end,
			.offset = fixed->offset,
			.path = mapping->path,
			.deleted = fixed->flags & PROFBUF_MAPPING_DELETED,
			.major = fixed->major,
			.minor = fixed->minor,
			.inode = fixed->inode,
			.inode_generation = fixed->inode_generation,
			.ctime_sec = fixed->ctime_sec,
			.ctime_nsec = fixed->ctime_nsec,
		},
		.gone = fixed->flags & PROFBUF_MAPPING_GONE,
		.generation = fixed->generation,
	};
	if (mapping->build_id && fixed->build_id_size <= BUILD_ID_MAX) {
		symbol->mapping.build_id = mapping->build_id;
		symbol->mapping.build_id_size = fixed->build_id_size;
	}
	if (fixed->flags & PROFBUF_MAPPING_VDSO)
		symbol->mapping.path = "[vdso]";
	else if (fixed->flags & PROFBUF_MAPPING_ANONYMOUS)
		symbol->mapping.path = "";
}

int symbols__add_space(struct symbols *symbols, const struct symbol_space *told,
		       void (*get)(void *context, uint32_t n,
				   struct symbol_space_mapping *mapping),
		       uint32_t nr, void *context)
{
	struct space key = { .id = SPACE_ID(told->word), .told = *told }, *space;
	bool added;
	struct look *look;
	uint32_t i;

	space = symbols__find_or_add(symbols, symbols->spaces, &key, sizeof(key), &added);
	if (!space)
		return -ENOMEM;
	look = space->open;
	if (!look || look->generation != GENERATION(told->word))
		look = new_look(space, GENERATION(told->word));
	if (!look)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		struct symbol_space_mapping from = { 0 };
		struct symbol_space_mapping *mapping;

		get(context, i, &from);
		mapping = copy(symbols, space, &from);
		if (!mapping || add_to_look(look, mapping))
			return -ENOMEM;
	}
	look->incomplete |= told->incomplete;
	space->open = told->more ? look : NULL;
	return 0;
}

int symbols__add_space_frame(struct symbols *symbols, const struct profbuf_space_info *info,
			     const struct profbuf_space_mapping *mappings)
{
	struct symbol_space space = {
		.word = info->space,
		.pid = info->tgid,
		.ns_pid = info->ns_tgid,
		.pid_ns = info->pid_ns,
		.start_ns = info->start_ns,
		.more = info->flags & PROFBUF_SPACE_MORE,
		.incomplete = info->flags & PROFBUF_SPACE_INCOMPLETE,
	};

	return symbols__add_space(symbols, &space, get_mapping, info->nr_mappings,
				  (void *)mappings);
}

bool symbols__has_space(const struct symbols *symbols, uint64_t word)
{
	const struct space *space = find_space(symbols, SPACE_ID(word));
	size_t at;

	if (!SPACE_ID(word))
		return true;
	if (!space)
		return false;
	at = find_look(space, GENERATION(word));
	return at < space->nr_looks && space->looks[at] != space->open;
}

static bool contains(const struct symbol_space_mapping *mapping, uint64_t address)
{
	return address >= mapping->mapping.start && address < mapping->mapping.end;
}

/* Gone since @generation: the oldest one. */
static struct symbol_space_mapping *find_gone_since(const struct look *look, uint32_t generation,
						    uint64_t address)
{
	struct symbol_space_mapping *found = NULL;
	uint32_t i;

	for (i = 0; i < look->nr_gone; i++)
		if (contains(look->gone[i], address) && look->gone[i]->generation >= generation &&
		    (!found || look->gone[i]->generation < found->generation))
			found = look->gone[i];
	return found;
}

/* Gone in @generation or before: the newest one. */
static struct symbol_space_mapping *find_gone_until(const struct look *look, uint32_t generation,
						    uint64_t address)
{
	struct symbol_space_mapping *found = NULL;
	uint32_t i;

	for (i = 0; i < look->nr_gone; i++)
		if (contains(look->gone[i], address) && look->gone[i]->generation <= generation &&
		    (!found || look->gone[i]->generation > found->generation))
			found = look->gone[i];
	return found;
}

static int by_start(const void *left, const void *right)
{
	const struct symbol_space_mapping *const *a = left, *const *b = right;

	return ((*a)->mapping.start > (*b)->mapping.start) -
	       ((*a)->mapping.start < (*b)->mapping.start);
}

static struct symbol_space_mapping *find_there(struct look *look, uint64_t address)
{
	size_t low = 0, high = look->nr_there;

	if (!look->sorted && look->nr_there)
		qsort(look->there, look->nr_there, sizeof(*look->there), by_start);
	look->sorted = true;
	/* The last one that begins at the address or before. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (look->there[middle]->mapping.start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && contains(look->there[low - 1], address) ? look->there[low - 1] : NULL;
}

/* The first look that knows of @generation is at @at. */
static struct symbol_space_mapping *find_mapping(const struct space *space, size_t at,
						 uint32_t generation, uint64_t address)
{
	struct symbol_space_mapping *found;

	found = find_gone_since(space->looks[at], generation, address);
	if (!found)
		found = find_there(space->looks[at], address);
	if (!found && at + 1 < space->nr_looks)
		found = find_gone_until(space->looks[at + 1], generation, address);
	return found;
}

static struct module *find_jit(struct symbols *symbols, struct space *space)
{
	struct module template = { .pid = space->told.pid, .told = true };
	struct process_perf_map perf_map;
	bool found = false;

	if (space->jit)
		return space->jit;
	template.public.path = symbols__intern(symbols, "[anon]");
	if (!template.public.path)
		return NULL;
	space->jit = symbols__new_module(symbols, &template);
	if (!space->jit)
		return NULL;
	if (symbols->context.here) {
		if (process__is_alive(space->told.pid, space->told.start_ns))
			found = !process__find_perf_map(space->told.pid, &perf_map);
		else
			found = !process__find_left_perf_map(&space->told, &perf_map);
	}
	module__set_anonymous(space->jit, &symbols->context, found ? &perf_map : NULL);
	return space->jit;
}

int symbols__find_in_space(struct symbols *symbols, uint64_t word, uint64_t address,
			   const struct symbol_mapping **mapping, struct module **module)
{
	struct space *space = find_space(symbols, SPACE_ID(word));
	struct symbol_space_mapping *found;
	size_t at;

	*mapping = NULL;
	at = space ? find_look(space, GENERATION(word)) : 0;
	if (!SPACE_ID(word) || !space || at == space->nr_looks) {
		*module = SPACE_ID(word) ? symbols->not_told : symbols->no_space;
		return 0;
	}
	found = find_mapping(space, at, GENERATION(word), address);
	if (found && module__has_file(&found->mapping) &&
	    (!module__is_memory(&found->mapping) || found->mapping.build_id_size))
		*module = symbols__find_recorded_file(symbols, &found->mapping);
	else if (found || !space->looks[at]->incomplete)
		*module = find_jit(symbols, space);
	else
		*module = symbols->not_all_told;
	if (!*module)
		return -ENOMEM;
	if (found) {
		/* Many of them lead nowhere: modules are made for those that are met. */
		found->mapping.module = &(*module)->public;
		*mapping = &found->mapping;
	}
	return 0;
}

static int hold(struct symbols *symbols, struct space *space, struct symbol_space_mapping *own)
{
	struct symbol_mapping *mapping = &own->mapping;
	struct module *module;
	int first;

	if (!module__has_file(mapping))
		return find_jit(symbols, space) ? 0 : -ENOMEM;
	/* All processes have the same vdso. */
	if (!mapping->inode)
		return 0;
	first = symbols__hold_file(symbols, mapping);
	if (first <= 0)
		return first;
	module = symbols__find_recorded_file(symbols, mapping);
	if (!module)
		return -ENOMEM;
	mapping->module = &module->public;
	module__open_recorded(module, &symbols->context, mapping);
	return 0;
}

int symbols__hold_space(struct symbols *symbols, uint64_t word)
{
	struct space *space = find_space(symbols, SPACE_ID(word));
	struct look *look;
	size_t end;
	uint32_t i;
	int error = 0;

	end = space ? find_look(space, GENERATION(word) + 1) : 0;
	if (!end)
		return 0;
	look = space->looks[end - 1];
	for (i = 0; !error && i < look->nr_there; i++)
		error = hold(symbols, space, look->there[i]);
	for (i = 0; !error && i < look->nr_gone; i++)
		error = hold(symbols, space, look->gone[i]);
	return error;
}

int symbols__meet(struct symbols *symbols, uint64_t word, uint64_t address)
{
	struct space *space = find_space(symbols, SPACE_ID(word));
	size_t at = space ? find_look(space, GENERATION(word)) : 0;

	if (!space || space->jit || at == space->nr_looks || address >> 63 ||
	    find_mapping(space, at, GENERATION(word), address))
		return 0;
	return find_jit(symbols, space) ? 0 : -ENOMEM;
}

const struct symbol_mapping *symbols__space_mapping(struct symbols *symbols, uint64_t word,
						    uint64_t address)
{
	const struct symbol_mapping *mapping;
	struct module *module;

	if (symbols__find_in_space(symbols, word, address, &mapping, &module))
		return NULL;
	return module->kind == MODULE_JIT ? NULL : mapping;
}

bool symbols__is_only_here(struct symbols *symbols, const struct symbol_mapping *mapping)
{
	struct module *module = (struct module *)mapping->module;

	module__open_recorded(module, &symbols->context, mapping);
	return module__is_only_here(module, mapping);
}

int symbols__add_space_symbol(struct symbols *symbols, uint64_t word, uint64_t address,
			      uint64_t size, const char *name)
{
	struct space *space = find_space(symbols, SPACE_ID(word));
	struct symtab_symbol symbol = {
		.start = address,
		.end = address + size,
		.name_size = strlen(name) + 1,
	};
	struct module *module;

	/* Nobody asks for what is in a space that is not told of. */
	if (!space)
		return 0;
	symbol.name = symbols__intern(symbols, name);
	module = find_jit(symbols, space);
	if (!symbol.name || !module)
		return -ENOMEM;
	module->symtab.newest_wins = true;
	return symtab__add(&module->symtab, &symbol);
}
