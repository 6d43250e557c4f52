// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of stacks that are swapped out in part.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"

#define FIXED		PROFBUF_RECORD_FIXED
#define WANTED		20

/* Each frame is a page. */
#define PAGES		16

/* Bits of /proc/PID/pagemap. */
#define PAGE_PRESENT	(1ULL << 63)
#define PAGE_SWAPPED	(1ULL << 62)

#define SWAP_DEVICE	"/dev/ram0"

static struct stream stream;
static pid_t spinning;

/* Which pages of its stack the process is asked to have swapped out: all others are present. */
struct shared {
	volatile uint32_t first, end;
	volatile uint32_t asked, done;		/* how often it was, and did so */
	volatile bool untouched;		/* what was out before had stayed there */
};

static struct shared *shared;

/* Since when what is expected, and how often it was seen. */
static uint64_t since, seen;
static uint32_t expected_frames;
static uint64_t expected_end;

static uint64_t page_state(uint32_t page)
{
	int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t state;

	ASSERT_GE(file, 0);
	ASSERT_EQ(pread(file, &state, sizeof(state),
			(KNOWN_STACK / KNOWN_PAGE + page) * sizeof(state)), sizeof(state));
	ASSERT_EQ(close(file), 0);
	return state & (PAGE_PRESENT | PAGE_SWAPPED);
}

static bool pages_are(uint32_t first, uint32_t end, uint64_t state)
{
	while (first < end) {
		if (page_state(first++) != state)
			return false;
	}
	return true;
}

static void swap_out(uint32_t first, uint32_t end)
{
	while (!pages_are(first, end, PAGE_SWAPPED)) {
		ASSERT_EQ(madvise((void *)(KNOWN_STACK + first * KNOWN_PAGE),
				  (end - first) * KNOWN_PAGE, MADV_PAGEOUT), 0);
		sleep_ms(10);
	}
}

static void swap_in(void)
{
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		*(volatile uint64_t *)(KNOWN_STACK + i * KNOWN_PAGE);
	ASSERT(pages_are(0, PAGES, PAGE_PRESENT));
}

static void *spin(void *argument)
{
	const struct known_registers begin = { .ip = KNOWN_CODE, .sp = WORD(0) };

	known_run(&begin, UINT64_MAX);
	return argument;
}

/* The stack is of this process alone: pages that another one had, too, would stay. */
static void spin_and_swap(void)
{
	uint64_t *stack = mmap((void *)KNOWN_STACK, PAGES * KNOWN_PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint32_t i, first = 0, end = 0;
	pthread_t thread;

	ASSERT_EQ(stack, KNOWN_STACK);
	for (i = 0; i < PAGES; i++)
		stack[(i + 1) * KNOWN_WORDS - 1] = RETURN(i == PAGES - 1);
	ASSERT_EQ(pthread_create(&thread, NULL, spin, NULL), 0);
	for (;;) {
		while (shared->done == shared->asked)
			sleep_ms(1);
		shared->untouched = pages_are(first, end, PAGE_SWAPPED);
		swap_in();
		first = shared->first;
		end = shared->end;
		swap_out(first, end);
		shared->done = shared->asked;
	}
}

static void ask_for_swap(uint32_t first, uint32_t end)
{
	shared->first = first;
	shared->end = end;
	shared->asked++;
	while (shared->done != shared->asked)
		sleep_ms(1);
	since = now_ns();
}

static void check_swapped(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *stack = record + FIXED + frame->hdrsize;
	uint32_t length = record[0] - FIXED - frame->hdrsize, i;
	uint64_t end = record[FIXED + 10];

	(void)context;
	if (record[FIXED + 1] >> 32 != (uint64_t)spinning || record[1] < since ||
	    PROFBUF_MODE(record[FIXED + 2]) != PROFBUF_MODE_USER || stack[0] != KNOWN_CODE ||
	    end == PROFBUF_END_UNKNOWN)
		return;
	ASSERT_EQ(length, expected_frames);
	ASSERT_EQ(end, expected_end);
	for (i = 1; i < length; i++)
		ASSERT_EQ(stack[i], RETURN(i == PAGES));
	ASSERT_EQ(!(record[FIXED + 2] & PROFBUF_MODE_USER_INCOMPLETE), end == PROFBUF_END_ROOT);
	seen++;
}

/* The walk reads the last word of each page: it takes one to get to the next. */
static void expect(int fd, uint32_t present)
{
	expected_frames = 1 + present;
	expected_end = present == PAGES ? PROFBUF_END_ROOT : PROFBUF_END_ABSENT;
	for (seen = 0; seen < WANTED;)
		ASSERT_GT(stream_read(&stream, fd), 0);
	/* What is in the ring is of the same. */
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
}

static void swap_begin(void)
{
	ASSERT_EQ(system("modprobe brd rd_nr=1 rd_size=8192 && mkswap " SWAP_DEVICE " >/dev/null"),
		  0);
	ASSERT_EQ(swapon(SWAP_DEVICE, 0), 0);
}

TEST(walks_end_at_what_is_swapped_out)
{
	static const struct profbuf_unwind_rule rules[] = {
		{ .cfa = PROFBUF_UNWIND_SP, .offset = KNOWN_PAGE },
		{ .cfa = PROFBUF_UNWIND_ROOT },
	};
	struct profbuf_unwind_table *table = known_table(rules, 2);
	int fd = device_open(0), file = known_file();

	swap_begin();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(shared, MAP_FAILED);
	device_configure(fd, 500000, 0, 0);
	known_map(file, KNOWN_CODE);
	ASSERT_EQ(table_load(fd, file, table), 0);
	stream.record = check_swapped;
	spinning = child_start(spin_and_swap);

	ask_for_swap(0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	expect(fd, PAGES);
	for (uint32_t present = 0; present < PAGES; present += 5) {
		ask_for_swap(present, present + 1);
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
		expect(fd, present);
		/* All that follows, as well. */
		ask_for_swap(present, PAGES);
		ASSERT(shared->untouched);
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
		expect(fd, present);
		ask_for_swap(0, 0);
		ASSERT(shared->untouched);
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
		expect(fd, PAGES);
	}
	stream_finish(&stream, fd);
	spin_stop(spinning);
	ASSERT_EQ(swapoff(SWAP_DEVICE), 0);
	free(table);
}
