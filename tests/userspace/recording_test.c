// SPDX-License-Identifier: GPL-2.0
/*
 * The frames of a recorder: what is written is read, packed or not, and damage is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <profbuf/recording.h>

#include "builder.h"
#include "record/packer.h"
#include "record/writer.h"

static const char *const strings[] = { "first", "", "third", NULL };

static const struct profbuf_file_mapping mapping = {
	.size = sizeof(mapping),
	.pid = 5,
	.start = 0x1000,
	.end = 0x2000,
	.flags = PROFBUF_FILE_MAPPING_DELETED,
};

/* A file that a writer has written; the caller frees it. */
struct file {
	char *data;
	size_t size;
};

static struct file write_file(bool compress, void (*fill)(struct writer *writer))
{
	struct file file = { 0 };
	struct writer writer;
	FILE *temporary = tmpfile();

	assert_non_null(temporary);
	assert_int_equal(writer__init(&writer, fileno(temporary), compress), 0);
	fill(&writer);
	assert_int_equal(writer__flush(&writer), 0);
	assert_int_equal(writer.whole, writer.bytes);
	file.size = lseek(fileno(temporary), 0, SEEK_END);
	assert_int_equal(file.size, writer.bytes);
	file.data = malloc(file.size);
	assert_int_equal(pread(fileno(temporary), file.data, file.size, 0), file.size);
	writer__exit(&writer);
	fclose(temporary);
	return file;
}

static void fill_some(struct writer *writer)
{
	struct builder builder = { 0 };
	int i;

	builder__info(&builder, 2);
	assert_int_equal(writer__add(writer, (void *)builder.data), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(writer__payload(writer, PROFBUF_FRAME_MAPPING, &mapping,
						 sizeof(mapping), strings), 0);
		/* Each of these is a ZSTD frame of its own, which needs those before. */
		assert_int_equal(writer__flush(writer), 0);
	}
	builder__free(&builder);
}

struct seen {
	int infos;
	int mappings;
	uint64_t sequence;
};

static int see_info(void *context, const struct profbuf_info *info)
{
	struct seen *seen = context;

	(void)info;
	seen->infos++;
	return 0;
}

static int see_frame(void *context, const struct profbuf_frame *frame)
{
	struct profbuf_strings found;
	struct profbuf_file_mapping read;
	struct seen *seen = context;

	assert_int_equal(frame->type, PROFBUF_FRAME_MAPPING);
	assert_int_equal(frame->sequence, seen->mappings++);
	assert_int_equal(profbuf_recording__payload(frame, &read, sizeof(read), &found), 0);
	assert_memory_equal(&read, &mapping, sizeof(read));
	assert_string_equal(found.list[0], "first");
	assert_string_equal(found.list[1], "");
	assert_string_equal(found.list[2], "third");
	assert_string_equal(found.list[3], "");
	return 0;
}

static const struct profbuf_handler handler = {
	.size = sizeof(handler),
	.info = see_info,
	.frame = see_frame,
};

static int read_file(const struct file *file, struct seen *seen, char *why, size_t size)
{
	struct profbuf_stream *stream;
	int ret;

	assert_int_equal(profbuf_stream__open_memory(&stream, file->data, file->size, NULL), 0);
	ret = profbuf_stream__read(stream, &handler, seen);
	if (why)
		snprintf(why, size, "%s", profbuf_stream__error(stream));
	profbuf_stream__close(stream);
	return ret;
}

static void test_plain_and_packed(void **state)
{
	int compress;

	(void)state;
	for (compress = 0; compress < 2; compress++) {
		struct file file = write_file(compress, fill_some);
		const struct profbuf_frame *first = (void *)file.data;
		struct seen seen = { 0 };

		assert_int_equal(first->type, compress ? PROFBUF_FRAME_ZSTD : PROFBUF_FRAME_INFO);
		assert_int_equal(read_file(&file, &seen, NULL, 0), 0);
		assert_int_equal(seen.infos, 1);
		assert_int_equal(seen.mappings, 3);
		free(file.data);
	}
}

static void test_rewind_packed(void **state)
{
	struct file file = write_file(true, fill_some);
	struct profbuf_stream *stream;
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(profbuf_stream__open_memory(&stream, file.data, file.size, NULL), 0);
	assert_int_equal(profbuf_stream__read(stream, &handler, &seen), 0);
	seen.mappings = 0;
	assert_int_equal(profbuf_stream__rewind(stream), 0);
	assert_int_equal(profbuf_stream__read(stream, &handler, &seen), 0);
	assert_int_equal(seen.mappings, 3);
	profbuf_stream__close(stream);
	free(file.data);
}

/* Cut anywhere: what was packed before is there. */
static void test_packed_truncated(void **state)
{
	struct file file = write_file(true, fill_some);
	size_t begin[8], nr = 0, at;
	char why[256], expected[64];

	(void)state;
	for (at = 0; at < file.size; at += ((struct profbuf_frame *)(file.data + at))->size)
		begin[nr++] = at;
	begin[nr] = file.size;
	assert_int_equal(nr, 3);
	for (at = 1; at < file.size; at++) {
		struct file cut = { .data = malloc(at), .size = at };
		struct seen seen = { 0 };
		size_t whole = 0;

		memcpy(cut.data, file.data, at);
		while (begin[whole + 1] <= at)
			whole++;
		assert_int_equal(read_file(&cut, &seen, why, sizeof(why)),
				 begin[whole] == at ? 0 : -ENODATA);
		assert_int_equal(seen.mappings, whole);
		snprintf(expected, sizeof(expected), "memory: at byte %zu: ", begin[whole]);
		if (begin[whole] != at)
			assert_memory_equal(why, expected, strlen(expected));
		free(cut.data);
	}
	free(file.data);
}

static void fill_large(struct writer *writer)
{
	static uint64_t words[8000];
	int i;

	for (i = 0; i < 40; i++) {
		words[i] = i;
		assert_int_equal(writer__bytes(writer, PROFBUF_FRAME_END, words, sizeof(words)), 0);
	}
}

static int count_frame(void *context, const struct profbuf_frame *frame)
{
	const uint64_t *words = (const void *)(frame + 1);
	int *count = context;

	assert_int_equal(words[*count], *count);
	assert_int_equal(words[*count + 1], 0);
	++*count;
	return 0;
}

/* More than the writer gathers, and more than fits its window. */
static void test_large(void **state)
{
	static const struct profbuf_handler counter = {
		.size = sizeof(counter),
		.frame = count_frame,
	};
	struct file file = write_file(true, fill_large);
	struct profbuf_stream *stream;
	int count = 0;

	(void)state;
	assert_true(file.size < 100000);
	assert_int_equal(profbuf_stream__open_memory(&stream, file.data, file.size, NULL), 0);
	assert_int_equal(profbuf_stream__read(stream, &counter, &count), 0);
	assert_int_equal(count, 40);
	profbuf_stream__close(stream);
	free(file.data);
}

/* Damage that a ZSTD frame may have, besides what zstd itself finds. */
static void test_packed_damage(void **state)
{
	static const struct {
		size_t offset;
		size_t size;
		uint64_t value;
		const char *why;
	} cases[] = {
		{ 6, 2, 1, "a damaged ZSTD frame: its header" },
		{ 12, 4, 0, "a damaged ZSTD frame: its header" },
		{ 16, 4, 1, "a damaged ZSTD frame: its header" },
		{ 20, 4, 1, "a damaged ZSTD frame: its header" },
		{ 24, 8, 1, "a ZSTD frame out of order: it says that 1 came before it, and 0 did" },
		{ 32, 4, 3, "a ZSTD frame of impossible size" },
		{ 32, 4, 8, "a ZSTD frame of impossible size" },
		{ 32, 4, 25, "a ZSTD frame of impossible size" },
		{ 32, 4, 16, "bytes behind its data" },
		{ 32, 4, 1 << 20, "a ZSTD frame of impossible size" },
		{ 36, 4, ~0U, "a ZSTD frame of impossible size" },
		{ 40, 8, PROFBUF_ZSTD_MAX + 1ULL, "a ZSTD frame of impossible size" },
		{ 40, 8, 1000, "a ZSTD frame that gives other than 1000 bytes" },
		{ 40, 8, 8, "a ZSTD frame that gives other than 8 bytes" },
		{ 48, 4, 0, "a damaged ZSTD frame: its checksum is wrong" },
		{ 52, 4, 1, "a damaged ZSTD frame: its header" },
		{ 56, 4, 0, "a damaged ZSTD frame: Unknown frame descriptor" },
	};
	struct file file = write_file(true, fill_some);
	struct seen seen = { 0 };
	char why[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct file copy = { .data = malloc(file.size), .size = file.size };

		memcpy(copy.data, file.data, file.size);
		memcpy(copy.data + cases[i].offset, &cases[i].value, cases[i].size);
		assert_int_equal(read_file(&copy, &seen, why, sizeof(why)), -EBADMSG);
		if (!strstr(why, cases[i].why))
			fail_msg("case %zu: '%s' has no '%s'", i, why, cases[i].why);
		free(copy.data);
	}
	free(file.data);
}

/* From before there were checksums. */
static void test_no_checksum(void **state)
{
	struct file file = write_file(true, fill_some);
	size_t size = strip_checksums(file.data, file.size);
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(size, file.size - 3 * 8);
	file.size = size;
	assert_int_equal(read_file(&file, &seen, NULL, 0), 0);
	assert_int_equal(seen.infos, 1);
	assert_int_equal(seen.mappings, 3);
	free(file.data);
}

static void fill_samples(struct writer *writer, struct packer *packer, struct builder *builder)
{
	static const uint64_t stack[] = { 0xffffffff81000010, 0x401000, 0x402000 };
	struct builder_record record = { .time = 5000, .count = 1, .pid = 5, .tid = 6,
					 .comm = "program", .depth = 3, .stack = stack };
	struct profbuf_frame *frame;
	int i;

	builder__begin(builder, 1, PROFBUF_WORDS);
	packer__begin(packer);
	for (i = 0; i < 3; i++) {
		size_t at = builder->size;

		record.time += BUILDER_PERIOD;
		builder__record(builder, &record);
		assert_int_equal(packer__add(packer, (void *)(builder->data + at), PROFBUF_WORDS,
					     0, 0), 0);
	}
	builder__end(builder);
	frame = (void *)(builder->data + builder->frame);
	assert_int_equal(packer__end(packer, writer, frame, frame->sequence), 0);
}

/* All that a recording has, in three ZSTD frames. */
static void fill_recording(struct writer *writer)
{
	static const struct profbuf_host host = { .size = sizeof(host), .nr_cpus = 2 };
	static const struct profbuf_process process = { .size = sizeof(process), .pid = 5 };
	static const struct profbuf_recording_end end = { .size = sizeof(end), .records = 6 };
	struct packer packer = { 0 };
	struct builder builder = { 0 };

	assert_int_equal(writer__payload(writer, PROFBUF_FRAME_HOST, &host, sizeof(host),
					 strings), 0);
	builder__info(&builder, 2);
	assert_int_equal(writer__add(writer, (void *)builder.data), 0);
	assert_int_equal(writer__payload(writer, PROFBUF_FRAME_PROCESS, &process, sizeof(process),
					 strings), 0);
	assert_int_equal(writer__payload(writer, PROFBUF_FRAME_MAPPING, &mapping, sizeof(mapping),
					 strings), 0);
	fill_samples(writer, &packer, &builder);
	assert_int_equal(writer__flush(writer), 0);
	fill_samples(writer, &packer, &builder);
	assert_int_equal(writer__flush(writer), 0);
	assert_int_equal(writer__bytes(writer, PROFBUF_FRAME_END, &end, sizeof(end)), 0);
	builder__free(&builder);
	packer__exit(&packer);
}

struct whole {
	char data[4096];
	size_t size;
	bool gap;
};

static int see_gap(void *context, const struct profbuf_gap *gap)
{
	struct whole *whole = context;

	(void)gap;
	whole->gap = true;
	return 0;
}

/* All frames as they come. Returns whether one who reads them learns that something is wrong. */
static bool read_whole(const struct file *file, struct whole *whole)
{
	static const struct profbuf_handler gaps = { .size = sizeof(gaps), .gap = see_gap };
	struct profbuf_counts counts = { .size = sizeof(counts) };
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;
	int ret;

	*whole = (struct whole){ 0 };
	assert_int_equal(profbuf_stream__open_memory(&stream, file->data, file->size, NULL), 0);
	while ((ret = profbuf_stream__next(stream, &frame)) > 0) {
		ret = profbuf_stream__handle(stream, frame, &gaps, whole);
		if (ret)
			break;
		assert_true(frame->size <= sizeof(whole->data) - whole->size);
		memcpy(whole->data + whole->size, frame, frame->size);
		whole->size += frame->size;
	}
	assert_int_equal(profbuf_stream__counts(stream, &counts), 0);
	profbuf_stream__close(stream);
	return ret || whole->gap || counts.unknown || !counts.infos || !counts.ends;
}

/* Is a byte behind the data of the ZSTD frame that it is in? */
static bool is_padding(const struct file *file, size_t byte)
{
	const struct profbuf_frame *frame = (void *)file->data;
	const struct profbuf_zstd *zstd;

	while ((char *)frame + frame->size <= file->data + byte)
		frame = (void *)((char *)frame + frame->size);
	zstd = (void *)(frame + 1);
	return file->data + byte >= (char *)(zstd + 1) + zstd->packed;
}

static bool same_whole(const struct whole *a, const struct whole *b)
{
	return a->size == b->size && !memcmp(a->data, b->data, a->size);
}

/*
 * Whichever bit of a recording has changed: it is told, or makes no difference, as some do not to
 * zstd.
 */
static void test_any_bit(void **state)
{
	struct file file = write_file(true, fill_recording);
	struct whole right, wrong;
	size_t byte, told = 0;
	int bit;

	(void)state;
	assert_false(read_whole(&file, &right));
	for (byte = 0; byte < file.size; byte++) {
		bool padding = is_padding(&file, byte);

		for (bit = 0; bit < 8; bit++) {
			file.data[byte] ^= 1 << bit;
			if (read_whole(&file, &wrong))
				told++;
			else if (padding || !same_whole(&wrong, &right))
				fail_msg("nothing tells of bit %d of byte %zu", bit, byte);
			file.data[byte] ^= 1 << bit;
		}
	}
	assert_true(told > file.size * 8 * 9 / 10);
	free(file.data);
}

static void fill_nested(struct writer *writer)
{
	struct file inner = write_file(true, fill_some);

	assert_int_equal(writer__add(writer, (void *)inner.data), 0);
	free(inner.data);
}

static void fill_broken(struct writer *writer)
{
	struct profbuf_frame frame = {
		.magic = PROFBUF_MAGIC,
		.type = 0x9000,
		.size = sizeof(frame),
	};
	struct profbuf_frame lie = frame;

	lie.size = 64;
	assert_int_equal(writer__add(writer, &frame), 0);
	memcpy(writer->buffer + writer->used, &lie, sizeof(lie));
	writer->used += sizeof(lie);
}

static int any_frame(void *context, const struct profbuf_frame *frame)
{
	(void)context;
	(void)frame;
	return 0;
}

static void test_packed_within(void **state)
{
	static const struct profbuf_handler any = { .size = sizeof(any), .frame = any_frame };
	static const struct {
		void (*fill)(struct writer *writer);
		const char *why;
	} cases[] = {
		{ fill_nested, "byte 0 of what is packed there: a ZSTD frame within another" },
		{ fill_broken, "byte 32 of what is packed there: truncated: 32 of 64 bytes" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct file file = write_file(true, cases[i].fill);
		struct profbuf_stream *stream;

		assert_int_equal(profbuf_stream__open_memory(&stream, file.data, file.size,
							     NULL), 0);
		assert_int_equal(profbuf_stream__read(stream, &any, NULL), -EBADMSG);
		assert_non_null(strstr(profbuf_stream__error(stream), cases[i].why));
		profbuf_stream__close(stream);
		free(file.data);
	}
}

/*
 * Records that differ in all ways that records can; what comes back has to be the same, byte by
 * byte.
 */
struct random_stream {
	struct builder builder;
	uint64_t seed;
	uint32_t hdrsize;
	uint64_t stacks[20][40];
};

static uint64_t next_random(struct random_stream *stream)
{
	stream->seed = stream->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return stream->seed >> 33;
}

static void add_random_record(struct random_stream *stream, struct packer *packer)
{
	uint32_t which = next_random(stream) % 20;
	uint64_t time = next_random(stream) << next_random(stream) % 33;
	struct builder_record record = {
		.time = next_random(stream) % 8 ? time : ~time,
		.count = 1 + next_random(stream) % 3,
		.pid = next_random(stream) % 3,
		.tid = next_random(stream) % 3,
		.mode = next_random(stream) << 40,
		.comm = next_random(stream) % 2 ? "one" : "two",
		.tag = next_random(stream) % 2,
		.depth = which * 2,
		.stack = stream->stacks[which],
	};
	size_t before = stream->builder.size;

	if (next_random(stream) % 10 == 0) {
		builder__loss(&stream->builder, record.time, next_random(stream));
		record.tag = 0;
		which = PACKER_NO_STACK;
	} else {
		builder__record(&stream->builder, &record);
	}
	assert_int_equal(packer__add(packer, (void *)(stream->builder.data + before),
				     stream->hdrsize, record.tag, which), 0);
}

static void test_packed_samples(void **state)
{
	static const uint32_t hdrsizes[] = { 8, 1, 64, 3 };
	struct random_stream random = { .seed = 1 };
	const struct profbuf_frame *frame;
	struct packer packer = { 0 };
	struct profbuf_stream *stream;
	struct writer writer;
	FILE *file = tmpfile();
	uint32_t n, i;

	(void)state;
	for (n = 0; n < 20 * 40; n++)
		random.stacks[n / 40][n % 40] = next_random(&random) << 20;
	assert_int_equal(writer__init(&writer, fileno(file), true), 0);
	for (n = 0; n < 40; n++) {
		random.hdrsize = hdrsizes[n % 4];
		if (n % 16 == 0)
			packer__reset(&packer);
		builder__begin(&random.builder, n % 2, random.hdrsize);
		packer__begin(&packer);
		for (i = 0; i < n * 2; i++)
			add_random_record(&random, &packer);
		builder__end(&random.builder);
		frame = (void *)(random.builder.data + random.builder.frame);
		assert_int_equal(packer__end(&packer, &writer, frame, frame->sequence), 0);
	}
	assert_int_equal(writer__flush(&writer), 0);

	lseek(fileno(file), 0, SEEK_SET);
	assert_int_equal(profbuf_stream__open_fd(&stream, fileno(file), NULL), 0);
	for (i = 0; i < 2; i++) {
		size_t at = 0;

		for (n = 0; n < 40; n++) {
			if (profbuf_stream__next(stream, &frame) != 1)
				fail_msg("%s", profbuf_stream__error(stream));
			assert_true(at + frame->size <= random.builder.size);
			assert_memory_equal(frame, random.builder.data + at, frame->size);
			at += frame->size;
		}
		assert_int_equal(at, random.builder.size);
		assert_int_equal(profbuf_stream__next(stream, &frame), 0);
		assert_int_equal(profbuf_stream__rewind(stream), 0);
	}
	profbuf_stream__close(stream);
	writer__exit(&writer);
	packer__exit(&packer);
	builder__free(&random.builder);
	fclose(file);
}

/* A PACKED frame by hand: one record with a new stack of two words. */
struct packed_frame {
	struct profbuf_frame frame;
	struct profbuf_packed packed;
	unsigned char bytes[40];
};

static const struct packed_frame packed_frame = {
	.frame = {
		.magic = PROFBUF_MAGIC,
		.type = PROFBUF_FRAME_PACKED,
		.hdrsize = 1,
		.size = sizeof(packed_frame),
	},
	.packed = {
		.size = sizeof(packed_frame.packed),
		.records = 1,
		.words = 5,
		.bytes = 28,
	},
	/* Stack, depth, words, time, header, word. */
	.bytes = { 0, 2, 0xa, 0, 0, 0, 0, 0, 0, 0, 0xb, 0, 0, 0, 0, 0, 0, 0, 14, 1, 3 },
};

static int read_packed(const struct packed_frame *packed, char *why, size_t size)
{
	const uint64_t expected[] = { 5, 7, 3, 0xa, 0xb, 0 };
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;
	int ret;

	assert_int_equal(profbuf_stream__open_memory(&stream, packed, sizeof(*packed), NULL), 0);
	ret = profbuf_stream__next(stream, &frame);
	snprintf(why, size, "%s", profbuf_stream__error(stream));
	if (ret == 1)
		assert_memory_equal(frame + 1, expected, sizeof(expected));
	profbuf_stream__close(stream);
	return ret;
}

static void test_packed_samples_damage(void **state)
{
	static const struct {
		size_t offset;
		size_t size;
		uint64_t value;
		const char *why;
	} cases[] = {
		{ offsetof(struct packed_frame, packed.size), 4, 100, "of impossible size" },
		{ offsetof(struct packed_frame, packed.bytes), 4, 41, "of impossible size" },
		{ offsetof(struct packed_frame, packed.words), 4, ~0U, "of impossible size" },
		{ offsetof(struct packed_frame, packed.records), 4, 6, "of impossible size" },
		{ offsetof(struct packed_frame, frame.hdrsize), 2, 65, "of impossible size" },
		{ offsetof(struct packed_frame, packed.words), 4, 6, "with other than 6 words" },
		{ offsetof(struct packed_frame, packed.bytes), 4, 29, "or 29 bytes" },
		{ offsetof(struct packed_frame, packed.words), 4, 4, "record 0 of a PACKED" },
		{ offsetof(struct packed_frame, packed.words), 4, 2, "record 0 of a PACKED" },
		{ offsetof(struct packed_frame, packed.bytes), 4, 27, "record 0 of a PACKED" },
		{ offsetof(struct packed_frame, packed.bytes), 4, 0, "record 0 of a PACKED" },
		{ offsetof(struct packed_frame, packed.records), 4, 2, "record 1 of a PACKED" },
		/* A stack that was not there before, a depth beyond all, a word too many. */
		{ offsetof(struct packed_frame, bytes), 1, 4, "record 0 of a PACKED" },
		{ offsetof(struct packed_frame, bytes) + 1, 8, ~0ULL, "record 0 of a PACKED" },
		{ offsetof(struct packed_frame, bytes) + 1, 1, 3, "record 0 of a PACKED" },
		{ offsetof(struct packed_frame, bytes) + 19, 1, 2, "record 0 of a PACKED" },
		/* A tag that is not there. */
		{ offsetof(struct packed_frame, bytes), 1, 1, "record 0 of a PACKED" },
	};
	char why[256];
	size_t i;

	(void)state;
	assert_int_equal(read_packed(&packed_frame, why, sizeof(why)), 1);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct packed_frame copy = packed_frame;

		memcpy((char *)&copy + cases[i].offset, &cases[i].value, cases[i].size);
		assert_int_equal(read_packed(&copy, why, sizeof(why)), -EBADMSG);
		if (!strstr(why, cases[i].why))
			fail_msg("case %zu: '%s' has no '%s'", i, why, cases[i].why);
	}
}

/* A stack without words, first of all, and again. */
static void test_packed_empty_stack(void **state)
{
	const uint64_t expected[] = { 3, 7, 1, 3, 7, 1, 0, 0 };
	/* Stack, depth, time, header, word; stack, time, header. */
	const unsigned char bytes[15] = { 0, 0, 14, 1, 1, [12] = 4, 0, 0 };
	struct packed_frame packed = packed_frame;
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;

	(void)state;
	packed.packed.records = 2;
	packed.packed.words = 6;
	packed.packed.bytes = 15;
	memcpy(packed.bytes, bytes, sizeof(bytes));
	assert_int_equal(profbuf_stream__open_memory(&stream, &packed, sizeof(packed), NULL), 0);
	if (profbuf_stream__next(stream, &frame) != 1)
		fail_msg("%s", profbuf_stream__error(stream));
	assert_int_equal(frame->size, sizeof(*frame) + sizeof(expected));
	assert_memory_equal(frame + 1, expected, sizeof(expected));
	profbuf_stream__close(stream);
}

/* A loss that cannot be, in what was packed: the place is that of the PACKED frame. */
static void test_packed_place(void **state)
{
	static const struct profbuf_handler none = { .size = sizeof(none) };
	struct packed_frame packed = packed_frame;
	struct packed_frame two[2] = { packed_frame };
	struct profbuf_stream *stream;

	(void)state;
	packed.bytes[20] = 0;
	packed.frame.sequence = 1;
	two[1] = packed;
	assert_int_equal(profbuf_stream__open_memory(&stream, two, sizeof(two), NULL), 0);
	assert_int_equal(profbuf_stream__read(stream, &none, NULL), -EBADMSG);
	assert_string_equal(profbuf_stream__error(stream),
			    "memory: at byte 96: a loss with a stack of 2 words");
	profbuf_stream__close(stream);
}

/* A frame that no writer writes. */
static struct profbuf_frame *make_frame(const void *payload, size_t size)
{
	struct builder builder = { 0 };

	builder__frame(&builder, 0x8003, payload, size);
	return (void *)builder.data;
}

static void test_payload_sizes(void **state)
{
	struct {
		struct profbuf_file_mapping known;
		uint64_t later;
		char strings[16];
	} larger = { .known = mapping, .later = ~0ULL, .strings = "path" };
	struct profbuf_strings found;
	struct profbuf_file_mapping read;
	struct profbuf_frame *frame;
	uint32_t smaller[2] = { 8, 77 };
	uint32_t size;

	(void)state;
	/* From a newer recorder. */
	larger.known.size = offsetof(typeof(larger), strings);
	frame = make_frame(&larger, sizeof(larger));
	assert_int_equal(profbuf_recording__payload(frame, &read, sizeof(read), &found), 0);
	assert_int_equal(read.end, 0x2000);
	assert_string_equal(found.list[0], "path");
	free(frame);

	/* From an older one. */
	frame = make_frame(smaller, sizeof(smaller));
	memset(&read, 0xff, sizeof(read));
	assert_int_equal(profbuf_recording__payload(frame, &read, sizeof(read), &found), 0);
	assert_int_equal(read.pid, 77);
	assert_int_equal(read.end, 0);
	assert_int_equal(found.nr, 0);
	free(frame);

	for (size = 0; size < 12; size++) {
		smaller[0] = size;
		frame = make_frame(smaller, sizeof(smaller));
		assert_int_equal(profbuf_recording__payload(frame, &read, sizeof(read), NULL),
				 size < 4 || size > 8 ? -EBADMSG : 0);
		free(frame);
	}
	frame = make_frame("", 0);
	assert_int_equal(profbuf_recording__payload(frame, &read, sizeof(read), NULL), -EBADMSG);
	free(frame);
}

static void test_string_without_end(void **state)
{
	struct {
		struct profbuf_file_mapping known;
		char strings[8];
	} payload = { .known = mapping, .strings = { 'a', 0, 'n', 'o', 'e', 'n', 'd', '!' } };
	struct profbuf_frame *frame = make_frame(&payload, sizeof(payload));
	struct profbuf_strings found;
	struct profbuf_file_mapping read;

	(void)state;
	assert_int_equal(profbuf_recording__payload(frame, &read, sizeof(read), &found), 0);
	assert_int_equal(found.nr, 1);
	assert_string_equal(found.list[0], "a");
	assert_string_equal(found.list[1], "");
	free(frame);
}

struct symbols_payload {
	struct profbuf_symbols header;
	struct profbuf_symbol list[2];
	char strings[16];
};

static const struct symbols_payload symbols = {
	.header = { .size = sizeof(symbols.header), .pid = 9, .generation = 2, .nr = 2 },
	.list = {
		{ .address = 0x10, .length = 1, .name = 0, .module = 2 },
		{ .address = 0x20, .length = 2, .name = 3, .module = 5 },
	},
	.strings = "a\0\0b\0mod",
};

static int add_symbol(void *context, const struct profbuf_symbols *header,
		      const struct profbuf_symbol *symbol, const char *name, const char *module)
{
	char *text = context;

	sprintf(text + strlen(text), "%u.%u %llx+%llx %s[%s];", header->pid, header->generation,
		(unsigned long long)symbol->address, (unsigned long long)symbol->length, name,
		module);
	return 0;
}

static void test_symbols(void **state)
{
	struct profbuf_frame *frame = make_frame(&symbols, sizeof(symbols));
	char text[256] = "";

	(void)state;
	assert_int_equal(profbuf_recording__symbols(frame, add_symbol, text), 0);
	assert_string_equal(text, "9.2 10+1 a[];9.2 20+2 b[mod];");
	free(frame);
}

static void test_symbols_damage(void **state)
{
	static const struct {
		size_t offset;
		size_t size;
		uint32_t value;
	} cases[] = {
		{ offsetof(struct symbols_payload, header.nr), 4, 3 },
		{ offsetof(struct symbols_payload, header.nr), 4, ~0U },
		{ offsetof(struct symbols_payload, header.size), 4, 12 },
		{ offsetof(struct symbols_payload, header.size), 4, 1000 },
		{ offsetof(struct symbols_payload, list[0].name), 4, 16 },
		{ offsetof(struct symbols_payload, list[1].module), 4, ~0U },
		{ offsetof(struct symbols_payload, strings[15]), 1, 'x' },
	};
	char text[256] = "";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct symbols_payload copy = symbols;
		struct profbuf_frame *frame;
		int ret;

		memcpy((char *)&copy + cases[i].offset, &cases[i].value, cases[i].size);
		frame = make_frame(&copy, sizeof(copy));
		ret = profbuf_recording__symbols(frame, add_symbol, text);
		if (ret != -EBADMSG)
			fail_msg("case %zu: %d", i, ret);
		free(frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_and_packed),
		cmocka_unit_test(test_rewind_packed),
		cmocka_unit_test(test_packed_truncated),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_packed_damage),
		cmocka_unit_test(test_no_checksum),
		cmocka_unit_test(test_any_bit),
		cmocka_unit_test(test_packed_within),
		cmocka_unit_test(test_packed_samples),
		cmocka_unit_test(test_packed_samples_damage),
		cmocka_unit_test(test_packed_empty_stack),
		cmocka_unit_test(test_packed_place),
		cmocka_unit_test(test_payload_sizes),
		cmocka_unit_test(test_string_without_end),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_symbols_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
