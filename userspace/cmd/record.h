/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording that profbuf record makes: what it is of, and how far it is.
 */
#ifndef PROFBUF_CMD_RECORD_H
#define PROFBUF_CMD_RECORD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

#include "cpulist.h"
#include "record_output.h"
#include "recorder.h"
#include "workload.h"

#define RECORD_MAX_PIDS 64

/**
 * struct record - a recording and what it is of
 * @frequency: samples a second, 0: as the module has it
 * @duration: nanoseconds, 0: no limit
 * @ring_size: bytes, 0: as the module has it
 * @hdrsize: words, 0: as the module has it
 * @cpu_share: what sampling may take of a CPU's time, in 1/1000; 0: as the module has it
 * @cpu_list: the CPUs as they were asked for; NULL: as the module has it
 * @cpus: mask of these
 * @cpu_words: how many of its words are needed
 * @no_kernel: without kernel frames
 * @no_user: without user frames
 * @all: all of the machine
 * @pids: processes
 * @pidfds: to see them end
 * @nr_pids: their number
 * @argv: command; NULL: none
 * @workload: the process of the command
 * @session: the session
 * @stream: its stream
 * @recorder: what is written
 * @output: where that goes
 * @signals: to read signals from
 * @old_signals: signal mask before
 * @started: when sampling began
 * @stopped: when it ended
 * @flushed: when the file was last brought up to date
 * @shown: when the progress was shown last
 * @progress: show it
 * @stopping: sampling has ended
 * @timed_out: by the duration
 */
struct record {
	double frequency;
	uint64_t duration;
	uint64_t ring_size;
	uint64_t hdrsize;
	uint32_t cpu_share;
	const char *cpu_list;
	uint64_t cpus[CPULIST_WORDS];
	int cpu_words;
	bool no_kernel;
	bool no_user;
	bool all;
	uint32_t pids[RECORD_MAX_PIDS];
	int pidfds[RECORD_MAX_PIDS];
	uint32_t nr_pids;
	char **argv;
	struct workload workload;
	struct profbuf_session *session;
	struct profbuf_stream *stream;
	struct recorder recorder;
	struct record_output output;
	int signals;
	sigset_t old_signals;
	uint64_t started;
	uint64_t stopped;
	uint64_t flushed;
	uint64_t shown;
	bool progress;
	bool stopping;
	bool timed_out;
};

void record__block_signals(struct record *record);
int record__run(struct record *record);

#endif /* PROFBUF_CMD_RECORD_H */
