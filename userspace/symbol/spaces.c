// SPDX-License-Identifier: GPL-2.0
/*
 * The table of address spaces: what the kernel has told of each, and which modules that leads to.
 */
#include <errno.h>
#include <string.h>

#include <profbuf/profbuf.h>

#include "looks.h"
#include "resolver.h"
#include "util/machine.h"

/**
 * struct space - an address space
 * @id: its ID
 * @process: whose it is, as the first frame has it
 * @looks: what was told of it
 * @jit: code in no file, if an address has led there
 */
struct space {
	uint64_t id;
	struct process_identity process;
	struct looks looks;
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

	looks__free(&space->looks);
}

htab_t spaces__new(void)
{
	return htab_try_create(64, hash_space, equal_space, free_space);
}

/* NULL: nothing was told of it. */
static struct space *find_space(const struct symbols *symbols, uint64_t word)
{
	struct space key = { .id = PROFBUF_SPACE_ID(word) };

	return htab_find(symbols->spaces, &key);
}

/* As the resolver has it; strings and bytes are still the stream's. */
static struct looks_mapping to_mapping(const struct space *space,
				       const struct profbuf_space_mapping *told)
{
	const struct profbuf_mapping *fixed = &told->fixed;
	struct looks_mapping mapping = {
		.mapping = {
			.pid = space->process.pid,
			.start = fixed->start,
			.end = fixed->end,
			.offset = fixed->offset,
			.path = told->path,
			.deleted = fixed->flags & PROFBUF_MAPPING_DELETED,
			.major = fixed->major,
			.minor = fixed->minor,
			.inode = fixed->inode,
			.told = true,
			.start_ns = space->process.start_ns,
			.inode_generation = fixed->inode_generation,
			.ctime_sec = fixed->ctime_sec,
			.ctime_nsec = fixed->ctime_nsec,
		},
		.gone = fixed->flags & PROFBUF_MAPPING_GONE,
		.generation = fixed->generation,
	};

	if (told->build_id && fixed->build_id_size <= BUILD_ID_MAX) {
		mapping.mapping.build_id = told->build_id;
		mapping.mapping.build_id_size = fixed->build_id_size;
	}
	if (fixed->flags & PROFBUF_MAPPING_VDSO)
		mapping.mapping.path = "[vdso]";
	else if (fixed->flags & PROFBUF_MAPPING_ANONYMOUS)
		mapping.mapping.path = "";
	return mapping;
}

/* NULL: no memory. */
static struct looks_mapping *copy(struct symbols *symbols, const struct looks_mapping *from)
{
	struct looks_mapping *mapping;

	mapping = objalloc_alloc(symbols->context.memory, sizeof(*mapping));
	if (!mapping)
		return NULL;
	*mapping = *from;
	mapping->mapping.path = symbols__intern(symbols, from->mapping.path);
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

int symbols__add_space(struct symbols *symbols, const struct profbuf_space_info *info,
		       const struct profbuf_space_mapping *mappings)
{
	struct space key = {
		.id = PROFBUF_SPACE_ID(info->space),
		.process = {
			.pid = machine__visible_pid(symbols->context.pid_ns, info->pid_ns,
						    info->tgid, info->ns_tgid),
			.ns_pid = info->ns_tgid,
			.pid_ns = info->pid_ns,
			.start_ns = info->start_ns,
		},
	}, *space;
	struct look *look;
	bool added;
	uint32_t i;

	space = symbols__find_or_add(symbols, symbols->spaces, &key, sizeof(key), &added);
	if (!space)
		return -ENOMEM;
	look = looks__begin(&space->looks, PROFBUF_SPACE_GENERATION(info->space));
	if (!look)
		return -ENOMEM;
	for (i = 0; i < info->nr_mappings; i++) {
		struct looks_mapping told = to_mapping(space, &mappings[i]);
		struct looks_mapping *mapping = copy(symbols, &told);

		if (!mapping || look__add(look, mapping))
			return -ENOMEM;
	}
	looks__end(&space->looks, look, info->flags & PROFBUF_SPACE_MORE,
		   info->flags & PROFBUF_SPACE_INCOMPLETE);
	return 0;
}

bool symbols__has_space(const struct symbols *symbols, uint64_t word)
{
	const struct space *space = find_space(symbols, word);

	if (!PROFBUF_SPACE_ID(word))
		return true;
	return space && looks__know(&space->looks, PROFBUF_SPACE_GENERATION(word));
}

static enum looks_answer find_mapping(const struct space *space, uint64_t word, uint64_t address,
				      struct looks_mapping **mapping)
{
	if (!space)
		return LOOKS_NOT_TOLD;
	return looks__find(&space->looks, PROFBUF_SPACE_GENERATION(word), address, mapping);
}

static bool find_perf_map(const struct symbols *symbols, const struct space *space,
			  struct process_perf_map *perf_map)
{
	if (!symbols->context.here)
		return false;
	if (process__is_alive(space->process.pid, space->process.start_ns))
		return !process__find_perf_map(space->process.pid, perf_map);
	return !process__find_left_perf_map(&space->process, perf_map);
}

static struct module *find_jit(struct symbols *symbols, struct space *space)
{
	struct module template = { .pid = space->process.pid, .told = true };
	struct process_perf_map perf_map;
	bool found;

	if (!space->jit) {
		found = find_perf_map(symbols, space, &perf_map);
		space->jit = symbols__new_jit(symbols, &template, found ? &perf_map : NULL);
	}
	return space->jit;
}

static bool has_names(const struct symbol_mapping *mapping)
{
	return module__has_file(mapping) &&
	       (!module__is_memory(mapping) || mapping->build_id_size);
}

int symbols__find_in_space(struct symbols *symbols, uint64_t word, uint64_t address,
			   const struct symbol_mapping **mapping, struct module **module)
{
	struct space *space = find_space(symbols, word);
	struct looks_mapping *found = NULL;

	*mapping = NULL;
	if (!PROFBUF_SPACE_ID(word)) {
		*module = symbols->no_space;
		return 0;
	}
	switch (find_mapping(space, word, address, &found)) {
	case LOOKS_NOT_TOLD:
		*module = symbols->not_told;
		return 0;
	case LOOKS_NOT_ALL:
		*module = symbols->not_all_told;
		return 0;
	case LOOKS_FOUND:
		if (has_names(&found->mapping)) {
			*module = symbols__find_recorded_file(symbols, &found->mapping);
			break;
		}
		/* fall through */
	case LOOKS_NOTHING:
		*module = find_jit(symbols, space);
		break;
	}
	if (!*module)
		return -ENOMEM;
	if (found) {
		/* Many of them lead nowhere: modules are made for those that are met. */
		found->mapping.module = &(*module)->public;
		*mapping = &found->mapping;
	}
	return 0;
}

struct holding {
	struct symbols *symbols;
	struct space *space;
};

static int hold(void *context, struct looks_mapping *own)
{
	struct symbol_mapping *mapping = &own->mapping;
	const struct holding *holding = context;
	struct symbols *symbols = holding->symbols;
	struct module *module;
	int first;

	if (!module__has_file(mapping))
		return find_jit(symbols, holding->space) ? 0 : -ENOMEM;
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
	struct holding holding = { symbols, find_space(symbols, word) };

	if (!holding.space)
		return 0;
	return looks__each(&holding.space->looks, PROFBUF_SPACE_GENERATION(word), hold, &holding);
}

int symbols__meet(struct symbols *symbols, uint64_t word, uint64_t address)
{
	struct space *space = find_space(symbols, word);
	struct looks_mapping *mapping;

	if (!space || space->jit || address >> 63)
		return 0;
	switch (find_mapping(space, word, address, &mapping)) {
	case LOOKS_FOUND:
	case LOOKS_NOT_TOLD:
		return 0;
	default:
		return find_jit(symbols, space) ? 0 : -ENOMEM;
	}
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

const struct symbol_mapping *symbols__told_mapping(const struct symbols *symbols, uint64_t word,
						   uint64_t address)
{
	struct looks_mapping *found;

	if (find_mapping(find_space(symbols, word), word, address, &found) != LOOKS_FOUND)
		return NULL;
	return &found->mapping;
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
	struct space *space = find_space(symbols, word);

	/* Nobody asks for what is in a space that is not told of. */
	if (!space)
		return 0;
	return symbols__add_jit_symbol(symbols, find_jit(symbols, space), address, size, name);
}
