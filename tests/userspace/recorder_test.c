// SPDX-License-Identifier: GPL-2.0
/*
 * From a session to a recording: what is recorded of which processes, in which order, with which
 * names.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <profbuf/recording.h>

#include "builder.h"
#include "record/recorder.h"
#include "util/machine.h"

/* The last IDs of all, which no process has got yet. */
#define NOBODY 0x3ffff0U

/* A recording, the session that it is made of, and how much of that was recorded. */
struct recording {
	struct builder session;
	size_t recorded;
	struct profbuf_stream *stream;
	struct recorder recorder;
	FILE *file;
};

static void begin(struct recording *recording, bool everything)
{
	*recording = (struct recording){ .file = tmpfile() };
	assert_non_null(recording->file);
	assert_int_equal(recorder__init(&recording->recorder, fileno(recording->file)), 0);
	recording->recorder.family.everything = everything;
	assert_int_equal(recorder__begin(&recording->recorder, "command", "what"), 0);
	builder__info(&recording->session, 2);
}

/* Streams of memory do not grow: each time there is a new one, of which the beginning is known. */
static int record(struct recording *recording)
{
	struct builder *session = &recording->session;
	const struct profbuf_frame *frame;
	int ret, err = 0;

	profbuf_stream__close(recording->stream);
	assert_int_equal(profbuf_stream__open_memory(&recording->stream, session->data,
						     session->size, NULL), 0);
	while (!err && (ret = profbuf_stream__next(recording->stream, &frame)) > 0)
		if (profbuf_stream__offset(recording->stream) >= recording->recorded)
			err = recorder__frame(&recording->recorder, recording->stream, frame);
	if (!err && ret)
		fail_msg("%s", profbuf_stream__error(recording->stream));
	recording->recorded = session->size;
	return err;
}

static void end(struct recording *recording)
{
	static const struct profbuf_stats stats;

	assert_int_equal(recorder__end(&recording->recorder, &stats), 0);
}

static void forget(struct recording *recording)
{
	recorder__exit(&recording->recorder);
	profbuf_stream__close(recording->stream);
	builder__free(&recording->session);
	fclose(recording->file);
}

static struct profbuf_stream *open_recording(const struct recording *recording)
{
	struct profbuf_stream *stream;

	lseek(fileno(recording->file), 0, SEEK_SET);
	assert_int_equal(profbuf_stream__open_fd(&stream, fileno(recording->file), NULL), 0);
	return stream;
}

/* A letter for each frame, with the number of records. */
static void describe(const struct profbuf_frame *frame, char *text)
{
	char *last = text + strlen(text);

	switch (frame->type) {
	case PROFBUF_FRAME_SAMPLES:
		sprintf(last, "S%u", frame->records);
		break;
	case PROFBUF_FRAME_SPACE:
		strcpy(last, "A");
		break;
	case PROFBUF_FRAME_INFO:
		strcpy(last, "I");
		break;
	case PROFBUF_FRAME_HOST:
		strcpy(last, "H");
		break;
	case PROFBUF_FRAME_SYMBOLS:
		strcpy(last, "N");
		break;
	case PROFBUF_FRAME_END:
		strcpy(last, "E");
		break;
	}
}

static void assert_frames(const struct recording *recording, const char *expected)
{
	struct profbuf_stream *stream = open_recording(recording);
	const struct profbuf_frame *frame;
	char text[4096] = "";
	int ret;

	while ((ret = profbuf_stream__next(stream, &frame)) > 0)
		describe(frame, text);
	if (ret)
		fail_msg("%s", profbuf_stream__error(stream));
	assert_string_equal(text, expected);
	profbuf_stream__close(stream);
}

static void add_sample(struct recording *recording, uint32_t pid, const char *comm,
		       uint64_t address)
{
	const uint64_t stack[] = { address, 0x2000 };
	const struct builder_record sample = {
		.time = 1000 + recording->session.sequence[0],
		.count = 1,
		.pid = pid,
		.tid = pid,
		.comm = comm,
		.depth = 2,
		.stack = stack,
		.space = pid == NOBODY + 1 ? PROFBUF_SPACE_UNKNOWN : PROFBUF_SPACE_NONE,
	};

	builder__record(&recording->session, &sample);
}

static void add_space_sample(struct recording *recording, uint32_t pid, uint64_t word)
{
	const struct builder_record sample = {
		.time = 1000 + recording->session.sequence[0],
		.count = 1,
		.pid = pid,
		.tid = pid,
		.comm = "",
		.space = word,
	};

	builder__record(&recording->session, &sample);
}

/* When a process was started, as exactly as /proc has it. */
static uint64_t started(uint32_t pid)
{
	uint64_t ticks;
	uint32_t parent;

	assert_true(machine__process_stat(pid, &parent, &ticks));
	return ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}

/* A space of which nothing but its process is told. */
static void tell(struct recording *recording, uint64_t word, uint32_t pid, uint32_t parent,
		 uint64_t start_ns)
{
	const struct profbuf_space_info info = {
		.space = word,
		.tgid = pid,
		.parent = parent,
		.ns_tgid = pid,
		.start_ns = start_ns,
	};

	builder__space(&recording->session, &info, NULL, 0);
}

/* Records, losses and limits, as text, for a comparison. */
struct listing {
	char *text;
	size_t size;
	FILE *file;
	uint32_t only;
	uint64_t gaps;
};

static int list_record(void *context, const struct profbuf_record *record)
{
	struct listing *listing = context;
	uint32_t n;

	if (listing->only && record->pid != listing->only)
		return 0;
	fprintf(listing->file, "%u %llu %llu:", record->cpu, (unsigned long long)record->time,
		(unsigned long long)record->tag);
	for (n = 0; n < record->hdrsize + record->depth + record->copy_words; n++)
		fprintf(listing->file, " %llx", (unsigned long long)record->header[n]);
	fputc('\n', listing->file);
	return 0;
}

static int list_loss(void *context, const struct profbuf_loss *loss)
{
	struct listing *listing = context;

	fprintf(listing->file, "%u %llu lost %llu\n", loss->cpu, (unsigned long long)loss->time,
		(unsigned long long)loss->lost);
	return 0;
}

static int count_gap(void *context, const struct profbuf_gap *gap)
{
	struct listing *listing = context;

	listing->gaps += gap->records;
	return 0;
}

static int list_limit(void *context, uint32_t cpu, const struct profbuf_limit *limit)
{
	struct listing *listing = context;

	fprintf(listing->file, "%u limited to %u from %llu to %llu\n", cpu, limit->share,
		(unsigned long long)limit->begin_ns, (unsigned long long)limit->end_ns);
	return 0;
}

static const struct profbuf_handler lister = {
	.size = sizeof(lister),
	.record = list_record,
	.loss = list_loss,
	.gap = count_gap,
	.limit = list_limit,
};

/* @only: records of this process; 0: all. */
static struct listing list(struct profbuf_stream *stream, uint32_t only)
{
	struct listing listing = { .only = only };

	listing.file = open_memstream(&listing.text, &listing.size);
	assert_non_null(listing.file);
	if (profbuf_stream__read(stream, &lister, &listing))
		fail_msg("%s", profbuf_stream__error(stream));
	fclose(listing.file);
	profbuf_stream__close(stream);
	return listing;
}

/* The recording has what the session had of this process, or of all, and all losses. */
static void assert_same_records(const struct recording *recording, uint32_t only)
{
	struct listing wanted, got;
	struct profbuf_stream *stream;

	assert_int_equal(profbuf_stream__open_memory(&stream, recording->session.data,
						     recording->session.size, NULL), 0);
	wanted = list(stream, only);
	got = list(open_recording(recording), 0);
	assert_true(wanted.size > 0);
	assert_string_equal(got.text, wanted.text);
	assert_int_equal(got.gaps, 0);
	free(wanted.text);
	free(got.text);
}

static void add_mixed_frames(struct recording *recording)
{
	struct profbuf_limit limit = { .share = 250, .begin_ns = 700, .times = 1 };
	struct builder *session = &recording->session;
	uint32_t frame, n;

	for (frame = 0; frame < 6; frame++) {
		limit.end_ns = frame * 1000;
		builder__limit(session, frame % 2, &limit);
		builder__begin(session, frame % 2, frame < 4 ? PROFBUF_WORDS : PROFBUF_HDRSIZE_MAX);
		for (n = 0; n < 20; n++) {
			if (n == frame * 3)
				builder__loss(session, 500 + n, n);
			add_sample(recording, n % 3 ? (uint32_t)getpid() : NOBODY + n % 2, "some",
				   0x1000 + n % 7);
		}
		builder__end(session);
	}
}

static void test_everything(void **state)
{
	struct recording recording;

	(void)state;
	begin(&recording, true);
	add_mixed_frames(&recording);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_same_records(&recording, 0);
	assert_int_equal(recording.recorder.samples, 120);
	forget(&recording);
}

/* Whoever is asked for addresses of the kernel: which ones, when, and what it answers. */
static struct {
	uint64_t address[8];
	uint64_t time[8];
	int nr;
	int answer;
} asked;

static int answer(void *context, uint64_t address, uint64_t time_ns,
		  struct profbuf_kernel_symbol *symbol)
{
	assert_ptr_equal(context, &asked);
	assert_in_range(asked.nr, 0, 7);
	asked.address[asked.nr] = address;
	asked.time[asked.nr++] = time_ns;
	*symbol = (struct profbuf_kernel_symbol){ .start = address & ~0xffUL, .length = 0x100 };
	sprintf(symbol->name, "at_%llu", (unsigned long long)time_ns);
	strcpy(symbol->module, "gone");
	return asked.answer;
}

static void add_kernel_sample(struct recording *recording, uint64_t time, uint64_t address,
			      uint64_t caller)
{
	const uint64_t stack[] = { address, caller };
	const struct builder_record sample = {
		.time = time,
		.count = 1,
		.mode = 2ULL << 48,
		.comm = "",
		.depth = 2,
		.stack = stack,
	};

	builder__begin(&recording->session, 0, PROFBUF_WORDS_DEFAULT);
	builder__record(&recording->session, &sample);
	builder__end(&recording->session);
}

#define KERNEL 0xffffffffc0001000UL

static void begin_asking(struct recording *recording, int error)
{
	memset(&asked, 0, sizeof(asked));
	asked.answer = error;
	begin(recording, true);
	symbols__ask_kernel(recording->recorder.symbols, answer, &asked);
	add_kernel_sample(recording, 1000, KERNEL + 0x10, KERNEL + 0x100);
	add_kernel_sample(recording, 2000, KERNEL + 0x110, KERNEL + 0x100);
	add_kernel_sample(recording, 3000, KERNEL + 0x10, KERNEL + 0x100);
	assert_int_equal(record(recording), 0);
}

static int list_kernel_symbol(void *context, const struct profbuf_symbols *frame,
			      const struct profbuf_symbol *symbol, const char *name,
			      const char *module)
{
	char *text = context;

	assert_int_equal(frame->pid, PROFBUF_SYMBOLS_KERNEL);
	sprintf(text + strlen(text), "%llx+%llx %s %s\n",
		(unsigned long long)symbol->address - KERNEL, (unsigned long long)symbol->length,
		name, module);
	return 0;
}

static void assert_symbols(const struct recording *recording, const char *expected)
{
	struct profbuf_stream *stream = open_recording(recording);
	const struct profbuf_frame *frame;
	char text[256] = "";

	while (profbuf_stream__next(stream, &frame) > 0)
		if (frame->type == PROFBUF_FRAME_SYMBOLS)
			assert_int_equal(profbuf_recording__symbols(frame, list_kernel_symbol,
								    text), 0);
	assert_string_equal(text, expected);
	profbuf_stream__close(stream);
}

/* Names are those of the time at which an address was sampled first. */
static void test_kernel_is_asked(void **state)
{
	struct recording recording;

	(void)state;
	begin_asking(&recording, 0);
	assert_int_equal(asked.nr, 3);
	assert_int_equal(asked.address[0], KERNEL + 0x10);
	assert_int_equal(asked.time[0], 1000);
	/* A return address may be that of the next function. */
	assert_int_equal(asked.address[1], KERNEL + 0xff);
	assert_int_equal(asked.time[1], 1000);
	assert_int_equal(asked.address[2], KERNEL + 0x110);
	assert_int_equal(asked.time[2], 2000);
	end(&recording);
	assert_frames(&recording, "HIS1S1S1NE");
	assert_symbols(&recording, "0+100 at_1000 gone\n100+100 at_2000 gone\n");
	forget(&recording);
}

/* What is not known is not asked for again. */
static void test_kernel_does_not_know(void **state)
{
	struct recording recording;

	(void)state;
	begin_asking(&recording, -ENOENT);
	assert_int_equal(asked.nr, 3);
	end(&recording);
	assert_frames(&recording, "HIS1S1S1E");
	assert_false(recording.recorder.kernel_symbols);
	forget(&recording);
}

/* Then /proc/kallsyms is what there is. */
static void test_kernel_does_not_say(void **state)
{
	struct recording recording;

	(void)state;
	begin_asking(&recording, -ENOTTY);
	assert_int_equal(asked.nr, 1);
	end(&recording);
	assert_true(recording.recorder.kernel_symbols);
	forget(&recording);
}

static void test_filtered(void **state)
{
	struct recording recording;

	(void)state;
	begin(&recording, false);
	assert_int_equal(family__add(&recording.recorder.family, getpid()), 0);
	add_mixed_frames(&recording);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_same_records(&recording, getpid());
	assert_int_equal(recording.recorder.samples, 78);
	assert_int_equal(recording.recorder.taken_out, 42);
	/* There is no such process, and so nobody knows whose child it was. */
	assert_int_equal(recording.recorder.unknown, 18);
	forget(&recording);
}

/* What the kernel has counted goes along. */
static void test_totals(void **state)
{
	static const struct profbuf_stats stats = {
		.interrupts = 20, .records = 9, .lost = 8, .filtered = 3, .nested = 2,
		.periods = 40, .slept = 7, .late = 6, .stolen = 5, .cost_ns = 4000,
		.limited_ns = 3000,
	};
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;
	struct recording recording;
	struct profbuf_recording_end end = { 0 };

	(void)state;
	begin(&recording, true);
	assert_int_equal(record(&recording), 0);
	assert_int_equal(recorder__end(&recording.recorder, &stats), 0);
	stream = open_recording(&recording);
	while (profbuf_stream__next(stream, &frame) > 0)
		if (frame->type == PROFBUF_FRAME_END)
			assert_int_equal(profbuf_recording__payload(frame, &end, sizeof(end), NULL),
					 0);
	profbuf_stream__close(stream);
	assert_int_equal(end.size, sizeof(end));
	assert_int_equal(end.interrupts, end.records + end.lost + end.filtered);
	assert_int_equal(end.interrupts, 20);
	assert_int_equal(end.periods, 40);
	assert_int_equal(end.slept, 7);
	assert_int_equal(end.late, 6);
	assert_int_equal(end.stolen, 5);
	assert_int_equal(end.cost_ns, 4000);
	assert_int_equal(end.limited_ns, 3000);
	forget(&recording);
}

/* What the kernel tells of spaces goes along, in its place. */
static void test_spaces(void **state)
{
	struct recording recording;

	(void)state;
	begin(&recording, true);
	builder__begin(&recording.session, 0, PROFBUF_WORDS_DEFAULT);
	add_sample(&recording, getpid(), "self", 0x1000);
	builder__end(&recording.session);
	tell(&recording, 5ULL << 24 | 1, getpid(), 1, started(getpid()));
	builder__begin(&recording.session, 0, PROFBUF_WORDS_DEFAULT);
	add_sample(&recording, getpid(), "self", 0x1001);
	add_sample(&recording, 0, "idle", 0x1000);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_frames(&recording, "HIS1AS2E");
	assert_same_records(&recording, 0);
	forget(&recording);
}

/* Whose they are is told later; they come in the same order. */
static void test_family(void **state)
{
	const uint64_t now = started(getpid());
	const uint32_t self = getpid(), other = NOBODY, child = NOBODY + 1, grandchild = NOBODY + 2;
	struct recording recording;
	struct listing got;
	char expected[512];

	(void)state;
	begin(&recording, false);
	assert_int_equal(family__add(&recording.recorder.family, self), 0);
	builder__begin(&recording.session, 0, PROFBUF_WORDS_DEFAULT);
	add_space_sample(&recording, grandchild, 7ULL << 24);
	add_space_sample(&recording, other, 8ULL << 24);
	add_space_sample(&recording, child, 6ULL << 24);
	/* By the same number, but it is another one. */
	add_space_sample(&recording, grandchild, 9ULL << 24);
	/* It has no space any more; and a kernel thread never had one. */
	add_space_sample(&recording, child, PROFBUF_SPACE_NONE);
	add_space_sample(&recording, NOBODY + 3, PROFBUF_SPACE_NONE);
	/* What was not told was of somebody. */
	add_space_sample(&recording, NOBODY + 4, PROFBUF_SPACE_UNKNOWN);
	add_space_sample(&recording, self, PROFBUF_SPACE_UNKNOWN);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	assert_int_equal(recording.recorder.samples, 0);

	tell(&recording, 8ULL << 24, other, 1, now + 1000000000);
	tell(&recording, 7ULL << 24, grandchild, child, now + 3000000000);
	tell(&recording, 6ULL << 24, child, self, now + 2000000000);
	assert_int_equal(record(&recording), 0);
	assert_int_equal(recording.recorder.samples, 0);
	tell(&recording, 9ULL << 24, grandchild, other, now + 9000000000);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	got = list(open_recording(&recording), 0);
	snprintf(expected, sizeof(expected),
		 "0 1000 0: 1 %1$x%2$08x 0 1 0 0 f6568 0 0 7000000 0\n"
		 "0 1002 0: 1 %3$x%4$08x 0 1 0 0 f6568 0 0 6000000 0\n"
		 "0 1004 0: 1 %3$x%4$08x 0 1 0 0 f6568 0 0 0 0\n"
		 "0 1007 0: 1 %5$x%6$08x 0 1 0 0 f6568 0 0 1 0\n",
		 grandchild, grandchild, child, child, self, self);
	assert_string_equal(got.text, expected);
	assert_int_equal(recording.recorder.taken_out, 4);
	assert_int_equal(recording.recorder.unknown, 1);
	/* Of the others nothing is told. */
	assert_frames(&recording, "HIAAS4E");
	free(got.text);
	forget(&recording);
}

/* What waits for records that never come does not become more and more. */
static void test_many_foreign_spaces(void **state)
{
	const uint64_t now = started(getpid());
	const uint32_t self = getpid();
	struct recording recording;
	uint64_t id;

	(void)state;
	begin(&recording, false);
	assert_int_equal(family__add(&recording.recorder.family, self), 0);
	for (id = 1; id <= 150000; id++)
		tell(&recording, id << 24, NOBODY, 1, now);
	tell(&recording, id << 24, self, 1, now);
	assert_int_equal(record(&recording), 0);
	assert_in_range(recording.recorder.held.bytes, 1 << 20, 16 << 20);
	builder__begin(&recording.session, 0, PROFBUF_WORDS_DEFAULT);
	add_space_sample(&recording, self, id << 24);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_frames(&recording, "HIAS1E");
	forget(&recording);
}

/* A late timer has a name of its own, and leads to no address that has to be named. */
/* Copies are recorded as they are, also where stacks and headers are alike. */
static void test_copies(void **state)
{
	uint64_t stack[2 + PROFBUF_COPY_FIXED + 3] = { 0x1000, 0x2000 };
	struct builder_record sample = {
		.count = 1,
		.pid = 1,
		.tid = 1,
		.comm = "",
		.depth = sizeof(stack) / sizeof(*stack),
		.stack = stack,
		.copy = sizeof(stack) / sizeof(*stack) - 2,
	};
	struct recording recording;
	uint32_t i;

	(void)state;
	begin(&recording, true);
	recording.session.size = 0;
	builder__info_of_copies(&recording.session, 2, 24);
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	for (i = 0; i < 5; i++) {
		sample.time = 1000 + i;
		/* The last two have the same one, and the very last has none. */
		stack[5] = i < 3 ? i : 3;
		sample.copy = i < 4 ? PROFBUF_COPY_FIXED + 3 : 0;
		builder__record(&recording.session, &sample);
	}
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_same_records(&recording, 0);
	forget(&recording);
}

static void test_late_timer(void **state)
{
	const uint64_t address = 0x1000;
	const struct builder_record sample = {
		.time = 1000,
		.count = 5,
		.late = 4,
		.pid = getpid(),
		.tid = getpid(),
		.comm = "self",
		.mode = (uint64_t)PROFBUF_MODE_USER << 32,
		.depth = 1,
		.stack = &address,
	};
	struct recording recording;

	(void)state;
	begin(&recording, true);
	builder__begin(&recording.session, 0, PROFBUF_WORDS_DEFAULT);
	builder__record(&recording.session, &sample);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_same_records(&recording, 0);
	forget(&recording);
}

/* What of this program is mapped where @address is. */
static void find_mapping(uint64_t address, struct profbuf_mapping *mapping)
{
	unsigned long long start, end, offset;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3 &&
		    address >= start && address < end)
			*mapping = (struct profbuf_mapping){ .start = start, .end = end,
							     .offset = offset };
	fclose(maps);
	assert_true(mapping->end != 0);
}

static void copy_self(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char buffer[65536];
	ssize_t n;

	assert_true(from >= 0 && to >= 0);
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(to, buffer, n), n);
	close(from);
	close(to);
}

static int list_symbol(void *context, const struct profbuf_symbols *frame,
		       const struct profbuf_symbol *symbol, const char *name, const char *module)
{
	FILE *out = context;

	(void)module;
	if (frame->pid == PROFBUF_SYMBOLS_SPACE)
		fprintf(out, "space %llx %llx", (unsigned long long)frame->space,
			(unsigned long long)symbol->address);
	else if (frame->pid == PROFBUF_SYMBOLS_FILE)
		fprintf(out, "file %llu", (unsigned long long)frame->inode);
	fprintf(out, " %s;", name);
	return 0;
}

/* Files are opened when they are told of; what a compiler has named is asked for in the end. */
static void test_names_of_what_is_gone(void **state)
{
	const uint64_t stack[] = { (uintptr_t)copy_self, 0x1008 };
	char directory[] = "/tmp/recorder_test.XXXXXX", path[64], map_path[64];
	struct builder_mapping mapping = { 0 };
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;
	struct recording recording;
	char *text, expected[256];
	size_t size;
	FILE *file;
	const struct profbuf_space_info info = {
		.space = 5ULL << 24 | 1,
		.tgid = getpid(),
		.start_ns = started(getpid()),
	};
	const struct builder_record sample = {
		.time = 1000,
		.count = 1,
		.pid = getpid(),
		.tid = getpid(),
		.comm = "",
		.mode = 1ULL << 32,
		.depth = 2,
		.stack = stack,
		.space = 5ULL << 24,
	};

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/copy", directory);
	copy_self(path);
	find_mapping(stack[0], &mapping.fixed);
	assert_int_equal(builder__find_file(&mapping, path), 0);

	begin(&recording, true);
	builder__begin(&recording.session, 0, PROFBUF_WORDS_DEFAULT);
	builder__record(&recording.session, &sample);
	builder__end(&recording.session);
	builder__space(&recording.session, &info, &mapping, 1);
	assert_int_equal(record(&recording), 0);
	unlink(path);
	rmdir(directory);
	snprintf(map_path, sizeof(map_path), "/tmp/perf-%d.map", getpid());
	file = fopen(map_path, "we");
	assert_non_null(file);
	fputs("1000 100 made_at_run_time\n", file);
	fclose(file);
	end(&recording);
	unlink(map_path);

	file = open_memstream(&text, &size);
	assert_non_null(file);
	stream = open_recording(&recording);
	while (profbuf_stream__next(stream, &frame) > 0)
		if (frame->type == PROFBUF_FRAME_SYMBOLS)
			assert_int_equal(profbuf_recording__symbols(frame, list_symbol, file), 0);
	profbuf_stream__close(stream);
	fclose(file);
	snprintf(expected, sizeof(expected), "file %llu copy_self;space 5000000 1000 made_at_run_time;",
		 (unsigned long long)mapping.fixed.inode);
	assert_string_equal(text, expected);
	free(text);
	forget(&recording);
}

/* Stacks are not kept without end; what comes after they were forgotten is whole. */
static void test_many_stacks(void **state)
{
	struct recording recording;
	uint32_t n;

	(void)state;
	begin(&recording, true);
	for (n = 0; n < 250000; n++) {
		if (n % 1000 == 0)
			builder__begin(&recording.session, 0, 2);
		/* All of them come twice, a while later. */
		add_sample(&recording, NOBODY, "", n % 20000 + n / 40000 * 20000);
		if (n % 1000 == 999)
			builder__end(&recording.session);
	}
	assert_int_equal(record(&recording), 0);
	assert_in_range(recording.recorder.packer.nr_stacks, 1, 101000);
	assert_in_range(recording.recorder.packer.stack_words, 2, 202000);
	end(&recording);
	assert_same_records(&recording, 0);
	forget(&recording);
}

/* A disk that is full in the midst of a frame. What was written whole can be read. */
static void test_full_disk(void **state)
{
	const struct rlimit small = { 20000, RLIM_INFINITY };
	struct rlimit before;
	struct recording recording;
	struct listing listing;
	struct stat status;
	uint32_t n;
	int err = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	begin(&recording, true);
	setrlimit(RLIMIT_FSIZE, &small);
	for (n = 0; !err && n < 100000; n++) {
		if (n % 1000 == 0)
			builder__begin(&recording.session, 0, PROFBUF_WORDS_DEFAULT);
		add_sample(&recording, NOBODY, "", n * 0x9e3779b97f4a7c15ULL);
		if (n % 1000 < 999)
			continue;
		builder__end(&recording.session);
		err = record(&recording);
		if (!err)
			err = writer__flush(&recording.recorder.writer);
	}
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(fstat(fileno(recording.file), &status), 0);
	assert_int_equal(status.st_size, 20000);
	assert_in_range(recording.recorder.writer.whole, 1, 19999);
	assert_int_equal(ftruncate(fileno(recording.file), recording.recorder.writer.whole), 0);
	listing = list(open_recording(&recording), 0);
	assert_true(listing.size > 0);
	free(listing.text);
	forget(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_kernel_is_asked),
		cmocka_unit_test(test_kernel_does_not_know),
		cmocka_unit_test(test_kernel_does_not_say),
		cmocka_unit_test(test_filtered),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_late_timer),
		cmocka_unit_test(test_spaces),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_many_foreign_spaces),
		cmocka_unit_test(test_names_of_what_is_gone),
		cmocka_unit_test(test_many_stacks),
		cmocka_unit_test(test_full_disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
