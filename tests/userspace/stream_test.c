// SPDX-License-Identifier: GPL-2.0
/*
 * libprofbuf's streams: what they deliver, and how they refuse.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <profbuf/recording.h>

#include "builder.h"

static const uint64_t stack[] = { 0xffffffff81000010, 0xffffffff81000020, 0x401000, 0x402000 };

static const struct builder_record sample = {
	.time = 5000,
	.count = 3,
	.pid = 100,
	.tid = 101,
	.mode = 2ULL << 48 | PROFBUF_MODE_TRUNCATED,
	.comm = "fifteen-letters",
	.tag = 77,
	.depth = 4,
	.stack = stack,
};

/* What a handler was called with, as text: easy to compare and to read. */
struct log {
	char text[8192];
	size_t used;
	unsigned long calls;
	int stop_after;
};

__attribute__((format(printf, 2, 3)))
static int add(struct log *log, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (log->used < sizeof(log->text))
		log->used += vsnprintf(log->text + log->used, sizeof(log->text) - log->used,
				       format, args);
	va_end(args);
	log->calls++;
	return log->stop_after && !--log->stop_after ? 42 : 0;
}

static int on_info(void *context, const struct profbuf_info *info)
{
	return add(context, "info %llu;", (unsigned long long)info->period_ns);
}

static int on_record(void *context, const struct profbuf_record *r)
{
	uint64_t sum = 0;
	uint32_t i;

	/* Touch everything, for the sanitizers. */
	for (i = 0; i < r->depth; i++)
		sum ^= r->stack[i];
	for (i = 0; i < r->hdrsize; i++)
		sum ^= r->header[i];
	return add(context, "%s cpu%u %llu %u/%u n%llu tag%llu mode%u k%u d%u %llx%s;", r->comm,
		   r->cpu, (unsigned long long)r->time, r->pid, r->tid,
		   (unsigned long long)r->count, (unsigned long long)r->tag,
		   PROFBUF_MODE(r->mode), r->kernel_frames, r->depth,
		   r->depth ? (unsigned long long)r->stack[0] : 0, sum == 1 ? "?" : "");
}

static int on_space(void *context, const struct profbuf_space_info *info,
		    const struct profbuf_space_mapping *mappings)
{
	struct log *log = context;
	int ret = add(log, "space %llx %u/%u", (unsigned long long)info->space, info->tgid,
		      info->nr_mappings);
	uint32_t i, n;

	for (i = 0; i < info->nr_mappings; i++) {
		add(log, " %llx-%llx %s", (unsigned long long)mappings[i].fixed.start,
		    (unsigned long long)mappings[i].fixed.end, mappings[i].path);
		for (n = 0; n < mappings[i].fixed.build_id_size; n++)
			add(log, ":%02x", mappings[i].build_id[n]);
	}
	add(log, ";");
	return ret;
}

static int on_loss(void *context, const struct profbuf_loss *loss)
{
	return add(context, "lost %llu cpu%u %llu;", (unsigned long long)loss->lost, loss->cpu,
		   (unsigned long long)loss->time);
}

static int on_gap(void *context, const struct profbuf_gap *gap)
{
	return add(context, "gap %llu cpu%u;", (unsigned long long)gap->records, gap->cpu);
}

static int on_frame(void *context, const struct profbuf_frame *frame)
{
	return add(context, "frame %#x %u;", frame->type, frame->size);
}

static int on_limit(void *context, uint32_t cpu, const struct profbuf_limit *limit)
{
	return add(context, "limit cpu%u %u %llu-%llu %llu x%llu;", cpu, limit->share,
		   (unsigned long long)limit->begin_ns, (unsigned long long)limit->end_ns,
		   (unsigned long long)limit->cost_ns, (unsigned long long)limit->times);
}

static const struct profbuf_handler handler = {
	.size = sizeof(handler),
	.info = on_info,
	.record = on_record,
	.loss = on_loss,
	.gap = on_gap,
	.frame = on_frame,
	.limit = on_limit,
};

static int read_memory(const void *data, size_t size, struct log *log, char *why, size_t why_size)
{
	struct profbuf_stream *stream;
	int ret;

	log->used = 0;
	log->calls = 0;
	log->text[0] = 0;
	assert_int_equal(profbuf_stream__open_memory(&stream, data, size, NULL), 0);
	ret = profbuf_stream__read(stream, &handler, log);
	if (why)
		snprintf(why, why_size, "%s", profbuf_stream__error(stream));
	if (ret < 0)
		assert_int_equal(profbuf_stream__failed(stream), ret);
	profbuf_stream__close(stream);
	return ret;
}

static void small_stream(struct builder *builder)
{
	builder__info(builder, 2);
	builder__begin(builder, 1, PROFBUF_WORDS_DEFAULT);
	builder__record(builder, &sample);
	builder__loss(builder, 6000, 9);
	builder__end(builder);
	builder__frame(builder, 0x9000, "12345", 5);
	builder__begin(builder, 0, PROFBUF_WORDS_DEFAULT);
	builder__record(builder, &sample);
	builder__end(builder);
}

#define SMALL_RECORD(cpu) \
	"fifteen-letters cpu" cpu " 5000 100/101 n3 tag77 mode0 k2 d4 ffffffff81000010;"

static void test_delivers(void **state)
{
	struct builder builder = { 0 };
	struct log log = { 0 };

	(void)state;
	small_stream(&builder);
	assert_int_equal(read_memory(builder.data, builder.size, &log, NULL, 0), 0);
	assert_string_equal(log.text, "info 1009000;" SMALL_RECORD("1")
				      "lost 9 cpu1 6000;frame 0x9000 40;" SMALL_RECORD("0"));
	builder__free(&builder);
}

static void test_short_headers(void **state)
{
	static const struct {
		uint32_t hdrsize;
		const char *text;
	} cases[] = {
		{ 1, " cpu0 5000 0/0 n3 tag77 mode0 k2 d4 ffffffff81000010;lost 9 cpu0 1;" },
		{ 2, " cpu0 5000 100/101 n3 tag77 mode0 k2 d4 ffffffff81000010;lost 9 cpu0 1;" },
		{ .hdrsize = 5,
		  .text = "fifteen- cpu0 5000 100/101 n3 tag77 mode0 k2 d4 ffffffff81000010;lost 9 cpu0 1;"
		},
		{ .hdrsize = 64,
		  .text = "fifteen-letters cpu0 5000 100/101 n3 tag77 mode0 k2 d4 ffffffff81000010;lost 9 cpu0 1;"
		},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct builder builder = { 0 };
		struct log log = { 0 };

		builder__begin(&builder, 0, cases[i].hdrsize);
		builder__record(&builder, &sample);
		builder__loss(&builder, 1, 9);
		builder__end(&builder);
		assert_int_equal(read_memory(builder.data, builder.size, &log, NULL, 0), 0);
		assert_string_equal(log.text, cases[i].text);
		builder__free(&builder);
	}
}

static int on_late(void *context, const struct profbuf_record *r)
{
	return add(context, "n%llu late%u stolen%u %s;", (unsigned long long)r->count, r->late,
		   r->stolen, r->has & 1U << PROFBUF_WORD_LATE ? "told" : "untold");
}

/* Damage can claim anything, but not that nothing is left for the sample itself. */
static void test_late(void **state)
{
	static const struct profbuf_handler late_handler = {
		.size = sizeof(late_handler),
		.record = on_late,
	};
	static const struct {
		uint32_t hdrsize;
		uint64_t count;
		uint32_t late, stolen;
		const char *text;
	} cases[] = {
		{ PROFBUF_WORDS_DEFAULT, 10, 4, 3, "n10 late4 stolen3 told;" },
		{ PROFBUF_WORDS_DEFAULT, 10, 9, 9, "n10 late9 stolen9 told;" },
		{ PROFBUF_WORDS_DEFAULT, 1, 0, 0, "n1 late0 stolen0 told;" },
		{ PROFBUF_WORDS_DEFAULT, 10, 4, 5, "n10 late4 stolen4 told;" },
		{ PROFBUF_WORDS_DEFAULT, 10, 10, 2, "n10 late9 stolen2 told;" },
		{ PROFBUF_WORDS_DEFAULT, 1, UINT32_MAX, UINT32_MAX, "n1 late0 stolen0 told;" },
		{ PROFBUF_WORD_LATE - 1, 10, 4, 3, "n10 late0 stolen0 untold;" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct builder_record record = sample;
		struct profbuf_stream *stream;
		struct builder builder = { 0 };
		struct log log = { 0 };

		record.count = cases[i].count;
		record.late = cases[i].late;
		record.stolen = cases[i].stolen;
		builder__info(&builder, 1);
		builder__begin(&builder, 0, cases[i].hdrsize);
		builder__record(&builder, &record);
		builder__end(&builder);
		assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size,
							     NULL), 0);
		assert_int_equal(profbuf_stream__read(stream, &late_handler, &log), 0);
		assert_string_equal(log.text, cases[i].text);
		profbuf_stream__close(stream);
		builder__free(&builder);
	}
}

static const struct profbuf_limit limit = {
	.share = 250, .begin_ns = 1000, .end_ns = 3000, .cost_ns = 50, .times = 2,
};

static void test_limits(void **state)
{
	struct profbuf_counts counts = { .size = sizeof(counts) };
	struct profbuf_handler old = handler;
	struct builder builder = { 0 };
	struct profbuf_stream *stream;
	struct profbuf_frame *frame;
	struct log log = { 0 };
	char why[256];

	(void)state;
	builder__info(&builder, 2);
	builder__limit(&builder, 1, &limit);
	assert_int_equal(read_memory(builder.data, builder.size, &log, NULL, 0), 0);
	assert_string_equal(log.text, "info 1009000;limit cpu1 250 1000-3000 50 x2;");

	/* Those that were built before there were any get them as what they do not know. */
	old.size = offsetof(struct profbuf_handler, limit);
	log = (struct log){ 0 };
	assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size, NULL), 0);
	assert_int_equal(profbuf_stream__read(stream, &old, &log), 0);
	assert_string_equal(log.text, "info 1009000;frame 0x3 72;");
	assert_int_equal(profbuf_stream__counts(stream, &counts), 0);
	assert_int_equal(counts.limits, 1);
	assert_int_equal(counts.unknown, 0);
	profbuf_stream__close(stream);

	frame = (void *)(builder.data + builder.size - sizeof(limit) - sizeof(*frame));
	frame->cpu = PROFBUF_CPU_NONE;
	assert_int_equal(read_memory(builder.data, builder.size, &log, why, sizeof(why)), -EBADMSG);
	assert_non_null(strstr(why, "which no machine has"));
	frame->cpu = 1;
	((struct profbuf_limit *)(frame + 1))->size -= 8;
	assert_int_equal(read_memory(builder.data, builder.size, &log, why, sizeof(why)), -EBADMSG);
	assert_non_null(strstr(why, "a LIMIT frame that is too small"));
	builder__free(&builder);
}

static void test_period(void **state)
{
	struct builder builder = { 0 };
	struct profbuf_stream *stream;
	const struct profbuf_frame *frame;
	struct log log = { 0 };

	(void)state;
	builder__info(&builder, 2);
	assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size, NULL), 0);
	assert_null(profbuf_stream__info(stream));
	assert_int_equal(profbuf_stream__next(stream, &frame), 1);
	assert_int_equal(profbuf_stream__info(stream)->period_ns, BUILDER_PERIOD);
	assert_int_equal(profbuf_stream__handle(stream, frame, &handler, &log), 0);
	assert_int_equal(profbuf_stream__next(stream, &frame), 0);
	assert_int_equal(profbuf_stream__next(stream, &frame), 0);
	profbuf_stream__close(stream);
	builder__free(&builder);
}

static void test_handler_ends(void **state)
{
	struct builder builder = { 0 };
	struct log log = { .stop_after = 2 };

	(void)state;
	small_stream(&builder);
	assert_int_equal(read_memory(builder.data, builder.size, &log, NULL, 0), 42);
	assert_string_equal(log.text, "info 1009000;" SMALL_RECORD("1"));
	builder__free(&builder);
}

/* Whatever is cut off: no crash, all whole frames before, and the byte where it ends. */
static void test_truncated_anywhere(void **state)
{
	static const size_t calls[] = { 0, 1, 3, 4, 5 };
	struct builder builder = { 0 };
	struct log log = { 0 };
	size_t begin[8], nr = 0, size, at;
	char why[256], expected[64];

	(void)state;
	small_stream(&builder);
	for (at = 0; at < builder.size; at += ((struct profbuf_frame *)(builder.data + at))->size)
		begin[nr++] = at;
	begin[nr] = builder.size;
	assert_int_equal(nr, 4);
	for (size = 0; size < builder.size; size++) {
		/* Exactly as large, so that a sanitizer sees a step too far. */
		char *copy = malloc(size ? size : 1);
		size_t frame = 0;
		int ret;

		memcpy(copy, builder.data, size);
		while (begin[frame + 1] <= size)
			frame++;
		ret = read_memory(copy, size, &log, why, sizeof(why));
		assert_int_equal(log.calls, calls[frame]);
		if (size && begin[frame] == size) {
			assert_int_equal(ret, 0);
		} else {
			assert_int_equal(ret, -ENODATA);
			snprintf(expected, sizeof(expected), "memory: at byte %zu: ", begin[frame]);
			assert_memory_equal(why, expected, strlen(expected));
		}
		free(copy);
	}
	builder__free(&builder);
}

/* One stream for each way to be wrong, and where it says so. */
static void test_damage(void **state)
{
	static const struct {
		const char *what;
		size_t offset;
		size_t size;
		uint64_t value;
		int err;
		const char *why;
	} cases[] = {
		{ "magic", 0, 4, 0x12345678, -EBADMSG, "at byte 0: this is no profbuf stream" },
		{ "byte order", 0, 4, PROFBUF_MAGIC_SWAPPED, -EPROTO, "at byte 0: recorded on" },
		{ "later magic", 144, 4, 1, -EBADMSG, "at byte 144: no frame begins here" },
		{ "size 0", 144 + 8, 4, 0, -EBADMSG, "at byte 144: a frame of impossible size" },
		{ "odd size", 144 + 8, 4, 243, -EBADMSG, "at byte 144: a frame of impossible" },
		{ "info size", 32, 4, 57, -EBADMSG, "at byte 0: an INFO frame that is too small" },
		{ "info words", 32 + 44, 4, 1 << 30, -EBADMSG,
		  "at byte 0: an INFO frame too small for 10737" },
		{ "info cpus", 32 + 48, 4, ~0U, -EBADMSG,
		  "at byte 0: an INFO frame too small for 11 words and 4294967295" },
		{ "info count", 32 + 56, 4, 2, -EBADMSG,
		  "at byte 0: an INFO frame whose first word" },
		{ "header size 0", 144 + 6, 2, 0, -EBADMSG,
		  "at byte 144: records with a header of 0" },
		{ "header size 65", 144 + 6, 2, 65, -EBADMSG,
		  "at byte 144: records with a header of 65" },
		{ "cpu", 144 + 12, 4, 65536, -EBADMSG, "at byte 144: a frame of CPU 65536" },
		{ "records", 144 + 16, 4, 3, -EBADMSG,
		  "at byte 144: a frame of 296 bytes cannot hold" },
		{ "words", 144 + 20, 4, ~0U, -EBADMSG, "at byte 144: a frame of 296 bytes cannot" },
		{ "record too long", 176, 8, 32, -EBADMSG,
		  "at byte 176: record 0 of a frame of 2" },
		{ "record too short", 176, 8, 10, -EBADMSG,
		  "at byte 176: record 0 of a frame of 2" },
		{ "record huge", 176, 8, ~0ULL, -EBADMSG, "at byte 176: record 0 of a frame of 2" },
		{ "long loss", 192, 8, 0, -EBADMSG, "at byte 176: a loss with a stack of 4 words" },
		{ "second record", 176 + 17 * 8, 8, 0, -EBADMSG,
		  "at byte 312: record 1 of a frame of 2" },
	};
	struct builder builder = { 0 };
	struct log log = { 0 };
	char why[256];
	size_t i;

	(void)state;
	small_stream(&builder);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *copy = malloc(builder.size);

		memcpy(copy, builder.data, builder.size);
		memcpy(copy + cases[i].offset, &cases[i].value, cases[i].size);
		assert_int_equal(read_memory(copy, builder.size, &log, why, sizeof(why)),
				 cases[i].err);
		if (!strstr(why, cases[i].why))
			fail_msg("%s: '%s' has no '%s'", cases[i].what, why, cases[i].why);
		free(copy);
	}
	builder__free(&builder);
}

static void test_leftover_words(void **state)
{
	struct builder builder = { 0 };
	struct profbuf_frame *frame;
	struct log log = { 0 };
	char why[256];

	(void)state;
	builder__begin(&builder, 0, PROFBUF_WORDS_DEFAULT);
	builder__record(&builder, &sample);
	builder__record(&builder, &sample);
	builder__end(&builder);
	/* One record and its tag less, as many words more. */
	frame = (void *)builder.data;
	frame->records = 1;
	frame->words += 1;
	assert_int_equal(read_memory(builder.data, builder.size, &log, why, sizeof(why)), -EBADMSG);
	assert_string_equal(why, "memory: at byte 168: 18 words more than the frame's 1 records have");
	assert_int_equal(log.calls, 1);
	builder__free(&builder);
}

static void test_sequence(void **state)
{
	struct builder builder = { 0 };
	struct log log = { 0 };
	char why[256];
	int cpu;

	(void)state;
	builder__info(&builder, 2);
	for (cpu = 0; cpu < 2; cpu++) {
		builder.sequence[cpu] += 5 * cpu;
		builder__begin(&builder, cpu, PROFBUF_WORDS_DEFAULT);
		builder__loss(&builder, 1, 1);
		builder__end(&builder);
	}
	/* Started anew: counting begins again. */
	builder.infos = 0;
	builder.sequence[1] = 0;
	builder__info(&builder, 2);
	builder__begin(&builder, 1, PROFBUF_WORDS_DEFAULT);
	builder__loss(&builder, 2, 1);
	builder__end(&builder);
	assert_int_equal(read_memory(builder.data, builder.size, &log, NULL, 0), 0);
	assert_string_equal(log.text,
			    "info 1009000;lost 1 cpu0 1;gap 5 cpu1;lost 1 cpu1 1;info 1009000;lost 1 cpu1 2;");

	builder.sequence[1] = 0;
	builder__begin(&builder, 1, PROFBUF_WORDS_DEFAULT);
	builder__end(&builder);
	assert_int_equal(read_memory(builder.data, builder.size, &log, why, sizeof(why)), -EBADMSG);
	assert_non_null(strstr(why, "a frame of CPU 1 out of order: it says that 0 records"));
	assert_non_null(strstr(why, "came before it, and 1 did"));
	builder__free(&builder);
}

/* A source that gives a few bytes at a time, and one that makes no promise of its size. */
static void test_pipe(void **state)
{
	struct builder builder = { 0 };
	struct log log = { 0 };
	struct profbuf_stream *stream;
	int pipes[2];
	size_t i, part;
	pid_t child;

	(void)state;
	for (i = 0; i < 3000; i++)
		small_stream(&builder);
	assert_true(builder.size > 1000000);
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (!child) {
		close(pipes[0]);
		for (i = 0; i < builder.size; i += part) {
			part = i % 4093 + 1;
			if (part > builder.size - i)
				part = builder.size - i;
			if (write(pipes[1], builder.data + i, part) != (ssize_t)part)
				_exit(1);
		}
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(profbuf_stream__open_fd(&stream, pipes[0], NULL), 0);
	assert_int_equal(profbuf_stream__read(stream, &handler, &log), 0);
	assert_int_equal(log.calls, 3000 * 5);
	assert_int_equal(profbuf_stream__rewind(stream), -ESPIPE);
	profbuf_stream__close(stream);
	close(pipes[0]);
	builder__free(&builder);
}

static void test_file_and_rewind(void **state)
{
	char path[] = "/tmp/profbuf-stream-XXXXXX";
	struct builder builder = { 0 };
	struct profbuf_stream *stream;
	struct log log = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	small_stream(&builder);
	assert_int_equal(write(fd, builder.data, builder.size), builder.size);
	close(fd);
	assert_int_equal(profbuf_stream__open(&stream, path, NULL), 0);
	assert_string_equal(profbuf_stream__name(stream), path);
	assert_int_equal(profbuf_stream__read(stream, &handler, &log), 0);
	assert_int_equal(log.calls, 5);
	assert_int_equal(profbuf_stream__rewind(stream), 0);
	assert_null(profbuf_stream__info(stream));
	assert_int_equal(profbuf_stream__read(stream, &handler, &log), 0);
	assert_int_equal(log.calls, 10);
	profbuf_stream__close(stream);
	unlink(path);
	assert_int_equal(profbuf_stream__open(&stream, path, NULL), -ENOENT);
	builder__free(&builder);
}

/* What is too large to be held is passed over if it need not be understood. */
static void test_max_frame(void **state)
{
	struct profbuf_stream_opts opts = { .size = sizeof(opts), .name = "x", .max_frame = 1024 };
	static const char large[4096];
	struct builder builder = { 0 };
	struct profbuf_stream *stream;
	struct log log = { 0 };
	int i;

	(void)state;
	builder__info(&builder, 2);
	builder__frame(&builder, 0x9000, large, sizeof(large));
	builder__frame(&builder, 0x9001, large, 8);
	assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size,
						     &opts), 0);
	assert_int_equal(profbuf_stream__read(stream, &handler, &log), 0);
	assert_string_equal(log.text, "info 1009000;frame 0x9001 40;");
	profbuf_stream__close(stream);

	builder__begin(&builder, 0, PROFBUF_WORDS_DEFAULT);
	for (i = 0; i < 10; i++)
		builder__record(&builder, &sample);
	builder__end(&builder);
	assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size,
						     &opts), 0);
	assert_int_equal(profbuf_stream__read(stream, &handler, &log), -EFBIG);
	assert_string_equal(profbuf_stream__error(stream),
			    "x: at byte 4312: a frame of 1472 bytes; at most 1024 are taken");
	profbuf_stream__close(stream);
	builder__free(&builder);
}

/* Also of those that are passed over, and anew after a rewind. */
static void test_counts(void **state)
{
	struct profbuf_stream_opts opts = { .size = sizeof(opts), .max_frame = 1024 };
	struct profbuf_counts counts = { .size = sizeof(counts) };
	static const char large[4096];
	struct builder builder = { 0 };
	struct profbuf_stream *stream;
	struct log log = { 0 };
	int i;

	(void)state;
	small_stream(&builder);
	builder__frame(&builder, PROFBUF_FRAME_HOST, large, 8);
	for (i = 0; i < 3; i++)
		builder__frame(&builder, PROFBUF_FRAME_PROCESS + i, large, 8);
	for (i = 0; i < 4; i++)
		builder__frame(&builder, PROFBUF_FRAME_END, large, 8);
	builder__frame(&builder, 0x7fff, large, sizeof(large));
	assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size,
						     &opts), 0);
	assert_int_equal(profbuf_stream__counts(stream, &counts), 0);
	assert_int_equal(counts.infos, 0);
	assert_int_equal(counts.unknown, 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(profbuf_stream__read(stream, &handler, &log), 0);
		assert_int_equal(profbuf_stream__counts(stream, &counts), 0);
		assert_int_equal(counts.size, sizeof(counts));
		assert_int_equal(counts.infos, 1);
		assert_int_equal(counts.samples, 2);
		assert_int_equal(counts.hosts, 1);
		assert_int_equal(counts.others, 3);
		assert_int_equal(counts.ends, 4);
		assert_int_equal(counts.unknown, 2);
		assert_int_equal(counts.unknown_type, 0x9000);
		assert_int_equal(counts.unknown_offset, 144 + 296);
		assert_int_equal(profbuf_stream__rewind(stream), 0);
	}
	counts.size = sizeof(counts) + 1;
	assert_int_equal(profbuf_stream__counts(stream, &counts), -EINVAL);
	counts.size = offsetof(struct profbuf_counts, samples);
	assert_int_equal(profbuf_stream__counts(stream, &counts), 0);
	assert_int_equal(counts.infos, 0);
	assert_int_equal(counts.samples, 2);
	profbuf_stream__close(stream);
	builder__free(&builder);
}

static void test_options(void **state)
{
	/* From a caller that knows more than we do. */
	struct {
		struct profbuf_stream_opts opts;
		uint64_t later;
	} larger = { .opts.size = sizeof(larger) };
	struct profbuf_handler smaller = handler;
	struct builder builder = { 0 };
	struct profbuf_stream *stream;
	struct log log = { 0 };

	(void)state;
	assert_int_equal(profbuf_stream__open_memory(&stream, "", 0, &larger.opts), -EINVAL);
	smaller.size = offsetof(struct profbuf_handler, loss);
	small_stream(&builder);
	assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size, NULL), 0);
	assert_int_equal(profbuf_stream__read(stream, &smaller, &log), 0);
	assert_string_equal(log.text, "info 1009000;" SMALL_RECORD("1") SMALL_RECORD("0"));
	profbuf_stream__close(stream);
	builder__free(&builder);
}

/* Any bytes at all, near a valid stream: it must end, and not crash. */
static void test_corrupt_bytes(void **state)
{
	struct builder builder = { 0 };
	uint64_t seed = 88172645463325252ULL;
	struct log log = { 0 };
	int round, n, refused = 0;

	(void)state;
	small_stream(&builder);
	for (round = 0; round < 20000; round++) {
		char *copy = malloc(builder.size);

		memcpy(copy, builder.data, builder.size);
		for (n = 0; n < 1 + round % 4; n++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			copy[seed % builder.size] = seed >> 32;
		}
		refused += read_memory(copy, builder.size, &log, NULL, 0) < 0;
		free(copy);
	}
	assert_true(refused > 1000 && refused < 20000);
	builder__free(&builder);
}

static const struct profbuf_space_info space = {
	.space = 7ULL << 24 | 3,
	.tgid = 100,
	.start_ns = 12345,
};

static const struct builder_mapping space_mappings[] = {
	{ { .start = 0x1000, .end = 0x3000, .build_id_size = 3 }, "/bin/a", "\1\2\3" },
	{ { .start = 0x6000, .end = 0x7000 }, "/b", NULL },
};

static const struct profbuf_handler space_handler = {
	.size = sizeof(space_handler),
	.space = on_space,
};

static int read_spaces(const struct builder *builder, struct log *log)
{
	struct profbuf_stream *stream;
	int err;

	*log = (struct log){ .used = 0 };
	assert_int_equal(profbuf_stream__open_memory(&stream, builder->data, builder->size, NULL),
			 0);
	err = profbuf_stream__read(stream, &space_handler, log);
	profbuf_stream__close(stream);
	return err;
}

/* What is told of spaces, and of records that name them. */
static void test_spaces(void **state)
{
	struct builder builder = { 0 };
	struct builder_record record = sample;
	struct log log;

	(void)state;
	record.space = space.space;
	record.end = PROFBUF_END_STRAY;
	builder__info(&builder, 1);
	builder__begin(&builder, 0, PROFBUF_WORDS_DEFAULT);
	builder__record(&builder, &record);
	builder__end(&builder);
	builder__space(&builder, &space, space_mappings, 2);
	builder__space(&builder, &space, NULL, 0);
	assert_int_equal(read_spaces(&builder, &log), 0);
	assert_string_equal(log.text,
			    "space 7000003 100/2 1000-3000 /bin/a:01:02:03 6000-7000 /b;space 7000003 100/0;");
	builder__free(&builder);
}

static int on_space_record(void *context, const struct profbuf_record *record)
{
	return add(context, "%d %llx %d %u %x;", !!(record->has & 1U << PROFBUF_WORD_SPACE),
		   (unsigned long long)record->space, !!(record->has & 1U << PROFBUF_WORD_END),
		   record->end, record->end_flags);
}

static void test_space_words(void **state)
{
	static const struct profbuf_handler handler = {
		.size = sizeof(handler),
		.record = on_space_record,
	};
	struct builder builder = { 0 };
	struct builder_record record = sample;
	struct profbuf_stream *stream;
	struct log log = { .used = 0 };

	(void)state;
	record.space = space.space;
	record.end = 0xabcd00 | PROFBUF_END_STRAY;
	builder__info(&builder, 1);
	builder__begin(&builder, 0, PROFBUF_WORDS_DEFAULT);
	builder__record(&builder, &record);
	builder__end(&builder);
	builder__begin(&builder, 0, 9);
	builder__record(&builder, &record);
	builder__end(&builder);
	assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size, NULL),
			 0);
	assert_int_equal(profbuf_stream__read(stream, &handler, &log), 0);
	assert_string_equal(log.text, "1 7000003 1 4 abcd00;0 0 0 0 0;");
	profbuf_stream__close(stream);
	builder__free(&builder);
}

static int on_copy(void *context, const struct profbuf_record *record)
{
	uint32_t i;
	int ret = add(context, "%u+%u", record->depth, record->copy_words);

	for (i = 0; i < record->copy_words; i++)
		assert_int_equal(record->copy[i], 0x100 + i);
	if (!ret && !record->copy_words && record->copy)
		ret = add(context, " a copy of nothing");
	if (!ret)
		ret = add(context, " k%u end %x %x;", record->kernel_frames, record->end,
			  record->end_flags);
	return ret;
}

/* What lies behind a stack is told apart from it, if it can be. */
static void test_copies(void **state)
{
	static const struct profbuf_handler handler = {
		.size = sizeof(handler),
		.record = on_copy,
	};
	static const struct {
		uint32_t hdrsize;
		uint32_t frames;
		uint64_t copy;
		const char *expected;
	} records[] = {
		{ PROFBUF_WORDS, 2, 0, "22+0 k3 end 4 abcd00;" },
		{ PROFBUF_WORDS, 2, 20, "2+20 k2 end 4 abcd00;" },
		{ PROFBUF_WORDS, 5, PROFBUF_COPY_FIXED, "5+17 k3 end 4 abcd00;" },
		{ PROFBUF_WORDS, 0, 22, "0+22 k0 end 4 abcd00;" },
		/* The header does not tell. */
		{ PROFBUF_WORDS_DEFAULT, 2, 20, "22+0 k3 end 4 abcd00;" },
		{ PROFBUF_WORDS, 2, PROFBUF_COPY_FIXED - 1, NULL },
		{ PROFBUF_WORDS, 2, 1, NULL },
		{ PROFBUF_WORDS, 2, 23, NULL },
		{ PROFBUF_WORDS, 2, 1ULL << 32 | 20, NULL },
		{ PROFBUF_WORDS, 2, UINT64_MAX, NULL },
	};
	struct builder_record record = sample;
	uint64_t stack[22];
	size_t i, n;
	int err;

	(void)state;
	record.stack = stack;
	record.depth = 22;
	record.end = 0xabcd00 | PROFBUF_END_STRAY;
	for (i = 0; i < sizeof(records) / sizeof(*records); i++) {
		struct builder builder = { 0 };
		struct profbuf_stream *stream;
		struct log log = { .used = 0 };

		/* As many as there are frames, at most. */
		record.mode = 3ULL << 48;
		record.copy = records[i].copy;
		for (n = 0; n < records[i].frames; n++)
			stack[n] = 1ULL << 63;
		for (; n < 22; n++)
			stack[n] = 0x100 + n - records[i].frames;
		builder__info_of_copies(&builder, 1, 64);
		builder__begin(&builder, 0, records[i].hdrsize);
		builder__record(&builder, &record);
		builder__end(&builder);
		assert_int_equal(profbuf_stream__open_memory(&stream, builder.data, builder.size,
							     NULL), 0);
		err = profbuf_stream__read(stream, &handler, &log);
		assert_int_equal(err, records[i].expected ? 0 : -EBADMSG);
		if (!err)
			assert_string_equal(log.text, records[i].expected);
		else
			assert_non_null(strstr(profbuf_stream__error(stream),
					       "a record whose copy of the stack is not whole"));
		profbuf_stream__close(stream);
		builder__free(&builder);
	}
}

/* Each of its sizes and offsets, wrong. */
static void test_damaged_spaces(void **state)
{
	static const struct {
		size_t at; /* of 4 bytes, or 2, in the payload */
		size_t size;
		uint32_t value;
	} damages[] = {
		{ offsetof(struct profbuf_space_info, size), 4, 0 },
		{ offsetof(struct profbuf_space_info, size), 4,
		  sizeof(struct profbuf_space_info) - 8 },
		{ offsetof(struct profbuf_space_info, size), 4,
		  sizeof(struct profbuf_space_info) + 4 },
		{ offsetof(struct profbuf_space_info, size), 4, 0xfffffff8 },
		{ offsetof(struct profbuf_space_info, nr_mappings), 4, 3 },
		{ offsetof(struct profbuf_space_info, nr_mappings), 4, 0xffffffff },
#define MAPPING(field) sizeof(struct profbuf_space_info) + offsetof(struct profbuf_mapping, field)
		{ MAPPING(size), 4, 0 },
		{ MAPPING(size), 4, sizeof(struct profbuf_mapping) + 12 },
		{ MAPPING(size), 4, 0xfffffff8 },
		{ MAPPING(end), 4, 0x1000 },
		{ MAPPING(path_offset), 2, 0 },
		{ MAPPING(path_offset), 2, 0xffff },
		{ MAPPING(path_size), 2, 0xffff },
		{ MAPPING(path_size), 2, 5 },
		{ MAPPING(build_id_offset), 2, 8 },
		{ MAPPING(build_id_offset), 2, 0xfff0 },
		{ MAPPING(build_id_size), 2, 0xffff },
	};
	struct log log;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		struct builder builder = { 0 };
		size_t payload;

		builder__info(&builder, 1);
		payload = builder.size + sizeof(struct profbuf_frame);
		builder__space(&builder, &space, space_mappings, 2);
		memcpy(builder.data + payload + damages[i].at, &damages[i].value,
		       damages[i].size);
		assert_int_equal(read_spaces(&builder, &log), -EBADMSG);
		assert_string_equal(log.text, "");
		builder__free(&builder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delivers),
		cmocka_unit_test(test_short_headers),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_period),
		cmocka_unit_test(test_handler_ends),
		cmocka_unit_test(test_truncated_anywhere),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_leftover_words),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_file_and_rewind),
		cmocka_unit_test(test_max_frame),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_corrupt_bytes),
		cmocka_unit_test(test_spaces),
		cmocka_unit_test(test_space_words),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_damaged_spaces),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
