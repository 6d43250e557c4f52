// SPDX-License-Identifier: GPL-2.0
/*
 * What samples say: header words, stacks, periods, losses; and a program whose profile is
 * known beforehand.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define FIXED	PROFBUF_RECORD_FIXED

static struct stream stream;

static uint32_t record_tgid(const __u64 *record)
{
	return record[FIXED + 1] >> 32;
}

static uint64_t record_mode(const __u64 *record)
{
	return record[FIXED + 2];
}

static enum profbuf_end record_end(const __u64 *record)
{
	return PROFBUF_END(record[FIXED + 10]);
}

static const __u64 *record_stack(const struct profbuf_frame *frame, const __u64 *record,
				 uint32_t *length)
{
	*length = record[0] - FIXED - frame->hdrsize;
	return record + FIXED + frame->hdrsize;
}

/* Counts the records of one process that look as they should, if they matter at all. */
struct watch {
	pid_t pid;
	uint64_t seen;
	bool (*check)(const struct profbuf_frame *frame, const __u64 *record);
};

static void watch_record(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	struct watch *watch = context;

	if (record_tgid(record) != (uint32_t)watch->pid)
		return;
	watch->seen += watch->check(frame, record);
}

/* Samples until the process has been seen often enough. */
static void watch_process(pid_t pid, int fd, uint64_t count,
			  bool (*check)(const struct profbuf_frame *, const __u64 *))
{
	struct watch watch = { .pid = pid, .check = check };

	stream.record = watch_record;
	stream.context = &watch;
	while (watch.seen < count)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
}

static uint64_t expected_cgroup;
static volatile pid_t *expected_thread;

static bool check_header(const struct profbuf_frame *frame, const __u64 *record)
{
	uint64_t now = now_ns();

	ASSERT_EQ(frame->hdrsize, PROFBUF_WORDS_DEFAULT);
	ASSERT_LE(record[1], now);
	ASSERT_GT(record[1], now - TEST_TIMEOUT_SECONDS * 1000000000ULL);
	ASSERT_GE(record[FIXED], 1);
	if ((pid_t)record[FIXED + 1] != *expected_thread)
		return false;
	ASSERT_EQ(PROFBUF_MODE_CPU(record_mode(record)), 1);
	ASSERT(PROFBUF_MODE(record_mode(record)) == PROFBUF_MODE_USER ||
	       PROFBUF_MODE(record_mode(record)) == PROFBUF_MODE_KERNEL);
	ASSERT_EQ(record[FIXED + 3], expected_cgroup);
	ASSERT(!memcmp(&record[FIXED + 4], "known name\0\0\0\0\0", 16));
	ASSERT_EQ(record[FIXED + 6], 500000);
	ASSERT_EQ(record[FIXED + 7], 0);
	return true;
}

/* The cgroup of the unified hierarchy that this process is in. */
static uint64_t own_cgroup(void)
{
	char line[512], path[1024];
	static const char * const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	FILE *file = fopen("/proc/self/cgroup", "r");
	struct stat status;
	size_t i;

	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = 0;
		for (i = 0; i < 2; i++) {
			snprintf(path, sizeof(path), "%s/cgroup.procs", mounts[i]);
			if (access(path, F_OK))
				continue;
			snprintf(path, sizeof(path), "%s%s", mounts[i], line + 3);
			if (!stat(path, &status)) {
				fclose(file);
				return status.st_ino;
			}
		}
	}
	FAIL("no unified hierarchy is mounted");
}

static void *spin_in_thread(void *unused)
{
	(void)unused;
	ASSERT_EQ(prctl(PR_SET_NAME, "known name"), 0);
	*expected_thread = syscall(SYS_gettid);
	for (;;)
		__asm__ __volatile__("" ::: "memory");
	return NULL;
}

/* A process whose second thread spins on CPU 1, and says who it is. */
static pid_t thread_start(void)
{
	pthread_t thread;
	pid_t pid;

	expected_thread = mmap(NULL, sizeof(*expected_thread), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(expected_thread, MAP_FAILED);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_on_cpu(1);
		ASSERT_EQ(pthread_create(&thread, NULL, spin_in_thread, NULL), 0);
		pthread_join(thread, NULL);
		_Exit(1);
	}
	while (!*expected_thread)
		sleep_ms(5);
	ASSERT_NE(*expected_thread, pid);
	return pid;
}

TEST(header_words_tell_who_and_where)
{
	int fd = device_open(0);
	pid_t pid;

	expected_cgroup = own_cgroup();
	pid = thread_start();
	device_configure(fd, 500000, 0, 0);
	watch_process(pid, fd, 100, check_header);
	spin_stop(pid);
}

/* So aligned, and smaller than that, a function is known by its address. */
#define KNOWN_SIZE	128
#define KNOWN		__attribute__((noinline, aligned(KNOWN_SIZE)))

/* Three functions call each other before the third one spins. */
static volatile int known_always = 1;

/* It makes a call, as far as the compiler knows: functions that make none have no frame. */
static KNOWN void known_leaf(void)
{
	while (known_always)
		__asm__ __volatile__("" ::: "memory");
	getppid();
	__asm__ __volatile__("");
}

static KNOWN void known_middle(void)
{
	known_leaf();
	__asm__ __volatile__("");
}

static KNOWN void known_root(void)
{
	known_middle();
	__asm__ __volatile__("");
}

static bool within(uint64_t address, void (*function)(void))
{
	return address >= (uintptr_t)function && address < (uintptr_t)function + KNOWN_SIZE;
}

static bool check_user_stack(const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(record_mode(record));
	uint32_t length, i;
	const __u64 *stack = record_stack(frame, record, &length);

	if (PROFBUF_MODE(record_mode(record)) == PROFBUF_MODE_USER)
		ASSERT_EQ(kernel, 0);
	else
		ASSERT_GT(kernel, 0);
	for (i = 0; i < kernel; i++)
		ASSERT(stack[i] >> 63);
	for (; i < length; i++)
		ASSERT(!(stack[i] >> 63));
	stack += kernel;
	/* Until the loop is reached, there may be no frame yet, or nothing known of the space. */
	if (length == kernel || !within(stack[0], known_leaf) ||
	    stack[0] < (uintptr_t)known_leaf + 8 || record_end(record) == PROFBUF_END_UNKNOWN)
		return false;
	ASSERT_GE(length, kernel + 3);
	ASSERT(within(stack[1], known_middle));
	ASSERT(within(stack[2], known_root));
	return true;
}

static pid_t known_start(void)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	known_root();
	_Exit(0);
}

TEST(user_frames_are_the_callers)
{
	int fd = device_open(0);
	pid_t pid = known_start();

	sleep_ms(100);
	device_configure(fd, 500000, 0, 0);
	watch_process(pid, fd, 300, check_user_stack);
	spin_stop(pid);
}

static uint32_t truncated_depth;

static bool check_truncated(const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *stack;
	uint32_t length;

	stack = record_stack(frame, record, &length);
	/* In the kernel, its frames may take all the room. */
	if (PROFBUF_MODE_KERNEL_FRAMES(record_mode(record)) || !within(stack[0], known_leaf) ||
	    record_end(record) == PROFBUF_END_UNKNOWN)
		return false;
	ASSERT_EQ(length, truncated_depth);
	ASSERT(record_mode(record) & PROFBUF_MODE_TRUNCATED);
	return true;
}

TEST(deeper_stacks_are_marked_as_truncated)
{
	struct profbuf_config config;
	int fd = device_open(0);
	pid_t pid = known_start();

	sleep_ms(100);
	device_configure(fd, 500000, 0, 0);
	device_config(fd, &config);
	for (truncated_depth = 1; truncated_depth <= 2; truncated_depth++) {
		config.stack_depth = truncated_depth;
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
		ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
		stream = (struct stream){};
		watch_process(pid, fd, 100, check_truncated);
	}
	spin_stop(pid);
}

/* Frames that a spinning process has its frame pointer point to, and what that must give. */
struct frame {
	const void *next;
	uint64_t return_address;
};

static struct {
	struct frame frames[8];
	uint64_t code;
	uint32_t length;
	enum profbuf_end end;
} chain;

static bool check_chain(const struct profbuf_frame *frame, const __u64 *record)
{
	uint64_t mode = record_mode(record);
	uint32_t length, i;
	const __u64 *stack = record_stack(frame, record, &length);

	/* It may not spin yet. */
	if (PROFBUF_MODE(mode) != PROFBUF_MODE_USER || length < 2 || stack[1] != chain.code + 1)
		return false;
	ASSERT_EQ(length, chain.length);
	for (i = 1; i < length; i++)
		ASSERT_EQ(stack[i], chain.code + i);
	ASSERT_EQ(record_end(record), chain.end);
	ASSERT(mode & PROFBUF_MODE_USER_INCOMPLETE);
	ASSERT(!(mode & (PROFBUF_MODE_TRUNCATED | PROFBUF_MODE_KERNEL_INCOMPLETE)));
	return true;
}

static void sample_chain(int fd, uint32_t length, enum profbuf_end end)
{
	pid_t pid;

	chain.length = length;
	chain.end = end;
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		__asm__ __volatile__("mov %0, %%rsp; mov %0, %%rbp; 1: jmp 1b"
				     : : "r"(chain.frames));
		__builtin_unreachable();
	}
	stream = (struct stream){};
	watch_process(pid, fd, 20, check_chain);
	spin_stop(pid);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
}

static void link_frames(const void *next_of_third)
{
	int i;

	for (i = 0; i < 8; i++)
		chain.frames[i] = (struct frame){ .return_address = chain.code + 1 + i };
	chain.frames[0].next = &chain.frames[1];
	chain.frames[1].next = &chain.frames[2];
	chain.frames[2].next = next_of_third;
}

TEST(broken_chains_of_user_frames_are_marked)
{
	size_t page = sysconf(_SC_PAGESIZE);
	const char *absent = mmap((void *)0x7f0000000000, page, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct {
		const void *next;
		enum profbuf_end end;
	} wrong[] = {
		{ &chain.frames[2], PROFBUF_END_STRAY },	/* itself */
		{ &chain.frames[0], PROFBUF_END_STRAY },	/* back */
		/* Not aligned, see below. */
		{ (const char *)&chain.frames[4] + 4, PROFBUF_END_STRAY },
		{ absent, PROFBUF_END_ABSENT },
		{ (void *)0x7ffffffffff0, PROFBUF_END_ABSENT },	/* across the end of user space */
		{ (void *)0x800000000000, PROFBUF_END_ABSENT },	/* no address at all */
		{ (void *)0xffffffff81000000, PROFBUF_END_ABSENT },	/* the kernel's */
		{ (void *)-16, PROFBUF_END_ABSENT },
		{ NULL, PROFBUF_END_ZERO },
	};
	const uint64_t nowhere[] = { 0, (uintptr_t)&chain, 0xffffffff81000000 };
	int fd = device_open(0);
	size_t i;

	ASSERT_NE(absent, MAP_FAILED);
	ASSERT((uintptr_t)absent > (uintptr_t)&chain);
	chain.code = code_page();
	device_configure(fd, 500000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		link_frames(wrong[i].next);
		/* Who does not look at the alignment finds a frame there, and 0. */
		chain.frames[4].return_address = (chain.code + 4) << 32;
		chain.frames[5].next = (void *)((chain.code + 4) >> 32);
		sample_chain(fd, 4, wrong[i].end);
	}
	/* Frames that return to nowhere, to data, and to the kernel. */
	for (i = 0; i < 3; i++) {
		link_frames(&chain.frames[3]);
		chain.frames[3].return_address = nowhere[i];
		sample_chain(fd, 4, PROFBUF_END_DATA);
	}
}

/* Signal handlers and coroutines have stacks anywhere, but not where older frames may be left. */
TEST(another_stack_is_followed_to_lower_addresses)
{
	struct frame *low = mmap((void *)0x100000000, 16 << 20, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct frame *close = low + (15 << 20) / sizeof(*low);
	int fd = device_open(0);

	ASSERT_EQ(low, 0x100000000);
	chain.code = code_page();
	device_configure(fd, 500000, 0, 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);

	/* Far below, then above it again, and far enough below that one. */
	close[0] = (struct frame){ &close[1], chain.code + 4 };
	close[1] = (struct frame){ low, chain.code + 5 };
	low[0] = (struct frame){ NULL, chain.code + 6 };
	link_frames(close);
	sample_chain(fd, 7, PROFBUF_END_ZERO);

	/* As far as small stacks are from each other. */
	close[1].next = &close[-600];
	close[-600] = (struct frame){ NULL, chain.code + 6 };
	link_frames(close);
	sample_chain(fd, 7, PROFBUF_END_ZERO);

	/* Close below what was there already. */
	close[1].next = &close[-1];
	close[-1] = (struct frame){ NULL, chain.code + 6 };
	link_frames(close);
	sample_chain(fd, 6, PROFBUF_END_STRAY);
}

static bool check_root(const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(record_mode(record));
	uint32_t length;

	record_stack(frame, record, &length);
	/* It may not spin yet, or nothing be known of its space. */
	if (length == kernel || record_end(record) == PROFBUF_END_UNKNOWN ||
	    PROFBUF_MODE(record_mode(record)) != PROFBUF_MODE_USER)
		return false;
	ASSERT_EQ(length, 2);
	ASSERT_EQ(record_end(record), PROFBUF_END_ROOT);
	ASSERT(!(record_mode(record) & PROFBUF_MODE_USER_INCOMPLETE));
	return true;
}

TEST(where_a_program_begins_its_stack_is_whole)
{
	char path[256] = "";
	int fd = device_open(0);
	pid_t pid;

	ASSERT_GT(readlink("/proc/self/exe", path, sizeof(path) - 12), 0);
	strcpy(strrchr(path, '/') + 1, "entry_spin");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, NULL);
		_Exit(1);
	}
	sleep_ms(100);
	device_configure(fd, 500000, 0, 0);
	watch_process(pid, fd, 100, check_root);
	spin_stop(pid);
}

static bool check_no_user_frames(const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t length;

	record_stack(frame, record, &length);
	ASSERT_EQ(length, PROFBUF_MODE_KERNEL_FRAMES(record_mode(record)));
	return true;
}

static bool check_no_kernel_frames(const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t length;

	record_stack(frame, record, &length);
	ASSERT_EQ(PROFBUF_MODE_KERNEL_FRAMES(record_mode(record)), 0);
	ASSERT_GE(length, 1);
	return true;
}

static void sample_with_flags(uint32_t flags,
			      bool (*check)(const struct profbuf_frame *, const __u64 *))
{
	struct profbuf_config config;
	int fd = device_open(0);
	pid_t pid = known_start();

	sleep_ms(100);
	device_configure(fd, 500000, 0, 0);
	device_config(fd, &config);
	config.flags = flags;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	watch_process(pid, fd, 100, check);
	spin_stop(pid);
}

TEST(kernel_frames_alone)
{
	sample_with_flags(PROFBUF_KERNEL, check_no_user_frames);
}

TEST(user_frames_alone)
{
	sample_with_flags(PROFBUF_USER, check_no_kernel_frames);
}

/* The kernel's functions, in order. */
struct symbol {
	uint64_t address;
	char name[32];
};

static struct symbol *symbols;
static size_t symbol_count;

static int symbol_compare(const void *a, const void *b)
{
	const struct symbol *first = a, *second = b;

	return (first->address > second->address) - (first->address < second->address);
}

static void symbols_read(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	size_t room = 1 << 18;
	struct symbol *next;
	char type;

	symbols = calloc(room, sizeof(*symbols));
	ASSERT(file && symbols);
	for (; symbol_count < room; symbol_count += (type | 0x20) == 't') {
		next = symbols + symbol_count;
		if (fscanf(file, "%llx %c %31s%*[^\n]", (unsigned long long *)&next->address,
			   &type, next->name) != 3)
			break;
	}
	fclose(file);
	ASSERT_GT(symbol_count, 1000);
	ASSERT(symbols[0].address);
	qsort(symbols, symbol_count, sizeof(*symbols), symbol_compare);
}

static const char *symbol_name(uint64_t address)
{
	size_t low = 0, high = symbol_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return symbols[low].name;
}

extern const char known_syscall_end[] __attribute__((visibility("hidden")));

/* A process that makes system calls, always at the same place. */
static __attribute__((noinline)) pid_t syscall_start(void)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	__asm__ __volatile__("1: mov %0, %%eax\n"
			     "syscall\n"
			     "known_syscall_end: jmp 1b"
			     : : "i"(SYS_getppid) : "rax", "rcx", "r11", "memory");
	__builtin_unreachable();
}

/*
 * Where a system call was interrupted, nothing is missing at either end. Its entry does
 * so little that do_syscall_64() itself is what is interrupted, again and again.
 */
static bool check_kernel_stack(const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(record_mode(record));
	uint32_t length, i;
	const __u64 *stack = record_stack(frame, record, &length);

	if (PROFBUF_MODE(record_mode(record)) != PROFBUF_MODE_KERNEL)
		return false;
	ASSERT_GT(kernel, 0);
	for (i = 0; i < kernel; i++)
		ASSERT(stack[i] >> 63);
	ASSERT_GT(length, kernel);
	ASSERT(!(stack[kernel] >> 63));
	if (record_mode(record) & PROFBUF_MODE_KERNEL_INCOMPLETE ||
	    strncmp(symbol_name(stack[kernel - 1]), "entry_SYSCALL_64", 16))
		return false;
	ASSERT_GE(kernel, 2);
	ASSERT_NE(stack[0], stack[1]);
	ASSERT(!strcmp(symbol_name(stack[kernel - 2]), "do_syscall_64"));
	ASSERT_EQ(stack[kernel], (uintptr_t)known_syscall_end);
	return true;
}

TEST(kernel_stacks_reach_the_entry)
{
	int fd = device_open(0);
	pid_t pid = syscall_start();

	symbols_read();
	device_configure(fd, 500000, 0, 0);
	watch_process(pid, fd, 300, check_kernel_stack);
	spin_stop(pid);
}

static uint64_t cut_off;

/* Of two kernel frames, the second is the entry, or what the entry has called. */
static bool check_two_kernel_frames(const struct profbuf_frame *frame, const __u64 *record,
				    bool user)
{
	uint64_t mode = record_mode(record);
	uint32_t length;
	const __u64 *stack = record_stack(frame, record, &length);

	if (PROFBUF_MODE(mode) != PROFBUF_MODE_KERNEL || length < 2)
		return false;
	ASSERT_EQ(length, 2);
	if (PROFBUF_MODE_KERNEL_FRAMES(mode) < 2)
		return false;
	if (!strcmp(symbol_name(stack[1]), "do_syscall_64")) {
		ASSERT(mode & PROFBUF_MODE_TRUNCATED);
		cut_off++;
	}
	if (strncmp(symbol_name(stack[1]), "entry_SYSCALL_64", 16))
		return false;
	ASSERT_EQ(!!(mode & PROFBUF_MODE_TRUNCATED), user);
	return true;
}

static bool check_kernel_truncated(const struct profbuf_frame *frame, const __u64 *record)
{
	return check_two_kernel_frames(frame, record, false);
}

static bool check_user_truncated(const struct profbuf_frame *frame, const __u64 *record)
{
	return check_two_kernel_frames(frame, record, true);
}

static void sample_two_frames(uint32_t flags,
			      bool (*check)(const struct profbuf_frame *, const __u64 *))
{
	struct profbuf_config config;
	int fd = device_open(0);
	pid_t pid = syscall_start();

	symbols_read();
	device_config(fd, &config);
	config.flags = flags;
	config.period_ns = 500000;
	config.stack_depth = 2;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	watch_process(pid, fd, 50, check);
	ASSERT_GT(cut_off, 0);
	spin_stop(pid);
}

TEST(kernel_frames_that_are_cut_off_are_marked)
{
	sample_two_frames(PROFBUF_KERNEL, check_kernel_truncated);
}

TEST(user_frames_without_room_are_marked)
{
	sample_two_frames(PROFBUF_KERNEL | PROFBUF_USER, check_user_truncated);
}

static uint64_t idle_records;

static void count_idle(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	(void)context;
	(void)frame;
	if (PROFBUF_MODE(record_mode(record)) != PROFBUF_MODE_IDLE)
		return;
	ASSERT_EQ(record_tgid(record), 0);
	idle_records++;
}

TEST(idle_cpus_are_filtered_unless_asked_for)
{
	struct profbuf_config config;
	struct profbuf_stats stats;
	int fd = device_open(0);

	stream.record = count_idle;
	device_configure(fd, 500000, 0, 0);
	while (idle_records < 50)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(stats.filtered, 0);

	stream = (struct stream){ .record = count_idle };
	idle_records = 0;
	device_config(fd, &config);
	config.flags &= ~PROFBUF_IDLE;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	do {
		sleep_ms(20);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
	} while (stats.slept + stats.filtered < 50);
	stream_finish(&stream, fd);
	ASSERT_EQ(idle_records, 0);
}

static uint64_t softirq_records;

static void count_softirq(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	(void)context;
	softirq_records += frame->cpu == 1 && !record_tgid(record) &&
			   PROFBUF_MODE(record_mode(record)) == PROFBUF_MODE_KERNEL;
}

/* Sends from CPU 0, in bursts, what CPU 1, otherwise idle, receives in its softirq. */
static pid_t packets_start(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char packet[1024] = {};
	pid_t pid;
	int i;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	ASSERT_EQ(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		for (i = 0; i < 50; i++)
			sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));
		sleep_ms(1);
	}
}

/* Not for PREEMPT_RT, where softirqs never run on top of the idle task. */
TEST(softirqs_are_not_idle)
{
	int rps = open("/sys/class/net/lo/queues/rx-0/rps_cpus", O_WRONLY);
	struct profbuf_config config;
	int fd = device_open(0);
	pid_t pid;

	ASSERT_EQ(write(rps, "2", 1), 1);
	run_on_cpu(0);
	pid = packets_start();

	stream.record = count_softirq;
	device_configure(fd, 500000, 0, 0);
	device_config(fd, &config);
	config.flags &= ~PROFBUF_IDLE;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	while (softirq_records < 50)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	spin_stop(pid);
	ASSERT_EQ(write(rps, "0", 1), 1);
}

static struct {
	uint64_t first_time, last_time, periods;
} clocks[DEVICE_CPUS];

static void count_periods(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t cpu = frame->cpu;

	(void)context;
	if (clocks[cpu].first_time) {
		ASSERT_GT(record[1], clocks[cpu].last_time);
		clocks[cpu].periods += record[FIXED];
	} else {
		clocks[cpu].first_time = record[1];
	}
	clocks[cpu].last_time = record[1];
}

TEST(periods_add_up_to_the_time_that_passed)
{
	const uint64_t period = 50000;
	const uint64_t end = now_ns() + 3000000000;
	struct profbuf_config config;
	uint64_t late = 0;
	int fd = device_open(0);
	int cpu;

	/* So short a period that interrupts come late, and stand for several. */
	stream.record = count_periods;
	device_configure(fd, period, 0, 0);
	device_config(fd, &config);
	config.ring_size = 16 << 20;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	/* Many come where timers are exact, few where they wait for a tick. */
	while (stream_records(&stream) < 20000 && now_ns() < end)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	ASSERT_EQ(stream_lost(&stream), 0);
	for (cpu = 0; cpu < DEVICE_CPUS; cpu++) {
		uint64_t elapsed = clocks[cpu].last_time - clocks[cpu].first_time;
		uint64_t told = clocks[cpu].periods * period;

		/* An interrupt comes within the last period that it stands for. */
		ASSERT_LT(told, elapsed + period);
		ASSERT_LT(elapsed, told + period);
		if (stream.records[cpu])
			late += clocks[cpu].periods - (stream.records[cpu] - 1);
	}
	printf("# %llu periods were late\n", (unsigned long long)late);
}

static uint64_t last_times[DEVICE_CPUS];

static void check_order(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	(void)context;
	ASSERT_GE(record[1], last_times[frame->cpu]);
	last_times[frame->cpu] = record[1];
}

TEST(losses_are_counted_where_they_happen)
{
	struct profbuf_config config;
	struct profbuf_stats stats;
	int fd = device_open(0);
	int i;

	stream.record = check_order;
	device_configure(fd, 100000, 0, 0);
	device_config(fd, &config);
	config.ring_size = 8192;
	config.stack_depth = 16;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	for (i = 1; i <= 5; i++) {
		do {
			sleep_ms(5);
			device_stats(fd, PROFBUF_CPU_NONE, &stats);
		} while (stats.lost < stream_lost(&stream) + 100);
		ASSERT_GT(stream_read(&stream, fd), 0);
	}
	stream_finish(&stream, fd);
	ASSERT_GT(stream_lost(&stream), 100);
}

TEST(a_ring_is_full_when_all_its_words_are_in_use)
{
	const uint64_t words = 512, record = PROFBUF_RECORD_FIXED + 1;
	struct profbuf_config config;
	struct profbuf_stats stats;
	int fd = device_open(0);
	int cpu;

	/* The shortest records there are: one word of header, no stack. */
	device_config(fd, &config);
	config.flags = PROFBUF_IDLE;
	config.hdrsize = 1;
	config.stack_depth = 1;
	config.period_ns = 100000;
	config.ring_size = words * sizeof(uint64_t);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	for (cpu = 0; cpu < 2; cpu++) {
		do {
			sleep_ms(5);
			device_stats(fd, cpu, &stats);
		} while (!stats.lost);
		ASSERT_EQ(stats.records, words / record);
	}
	stream_finish(&stream, fd);
}

/* 60, 30 and 10 turns of the same loop: what else can their shares of the time be? */
#define KNOWN_LOOP(name)						\
	static KNOWN void name(unsigned long turns)			\
	{								\
		while (turns--)						\
			__asm__ __volatile__("" ::: "memory");		\
	}

KNOWN_LOOP(known_60)
KNOWN_LOOP(known_30)
KNOWN_LOOP(known_10)

static pid_t known_profile_start(void)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		known_60(600007);
		known_30(300007);
		known_10(100003);
	}
}

static struct {
	pid_t pid;
	double total, of_60, of_30, of_10;
} known;

static void count_known(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t length;
	const __u64 *stack = record_stack(frame, record, &length);
	uint64_t address;

	(void)context;
	if (record_tgid(record) != (uint32_t)known.pid)
		return;
	/* Where it was in user space, interrupts of others' making aside. */
	ASSERT_GT(length, PROFBUF_MODE_KERNEL_FRAMES(record_mode(record)));
	address = stack[PROFBUF_MODE_KERNEL_FRAMES(record_mode(record))];
	known.total++;
	if (within(address, (void (*)(void))known_60))
		known.of_60++;
	else if (within(address, (void (*)(void))known_30))
		known.of_30++;
	else if (within(address, (void (*)(void))known_10))
		known.of_10++;
}

/* Five standard deviations of so many samples. */
static void check_share(double count, double share)
{
	double error = 5 * sqrt(share * (1 - share) / known.total);

	if (count < known.total * (share - error) || count > known.total * (share + error))
		FAIL("%.0f of %.0f samples are not %.0f %%", count, known.total, share * 100);
}

TEST(a_known_profile_comes_out)
{
	struct profbuf_config config;
	int fd = device_open(0);

	known.pid = known_profile_start();
	stream.record = count_known;
	device_config(fd, &config);
	config.period_ns = 509000;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	while (known.total < 4000)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	spin_stop(known.pid);
	check_share(known.of_60, 0.6);
	check_share(known.of_30, 0.3);
	check_share(known.of_10, 0.1);
}
