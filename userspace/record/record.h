/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording on its way, from the start of sampling to its end.
 */
#ifndef PROFBUF_RECORD_RECORD_H
#define PROFBUF_RECORD_RECORD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

#include "record_output.h"
#include "recorder.h"
#include "workload.h"

#define RECORD_MAX_PIDS 64

/**
 * struct record - a recording
 * @duration: nanoseconds, 0: no limit
 * @pidfds: processes with whose end it ends; -1: one that has ended
 * @nr_pids: their number; 0: it does not end with processes
 * @workload: the command with whose end it ends, if there is one
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
	uint64_t duration;
	int pidfds[RECORD_MAX_PIDS];
	uint32_t nr_pids;
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
bool record__is_interrupted(void);
int record__run(struct record *record);

#endif /* PROFBUF_RECORD_RECORD_H */
