// SPDX-License-Identifier: GPL-2.0
/*
 * One line for each record, as they come.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "export.h"
#include "load/copies.h"
#include "load/load.h"
#include "load_options.h"
#include "options.h"
#include "profile/profile.h"
#include "terminal.h"
#include "util/backlog.h"
#include "util/index.h"
#include "util/message.h"
#include "view/ends.h"
#include "view/output.h"
#include "view/units.h"

enum {
	OPTION_LIMIT = 'n',
	OPTION_RAW = 'r',
	OPTION_PERF = OPTION_LONG,
};

static const struct command_option options_script[] = {
	{ OPTION_LIMIT, "limit", "N", "end after N records" },
	FILTER_OPTIONS,
	{ OPTION_RAW, "raw", NULL, "print addresses, without looking for names" },
	{ OPTION_PERF, "perf", NULL,
	  "print what 'perf script' prints, for programs that read that" },
	{ 0 }
};

/**
 * struct script - what is known while records come
 * @names: of their addresses
 * @backlog: frames that wait for what is told behind them
 * @copies: how copies of stacks are walked
 * @filter: which are wanted
 * @raw: without names
 * @again: the names were read before
 * @limit: end after so many records; 0: at the end of the stream
 * @records: how many came
 * @lost: how many were lost
 */
struct script {
	struct names names;
	struct backlog backlog;
	struct copies copies;
	struct filter filter;
	bool raw;
	bool again;
	uint64_t limit;
	uint64_t records;
	uint64_t lost;
};

/* Not an error: what a handler returns to end the reading. */
#define SCRIPT_ENOUGH 1

static int script__flush(void)
{
	if (!ferror(stdout))
		return 0;
	return errno ? -errno : -EIO;
}

static int script__info(void *context, const struct profbuf_info *info)
{
	struct script *script = context;
	int err;

	printf("# sampling every %" PRIu64 " ns, stacks of at most %u frames, %u header words, version %u\n",
	       (uint64_t)info->period_ns, info->stack_depth, info->nr_words, info->version);
	if (script->raw)
		return 0;
	err = names__info(&script->names, info);
	/* Of the recording all was read already. */
	if (!err && script->again)
		err = names__end(&script->names);
	return err;
}

/* @found: what is known of it goes here, unless names are not asked for. */
static int print_address(struct script *script, const struct profbuf_record *record, uint32_t n,
			 const struct symbol_location **found)
{
	bool exact = !n || n == record->kernel_frames;
	const struct symbol_location *location;
	uint64_t owner = 0;
	uint32_t i;

	if (script->raw) {
		printf(" %#" PRIx64, record->stack[n]);
		return 0;
	}
	if (n >= record->kernel_frames)
		owner = names__owner(&script->names, record);
	location = symbols__resolve(script->names.symbols, owner, record->stack[n], exact);
	if (!location)
		return -ENOMEM;
	*found = location;
	if (!location->nframes) {
		printf(" %#" PRIx64 "(", record->stack[n]);
		utf8_print(location->module->path, stdout);
		putchar(')');
	}
	for (i = 0; i < location->nframes; i++) {
		putchar(' ');
		utf8_print(location->frames[i].name, stdout);
	}
	if (location->nframes)
		printf("+%#" PRIx64, record->stack[n] - location->symbol_start);
	return 0;
}

static const char *mode_name(const struct profbuf_record *record)
{
	static const char *const names[] = { "kernel", "user", "idle", "guest" };
	uint32_t mode = PROFBUF_MODE(record->mode);

	if (!(record->has & 1U << PROFBUF_WORD_MODE))
		return "-";
	return mode < sizeof(names) / sizeof(*names) ? names[mode] : "?";
}

static void print_time(uint32_t cpu, uint64_t time)
{
	printf("[%03u] %" PRIu64 ".%09" PRIu64, cpu, time / 1000000000, time % 1000000000);
}

/* Do user frames lead to their root, though the kernel does not know? @last, @before: the last. */
static bool begins_by_name(const struct profbuf_record *record, const struct symbol_location *last,
			   const struct symbol_location *before)
{
	return last && record->end &&
	       !(record->mode & (PROFBUF_MODE_TRUNCATED | PROFBUF_MODE_TIMED_OUT |
				 PROFBUF_MODE_KERNEL_INCOMPLETE)) &&
	       profile__begins_by_name(last, before, record->end);
}

/* Why callers are missing. @last, @before: the last user frames that there are, or NULL. */
static void print_end(const struct profbuf_record *record, const struct symbol_location *last,
		      const struct symbol_location *before)
{
	bool told = record->end && record->end <= PROFBUF_END_COPY;
	bool kernel = record->mode & PROFBUF_MODE_KERNEL_INCOMPLETE;
	bool user = record->mode & PROFBUF_MODE_USER_INCOMPLETE &&
		    !begins_by_name(record, last, before);

	if (record->mode & PROFBUF_MODE_TRUNCATED)
		printf(" [truncated]");
	if (user && told)
		printf(" [incomplete: %s%s]", end_text(record->end)->name,
		       record->end_flags & PROFBUF_END_NO_TABLE && end_wants_table(record->end) ?
		       ", no table" : "");
	else if (kernel || user)
		printf(" [incomplete]");
	if (record->mode & PROFBUF_MODE_TIMED_OUT)
		printf(" [timed out]");
}

static int script__record(void *context, const struct profbuf_record *found)
{
	const struct symbol_location *last = NULL, *before = NULL;
	struct profbuf_record walked = *found, *record = &walked;
	struct script *script = context;
	enum names_news news;
	uint32_t n;
	int err = 0;

	if (!filter__wants(&script->filter, record))
		return 0;
	if (!script->raw)
		err = copies__walk(&script->copies, &script->names, found, record);
	if (!err && !script->raw)
		err = names__meet(&script->names, record, &news);
	print_time(record->cpu, record->time);
	putchar(' ');
	utf8_print(*record->comm ? record->comm : "-", stdout);
	printf(" %u/%u %s %" PRIu64, record->pid, record->tid, mode_name(record), record->count);
	if (record->late)
		printf(" late=%u", record->late);
	if (record->stolen)
		printf(" stolen=%u", record->stolen);
	if (record->tag)
		printf(" tag=%#" PRIx64, record->tag);
	putchar(':');
	for (n = 0; !err && n < record->depth; n++) {
		before = n > record->kernel_frames ? last : NULL;
		err = print_address(script, record, n, &last);
	}
	print_end(record, record->depth > record->kernel_frames ? last : NULL, before);
	putchar('\n');
	if (!err)
		err = script__flush();
	if (!err && ++script->records == script->limit)
		err = SCRIPT_ENOUGH;
	return err;
}

static int script__loss(void *context, const struct profbuf_loss *loss)
{
	struct script *script = context;

	script->lost += loss->lost;
	print_time(loss->cpu, loss->time);
	printf(" lost %" PRIu64 " samples\n", loss->lost);
	return script__flush();
}

static int script__gap(void *context, const struct profbuf_gap *gap)
{
	(void)context;
	printf("# %" PRIu64 " records of CPU %u are missing here\n", gap->records, gap->cpu);
	return script__flush();
}

static int script__limit(void *context, uint32_t cpu, const struct profbuf_limit *limit)
{
	uint64_t lasted = limit->end_ns > limit->begin_ns ? limit->end_ns - limit->begin_ns : 0;

	(void)context;
	print_time(cpu, limit->end_ns ? limit->end_ns : limit->begin_ns);
	if (limit->end_ns)
		printf(" sampling is no longer slowed down, after %s",
		       units_time(lasted).text);
	else
		printf(" sampling is slowed down, to keep it below %s of the CPU's time",
		       units_share(limit->share, 1000).text);
	printf("; an interrupt takes %s", units_time(limit->cost_ns).text);
	if (limit->times > 1)
		printf("; %" PRIu64 " times since this CPU's last such line",
		       (uint64_t)limit->times);
	putchar('\n');
	return script__flush();
}

static int script__frame(void *context, const struct profbuf_frame *frame)
{
	struct script *script = context;

	/* The second time all names are known, only who executes what has to be followed. */
	if (script->again && frame->type != PROFBUF_FRAME_PROCESS)
		return 0;
	return names__frame(&script->names, frame);
}

static int script__space(void *context, const struct profbuf_space_info *info,
			 const struct profbuf_space_mapping *mappings)
{
	struct script *script = context;

	return script->again || script->raw ? 0 : names__space(&script->names, info, mappings);
}

static int script__prepare(struct script *script, struct input *input)
{
	static const struct profbuf_handler names_handler = {
		.size = sizeof(names_handler),
		.frame = script__frame,
		.space = script__space,
	};
	int ret;

	/* A pipe goes by once: names are then known from where they come. */
	if (profbuf_stream__rewind(input->stream)) {
		script->names.once = true;
		return 0;
	}
	/* What is wrong will be met again, behind what comes before it. */
	ret = profbuf_stream__read(input->stream, &names_handler, script);
	if (ret == -ENOMEM)
		return ret;
	names__restart(&script->names);
	script->again = true;
	return profbuf_stream__rewind(input->stream);
}

static const struct profbuf_handler script_handler = {
	.size = sizeof(script_handler),
	.info = script__info,
	.record = script__record,
	.loss = script__loss,
	.gap = script__gap,
	.frame = script__frame,
	.limit = script__limit,
	.space = script__space,
};

/* Show the frames that have waited long enough, or all of them. */
static int script__catch_up(struct script *script, struct input *input, bool all)
{
	const struct profbuf_frame *frame;
	int ret;

	for (;;) {
		frame = backlog__first(&script->backlog, input->stream, all);
		if (!frame)
			return 0;
		ret = profbuf_stream__handle(input->stream, frame, &script_handler, script);
		if (ret)
			return ret;
		backlog__remove(&script->backlog);
	}
}

/* What tells of spaces is taken note of at once, all else in its turn. */
static int script__take(struct script *script, struct input *input,
			const struct profbuf_frame *frame)
{
	int ret;

	if (script->raw || script->again)
		return profbuf_stream__handle(input->stream, frame, &script_handler, script);
	switch (frame->type) {
	case PROFBUF_FRAME_SAMPLES:
	case PROFBUF_FRAME_LIMIT:
		ret = backlog__add(&script->backlog, frame);
		break;
	default:
		/* Another INFO frame may say that words mean something else. */
		ret = frame->type == PROFBUF_FRAME_SPACE ? 0 :
		      script__catch_up(script, input, true);
		if (!ret)
			ret = profbuf_stream__handle(input->stream, frame, &script_handler,
						     script);
	}
	return ret ? ret : script__catch_up(script, input, false);
}

/* Frames of the device are shown as they come, those of a file when there is room for no more. */
static int script__read(struct script *script, struct input *input)
{
	const struct profbuf_frame *frame;
	int ret;

	for (;;) {
		ret = profbuf_stream__next(input->stream, &frame);
		if (ret <= 0) {
			int err = script__catch_up(script, input, true);

			return err ? err : ret;
		}
		ret = script__take(script, input, frame);
		if (ret)
			return ret;
		if (input->session && fflush(stdout))
			return -errno;
	}
}

/* All in the order of time, and so only when all have come. */
static int print_as_perf(const char *path, const struct filter *filter)
{
	struct load load = { .filter = *filter };
	int err;

	err = export__run(path, NULL, export__by_name("perf-script"), &load);
	load__exit(&load);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool is_told(const void *context, uint64_t word)
{
	return symbols__has_space(context, word);
}

static int run_script(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command, .argc = argc, .argv = argv };
	struct script script = { 0 };
	bool damaged, ended, perf = false;
	struct input input;
	int option, err;

	while ((option = options__next(&options)) >= 0) {
		switch (option) {
		case OPTION_LIMIT:
			if (options__number(&options, "the limit", 1, UINT64_MAX, &script.limit))
				return options.status;
			break;
		case OPTION_RAW:
			script.raw = true;
			break;
		case OPTION_PERF:
			perf = true;
			break;
		default:
			if (options__filter(&options, option, &script.filter))
				return options.status;
		}
	}
	if (option == OPTIONS_DONE)
		return options.status;
	if (argc - options.operand > 1) {
		options__fail(&options, "one recording at a time, not also '%s'",
			      argv[options.operand + 1]);
		return options.status;
	}
	if (perf && (script.raw || script.limit)) {
		options__fail(&options, "--perf prints all records, with names: neither -n nor -r");
		return options.status;
	}
	if (perf)
		return print_as_perf(options.operand < argc ? argv[options.operand] :
				     PROFBUF_DEVICE, &script.filter);

	if (input__open(&input, options.operand < argc ? argv[options.operand] : NULL))
		return EXIT_FAILURE;
	err = names__init(&script.names);
	script.backlog.is_told = is_told;
	script.backlog.context = script.names.symbols;
	if (!err && !script.raw)
		err = script__prepare(&script, &input);
	if (!err)
		err = script__read(&script, &input);
	ended = !err;
	if (err == SCRIPT_ENOUGH)
		err = 0;
	damaged = input__is_damaged(&input, err);
	err = terminal__finish(damaged ? 0 : err);
	if (damaged)
		input__explain(&input);
	else if (!err && ended)
		err = input__end(&input);
	note("%" PRIu64 " records, %" PRIu64 " samples lost", script.records, script.lost);
	input__close(&input);
	backlog__free(&script.backlog);
	copies__exit(&script.copies);
	names__exit(&script.names);
	return err || damaged ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_script = {
	.name = "script",
	.operands = "[FILE]",
	.completes = "FILE",
	.summary = "print every record, one a line",
	.description =
		"Print every record of FILE, of standard input (-) or of /dev/profbuf as it comes:\n"
		"CPU, time, thread, process and thread ID, mode, sampling periods, how many of these the\n"
		"timer was late, and the stack with the interrupted function first.",
	.options = options_script,
	.run = run_script,
};
