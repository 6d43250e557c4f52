// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind tables under load: they come, go, and are damaged, while stacks are walked by them.
 *
 * Each file of code has a table that leads to another caller, so that it shows which one was used.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"
#include "make_table.h"
#include "told.h"

#define FIXED		PROFBUF_RECORD_FIXED
#define PERIOD_NS	100000

#define FILES		64

/* Where a file is mapped, and where code is that all of them are called from. */
#define PLACE(i)	(KNOWN_CODE + 2 * KNOWN_PAGE * (i))
#define CALLERS		PLACE(FILES)
#define CALLER(i)	(CALLERS + 1 + (i))

/* What no record may hold. */
#define SECRET		0x5ec4e75ec4e75ec4ULL

/* So many turns take about as long as a period. */
#define TURNS		20000

static struct stream stream;
static int files[FILES];

/* What processes share. */
struct shared {
	volatile uint64_t seen;			/* records of known code */
	volatile uint64_t with_table;		/* of these, walked by its table */
	volatile uint64_t without_table;
	volatile uint64_t accepted;
	volatile bool hurry, end;
};

static struct shared *shared;

static const struct known_registers registers = { .sp = WORD(0), .bp = SECRET, .di = SECRET };

/* The n-th file's table leads to CALLER(n), if its own slot is looked up, else nowhere. */
static struct profbuf_unwind_table *table_of(int i)
{
	struct profbuf_unwind_rule rules[KNOWN_SLOTS];
	int slot;

	for (slot = 0; slot < KNOWN_SLOTS; slot++)
		rules[slot] = (struct profbuf_unwind_rule){ .cfa = PROFBUF_UNWIND_UNKNOWN };
	rules[i % KNOWN_SLOTS] = (struct profbuf_unwind_rule){
		.cfa = PROFBUF_UNWIND_SP,
		.offset = 8 * (1 + i),
	};
	return known_table(rules, KNOWN_SLOTS);
}

/* Loads it unless it is there. Returns 0, or -1 with errno. */
static int load_table_of(int fd, int i)
{
	struct profbuf_unwind_table *table = table_of(i);
	int result = table_load(fd, files[i], table);

	free(table);
	return result;
}

static void make_files(void)
{
	uint64_t *stack = known_stack();
	int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(shared, MAP_FAILED);
	for (i = 0; i < FILES; i++) {
		files[i] = known_file();
		stack[i] = CALLER(i);
	}
	for (; i < KNOWN_WORDS; i++)
		stack[i] = SECRET;
	known_map(known_file(), CALLERS);
}

/* Runs the code of a file, wherever it is mapped. */
static void run_file(int i, uint64_t place)
{
	struct known_registers begin = registers;

	begin.ip = place + i % KNOWN_SLOTS * KNOWN_SLOT;
	known_run(&begin, TURNS);
}

/* What is looked at: known code of a process, its file as the address tells, and since when. */
static pid_t watched;
static int (*file_at)(uint64_t ip);
static uint64_t since;

static void check_table(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	const __u64 *stack = record + FIXED + frame->hdrsize;
	uint32_t length = record[0] - FIXED - frame->hdrsize;
	uint64_t end = record[FIXED + 10];
	int file;

	(void)context;
	if (record[FIXED + 1] >> 32 != (uint64_t)watched ||
	    PROFBUF_MODE(record[FIXED + 2]) != PROFBUF_MODE_USER || record[1] < since ||
	    end == PROFBUF_END_UNKNOWN)
		return;
	file = file_at(stack[0]);
	if (file < 0)
		return;
	shared->seen++;
	if (length == 1) {
		ASSERT_EQ(end, PROFBUF_END_STRAY | PROFBUF_END_NO_TABLE);
		shared->without_table++;
		return;
	}
	ASSERT_EQ(length, 2);
	ASSERT_EQ(stack[1], CALLER(file));
	ASSERT_EQ(end, PROFBUF_END_STRAY | PROFBUF_END_NO_TABLE);
	shared->with_table++;
}

/* Of files that have a place each. */
static int file_at_place(uint64_t ip)
{
	int i = (ip - KNOWN_CODE) / (2 * KNOWN_PAGE);

	return i < FILES && ip == PLACE(i) + i % KNOWN_SLOTS * KNOWN_SLOT ? i : -1;
}

static int session_begin(void)
{
	struct profbuf_config config;
	int fd = device_open(0);

	module_parameter("cpu_share", "1000");
	device_configure(fd, PERIOD_NS, 1 << 14, 10000000);
	device_config(fd, &config);
	config.cpu_share = PROFBUF_CPU_SHARE_MAX;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_SET_CONFIG, &config), 0);
	memset(&stream, 0, sizeof(stream));
	stream.record = check_table;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

static void wait_for_success(pid_t pid)
{
	int status;

	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* Reads until the process has ended, successfully. */
static void read_until_end(int fd, pid_t pid)
{
	siginfo_t info = {};

	while (!info.si_pid) {
		ASSERT_GT(stream_read(&stream, fd), 0);
		ASSERT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	}
	wait_for_success(pid);
}

static void map_files(void)
{
	int i;

	for (i = 0; i < FILES; i++)
		known_map(files[i], PLACE(i));
}

static void run_all_files(void)
{
	int i;

	map_files();
	while (!shared->end) {
		/* At first those that have no table; later on all. */
		for (i = 0; i < FILES; i++) {
			if (shared->hurry || i >= FILES / 2)
				run_file(i, PLACE(i));
		}
	}
}

/* Tables of the other half have not been used for long, and are, from the first that goes on. */
static void replace_tables(void)
{
	int fd = device_open(0), i;

	for (i = FILES / 2; i < FILES; i++) {
		while (load_table_of(fd, i)) {
			ASSERT_EQ(errno, ENOSPC);
			if (shared->hurry)
				break;
			sleep_ms(10);
		}
		shared->hurry = true;
	}
	/* Those that there are stay in use. */
	while (shared->with_table < 100 || shared->without_table < 100)
		sleep_ms(10);
	shared->end = true;
}

TEST(tables_are_replaced_while_stacks_are_walked_by_them)
{
	int fd, i, there = 0, gone = 0;
	pid_t loader;

	make_files();
	file_at = file_at_place;
	fd = session_begin();
	/* A page each. */
	module_parameter("unwind_memory", "131072");
	for (i = 0; i < FILES / 2; i++)
		ASSERT_EQ(load_table_of(fd, i), 0);
	watched = child_start(run_all_files);
	loader = child_start(replace_tables);
	read_until_end(fd, loader);
	for (i = 0; i < FILES; i++) {
		if (table_ask(fd, files[i]) == EEXIST)
			there++;
		else if (i < FILES / 2)
			gone++;
	}
	stream_finish(&stream, fd);
	wait_for_success(watched);
	module_parameter("unwind_memory", "67108864");
	ASSERT_EQ(there, FILES / 2);
	ASSERT_GT(gone, 0);
	printf("# %d tables were replaced; %llu walks with, %llu without\n", gone,
	       (unsigned long long)shared->with_table, (unsigned long long)shared->without_table);
}

#define SESSIONS	3
#define ROUNDS		30

static void run_some_files(void)
{
	int i;

	map_files();
	for (;;) {
		for (i = 0; i < 8; i++)
			run_file(i, PLACE(i));
	}
}

/* Tables of before may be there, or have gone with the last session. */
static void sessions_loop(void)
{
	unsigned int random = getpid();
	int fd, i, round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t before;

		fd = session_begin();
		for (i = 0; i < 8; i++) {
			if (rand_r(&random) % 2 && load_table_of(fd, i))
				ASSERT_EQ(errno, EEXIST);
		}
		before = stream_records(&stream);
		while (stream_records(&stream) < before + 100 + rand_r(&random) % 200)
			ASSERT_GT(stream_read(&stream, fd), 0);
		if (rand_r(&random) % 2)
			stream_finish(&stream, fd);
		ASSERT_EQ(close(fd), 0);
		sleep_ms(rand_r(&random) % 20);
	}
}

TEST(sessions_come_and_go_and_take_tables_with_them)
{
	pid_t sessions[SESSIONS];
	int i;

	make_files();
	file_at = file_at_place;
	watched = child_start(run_some_files);
	for (i = 0; i < SESSIONS; i++)
		sessions[i] = child_start(sessions_loop);
	for (i = 0; i < SESSIONS; i++)
		wait_for_success(sessions[i]);
	spin_stop(watched);
	ASSERT_GT(shared->with_table, 0);
	ASSERT_GT(shared->without_table, 0);
	/* All have gone. */
	ASSERT_EQ(table_ask(device_open(0), files[0]), ENOENT);
}

/* Files that take each other's place; and one that stays. */
#define STAYS	(FILES - 1)

/* Their addresses tell which it is: each runs a slot of its own. */
static int file_at_one_place(uint64_t ip)
{
	if (ip - PLACE(0) < KNOWN_PAGE)
		return (ip - PLACE(0)) % KNOWN_SLOT ? -1 : (int)((ip - PLACE(0)) / KNOWN_SLOT);
	return ip == PLACE(STAYS) + STAYS % KNOWN_SLOTS * KNOWN_SLOT ? STAYS : -1;
}

static void *run_staying(void *argument)
{
	(void)argument;
	while (!shared->end)
		run_file(STAYS, PLACE(STAYS));
	return NULL;
}

static void run_changing(void)
{
	pthread_t thread;
	uint64_t before;
	int i;

	known_map(files[STAYS], PLACE(STAYS));
	ASSERT_EQ(pthread_create(&thread, NULL, run_staying, NULL), 0);
	for (i = 0; i < 1500; i++) {
		before = shared->seen;
		known_map(files[i % KNOWN_SLOTS], PLACE(0));
		run_file(i % KNOWN_SLOTS, PLACE(0));
		/* Where a worker looks what is mapped, it takes a while. */
		while (i % 17 == 0 && shared->seen < before + 10)
			run_file(i % KNOWN_SLOTS, PLACE(0));
		if (i % 3 == 0)
			ASSERT_EQ(munmap((void *)PLACE(0), KNOWN_PAGE), 0);
	}
	shared->end = true;
	ASSERT_EQ(pthread_join(thread, NULL), 0);
}

TEST(files_that_are_mapped_and_unmapped_are_walked_by_their_own_tables)
{
	int fd, i;

	make_files();
	file_at = file_at_one_place;
	fd = session_begin();
	for (i = 0; i < KNOWN_SLOTS; i++)
		ASSERT_EQ(load_table_of(fd, i), 0);
	ASSERT_EQ(load_table_of(fd, STAYS), 0);
	watched = child_start(run_changing);
	read_until_end(fd, watched);
	stream_finish(&stream, fd);
	ASSERT_GT(shared->with_table, 500);
	ASSERT_EQ(shared->without_table, 0);
}

#define OLD_PATH	"/dev/shm/known_code"
#define NEW_PATH	OLD_PATH ".new"

/* A copy of a file, at a path. */
static int copy_file(int file, const char *path)
{
	int copy = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0700);
	char page[KNOWN_PAGE];

	ASSERT_GE(copy, 0);
	ASSERT_EQ(pread(file, page, sizeof(page), 0), sizeof(page));
	ASSERT_EQ(write(copy, page, sizeof(page)), sizeof(page));
	return copy;
}

static void run_first(void)
{
	for (;;)
		run_file(0, PLACE(0));
}

TEST(a_file_in_the_place_of_another_does_not_have_its_table)
{
	pid_t before, after;
	int fd, old, new;

	make_files();
	file_at = file_at_place;
	old = copy_file(files[0], OLD_PATH);
	ASSERT_EQ(close(files[0]), 0);
	files[0] = old;
	fd = session_begin();
	ASSERT_EQ(load_table_of(fd, 0), 0);
	known_map(old, PLACE(0));
	before = child_start(run_first);
	for (watched = before; shared->with_table < 100;)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(shared->without_table, 0);

	new = copy_file(old, NEW_PATH);
	ASSERT_EQ(rename(NEW_PATH, OLD_PATH), 0);
	ASSERT_EQ(close(new), 0);
	new = open(OLD_PATH, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(table_ask(fd, new), ENOENT);
	known_map(new, PLACE(0));
	shared->with_table = 0;
	after = child_start(run_first);
	for (watched = after; shared->without_table < 100;)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(shared->with_table, 0);
	stream_finish(&stream, fd);
	spin_stop(before);
	spin_stop(after);
	ASSERT_EQ(unlink(OLD_PATH), 0);
}

/* As many as there are places for. */
#define TABLES_MAX	4096

/* Loads tables that lead to another caller than that of the first file does. */
static void load_others(int fd, int count)
{
	struct profbuf_unwind_table *table = table_of(KNOWN_SLOTS);
	int file, i;

	for (i = 0; i < count; i++) {
		file = known_file();
		while (table_load(fd, file, table)) {
			ASSERT_EQ(errno, ENOSPC);
			sleep_ms(100);
		}
		ASSERT_EQ(close(file), 0);
	}
	free(table);
}

static void read_until_seen(int fd)
{
	uint64_t before = shared->seen;

	while (shared->seen < before + 100)
		ASSERT_GT(stream_read(&stream, fd), 0);
}

TEST(a_table_in_the_place_of_one_that_has_gone_is_not_taken_for_it)
{
	int fd, status;

	make_files();
	file_at = file_at_place;
	fd = session_begin();
	ASSERT_EQ(load_table_of(fd, 0), 0);
	known_map(files[0], PLACE(0));
	watched = child_start(run_first);
	read_until_seen(fd);
	ASSERT_EQ(shared->without_table, 0);

	/* It is not used any more, and in the end all places are another's. */
	ASSERT_EQ(kill(watched, SIGSTOP), 0);
	ASSERT_EQ(waitpid(watched, &status, WUNTRACED), watched);
	load_others(fd, TABLES_MAX);
	ASSERT_EQ(table_ask(fd, files[0]), ENOENT);
	since = now_ns();
	shared->with_table = 0;
	ASSERT_EQ(kill(watched, SIGCONT), 0);
	while (!shared->without_table)
		ASSERT_GT(stream_read(&stream, fd), 0);
	ASSERT_EQ(shared->with_table, 0);
	/* It is found where it is now. */
	while (load_table_of(fd, 0)) {
		ASSERT_EQ(errno, ENOSPC);
		sleep_ms(100);
	}
	while (!shared->with_table)
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	spin_stop(watched);
}

/* One of each kind, those of the interrupted frame first. */
static const struct profbuf_unwind_rule flipped_rules[KNOWN_SLOTS] = {
	{ .cfa = PROFBUF_UNWIND_SP_POINTER, .offset = 16, .addend = 8 },
	{ .cfa = PROFBUF_UNWIND_SP, .offset = 8, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -16 },
	{ .cfa = PROFBUF_UNWIND_SIGNAL },
	{ .cfa = PROFBUF_UNWIND_REGISTER, .number = KNOWN_DI, .ra = PROFBUF_UNWIND_RA_REGISTER,
	  .ra_number = KNOWN_DI },
	{ .cfa = PROFBUF_UNWIND_BP, .offset = 16, .bp = PROFBUF_UNWIND_BP_AT_BP },
	{ .cfa = PROFBUF_UNWIND_PLT, .offset = 8, .number = KNOWN_LATER },
	{ .cfa = PROFBUF_UNWIND_FRAME_POINTER },
	{ .cfa = PROFBUF_UNWIND_BP_POINTER, .offset = -8, .bp = PROFBUF_UNWIND_BP_LOST },
};

/* Addresses of code, of the stack, and what is neither. */
static void fill_stack(uint64_t seed)
{
	uint64_t *stack = (uint64_t *)KNOWN_STACK;
	unsigned int random = seed;
	int i;

	for (i = 0; i < KNOWN_WORDS; i++) {
		unsigned int kind = rand_r(&random) % 8, n = rand_r(&random);

		if (kind < 4)
			stack[i] = PLACE(0) + n % KNOWN_PAGE;
		else if (kind < 7)
			stack[i] = WORD(n % KNOWN_WORDS);
		else
			stack[i] = SECRET;
	}
}

static void run_flipped(int file, uint64_t seed)
{
	struct known_registers begin = { .sp = WORD(64), .bp = WORD(80), .di = WORD(72) };
	uint64_t before = shared->seen;
	unsigned int i;

	known_map(file, PLACE(0));
	for (i = 0; i < 2 * KNOWN_SLOTS || shared->seen == before; i++) {
		fill_stack(seed + i);
		begin.ip = SLOT_AT(i % KNOWN_SLOTS, i / KNOWN_SLOTS % 2 ? KNOWN_LATER : 0);
		known_run(&begin, TURNS / 4);
	}
}

/* Runs code that has the table, if it is accepted. */
static void try_table(int fd, const struct profbuf_unwind_table *table, uint64_t size,
		      uint64_t seed)
{
	struct profbuf_unwind_load load = {
		.size = sizeof(load),
		.table = (uintptr_t)table,
		.table_size = size,
		.fd = known_file(),
	};

	if (!ioctl(fd, PROFBUF_IOC_LOAD_UNWIND, &load)) {
		run_flipped(load.fd, seed);
		shared->accepted++;
	} else {
		ASSERT_EQ(errno, EINVAL);
	}
	ASSERT_EQ(close(load.fd), 0);
}

/* Of each byte a bit, and all of them. */
static void flip_bytes(void)
{
	const struct make_row rows[] = {
		{ 0, 0 }, { 64, 1 }, { 128, 2 }, { 192, 3 }, { 256, 4 }, { 320, 5 }, { 384, 6 },
		{ 448, 7 },
	};
	struct profbuf_unwind_table *table = make_table(0, KNOWN_PAGE, 16, flipped_rules,
							KNOWN_SLOTS, rows, KNOWN_SLOTS);
	uint8_t *bytes = (uint8_t *)table;
	uint64_t size = table->size, i;
	int fd = device_open(0);

	for (i = 0; i < size; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = byte ^ 1 << i * 5 % 8;
		try_table(fd, table, size, i);
		bytes[i] = ~byte;
		try_table(fd, table, size, i);
		bytes[i] = byte;
	}
}

static void check_flipped(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t i;

	(void)context;
	if (record[FIXED + 1] >> 32 != (uint64_t)watched ||
	    PROFBUF_MODE(record[FIXED + 2]) != PROFBUF_MODE_USER ||
	    record[FIXED + frame->hdrsize] - PLACE(0) >= KNOWN_PAGE)
		return;
	shared->seen++;
	/* Of what lies on the stack, only addresses of code are recorded. */
	for (i = FIXED + frame->hdrsize; i < record[0]; i++) {
		ASSERT_NE(record[i], SECRET);
		ASSERT(record[i] - KNOWN_STACK >= 2 * KNOWN_PAGE);
	}
}

TEST(no_byte_of_a_table_does_harm)
{
	int fd;

	make_files();
	fd = session_begin();
	stream.record = check_flipped;
	watched = child_start(flip_bytes);
	read_until_end(fd, watched);
	stream_finish(&stream, fd);
	printf("# %llu damaged tables were accepted, %llu walks by them\n",
	       (unsigned long long)shared->accepted, (unsigned long long)shared->seen);
	ASSERT_GT(shared->accepted, 50);
	ASSERT_GE(shared->seen, shared->accepted);
}

/* Loads a table that is wrong for all code of a file, but leads on. */
static void load_wrong_table(int fd, const char *path)
{
	const struct profbuf_unwind_rule rule = {
		.cfa = PROFBUF_UNWIND_SP,
		.offset = 8,
		.bp = PROFBUF_UNWIND_BP_AT_BP,
	};
	const struct make_row row = { 0, 0 };
	struct profbuf_unwind_table *table = make_table(0, 64 << 20, 16, &rule, 1, &row, 1);
	int file = open(path, O_RDONLY | O_CLOEXEC);

	ASSERT_GE(file, 0);
	if (table_load(fd, file, table))
		ASSERT_EQ(errno, EEXIST);
	ASSERT_EQ(close(file), 0);
	free(table);
}

/* Of the program, its libraries, and what it executes: the same ones, and the dynamic linker. */
static void load_wrong_tables(int fd)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], access[8], path[256];

	ASSERT(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*s %7s %*s %*s %*s %255s", access, path) == 2 &&
		    access[2] == 'x' && path[0] == '/' && strncmp(path, "/memfd:", 7))
			load_wrong_table(fd, path);
	}
	fclose(maps);
	load_wrong_table(fd, "/bin/true");
}

#define EXECUTED	40

static void execute(bool by_vfork)
{
	pid_t pid = by_vfork ? vfork() : fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	wait_for_success(pid);
}

static void execute_many(void)
{
	int i;

	for (i = 0; i < EXECUTED; i++)
		execute(i % 2);
}

TEST(programs_are_executed_while_stacks_are_walked_by_wrong_tables)
{
	struct told told;
	int fd = told_begin(&told, &stream, 2 * PERIOD_NS, 0);
	size_t i, callers = 0;
	pid_t pid;

	load_wrong_tables(fd);
	pid = child_start(execute_many);
	read_until_end(fd, pid);
	told_end(&stream, fd, 0);
	ASSERT_GT(told_check(&told), EXECUTED);
	for (i = 0; i < told.nr_records; i++)
		callers += told.records[i].frames > 1;
	ASSERT_GT(callers, EXECUTED);
	told_free(&told);
}
