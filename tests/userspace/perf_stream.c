// SPDX-License-Identifier: GPL-2.0
/*
 * perf_stream FILE START END OFFSET: turn what "perf script -F pid,tid,time,ip" prints of one
 * program, FILE, mapped from START to END, into the recording that we would have made of it. It
 * is read from standard input.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder.h"
#include "profile/profile.h"
#include "record/packer.h"
#include "record/writer.h"

#define FRAME_RECORDS	256

/* ID 1, generation 0. */
#define SPACE (1ULL << 24)
#define MAX_DEPTH	1024

static void check(int err)
{
	if (!err)
		return;
	fprintf(stderr, "perf_stream: %s\n", strerror(-err));
	exit(EXIT_FAILURE);
}

/* Which stacks there were before, a profile knows. */
struct known {
	struct packer packer;
	struct profile *profile;
};

static int pack_record(void *context, const struct profbuf_record *record)
{
	struct known *known = context;

	check(profile__add(known->profile, record));
	return packer__add(&known->packer, record->header - PROFBUF_RECORD_FIXED, record->hdrsize,
			   record->tag, profile__last_stack(known->profile));
}

/* As a recorder does: a reader holds no more of them. */
static void forget_stacks(struct known *known)
{
	if (known->packer.nr_stacks < PROFBUF_PACKED_MAX_STACKS / 2 &&
	    known->packer.stack_words < PROFBUF_PACKED_MAX_STACK_WORDS / 2)
		return;
	profile__delete(known->profile);
	known->profile = profile__new(NULL);
	if (!known->profile)
		check(-ENOMEM);
	packer__reset(&known->packer);
}

static void flush(struct builder *builder, struct writer *writer, struct known *known)
{
	static const struct profbuf_handler handler = {
		.size = sizeof(handler),
		.record = pack_record,
	};
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;

	check(profbuf_stream__open_memory(&stream, builder->data, builder->size, NULL));
	while (builder->size && profbuf_stream__next(stream, &frame) > 0) {
		forget_stacks(known);
		packer__begin(&known->packer);
		check(profbuf_stream__handle(stream, frame, &handler, known));
		if (frame->type == PROFBUF_FRAME_SAMPLES)
			check(packer__end(&known->packer, writer, frame, frame->sequence));
		else
			check(writer__add(writer, frame));
	}
	profbuf_stream__close(stream);
	builder->size = 0;
}

static void begin_recording(struct writer *writer, uint32_t pid, char **argv)
{
	static const char *const host_strings[] = {
		"machine", "", "", "", "perf_stream", "0", "a program", NULL
	};
	struct profbuf_host host = {
		.size = sizeof(host),
		.nr_cpus = 1,
		.realtime_ns = 4000000000ULL * 1000000000,
	};
	const struct profbuf_space_info info = { .space = SPACE, .tgid = pid };
	struct builder_mapping mapping = {
		.fixed = {
			.start = strtoull(argv[2], NULL, 16),
			.end = strtoull(argv[3], NULL, 16),
			.offset = strtoull(argv[4], NULL, 16),
		},
	};
	struct builder frame = { 0 };

	check(builder__find_file(&mapping, argv[1]));
	check(writer__payload(writer, PROFBUF_FRAME_HOST, &host, sizeof(host), host_strings));
	builder__space(&frame, &info, &mapping, 1);
	check(writer__add(writer, (const void *)frame.data));
	builder__free(&frame);
}

/* Some versions of perf print where in the file code is, and not where in memory. */
static void place(uint64_t *stack, uint32_t depth, uint64_t start, uint64_t offset)
{
	uint32_t n;

	for (n = 0; n < depth; n++)
		if (stack[n] < start)
			stack[n] += start - offset;
}

struct sample {
	uint32_t pid;
	uint32_t tid;
	uint64_t time;
	uint32_t depth;
	uint64_t stack[MAX_DEPTH];
};

static bool read_sample(FILE *input, struct sample *sample)
{
	char line[512];
	double seconds;

	sample->depth = 0;
	do {
		if (!fgets(line, sizeof(line), input))
			return false;
	} while (sscanf(line, " %" SCNu32 "/%" SCNu32 " %lf:", &sample->pid, &sample->tid,
			&seconds) != 3);
	sample->time = seconds * 1e9;
	while (fgets(line, sizeof(line), input) && *line != '\n') {
		if (sample->depth < MAX_DEPTH &&
		    sscanf(line, " %" SCNx64, &sample->stack[sample->depth]) == 1)
			sample->depth++;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct known known = { .profile = profile__new(NULL) };
	struct builder builder = { 0 };
	struct profbuf_recording_end end = { .size = sizeof(end) };
	struct writer writer;
	struct sample sample;
	uint64_t n = 0;

	if (argc != 5) {
		fputs("usage: perf_stream FILE START END OFFSET < perf script\n", stderr);
		return EXIT_FAILURE;
	}
	if (!known.profile)
		check(-ENOMEM);
	check(writer__init(&writer, STDOUT_FILENO, true));
	while (read_sample(stdin, &sample)) {
		struct builder_record record;
		uint32_t kernel = 0;

		while (kernel < sample.depth && sample.stack[kernel] >> 63)
			kernel++;
		if (!n) {
			begin_recording(&writer, sample.pid, argv);
			builder__info(&builder, 1);
		}
		if (n % FRAME_RECORDS == 0) {
			if (n)
				builder__end(&builder);
			flush(&builder, &writer, &known);
			builder__begin(&builder, 0, PROFBUF_WORDS);
		}
		n++;
		place(sample.stack, sample.depth, strtoull(argv[2], NULL, 16),
		      strtoull(argv[4], NULL, 16));
		record = (struct builder_record){
			.time = sample.time,
			.count = 1,
			.pid = sample.pid,
			.tid = sample.tid,
			.mode = (uint64_t)kernel << 48 |
				(kernel ? 0 : (uint64_t)PROFBUF_MODE_USER << 32),
			.comm = "program",
			.depth = sample.depth,
			.stack = sample.stack,
			.space = SPACE,
			.end = PROFBUF_END_ROOT,
		};
		builder__record(&builder, &record);
	}
	if (!n) {
		fputs("perf_stream: no samples\n", stderr);
		return EXIT_FAILURE;
	}
	builder__end(&builder);
	flush(&builder, &writer, &known);
	check(writer__bytes(&writer, PROFBUF_FRAME_END, &end, sizeof(end)));
	check(writer__flush(&writer));
	writer__exit(&writer);
	packer__exit(&known.packer);
	profile__delete(known.profile);
	builder__free(&builder);
	return EXIT_SUCCESS;
}
