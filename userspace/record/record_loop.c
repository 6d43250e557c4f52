// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "record.h"
#include "util/machine.h"
#include "view/units.h"

/* What a recorder that is killed leaves unwritten at most. */
#define FLUSH_INTERVAL	1000000000ULL
#define PROGRESS_INTERVAL 250000000ULL
/* Signals and the time are not forgotten where frames come as fast as they are recorded. */
#define FRAMES_AT_ONCE	64

/* Signals that end a recording. */
static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

#define NR_ENDS	(sizeof(ends) / sizeof(*ends))

static uint64_t now(void)
{
	return machine__clock(CLOCK_MONOTONIC);
}

/**
 * record__block_signals - have signals end the recording and not the process
 * @record: the recording
 */
void record__block_signals(struct record *record)
{
	struct sigaction action;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* What nohup and shells have ignored would come nevertheless if it was blocked. */
	for (i = 0; i < NR_ENDS; i++)
		if (!sigaction(ends[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, &record->old_signals);
	record->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/**
 * record__is_interrupted - is there a signal that ends it, and was not taken yet?
 *
 * Return: whether there is.
 */
bool record__is_interrupted(void)
{
	sigset_t set;
	size_t i;

	sigpending(&set);
	for (i = 0; i < NR_ENDS; i++)
		if (sigismember(&set, ends[i]))
			return true;
	return false;
}

static void stop(struct record *record)
{
	if (record->stopping)
		return;
	record->stopping = true;
	record->stopped = now();
	profbuf_session__stop(record->session);
}

static void take_signals(struct record *record)
{
	struct signalfd_siginfo info;

	while (read(record->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			if (record->workload.pid && workload__poll(&record->workload))
				stop(record);
			continue;
		}
		stop(record);
		/* Control-C reaches the command by itself. */
		if (record->workload.pid && !record->workload.ended && info.ssi_signo != SIGINT)
			kill(record->workload.pid, info.ssi_signo);
	}
}

static void show_progress(struct record *record, uint64_t time)
{
	struct recorder *recorder = &record->recorder;
	uint64_t elapsed = time - record->started;

	if (!record->progress || time - record->shown < PROGRESS_INTERVAL)
		return;
	record->shown = time;
	fprintf(stderr, "\r%s samples, %s/s, %s lost, %s, %s \033[K",
		units_count(recorder->samples).text,
		units_count(elapsed ? recorder->samples * 1e9 / elapsed : 0).text,
		units_count(recorder->lost).text, units_bytes(recorder->writer.bytes).text,
		units_time(elapsed).text);
}

static void end_progress(const struct record *record)
{
	if (record->progress && record->shown)
		fputs("\r\033[K", stderr);
}

/* Milliseconds until something is to be done though nothing happens. */
static int patience(const struct record *record, uint64_t time)
{
	uint64_t next = record->flushed + FLUSH_INTERVAL;

	if (record->progress && record->shown + PROGRESS_INTERVAL < next)
		next = record->shown + PROGRESS_INTERVAL;
	if (record->duration && !record->stopping && record->started + record->duration < next)
		next = record->started + record->duration;
	return next <= time ? 0 : (next - time) / 1000000 + 1;
}

/* Returns 1, or 2 if there may be more to be read at once, 0 at the end, or a negative errno. */
static int take_frames(struct record *record)
{
	const struct profbuf_frame *frame;
	uint32_t n;
	int ret;

	for (n = 0; n < FRAMES_AT_ONCE; n++) {
		ret = profbuf_stream__next(record->stream, &frame);
		if (ret == -EAGAIN)
			return 1;
		if (ret <= 0)
			return ret;
		ret = recorder__frame(&record->recorder, record->stream, frame);
		if (ret)
			return ret;
	}
	return 2;
}

static int wait_for_something(struct record *record, int milliseconds)
{
	struct pollfd fds[RECORD_MAX_PIDS + 2] = {
		{ .fd = profbuf_session__fd(record->session), .events = POLLIN },
		{ .fd = record->signals, .events = POLLIN },
	};
	uint32_t i, ended = 0;

	for (i = 0; i < record->nr_pids; i++)
		fds[i + 2] = (struct pollfd){ .fd = record->pidfds[i], .events = POLLIN };
	if (poll(fds, record->nr_pids + 2, milliseconds) < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents)
		take_signals(record);
	for (i = 0; i < record->nr_pids; i++) {
		if (fds[i + 2].revents) {
			close(record->pidfds[i]);
			record->pidfds[i] = -1;
		}
		ended += record->pidfds[i] < 0;
	}
	if (record->nr_pids && ended == record->nr_pids)
		stop(record);
	return 0;
}

static int run(struct record *record)
{
	uint64_t time;
	int ret;

	record->started = now();
	record->flushed = record->started;
	for (;;) {
		ret = take_frames(record);
		if (ret <= 0)
			return ret;
		time = now();
		if (time - record->flushed >= FLUSH_INTERVAL) {
			int err = writer__flush(&record->recorder.writer);

			if (err)
				return err;
			record->flushed = time;
		}
		if (record->duration && !record->stopping &&
		    time - record->started >= record->duration) {
			record->timed_out = true;
			stop(record);
		}
		show_progress(record, time);
		ret = wait_for_something(record, ret == 2 ? 0 : patience(record, time));
		if (ret)
			return ret;
	}
}

/**
 * record__run - record until it ends
 * @record: the recording, whose session is running
 *
 * Return: 0 when everything was read up to the end, or a negative errno.
 */
int record__run(struct record *record)
{
	int err = run(record);

	end_progress(record);
	return err;
}
