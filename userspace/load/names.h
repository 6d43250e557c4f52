/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where names for the addresses of a stream come from: from its own frames if it was recorded by
 * "profbuf record", else from this machine, as long as it is the one that was sampled.
 */
#ifndef PROFBUF_LOAD_NAMES_H
#define PROFBUF_LOAD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include <profbuf/recording.h>

#include "symbol/symbol.h"
#include "util/index.h"

struct names_process;

/**
 * enum names_news - what a record tells of its process
 * @NAMES_NO_NEWS: nothing
 * @NAMES_OTHER_PROGRAM: from here on it is another program
 */
enum names_news {
	NAMES_NO_NEWS,
	NAMES_OTHER_PROGRAM,
};

/**
 * struct names - what is known
 * @symbols: the resolver
 * @info_seen: an INFO frame came
 * @recorded: a HOST frame came: nothing is looked up on this machine, but what was cut off
 * @once: names are asked for before the stream was read to its end
 * @same_boot: the kernel of the stream is the one that runs
 * @processes_told: the recorder has told of processes itself
 * @spaces_told: the kernel has told of address spaces
 * @replaced: processes that have mapped other files in the place of some, and nothing tells when
 * @processes: what is known of processes; of a recording, those that executed another program
 * @nr_processes: their number
 * @max_processes: room for so many
 * @index: to find them
 * @host: the HOST frame
 * @origin: where and how it was recorded, as one line; NULL if that is not known
 * @end: the END frame
 * @ended: it came, or will not come any more
 */
struct names {
	struct symbols *symbols;
	bool info_seen;
	bool recorded;
	bool once;
	bool same_boot;
	bool processes_told;
	bool spaces_told;
	uint32_t replaced;
	struct names_process *processes;
	uint32_t nr_processes;
	uint32_t max_processes;
	struct index index;
	struct profbuf_host host;
	char *origin;
	struct profbuf_recording_end end;
	bool ended;
};

int names__init(struct names *names);
void names__exit(struct names *names);
int names__info(struct names *names, const struct profbuf_info *info);
int names__frame(struct names *names, const struct profbuf_frame *frame);
int names__end(struct names *names);
int names__meet(struct names *names, const struct profbuf_record *record, enum names_news *news);
void names__meet_again(struct names *names);
uint32_t names__generation(const struct names *names, uint32_t pid);
uint64_t names__owner(const struct names *names, const struct profbuf_record *record);
int names__space(struct names *names, const struct profbuf_space_info *info,
		 const struct profbuf_space_mapping *mappings);
void names__restart(struct names *names);

#endif /* PROFBUF_LOAD_NAMES_H */
