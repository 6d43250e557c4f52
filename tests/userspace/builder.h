/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes streams as the kernel does, into memory, for tests.
 */
#ifndef TESTS_USERSPACE_BUILDER_H
#define TESTS_USERSPACE_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include <linux/profbuf.h>

#define BUILDER_MAX_CPUS 64
#define BUILDER_MAX_RECORDS 4096

/**
 * struct builder - a stream that grows
 * @data: the bytes
 * @size: their number
 * @capacity: room for so many
 * @infos: INFO frames so far
 * @limits: LIMIT frames of each CPU so far
 * @spaces: SPACE frames so far
 * @sequence: records of each CPU so far
 * @frame: where the SAMPLES frame begins that is being built
 * @tags: of its records
 */
struct builder {
	char *data;
	size_t size;
	size_t capacity;
	uint64_t infos;
	uint64_t limits[BUILDER_MAX_CPUS];
	uint64_t spaces;
	uint64_t sequence[BUILDER_MAX_CPUS];
	size_t frame;
	uint64_t tags[BUILDER_MAX_RECORDS];
};

/**
 * struct builder_record - a record to be
 * @time: its time
 * @count: sampling periods
 * @pid: process
 * @tid: thread
 * @mode: mode word, without the CPU
 * @comm: name, of at most 15 bytes
 * @tag: tag
 * @depth: words of the stack
 * @stack: the stack
 * @late: periods of @count by which the interrupt was late
 * @stolen: of these, stolen
 * @space: space word
 * @end: end word
 * @copy: words at the end of the stack that are a copy
 */
struct builder_record {
	uint64_t time;
	uint64_t count;
	uint32_t pid;
	uint32_t tid;
	uint64_t mode;
	const char *comm;
	uint64_t tag;
	uint32_t depth;
	const uint64_t *stack;
	uint32_t late;
	uint32_t stolen;
	uint64_t space;
	uint64_t end;
	uint64_t copy;
};

/**
 * struct builder_mapping - a mapping to be
 * @fixed: its sizes and offsets are filled in
 * @path: of the file
 * @build_id: of @fixed.build_id_size bytes
 */
struct builder_mapping {
	struct profbuf_mapping fixed;
	const char *path;
	const void *build_id;
};

#define BUILDER_PERIOD 1009000ULL

void *builder__bytes(struct builder *builder, const void *bytes, size_t size);
void builder__info(struct builder *builder, uint32_t cpus);
void builder__info_of_copies(struct builder *builder, uint32_t cpus, uint32_t stack_copy);
void builder__frame(struct builder *builder, uint16_t type, const void *payload, size_t size);
void builder__limit(struct builder *builder, uint32_t cpu, const struct profbuf_limit *limit);
void builder__space(struct builder *builder, const struct profbuf_space_info *info,
		    const struct builder_mapping *mappings, uint32_t nr);
int builder__find_file(struct builder_mapping *mapping, const char *path);
void builder__begin(struct builder *builder, uint32_t cpu, uint32_t hdrsize);
void builder__record(struct builder *builder, const struct builder_record *record);
void builder__loss(struct builder *builder, uint64_t time, uint64_t lost);
void builder__end(struct builder *builder);
void builder__free(struct builder *builder);
size_t strip_checksums(char *data, size_t size);

#endif /* TESTS_USERSPACE_BUILDER_H */
