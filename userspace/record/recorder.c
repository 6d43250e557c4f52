// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "recorder.h"
#include "util/machine.h"

/*
 * Distinct stacks that are kept in memory; then their addresses are named, and they are
 * forgotten.
 */
#define MAX_STACKS		100000
#define MAX_STACK_WORDS		(4U << 20)

/* What comes in a frame more than that is little: a reader must not be asked for too much. */
static_assert(PROFBUF_PACKED_MAX_STACKS > 2 * MAX_STACKS &&
	      PROFBUF_PACKED_MAX_STACK_WORDS >= 2 * MAX_STACK_WORDS, "too many for a reader");

static bool is_told(const void *context, uint64_t word)
{
	return symbols__has_space(context, word);
}

/**
 * recorder__init - prepare a recording
 * @recorder: the recorder
 * @fd: the file; it stays the caller's
 *
 * Return: 0 or a negative errno.
 */
int recorder__init(struct recorder *recorder, int fd)
{
	*recorder = (struct recorder){ 0 };
	family__init(&recorder->family);
	recorder->symbols = symbols__new(NULL);
	recorder->profile = profile__new(NULL);
	if (!recorder->symbols || !recorder->profile)
		return -ENOMEM;
	symbols__set_here(recorder->symbols);
	recorder->backlog.is_told = is_told;
	recorder->backlog.context = recorder->symbols;
	return writer__init(&recorder->writer, fd, true);
}

/**
 * recorder__exit - give back what a recorder holds
 * @recorder: the recorder
 */
void recorder__exit(struct recorder *recorder)
{
	table_loader__end(&recorder->tables);
	backlog__free(&recorder->backlog);
	held_frames__exit(&recorder->held);
	free(recorder->emitted);
	index__free(&recorder->emitted_index);
	free(recorder->sequence);
	packer__exit(&recorder->packer);
	profile__delete(recorder->profile);
	symbols__free(recorder->symbols);
	family__exit(&recorder->family);
	writer__exit(&recorder->writer);
}

static int ask_session(void *context, uint64_t address, uint64_t time_ns,
		       struct profbuf_kernel_symbol *symbol)
{
	return profbuf_session__kernel_symbol(context, address, time_ns, symbol);
}

/**
 * recorder__ask - have the session say what is at addresses of the kernel
 * @recorder: the recorder
 * @session: the session, which must be there up to recorder__end()
 *
 * Else they are looked up in /proc/kallsyms, as far as that shows them.
 */
void recorder__ask(struct recorder *recorder, struct profbuf_session *session)
{
	symbols__ask_kernel(recorder->symbols, ask_session, session);
}

/**
 * recorder__begin - write the HOST frame
 * @recorder: the recorder
 * @command: the command line that records
 * @what: what is recorded
 *
 * Return: 0 or a negative errno.
 */
int recorder__begin(struct recorder *recorder, const char *command, const char *what)
{
	struct profbuf_host host = {
		.size = sizeof(host),
		.nr_cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.realtime_ns = machine__clock(CLOCK_REALTIME),
		.flags = recorder->family.everything ? 0 : PROFBUF_HOST_FILTERED,
		.page_size = sysconf(_SC_PAGESIZE),
	};
	struct utsname name;
	const char *const strings[] = {
		name.nodename, name.release, name.version, name.machine, command,
		PROFBUF_RELEASE, what, NULL
	};

	uname(&name);
	return writer__payload(&recorder->writer, PROFBUF_FRAME_HOST, &host, sizeof(host), strings);
}

/* False: it was taken out. */
static bool is_wanted(struct recorder *recorder, const struct profbuf_record *record)
{
	enum family_answer answer;

	if (recorder->family.everything)
		return true;
	answer = family__has(&recorder->family, record);
	if (answer == FAMILY_YES)
		return true;
	recorder->taken_out++;
	recorder->unknown += answer == FAMILY_UNKNOWN;
	return false;
}

/* New stacks may lead to code that can only be named now. */
static int meet(struct recorder *recorder, const struct profbuf_record *record)
{
	uint32_t n;
	int err = 0;

	for (n = 0; !err && n < record->kernel_frames && n < record->depth; n++)
		err = symbols__meet_kernel(recorder->symbols, record->stack[n], !n, record->time);
	for (; !err && n < record->depth; n++)
		err = symbols__meet(recorder->symbols, record->space, record->stack[n]);
	return err;
}

/* What is told of its space is of use now. */
static int want_space(struct recorder *recorder, const struct profbuf_record *record)
{
	uint64_t space = PROFBUF_SPACE_ID(record->space);

	if (recorder->family.everything || !space)
		return 0;
	return held_frames__want(&recorder->held, &recorder->writer, space);
}

static int on_record(void *context, const struct profbuf_record *record)
{
	struct recorder *recorder = context;
	uint32_t stacks = profile__nr_stacks(recorder->profile);
	int err;

	if (!is_wanted(recorder, record))
		return 0;
	recorder->samples++;
	err = want_space(recorder, record);
	if (err)
		return err;
	err = profile__add(recorder->profile, record);
	if (!err && profile__nr_stacks(recorder->profile) != stacks)
		err = meet(recorder, record);
	if (err)
		return err;
	/* No two copies are alike. */
	return packer__add(&recorder->packer, record->header - PROFBUF_RECORD_FIXED,
			   record->hdrsize, record->tag,
			   record->copy_words ? PACKER_NO_STACK :
			   profile__last_stack(recorder->profile));
}

static int on_loss(void *context, const struct profbuf_loss *loss)
{
	struct recorder *recorder = context;

	recorder->lost += loss->lost;
	return packer__add(&recorder->packer, loss->header - PROFBUF_RECORD_FIXED, loss->hdrsize,
			   loss->tag, PACKER_NO_STACK);
}

/* What comes of it may be looked for while it is there. */
static int on_space(void *context, const struct profbuf_space_info *info,
		    const struct profbuf_space_mapping *mappings)
{
	struct recorder *recorder = context;
	int err = symbols__add_space(recorder->symbols, info, mappings);

	recorder->space = PROFBUF_SPACE_ID(info->space);
	if (!err && !recorder->family.everything)
		err = family__tell(&recorder->family, info);
	if (!err)
		err = table_loader__want(&recorder->tables, info, mappings);
	if (!err && !(info->flags & PROFBUF_SPACE_MORE))
		err = symbols__hold_space(recorder->symbols, info->space);
	return err;
}

static const struct profbuf_handler recorder_handler = {
	.size = sizeof(recorder_handler),
	.record = on_record,
	.loss = on_loss,
	.space = on_space,
};

static int reserve_cpu(struct recorder *recorder, uint32_t cpu)
{
	uint64_t *larger;

	if (cpu < recorder->nr_sequences)
		return 0;
	larger = realloc(recorder->sequence, (cpu + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	memset(larger + recorder->nr_sequences, 0,
	       (cpu + 1 - recorder->nr_sequences) * sizeof(*larger));
	recorder->sequence = larger;
	recorder->nr_sequences = cpu + 1;
	return 0;
}

static int write_records(struct recorder *recorder, const struct profbuf_frame *frame)
{
	uint32_t records = recorder->packer.packed.records;
	uint64_t sequence = frame->sequence;
	int err;

	if (!records)
		return 0;
	/* Where records were taken out, those that are left are numbered anew. */
	if (!recorder->family.everything) {
		err = reserve_cpu(recorder, frame->cpu);
		if (err)
			return err;
		sequence = recorder->sequence[frame->cpu];
		recorder->sequence[frame->cpu] += records;
	}
	return packer__end(&recorder->packer, &recorder->writer, frame, sequence);
}

static int write_frame(struct recorder *recorder, const struct profbuf_frame *frame)
{
	int err;

	packer__begin(&recorder->packer);
	err = profbuf_stream__handle(recorder->stream, frame, &recorder_handler, recorder);
	if (err)
		return err;
	if (frame->type == PROFBUF_FRAME_SAMPLES)
		err = write_records(recorder, frame);
	else if (frame->type == PROFBUF_FRAME_SPACE && !recorder->family.everything)
		err = held_frames__add(&recorder->held, &recorder->writer, frame, recorder->space);
	else
		err = writer__add(&recorder->writer, frame);
	if (!err && (profile__nr_stacks(recorder->profile) > MAX_STACKS ||
		     recorder->packer.stack_words > MAX_STACK_WORDS))
		err = recorder__name_addresses(recorder);
	return err;
}

/* Write the frames that have waited long enough, or all of them. */
static int catch_up(struct recorder *recorder, bool all)
{
	const struct profbuf_frame *frame;
	int err = 0;

	while (!err && (frame = backlog__first(&recorder->backlog, recorder->stream, all))) {
		err = write_frame(recorder, frame);
		backlog__remove(&recorder->backlog);
	}
	return err;
}

/**
 * recorder__frame - record a frame of the session
 * @recorder: the recorder
 * @stream: the stream of the session, which must be there up to recorder__end()
 * @frame: the frame that it has just given
 *
 * Where only some processes were asked for, records wait until it is told whose they are.
 *
 * Return: 0 or a negative errno.
 */
int recorder__frame(struct recorder *recorder, struct profbuf_stream *stream,
		    const struct profbuf_frame *frame)
{
	int err = 0;

	recorder->stream = stream;
	if (recorder->family.everything)
		return write_frame(recorder, frame);
	if (frame->type == PROFBUF_FRAME_SAMPLES || frame->type == PROFBUF_FRAME_LIMIT) {
		err = backlog__add(&recorder->backlog, frame);
	} else {
		/* Another INFO frame may say that words mean something else. */
		if (frame->type != PROFBUF_FRAME_SPACE)
			err = catch_up(recorder, true);
		if (!err)
			err = write_frame(recorder, frame);
	}
	return err ? err : catch_up(recorder, false);
}

/**
 * recorder__end - write names and the END frame, and be done
 * @recorder: the recorder
 * @stats: what the kernel has counted
 *
 * Return: 0 or a negative errno.
 */
int recorder__end(struct recorder *recorder, const struct profbuf_stats *stats)
{
	struct profbuf_recording_end end = {
		.size = sizeof(end),
		.realtime_ns = machine__clock(CLOCK_REALTIME),
		.monotonic_ns = machine__clock(CLOCK_MONOTONIC),
		.interrupts = stats->interrupts,
		.records = stats->records,
		.lost = stats->lost,
		.filtered = stats->filtered,
		.nested = stats->nested,
		.periods = stats->periods,
		.taken_out = recorder->taken_out,
		.unknown = recorder->unknown,
		.slept = stats->slept,
		.late = stats->late,
		.stolen = stats->stolen,
		.cost_ns = stats->cost_ns,
		.limited_ns = stats->limited_ns,
	};
	int err;

	err = catch_up(recorder, true);
	if (!err)
		err = recorder__name_addresses(recorder);
	if (!err)
		err = writer__bytes(&recorder->writer, PROFBUF_FRAME_END, &end, sizeof(end));
	if (!err)
		err = writer__flush(&recorder->writer);
	return err;
}
