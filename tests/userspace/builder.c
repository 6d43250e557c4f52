// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <profbuf/recording.h>

#include "builder.h"

/**
 * builder__bytes - add bytes
 * @builder: the stream
 * @bytes: NULL: zeroes
 * @size: how many
 *
 * Return: where they are until more are added.
 */
void *builder__bytes(struct builder *builder, const void *bytes, size_t size)
{
	void *place;

	if (builder->size + size > builder->capacity) {
		builder->capacity = (builder->size + size) * 2;
		builder->data = realloc(builder->data, builder->capacity);
		if (!builder->data) {
			perror("builder");
			exit(EXIT_FAILURE);
		}
	}
	place = builder->data + builder->size;
	if (bytes)
		memcpy(place, bytes, size);
	else
		memset(place, 0, size);
	builder->size += size;
	return place;
}

static void add_word(struct builder *builder, uint64_t word)
{
	builder__bytes(builder, &word, sizeof(word));
}

/**
 * builder__frame - add a frame that has no records
 * @builder: the stream
 * @type: its type
 * @payload: what is in it
 * @size: bytes of @payload; zeroes fill the last word
 */
void builder__frame(struct builder *builder, uint16_t type, const void *payload, size_t size)
{
	size_t padded = (size + 7) / 8 * 8;
	struct profbuf_frame frame = {
		.magic = PROFBUF_MAGIC,
		.type = type,
		.size = sizeof(frame) + padded,
		.cpu = PROFBUF_CPU_NONE,
	};

	if (type == PROFBUF_FRAME_INFO)
		frame.sequence = builder->infos++;
	builder__bytes(builder, &frame, sizeof(frame));
	builder__bytes(builder, payload, size);
	builder__bytes(builder, NULL, padded - size);
}

static void add_info(struct builder *builder, uint32_t cpus, uint32_t nr_words,
		     uint32_t stack_copy)
{
	struct {
		struct profbuf_info info;
		uint32_t words[(PROFBUF_WORDS + 1) / 2 * 2];
		uint64_t mask;
	} payload = {
		.info = {
			.size = sizeof(struct profbuf_info),
			.version = PROFBUF_VERSION,
			.source = PROFBUF_SOURCE_TIMER,
			.flags = PROFBUF_KERNEL | PROFBUF_USER,
			.period_ns = BUILDER_PERIOD,
			.monotonic_ns = 1000000000,
			.realtime_ns = 1700000000ULL * 1000000000,
			.stack_depth = 128,
			.nr_words = nr_words,
			.nr_cpus = cpus,
			.stack_copy = stack_copy,
		},
		.mask = cpus < 64 ? (1ULL << cpus) - 1 : ~0ULL,
	};
	uint32_t i;

	/* As many take the same room. */
	static_assert((PROFBUF_WORDS + 1) / 2 == (PROFBUF_WORDS_DEFAULT + 1) / 2, "other sizes");
	for (i = 0; i < nr_words; i++)
		payload.words[i] = i + 1;
	builder__frame(builder, PROFBUF_FRAME_INFO, &payload, sizeof(payload));
}

/**
 * builder__info - add an INFO frame
 * @builder: the stream
 * @cpus: number of CPUs, at most BUILDER_MAX_CPUS
 */
void builder__info(struct builder *builder, uint32_t cpus)
{
	add_info(builder, cpus, PROFBUF_WORDS_DEFAULT, 0);
}

/**
 * builder__info_of_copies - add an INFO frame of a stream whose records have copies
 * @builder: the stream
 * @cpus: number of CPUs, at most BUILDER_MAX_CPUS
 * @stack_copy: bytes of the stack that they hold
 */
void builder__info_of_copies(struct builder *builder, uint32_t cpus, uint32_t stack_copy)
{
	add_info(builder, cpus, PROFBUF_WORDS, stack_copy);
}

/**
 * builder__limit - add a LIMIT frame
 * @builder: the stream
 * @cpu: the CPU
 * @limit: what is in it
 */
void builder__limit(struct builder *builder, uint32_t cpu, const struct profbuf_limit *limit)
{
	struct profbuf_frame frame = {
		.magic = PROFBUF_MAGIC,
		.type = PROFBUF_FRAME_LIMIT,
		.size = sizeof(frame) + sizeof(*limit),
		.cpu = cpu,
		.sequence = builder->limits[cpu]++,
	};
	struct profbuf_limit sized = *limit;

	sized.size = sizeof(sized);
	builder__bytes(builder, &frame, sizeof(frame));
	builder__bytes(builder, &sized, sizeof(sized));
}

static void put_mapping(struct builder *builder, const struct builder_mapping *mapping)
{
	struct profbuf_mapping fixed = mapping->fixed;
	size_t path_size = mapping->path ? strlen(mapping->path) : 0;
	size_t path_room = (path_size + 8) / 8 * 8;
	size_t id_room = (fixed.build_id_size + 7U) / 8 * 8;

	fixed.size = sizeof(fixed) + path_room + id_room;
	fixed.path_offset = sizeof(fixed);
	fixed.path_size = path_size;
	fixed.build_id_offset = sizeof(fixed) + path_room;
	builder__bytes(builder, &fixed, sizeof(fixed));
	builder__bytes(builder, mapping->path ?: "", path_size);
	builder__bytes(builder, NULL, path_room - path_size);
	builder__bytes(builder, mapping->build_id, fixed.build_id_size);
	builder__bytes(builder, NULL, id_room - fixed.build_id_size);
}

/**
 * builder__space - add a SPACE frame
 * @builder: the stream
 * @info: what it says of the space
 * @mappings: its mappings
 * @nr: their number
 */
void builder__space(struct builder *builder, const struct profbuf_space_info *info,
		    const struct builder_mapping *mappings, uint32_t nr)
{
	size_t begin = builder->size;
	struct profbuf_frame frame = {
		.magic = PROFBUF_MAGIC,
		.type = PROFBUF_FRAME_SPACE,
		.cpu = PROFBUF_CPU_NONE,
		.sequence = builder->spaces++,
	};
	struct profbuf_space_info sized = *info;
	uint32_t i;

	sized.size = sizeof(sized);
	sized.nr_mappings = nr;
	builder__bytes(builder, &frame, sizeof(frame));
	builder__bytes(builder, &sized, sizeof(sized));
	for (i = 0; i < nr; i++)
		put_mapping(builder, &mappings[i]);
	frame.size = builder->size - begin;
	memcpy(builder->data + begin, &frame, sizeof(frame));
}

/**
 * builder__find_file - have a mapping say which file it is of
 * @mapping: the mapping
 * @path: of the file; it must be there as long as @mapping
 *
 * Return: 0 or a negative errno.
 */
int builder__find_file(struct builder_mapping *mapping, const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return -errno;
	mapping->path = path;
	mapping->fixed.inode = status.st_ino;
	mapping->fixed.major = major(status.st_dev);
	mapping->fixed.minor = minor(status.st_dev);
	mapping->fixed.ctime_sec = status.st_ctim.tv_sec;
	mapping->fixed.ctime_nsec = status.st_ctim.tv_nsec;
	return 0;
}

/**
 * builder__begin - begin a SAMPLES frame
 * @builder: the stream
 * @cpu: the CPU
 * @hdrsize: header words
 */
void builder__begin(struct builder *builder, uint32_t cpu, uint32_t hdrsize)
{
	struct profbuf_frame frame = {
		.magic = PROFBUF_MAGIC,
		.type = PROFBUF_FRAME_SAMPLES,
		.hdrsize = hdrsize,
		.cpu = cpu,
		.sequence = builder->sequence[cpu],
	};

	builder->frame = builder->size;
	builder__bytes(builder, &frame, sizeof(frame));
}

static struct profbuf_frame *open_frame(struct builder *builder)
{
	return (void *)(builder->data + builder->frame);
}

static void add_record(struct builder *builder, uint64_t time, const uint64_t *header,
		       const uint64_t *stack, uint32_t depth, uint64_t tag)
{
	struct profbuf_frame *frame = open_frame(builder);
	uint32_t hdrsize = frame->hdrsize;
	uint32_t length = PROFBUF_RECORD_FIXED + hdrsize + depth;
	uint32_t i;

	builder->tags[frame->records++] = tag;
	frame->words += length;
	builder->sequence[frame->cpu]++;
	add_word(builder, length);
	add_word(builder, time);
	for (i = 0; i < hdrsize; i++)
		add_word(builder, i < PROFBUF_WORDS ? header[i] : 0);
	builder__bytes(builder, stack, depth * sizeof(*stack));
}

/**
 * builder__record - add a record
 * @builder: the stream
 * @record: the record
 */
void builder__record(struct builder *builder, const struct builder_record *record)
{
	uint64_t header[PROFBUF_WORDS] = {
		record->count,
		(uint64_t)record->pid << 32 | record->tid,
		record->mode | open_frame(builder)->cpu,
		1,
		0, 0,
		BUILDER_PERIOD,
		0,
		(uint64_t)record->stolen << 32 | record->late,
		record->space,
		record->end,
		record->copy,
	};
	char comm[16] = "";

	memcpy(comm, record->comm, strnlen(record->comm, sizeof(comm) - 1));
	memcpy(&header[4], comm, sizeof(comm));
	add_record(builder, record->time, header, record->stack, record->depth, record->tag);
}

/**
 * builder__loss - add a loss
 * @builder: the stream
 * @time: time of the first lost sample
 * @lost: how many
 */
void builder__loss(struct builder *builder, uint64_t time, uint64_t lost)
{
	static const uint64_t header[PROFBUF_WORDS];

	add_record(builder, time, header, &lost, 1, 0);
}

/**
 * builder__end - end a SAMPLES frame
 * @builder: the stream
 */
void builder__end(struct builder *builder)
{
	struct profbuf_frame *frame = open_frame(builder);

	builder__bytes(builder, builder->tags, frame->records * sizeof(*builder->tags));
	frame = open_frame(builder);
	frame->size = builder->size - builder->frame;
}

/**
 * builder__free - give back its memory
 * @builder: the stream
 */
void builder__free(struct builder *builder)
{
	free(builder->data);
}

/**
 * strip_checksums - make ZSTD frames those of a recorder that knew no checksums
 * @data: a recording, or any bytes
 * @size: their number
 *
 * Return: bytes that are left.
 */
size_t strip_checksums(char *data, size_t size)
{
	const size_t old = offsetof(struct profbuf_zstd, checksum);
	const size_t cut = sizeof(struct profbuf_zstd) - old;
	struct profbuf_frame frame;
	struct profbuf_zstd zstd;
	size_t at;

	for (at = 0; size - at >= sizeof(frame) + sizeof(zstd); at += frame.size) {
		memcpy(&frame, data + at, sizeof(frame));
		memcpy(&zstd, data + at + sizeof(frame), sizeof(zstd));
		if (frame.type == PROFBUF_FRAME_ZSTD && zstd.size == sizeof(zstd) &&
		    frame.size >= sizeof(frame) + sizeof(zstd)) {
			char *end = data + at + sizeof(frame) + sizeof(zstd);

			memmove(end - cut, end, data + size - end);
			size -= cut;
			frame.size -= cut;
			zstd.size = old;
			memcpy(data + at, &frame, sizeof(frame));
			memcpy(data + at + sizeof(frame), &zstd, old);
		}
		if (frame.size < sizeof(frame) || frame.size > size - at)
			break;
	}
	return size;
}
