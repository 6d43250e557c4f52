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
#include "export.h"
#include "load_options.h"
#include "options.h"
#include "record.h"
#include "util/message.h"
#include "util/session.h"
#include "view/units.h"

/* Records are looked at so soon, to see their processes while they run. */
#define DEADLINE	10000000ULL

enum {
	OPTION_FREQUENCY = 'F',
	OPTION_ALL = 'a',
	OPTION_CPUS = 'C',
	OPTION_PID = 'p',
	OPTION_SIZE = 'm',
	OPTION_DURATION = 'd',
	OPTION_OUTPUT = 'o',
	OPTION_NO_KERNEL = OPTION_LONG,
	OPTION_NO_USER,
	OPTION_HDRSIZE,
	OPTION_MAX_OVERHEAD,
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
	{ OPTION_MAX_OVERHEAD, "max-overhead", "PERCENT",
	  "take no more of a CPU's time than this, but fewer samples" },
	{ OPTION_HDRSIZE, "hdrsize", "WORDS", "header words of each record (9)" },
	{ 0 }
};

static int parse_option(struct options *options, struct record *record, int option)
{
	uint64_t number;
	double real;

	switch (option) {
	case OPTION_ALL:
		record->all = true;
		break;
	case OPTION_PID:
		if (record->nr_pids == RECORD_MAX_PIDS)
			return options__fail(options, "at most %d processes", RECORD_MAX_PIDS);
		if (options__number(options, "a process ID", 1, INT32_MAX, &number))
			return OPTIONS_DONE;
		record->pids[record->nr_pids++] = number;
		break;
	case OPTION_CPUS:
		record->cpu_list = options->argument;
		record->cpu_words = cpulist__parse(options->argument, record->cpus);
		if (record->cpu_words < 0)
			return options__fail(options,
					     "the CPUs must be numbers from 0 to %u or ranges, such as 0-3,8, not '%s'",
					     CPULIST_MAX - 1, options->argument);
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
		record->output.path = options->argument;
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
	case OPTION_MAX_OVERHEAD:
		if (options__real(options, "the share of a CPU's time", 0.1, 100, &real))
			return OPTIONS_DONE;
		record->cpu_share = real * PROFBUF_CPU_SHARE_MAX / 100 + 0.5;
		break;
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

/* The kernel fills in as much as it knows. */
static bool is_old_module(const struct record *record)
{
	struct profbuf_stats stats;

	return !profbuf_session__stats(record->session, PROFBUF_CPU_NONE, &stats) &&
	       stats.size < sizeof(stats);
}

static int choose_cpus(const struct record *record)
{
	char possible[1024] = "";
	FILE *file;
	int err;

	if (!record->cpu_list)
		return 0;
	err = profbuf_session__set_cpus(record->session, record->cpus, record->cpu_words);
	switch (err) {
	case 0:
		break;
	case -ENOTTY:
		error("the module that is loaded is too old to choose CPUs");
		hint("load the one of this profbuf, or leave out --cpus");
		break;
	case -EINVAL:
		error("this machine does not have all of the CPUs %s", record->cpu_list);
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
	if (record->cpu_share)
		config.cpu_share = record->cpu_share;
	if (config.deadline_ns > DEADLINE)
		config.deadline_ns = DEADLINE;
	err = profbuf_session__set_config(record->session, &config);
	if (!err)
		return choose_cpus(record);
	if (err == -EINVAL && record->cpu_share && is_old_module(record)) {
		error("the module that is loaded is too old to bound what sampling takes");
		hint("load the one of this profbuf, or leave out --max-overhead");
	} else if (err == -EINVAL) {
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
	char list[RECORD_MAX_PIDS * 12 + 16] = "the machine";
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
	if (stats->limited_ns) {
		warning("sampling was slowed down for %s, to take no more of a CPU's time",
			units_time(stats->limited_ns).text);
		hint("all samples come with a lower frequency (-F), fewer frames (--no-kernel, --no-user) or a larger share (--max-overhead)");
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

	note("%s: %s samples in %s, %s lost%s%s", record_output__name(&record->output),
	     units_count(recorder->samples).text,
	     units_time(record->stopped - record->started).text,
	     recorder->lost ? units_count(recorder->lost).text : "none",
	     record->output.format ? "" : ", ",
	     record->output.format ? "" : units_bytes(recorder->writer.bytes).text);
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
	err = record_output__sync(&record->output);
	if (err)
		return err;
	say_what_is_missing(record, &stats);
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

static int record_all(struct record *record, char **argv)
{
	struct profbuf_session_opts opts = { .size = sizeof(opts), .nonblock = 1 };
	int err;

	record->session = session__open(&opts);
	if (!record->session)
		return -ENODEV;
	err = configure(record);
	if (!err)
		err = record_output__open(&record->output);
	if (err)
		return err;
	err = recorder__init(&record->recorder, record->output.fd);
	record->recorder.own_pid = getpid();
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
	if (!err)
		err = record_output__truncate(&record->output, record->recorder.writer.bytes);
	if (!err)
		err = record__run(record);
	if (!err)
		err = finish(record);
	if (err)
		say_why_not(record, err);
	else
		say_what_there_is(record);
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
	struct record record = {
		.output = { .path = DEFAULT_RECORDING, .fd = -1 },
		.signals = -1,
	};
	struct workload *workload = &record.workload;
	int err;

	if (parse(&options, &record) < 0)
		return options.status;
	record.progress = isatty(STDERR_FILENO) && !message_quiet;
	record__block_signals(&record);
	if (strcmp(record.output.path, "-"))
		record.output.format = export__by_suffix(record.output.path);
	err = record_all(&record, argv);
	if (!err && record.output.format)
		err = record_output__export(&record.output);
	if (err)
		record_output__remove_empty(&record.output);
	if (record.output.fd >= 0 && close(record.output.fd) && !err) {
		err = -errno;
		record_output__say_failed(&record.output, err);
	}
	release(&record);
	if (workload->pid && record.timed_out && !workload->ended)
		kill(workload->pid, SIGTERM);
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
