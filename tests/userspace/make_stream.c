// SPDX-License-Identifier: GPL-2.0
/*
 * make_stream: print a stream as a machine of many functions would give it. The same seed gives
 * the same stream. With -R it is a recording, in which the processes map a file whose functions
 * are FUNCTION_SIZE bytes each, as make_functions makes them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder.h"
#include "record/packer.h"
#include "record/writer.h"

#define FRAME_RECORDS	256
#define START		2000000000ULL
#define MAX_DEPTH	100000 /* more than the kernel records */
#define KERNEL_BASE	0xffffffff81000000ULL
#define USER_BASE	0x555555554000ULL
#define FUNCTION_SIZE	0x100

struct shape {
	uint64_t seed;
	uint32_t records;
	uint32_t cpus;
	uint32_t functions;
	uint32_t paths;
	uint32_t depth;
	uint32_t hdrsize;
	uint32_t losses; /* one in so many frames; 0: none */
	uint32_t pid;
	uint32_t processes;
	uint64_t base;
	const char *file; /* that is mapped at @base; NULL: no recording */
	uint64_t offset; /* of its code */
	bool late; /* timers come late, and sampling is slowed down */
	bool uncompressed; /* a recording, but no ZSTD frames */
	bool unpacked; /* and no PACKED ones either */
};

struct path {
	uint32_t process;
	uint32_t depth;
	uint32_t kernel_frames;
	uint64_t mode;
	uint64_t *stack;
};

static uint64_t state;

static uint64_t next_random(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static uint32_t below(uint32_t limit)
{
	return (uint32_t)(((next_random() >> 32) * limit) >> 32);
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		perror("make_stream");
		exit(EXIT_FAILURE);
	}
	return memory;
}

static uint64_t call_address(const struct shape *shape, bool kernel)
{
	uint64_t base = kernel ? KERNEL_BASE : shape->base;

	/* Few call sites in each function, as programs have. */
	return base + (uint64_t)below(shape->functions) * FUNCTION_SIZE + 0x10 + below(4) * 0x20;
}

/* A path goes the way of an earlier one from the root, then on by itself. */
static void make_path(const struct shape *shape, struct path *paths, uint32_t n)
{
	struct path *path = &paths[n];
	uint32_t same = 0, i;

	path->process = below(shape->processes);
	path->depth = shape->depth / 2 + below(shape->depth + 1);
	if (!path->depth)
		path->depth = 1;
	path->stack = allocate(path->depth * sizeof(*path->stack));
	path->mode = 1ULL << 32;
	if (!below(4)) {
		path->kernel_frames = 1 + below(path->depth);
		path->mode = (uint64_t)path->kernel_frames << 48;
	}
	if (!below(50))
		path->mode |= PROFBUF_MODE_TRUNCATED;
	if (!below(50))
		path->mode |= PROFBUF_MODE_USER_INCOMPLETE;
	if (n) {
		const struct path *other = &paths[below(n)];

		same = other->depth - other->kernel_frames;
		if (same > path->depth - path->kernel_frames)
			same = path->depth - path->kernel_frames;
		same = same * (4 + below(5)) / 8;
		for (i = 1; i <= same; i++)
			path->stack[path->depth - i] = other->stack[other->depth - i];
		path->process = other->process;
	}
	for (i = 0; i < path->depth - same; i++)
		path->stack[i] = call_address(shape, i < path->kernel_frames);
}

static void check(int err)
{
	if (!err)
		return;
	fprintf(stderr, "make_stream: %s\n", strerror(-err));
	exit(EXIT_FAILURE);
}

/* As a recorder writes it. @used: the path of each record, PACKER_NO_STACK for a loss. */
static void pack_frame(struct packer *packer, struct writer *writer,
		       const struct profbuf_frame *frame, const uint32_t *used)
{
	const uint64_t *words = (const uint64_t *)(frame + 1);
	const uint64_t *tags = words + frame->words;
	uint32_t n;

	packer__begin(packer);
	for (n = 0; n < frame->records; n++) {
		check(packer__add(packer, words, frame->hdrsize, tags[n], used[n]));
		words += words[0];
	}
	check(packer__end(packer, writer, frame, frame->sequence));
}

/* Frame by frame, as a recorder gets them; @packer: NULL for a stream as it is. */
static void print_stream(struct builder *builder, struct writer *writer, struct packer *packer,
			 const uint32_t *used)
{
	size_t at;

	for (at = 0; at < builder->size;) {
		const struct profbuf_frame *frame = (const void *)(builder->data + at);

		if (packer && frame->type == PROFBUF_FRAME_SAMPLES)
			pack_frame(packer, writer, frame, used);
		else
			check(writer__add(writer, frame));
		at += frame->size;
	}
	builder->size = 0;
}

static void print_host(struct writer *writer, const struct shape *shape)
{
	static const char *const strings[] = {
		"machine", "6.1.0", "#1 SMP", "x86_64", "make_stream", "0", "nothing", NULL
	};
	struct profbuf_host host = {
		.size = sizeof(host),
		.nr_cpus = shape->cpus,
		.realtime_ns = 4000000000ULL * 1000000000,
		.page_size = 4096,
	};

	check(writer__payload(writer, PROFBUF_FRAME_HOST, &host, sizeof(host), strings));
}

static uint64_t space_of(uint32_t pid)
{
	return (uint64_t)pid << 24;
}

static void print_space(struct writer *writer, const struct shape *shape, uint32_t pid)
{
	uint64_t size = ((uint64_t)shape->functions * FUNCTION_SIZE + 4095) / 4096 * 4096;
	const struct profbuf_space_info info = { .space = space_of(pid), .tgid = pid };
	struct builder_mapping mapping = {
		.fixed = {
			.start = shape->base,
			.end = shape->base + size,
			.offset = shape->offset,
		},
	};
	struct builder frame = { 0 };

	check(builder__find_file(&mapping, shape->file));
	builder__space(&frame, &info, &mapping, 1);
	check(writer__add(writer, (const void *)frame.data));
	builder__free(&frame);
}

static void print_kernel(struct writer *writer, const struct shape *shape)
{
	size_t fixed = sizeof(struct profbuf_symbols) +
		       shape->functions * sizeof(struct profbuf_symbol);
	char *payload = allocate(fixed + shape->functions * 24UL + 1);
	struct profbuf_symbols *header = (void *)payload;
	struct profbuf_symbol *list = (void *)(header + 1);
	char *strings = payload + fixed, *end = strings + 1;
	uint32_t i;

	*header = (struct profbuf_symbols){
		.size = sizeof(*header),
		.pid = PROFBUF_SYMBOLS_KERNEL,
		.nr = shape->functions,
	};
	for (i = 0; i < shape->functions; i++) {
		list[i] = (struct profbuf_symbol){
			.address = KERNEL_BASE + i * FUNCTION_SIZE,
			.length = FUNCTION_SIZE,
			.name = end - strings,
		};
		end += sprintf(end, "kernel_function_%u", i) + 1;
	}
	check(writer__bytes(writer, PROFBUF_FRAME_SYMBOLS, payload, end - payload));
	free(payload);
}

static void begin_recording(struct writer *writer, const struct shape *shape)
{
	uint32_t i;

	print_host(writer, shape);
	for (i = 0; i < shape->processes; i++)
		print_space(writer, shape, shape->pid + i);
}

static void end_recording(struct writer *writer, const struct shape *shape)
{
	struct profbuf_recording_end end = { .size = sizeof(end) };

	print_kernel(writer, shape);
	check(writer__bytes(writer, PROFBUF_FRAME_END, &end, sizeof(end)));
}

/* For CPU 0 the time of the first frame, for CPU 1 from the third frame on, without an end. */
static void add_limit(struct builder *builder, uint32_t frame, uint64_t time)
{
	struct profbuf_limit limit = {
		.share = 250,
		.begin_ns = time,
		.cost_ns = 42000,
		.times = frame ? 3 : 1,
	};

	if (frame == 1) {
		limit.end_ns = time;
		limit.begin_ns = START;
		limit.times = 0;
	}
	if (frame < 3)
		builder__limit(builder, frame / 2, &limit);
}

/* Of four records, two have been slowed down, one of which was late as well, over anything. */
static void make_late(struct builder_record *record, uint32_t n)
{
	record->count = n % 4 ? 1 + n % 2 : 6;
	if (n % 4)
		return;
	record->late = 4;
	record->stolen = 1;
	if (!(n % 20))
		record->mode |= PROFBUF_MODE_TIMED_OUT;
}

static uint64_t end_of(uint64_t mode)
{
	if (mode & PROFBUF_MODE_TRUNCATED)
		return PROFBUF_END_DEPTH;
	return mode & PROFBUF_MODE_USER_INCOMPLETE ? PROFBUF_END_STRAY : PROFBUF_END_ROOT;
}

static void make_stream(const struct shape *shape)
{
	struct path *paths = allocate(shape->paths * sizeof(*paths));
	uint32_t used[FRAME_RECORDS + 1];
	struct packer packer = { 0 };
	struct packer *packs = shape->file && !shape->unpacked ? &packer : NULL;
	struct builder builder = { 0 };
	struct writer writer;
	uint32_t nr_used = 0;
	uint64_t time = START;
	uint32_t n, cpu = 0;

	state = shape->seed;
	for (n = 0; n < shape->paths; n++)
		make_path(shape, paths, n);
	check(writer__init(&writer, STDOUT_FILENO, shape->file && !shape->uncompressed));
	if (shape->file)
		begin_recording(&writer, shape);
	builder__info(&builder, shape->cpus);
	for (n = 0; n < shape->records; n++) {
		struct builder_record record;
		struct path *path;
		char comm[16];

		if (n % FRAME_RECORDS == 0) {
			if (n)
				builder__end(&builder);
			print_stream(&builder, &writer, packs, used);
			nr_used = 0;
			cpu = below(shape->cpus);
			if (shape->late)
				add_limit(&builder, n / FRAME_RECORDS, time);
			builder__begin(&builder, cpu, shape->hdrsize);
			if (shape->losses && !below(shape->losses)) {
				builder__loss(&builder, time, 1 + below(100));
				used[nr_used++] = PACKER_NO_STACK;
			}
		}
		/* Some paths are far hotter than others. */
		path = &paths[below(1 + below(shape->paths))];
		used[nr_used++] = path - paths;
		snprintf(comm, sizeof(comm), "program-%u", path->process);
		time += BUILDER_PERIOD / shape->cpus;
		record = (struct builder_record){
			.time = time,
			.count = below(100) ? 1 : 2 + below(3),
			.pid = shape->pid + path->process,
			.tid = shape->pid + path->process,
			.mode = path->mode,
			.comm = comm,
			.tag = below(8) ? 0 : 1 + below(5),
			.depth = path->depth,
			.stack = path->stack,
			.space = space_of(shape->pid + path->process),
			.end = end_of(path->mode),
		};
		if (shape->late)
			make_late(&record, n);
		builder__record(&builder, &record);
	}
	if (shape->records)
		builder__end(&builder);
	print_stream(&builder, &writer, packs, used);
	if (shape->file)
		end_recording(&writer, shape);
	check(writer__flush(&writer));
	writer__exit(&writer);
	packer__exit(&packer);
	builder__free(&builder);
	for (n = 0; n < shape->paths; n++)
		free(paths[n].stack);
	free(paths);
}

static int usage(void)
{
	fputs("usage: make_stream [-s SEED] [-n RECORDS] [-c CPUS] [-f FUNCTIONS] [-p PATHS] [-d DEPTH]\n"
	      "                   [-H HDRSIZE] [-l FRAMES-PER-LOSS] [-P FIRST-PID] [-N PROCESSES] [-b BASE]\n"
	      "                   [-L] [-R FILE -o OFFSET [-z | -u]]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct shape shape = {
		.seed = 1,
		.records = 1000,
		.cpus = 2,
		.functions = 100,
		.paths = 50,
		.depth = 10,
		.hdrsize = PROFBUF_WORDS,
		.losses = 0,
		.pid = 1000,
		.processes = 2,
		.base = USER_BASE,
	};
	int option;

	while ((option = getopt(argc, argv, "s:n:c:f:p:d:H:l:LP:N:b:R:o:uz")) >= 0) {
		uint64_t value = optarg ? strtoull(optarg, NULL, 0) : 0;

		switch (option) {
		case 's':
			shape.seed = value;
			break;
		case 'n':
			shape.records = value;
			break;
		case 'c':
			shape.cpus = value;
			break;
		case 'f':
			shape.functions = value;
			break;
		case 'p':
			shape.paths = value;
			break;
		case 'd':
			shape.depth = value;
			break;
		case 'H':
			shape.hdrsize = value;
			break;
		case 'l':
			shape.losses = value;
			break;
		case 'L':
			shape.late = true;
			break;
		case 'P':
			shape.pid = value;
			break;
		case 'N':
			shape.processes = value;
			break;
		case 'b':
			shape.base = value;
			break;
		case 'R':
			shape.file = optarg;
			break;
		case 'u':
			shape.unpacked = true;
			shape.uncompressed = true;
			break;
		case 'z':
			shape.uncompressed = true;
			break;
		case 'o':
			shape.offset = value;
			break;
		default:
			return usage();
		}
	}
	if (!shape.cpus || shape.cpus > BUILDER_MAX_CPUS || !shape.functions || !shape.paths ||
	    !shape.processes || shape.depth > MAX_DEPTH || !shape.hdrsize ||
	    shape.hdrsize > PROFBUF_HDRSIZE_MAX)
		return usage();
	make_stream(&shape);
	return EXIT_SUCCESS;
}
