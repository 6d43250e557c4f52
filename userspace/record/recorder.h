/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Turns what a session gives into a recording: takes out what was not asked for, finds out
 * about processes while they live, and names what can only be named here.
 */
#ifndef PROFBUF_RECORD_RECORDER_H
#define PROFBUF_RECORD_RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "family.h"
#include "packer.h"
#include "profile/profile.h"
#include "symbol/symbol.h"
#include "writer.h"

/**
 * struct recorder_process - a process that has come up
 * @pid: process ID
 * @generation: how often its addresses have come to mean something else
 * @symbol_pid: what the resolver calls it since
 * @comm: name of its main thread
 * @comm_known: @comm was seen
 * @gone: it has ended
 * @foreign: it sees other files than we do
 * @exe_device: the program's device
 * @exe_inode: and inode
 * @last: the last of its mappings that was recorded, of this generation
 * @last_look: when its mappings were read last, CLOCK_MONOTONIC
 * @look_at: when they are to be read again, at the latest
 * @not_before: when they may be at the earliest
 * @put_off_until: how long they may be put off, as it may execute another program; 0: they were not
 * @patience: how long to wait between the two where a stack leads nowhere, nanoseconds
 */
struct recorder_process {
	uint32_t pid;
	uint32_t generation;
	uint32_t symbol_pid;
	char comm[PROFILE_COMM_SIZE];
	bool comm_known;
	bool gone;
	bool foreign;
	dev_t exe_device;
	ino_t exe_inode;
	const struct symbol_mapping *last;
	uint64_t last_look;
	uint64_t look_at;
	uint64_t not_before;
	uint64_t put_off_until;
	uint64_t patience;
};

struct recorder_symbol;

/**
 * struct recorder - a recording on its way
 * @writer: its file
 * @family: whose records are kept
 * @symbols: what is known of processes
 * @profile: distinct addresses since the last time that they were named
 * @processes: processes that have come up
 * @nr_processes: their number
 * @max_processes: room for so many
 * @process_index: to find them
 * @first_time: time of the first record that has led to a look at mappings
 * @look_ns: CPU time that these looks took, without what they found
 * @own_pid: our process ID, if stacks of ours are no cause to look; 0 otherwise
 * @emitted: symbols that were recorded
 * @nr_emitted: their number
 * @max_emitted: room for so many
 * @emitted_index: to find them
 * @kernel_symbols: those of the kernel were read, or asked for in vain
 * @kernel_hidden: in vain
 * @own_mount: our mount namespace
 * @sequence: records of each CPU that were kept
 * @nr_sequences: number of CPUs
 * @frame: the frame that is being recorded
 * @written: records of it that were written
 * @packer: those that were not
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
	struct recorder_process *processes;
	uint32_t nr_processes;
	uint32_t max_processes;
	struct index process_index;
	uint64_t first_time;
	uint64_t look_ns;
	uint32_t own_pid;
	struct recorder_symbol *emitted;
	uint32_t nr_emitted;
	uint32_t max_emitted;
	struct index emitted_index;
	bool kernel_symbols;
	bool kernel_hidden;
	ino_t own_mount;
	uint64_t *sequence;
	uint32_t nr_sequences;
	const struct profbuf_frame *frame;
	uint64_t written;
	struct packer packer;
	uint64_t samples;
	uint64_t lost;
	uint64_t taken_out;
	uint64_t unknown;
};

int recorder__init(struct recorder *recorder, int fd);
void recorder__exit(struct recorder *recorder);
int recorder__begin(struct recorder *recorder, const char *command, const char *what);
int recorder__frame(struct recorder *recorder, struct profbuf_stream *stream,
		    const struct profbuf_frame *frame);
int recorder__split(struct recorder *recorder);
int recorder__end(struct recorder *recorder, const struct profbuf_stats *stats);

int recorder__expect(struct recorder *recorder, uint32_t pid);
struct recorder_process *recorder__meet(struct recorder *recorder,
					const struct profbuf_record *record);
struct recorder_process *recorder__find_process(const struct recorder *recorder, uint32_t pid);
void recorder__want_look(struct recorder *recorder, struct recorder_process *process,
			 const struct profbuf_record *record);
int recorder__look(struct recorder *recorder, struct recorder_process *process,
		   const struct profbuf_record *record);
int recorder__name_addresses(struct recorder *recorder);

#endif /* PROFBUF_RECORD_RECORDER_H */
