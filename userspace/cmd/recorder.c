// SPDX-License-Identifier: GPL-2.0
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
#define MAX_STACKS 100000

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
	uint32_t i;

	for (i = 0; i < recorder->nr_processes; i++)
		free(recorder->processes[i].mappings);
	free(recorder->processes);
	index__free(&recorder->process_index);
	free(recorder->emitted);
	index__free(&recorder->emitted_index);
	free(recorder->sequence);
	free(recorder->kept);
	free(recorder->kept_tags);
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

static int reserve(void *array, size_t *room, size_t need, size_t size)
{
	void **elements = array;
	void *larger;

	if (need <= *room)
		return 0;
	larger = realloc(*elements, need * 2 * size);
	if (!larger)
		return -ENOMEM;
	*elements = larger;
	*room = need * 2;
	return 0;
}

static int keep(struct recorder *recorder, const uint64_t *words, uint32_t n, uint64_t tag)
{
	if (reserve(&recorder->kept, &recorder->kept_size, recorder->kept_words + n,
		    sizeof(*words)) ||
	    reserve(&recorder->kept_tags, &recorder->kept_tags_size, recorder->kept_records + 1,
		    sizeof(tag)))
		return -ENOMEM;
	memcpy(recorder->kept + recorder->kept_words, words, n * sizeof(*words));
	recorder->kept_words += n;
	recorder->kept_tags[recorder->kept_records++] = tag;
	return 0;
}

/* A stack that was not there before may lead to where something was mapped since. */
static bool leads_elsewhere(const struct recorder_process *process,
			    const struct profbuf_record *record)
{
	uint32_t n;

	for (n = record->kernel_frames; n < record->depth; n++)
		if (!recorder__find_mapping(process, record->stack[n]))
			return true;
	return false;
}

static int on_record(void *context, const struct profbuf_record *record)
{
	struct recorder *recorder = context;
	uint32_t stacks = profile__nr_stacks(recorder->profile);
	struct recorder_process *process;
	int err;

	if (!recorder->family.everything) {
		enum family_answer answer;

		answer = family__has(&recorder->family, record->pid, record->cgroup);
		if (answer != FAMILY_YES) {
			recorder->taken_out++;
			recorder->unknown += answer == FAMILY_UNKNOWN;
			return 0;
		}
		err = keep(recorder, record->header - PROFBUF_RECORD_FIXED,
			   PROFBUF_RECORD_FIXED + record->hdrsize + record->depth, record->tag);
		if (err)
			return err;
	}
	recorder->samples++;
	process = recorder__meet(recorder, record);
	if (!process)
		return -ENOMEM;
	err = profile__add(recorder->profile, record);
	if (!err && profile__nr_stacks(recorder->profile) != stacks && !process->gone &&
	    leads_elsewhere(process, record))
		err = recorder__look(recorder, process, record);
	return err;
}

static int on_loss(void *context, const struct profbuf_loss *loss)
{
	struct recorder *recorder = context;
	/* As it stands in the stream, whatever its header's size is. */
	uint64_t words[PROFBUF_RECORD_FIXED + PROFBUF_HDRSIZE_MAX + 1] = { 0 };
	uint32_t length = PROFBUF_RECORD_FIXED + loss->hdrsize + 1;

	recorder->lost += loss->lost;
	if (recorder->family.everything)
		return 0;
	words[0] = length;
	words[1] = loss->time;
	words[length - 1] = loss->lost;
	return keep(recorder, words, length, 0);
}

static const struct profbuf_handler recorder_handler = {
	.size = sizeof(recorder_handler),
	.record = on_record,
	.loss = on_loss,
};

static int write_kept(struct recorder *recorder, const struct profbuf_frame *frame)
{
	uint64_t *sequence = &recorder->sequence[frame->cpu];
	struct profbuf_frame *kept;
	uint64_t *words;
	void *place;
	size_t size;
	int err;

	if (!recorder->kept_records)
		return 0;
	size = sizeof(*kept) + (recorder->kept_words + recorder->kept_records) * sizeof(*words);
	err = writer__reserve(&recorder->writer, size, &place);
	if (err)
		return err;
	kept = place;
	*kept = *frame;
	kept->size = size;
	kept->records = recorder->kept_records;
	kept->words = recorder->kept_words;
	kept->sequence = *sequence;
	*sequence += recorder->kept_records;
	words = (void *)(kept + 1);
	memcpy(words, recorder->kept, recorder->kept_words * sizeof(*words));
	memcpy(words + recorder->kept_words, recorder->kept_tags,
	       recorder->kept_records * sizeof(*words));
	recorder->writer.used += size;
	return 0;
}

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
 * recorder__frame - record a frame of the session
 * @recorder: the recorder
 * @stream: the stream of the session
 * @frame: the frame that it has just given
 *
 * What becomes known of its processes is written before it.
 *
 * Return: 0 or a negative errno.
 */
int recorder__frame(struct recorder *recorder, struct profbuf_stream *stream,
		    const struct profbuf_frame *frame)
{
	int err;

	recorder->kept_words = 0;
	recorder->kept_records = 0;
	err = profbuf_stream__handle(stream, frame, &recorder_handler, recorder);
	if (err)
		return err;
	if (recorder->family.everything || frame->type != PROFBUF_FRAME_SAMPLES) {
		err = writer__add(&recorder->writer, frame);
	} else {
		err = reserve_cpu(recorder, frame->cpu);
		if (!err)
			err = write_kept(recorder, frame);
	}
	if (!err && profile__nr_stacks(recorder->profile) > MAX_STACKS)
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
	struct profbuf_end end = {
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
	};
	int err;

	err = recorder__name_addresses(recorder);
	if (!err)
		err = writer__bytes(&recorder->writer, PROFBUF_FRAME_END, &end, sizeof(end));
	if (!err)
		err = writer__flush(&recorder->writer);
	return err;
}
