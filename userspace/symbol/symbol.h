/* SPDX-License-Identifier: GPL-2.0 */
/*
 * symbol: names for addresses.
 *
 * A struct symbols knows the kernel's symbols and the executable mappings of
 * processes. Both are either read from this machine while it runs
 * (symbols__read_kallsyms(), symbols__read_process()) or handed in from a recording
 * (symbols__add_kernel_symbol(), symbols__add_mapping(), symbols__add_process_symbol()).
 * A process whose mappings were handed in is never looked up in /proc: its number may
 * belong to another one now, or to another machine. Address spaces that the kernel has
 * told of (symbols__add_space()) name their process by more than its number: as long as
 * it lives its files are opened as it sees them.
 *
 *	symbols = symbols__new(&options);
 *	symbols__read_kallsyms(symbols, NULL);
 *	symbols__read_process(symbols, pid);
 *	location = symbols__resolve(symbols, pid, address, exact);
 *	for (i = 0; i < location->nframes; i++)
 *		puts(location->frames[i].name);
 *
 * Files are opened when the process that maps them is read, so that one which ends or
 * is replaced later does no harm. They are parsed when the first address in them
 * is resolved. What is found for an address is kept, for all processes
 * that map the file.
 *
 * Strings are interned: equal ones are one pointer. They and everything else that is
 * returned stay valid until symbols__free(). A struct symbols is for one thread at a
 * time. All functions that return int return 0 or a negative errno.
 */
#ifndef PROFBUF_SYMBOL_H
#define PROFBUF_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profbuf_kernel_symbol;
struct profbuf_space_info;
struct profbuf_space_mapping;
struct symbols;

/*
 * No process ID has more bits than that. The others of what this resolver takes for one tell
 * generations of its mappings apart: what the process had mapped before it executed another
 * program, or before it mapped other files in the place of some.
 */
#define SYMBOL_PID_BITS		22
#define SYMBOL_MAX_GENERATION	((1U << (32 - SYMBOL_PID_BITS)) - 1)

static inline uint32_t symbol_pid(uint32_t pid, uint32_t generation)
{
	return pid | generation << SYMBOL_PID_BITS;
}

/*
 * Whose addresses are asked for: a number from symbol_pid(), or what this makes of the
 * space word of a record.
 */
#define SYMBOL_SPACE		(1ULL << 63)

static inline uint64_t symbol_space(uint64_t word)
{
	return word | SYMBOL_SPACE;
}

/**
 * struct symbols_options - what to look for and where; all zero is a good default
 * @no_dwarf: neither inlined functions nor lines
 * @no_separate: look for symbols in the mapped files only: no separate debug files, no
 *	debuginfod
 * @no_debuginfod: do not download, whatever DEBUGINFOD_URLS says
 * @parameters: C++ and Rust names with the types of parameters and Rust's hashes
 * @debug_dirs: directories of separate debug files, separated by colons; NULL:
 *	"/usr/lib/debug"
 * @root: directory below which the files of handed-in mappings are; NULL: "/"
 */
struct symbols_options {
	bool no_dwarf;
	bool no_separate;
	bool no_debuginfod;
	bool parameters;
	const char *debug_dirs;
	const char *root;
};

/**
 * enum symbol_problem - why addresses of a module have no names
 * @SYMBOL_OK: nothing in the way; addresses may still be outside of all functions
 * @SYMBOL_NO_PROCESS: the process ended before its mappings could be read
 * @SYMBOL_NO_MAPPING: the address is in none of the mappings of its process
 * @SYMBOL_STRIPPED: the file has no symbols, or only those it exports
 * @SYMBOL_FILE_GONE: the file was deleted, or is not on this machine
 * @SYMBOL_FILE_CHANGED: the file is there, but not the one that was mapped
 * @SYMBOL_FILE_BAD: the file is damaged
 * @SYMBOL_ANONYMOUS: memory without a file, such as code from a JIT compiler
 * @SYMBOL_NOT_PERMITTED: this user may not read the mappings or the file
 * @SYMBOL_HIDDEN: the kernel hides its addresses
 * @SYMBOL_NO_KERNEL: there are no kernel symbols: none read, none recorded
 * @SYMBOL_NO_SPACE: the kernel could not tell which address space it is of
 * @SYMBOL_NOT_TOLD: the stream does not tell what was mapped there
 */
enum symbol_problem {
	SYMBOL_OK,
	SYMBOL_NO_PROCESS,
	SYMBOL_NO_MAPPING,
	SYMBOL_STRIPPED,
	SYMBOL_FILE_GONE,
	SYMBOL_FILE_CHANGED,
	SYMBOL_FILE_BAD,
	SYMBOL_ANONYMOUS,
	SYMBOL_NOT_PERMITTED,
	SYMBOL_HIDDEN,
	SYMBOL_NO_KERNEL,
	SYMBOL_NO_SPACE,
	SYMBOL_NOT_TOLD,
};

/**
 * enum symbol_unwind - what a file tells of how its functions are left
 * @SYMBOL_UNWIND_UNKNOWN: there was no file to look into
 * @SYMBOL_UNWIND_NONE: nothing
 * @SYMBOL_UNWIND_TOLD: an unwind table can be made of it
 * @SYMBOL_UNWIND_32BIT: it is of 32 bits, of which none are made
 */
enum symbol_unwind {
	SYMBOL_UNWIND_UNKNOWN,
	SYMBOL_UNWIND_NONE,
	SYMBOL_UNWIND_TOLD,
	SYMBOL_UNWIND_32BIT,
};

/**
 * struct symbol_module - a file, or what stands for one, that addresses are in
 * @path: of the file, as its process sees it. In brackets what is no file: "[vdso]",
 *	"[anon]", "[unknown]", kernel modules like "[nf_tables]", and
 *	"[kernel.kallsyms]", the kernel itself
 * @build_id: lower-case hexadecimal digits; NULL: none known
 * @kernel: part of the kernel
 * @unwind: enum symbol_unwind, once an address in it was resolved
 * @has_lines: some frame has a source file
 * @has_inlines: some frame is inlined
 * @problem: enum symbol_problem
 * @reason: the problem in words, to be printed after the path; NULL if there is none
 * @advice: what to do about it; NULL: nothing
 * @addresses: distinct addresses that were resolved in it
 * @unnamed: those of them without a name
 * @tag: the caller's own; 0 at first
 */
struct symbol_module {
	const char *path;
	const char *build_id;
	bool kernel;
	enum symbol_unwind unwind;
	bool has_lines;
	bool has_inlines;
	enum symbol_problem problem;
	const char *reason;
	const char *advice;
	uint64_t addresses;
	uint64_t unnamed;
	uint64_t tag;
};

/**
 * struct symbol_mapping - executable memory of a process
 * @pid: process
 * @start: first address
 * @end: address behind the last
 * @offset: where in the file @start is
 * @path: as /proc/PID/maps has it, without " (deleted)"
 * @deleted: the file was unlinked
 * @major: device
 * @minor: device
 * @inode: and inode of the file
 * @build_id: the file's, as bytes; NULL: none
 * @build_id_size: bytes
 * @told: a mapping of an address space, and what follows is known
 * @start_ns: when its process was started, CLOCK_BOOTTIME
 * @inode_generation: tells files with the same inode number apart
 * @ctime_sec: when the inode was changed last
 * @ctime_nsec: nanoseconds of that
 * @module: set by symbols
 */
struct symbol_mapping {
	uint32_t pid;
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	const char *path;
	bool deleted;
	uint32_t major;
	uint32_t minor;
	uint64_t inode;
	const uint8_t *build_id;
	size_t build_id_size;
	bool told;
	uint64_t start_ns;
	uint32_t inode_generation;
	int64_t ctime_sec;
	uint32_t ctime_nsec;
	struct symbol_module *module;
};

/**
 * struct symbol_frame - a function
 * @name: for people
 * @system_name: as the symbol table has it; for C the same pointer as @name
 * @file: source file; NULL: unknown
 * @line: source line; 0: unknown
 * @inlined: into the function of the next frame
 */
struct symbol_frame {
	const char *name;
	const char *system_name;
	const char *file;
	uint32_t line;
	bool inlined;
};

/**
 * struct symbol_location - what is known of an address
 * @address: as asked
 * @module: never NULL
 * @mapping: NULL for the kernel and where there is none
 * @file_address: the same address in the file, as nm and addr2line have it; equal to
 *	@address where there is no file
 * @symbol_start: address of the function that has its own symbol, in the process;
 *	0: no name
 * @symbol_size: its bytes
 * @nframes: functions; 0: no name
 * @frames: innermost first; the last one is not inlined and the one @symbol_start is of
 */
struct symbol_location {
	uint64_t address;
	struct symbol_module *module;
	const struct symbol_mapping *mapping;
	uint64_t file_address;
	uint64_t symbol_start;
	uint64_t symbol_size;
	uint32_t nframes;
	const struct symbol_frame *frames;
};

/**
 * symbols__new - make a resolver that knows nothing yet
 * @options: NULL: defaults
 *
 * Return: NULL if there is no memory.
 */
struct symbols *symbols__new(const struct symbols_options *options);

void symbols__free(struct symbols *symbols);

/**
 * symbols__read_kallsyms - read the symbols of this machine's kernel and modules
 * @symbols: the resolver
 * @path: NULL: /proc/kallsyms
 *
 * Where the kernel hides the addresses this returns -EPERM, and the module
 * "[kernel.kallsyms]" says what to do.
 */
int symbols__read_kallsyms(struct symbols *symbols, const char *path);

/* 0, -ENOENT if nothing is known to have been there, or another errno if it will not be told. */
typedef int (*symbols_ask_kernel_fn)(void *context, uint64_t address, uint64_t time_ns,
				     struct profbuf_kernel_symbol *symbol);

/**
 * symbols__ask_kernel - whom to ask what is at an address of the kernel
 * @symbols: the resolver
 * @ask: who says it, such as a session
 * @context: for @ask
 *
 * It is asked once for each address, by symbols__meet_kernel(), until it fails.
 */
void symbols__ask_kernel(struct symbols *symbols, symbols_ask_kernel_fn ask, void *context);

/**
 * symbols__asks_kernel - is there somebody who says what is at an address of the kernel?
 * @symbols: the resolver
 */
bool symbols__asks_kernel(const struct symbols *symbols);

/**
 * symbols__meet_kernel - ask for an address of the kernel while it is known what was there
 * @symbols: the resolver
 * @address: the address
 * @exact: as for symbols__resolve()
 * @time: when it was sampled
 *
 * Return: 0 or -ENOMEM.
 */
int symbols__meet_kernel(struct symbols *symbols, uint64_t address, bool exact, uint64_t time);

/**
 * symbols__add_kernel_symbol - add a symbol of the kernel of a recording
 * @symbols: the resolver
 * @address: where it starts
 * @size: its bytes; 0: up to the next symbol
 * @name: its name
 * @module: without brackets; NULL or "": the kernel itself
 */
int symbols__add_kernel_symbol(struct symbols *symbols, uint64_t address, uint64_t size,
			       const char *name, const char *module);

/**
 * symbols__read_process - read the executable mappings of a living process
 * @symbols: the resolver
 * @pid: process ID, as this /proc has it, and its generation
 *
 * May be called again, to learn what was mapped since.
 *
 * Return: 0; -ESRCH: there is no such process; -EACCES, -EPERM: this user may not look.
 */
int symbols__read_process(struct symbols *symbols, uint32_t pid);

/**
 * enum symbols_news - what a process has mapped, compared with what is known of it
 * @SYMBOLS_NO_NEWS: that, or a part of it
 * @SYMBOLS_MORE: also something else
 * @SYMBOLS_REPLACED: something else in the place of what is known
 */
enum symbols_news {
	SYMBOLS_NO_NEWS,
	SYMBOLS_MORE,
	SYMBOLS_REPLACED,
};

/**
 * symbols__check_process - look whether there is something to be learned of a living process
 * @symbols: the resolver
 * @pid: as for symbols__read_process()
 * @news: what there is
 *
 * Where files were replaced, a new generation keeps those apart that addresses meant before.
 * Code in no file comes and goes without being another one.
 *
 * Return: as symbols__read_process().
 */
int symbols__check_process(struct symbols *symbols, uint32_t pid, enum symbols_news *news);

/**
 * symbols__add_mapping - add a mapping of a process of a recording
 * @symbols: the resolver
 * @mapping: is copied. Of what overlaps, what was added last counts
 */
int symbols__add_mapping(struct symbols *symbols, const struct symbol_mapping *mapping);

/**
 * symbols__add_space - add what a SPACE frame tells
 * @symbols: the resolver
 * @info: what it says of the space
 * @mappings: its mappings
 *
 * What an address stands for is looked up when it is resolved, as <linux/profbuf.h> says.
 */
int symbols__add_space(struct symbols *symbols, const struct profbuf_space_info *info,
		       const struct profbuf_space_mapping *mappings);

/**
 * symbols__hold_space - open the files of an address space
 * @symbols: the resolver
 * @word: its ID, and the generation that was told last
 *
 * They may be gone, or seen by nobody, when their names are asked for.
 */
int symbols__hold_space(struct symbols *symbols, uint64_t word);

/**
 * symbols__meet - take note of an address in an address space
 * @symbols: the resolver
 * @word: ID and generation
 * @address: user address
 *
 * If it is of code in no file, its process may not be there any more when that is to be named.
 */
int symbols__meet(struct symbols *symbols, uint64_t word, uint64_t address);

/**
 * symbols__space_mapping - find what an address in an address space stands for
 * @symbols: the resolver
 * @word: ID and generation
 * @address: address
 *
 * Return: NULL if there is no file, or it is not known.
 */
const struct symbol_mapping *symbols__space_mapping(struct symbols *symbols, uint64_t word,
						    uint64_t address);

/**
 * symbols__told_mapping - find what was mapped at an address of an address space
 * @symbols: the resolver
 * @word: ID and generation
 * @address: address
 *
 * Unlike symbols__space_mapping() it does not say that anybody has been there.
 *
 * Return: NULL if nothing was, as far as is known; else memory of a file, or of none.
 */
const struct symbol_mapping *symbols__told_mapping(const struct symbols *symbols, uint64_t word,
						   uint64_t address);

/**
 * symbols__is_only_here - would nobody else find the file of a mapping?
 * @symbols: the resolver
 * @mapping: from symbols__space_mapping()
 *
 * Return: true if it is open, or is the vdso, but was removed or replaced since, or is not where
 *	this process sees it.
 */
bool symbols__is_only_here(struct symbols *symbols, const struct symbol_mapping *mapping);

/**
 * symbols__add_space_symbol - add a symbol of code in no file
 * @symbols: the resolver
 * @word: address space it is in, of any generation
 * @address: where it starts
 * @size: its bytes
 * @name: its name
 */
int symbols__add_space_symbol(struct symbols *symbols, uint64_t word, uint64_t address,
			      uint64_t size, const char *name);

/**
 * symbols__add_file_symbol - add a symbol of a file that there may not be any more
 * @symbols: the resolver
 * @file: device, inode and the like, as mappings of it have them
 * @offset: where in the file it starts
 * @size: its bytes
 * @name: its name
 */
int symbols__add_file_symbol(struct symbols *symbols, const struct symbol_mapping *file,
			     uint64_t offset, uint64_t size, const char *name);

/**
 * symbols__has_space - is it known what was mapped in an address space?
 * @symbols: the resolver
 * @word: ID and generation, as records have them
 *
 * Return: true if what symbols__resolve() would say now is not for want of that.
 */
bool symbols__has_space(const struct symbols *symbols, uint64_t word);

/**
 * symbols__set_here - tell that address spaces are of this machine, as it runs
 * @symbols: the resolver
 *
 * Then files of processes that live are opened as these see them.
 */
void symbols__set_here(struct symbols *symbols);

/**
 * symbols__set_recorded - tell that what is handed in is from a recording, and when that ended
 * @symbols: the resolver
 * @realtime_ns: CLOCK_REALTIME; 0: that is not known, or not yet
 *
 * A file that has no build-id, and has changed since, is not taken for the recorded one.
 */
void symbols__set_recorded(struct symbols *symbols, uint64_t realtime_ns);

/**
 * symbols__add_process_symbol - add a symbol of code for which there may be no file
 * @symbols: the resolver
 * @pid: process of a recording
 * @address: where it starts
 * @size: its bytes
 * @name: its name
 */
int symbols__add_process_symbol(struct symbols *symbols, uint32_t pid, uint64_t address,
				uint64_t size, const char *name);

/**
 * symbols__resolve - name an address
 * @symbols: the resolver
 * @owner: process or address space; 0 for the kernel
 * @address: address. Without an @owner, one with the top bit set is the kernel's; with one, nothing
 *	is mapped there
 * @exact: an interrupted instruction; otherwise a return address, and what is named is
 *	the call before it
 *
 * Return: NULL if there is no memory, and never for another reason.
 */
const struct symbol_location *symbols__resolve(struct symbols *symbols, uint64_t owner,
					       uint64_t address, bool exact);

/**
 * symbols__next_mapping - walk the mappings of a process in the order they became known
 * @symbols: the resolver
 * @pid: process
 * @previous: NULL: the first one
 *
 * Those that became known since the last one was returned follow it.
 *
 * Return: NULL after the last one.
 */
const struct symbol_mapping *symbols__next_mapping(struct symbols *symbols, uint32_t pid,
						   const struct symbol_mapping *previous);

/**
 * symbols__next_module - walk all modules in the order they became known
 * @symbols: the resolver
 * @previous: NULL: the first one
 *
 * Return: NULL after the last one.
 */
struct symbol_module *symbols__next_module(struct symbols *symbols,
					   const struct symbol_module *previous);

/**
 * symbols__intern - the one pointer for a string
 * @symbols: the resolver
 * @string: is copied
 *
 * Return: NULL if there is no memory.
 */
const char *symbols__intern(struct symbols *symbols, const char *string);

#endif /* PROFBUF_SYMBOL_H */
