// SPDX-License-Identifier: GPL-2.0
/*
 * Walks in NMIs, and those that NMIs interrupt. They take a module with the source of
 * tests/kernel/source_nmi.c; nmi.test runs them.
 *
 * The deep stack of a process leads through files that have a table each, some frames of one at a
 * time. The code of all is at the same position, so that what is kept of their rules has one
 * place: a walk that is interrupted by another one finds there what the other one has left.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"

#define FIXED		PROFBUF_RECORD_FIXED
#define PERIOD_NS	200000

/* Values of samples, see tests/kernel/source_nmi.c. */
#define VALUE_NMI		1
#define VALUE_NMI_NESTED	3

#define FILES		16
#define PLACE(i)	(KNOWN_CODE + 2 * KNOWN_PAGE * (i))
#define RETURN_TO(i)	(PLACE(i) + 8)

/* The last file's code begins threads; the n-th of the others has frames of n + 1 words. */
#define ROOT		(FILES - 1)
#define FRAMES		400
#define RUN		8
#define STACK_SIZE	(FRAMES * FILES * 8)

/* Neither an address of the stack nor one of code. */
#define GARBAGE		0x5aa5deadbeef5aa5ULL

/* Of each kind of walk. */
#define WANTED		100
/* Few of these come at the very instruction at which it matters. */
#define WANTED_NESTED	150
#define SESSIONS	3
#define ROUNDS		8

static struct stream stream;
static int files[FILES];
static uint64_t expected[FRAMES];
static pid_t spinning[2];

/* What processes share. */
struct shared {
	uint64_t whole;			/* walks by a timer, to the root */
	uint64_t whole_nmi;		/* in an NMI */
	uint64_t whole_nested;		/* which has interrupted another walk */
	uint64_t cut_off;		/* where there was no table */
};

static struct shared *shared;

static int file_of(int frame)
{
	return frame == FRAMES - 1 ? ROOT : frame / RUN % ROOT;
}

static void make_deep_stack(void)
{
	uint64_t *stack = mmap((void *)KNOWN_STACK, STACK_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	int i, at = 0;

	ASSERT_EQ(stack, KNOWN_STACK);
	for (i = 0; i < STACK_SIZE / 8; i++)
		stack[i] = GARBAGE;
	expected[0] = PLACE(0);
	for (i = 0; i < FRAMES - 1; i++) {
		at += file_of(i) + 1;
		expected[i + 1] = RETURN_TO(file_of(i + 1));
		stack[at - 1] = expected[i + 1];
	}
}

static void make_deep_code(void)
{
	int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(shared, MAP_FAILED);
	for (i = 0; i < FILES; i++) {
		files[i] = known_file();
		known_map(files[i], PLACE(i));
	}
	make_deep_stack();
}

static void load_tables(int fd, uint32_t which)
{
	int i;

	for (i = 0; i < FILES; i++) {
		struct profbuf_unwind_rule rule = {
			.cfa = i == ROOT ? PROFBUF_UNWIND_ROOT : PROFBUF_UNWIND_SP,
			.offset = i == ROOT ? 0 : 8 * (i + 1),
		};
		struct profbuf_unwind_table *table = known_table(&rule, 1);

		if (which >> i & 1 && table_load(fd, files[i], table))
			ASSERT_EQ(errno, EEXIST);
		free(table);
	}
}

static void count_whole(uint64_t value)
{
	uint64_t *count = value == VALUE_NMI_NESTED ? &shared->whole_nested :
			  value == VALUE_NMI ? &shared->whole_nmi : &shared->whole;

	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

/* Each frame must be right, and the stack whole unless there was no table. */
static void check_deep(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(record[FIXED + 2]), i;
	const __u64 *stack = record + FIXED + frame->hdrsize + kernel;
	uint32_t length = record[0] - FIXED - frame->hdrsize - kernel;
	uint32_t tgid = record[FIXED + 1] >> 32;
	uint64_t end = record[FIXED + 10];

	(void)context;
	if ((tgid != (uint32_t)spinning[0] && tgid != (uint32_t)spinning[1]) ||
	    !length || stack[0] != expected[0] || end == PROFBUF_END_UNKNOWN)
		return;
	ASSERT_LE(length, FRAMES);
	for (i = 0; i < length; i++) {
		if (stack[i] != expected[i])
			FAIL("value %llu: frame %u is %#llx, not %#llx",
			     (long long)record[FIXED + 7], i, (long long)stack[i],
			     (long long)expected[i]);
	}
	if (end == PROFBUF_END_ROOT) {
		ASSERT_EQ(length, FRAMES);
		count_whole(record[FIXED + 7]);
	} else if (end == PROFBUF_END_ABSENT) {
		/* While the kernel switches to the process, its memory is not there for NMIs. */
		ASSERT_EQ(length, 1);
		ASSERT_GT(kernel, 0);
		ASSERT_EQ(record[FIXED + 7], VALUE_NMI);
	} else {
		ASSERT_EQ(end, PROFBUF_END_STRAY | PROFBUF_END_NO_TABLE);
		__atomic_fetch_add(&shared->cut_off, 1, __ATOMIC_RELAXED);
	}
}

static void spin_deep(void)
{
	const struct known_registers begin = { .ip = PLACE(0), .sp = KNOWN_STACK, .bp = GARBAGE };

	known_run(&begin, UINT64_MAX);
}

static bool seen_enough(void)
{
	return shared->whole >= WANTED && shared->whole_nmi >= WANTED &&
	       shared->whole_nested >= WANTED_NESTED && shared->cut_off;
}

static int deep_session(void)
{
	struct profbuf_config config;
	int fd = device_open(0);

	device_configure(fd, PERIOD_NS, 1 << 14, 10000000);
	device_config(fd, &config);
	config.stack_depth = PROFBUF_STACK_MAX;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	memset(&stream, 0, sizeof(stream));
	stream.record = check_deep;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

/* Some tables are there at first, then all of them. */
static void sample_deep(void)
{
	unsigned int random = getpid();
	int fd = deep_session();
	uint64_t more;

	load_tables(fd, rand_r(&random));
	more = 20 + rand_r(&random) % 20;
	while (stream_records(&stream) < more)
		ASSERT_GT(stream_read(&stream, fd), 0);
	load_tables(fd, UINT32_MAX);
	more = 100 + rand_r(&random) % 100;
	while (stream_records(&stream) < more)
		ASSERT_GT(stream_read(&stream, fd), 0);
	if (rand_r(&random) % 2)
		stream_finish(&stream, fd);
}

/* The last session takes the tables with it. */
static void round_of_sessions(void)
{
	pid_t sessions[SESSIONS];
	int i, status;

	for (i = 0; i < SESSIONS; i++)
		sessions[i] = child_start(sample_deep);
	for (i = 0; i < SESSIONS; i++) {
		ASSERT_EQ(waitpid(sessions[i], &status, 0), sessions[i]);
		ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
	}
}

TEST(nmis_walk_stacks_and_interrupt_walks)
{
	int i;

	make_deep_code();
	module_parameter("walk_ns", "1000000000");
	for (i = 0; i < 2; i++)
		spinning[i] = child_start(spin_deep);
	for (i = 0; i < ROUNDS || !seen_enough(); i++)
		round_of_sessions();
	for (i = 0; i < 2; i++)
		spin_stop(spinning[i]);
	module_parameter("walk_ns", "100000");
	printf("# whole: %llu in timers, %llu in NMIs, %llu in NMIs in walks; %llu cut off\n",
	       (unsigned long long)shared->whole, (unsigned long long)shared->whole_nmi,
	       (unsigned long long)shared->whole_nested, (unsigned long long)shared->cut_off);
}
