// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

/*
 * Distinct stacks that are kept in memory; then their addresses are named, and they are
 * forgotten.
 */
#define MAX_STACKS		100000
#define MAX_STACK_WORDS		(4U << 20)

/* What comes in a frame more than that is little: a reader must not be asked for too much. */
static_assert(PROFBUF_PACKED_MAX_STACKS > 2 * MAX_STACKS &&
	      PROFBUF_PACKED_MAX_STACK_WORDS >= 2 * MAX_STACK_WORDS, "too many for a reader");

static uint64_t clock_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
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
	struct stat status;

	*recorder = (struct recorder){ 0 };
	recorder->symbols = symbols__new(NULL);
	recorder->profile = profile__new(NULL);
	if (!recorder->symbols || !recorder->profile)
		return -ENOMEM;
	if (!stat("/proc/self/ns/mnt", &status))
		recorder->own_mount = status.st_ino;
	return writer__init(&recorder->writer, fd, true);
}

/**
 * recorder__exit - give back what a recorder holds
 * @recorder: the recorder
 */
void recorder__exit(struct recorder *recorder)
{
	free(recorder->processes);
	index__free(&recorder->process_index);
	free(recorder->emitted);
	index__free(&recorder->emitted_index);
	free(recorder->sequence);
	packer__exit(&recorder->packer);
	profile__delete(recorder->profile);
	symbols__free(recorder->symbols);
	family__exit(&recorder->family);
	writer__exit(&recorder->writer);
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
		.realtime_ns = clock_now(CLOCK_REALTIME),
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
	answer = family__has(&recorder->family, record->pid, record->cgroup);
	if (answer == FAMILY_YES)
		return true;
	recorder->taken_out++;
	recorder->unknown += answer == FAMILY_UNKNOWN;
	return false;
}

/* Add a record to the profile, after a look at what its addresses mean, if they are new. */
static int add_stack(struct recorder *recorder, struct recorder_process *process,
		     const struct profbuf_record *record)
{
	uint32_t stacks = profile__nr_stacks(recorder->profile);
	uint32_t generation = process->generation;
	int err;

	err = profile__add(recorder->profile, record);
	if (err || !record->pid)
		return err;
	if (profile__nr_stacks(recorder->profile) != stacks)
		recorder__want_look(recorder, process, record);
	err = recorder__look(recorder, process, record);
	/* Now it is another stack. */
	if (!err && process->generation != generation)
		err = profile__add(recorder->profile, record);
	return err;
}

static int on_record(void *context, const struct profbuf_record *record)
{
	struct recorder *recorder = context;
	struct profbuf_record spaceless = *record;
	struct recorder_process *process;
	int err;

	if (!is_wanted(recorder, record))
		return 0;
	/* What it maps is told by its process. */
	spaceless.has &= ~(1U << PROFBUF_WORD_SPACE);
	record = &spaceless;
	recorder->samples++;
	process = recorder__meet(recorder, record);
	if (!process)
		return -ENOMEM;
	err = add_stack(recorder, process, record);
	if (err)
		return err;
	return packer__add(&recorder->packer, record->header - PROFBUF_RECORD_FIXED,
			   record->hdrsize, record->tag,
			   profile__last_stack(recorder->profile));
}

static int on_loss(void *context, const struct profbuf_loss *loss)
{
	struct recorder *recorder = context;

	recorder->lost += loss->lost;
	return packer__add(&recorder->packer, loss->header - PROFBUF_RECORD_FIXED, loss->hdrsize,
			   loss->tag, PACKER_NO_STACK);
}

static const struct profbuf_handler recorder_handler = {
	.size = sizeof(recorder_handler),
	.record = on_record,
	.loss = on_loss,
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

/**
 * recorder__split - write the records of a frame up to here
 * @recorder: the recorder
 *
 * What is written next comes after them, and before the rest of the frame.
 *
 * Return: 0 or a negative errno.
 */
int recorder__split(struct recorder *recorder)
{
	const struct profbuf_frame *frame = recorder->frame;
	uint32_t records = recorder->packer.packed.records;
	uint64_t sequence = frame->sequence + recorder->written;
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
	recorder->written += records;
	err = packer__end(&recorder->packer, &recorder->writer, frame, sequence);
	packer__begin(&recorder->packer);
	return err;
}

/**
 * recorder__frame - record a frame of the session
 * @recorder: the recorder
 * @stream: the stream of the session
 * @frame: the frame that it has just given
 *
 * What becomes known of its processes is written before it, and that one of them executes another
 * program, between the records of the one and of the other.
 *
 * Return: 0 or a negative errno.
 */
int recorder__frame(struct recorder *recorder, struct profbuf_stream *stream,
		    const struct profbuf_frame *frame)
{
	int err;

	packer__begin(&recorder->packer);
	recorder->frame = frame;
	recorder->written = 0;
	err = profbuf_stream__handle(stream, frame, &recorder_handler, recorder);
	if (err)
		return err;
	if (frame->type == PROFBUF_FRAME_SAMPLES)
		err = recorder__split(recorder);
	else
		err = writer__add(&recorder->writer, frame);
	if (!err && (profile__nr_stacks(recorder->profile) > MAX_STACKS ||
		     recorder->packer.stack_words > MAX_STACK_WORDS))
		err = recorder__name_addresses(recorder);
	return err;
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
		.realtime_ns = clock_now(CLOCK_REALTIME),
		.monotonic_ns = clock_now(CLOCK_MONOTONIC),
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

	err = recorder__name_addresses(recorder);
	if (!err)
		err = writer__bytes(&recorder->writer, PROFBUF_FRAME_END, &end, sizeof(end));
	if (!err)
		err = writer__flush(&recorder->writer);
	return err;
}
