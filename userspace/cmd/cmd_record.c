// SPDX-License-Identifier: GPL-2.0
/*
 * Records a command, processes, or the machine.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "command.h"
#include "cpulist.h"
#include "export.h"
#include "load_options.h"
#include "options.h"
#include "record/record.h"
#include "util/message.h"
#include "util/session.h"
#include "view/units.h"

/* Records are looked at so soon, to see their processes while they run. */
#define DEADLINE	10000000ULL

/* Of a stack, if it is not said how much: most stacks are shorter. */
#define STACK_COPY	8192

enum {
	OPTION_FREQUENCY = 'F',
	OPTION_ALL = 'a',
	OPTION_CPUS = 'C',
	OPTION_PID = 'p',
	OPTION_SIZE = 'm',
	OPTION_DURATION = 'd',
	OPTION_OUTPUT = 'o',
	OPTION_VERBOSE = 'v',
	OPTION_NO_KERNEL = OPTION_LONG,
	OPTION_NO_USER,
	OPTION_HDRSIZE,
	OPTION_MAX_OVERHEAD,
	OPTION_STACK,
};

static const struct command_option options_record[] = {
	{ OPTION_ALL, "all", NULL, "record all of the machine, also when there is a COMMAND" },
	{ OPTION_PID, "pid", "PID",
	  "record this process and its children until it ends; may be given several times", "PID" },
	{ OPTION_CPUS, "cpus", "LIST", "sample only these CPUs, such as 0-3,8" },
	{ OPTION_FREQUENCY, "frequency", "HZ", "take so many samples a second on each CPU" },
	{ OPTION_DURATION, "duration", "SECONDS", "end after this time" },
	{ OPTION_OUTPUT, "output", "FILE",
	  "write to FILE (profbuf.data), - is standard output", "FILE" },
	{ OPTION_SIZE, "buffer-size", "BYTES", "size of each CPU's ring; a larger one loses less" },
	{ OPTION_NO_KERNEL, "no-kernel", NULL, "without functions of the kernel" },
	{ OPTION_NO_USER, "no-user", NULL, "without functions of programs" },
	{ OPTION_STACK, "stack", "HOW",
	  "follow stacks of programs by tables, fp (frame pointers) or, later, copy[=BYTES]",
	  "tables fp copy" },
	{ OPTION_MAX_OVERHEAD, "max-overhead", "PERCENT",
	  "take no more of a CPU's time than this, but fewer samples" },
	{ OPTION_VERBOSE, "verbose", NULL, "say also which unwind tables there were" },
	{ OPTION_HDRSIZE, "hdrsize", "WORDS", "header words of each record (11, of copies 12)" },
	{ 0 }
};

/**
 * struct request - what was asked for
 * @frequency: samples a second, 0: as the module has it
 * @duration: nanoseconds, 0: no limit
 * @ring_size: bytes, 0: as the module has it
 * @hdrsize: words, 0: as the module has it
 * @cpu_share: what sampling may take of a CPU's time, in 1/1000; 0: as the module has it
 * @frame_pointers: user stacks are followed by these alone
 * @stack_copy: bytes of user stacks to be copied; 0: none
 * @cpu_list: the CPUs as they were asked for; NULL: as the module has it
 * @cpus: mask of these
 * @cpu_words: how many of its words are needed
 * @no_kernel: without kernel frames
 * @no_user: without user frames
 * @all: all of the machine
 * @verbose: say more
 * @pids: processes
 * @nr_pids: their number
 * @argv: command; NULL: none
 * @path: where the recording goes
 * @format: what to turn it into; NULL: it is what is wanted
 */
struct request {
	double frequency;
	uint64_t duration;
	uint64_t ring_size;
	uint64_t hdrsize;
	uint32_t cpu_share;
	bool frame_pointers;
	uint32_t stack_copy;
	const char *cpu_list;
	uint64_t cpus[CPULIST_WORDS];
	int cpu_words;
	bool no_kernel;
	bool no_user;
	bool all;
	bool verbose;
	uint32_t pids[RECORD_MAX_PIDS];
	uint32_t nr_pids;
	char **argv;
	const char *path;
	const struct export_format *format;
};

static int parse_stack(struct options *options, struct request *request)
{
	static const char copy[] = "copy=";
	const char *how = options->argument;
	uint64_t bytes = STACK_COPY;

	if (!strncmp(how, copy, strlen(copy))) {
		options->argument = how + strlen(copy);
		if (options__number(options, "the bytes of a copy", 8, PROFBUF_STACK_COPY_MAX,
				    &bytes))
			return OPTIONS_DONE;
		if (bytes % 8)
			return options__fail(options,
					     "the bytes of a copy must be a multiple of 8, not '%s'",
					     options->argument);
	} else if (strcmp(how, "copy")) {
		bytes = 0;
	}
	request->stack_copy = bytes;
	request->frame_pointers = !strcmp(how, "fp");
	if (!bytes && !request->frame_pointers && strcmp(how, "tables"))
		return options__fail(options,
				     "stacks are followed by tables, fp, copy or copy=BYTES, not by '%s'",
				     how);
	return 0;
}

static int parse_option(struct options *options, struct request *request, int option)
{
	uint64_t number;
	double real;

	switch (option) {
	case OPTION_ALL:
		request->all = true;
		break;
	case OPTION_PID:
		if (request->nr_pids == RECORD_MAX_PIDS)
			return options__fail(options, "at most %d processes", RECORD_MAX_PIDS);
		if (options__number(options, "a process ID", 1, INT32_MAX, &number))
			return OPTIONS_DONE;
		request->pids[request->nr_pids++] = number;
		break;
	case OPTION_CPUS:
		request->cpu_list = options->argument;
		request->cpu_words = cpulist__parse(options->argument, request->cpus);
		if (request->cpu_words < 0)
			return options__fail(options,
					     "the CPUs must be numbers from 0 to %u or ranges, such as 0-3,8, not '%s'",
					     CPULIST_MAX - 1, options->argument);
		break;
	case OPTION_FREQUENCY:
		return options__real(options, "the frequency", 1e9 / PROFBUF_PERIOD_MAX,
				   1e9 / PROFBUF_PERIOD_MIN, &request->frequency);
	case OPTION_DURATION:
		if (options__real(options, "the duration", 0.001, 1e9, &real))
			return OPTIONS_DONE;
		request->duration = real * 1e9;
		break;
	case OPTION_OUTPUT:
		request->path = options->argument;
		break;
	case OPTION_VERBOSE:
		request->verbose = true;
		break;
	case OPTION_SIZE:
		return options__number(options, "the size of a ring", 1, PROFBUF_RING_SIZE_MAX,
				       &request->ring_size);
	case OPTION_NO_KERNEL:
		request->no_kernel = true;
		break;
	case OPTION_NO_USER:
		request->no_user = true;
		break;
	case OPTION_HDRSIZE:
		return options__number(options, "the number of header words", PROFBUF_HDRSIZE_MIN,
				       PROFBUF_HDRSIZE_MAX, &request->hdrsize);
	case OPTION_STACK:
		return parse_stack(options, request);
	case OPTION_MAX_OVERHEAD:
		if (options__real(options, "the share of a CPU's time", 0.1, 100, &real))
			return OPTIONS_DONE;
		request->cpu_share = real * PROFBUF_CPU_SHARE_MAX / 100 + 0.5;
		break;
	}
	return 0;
}

static int parse(struct options *options, struct request *request)
{
	int option;

	while ((option = options__next(options)) >= 0)
		if (parse_option(options, request, option))
			return OPTIONS_DONE;
	if (option == OPTIONS_DONE)
		return option;
	if (options->operand < options->argc)
		request->argv = options->argv + options->operand;
	if (request->argv && request->nr_pids)
		return options__fail(options, "either a command or processes, not both");
	if (request->all && request->nr_pids)
		return options__fail(options, "either processes or all of the machine, not both");
	if (request->no_kernel && request->no_user)
		return options__fail(options, "--no-kernel and --no-user leave nothing to record");
	if (request->no_user && (request->stack_copy || request->frame_pointers))
		return options__fail(options, "without functions of programs (--no-user) there are no stacks of theirs to follow (--stack)");
	if (request->stack_copy && request->hdrsize && request->hdrsize < PROFBUF_WORDS)
		return options__fail(options, "for copies of stacks records have at least %u header words",
				     PROFBUF_WORDS);
	if (!request->argv && !request->nr_pids)
		request->all = true;
	/* The second word is the process. */
	if (!request->all && request->hdrsize == 1)
		return options__fail(options,
				     "with one header word records do not tell their process: record all of the machine (-a)");
	return 0;
}

/* The kernel fills in as much as it knows. */
static bool is_old_module(struct profbuf_session *session)
{
	struct profbuf_stats stats = { .size = sizeof(stats) };

	return !profbuf_session__stats(session, PROFBUF_CPU_NONE, &stats) &&
	       stats.size < sizeof(stats);
}

static int choose_cpus(const struct request *request, struct profbuf_session *session)
{
	char possible[1024] = "";
	FILE *file;
	int err;

	if (!request->cpu_list)
		return 0;
	err = profbuf_session__set_cpus(session, request->cpus, request->cpu_words);
	switch (err) {
	case 0:
		break;
	case -ENOTTY:
		error("the module that is loaded is too old to choose CPUs");
		hint("load the one of this profbuf, or leave out --cpus");
		break;
	case -EINVAL:
		error("this machine does not have all of the CPUs %s", request->cpu_list);
		file = fopen("/sys/devices/system/cpu/possible", "re");
		if (file && fscanf(file, "%1023s", possible) == 1)
			hint("it can have %s", possible);
		if (file)
			fclose(file);
		break;
	default:
		error("cannot choose CPUs: %s", strerror(-err));
	}
	return err;
}

static int configure(const struct request *request, struct profbuf_session *session)
{
	struct profbuf_config config = { .size = sizeof(config) };
	int err;

	err = profbuf_session__get_config(session, &config);
	if (err)
		return err;
	/* The kernel fills in as much as it knows. */
	if (config.size < sizeof(config) && (request->frame_pointers || request->stack_copy)) {
		error("the module that is loaded is too old to choose how stacks are followed");
		hint("load the one of this profbuf, or leave out --stack");
		return -ENOTTY;
	}
	config.size = sizeof(config);
	config.flags &= ~(request->no_kernel ? PROFBUF_KERNEL : 0);
	config.flags &= ~(request->no_user ? PROFBUF_USER : 0);
	if (request->frequency)
		config.period_ns = 1e9 / request->frequency + 0.5;
	if (request->ring_size)
		config.ring_size = request->ring_size;
	if (request->hdrsize)
		config.hdrsize = request->hdrsize;
	if (request->cpu_share)
		config.cpu_share = request->cpu_share;
	if (request->frame_pointers)
		config.flags |= PROFBUF_FRAME_POINTERS;
	config.stack_copy = request->stack_copy;
	if (config.stack_copy && config.hdrsize < PROFBUF_WORDS)
		config.hdrsize = PROFBUF_WORDS;
	if (config.deadline_ns > DEADLINE)
		config.deadline_ns = DEADLINE;
	err = profbuf_session__set_config(session, &config);
	if (!err)
		return choose_cpus(request, session);
	if (err == -EINVAL && request->cpu_share && is_old_module(session)) {
		error("the module that is loaded is too old to bound what sampling takes");
		hint("load the one of this profbuf, or leave out --max-overhead");
	} else if (err == -EINVAL) {
		uint64_t least = 4ULL * 8 *
				 (PROFBUF_RECORD_FIXED + config.hdrsize + config.stack_depth);

		if (config.stack_copy)
			least += 4ULL * (8 * PROFBUF_COPY_FIXED + PROFBUF_COPY_RED_ZONE +
					 config.stack_copy);

		error("the module does not take this configuration");
		if (config.ring_size < least)
			hint("a ring for stacks of up to %u frames has at least %" PRIu64 " bytes (-m)",
			     config.stack_depth, least);
	} else {
		error("cannot configure the session: %s", strerror(-err));
	}
	return err;
}

static int find_family(const struct request *request, struct record *record)
{
	struct family *family = &record->recorder.family;
	uint32_t i;
	int err;

	family->everything = request->all;
	if (record->recorder.tables.pid) {
		err = family__leave_out(family, record->recorder.tables.pid);
		/* It may have ended. */
		if (err && err != -ESRCH)
			return err;
	}
	for (i = 0; i < request->nr_pids; i++) {
		int fd = pidfd_open(request->pids[i], 0);

		if (fd < 0) {
			error("there is no process %u", request->pids[i]);
			return -ESRCH;
		}
		record->pidfds[record->nr_pids++] = fd;
		err = family__add(family, request->pids[i]);
		if (err)
			return err;
	}
	if (!request->argv)
		return 0;
	if (!request->all)
		cgroup__make(&family->cgroup);
	err = workload__prepare(&record->workload, request->argv, &family->cgroup,
				&record->old_signals);
	if (err) {
		error("cannot make a process: %s", strerror(-err));
		return err;
	}
	return family__add(family, record->workload.pid);
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

static int begin(const struct request *request, struct record *record, char **argv)
{
	char *command = join(argv);
	char *what = request->argv ? join(request->argv) : NULL;
	char list[RECORD_MAX_PIDS * 12 + 16] = "the machine";
	uint32_t i;
	int err = -ENOMEM;

	for (i = 0; i < request->nr_pids; i++)
		sprintf(i ? list + strlen(list) : list, i ? ", %u" : "process %u",
			request->pids[i]);
	if (command && (what || !request->argv))
		err = recorder__begin(&record->recorder, command, what ? what : list);
	free(command);
	free(what);
	return err;
}

static void say_what_is_missing(const struct request *request, const struct recorder *recorder,
				const struct profbuf_stats *stats)
{
	if (recorder->lost) {
		warning("%s samples were lost (%s)%s", units_count(recorder->lost).text,
			units_share(recorder->lost, recorder->samples + recorder->taken_out +
						    recorder->lost).text,
			recorder->family.everything ? "" : ", of whichever processes");
		hint("a larger buffer (-m) or a lower frequency (-F) loses less");
	}
	if (stats->limited_ns) {
		warning("sampling was slowed down for %s, to take no more of a CPU's time",
			units_time(stats->limited_ns).text);
		hint("all samples come with a lower frequency (-F), fewer frames (--no-kernel, --no-user) or a larger share (--max-overhead)");
	}
	if (recorder->unknown)
		note("%s samples are of processes that ended before it was known whether they belong here%s: left out",
		     units_count(recorder->unknown).text,
		     recorder->family.pid_ns ? ", or that are in no PID namespace of ours" : "");
	table_loader__say(&recorder->tables, request->verbose);
	if (recorder->kernel_hidden && !request->no_kernel) {
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

	note("%s: %s samples in %s, %s lost%s%s", record_output__name(&record->output),
	     units_count(recorder->samples).text,
	     units_time(record->stopped - record->started).text,
	     recorder->lost ? units_count(recorder->lost).text : "none",
	     record->output.converted ? "" : ", ",
	     record->output.converted ? "" : units_bytes(recorder->writer.bytes).text);
	if (!recorder->samples && !recorder->family.everything)
		hint("it slept all the time, or was too short: more samples come with a higher frequency (-F)");
}

static int finish(const struct request *request, struct record *record)
{
	struct profbuf_stats stats = { .size = sizeof(stats) };
	int err;

	err = profbuf_session__stats(record->session, PROFBUF_CPU_NONE, &stats);
	if (!err)
		err = recorder__end(&record->recorder, &stats);
	if (err)
		return err;
	err = record_output__sync(&record->output);
	if (err)
		return err;
	say_what_is_missing(request, &record->recorder, &stats);
	return 0;
}

static void say_why_not(const struct record *record, int err)
{
	if (profbuf_stream__failed(record->stream))
		error("%s", profbuf_stream__error(record->stream));
	else if (err == -ENOMEM)
		error("out of memory");
	else
		record_output__say_failed(&record->output, err);
	/* Without a byte of the recording the file may still be what it was before. */
	if (record->output.scratch || !record->recorder.writer.bytes)
		return;
	if (record_output__cut(&record->output, record->recorder.writer.whole))
		hint("what was written before is a recording nevertheless");
}

static int record_all(const struct request *request, struct record *record, char **argv)
{
	struct profbuf_session_opts opts = { .size = sizeof(opts), .nonblock = 1 };
	const struct table_first first = {
		.command = request->argv ? *request->argv : NULL,
		.pids = request->pids,
		.nr_pids = request->nr_pids,
	};
	int err;

	record->session = session__open(&opts);
	if (!record->session)
		return -ENODEV;
	err = configure(request, record->session);
	if (!err)
		err = record_output__open(&record->output);
	if (err)
		return err;
	err = recorder__init(&record->recorder, record->output.fd);
	if (!err)
		err = profbuf_stream__open_session(&record->stream, record->session, NULL);
	if (err) {
		error("%s", strerror(-err));
		return err;
	}
	/* Without it frame pointers are followed. Copies are walked by who reads them. */
	if (!request->no_user && !request->frame_pointers && !request->stack_copy)
		table_loader__start(&record->recorder.tables, record->session, &first);
	/* Who did not want to wait for that. The signal ends this process once it is unblocked. */
	if (record__is_interrupted())
		return -EINTR;
	err = find_family(request, record);
	if (!err)
		err = session__start(record->session);
	if (err)
		return err;
	recorder__ask(&record->recorder, record->session);
	err = begin(request, record, argv);
	if (!err && request->argv) {
		int failed = workload__begin(&record->workload);

		if (failed) {
			error("cannot run %s: %s", request->argv[0], strerror(-failed));
			return failed;
		}
	}
	if (!err)
		err = record_output__truncate(&record->output, record->recorder.writer.bytes);
	if (!err)
		err = record__run(record);
	if (!err)
		err = finish(request, record);
	if (err)
		say_why_not(record, err);
	else
		say_what_there_is(record);
	return err;
}

/* Make what was asked for of the recording. */
static int export(const struct request *request, const struct record *record)
{
	struct load load = { 0 };
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", record->output.fd);
	err = export__run(path, request->path, request->format, &load);
	load__exit(&load);
	return err;
}

static void release(struct record *record)
{
	uint32_t i;

	profbuf_stream__close(record->stream);
	profbuf_session__close(record->session);
	recorder__exit(&record->recorder);
	for (i = 0; i < record->nr_pids; i++)
		if (record->pidfds[i] >= 0)
			close(record->pidfds[i]);
	close(record->signals);
}

static int run_record(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command, .argc = argc, .argv = argv };
	struct request request = { .path = DEFAULT_RECORDING };
	struct record record = { .output.fd = -1, .signals = -1 };
	struct workload *workload = &record.workload;
	int err;

	if (parse(&options, &request) < 0)
		return options.status;
	if (strcmp(request.path, "-"))
		request.format = export__by_suffix(request.path);
	record.duration = request.duration;
	record.output.path = request.path;
	record.output.converted = request.format;
	record.progress = isatty(STDERR_FILENO) && !message_quiet;
	record__block_signals(&record);
	err = record_all(&request, &record, argv);
	/* Not only when what else there is to do is done: its time is up. */
	if (workload->pid && record.timed_out && !workload->ended)
		kill(workload->pid, SIGTERM);
	if (!err && request.format)
		err = export(&request, &record);
	if (err)
		record_output__remove_empty(&record.output);
	if (record.output.fd >= 0 && close(record.output.fd) && !err) {
		err = -errno;
		record_output__say_failed(&record.output, err);
	}
	release(&record);
	/* A command that ignores the signal that has ended the recording is left to another one. */
	sigprocmask(SIG_SETMASK, &record.old_signals, NULL);
	workload__wait(workload);
	if (workload->failed || (workload->pid && !err && !record.timed_out))
		return workload__exit_status(workload);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
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
