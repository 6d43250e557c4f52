// SPDX-License-Identifier: GPL-2.0
/*
 * make_stream: print a stream as a machine of many functions would give it. The same seed gives
 * the same stream.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder.h"

#define FRAME_RECORDS	256
#define MAX_DEPTH	1000
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

static void print_stream(struct builder *builder)
{
	if (builder->size && fwrite(builder->data, builder->size, 1, stdout) != 1) {
		perror("make_stream");
		exit(EXIT_FAILURE);
	}
	builder->size = 0;
}

static void make_stream(const struct shape *shape)
{
	struct path *paths = allocate(shape->paths * sizeof(*paths));
	struct builder builder = { 0 };
	uint64_t time = 2000000000;
	uint32_t n, cpu = 0;

	state = shape->seed;
	for (n = 0; n < shape->paths; n++)
		make_path(shape, paths, n);
	builder__info(&builder, shape->cpus);
	for (n = 0; n < shape->records; n++) {
		struct builder_record record;
		const struct path *path;
		char comm[16];

		if (n % FRAME_RECORDS == 0) {
			if (n)
				builder__end(&builder);
			print_stream(&builder);
			cpu = below(shape->cpus);
			builder__begin(&builder, cpu, shape->hdrsize);
			if (shape->losses && !below(shape->losses))
				builder__loss(&builder, time, 1 + below(100));
		}
		/* Some paths are far hotter than others. */
		path = &paths[below(1 + below(shape->paths))];
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
		};
		builder__record(&builder, &record);
	}
	if (shape->records)
		builder__end(&builder);
	print_stream(&builder);
	builder__free(&builder);
	for (n = 0; n < shape->paths; n++)
		free(paths[n].stack);
	free(paths);
}

static int usage(void)
{
	fputs("usage: make_stream [-s SEED] [-n RECORDS] [-c CPUS] [-f FUNCTIONS] [-p PATHS] [-d DEPTH]\n"
	      "                   [-H HDRSIZE] [-l FRAMES-PER-LOSS] [-P FIRST-PID] [-N PROCESSES] [-b BASE]\n",
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

	while ((option = getopt(argc, argv, "s:n:c:f:p:d:H:l:P:N:b:")) >= 0) {
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
		case 'P':
			shape.pid = value;
			break;
		case 'N':
			shape.processes = value;
			break;
		case 'b':
			shape.base = value;
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
	if (fflush(stdout)) {
		perror("make_stream");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
