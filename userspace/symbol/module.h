/* SPDX-License-Identifier: GPL-2.0 */
/*
 * module: one file, or what stands for one, and the names in it.
 */
#ifndef PROFBUF_SYMBOL_MODULE_H
#define PROFBUF_SYMBOL_MODULE_H

#include <sys/stat.h>

#include <libiberty/objalloc.h>

#include "image.h"
#include "process.h"
#include "strings.h"
#include "symbol.h"
#include "symtab.h"

/**
 * struct context - what all modules share
 * @options: of the resolver
 * @strings: interned
 * @memory: lives as long as the resolver
 * @here: address spaces are of this machine, as it runs
 * @pid_ns: the PID namespace of the numbers in /proc, from machine__pid_namespace()
 * @recorded: a recorder wrote down what it is told here
 * @recorded_ns: when the recording ended, CLOCK_REALTIME; 0: unknown
 * @debuginfod_error: no server could be asked, so none is asked again
 */
struct context {
	struct symbols_options options;
	struct strings *strings;
	struct objalloc *memory;
	bool here;
	uint64_t pid_ns;
	bool recorded;
	uint64_t recorded_ns;
	int debuginfod_error;
};

enum module_kind {
	MODULE_NONE,	/* nothing to look into */
	MODULE_KERNEL,
	MODULE_FILE,
	MODULE_JIT,
};

/**
 * struct module - internal side of struct symbol_module
 * @public: must be first
 * @next: in the order they became known
 * @kind: where names come from
 * @key_build_id: what identifies a file of a recording, besides the path
 * @major: what identifies a file, besides the path
 * @minor: the same
 * @inode: the same
 * @inode_generation: the same, if it is @told
 * @ctime_sec: the same
 * @ctime_nsec: the same
 * @pid: what identifies a process's own memory; otherwise a process that maps the file
 * @told: the kernel has told of it
 * @live: read from a living process, not handed in
 * @file: of what was opened, if it is @told
 * @opened: tried to open the file
 * @loaded: tried to read the symbols
 * @image: the file
 * @debug: what was stripped from it
 * @alternate: what its debugging information has in common with that of others
 * @mini: symbols that it holds in compressed form
 * @build_id: of the file
 * @build_id_size: its bytes
 * @symtab: functions
 * @dwarf: inlined functions and lines
 * @perf_map: where the names of code from a JIT compiler are
 * @has_perf_map: @perf_map is set
 * @text: the names
 */
struct module {
	struct symbol_module public;
	struct module *next;
	enum module_kind kind;
	const char *key_build_id;
	uint32_t major;
	uint32_t minor;
	uint64_t inode;
	uint32_t inode_generation;
	int64_t ctime_sec;
	uint32_t ctime_nsec;
	uint32_t pid;
	bool told;
	bool live;
	struct stat file;
	bool opened;
	bool loaded;
	struct image image;
	struct image debug;
	struct image alternate;
	struct image mini;
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_size;
	struct symtab symtab;
	struct dwarf *dwarf;
	struct process_perf_map perf_map;
	bool has_perf_map;
	char *text;
};

/**
 * struct module_names - what a module knows of one of its addresses
 * @module: the module
 * @address: address in the file
 * @symbol_start: address in the file of the function that has a symbol
 * @symbol_size: its bytes; 0: no name
 * @nframes: see struct symbol_location
 * @frames: the same
 */
struct module_names {
	struct module *module;
	uint64_t address;
	uint64_t symbol_start;
	uint64_t symbol_size;
	uint32_t nframes;
	struct symbol_frame *frames;
};

/* module_open.c: from a mapping to a file. */

void module__set_problem(struct module *module, struct context *context,
			 enum symbol_problem problem, const char *advice,
			 const char *reason, ...) __attribute__((format(printf, 5, 6)));
void module__set_error(struct module *module, struct context *context, int error);

/* It is the code of a process that is in no file. @perf_map: where it has its names, or NULL. */
void module__set_anonymous(struct module *module, struct context *context,
			   const struct process_perf_map *perf_map);

/* The mapping is of a file, or the vdso, which is as good. */
bool module__has_file(const struct symbol_mapping *mapping);

/* The file has no place in the file system, like a memfd; it may hold anything. */
bool module__is_memory(const struct symbol_mapping *mapping);

void module__set_build_id(struct module *module, struct context *context,
			  const uint8_t *build_id, size_t size);

/* Open the file that a living process has mapped. */
void module__open_live(struct module *module, struct context *context,
		       const struct symbol_mapping *mapping);

/* Find the file of a recording, if it was not tried yet. */
void module__open_recorded(struct module *module, struct context *context,
			   const struct symbol_mapping *mapping);

/* Is what was told of opened, and another one, or none, where its path leads to by now? */
bool module__is_only_here(const struct module *module, const struct symbol_mapping *mapping);

/* module_debug.c: what was stripped from the file. */

/* Open what has the names that the file @lacks, and what it shares with other files. */
void module__open_debug(struct module *module, struct context *context, bool lacks);

/* Open what was stripped from the file in place of the file, which is not there. */
bool module__open_debug_only(struct module *module, struct context *context,
			     const struct symbol_mapping *mapping);

/* module.c: from an address to names. */

/* Where in the file an address of the mapping is. False: nowhere. */
bool module__file_address(const struct module *module, const struct symbol_mapping *mapping,
			  uint64_t address, uint64_t *file_address);

/* Fill in what is known of names->address. -ENOMEM. */
int module__name(struct module *module, struct context *context, struct module_names *names);

/* From a symbol alone. -ENOMEM. */
int module__name_symbol(struct context *context, const struct symtab_symbol *symbol,
			struct module_names *names);

void module__free(struct module *module);

#endif /* PROFBUF_SYMBOL_MODULE_H */
