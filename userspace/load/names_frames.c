// SPDX-License-Identifier: GPL-2.0
/*
 * Names that a recorder has put into its recording.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "names_process.h"

/* More bytes than any build-id has. */
#define BUILD_ID_BYTES 64

static int take_host(struct names *names, const struct profbuf_frame *frame)
{
	char date[64] = "";
	struct profbuf_strings strings;
	struct tm broken_down;
	time_t seconds;

	if (profbuf_recording__payload(frame, &names->host, sizeof(names->host), &strings))
		return -EBADMSG;
	names->recorded = true;
	symbols__set_recorded(names->symbols, 0);
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
	known = names__get_process(names, process.pid);
	if (!known)
		return -ENOMEM;
	names__next_generation(known);
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
