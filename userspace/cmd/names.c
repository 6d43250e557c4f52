// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine.h"
#include "message.h"
#include "names.h"
#include "profile/profile.h"

/* More bytes than any build-id has. */
#define BUILD_ID_BYTES 64

/**
 * struct names_process - a process whose addresses have come to mean something else
 * @pid: process ID
 * @generation: how many times
 */
struct names_process {
	uint32_t pid;
	uint32_t generation;
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

/**
 * names__info - take note of an INFO frame
 * @names: the names
 * @info: what it says
 *
 * Return: 0 or a negative errno.
 */
int names__info(struct names *names, const struct profbuf_info *info)
{
	int err = 0;

	if (names->info_seen)
		return 0;
	names->info_seen = true;
	names->same_boot = machine__same_boot(info);
	if (names->recorded)
		return 0;
	if (!names->same_boot) {
		warning("this was read on another machine, or before this one was started: there are no names");
		hint("'profbuf record' takes the names along");
	} else {
		err = symbols__read_kallsyms(names->symbols, NULL);
	}
	/* If it is hidden, the resolver says so where it matters. */
	return err == -ENOMEM ? err : 0;
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
	int err = 0;

	if (names->recorded && !names->ended && names->same_boot)
		err = symbols__read_kallsyms(names->symbols, NULL);
	names->ended = true;
	return err == -ENOMEM ? err : 0;
}

/**
 * names__process - a process comes up in the stream
 * @names: the names
 * @pid: process ID
 * @time: when
 *
 * Its mappings are read now: it may not run for long. Again at the end, for those that came later.
 */
void names__process(struct names *names, uint32_t pid, uint64_t time)
{
	enum symbols_news news;

	if (names->recorded || !names->same_boot || !pid || !machine__process_is_old(pid, time))
		return;
	/* Of what addresses meant first, and of what they mean by now, only one can be had. */
	if (!symbols__check_process(names->symbols, pid, &news) && news == SYMBOLS_REPLACED)
		names->replaced++;
	else
		symbols__read_process(names->symbols, pid);
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

/**
 * names__symbol_pid - what the resolver calls a process, up to here
 * @names: the names
 * @pid: process ID
 *
 * Return: its number.
 */
uint32_t names__symbol_pid(const struct names *names, uint32_t pid)
{
	return symbol_pid(pid, names__generation(names, pid));
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

static int next_generation(struct names *names, uint32_t pid)
{
	struct names_process *process = find_process(names, pid);

	if (process) {
		if (process->generation < SYMBOL_MAX_GENERATION)
			process->generation++;
		return 0;
	}
	if (names->nr_processes == names->max_processes) {
		uint32_t max = names->max_processes ? names->max_processes * 2 : 64;

		process = realloc(names->processes, max * sizeof(*process));
		if (!process)
			return -ENOMEM;
		names->processes = process;
		names->max_processes = max;
	}
	names->processes[names->nr_processes] = (struct names_process){ pid, 1 };
	return index__insert(&names->index, hash_pair(pid, 0), names->nr_processes++);
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
	struct profbuf_process process;

	if (profbuf_recording__payload(frame, &process, sizeof(process), NULL))
		return -EBADMSG;
	if (!(process.flags & (PROFBUF_PROCESS_EXEC | PROFBUF_PROCESS_REMAPPED)))
		return 0;
	return next_generation(names, process.pid);
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
	struct profbuf_mapping mapping;
	struct symbol_mapping symbol_mapping;
	size_t size;
	int err;

	if (profbuf_recording__payload(frame, &mapping, sizeof(mapping), &strings))
		return -EBADMSG;
	size = parse_build_id(strings.list[1], build_id);
	symbol_mapping = (struct symbol_mapping){
		.pid = names__symbol_pid(names, mapping.pid),
		.start = mapping.start,
		.end = mapping.end,
		.offset = mapping.offset,
		.path = strings.list[0],
		.deleted = mapping.flags & PROFBUF_MAPPING_DELETED,
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

static int take_symbol(void *context, const struct profbuf_symbols *frame,
		       const struct profbuf_symbol *symbol, const char *name, const char *module)
{
	struct names *names = context;
	int err;

	if (frame->pid == PROFBUF_SYMBOLS_KERNEL)
		err = symbols__add_kernel_symbol(names->symbols, symbol->address, symbol->length,
						 name, module);
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
