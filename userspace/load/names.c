// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "names.h"
#include "profile/profile.h"
#include "util/array.h"
#include "util/machine.h"
#include "util/message.h"

/* More bytes than any build-id has. */
#define BUILD_ID_BYTES 64

/**
 * struct names_process - a process
 * @pid: process ID
 * @generation: how often its addresses have come to mean something else
 * @comm: name of its main thread, "" if that is not known. This and the rest: not of a recording
 * @met: it came up
 * @looked: in this generation its mappings were read
 * @exe_device: the program's device when they were, or were to be
 * @exe_inode: and inode
 * @first: time of its first record
 */
struct names_process {
	uint32_t pid;
	uint32_t generation;
	char comm[PROFILE_COMM_SIZE];
	bool met;
	bool looked;
	dev_t exe_device;
	ino_t exe_inode;
	uint64_t first;
};

/**
 * names__init - know no names yet
 * @names: the names
 *
 * Return: 0 or a negative errno.
 */
int names__init(struct names *names)
{
	*names = (struct names){ .symbols = symbols__new(NULL) };
	return names->symbols ? 0 : -ENOMEM;
}

/**
 * names__exit - give back all names
 * @names: the names
 */
void names__exit(struct names *names)
{
	symbols__free(names->symbols);
	free(names->processes);
	index__free(&names->index);
	free(names->origin);
}

/* If it is hidden, the resolver says so where it matters. */
static int read_kernel(struct names *names)
{
	int err = symbols__read_kallsyms(names->symbols, NULL);

	return err == -ENOMEM ? err : 0;
}

static bool tells_spaces(const struct profbuf_info *info)
{
	const uint32_t *words = (const void *)((const char *)info + info->size);
	uint32_t i;

	for (i = 0; i < info->nr_words; i++)
		if (words[i] == PROFBUF_WORD_SPACE)
			return true;
	return false;
}

/**
 * names__info - take note of an INFO frame
 * @names: the names
 * @info: what it says
 *
 * Return: 0 or a negative errno.
 */
int names__info(struct names *names, const struct profbuf_info *info)
{
	if (names->info_seen)
		return 0;
	names->info_seen = true;
	names->same_boot = machine__same_boot(info);
	if (names->same_boot)
		symbols__set_here(names->symbols);
	if (names->recorded && !names->once)
		return 0;
	if (names->same_boot)
		return read_kernel(names);
	if (names->recorded) {
		warning("names of the kernel are at the end of a recording, and a pipe is read only once");
		hint("name the file instead");
	} else {
		warning("this was read on another machine, or before this one was started: %s",
			tells_spaces(info) ? "there are no names of the kernel" :
			"there are no names");
		hint("'profbuf record' takes the names along");
	}
	return 0;
}

/* Whoever had read the device, the stream would be without names: only a recorder adds them. */
static void advise_on_kernel(struct names *names)
{
	struct symbol_module *module = NULL;

	while ((module = symbols__next_module(names->symbols, module)))
		if (module->problem == SYMBOL_NO_KERNEL)
			module->advice = "record with 'profbuf record'";
}

/* Nothing but the space of a record tells what its addresses mean. */
static void explain_records(struct names *names)
{
	struct symbol_module *module = NULL;

	while ((module = symbols__next_module(names->symbols, module))) {
		if (module->problem != SYMBOL_NO_PROCESS)
			continue;
		module->reason = "its records do not tell which address space they are of";
		module->advice = "record with more header words (--hdrsize)";
	}
}

/**
 * names__end - take note that there will be no more frames of a recorder
 * @names: the names
 *
 * A recording that was cut short lacks names of the kernel, which come last. Until the machine that
 * it is of is started anew, they are here.
 *
 * Return: 0 or a negative errno.
 */
int names__end(struct names *names)
{
	bool cut_short = names->recorded && !names->ended;

	if (!names->recorded && !names->same_boot)
		advise_on_kernel(names);
	if (names->recorded && !names->processes_told)
		explain_records(names);
	names->ended = true;
	return cut_short && names->same_boot ? read_kernel(names) : 0;
}

static struct names_process *find_process(const struct names *names, uint32_t pid)
{
	uint32_t cursor, i;

	index_for_each_candidate(&names->index, hash_pair(pid, 0), cursor, i)
		if (names->processes[i].pid == pid)
			return &names->processes[i];
	return NULL;
}

/**
 * names__generation - how often have a process's addresses come to mean something else up to here?
 * @names: the names
 * @pid: process ID
 *
 * Return: the number.
 */
uint32_t names__generation(const struct names *names, uint32_t pid)
{
	const struct names_process *process = find_process(names, pid);

	return process ? process->generation : 0;
}

static bool has_space(const struct profbuf_record *record)
{
	return record->has & 1U << PROFBUF_WORD_SPACE;
}

/**
 * names__owner - what the resolver calls that which addresses of a record belong to
 * @names: the names, up to the record
 * @record: the record
 *
 * Return: its number.
 */
uint64_t names__owner(const struct names *names, const struct profbuf_record *record)
{
	if (has_space(record))
		return symbol_space(record->space);
	return symbol_pid(record->pid, names__generation(names, record->pid));
}

/**
 * names__space - take note of a SPACE frame
 * @names: the names
 * @info: what it says of the space
 * @mappings: its mappings
 *
 * Return: 0 or a negative errno.
 */
int names__space(struct names *names, const struct profbuf_space_info *info,
		 const struct profbuf_space_mapping *mappings)
{
	return symbols__add_space_frame(names->symbols, info, mappings);
}

/**
 * names__restart - go through the same stream again, with all names that it has
 * @names: the names
 */
void names__restart(struct names *names)
{
	index__free(&names->index);
	names->index = (struct index){ 0 };
	names->nr_processes = 0;
}

static struct names_process *get_process(struct names *names, uint32_t pid)
{
	struct names_process *process = find_process(names, pid);
	uint32_t i = names->nr_processes;

	if (process)
		return process;
	if (array__reserve(&names->processes, i, &names->max_processes, sizeof(*process)) ||
	    index__insert(&names->index, hash_pair(pid, 0), i))
		return NULL;
	process = &names->processes[names->nr_processes++];
	*process = (struct names_process){ .pid = pid };
	return process;
}

static void next_generation(struct names_process *process)
{
	if (process->generation < SYMBOL_MAX_GENERATION)
		process->generation++;
	process->looked = false;
}

/*
 * Read its mappings. Who is called something else by now than in the record may execute another
 * program by now, unless it is known to be @certain.
 */
static void look(struct names *names, struct names_process *process,
		 const struct profbuf_record *record, bool certain)
{
	char name[MACHINE_NAME_SIZE];
	struct stat exe;

	if (!machine__process_is_old(process->pid, record->time))
		return;
	if (machine__program(process->pid, &exe)) {
		process->exe_device = exe.st_dev;
		process->exe_inode = exe.st_ino;
	}
	if (!certain && process->comm[0] &&
	    (!machine__thread_name(process->pid, process->pid, name) ||
	     strcmp(name, process->comm)))
		return;
	symbols__read_process(names->symbols, symbol_pid(process->pid, process->generation));
	process->looked = true;
}

/* A program that is executed names the main thread, but threads may be called anything. */
static enum names_news look_for_exec(struct names *names, struct names_process *process,
				     const struct profbuf_record *record)
{
	struct stat exe;
	bool same;

	if (!machine__process_is_old(process->pid, record->time) ||
	    !machine__program(process->pid, &exe))
		return NAMES_NO_NEWS;
	same = exe.st_dev == process->exe_device && exe.st_ino == process->exe_inode;
	if (same && process->looked)
		return NAMES_NO_NEWS;
	/* What was before was another one, or nobody knows. */
	next_generation(process);
	look(names, process, record, same);
	return NAMES_OTHER_PROGRAM;
}

/**
 * names__meet - a record comes up
 * @names: the names
 * @record: the record
 * @news: what it tells of its process
 *
 * Where the stream is of this machine, as it runs, mappings are read now: the process may not run
 * for long.
 *
 * Return: 0 or a negative errno.
 */
int names__meet(struct names *names, const struct profbuf_record *record, enum names_news *news)
{
	bool named = record->pid == record->tid && record->comm[0];
	struct names_process *process;
	bool renamed, known;

	*news = NAMES_NO_NEWS;
	if (names->recorded || !names->same_boot || !record->pid ||
	    has_space(record))
		return 0;
	process = get_process(names, record->pid);
	if (!process)
		return -ENOMEM;
	renamed = named && memcmp(process->comm, record->comm, sizeof(process->comm));
	if (process->met && !renamed)
		return 0;
	known = process->comm[0];
	if (named)
		memcpy(process->comm, record->comm, sizeof(process->comm));
	if (!process->met) {
		process->met = true;
		process->first = record->time;
		look(names, process, record, false);
	} else if (known) {
		*news = look_for_exec(names, process, record);
	} else if (!process->looked) {
		look(names, process, record, false);
	}
	return 0;
}

/**
 * names__meet_again - the stream is read: learn what was mapped since
 * @names: the names
 *
 * Of what addresses meant first, and of what they mean by now, only one can be had.
 */
void names__meet_again(struct names *names)
{
	uint32_t i;

	for (i = 0; !names->recorded && i < names->nr_processes; i++) {
		struct names_process *process = &names->processes[i];
		uint32_t symbol = symbol_pid(process->pid, process->generation);
		enum symbols_news news;

		if (!process->looked || !machine__process_is_old(process->pid, process->first) ||
		    symbols__check_process(names->symbols, symbol, &news))
			continue;
		if (news == SYMBOLS_REPLACED)
			names->replaced++;
		else
			symbols__read_process(names->symbols, symbol);
	}
	if (!names->replaced)
		return;
	warning("%u process%s mapped other files in the place of some: names of functions there may be wrong",
		names->replaced, names->replaced == 1 ? " has" : "es have");
	hint("'profbuf record' tells what was mapped when");
}

static int take_host(struct names *names, const struct profbuf_frame *frame)
{
	char date[64] = "";
	struct profbuf_strings strings;
	struct tm broken_down;
	time_t seconds;

	if (profbuf_recording__payload(frame, &names->host, sizeof(names->host), &strings))
		return -EBADMSG;
	names->recorded = true;
	seconds = names->host.realtime_ns / 1000000000;
	if (gmtime_r(&seconds, &broken_down))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &broken_down);
	free(names->origin);
	if (asprintf(&names->origin, "%s on %s (Linux %s %s, %u CPUs), %s", strings.list[6],
		     strings.list[0], strings.list[1], strings.list[3], names->host.nr_cpus,
		     date) < 0) {
		names->origin = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int take_process(struct names *names, const struct profbuf_frame *frame)
{
	struct names_process *known;
	struct profbuf_process process;

	if (profbuf_recording__payload(frame, &process, sizeof(process), NULL))
		return -EBADMSG;
	names->processes_told = true;
	if (!(process.flags & (PROFBUF_PROCESS_EXEC | PROFBUF_PROCESS_REMAPPED)))
		return 0;
	known = get_process(names, process.pid);
	if (!known)
		return -ENOMEM;
	next_generation(known);
	return 0;
}

static size_t parse_build_id(const char *digits, uint8_t *bytes)
{
	size_t n = 0;
	unsigned int byte;

	while (n < BUILD_ID_BYTES && sscanf(digits + 2 * n, "%2x", &byte) == 1 &&
	       digits[2 * n + 1])
		bytes[n++] = byte;
	return n;
}

static int take_mapping(struct names *names, const struct profbuf_frame *frame)
{
	uint8_t build_id[BUILD_ID_BYTES];
	struct profbuf_strings strings;
	struct profbuf_file_mapping mapping;
	struct symbol_mapping symbol_mapping;
	size_t size;
	int err;

	if (profbuf_recording__payload(frame, &mapping, sizeof(mapping), &strings))
		return -EBADMSG;
	size = parse_build_id(strings.list[1], build_id);
	symbol_mapping = (struct symbol_mapping){
		.pid = symbol_pid(mapping.pid, names__generation(names, mapping.pid)),
		.start = mapping.start,
		.end = mapping.end,
		.offset = mapping.offset,
		.path = strings.list[0],
		.deleted = mapping.flags & PROFBUF_FILE_MAPPING_DELETED,
		.major = mapping.major,
		.minor = mapping.minor,
		.inode = mapping.inode,
		.build_id = size ? build_id : NULL,
		.build_id_size = size,
	};
	err = symbols__add_mapping(names->symbols, &symbol_mapping);
	/* One that cannot be is of no use, and does no harm. */
	return err == -ENOMEM ? err : 0;
}

static int take_file_symbol(struct names *names, const struct profbuf_symbols *frame,
			    const struct profbuf_symbol *symbol, const char *name)
{
	const struct symbol_mapping file = {
		.inode = frame->inode,
		.major = frame->major,
		.minor = frame->minor,
		.inode_generation = frame->inode_generation,
		.ctime_sec = frame->ctime_sec,
		.ctime_nsec = frame->ctime_nsec,
	};

	return symbols__add_file_symbol(names->symbols, &file, symbol->address, symbol->length,
					name);
}

static int take_symbol(void *context, const struct profbuf_symbols *frame,
		       const struct profbuf_symbol *symbol, const char *name, const char *module)
{
	struct names *names = context;
	int err;

	if (frame->pid == PROFBUF_SYMBOLS_KERNEL)
		err = symbols__add_kernel_symbol(names->symbols, symbol->address, symbol->length,
						 name, module);
	else if (frame->pid == PROFBUF_SYMBOLS_SPACE)
		err = symbols__add_space_symbol(names->symbols, frame->space, symbol->address,
						symbol->length, name);
	else if (frame->pid == PROFBUF_SYMBOLS_FILE)
		err = take_file_symbol(names, frame, symbol, name);
	else
		err = symbols__add_process_symbol(names->symbols,
						  symbol_pid(frame->pid, frame->generation),
						  symbol->address, symbol->length, name);
	return err == -ENOMEM ? err : 0;
}

/**
 * names__frame - take note of a frame of a recorder
 * @names: the names
 * @frame: a frame of any type but INFO and SAMPLES
 *
 * Return: 0, -EBADMSG if it is damaged, or another negative errno.
 */
int names__frame(struct names *names, const struct profbuf_frame *frame)
{
	switch (frame->type) {
	case PROFBUF_FRAME_HOST:
		return take_host(names, frame);
	case PROFBUF_FRAME_PROCESS:
		return take_process(names, frame);
	case PROFBUF_FRAME_MAPPING:
		return take_mapping(names, frame);
	case PROFBUF_FRAME_SYMBOLS:
		return profbuf_recording__symbols(frame, take_symbol, names);
	case PROFBUF_FRAME_END:
		if (profbuf_recording__payload(frame, &names->end, sizeof(names->end), NULL))
			return -EBADMSG;
		names->ended = true;
		symbols__set_recorded(names->symbols, names->end.realtime_ns);
		return 0;
	default:
		return 0;
	}
}
