// SPDX-License-Identifier: GPL-2.0
/*
 * space_stream: print a stream whose SPACE frames say all that they can say. Each argument is a
 * file with the offset of its code and its build-id: FILE:OFFSET[:BUILDID].
 *
 *	space_stream [OLD [NEW CHANGED [PID]]]
 *	space_stream -w FILE
 *
 * OLD was mapped where NEW is by now; CHANGED is told as it was before it was changed. With PID it
 * is a stream of this machine, and the process is that one. Without arguments it is one of a
 * kernel that tells of no space, with OLD alone one of stacks in it that may be whole. With -w it
 * is one of walks that end in FILE, with an unwind table and without one, and in no file.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder.h"

#define BASE		0x7f0000000000ULL
#define OTHER_BASE	0x7f0000100000ULL
#define THIRD_BASE	0x7f0000200000ULL
#define NOWHERE		0x7f0000300000ULL
#define SIZE		0x1000
#define START		2000000000ULL

#define WORD(id, generation) ((uint64_t)(id) << 24 | (generation))

struct file {
	char path[4096];
	uint8_t build_id[20];
	struct builder_mapping mapping;
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void parse(struct file *file, char *argument)
{
	char *offset = strchr(argument, ':'), *id = offset ? strchr(offset + 1, ':') : NULL;
	struct profbuf_mapping *fixed = &file->mapping.fixed;
	unsigned int byte;

	if (!offset) {
		fprintf(stderr, "usage: space_stream FILE:OFFSET[:BUILDID]... [PID]\n");
		exit(2);
	}
	*offset = 0;
	snprintf(file->path, sizeof(file->path), "%s", argument);
	if (builder__find_file(&file->mapping, file->path))
		die(file->path);
	fixed->offset = strtoull(offset + 1, NULL, 0);
	while (id && fixed->build_id_size < sizeof(file->build_id) &&
	       sscanf(id + 1 + 2 * fixed->build_id_size, "%2x", &byte) == 1)
		file->build_id[fixed->build_id_size++] = byte;
	file->mapping.build_id = file->build_id;
}

static struct builder_mapping map(const struct file *file, uint64_t start)
{
	struct builder_mapping mapping = file->mapping;

	mapping.fixed.start = start;
	mapping.fixed.end = start + SIZE;
	return mapping;
}

/* It was there up to @generation. */
static struct builder_mapping gone(const struct file *file, uint64_t start, uint32_t generation)
{
	struct builder_mapping mapping = map(file, start);

	mapping.fixed.flags = PROFBUF_MAPPING_GONE;
	mapping.fixed.generation = generation;
	return mapping;
}

static uint32_t pid = 100;
static uint64_t start_ns = 1000000000;
static uint64_t pid_ns;

static void record(struct builder *builder, const char *comm, uint64_t word, uint64_t address)
{
	static uint64_t time = START;
	const uint64_t stack[] = { address + 8 };
	const struct builder_record record = {
		.time = time += 1000000,
		.count = 1,
		.pid = pid,
		.tid = pid,
		.mode = 1ULL << 32,
		.comm = comm,
		.depth = 1,
		.stack = stack,
		.space = word,
		.end = PROFBUF_END_ROOT,
	};

	builder__record(builder, &record);
}

static void space(struct builder *builder, uint64_t word, uint32_t flags,
		  const struct builder_mapping *mappings, uint32_t nr)
{
	const struct profbuf_space_info info = {
		.flags = flags,
		.space = word,
		.tgid = pid,
		.ns_tgid = pid,
		.pid_ns = pid_ns,
		.start_ns = start_ns,
	};

	builder__space(builder, &info, mappings, nr);
}

/* When the process was started, as exactly as /proc has it. */
static uint64_t started(uint32_t process)
{
	unsigned long long ticks = 0;
	char path[64], line[1024];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", process);
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file) ||
	    sscanf(strrchr(line, ')') + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &ticks) != 1)
		die(path);
	fclose(file);
	return ticks * (1000000000 / sysconf(_SC_CLK_TCK)) + 12345;
}

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* So that it was made here. */
static void make_ours(struct builder *builder)
{
	struct profbuf_info *info = (void *)(builder->data + sizeof(struct profbuf_frame));

	info->monotonic_ns = now(CLOCK_MONOTONIC);
	info->realtime_ns = now(CLOCK_REALTIME);
}

/* Stacks of the functions of @file, which the kernel does not know to be whole. */
static void stacks(struct builder *builder, const struct file *file)
{
	const uint64_t stack[] = { BASE + 8, BASE + 9 };
	struct builder_record record = {
		.time = START,
		.count = 1,
		.pid = pid,
		.tid = pid,
		.mode = 1ULL << 32 | PROFBUF_MODE_USER_INCOMPLETE,
		.comm = "stacks",
		.depth = 2,
		.stack = stack,
		.space = WORD(5, 1),
		.end = PROFBUF_END_ZERO,
	};
	const struct builder_mapping mapping = map(file, BASE);

	builder__info(builder, 1);
	builder__begin(builder, 0, PROFBUF_WORDS);
	builder__record(builder, &record);
	record.mode |= PROFBUF_MODE_TRUNCATED;
	builder__record(builder, &record);
	record.mode &= ~PROFBUF_MODE_TRUNCATED;
	record.depth = 1;
	builder__record(builder, &record);
	record.end = PROFBUF_END_STRAY;
	builder__record(builder, &record);
	builder__end(builder);
	space(builder, WORD(5, 1), 0, &mapping, 1);
}

static void walks(struct builder *builder, const struct file *file)
{
	static const struct {
		uint64_t address;
		uint64_t end;
		uint64_t mode;
	} list[] = {
		{ BASE, PROFBUF_END_STRAY | PROFBUF_END_NO_TABLE, 0 },
		{ BASE, PROFBUF_END_ABSENT | PROFBUF_END_NO_TABLE, 0 },
		{ BASE, PROFBUF_END_DEPTH | PROFBUF_END_NO_TABLE, PROFBUF_MODE_TRUNCATED },
		{ BASE, PROFBUF_END_TABLE, 0 },
		{ BASE, PROFBUF_END_ZERO, 0 },
		{ NOWHERE, PROFBUF_END_DATA | PROFBUF_END_NO_TABLE, 0 },
	};
	const struct builder_mapping mapping = map(file, BASE);
	uint64_t address;
	struct builder_record record = {
		.count = 1,
		.pid = pid,
		.tid = pid,
		.comm = "walks",
		.depth = 1,
		.stack = &address,
		.space = WORD(5, 1),
	};
	size_t i;

	builder__info(builder, 1);
	builder__begin(builder, 0, PROFBUF_WORDS);
	for (i = 0; i < sizeof(list) / sizeof(*list); i++) {
		address = list[i].address + 8;
		record.time = START + i;
		record.end = list[i].end;
		record.mode = 1ULL << 32 | PROFBUF_MODE_USER_INCOMPLETE | list[i].mode;
		builder__record(builder, &record);
	}
	builder__end(builder);
	space(builder, WORD(5, 1), 0, &mapping, 1);
}

static int print(struct builder *builder)
{
	fwrite(builder->data, builder->size, 1, stdout);
	builder__free(builder);
	return fclose(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct file old = { 0 }, new = { 0 }, changed = { 0 };
	struct builder_mapping list[8];
	struct builder b = { 0 };

	if (argc == 1) {
		builder__info(&b, 1);
		builder__begin(&b, 0, PROFBUF_WORDS);
		record(&b, "blind", PROFBUF_SPACE_UNKNOWN, BASE);
		builder__end(&b);
		return print(&b);
	}
	if (argc == 2) {
		parse(&old, argv[1]);
		stacks(&b, &old);
		return print(&b);
	}
	if (argc == 3 && !strcmp(argv[1], "-w")) {
		parse(&old, argv[2]);
		walks(&b, &old);
		return print(&b);
	}
	if (argc < 4)
		return 2;
	parse(&old, argv[1]);
	parse(&new, argv[2]);
	parse(&changed, argv[3]);
	changed.mapping.fixed.ctime_nsec ^= 1;
	builder__info(&b, 1);
	if (argc > 4) {
		struct stat status;

		if (stat("/proc/self/ns/pid", &status))
			die("/proc/self/ns/pid");
		pid_ns = status.st_ino;
		pid = atoi(argv[4]);
		start_ns = started(pid);
		make_ours(&b);
	}

	/* All of them before what tells. */
	builder__begin(&b, 0, PROFBUF_WORDS);
	record(&b, "swap", WORD(5, 1), BASE);
	record(&b, "swap", WORD(5, 2), BASE);
	record(&b, "swap", WORD(5, 3), BASE);
	/* Two have gone: the older one, if it was there still; else the last one that was. */
	record(&b, "swap", WORD(5, 1), OTHER_BASE);
	record(&b, "swap", WORD(5, 2), OTHER_BASE);
	record(&b, "swap", WORD(5, 3), OTHER_BASE);
	/* What had gone before the look, and was told of in the next. */
	record(&b, "swap", WORD(5, 3), THIRD_BASE);
	record(&b, "swap", WORD(5, 4), THIRD_BASE);
	record(&b, "swap", WORD(5, 3), NOWHERE);
	record(&b, "swap", WORD(5, 5), BASE);
	record(&b, "other", WORD(6, 1), BASE);
	record(&b, "other", WORD(6, 1), OTHER_BASE);
	record(&b, "other", WORD(7, 1), NOWHERE);
	record(&b, "other", WORD(8, 1), BASE);
	record(&b, "other", PROFBUF_SPACE_UNKNOWN, BASE);
	builder__end(&b);

	list[0] = map(&new, BASE);
	list[1] = gone(&old, BASE, 1);
	list[2] = gone(&new, OTHER_BASE, 2);
	list[3] = gone(&old, OTHER_BASE, 1);
	space(&b, WORD(5, 3), 0, list, 4);
	list[1] = gone(&new, THIRD_BASE, 2);
	list[2] = gone(&old, THIRD_BASE, 3);
	space(&b, WORD(5, 4), 0, list, 3);
	/* In two frames, with another one between. */
	list[0] = map(&old, OTHER_BASE);
	space(&b, WORD(6, 1), PROFBUF_SPACE_MORE, list, 1);
	list[0] = map(&old, BASE);
	space(&b, WORD(7, 1), PROFBUF_SPACE_INCOMPLETE, list, 1);
	list[0] = map(&changed, BASE);
	space(&b, WORD(6, 1), PROFBUF_SPACE_ENDED, list, 1);
	return print(&b);
}
