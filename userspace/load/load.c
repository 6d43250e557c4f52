// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "load.h"
#include "util/message.h"
#include "view/perf_script.h"

static int load__info(void *context, const struct profbuf_info *info)
{
	struct load *load = context;
	int err = names__info(&load->names, info);

	return err ? err : profile__add_info(load->profile, info);
}

static int load__record(void *context, const struct profbuf_record *found)
{
	struct load *load = context;
	struct profbuf_record walked, *record = &walked;
	enum names_news news;
	int err;

	if (!filter__wants(&load->filter, found)) {
		profile__add_filtered(load->profile, 1);
		return 0;
	}
	err = copies__walk(&load->copies, &load->names, found, record);
	if (!err)
		err = names__meet(&load->names, record, &news);
	if (!err && news == NAMES_OTHER_PROGRAM)
		err = profile__set_program(load->profile, record->pid,
					   names__generation(&load->names, record->pid));
	if (!err)
		err = profile__add(load->profile, record);
	if (!err && load->records)
		err = perf_script__add(load->records, record, names__owner(&load->names, record));
	return err;
}

static int load__loss(void *context, const struct profbuf_loss *loss)
{
	struct load *load = context;
	int err = profile__add_loss(load->profile, loss);

	if (!err && load->records)
		err = perf_script__add_loss(load->records, loss);
	return err;
}

static int load__gap(void *context, const struct profbuf_gap *gap)
{
	struct load *load = context;

	return profile__add_gap(load->profile, gap);
}

static int load__limit(void *context, uint32_t cpu, const struct profbuf_limit *limit)
{
	struct load *load = context;

	return profile__add_limit(load->profile, cpu, limit);
}

static int load__space(void *context, const struct profbuf_space_info *info,
		       const struct profbuf_space_mapping *mappings)
{
	struct load *load = context;

	return names__space(&load->names, info, mappings);
}

static int load__frame(void *context, const struct profbuf_frame *frame)
{
	struct load *load = context;
	struct profbuf_process process;
	uint32_t generation;
	int err = names__frame(&load->names, frame);

	if (!err && frame->type == PROFBUF_FRAME_PROCESS)
		err = profbuf_recording__payload(frame, &process, sizeof(process), NULL);
	if (err || frame->type != PROFBUF_FRAME_PROCESS)
		return err;
	generation = names__generation(&load->names, process.pid);
	if (process.flags & PROFBUF_PROCESS_EXEC)
		return profile__set_program(load->profile, process.pid, generation);
	if (process.flags & PROFBUF_PROCESS_REMAPPED)
		return profile__set_mappings(load->profile, process.pid, generation);
	return 0;
}

static const struct profbuf_handler load_handler = {
	.size = sizeof(load_handler),
	.info = load__info,
	.record = load__record,
	.loss = load__loss,
	.gap = load__gap,
	.frame = load__frame,
	.limit = load__limit,
	.space = load__space,
};

static bool is_told(const void *context, uint64_t word)
{
	return symbols__has_space(context, word);
}

/* The frames that have waited long enough, or all of them. */
static int catch_up(struct load *load, struct profbuf_stream *stream, bool all)
{
	const struct profbuf_frame *frame;
	int ret;

	while ((frame = backlog__first(&load->backlog, stream, all))) {
		ret = profbuf_stream__handle(stream, frame, &load_handler, load);
		if (ret)
			return ret;
		backlog__remove(&load->backlog);
	}
	return 0;
}

/* Copies wait until it is told what was mapped: it comes behind them. */
static int take(struct load *load, struct profbuf_stream *stream, const struct profbuf_frame *frame)
{
	const struct profbuf_info *info = profbuf_stream__info(stream);
	int ret = 0;

	if (frame->type == PROFBUF_FRAME_SAMPLES && info && info->stack_copy) {
		ret = backlog__add(&load->backlog, frame);
	} else {
		/* Another stream may begin, or words mean something else from here on. */
		if (frame->type == PROFBUF_FRAME_INFO || frame->type == PROFBUF_FRAME_HOST)
			ret = catch_up(load, stream, true);
		if (!ret)
			ret = profbuf_stream__handle(stream, frame, &load_handler, load);
	}
	return ret ? ret : catch_up(load, stream, false);
}

static int read_all(struct load *load, struct profbuf_stream *stream)
{
	const struct profbuf_frame *frame;
	int ret, err;

	for (;;) {
		ret = profbuf_stream__next(stream, &frame);
		if (ret <= 0) {
			err = catch_up(load, stream, true);
			return err ? err : ret;
		}
		ret = take(load, stream, frame);
		if (ret)
			return ret;
	}
}

/**
 * load__run - read a stream to its end and name what is in it
 * @load: what to load
 * @path: as input__open() takes it
 *
 * Return: 0, also if the stream is damaged behind some records: that was said, and
 *	@load->damaged is set. A negative errno after a message.
 */
int load__run(struct load *load, const char *path)
{
	struct profile_opts opts = { .size = sizeof(opts), .by_thread = load->by_thread };
	struct input input;
	int err;

	err = input__open(&input, path);
	if (err)
		return err;
	err = names__init(&load->names);
	load->profile = profile__new(&opts);
	if (err || !load->profile) {
		err = -ENOMEM;
		goto out;
	}
	load->backlog.is_told = is_told;
	load->backlog.context = load->names.symbols;
	load->backlog.at_leisure = !input.session;
	err = read_all(load, input.stream);
	if (!err) {
		err = input__end(&input);
		if (err)
			goto close;
	} else if (input__is_damaged(&input, err)) {
		input__explain(&input);
		if (!profile__totals(load->profile)->weight.samples &&
		    !profile__totals(load->profile)->losses)
			goto close;
		hint("what comes before it is shown");
		load->damaged = true;
		err = 0;
	} else if (err == -E2BIG) {
		error("%s: at byte %llu: more different stacks than this machine has memory for",
		      profbuf_stream__name(input.stream),
		      (unsigned long long)profbuf_stream__offset(input.stream));
		hint("what comes before it is shown; --pid and --comm leave out what is not needed");
		load->damaged = true;
		err = 0;
	}
	if (err)
		goto out;
	names__meet_again(&load->names);
	err = names__end(&load->names);
	if (!err)
		err = profile__finish(load->profile);
	if (!err)
		err = profile__symbolize(load->profile, load->names.symbols);
out:
	if (err)
		error("%s", strerror(-err));
close:
	input__close(&input);
	return err;
}

/**
 * load__exit - give back a profile and its names
 * @load: what was loaded
 */
void load__exit(struct load *load)
{
	profile__delete(load->profile);
	perf_script__delete(load->records);
	backlog__free(&load->backlog);
	copies__exit(&load->copies);
	names__exit(&load->names);
}
