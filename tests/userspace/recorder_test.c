// SPDX-License-Identifier: GPL-2.0
/*
 * From a session to a recording, with processes that are there, end, or execute another program:
 * what is recorded, and in which order.
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <profbuf/recording.h>

#include "builder.h"
#include "record/recorder.h"

/* The last IDs of all, which no process has got yet. */
#define NOBODY 0x3ffff0U

/* A recording, the session that it is made of, and how much of that was recorded. */
struct recording {
	struct builder session;
	size_t recorded;
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

static int record(struct recording *recording)
{
	struct builder *session = &recording->session;
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;
	int ret, err = 0;

	assert_int_equal(profbuf_stream__open_memory(&stream, session->data, session->size, NULL),
			 0);
	while (!err && (ret = profbuf_stream__next(stream, &frame)) > 0)
		if (profbuf_stream__offset(stream) >= recording->recorded)
			err = recorder__frame(&recording->recorder, stream, frame);
	if (!err && ret)
		fail_msg("%s", profbuf_stream__error(stream));
	recording->recorded = session->size;
	profbuf_stream__close(stream);
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

/* A letter for each frame, with the number of records; MAPPING frames in a row are one. */
static void describe(const struct profbuf_frame *frame, char *text)
{
	struct profbuf_process process;
	char *last = text + strlen(text);

	switch (frame->type) {
	case PROFBUF_FRAME_SAMPLES:
		sprintf(last, "S%u", frame->records);
		break;
	case PROFBUF_FRAME_PROCESS:
		assert_int_equal(profbuf_recording__payload(frame, &process, sizeof(process),
							    NULL), 0);
		strcpy(last, process.flags & PROFBUF_PROCESS_EXEC ? "X" :
			     process.flags & PROFBUF_PROCESS_REMAPPED ? "R" : "P");
		if (process.flags & PROFBUF_PROCESS_GONE)
			strcat(last, "-");
		break;
	case PROFBUF_FRAME_MAPPING:
		if (last == text || last[-1] != 'M')
			strcpy(last, "M");
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
	};

	builder__record(&recording->session, &sample);
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
	for (n = 0; n < record->hdrsize + record->depth; n++)
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

static void test_filtered(void **state)
{
	struct recording recording;

	(void)state;
	begin(&recording, false);
	family__add(&recording.recorder.family, getpid(), FAMILY_YES);
	family__add(&recording.recorder.family, NOBODY, FAMILY_NO);
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

/* What is known of a process comes before its first sample. */
static void test_processes(void **state)
{
	struct recording recording;

	(void)state;
	begin(&recording, true);
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	add_sample(&recording, getpid(), "self", 0x1000);
	add_sample(&recording, NOBODY, "nobody", 0x1000);
	add_sample(&recording, 0, "idle", 0x1000);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_frames(&recording, "HIPMP-S3E");
	forget(&recording);
}

/* A late timer has a name of its own, and leads to no address that has to be named. */
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
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	builder__record(&recording.session, &sample);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	end(&recording);
	assert_same_records(&recording, 0);
	forget(&recording);
}

static ino_t program_of(pid_t pid)
{
	struct stat status = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	stat(path, &status);
	return status.st_ino;
}

static char state_of(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state;
}

/* It executes another one, which has begun to sleep: all of it is mapped. */
static void wait_for_program(pid_t child)
{
	while (program_of(child) == program_of(getpid()) || state_of(child) != 'S')
		usleep(1000);
}

/* Of which program a record is, the same frame tells of the next one. */
static void test_exec(void **state)
{
	struct recording recording;
	pid_t child = fork();

	(void)state;
	if (!child) {
		raise(SIGSTOP);
		execlp("sleep", "sleep", "1000", NULL);
		_exit(EXIT_FAILURE);
	}
	waitpid(child, NULL, WUNTRACED);
	begin(&recording, true);
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	add_sample(&recording, child, "before", 0x1000);
	add_sample(&recording, child, "before", 0x1001);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);

	kill(child, SIGCONT);
	wait_for_program(child);
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	add_sample(&recording, child, "before", 0x1002);
	add_sample(&recording, child, "sleep", 0x1000);
	add_sample(&recording, child, "sleep", 0x1001);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	end(&recording);
	assert_frames(&recording, "HIPMS2S1XMS2E");
	assert_same_records(&recording, 0);
	forget(&recording);
}

/* One that is called the same; its stacks are new. */
static void test_exec_of_the_same_name(void **state)
{
	char directory[] = "/tmp/recorder_test.XXXXXX", path[64], name[16];
	struct recording recording;
	pid_t child;

	(void)state;
	prctl(PR_GET_NAME, name);
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(symlink("/bin/sleep", path), 0);
	child = fork();
	if (!child) {
		raise(SIGSTOP);
		execl(path, path, "1000", NULL);
		_exit(EXIT_FAILURE);
	}
	waitpid(child, NULL, WUNTRACED);
	begin(&recording, true);
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	add_sample(&recording, child, name, 0x1000);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);

	kill(child, SIGCONT);
	wait_for_program(child);
	recording.session.sequence[0] += 1000000000;
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	add_sample(&recording, child, name, 0x1001);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	end(&recording);
	assert_frames(&recording, "HIPMS1XMS1E");
	forget(&recording);
	unlink(path);
	rmdir(directory);
}

/* A child that had executed its program before its first sample was read. */
static void test_expected(void **state)
{
	struct recording recording;
	char name[16];
	pid_t child = fork();

	(void)state;
	if (!child) {
		raise(SIGSTOP);
		execlp("sleep", "sleep", "1000", NULL);
		_exit(EXIT_FAILURE);
	}
	waitpid(child, NULL, WUNTRACED);
	begin(&recording, true);
	assert_int_equal(recorder__expect(&recording.recorder, child), 0);
	kill(child, SIGCONT);
	wait_for_program(child);
	prctl(PR_GET_NAME, name);
	builder__begin(&recording.session, 0, PROFBUF_WORDS);
	add_sample(&recording, child, name, 0x1000);
	add_sample(&recording, child, "sleep", 0x1000);
	builder__end(&recording.session);
	assert_int_equal(record(&recording), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	end(&recording);
	assert_frames(&recording, "HPMIS1XMS1E");
	forget(&recording);
}

/* A frame with one sample of this process. @name: NULL: what it is called now. */
static void record_named(struct recording *recording, uint64_t time, uint64_t leaf, uint64_t caller,
			 const char *name)
{
	const uint64_t stack[] = { leaf, caller };
	struct builder_record sample = {
		.time = time * 1000000,
		.count = 1,
		.pid = getpid(),
		.tid = getpid(),
		.depth = 2,
		.stack = stack,
	};
	char now[16];

	prctl(PR_GET_NAME, now);
	sample.comm = name ? name : now;
	builder__begin(&recording->session, 0, PROFBUF_WORDS);
	builder__record(&recording->session, &sample);
	builder__end(&recording->session);
	assert_int_equal(record(recording), 0);
}

static void record_self(struct recording *recording, uint64_t time, uint64_t leaf, uint64_t caller)
{
	record_named(recording, time, leaf, caller, NULL);
}

/* Who is called something else by now may execute something else, but may also go on. */
static void test_renamed(void **state)
{
	const uint64_t known = (uintptr_t)record_self, page = sysconf(_SC_PAGESIZE);
	struct recording recording;
	char name[16], *memory;
	uint64_t place;

	(void)state;
	prctl(PR_GET_NAME, name);
	/* A line feed does not make it another one. */
	prctl(PR_SET_NAME, "a\nb");
	memory = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	place = (uintptr_t)memory;
	begin(&recording, true);
	record_self(&recording, 1000, known, known);
	mprotect(memory, page, PROT_READ | PROT_EXEC);
	record_self(&recording, 2000, place, known);

	/* Not at once, but in the end. */
	mprotect(memory + 2 * page, page, PROT_READ | PROT_EXEC);
	record_named(&recording, 3000, place + 2 * page, known, "before");
	record_named(&recording, 3010, place + 2 * page, known, "before");
	record_named(&recording, 3900, place + 2 * page, known, "before");
	record_named(&recording, 4100, place + 2 * page, known, "before");
	end(&recording);
	assert_frames(&recording, "HIPMS1MS1S1S1S1MS1E");
	prctl(PR_SET_NAME, name);
	munmap(memory, 3 * page);
	forget(&recording);
}

/*
 * What is mapped while callers lead nowhere, and what is used only in stacks that came just after
 * the last look.
 */
static void test_mapped_later(void **state)
{
	const uint64_t known = (uintptr_t)record_self, page = sysconf(_SC_PAGESIZE);
	char expected[256] = "HIPM", *memory;
	struct recording recording;
	uint64_t time, place;

	(void)state;
	memory = mmap(NULL, 6 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	place = (uintptr_t)memory;
	begin(&recording, true);
	for (time = 1000; time < 3000; time += 20) {
		record_self(&recording, time, known, time);
		strcat(expected, "S1");
	}

	/* A leaf is right, and callers that are not do not put it off. */
	mprotect(memory, page, PROT_READ | PROT_EXEC);
	record_self(&recording, 3001, place, known);
	strcat(expected, "MS1");

	/* Too soon; the same stack comes once more. */
	mprotect(memory + 2 * page, page, PROT_READ | PROT_EXEC);
	record_self(&recording, 3002, place + 2 * page, known);
	record_self(&recording, 3020, known, known);
	record_self(&recording, 3021, place + 2 * page, known);
	strcat(expected, "S1S1MS1");

	/* A caller, and by the time another stack. */
	mprotect(memory + 4 * page, page, PROT_READ | PROT_EXEC);
	record_self(&recording, 3022, known, place + 4 * page);
	record_self(&recording, 3041, known, known);
	strcat(expected, "S1MS1");

	/* Code in no file that grows is not another one. */
	mprotect(memory + page, page, PROT_READ | PROT_EXEC);
	record_self(&recording, 3241, place + page, known);
	strcat(expected, "MS1");
	end(&recording);
	strcat(expected, "E");
	assert_frames(&recording, expected);
	munmap(memory, 6 * page);
	forget(&recording);
}

static void map_at(char *place, int fd, off_t offset)
{
	void *got = mmap(place, sysconf(_SC_PAGESIZE), PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_FIXED, fd, offset);

	assert_ptr_equal(got, place);
}

/* Where a file was, another one is, or another part of it: by a new stack, or by the time. */
static void test_replaced(void **state)
{
	const uint64_t known = (uintptr_t)record_self, page = sysconf(_SC_PAGESIZE);
	struct recording recording;
	int file = open("/proc/self/exe", O_RDONLY), other = open("/bin/sh", O_RDONLY);
	uint64_t place;
	char *memory;

	(void)state;
	assert_true(file >= 0 && other >= 0);
	memory = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	place = (uintptr_t)memory;
	map_at(memory, file, page);
	begin(&recording, true);
	record_self(&recording, 1000, place, known);
	record_self(&recording, 100000, place + 1, known);

	/* The same file in the same place, and another one in another place. */
	map_at(memory, file, page);
	map_at(memory + 2 * page, other, 0);
	record_self(&recording, 100021, place + 2, known);
	assert_int_equal(recording.recorder.processes[0].generation, 0);

	/* Another file. A stack that is known does not tell, a new one does. */
	map_at(memory, other, page);
	record_self(&recording, 100050, place, known);
	assert_int_equal(recording.recorder.processes[0].generation, 0);
	record_self(&recording, 100051, place + 3, known);
	assert_int_equal(recording.recorder.processes[0].generation, 1);

	/* Another part of the file. In this generation the stack is new, but it is soon. */
	map_at(memory, other, 2 * page);
	record_self(&recording, 100052, place, known);
	record_self(&recording, 100070, place, known);
	assert_int_equal(recording.recorder.processes[0].generation, 1);
	record_self(&recording, 100072, place, known);
	assert_int_equal(recording.recorder.processes[0].generation, 2);

	/* Without any new stack it takes its time. */
	map_at(memory, file, page);
	record_self(&recording, 100100, place, known);
	record_self(&recording, 105000, place, known);
	assert_int_equal(recording.recorder.processes[0].generation, 2);
	record_self(&recording, 105073, place, known);
	assert_int_equal(recording.recorder.processes[0].generation, 3);

	/* And where looks have become expensive it takes a second. */
	recording.recorder.look_ns = 1000000000000;
	map_at(memory, other, page);
	record_self(&recording, 105100, place + 4, known);
	record_self(&recording, 106000, place + 5, known);
	assert_int_equal(recording.recorder.processes[0].generation, 3);
	record_self(&recording, 106074, place + 6, known);
	assert_int_equal(recording.recorder.processes[0].generation, 4);

	/* Stacks that came in the midst of this come again. */
	record_self(&recording, 106075, place + 9, known);
	record_self(&recording, 106076, place + 6, known);
	record_self(&recording, 106077, place + 9, known);
	end(&recording);
	assert_same_records(&recording, 0);
	assert_frames(&recording,
		      "HIPMS1S1MS1S1RMS1S1S1RMS1S1S1RMS1S1S1RMS1S1S1S1E");
	munmap(memory, 3 * page);
	close(file);
	close(other);
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
			builder__begin(&recording.session, 0, PROFBUF_WORDS);
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
		cmocka_unit_test(test_filtered),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_late_timer),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_of_the_same_name),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_mapped_later),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_many_stacks),
		cmocka_unit_test(test_full_disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
