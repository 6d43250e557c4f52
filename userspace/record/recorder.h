/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Turns what a session gives into a recording: takes out what was not asked for, opens files while
 * they are there, and names what can only be named here.
 */
#ifndef PROFBUF_RECORD_RECORDER_H
#define PROFBUF_RECORD_RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "family.h"
#include "held_frames.h"
#include "packer.h"
#include "profile/profile.h"
#include "symbol/symbol.h"
#include "table_loader.h"
#include "util/backlog.h"
#include "writer.h"

struct profbuf_session;
struct recorder_symbol;

/**
 * struct recorder - a recording on its way
 * @writer: its file
 * @family: whose records are kept
 * @symbols: what is known of processes
 * @profile: distinct addresses since the last time that they were named
 * @backlog: frames that wait until it is known whose records they are
 * @stream: what they are of
 * @held: SPACE frames that wait until there are records
 * @space: ID of the space that the present frame is of, if it is a SPACE frame
 * @tables: makes unwind tables of what is told to be mapped
 * @emitted: symbols that were recorded
 * @nr_emitted: their number
 * @max_emitted: room for so many
 * @emitted_index: to find them
 * @kernel_symbols: those of the kernel were read, or asked for in vain
 * @kernel_hidden: in vain
 * @sequence: records of each CPU that were kept
 * @nr_sequences: number of CPUs
 * @packer: records of the frame that is being recorded
 * @samples: samples kept
 * @lost: samples lost
 * @taken_out: samples taken out
 * @unknown: of these, of processes that nothing is known of
 */
struct recorder {
	struct writer writer;
	struct family family;
	struct symbols *symbols;
	struct profile *profile;
	struct backlog backlog;
	struct profbuf_stream *stream;
	struct held_frames held;
	uint64_t space;
	struct table_loader tables;
	struct recorder_symbol *emitted;
	uint32_t nr_emitted;
	uint32_t max_emitted;
	struct index emitted_index;
	bool kernel_symbols;
	bool kernel_hidden;
	uint64_t *sequence;
	uint32_t nr_sequences;
	struct packer packer;
	uint64_t samples;
	uint64_t lost;
	uint64_t taken_out;
	uint64_t unknown;
};

int recorder__init(struct recorder *recorder, int fd);
void recorder__exit(struct recorder *recorder);
void recorder__ask(struct recorder *recorder, struct profbuf_session *session);
int recorder__begin(struct recorder *recorder, const char *command, const char *what);
int recorder__frame(struct recorder *recorder, struct profbuf_stream *stream,
		    const struct profbuf_frame *frame);
int recorder__end(struct recorder *recorder, const struct profbuf_stats *stats);

int recorder__name_addresses(struct recorder *recorder);

#endif /* PROFBUF_RECORD_RECORDER_H */
