// SPDX-License-Identifier: GPL-2.0
/*
 * Timers that come late, because the module of tests/kernel/stall.c keeps a CPU with interrupts
 * disabled: for how long they were late, what of that a host is said to have stolen, and where.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define FIXED		PROFBUF_RECORD_FIXED
#define STALLS		"/sys/module/profbuf_stall/parameters/"

/* Several ticks, whatever their rate, and less than what a kernel complains of. */
#define STALL_MS	60
#define STOLEN_MS	40
#define PERIOD_NS	1000000

/*
 * A stall may hit another task or an interrupt, or the CPU may wait for more than these
 * milliseconds when the machine is busy. But not time and again.
 */
#define ATTEMPTS	100
#define WANTED		5

static struct stream stream;

/* The last stall, and the first record after it. */
static struct {
	uint64_t begin, end;
	uint64_t records;	/* after it */
	uint64_t count, mode;
	uint32_t tgid, late, stolen;
	bool shows_function;	/* the one that disabled interrupts */
} stall;

static uint64_t late_sum, stolen_sum;

/* Of the function that disables interrupts. */
static uint64_t function_begin, function_end;

static void function_find(const char *name)
{
	unsigned long long address;
	char symbol[128];
	FILE *file;
	int pass;

	for (pass = 0; pass < 2; pass++) {
		file = fopen("/proc/kallsyms", "r");
		ASSERT(file);
		while (fscanf(file, "%llx %*c %127s%*[^\n]", &address, symbol) == 2) {
			if (!pass && !strcmp(symbol, name))
				function_begin = address;
			if (pass && address > function_begin &&
			    (!function_end || address < function_end))
				function_end = address;
		}
		fclose(file);
	}
	ASSERT_NE(function_begin, 0);
	ASSERT_NE(function_end, 0);
}

static void watch_late(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *header = record + FIXED;
	uint32_t position;

	(void)context;
	late_sum += PROFBUF_LATE_PERIODS(header[8]);
	stolen_sum += PROFBUF_LATE_STOLEN(header[8]);
	if (frame->cpu != 1 || record[1] < stall.begin || stall.records++)
		return;

	stall.count = header[0];
	stall.tgid = header[1] >> 32;
	stall.mode = header[2];
	stall.late = PROFBUF_LATE_PERIODS(header[8]);
	stall.stolen = PROFBUF_LATE_STOLEN(header[8]);
	/* Interrupts were disabled. */
	ASSERT_GE(record[1], stall.end);
	for (position = FIXED + frame->hdrsize; position < record[0]; position++)
		stall.shows_function |= record[position] >= function_begin &&
					record[position] < function_end;
}

/* Stalls CPU 1, and reads until after that. */
static void stall_cpu1(int fd, const char *how, const char *arguments)
{
	char path[128], text[64] = "";
	unsigned long long begin, end;
	int file;

	snprintf(path, sizeof(path), STALLS "%s", how);
	file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		FAIL("load profbuf_stall.ko first: %s (errno %d)", path, errno);
	ASSERT_EQ(write(file, arguments, strlen(arguments)), strlen(arguments));
	close(file);

	file = open(STALLS "last", O_RDONLY | O_CLOEXEC);
	ASSERT_GT(read(file, text, sizeof(text) - 1), 0);
	close(file);
	if (sscanf(text, "%llu %llu", &begin, &end) != 2)
		FAIL("not two times: %s", text);
	memset(&stall, 0, sizeof(stall));
	stall.begin = begin;
	stall.end = end;
	ASSERT_GE(stall.end - stall.begin, STALL_MS * 1000000);

	/* What the first one does not tell of stolen time the second one may, but none later. */
	while (stall.records < 2)
		ASSERT_GT(stream_read(&stream, fd), 0);
	/* Whatever became of it, these periods have passed. */
	ASSERT_GE(stall.count, STALL_MS);
}

static int late_start(void)
{
	struct profbuf_config config;
	int fd = device_open(0);

	device_configure(fd, PERIOD_NS, 0, 0);
	device_config(fd, &config);
	config.cpu_share = PROFBUF_CPU_SHARE_MAX;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	stream.record = watch_late;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

/* All that was told of late interrupts, record by record, is in the totals. */
static void late_finish(int fd)
{
	struct profbuf_stats stats;

	stream_finish(&stream, fd);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(stats.lost + stats.filtered, 0);
	ASSERT_EQ(stats.late, late_sum);
	ASSERT_EQ(stats.stolen, stolen_sum);
}

/* Up to a period less: the timer was due within the first one. */
static bool stall_is_told(uint32_t tgid, enum profbuf_mode mode, uint32_t stolen)
{
	return stall.tgid == tgid && PROFBUF_MODE(stall.mode) == mode &&
	       stall.late >= STALL_MS - 1 && stall.stolen == stolen;
}

static void print_stall(void)
{
	printf("# the last one: count %llu, late %u, stolen %u, process %u, mode %u%s\n",
	       (unsigned long long)stall.count, stall.late, stall.stolen, stall.tgid,
	       PROFBUF_MODE(stall.mode), stall.shows_function ? ", in the function" : "");
}

static void stall_user_code(unsigned int stolen)
{
	char arguments[64];
	int fd, i, told = 0;
	pid_t pid;

	run_on_cpu(0);
	pid = spin_start(1);
	sleep_ms(100);
	fd = late_start();
	snprintf(arguments, sizeof(arguments), "1 %u %u", STALL_MS, stolen);
	for (i = 0; i < ATTEMPTS && told < WANTED; i++) {
		stall_cpu1(fd, "interrupt", arguments);
		told += stall_is_told(pid, PROFBUF_MODE_USER, stolen);
	}
	if (told < WANTED)
		print_stall();
	ASSERT_EQ(told, WANTED);
	late_finish(fd);
	spin_stop(pid);
}

TEST(late_over_user_code)
{
	stall_user_code(0);
}

/* The tick accounts for it, and comes after the sampling timer. */
TEST(time_that_a_host_has_stolen)
{
	stall_user_code(STOLEN_MS);
	ASSERT_GE(stolen_sum, WANTED * STOLEN_MS);
}

/* Interrupts are taken where they are enabled again. */
TEST(late_over_kernel_code)
{
	char arguments[64];
	int fd, i, told = 0;

	function_find("stall_task");
	run_on_cpu(1);
	fd = late_start();
	snprintf(arguments, sizeof(arguments), "%u", STALL_MS);
	for (i = 0; i < ATTEMPTS && told < WANTED; i++) {
		stall_cpu1(fd, "task", arguments);
		told += stall_is_told(getpid(), PROFBUF_MODE_KERNEL, 0) && stall.shows_function;
	}
	if (told < WANTED)
		print_stall();
	ASSERT_EQ(told, WANTED);
	late_finish(fd);
}
