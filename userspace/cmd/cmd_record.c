// SPDX-License-Identifier: GPL-2.0
/*
 * Records a command, processes, or the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "export.h"
#include "input.h"
#include "load.h"
#include "message.h"
#include "options.h"
#include "recorder.h"
#include "view/units.h"
#include "workload.h"

/* Records are looked at so soon, to see their processes while they run. */
#define DEADLINE	10000000ULL
/* What a recorder that is killed leaves unwritten at most. */
#define FLUSH_INTERVAL	1000000000ULL
#define PROGRESS_INTERVAL 250000000ULL

#define MAX_PIDS 64

enum {
	OPTION_FREQUENCY = 'F',
	OPTION_ALL = 'a',
	OPTION_PID = 'p',
	OPTION_SIZE = 'm',
	OPTION_DURATION = 'd',
	OPTION_OUTPUT = 'o',
	OPTION_NO_KERNEL = OPTION_LONG,
	OPTION_NO_USER,
	OPTION_HDRSIZE,
};

static const struct command_option options_record[] = {
	{ OPTION_ALL, "all", NULL, "record all of the machine, also when there is a COMMAND" },
	{ OPTION_PID, "pid", "PID",
	  "record this process and its children until it ends; may be given several times", "PID" },
	{ OPTION_FREQUENCY, "frequency", "HZ", "take so many samples a second on each CPU" },
	{ OPTION_DURATION, "duration", "SECONDS", "end after this time" },
	{ OPTION_OUTPUT, "output", "FILE",
	  "write to FILE (profbuf.data), - is standard output", "FILE" },
	{ OPTION_SIZE, "buffer-size", "BYTES", "size of each CPU's ring; a larger one loses less" },
	{ OPTION_NO_KERNEL, "no-kernel", NULL, "without functions of the kernel" },
	{ OPTION_NO_USER, "no-user", NULL, "without functions of programs" },
	{ OPTION_HDRSIZE, "hdrsize", "WORDS", "header words of each record (8)" },
	{ 0 }
};

/**
 * struct record - a recording and what it is of
 * @path: file to write to
 * @format: what to turn the recording into; NULL: it is what is wanted
 * @scratch: directory of a recording that is turned into something else
 * @created: @path was not there before
 * @frequency: samples a second, 0: as the module has it
 * @duration: nanoseconds, 0: no limit
 * @ring_size: bytes, 0: as the module has it
 * @hdrsize: words, 0: as the module has it
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
 * @fd: the file
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
	const char *path;
	const struct export_format *format;
	const char *scratch;
	bool created;
	double frequency;
	uint64_t duration;
	uint64_t ring_size;
	uint64_t hdrsize;
	bool no_kernel;
	bool no_user;
	bool all;
	uint32_t pids[MAX_PIDS];
	int pidfds[MAX_PIDS];
	uint32_t nr_pids;
	char **argv;
	struct workload workload;
	struct profbuf_session *session;
	struct profbuf_stream *stream;
	struct recorder recorder;
	int fd;
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

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int parse_option(struct options *options, struct record *record, int option)
{
	uint64_t number;
	double real;

	switch (option) {
	case OPTION_ALL:
		record->all = true;
		break;
	case OPTION_PID:
		if (record->nr_pids == MAX_PIDS)
			return options__fail(options, "at most %d processes", MAX_PIDS);
		if (options__number(options, "a process ID", 1, INT32_MAX, &number))
			return OPTIONS_DONE;
		record->pids[record->nr_pids++] = number;
		break;
	case OPTION_FREQUENCY:
		return options__real(options, "the frequency", 1e9 / PROFBUF_PERIOD_MAX,
				   1e9 / PROFBUF_PERIOD_MIN, &record->frequency);
	case OPTION_DURATION:
		if (options__real(options, "the duration", 0.001, 1e9, &real))
			return OPTIONS_DONE;
		record->duration = real * 1e9;
		break;
	case OPTION_OUTPUT:
		record->path = options->argument;
		break;
	case OPTION_SIZE:
		return options__number(options, "the size of a ring", 1, PROFBUF_RING_SIZE_MAX,
				       &record->ring_size);
	case OPTION_NO_KERNEL:
		record->no_kernel = true;
		break;
	case OPTION_NO_USER:
		record->no_user = true;
		break;
	case OPTION_HDRSIZE:
		return options__number(options, "the number of header words", PROFBUF_HDRSIZE_MIN,
				       PROFBUF_HDRSIZE_MAX, &record->hdrsize);
	}
	return 0;
}

static int parse(struct options *options, struct record *record)
{
	int option;

	while ((option = options__next(options)) >= 0)
		if (parse_option(options, record, option))
			return OPTIONS_DONE;
	if (option == OPTIONS_DONE)
		return option;
	if (options->operand < options->argc)
		record->argv = options->argv + options->operand;
	if (record->argv && record->nr_pids)
		return options__fail(options, "either a command or processes, not both");
	if (record->all && record->nr_pids)
		return options__fail(options, "either processes or all of the machine, not both");
	if (record->no_kernel && record->no_user)
		return options__fail(options, "--no-kernel and --no-user leave nothing to record");
	if (!record->argv && !record->nr_pids)
		record->all = true;
	/* The second word is the process. */
	if (!record->all && record->hdrsize == 1)
		return options__fail(options,
				     "with one header word records do not tell their process: record all of the machine (-a)");
	return 0;
}

static int configure(struct record *record)
{
	struct profbuf_config config;
	int err;

	err = profbuf_session__get_config(record->session, &config);
	if (err)
		return err;
	config.flags &= ~(record->no_kernel ? PROFBUF_KERNEL : 0);
	config.flags &= ~(record->no_user ? PROFBUF_USER : 0);
	if (record->frequency)
		config.period_ns = 1e9 / record->frequency + 0.5;
	if (record->ring_size)
		config.ring_size = record->ring_size;
	if (record->hdrsize)
		config.hdrsize = record->hdrsize;
	if (config.deadline_ns > DEADLINE)
		config.deadline_ns = DEADLINE;
	err = profbuf_session__set_config(record->session, &config);
	if (!err)
		return 0;
	if (err == -EINVAL) {
		uint64_t least = 4ULL * 8 *
				 (PROFBUF_RECORD_FIXED + config.hdrsize + config.stack_depth);

		error("the module does not take this configuration");
		if (config.ring_size < least)
			hint("a ring for stacks of up to %u frames has at least %" PRIu64 " bytes (-m)",
			     config.stack_depth, least);
	} else {
		error("cannot configure the session: %s", strerror(-err));
	}
	return err;
}

/* A file without a name, for a recording that is not what is wanted in the end. */
static int open_scratch(struct record *record)
{
	char path[4096];

	record->scratch = getenv("TMPDIR");
	if (!record->scratch || !*record->scratch)
		record->scratch = "/tmp";
	snprintf(path, sizeof(path), "%s/profbuf-XXXXXX", record->scratch);
	record->fd = mkostemp(path, O_CLOEXEC);
	if (record->fd < 0) {
		int err = -errno;

		error("cannot write to %s: %s", record->scratch, strerror(-err));
		hint("TMPDIR names another directory for the recording");
		return err;
	}
	unlink(path);
	return 0;
}

static int export_scratch(const struct record *record)
{
	struct load load = { 0 };
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", record->fd);
	err = export__run(path, record->path, record->format, &load);
	load__exit(&load);
	return err;
}

/* Opened also if it is written to only in the end: that it cannot be is better said now. */
static int open_path(struct record *record)
{
	mode_t mode = record->format ? 0666 : 0600;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC;

	record->fd = open(record->path, flags | O_EXCL, mode);
	record->created = record->fd >= 0;
	/* What is there is kept until there is something better. */
	if (record->fd < 0 && errno == EEXIST)
		record->fd = open(record->path, flags, mode);
	if (record->fd < 0) {
		int err = -errno;

		error("cannot write %s: %s", record->path, strerror(-err));
		return err;
	}
	return 0;
}

static void remove_empty_output(const struct record *record)
{
	struct stat status;

	if (record->created && !stat(record->path, &status) && !status.st_size)
		unlink(record->path);
}

static int open_output(struct record *record)
{
	int err;

	if (!strcmp(record->path, "-")) {
		if (isatty(STDOUT_FILENO)) {
			error("a recording is nothing for a terminal");
			hint("name a file with -o, or pipe it to 'profbuf report -'");
			return -EINVAL;
		}
		record->fd = STDOUT_FILENO;
		return 0;
	}
	err = open_path(record);
	if (err || !record->format)
		return err;
	close(record->fd);
	return open_scratch(record);
}

static int find_family(struct record *record)
{
	struct family *family = &record->recorder.family;
	uint32_t i;
	int err = 0;

	family->everything = record->all;
	for (i = 0; i < record->nr_pids; i++) {
		record->pidfds[i] = pidfd_open(record->pids[i], 0);
		if (record->pidfds[i] < 0) {
			error("there is no process %u", record->pids[i]);
			record->nr_pids = i;
			return -ESRCH;
		}
		err = family__add(family, record->pids[i], FAMILY_YES);
		if (err)
			return err;
	}
	if (!record->argv)
		return 0;
	if (!record->all)
		family__make_cgroup(family);
	err = workload__prepare(&record->workload, record->argv, family, &record->old_signals);
	if (err) {
		error("cannot make a process: %s", strerror(-err));
		return err;
	}
	return family__add(family, record->workload.pid, FAMILY_YES);
}

static void block_signals(struct record *record)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* What nohup and shells have ignored would come nevertheless if it was blocked. */
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, &record->old_signals);
	record->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
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
			if (record->argv && workload__poll(&record->workload))
				stop(record);
			continue;
		}
		stop(record);
		/* Control-C reaches the command by itself. */
		if (record->argv && !record->workload.ended && info.ssi_signo != SIGINT)
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

/* All that there is to be read. Returns 1, 0 at the end, or a negative errno. */
static int take_frames(struct record *record)
{
	const struct profbuf_frame *frame;
	int ret;

	for (;;) {
		ret = profbuf_stream__next(record->stream, &frame);
		if (ret == -EAGAIN)
			return 1;
		if (ret <= 0)
			return ret;
		ret = recorder__frame(&record->recorder, record->stream, frame);
		if (ret)
			return ret;
	}
}

static int wait_for_something(struct record *record, uint64_t time)
{
	struct pollfd fds[MAX_PIDS + 2] = {
		{ .fd = profbuf_session__fd(record->session), .events = POLLIN },
		{ .fd = record->signals, .events = POLLIN },
	};
	uint32_t i, ended = 0;

	for (i = 0; i < record->nr_pids; i++)
		fds[i + 2] = (struct pollfd){ .fd = record->pidfds[i], .events = POLLIN };
	if (poll(fds, record->nr_pids + 2, patience(record, time)) < 0 && errno != EINTR)
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
			ret = writer__flush(&record->recorder.writer);
			if (ret)
				return ret;
			record->flushed = time;
		}
		if (record->duration && !record->stopping &&
		    time - record->started >= record->duration) {
			record->timed_out = true;
			stop(record);
		}
		show_progress(record, time);
		ret = wait_for_something(record, time);
		if (ret)
			return ret;
	}
}

/* The command line, quoted where a shell would need it. */
static char *join(char **argv)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);
	int i;

	if (!out)
		return NULL;
	for (i = 0; argv[i]; i++) {
		const char *c;

		if (i)
			fputc(' ', out);
		if (*argv[i] && !argv[i][strspn(argv[i], plain)]) {
			fputs(argv[i], out);
			continue;
		}
		fputc('\'', out);
		for (c = argv[i]; *c; c++)
			fputs(*c == '\'' ? "'\\''" : (char[]){ *c, 0 }, out);
		fputc('\'', out);
	}
	return fclose(out) ? NULL : line;
}

static int begin(struct record *record, char **argv)
{
	char *command = join(argv);
	char *what = record->argv ? join(record->argv) : NULL;
	char list[MAX_PIDS * 12 + 16] = "the machine";
	uint32_t i;
	int err = -ENOMEM;

	for (i = 0; i < record->nr_pids; i++)
		sprintf(i ? list + strlen(list) : list, i ? ", %u" : "process %u", record->pids[i]);
	if (command && (what || !record->argv))
		err = recorder__begin(&record->recorder, command, what ? what : list);
	if (!err && record->workload.pid)
		err = recorder__expect(&record->recorder, record->workload.pid);
	free(command);
	free(what);
	return err;
}

static const char *output_name(const struct record *record)
{
	return strcmp(record->path, "-") ? record->path : "standard output";
}

static void say_what_is_missing(const struct record *record, const struct profbuf_stats *stats)
{
	const struct recorder *recorder = &record->recorder;

	if (recorder->lost) {
		warning("%s samples were lost (%s)%s", units_count(recorder->lost).text,
			units_share(recorder->lost, recorder->samples + recorder->taken_out +
						    recorder->lost).text,
			recorder->family.everything ? "" : ", of whichever processes");
		hint("a larger buffer (-m) or a lower frequency (-F) loses less");
	}
	if (recorder->unknown)
		note("%s samples are of processes that ended before it was known whether they belong here: left out",
		     units_count(recorder->unknown).text);
	if (recorder->kernel_hidden && !record->no_kernel) {
		warning("the kernel hides its symbols from this user: its functions have no names");
		hint("record as root, or with 'sysctl kernel.kptr_restrict=0'");
	}
	if (stats->records != recorder->samples + recorder->taken_out ||
	    stats->lost != recorder->lost)
		warning("the kernel counted %" PRIu64 " samples and %" PRIu64
			" lost ones, but the stream has %" PRIu64 " and %" PRIu64,
			(uint64_t)stats->records, (uint64_t)stats->lost,
			recorder->samples + recorder->taken_out, recorder->lost);
}

static void say_what_there_is(const struct record *record)
{
	const struct recorder *recorder = &record->recorder;

	note("%s: %s samples in %s, %s lost%s%s", output_name(record),
	     units_count(recorder->samples).text,
	     units_time(record->stopped - record->started).text,
	     recorder->lost ? units_count(recorder->lost).text : "none",
	     record->format ? "" : ", ",
	     record->format ? "" : units_bytes(recorder->writer.bytes).text);
	if (!recorder->samples && !record->all)
		hint("it slept all the time, or was too short: more samples come with a higher frequency (-F)");
}

static int finish(struct record *record)
{
	struct profbuf_stats stats;
	int err;

	err = profbuf_session__stats(record->session, PROFBUF_CPU_NONE, &stats);
	if (!err)
		err = recorder__end(&record->recorder, &stats);
	if (err)
		return err;
	if (record->fd != STDOUT_FILENO && fsync(record->fd) && errno != EINVAL && errno != EROFS)
		return -errno;
	say_what_is_missing(record, &stats);
	return 0;
}

/* What could not be written whole is no frame: let the file end before it. */
static void cut_output(const struct record *record)
{
	struct stat status;

	if (!fstat(record->fd, &status) && S_ISREG(status.st_mode) &&
	    ftruncate(record->fd, record->recorder.writer.whole))
		warning("%s does not end with a whole frame", record->path);
}

static void say_why_not(const struct record *record, int err)
{
	if (profbuf_stream__failed(record->stream)) {
		error("%s", profbuf_stream__error(record->stream));
	} else if (err == -ENOMEM) {
		error("out of memory");
	} else if (record->scratch) {
		error("cannot write to %s: %s", record->scratch, strerror(-err));
		hint("TMPDIR names another directory for the recording");
	} else {
		error("cannot write %s: %s", output_name(record), strerror(-err));
	}
	if (record->scratch)
		return;
	cut_output(record);
	if (err != -EPIPE && record->recorder.writer.whole)
		hint("what was written before is a recording nevertheless");
}

static int record_all(struct record *record, char **argv)
{
	struct profbuf_session_opts opts = { .size = sizeof(opts), .nonblock = 1 };
	int err;

	record->session = session__open(&opts);
	if (!record->session)
		return -ENODEV;
	err = configure(record);
	if (!err)
		err = open_output(record);
	if (err)
		return err;
	err = recorder__init(&record->recorder, record->fd);
	if (!err)
		err = profbuf_stream__open_session(&record->stream, record->session, NULL);
	if (err) {
		error("%s", strerror(-err));
		return err;
	}
	err = find_family(record);
	if (!err)
		err = session__start(record->session);
	if (err)
		return err;
	err = begin(record, argv);
	if (!err && record->argv) {
		int failed = workload__begin(&record->workload);

		if (failed) {
			error("cannot run %s: %s", record->argv[0], strerror(-failed));
			return failed;
		}
	}
	if (!err && record->fd != STDOUT_FILENO &&
	    ftruncate(record->fd, record->recorder.writer.bytes) && errno != EINVAL)
		err = -errno;
	if (!err)
		err = run(record);
	end_progress(record);
	if (!err)
		err = finish(record);
	if (err)
		say_why_not(record, err);
	else
		say_what_there_is(record);
	return err;
}

static int run_record(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command, .argc = argc, .argv = argv };
	struct record record = { .path = DEFAULT_RECORDING, .fd = -1, .signals = -1 };
	uint32_t i;
	int err, status;

	if (parse(&options, &record) < 0)
		return options.status;
	record.progress = isatty(STDERR_FILENO) && !message_quiet;
	block_signals(&record);
	if (strcmp(record.path, "-"))
		record.format = export__by_suffix(record.path);
	err = record_all(&record, argv);
	if (!err && record.format)
		err = export_scratch(&record);
	status = err ? EXIT_FAILURE : EXIT_SUCCESS;
	if (record.workload.pid) {
		if (record.timed_out && !record.workload.ended)
			kill(record.workload.pid, SIGTERM);
		profbuf_session__close(record.session);
		record.session = NULL;
		workload__wait(&record.workload);
		if (record.workload.failed || (!err && !record.timed_out))
			status = -1;
	}
	if (err)
		remove_empty_output(&record);
	profbuf_stream__close(record.stream);
	profbuf_session__close(record.session);
	recorder__exit(&record.recorder);
	for (i = 0; i < record.nr_pids; i++)
		if (record.pidfds[i] >= 0)
			close(record.pidfds[i]);
	if (record.fd >= 0 && close(record.fd) && !err) {
		error("cannot write %s: %s", record.path, strerror(errno));
		return EXIT_FAILURE;
	}
	return status < 0 ? workload__exit_status(&record.workload) : status;
}

const struct command command_record = {
	.name = "record",
	.operands = "[--] [COMMAND [ARGUMENT...]]",
	.completes = "COMMAND",
	.summary = "record a command, a process or the machine",
	.description =
		"Record what COMMAND and its children do until it ends, what a process does (-p), or what all\n"
		"of the machine does (-a, or without a COMMAND) until interrupted. The recording holds what it\n"
		"takes to read it later and elsewhere.",
	.options = options_record,
	.run = run_record,
};
