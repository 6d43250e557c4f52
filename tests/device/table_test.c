// SPDX-License-Identifier: GPL-2.0
/*
 * Loading unwind tables: what is refused, what they may take, who pays, and for how long they stay.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "known_code.h"
#include "make_table.h"

/* As many as there may be; each of those that are made here takes a page. */
#define TABLES_MAX	4096

/* Several ticks: what is done then has another time than what was done before. */
#define TICKS_MS	50

static const struct profbuf_unwind_rule rules[] = {
	{ .cfa = PROFBUF_UNWIND_SP, .offset = 8 },
	{ .cfa = PROFBUF_UNWIND_BP, .offset = 16, .bp = PROFBUF_UNWIND_BP_CFA, .bp_offset = -16 },
	{ .cfa = PROFBUF_UNWIND_ROOT },
};

static struct profbuf_unwind_table *some_table(void)
{
	return known_table(rules, 3);
}

static int load(int fd, const struct profbuf_unwind_load *load)
{
	return ioctl(fd, PROFBUF_IOC_LOAD_UNWIND, load);
}

/* Loads the table as that of a new file, whose descriptor it returns; -1, and errno. */
static int load_new(int fd, const struct profbuf_unwind_table *table)
{
	int file = known_file();

	if (!table_load(fd, file, table))
		return file;
	close(file);
	return -1;
}

TEST(what_is_to_be_loaded_is_checked)
{
	struct profbuf_unwind_table *table = some_table();
	const struct profbuf_unwind_load right = {
		.size = sizeof(right),
		.table = (uintptr_t)table,
		.table_size = table->size,
		.fd = known_file(),
	};
	char *page = mmap(NULL, 2 * KNOWN_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	struct profbuf_unwind_load wrong;
	int fd = device_open(0);

#define REFUSED(error, change)						\
	do {								\
		wrong = right;						\
		change;							\
		ASSERT_ERRNO(load(fd, &wrong), error);			\
		ASSERT_EQ(table_ask(fd, right.fd), ENOENT);		\
	} while (0)

	REFUSED(EINVAL, wrong.size = 0);
	REFUSED(EINVAL, wrong.size--);
	REFUSED(E2BIG, wrong.size = 4097);
	REFUSED(EINVAL, wrong.flags = 2);
	REFUSED(EINVAL, wrong.flags = 1U << 31);
	/* The vdso has no descriptor. */
	REFUSED(EINVAL, wrong.flags = PROFBUF_UNWIND_VDSO);
	REFUSED(EINVAL, wrong.reserved = 1);
	REFUSED(EBADF, wrong.fd = -1);
	REFUSED(EBADF, wrong.fd = 1000);
	REFUSED(EINVAL, wrong.table_size = 1);
	REFUSED(EINVAL, wrong.table_size = sizeof(struct profbuf_unwind_table) - 1);
	REFUSED(EINVAL, wrong.table_size--);
	REFUSED(E2BIG, wrong.table_size = UINT64_MAX);
	REFUSED(EFAULT, wrong.table = 0);
	REFUSED(EFAULT, wrong.table = 0xffff888000000000);
	REFUSED(EFAULT, wrong.table = UINT64_MAX - 8);
	ASSERT_ERRNO(load(fd, NULL), EFAULT);

	/* Its end is not there. */
	ASSERT_NE(page, MAP_FAILED);
	ASSERT_EQ(munmap(page + KNOWN_PAGE, KNOWN_PAGE), 0);
	memcpy(page + KNOWN_PAGE - 64, table, 64);
	REFUSED(EFAULT, wrong.table = (uintptr_t)page + KNOWN_PAGE - 64);

	/* A larger structure that sets nothing more is a later version of this one. */
	memset(page, 0, KNOWN_PAGE);
	memcpy(page, &right, sizeof(right));
	((struct profbuf_unwind_load *)page)->size = sizeof(right) + 8;
	page[sizeof(right)] = 1;
	ASSERT_ERRNO(load(fd, (void *)page), E2BIG);
	page[sizeof(right)] = 0;
	ASSERT_EQ(load(fd, (void *)page), 0);
	ASSERT_EQ(table_ask(fd, right.fd), EEXIST);
}

TEST(sizes_that_are_none_are_refused_also_where_there_is_no_limit)
{
	static const uint64_t sizes[] = {
		-1ULL, -8ULL, -64ULL, -96ULL, -104ULL, -112ULL, -120ULL, -4096ULL, 1ULL << 63,
		1ULL << 32, 1ULL << 31,
	};
	/* Its header and its index are there. */
	struct profbuf_unwind_table *table = some_table();
	struct profbuf_unwind_load wrong = {
		.size = sizeof(wrong),
		.table = (uintptr_t)table,
		.fd = known_file(),
	};
	int fd = device_open(0);
	size_t i;

	table->nr_rules = 0;
	module_parameter("unwind_memory", "18446744073709551615");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		wrong.table_size = sizes[i];
		ASSERT_ERRNO(load(fd, &wrong), E2BIG);
	}
	module_parameter("unwind_memory", "67108864");
}

TEST(a_file_has_one_table)
{
	struct profbuf_unwind_table *table = some_table();
	int fd = device_open(0), other = device_open(0);
	int file = known_file(), same = dup(file);
	char path[64];

	ASSERT_EQ(table_ask(fd, file), ENOENT);
	ASSERT_EQ(table_load(fd, file, table), 0);
	ASSERT_EQ(table_ask(fd, file), EEXIST);
	ASSERT_ERRNO(table_load(fd, file, table), EEXIST);
	/* Whatever session it is loaded by, and whatever descriptor tells of it. */
	ASSERT_ERRNO(table_load(other, same, table), EEXIST);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	ASSERT_EQ(table_ask(other, open(path, O_RDONLY)), EEXIST);
	/* Another file of the same content is another one. */
	ASSERT_EQ(table_ask(fd, known_file()), ENOENT);
	/* Changed, at another time, it is no longer what the table is of. */
	sleep_ms(TICKS_MS);
	ASSERT_EQ(fchmod(file, 0700), 0);
	ASSERT_EQ(table_ask(fd, file), ENOENT);
	ASSERT_EQ(table_load(fd, file, table), 0);
}

TEST(the_vdso_has_a_table)
{
	struct profbuf_unwind_table *table = some_table();
	struct profbuf_unwind_load vdso = {
		.size = sizeof(vdso),
		.flags = PROFBUF_UNWIND_VDSO,
		.fd = -1,
	};
	int fd = device_open(0);

	ASSERT_ERRNO(load(fd, &vdso), ENOENT);
	vdso.table = (uintptr_t)table;
	vdso.table_size = table->size;
	ASSERT_EQ(load(fd, &vdso), 0);
	ASSERT_ERRNO(load(fd, &vdso), EEXIST);
}

/* In a process of a user that may do nothing but this. */
static void as_nobody(uint32_t capabilities_high, void (*run)(void))
{
	int status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		become_nobody(capabilities_high);
		run();
		_Exit(0);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
}

static int privileged;

static void try_without_privilege(void)
{
	ASSERT_EQ(table_ask(device_open(0), known_file()), EPERM);
	ASSERT_ERRNO(table_load(device_open(0), known_file(), some_table()), EPERM);
	/* Whoever has opened it. */
	ASSERT_ERRNO(table_load(privileged, known_file(), some_table()), EPERM);
}

static void try_with_cap_perfmon(void)
{
	ASSERT_EQ(table_load(device_open(0), known_file(), some_table()), 0);
}

TEST(loading_takes_the_privilege_that_sampling_does)
{
	privileged = device_open(0);
	as_nobody(0, try_without_privilege);
	as_nobody(CAP_TO_MASK(CAP_PERFMON), try_with_cap_perfmon);
}

TEST(damaged_tables_are_refused)
{
	struct profbuf_unwind_table *table;
	struct profbuf_unwind_rule *rule;
	struct profbuf_unwind_row *row;
	int fd = device_open(0), file = known_file();
	uint32_t *index;

#define DAMAGED(change)							\
	do {								\
		table = some_table();					\
		rule = (void *)(table + 1);				\
		index = (void *)(rule + table->nr_rules);		\
		row = (void *)(index + table->nr_blocks + 1);		\
		change;							\
		ASSERT_ERRNO(table_load(fd, file, table), EINVAL);	\
		free(table);						\
	} while (0)

	DAMAGED(table->magic++);
	DAMAGED(table->header_size++);
	DAMAGED(table->size--);
	DAMAGED(table->start = table->end);
	DAMAGED(table->end++);
	DAMAGED(table->end = UINT64_MAX);
	DAMAGED(table->nr_rows--);
	DAMAGED(table->nr_blocks++);
	DAMAGED(table->nr_rules++);
	DAMAGED(table->nr_rules = UINT32_MAX);
	DAMAGED(table->block_shift = PROFBUF_UNWIND_BLOCK_SHIFT_MIN - 1);
	DAMAGED(table->block_shift = 64 + PROFBUF_UNWIND_BLOCK_SHIFT_MIN);
	DAMAGED(index[0] = 1);
	DAMAGED(index[1] = 3);
	DAMAGED(index[1] = UINT32_MAX);
	DAMAGED(index[table->nr_blocks] = 2);
	DAMAGED(row[0].position = KNOWN_SLOT);
	DAMAGED(row[2].rule = 3);
	DAMAGED(rule[0].cfa = PROFBUF_UNWIND_FRAME_POINTER + 1);
	DAMAGED(rule[0].ra = 2);
	DAMAGED(rule[0].bp = PROFBUF_UNWIND_BP_LOST + 1);
	DAMAGED(rule[0].number = 1);
	DAMAGED(rule[0].addend = 1);
	DAMAGED(rule[0].bp_offset = 8);
	DAMAGED(rule[0].padding = 1);
	DAMAGED((rule[0].cfa = PROFBUF_UNWIND_REGISTER, rule[0].number = 16));
	DAMAGED((rule[0].ra = PROFBUF_UNWIND_RA_REGISTER, rule[0].ra_number = 16));
	DAMAGED(rule[2].offset = 8);
	DAMAGED(rule[2].bp = PROFBUF_UNWIND_BP_LOST);
	/* Rows of one block that are not in order. */
	DAMAGED((index[1] = 2, row[1].position = 0));
	/* Undamaged, it is loaded. */
	ASSERT_EQ(table_load(fd, file, some_table()), 0);
}

/* What was used since then stays. */
#define UNUSED_NS	10000000000ULL

/* There is no room, unless the machine was so slow that what was loaded then may go. */
static bool is_full(int fd, const struct profbuf_unwind_table *table, uint64_t loaded)
{
	if (load_new(fd, table) < 0) {
		ASSERT_EQ(errno, ENOSPC);
		return true;
	}
	ASSERT_GE(now_ns() - loaded, UNUSED_NS);
	printf("# not checked: it took too long\n");
	return false;
}

static int load_in_time(int fd, const struct profbuf_unwind_table *table)
{
	int file;

	/* What is not used goes, the oldest first. The test's timeout limits this. */
	while ((file = load_new(fd, table)) < 0) {
		ASSERT_EQ(errno, ENOSPC);
		sleep_ms(100);
	}
	return file;
}

TEST(tables_take_no_more_than_the_parameter_allows)
{
	struct profbuf_unwind_table *table = some_table(), *large;
	struct make_row row = { 0, 0 };
	int fd = device_open(0), files[4], i;
	uint64_t loaded;
	bool full;

	/* Of an index alone, and larger than a page. */
	large = make_table(0, 64 << 10, PROFBUF_UNWIND_BLOCK_SHIFT_MIN, rules, 1, &row, 1);
	ASSERT_GT(large->size, KNOWN_PAGE);
	module_parameter("unwind_memory", "4096");
	ASSERT_ERRNO(load_new(fd, large), E2BIG);
	/* There is what is kept besides. */
	module_parameter("unwind_memory", "8191");
	ASSERT_ERRNO(load_new(fd, large), E2BIG);
	module_parameter("unwind_memory", "8192");
	loaded = now_ns();
	files[0] = load_new(fd, large);
	ASSERT_GE(files[0], 0);
	ASSERT_EQ(table_ask(fd, files[0]), EEXIST);
	full = is_full(fd, table, loaded);
	if (full)
		ASSERT_EQ(table_ask(fd, files[0]), EEXIST);

	module_parameter("unwind_memory", "16384");
	sleep_ms(TICKS_MS);
	for (i = 1; full && i <= 2; i++) {
		files[i] = load_new(fd, table);
		ASSERT_GE(files[i], 0);
	}
	if (full && is_full(fd, table, loaded)) {
		files[3] = load_in_time(fd, large);
		ASSERT_EQ(table_ask(fd, files[0]), ENOENT);
		ASSERT_EQ(table_ask(fd, files[2]), EEXIST);
		ASSERT_EQ(table_ask(fd, files[3]), EEXIST);
	}
	module_parameter("unwind_memory", "67108864");
}

/* Longer than how exactly the kernel notes when a table was used. */
#define NOTED_MS	1200

TEST(what_was_asked_for_is_not_the_first_to_go)
{
	struct profbuf_unwind_table *table = some_table();
	int fd = device_open(0), asked, other;

	module_parameter("unwind_memory", "8192");
	asked = load_new(fd, table);
	sleep_ms(TICKS_MS);
	other = load_new(fd, table);
	ASSERT_GE(other, 0);
	sleep_ms(NOTED_MS);
	ASSERT_EQ(table_ask(fd, asked), EEXIST);
	load_in_time(fd, table);
	ASSERT_EQ(table_ask(fd, other), ENOENT);
	ASSERT_EQ(table_ask(fd, asked), EEXIST);
	module_parameter("unwind_memory", "67108864");
}

TEST(there_are_no_more_tables_than_places)
{
	struct profbuf_unwind_table *table = some_table();
	uint64_t loaded = now_ns();
	int fd = device_open(0), file, first, i;

	first = load_new(fd, table);
	sleep_ms(TICKS_MS);
	for (i = 1; i < TABLES_MAX; i++) {
		file = load_new(fd, table);
		ASSERT_GE(file, 0);
		ASSERT_EQ(close(file), 0);
	}
	/* Places, not memory, are what is short. */
	if (is_full(fd, table, loaded))
		load_in_time(fd, table);
	ASSERT_EQ(table_ask(fd, first), ENOENT);
}

TEST(tables_and_what_they_take_can_be_seen)
{
	struct profbuf_unwind_table *table = some_table(), *large;
	struct make_row row = { 0, 0 };
	int fd = device_open(0), other = device_open(0), file;

	/* Of two pages. */
	large = make_table(0, 64 << 10, PROFBUF_UNWIND_BLOCK_SHIFT_MIN, rules, 1, &row, 1);
	ASSERT_EQ(module_parameter_number("unwind_tables"), 0);
	ASSERT_EQ(module_parameter_number("unwind_used"), 0);
	ASSERT_GE(load_new(fd, table), 0);
	file = load_new(fd, large);
	ASSERT_GE(file, 0);
	ASSERT_GE(load_new(other, table), 0);
	ASSERT_ERRNO(table_load(fd, file, table), EEXIST);
	ASSERT_EQ(module_parameter_number("unwind_tables"), 3);
	ASSERT_EQ(module_parameter_number("unwind_used"), 4 * KNOWN_PAGE);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-unwind_tables"), 2);
	ASSERT_EQ(fdinfo_number(fd, "profbuf-unwind_bytes"), table->size + large->size);
	ASSERT_EQ(fdinfo_number(other, "profbuf-unwind_tables"), 1);
	ASSERT_EQ(fdinfo_number(other, "profbuf-unwind_bytes"), table->size);
	ASSERT_EQ(close(fd), 0);
	ASSERT_EQ(module_parameter_number("unwind_tables"), 3);
	ASSERT_EQ(close(other), 0);
	ASSERT_EQ(module_parameter_number("unwind_tables"), 0);
	ASSERT_EQ(module_parameter_number("unwind_used"), 0);
}

/* More than this the user may not lock. */
#define LIMIT_PAGES	5

static int fill_limit(int fd)
{
	int count = 0;

	while (load_new(fd, some_table()) >= 0)
		count++;
	ASSERT_EQ(errno, ENOMEM);
	return count;
}

static void load_within_limit(void)
{
	int fd, other, round;

	for (round = 0; round < 3; round++) {
		fd = device_open(0);
		other = device_open(0);
		ASSERT_EQ(fill_limit(fd), LIMIT_PAGES);
		/* It is the user's, not the session's; and the other one keeps what is there. */
		ASSERT_EQ(fill_limit(other), 0);
		ASSERT_EQ(close(fd), 0);
		ASSERT_EQ(fill_limit(other), 0);
		ASSERT_EQ(close(other), 0);
	}
}

TEST(tables_are_paid_for_by_who_loads_them)
{
	const rlim_t limit = LIMIT_PAGES * KNOWN_PAGE;

	module_parameter("user_memory", "0");
	ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ limit, limit }), 0);
	as_nobody(CAP_TO_MASK(CAP_PERFMON), load_within_limit);
	module_parameter("user_memory", "2097152");
}

TEST(tables_go_with_the_last_session_that_wants_them)
{
	struct profbuf_unwind_table *table = some_table();
	int fd = device_open(0), sampling = device_open(0), idle = device_open(0);
	int file = load_new(fd, table);

	ASSERT_GE(file, 0);
	ASSERT_EQ(ioctl(sampling, PROFBUF_IOC_START, 0), 0);
	ASSERT_EQ(close(fd), 0);
	fd = device_open(0);
	ASSERT_EQ(table_ask(fd, file), EEXIST);
	ASSERT_EQ(close(fd), 0);
	/* One that is only open does not want any. */
	ASSERT_EQ(close(sampling), 0);
	ASSERT_EQ(table_ask(idle, file), ENOENT);
	ASSERT_EQ(table_load(idle, file, table), 0);
	/* Having asked, it does. */
	fd = device_open(0);
	ASSERT_EQ(table_ask(fd, file), EEXIST);
	ASSERT_EQ(close(idle), 0);
	ASSERT_EQ(table_ask(fd, file), EEXIST);
}
