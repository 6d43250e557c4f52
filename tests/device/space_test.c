// SPDX-License-Identifier: GPL-2.0
/*
 * Spaces: each record leads to what was mapped where it was made.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "library.h"
#include "told.h"

static struct stream stream;
static struct told told;

static void wait_for(pid_t pid)
{
	int status;

	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* What the kernel says itself of a mapping. */
static void check_map(const struct told_mapping *mapping)
{
	unsigned long long begin, end, offset, inode;
	unsigned int major, minor;
	char line[512], path[256], flags[8];
	FILE *maps = fopen("/proc/self/maps", "r");
	int found = 0, fields;

	ASSERT(maps);
	while (!found && fgets(line, sizeof(line), maps)) {
		path[0] = '\0';
		fields = sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %255s", &begin, &end, flags,
				&offset, &major, &minor, &inode, path);
		ASSERT_GE(fields, 7);
		if (begin != mapping->mapping.start)
			continue;
		found = 1;
		ASSERT_EQ(end, mapping->mapping.end);
		ASSERT_EQ(flags[2], 'x');
		if (mapping->mapping.flags & PROFBUF_MAPPING_VDSO) {
			ASSERT(!strcmp(path, "[vdso]"));
			continue;
		}
		ASSERT_EQ(offset, mapping->mapping.offset);
		ASSERT_EQ(inode, mapping->mapping.inode);
		ASSERT_EQ(major, mapping->mapping.major);
		ASSERT_EQ(minor, mapping->mapping.minor);
		ASSERT(!strcmp(path, mapping->path));
	}
	fclose(maps);
	ASSERT(found);
}

/* The build-id of this program, of 20 bytes, as it is in memory. */
static const uint8_t *own_build_id(void)
{
	const Elf64_Phdr *segment = (const Elf64_Phdr *)getauxval(AT_PHDR);
	uintptr_t base = (uintptr_t)segment - sizeof(Elf64_Ehdr);
	size_t i;

	for (i = 0; i < getauxval(AT_PHNUM); i++) {
		const char *note = (const char *)base + segment[i].p_vaddr;
		const char *end = note + segment[i].p_memsz;

		while (segment[i].p_type == PT_NOTE && note < end) {
			const Elf64_Nhdr *header = (const Elf64_Nhdr *)note;
			const char *name = note + sizeof(*header);
			const char *id = name + (header->n_namesz + 3) / 4 * 4;

			if (header->n_type == NT_GNU_BUILD_ID && header->n_descsz == 20 &&
			    !strcmp(name, "GNU"))
				return (const uint8_t *)id;
			note = id + (header->n_descsz + 3) / 4 * 4;
		}
	}
	FAIL("this program has no build-id of 20 bytes");
}

TEST(a_space_tells_what_is_mapped)
{
	int fd = told_begin(&told, &stream, 500000, getpid());
	uint64_t end = now_ns() + 300000000;
	const struct told_mapping *mapping;
	struct stat status;
	size_t i, vdso = 0;

	while (now_ns() < end)
		count_down(10000);
	told_end(&stream, fd, 0);
	ASSERT_GT(told_check(&told), 20);
	mapping = told_find(&told, told.records[told.nr_records - 1].space,
			    (uintptr_t)count_down);
	ASSERT(mapping);
	ASSERT_EQ(stat("/proc/self/exe", &status), 0);
	ASSERT_EQ(mapping->mapping.inode, status.st_ino);
	ASSERT_EQ(mapping->mapping.ctime_sec, status.st_ctim.tv_sec);
	ASSERT_EQ(mapping->mapping.ctime_nsec, status.st_ctim.tv_nsec);
	ASSERT_EQ(mapping->mapping.build_id_size, 20);
	ASSERT(!memcmp(mapping->build_id, own_build_id(), 20));
	ASSERT_EQ(mapping->tgid, getpid());
	ASSERT_EQ(mapping->parent, getppid());
	ASSERT_EQ(mapping->ns_tgid, getpid());
	ASSERT_EQ(stat("/proc/self/ns/pid", &status), 0);
	ASSERT_EQ(mapping->pid_ns, status.st_ino);
	ASSERT_EQ(stat("/proc/self/ns/mnt", &status), 0);
	ASSERT_EQ(mapping->mnt_ns, status.st_ino);
	for (i = 0; i < told.nr_mappings; i++) {
		if (told.mappings[i].tgid != (uint32_t)getpid())
			continue;
		check_map(&told.mappings[i]);
		vdso += !!(told.mappings[i].mapping.flags & PROFBUF_MAPPING_VDSO);
	}
	ASSERT_EQ(vdso, 1);
	/* Nothing has changed, so it was told once. */
	ASSERT_EQ(told_frames(&told, mapping->space), 1);
}

TEST(records_of_the_kernel_alone_have_no_space)
{
	struct told_record *record;
	int fd = told_begin(&told, &stream, 500000, 0);
	size_t kernel = 0;

	sleep_ms(300);
	told_end(&stream, fd, 0);
	for (record = told.records; record < told.records + told.nr_records; record++) {
		if (record->space == PROFBUF_SPACE_NONE) {
			ASSERT_EQ(record->frames, 0);
			kernel++;
		}
	}
	ASSERT_GT(kernel, 0);
}

/* So that no library is missed whose time a busy host has taken. */
#define LIBRARY_ROUNDS	4

static unsigned int swap_ms;

/* One library after the other at the same place. */
static void swap_libraries(void)
{
	int i;

	for (i = 0; i < LIBRARY_ROUNDS * LIBRARIES; i++) {
		library_map(i % LIBRARIES, PLACE, 0);
		library_run(i % LIBRARIES, PLACE, swap_ms);
		ASSERT_EQ(munmap(PLACE, 4096), 0);
	}
}

/* Without a gap: the new one takes the place of the old one. */
static void replace_libraries(void)
{
	int i;

	for (i = 0; i < LIBRARY_ROUNDS * LIBRARIES; i++) {
		library_map(i % LIBRARIES, PLACE, MAP_FIXED);
		library_run(i % LIBRARIES, PLACE, swap_ms);
	}
}

static void sample_libraries(void (*child)(void))
{
	size_t n[LIBRARIES] = {};
	pid_t pid;
	int fd, i;

	library_make_all();
	fd = told_begin(&told, &stream, 500000, 0);
	pid = child_start(child);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	told_check(&told);
	library_check(&told, n);
	for (i = 0; i < LIBRARIES; i++)
		ASSERT_GT(n[i], 0);
	told_free(&told);
}

TEST(a_library_at_the_place_of_another_is_told_apart)
{
	swap_ms = 50;
	sample_libraries(swap_libraries);
}

TEST(libraries_that_stay_for_a_moment_are_told_apart)
{
	swap_ms = 8;
	sample_libraries(swap_libraries);
}

TEST(a_library_that_replaces_another_is_told_apart)
{
	swap_ms = 20;
	sample_libraries(replace_libraries);
}

static void move_library(void)
{
	library_map(0, PLACE, 0);
	library_run(0, PLACE, 50);
	ASSERT_EQ(mremap(PLACE, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, PLACE + 8192),
		  PLACE + 8192);
	library_map(1, PLACE, 0);
	library_run(1, PLACE, 50);
	library_run(0, PLACE + 8192, 50);
}

/* Takes what was executable away without unmapping it, and gives it back. */
static void protect_library(void)
{
	library_map(0, PLACE, 0);
	library_run(0, PLACE, 50);
	ASSERT_EQ(mprotect(PLACE, 4096, PROT_READ), 0);
	sleep_ms(20);
	ASSERT_EQ(mprotect(PLACE, 4096, PROT_READ | PROT_EXEC), 0);
	library_run(0, PLACE, 50);
	ASSERT_EQ(mprotect(PLACE, 4096, PROT_READ), 0);
	count_down(20000000);
}

/* Records of code that a file at @place has at @offset. */
static size_t count_in(char *place, size_t offset, ino_t inode)
{
	const struct told_mapping *mapping;
	struct told_record *record;
	size_t n = 0;

	for (record = told.records; record < told.records + told.nr_records; record++) {
		if (record->ip - (uintptr_t)(place + offset) >= LIBRARY_STEP)
			continue;
		mapping = told_find(&told, record->space, record->ip);
		ASSERT(mapping);
		ASSERT_EQ(mapping->mapping.inode, inode);
		n++;
	}
	return n;
}

TEST(a_library_that_moves_is_found)
{
	ino_t inode[2];
	pid_t pid;
	int fd;

	library_directory();
	inode[0] = library_make(0);
	inode[1] = library_make(1);
	fd = told_begin(&told, &stream, 500000, 0);
	pid = child_start(move_library);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	told_check(&told);
	ASSERT_GT(count_in(PLACE, 0, inode[0]), 0);
	ASSERT_GT(count_in(PLACE, LIBRARY_STEP, inode[1]), 0);
	ASSERT_GT(count_in(PLACE + 8192, 0, inode[0]), 0);
}

TEST(code_that_becomes_data_and_code_again_is_found)
{
	ino_t inode;
	pid_t pid;
	int fd;

	library_directory();
	inode = library_make(0);
	fd = told_begin(&told, &stream, 500000, 0);
	pid = child_start(protect_library);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	told_check(&told);
	ASSERT_GT(count_in(PLACE, 0, inode), 5);
}

static void run_other_program(void)
{
	count_down(100000000);
	execl("/bin/sh", "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done", NULL);
	_Exit(1);
}

TEST(a_program_that_is_executed_is_another_space)
{
	uint64_t first = 0, second = 0, previous = 0;
	struct told_record *record;
	struct stat self, shell;
	size_t n[2] = {}, i;
	pid_t pid;
	int fd;

	ASSERT_EQ(stat("/proc/self/exe", &self), 0);
	ASSERT_EQ(stat("/bin/sh", &shell), 0);
	fd = told_begin(&told, &stream, 500000, 0);
	pid = child_start(run_other_program);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	told_check(&told);
	for (record = told.records; record < told.records + told.nr_records; record++) {
		const struct told_mapping *mapping;

		if (!record->ip || record->ip >> 63)
			continue;
		mapping = told_find(&told, record->space, record->ip);
		if (mapping->mapping.inode == self.st_ino) {
			ASSERT(!first || first == PROFBUF_SPACE_ID(record->space));
			first = PROFBUF_SPACE_ID(record->space);
			n[0]++;
		} else if (mapping->mapping.inode == shell.st_ino) {
			ASSERT(!second || second == PROFBUF_SPACE_ID(record->space));
			second = PROFBUF_SPACE_ID(record->space);
			n[1]++;
		}
	}
	ASSERT_GT(n[0], 10);
	ASSERT_GT(n[1], 10);
	ASSERT_NE(first, second);
	for (i = 0; i < told.nr_mappings; i++)
		if (PROFBUF_SPACE_ID(told.mappings[i].space) == second)
			previous = PROFBUF_SPACE_ID(told.mappings[i].previous);
	ASSERT_EQ(previous, first);
}

static void run_for_a_moment(void)
{
	count_down(50000000);
}

TEST(a_process_with_the_number_of_one_before_has_no_space_before)
{
	const struct told_mapping *mapping;
	size_t ids = 0;
	uint64_t last = 0;
	pid_t first, pid;
	int fd, id;

	id = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	ASSERT_GE(id, 0);
	fd = told_begin(&told, &stream, 500000, 0);
	first = child_start(run_for_a_moment);
	wait_for(first);
	/* Others may start processes meanwhile. */
	do {
		ASSERT_GT(dprintf(id, "%d", first - 1), 0);
		pid = child_start(run_for_a_moment);
		wait_for(pid);
	} while (pid != first);
	told_end(&stream, fd, 0);
	ASSERT_GT(told_check(&told), 20);
	for (mapping = told.mappings; mapping < told.mappings + told.nr_mappings; mapping++) {
		if (mapping->tgid != (uint32_t)first || PROFBUF_SPACE_ID(mapping->space) == last)
			continue;
		last = PROFBUF_SPACE_ID(mapping->space);
		ids++;
		ASSERT_EQ(mapping->previous, 0);
	}
	ASSERT_EQ(ids, 2);
}

static void *thread(void *argument)
{
	count_down(100000000);
	return argument;
}

static void run_threads(void)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, thread, NULL), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

TEST(threads_share_a_space)
{
	struct told_record *record;
	uint64_t id = 0;
	pid_t pid;
	int fd;

	fd = told_begin(&told, &stream, 500000, 0);
	pid = child_start(run_threads);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	ASSERT_GT(told_check(&told), 20);
	for (record = told.records; record < told.records + told.nr_records; record++) {
		if (!record->space)
			continue;
		ASSERT(!id || id == PROFBUF_SPACE_ID(record->space));
		id = PROFBUF_SPACE_ID(record->space);
	}
}

static void __attribute__((noinline)) run_short_process(int i)
{
	pid_t pid = i % 2 ? fork() : vfork();

	if (!pid) {
		count_down(i * 20000);
		_Exit(0);
	}
	wait_for(pid);
}

static void run_short_processes(void)
{
	int i;

	for (i = 0; i < 200; i++)
		run_short_process(i);
}

TEST(processes_of_a_few_milliseconds_are_told)
{
	size_t short_ones = 0, i;
	pid_t pid;
	int fd;

	fd = told_begin(&told, &stream, 200000, 0);
	pid = child_start(run_short_processes);
	told_end(&stream, fd, pid);
	ASSERT_GT(told_check(&told), 200);
	for (i = 0; i < told.nr_mappings; i++)
		short_ones += told.mappings[i].parent == (uint32_t)pid;
	ASSERT_GT(short_ones, 50);
	told_print_lags(&told);
}

/* Nothing of what it holds is an address, but for its code. */
static uint64_t secret[4096] __attribute__((aligned(4096)));

static void spill_secrets(void)
{
	size_t i;

	for (i = 0; i < 4096; i++)
		secret[i] = 0x5ec2e75ec2e70000 + i;
	/* As frame pointer, and beside the frame that it points to. */
	__asm__ __volatile__("lea 16384(%0), %%rsp\n"
			     "lea 16400(%0), %%rbp\n"
			     "mov $200000000, %%rcx\n"
			     "1: dec %%rcx\n"
			     "jnz 1b\n"
			     "mov 64(%0), %%rbp\n"
			     "mov $200000000, %%rcx\n"
			     "2: dec %%rcx\n"
			     "jnz 2b\n"
			     "mov $231, %%eax\n"
			     "xor %%edi, %%edi\n"
			     "syscall"
			     : : "r"(secret) : "rax", "rcx", "rdi", "memory");
	__builtin_unreachable();
}

static bool is_secret(uint64_t word)
{
	return word >> 16 == 0x5ec2e75ec2e7;
}

TEST(of_what_a_process_holds_nothing_is_recorded)
{
	size_t ends[PROFBUF_END_SEGMENT + 1] = {};
	struct told_record *record;
	pid_t pid;
	int fd;

	fd = told_begin(&told, &stream, 500000, 0);
	told.is_secret = is_secret;
	pid = child_start(spill_secrets);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	ASSERT_EQ(told.secrets, 0);
	for (record = told.records; record < told.records + told.nr_records; record++)
		ends[record->end]++;
	/* It was sampled with either frame pointer. */
	ASSERT_GT(ends[PROFBUF_END_DATA], 10);
	ASSERT_GT(ends[PROFBUF_END_STRAY], 10);
}

struct change {
	uint64_t frames[2];
	uint64_t data_at;
};

/* Shared with the child. */
static struct change *changing;

static bool changing_file;

/* Spins with a frame pointer to @frames, below which the stack pointer is. */
static void spin_with(uint64_t *frames, uint64_t times)
{
	__asm__ __volatile__("push %%rbp\n"
			     "mov %%rsp, %%r12\n"
			     "mov %0, %%rsp\n"
			     "mov %0, %%rbp\n"
			     "1: dec %1\n"
			     "jnz 1b\n"
			     "mov %%r12, %%rsp\n"
			     "pop %%rbp"
			     : "+r"(frames), "+r"(times) : : "r12", "memory");
}

/* What callers seem to be at is code, and then data. */
static void make_code_data(void)
{
	if (changing_file)
		library_map(0, PLACE, 0);
	else
		ASSERT_EQ(mmap(PLACE, 4096, PROT_READ | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), PLACE);
	changing->frames[0] = 0;
	changing->frames[1] = (uintptr_t)PLACE + 16;
	spin_with(changing->frames, 200000000);
	ASSERT_EQ(mprotect(PLACE, 4096, PROT_READ), 0);
	changing->data_at = now_ns();
	spin_with(changing->frames, 200000000);
}

static void sample_code_that_becomes_data(void)
{
	size_t before = 0, after = 0;
	struct told_record *record;
	pid_t pid;
	int fd;

	fd = told_begin(&told, &stream, 500000, 0);
	pid = child_start(make_code_data);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	for (record = told.records; record < told.records + told.nr_records; record++) {
		if (record->time > changing->data_at) {
			ASSERT_NE(record->callers[0], (uintptr_t)PLACE + 16);
			after += record->end == PROFBUF_END_DATA;
		} else {
			before += record->callers[0] == (uintptr_t)PLACE + 16;
		}
	}
	ASSERT_GT(before, 5);
	ASSERT_GT(after, 5);
	told_free(&told);
}

TEST(code_that_has_become_data_is_no_caller)
{
	library_directory();
	library_make(0);
	changing = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(changing, MAP_FAILED);
	sample_code_that_becomes_data();
	changing_file = true;
	sample_code_that_becomes_data();
}

static void execute_again_and_again(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		pid_t pid = fork();

		if (!pid) {
			execl("/bin/true", "true", NULL);
			_Exit(1);
		}
		wait_for(pid);
	}
}

/* In execve() the registers are still those of the program before, whose space has gone. */
TEST(no_frame_is_of_the_program_before)
{
	const struct told_mapping *mapping;
	struct told_record *record;
	struct stat status, self;
	size_t n = 0;
	pid_t pid;
	int fd;

	ASSERT_EQ(stat("/bin/true", &status), 0);
	ASSERT_EQ(stat("/proc/self/exe", &self), 0);
	fd = told_begin(&told, &stream, 100000, 0);
	pid = child_start(execute_again_and_again);
	told_end(&stream, fd, pid);
	told_check(&told);
	for (record = told.records; record < told.records + told.nr_records; record++) {
		bool other = false;
		size_t i;

		if (!record->ip)
			continue;
		for (i = 0; i < told.nr_mappings; i++)
			if (PROFBUF_SPACE_ID(told.mappings[i].space) ==
			    PROFBUF_SPACE_ID(record->space) &&
			    told.mappings[i].mapping.inode == status.st_ino)
				other = true;
		if (!other)
			continue;
		mapping = told_find(&told, record->space, record->ip);
		ASSERT(mapping);
		ASSERT_NE(mapping->mapping.inode, self.st_ino);
		n++;
	}
	ASSERT_GT(n, 20);
}

static bool overwrite(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0755);
	ssize_t size;

	ASSERT_GE(in, 0);
	if (out < 0) {
		ASSERT_EQ(errno, ETXTBSY);
		close(in);
		return false;
	}
	while ((size = read(in, buffer, sizeof(buffer))) > 0)
		ASSERT_EQ(write(out, buffer, size), size);
	close(in);
	close(out);
	return true;
}

static void run_copies(void)
{
	char path[64];
	int i;

	snprintf(path, sizeof(path), "%s/true", LIBRARY_DIRECTORY);
	for (i = 0; i < 60; i++) {
		pid_t pid;

		ASSERT(overwrite("/bin/true", path));
		pid = fork();
		if (!pid) {
			execl(path, "true", NULL);
			_Exit(1);
		}
		wait_for(pid);
	}
}

TEST(a_program_that_has_ended_can_be_overwritten_at_once)
{
	pid_t pid;
	int fd;

	library_directory();
	fd = told_begin(&told, &stream, 100000, 0);
	pid = child_start(run_copies);
	told_end(&stream, fd, pid);
	told_check(&told);
}

static void use_file_system(void)
{
	library_map(0, PLACE, 0);
	library_run(0, PLACE, 50);
}

/* Sampled code of a file is in use no longer than the file. */
TEST(a_file_system_can_be_unmounted)
{
	int fd, i;
	pid_t pid;

	library_directory();
	fd = told_begin(&told, &stream, 500000, 0);
	for (i = 0; i < 5; i++) {
		library_make(0);
		pid = child_start(use_file_system);
		while (!waitpid(pid, NULL, WNOHANG))
			ASSERT_GT(stream_read(&stream, fd), 0);
		/* The worker has a reference while it looks. */
		while (umount(LIBRARY_DIRECTORY)) {
			ASSERT_EQ(errno, EBUSY);
			sleep_ms(10);
		}
		ASSERT_EQ(mount("library", LIBRARY_DIRECTORY, "tmpfs", 0, NULL), 0);
	}
	told_end(&stream, fd, 0);
	told_check(&told);
}

static int hostile_pipe[2];

/* Maps, unmaps, protects and moves code as fast as it can. */
static void change_all_the_time(void)
{
	uint64_t end = now_ns() + 3000000000ULL;
	int fd = open(LIBRARY_DIRECTORY "/lib0", O_RDONLY);
	unsigned long n = 0;

	ASSERT_GE(fd, 0);
	for (; now_ns() < end; n++) {
		char *file = mmap(PLACE, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
				  fd, 0);
		char *memory = mmap(PLACE + 8192, 4096, PROT_READ | PROT_EXEC,
				    MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);

		ASSERT_EQ(file, PLACE);
		ASSERT_EQ(memory, PLACE + 8192);
		if (n % 3 == 0)
			mprotect(memory, 4096, PROT_READ);
		if (n % 5 == 0)
			mremap(file, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, PLACE + 16384);
		munmap(PLACE, 24576);
	}
	ASSERT_EQ(write(hostile_pipe[1], &n, sizeof(n)), sizeof(n));
}

/* No more than a hundred times a second is a space looked at, but for its end. */
static void check_looks_apart(void)
{
	const struct told_mapping *mapping;
	uint64_t id = 0, last = 0;
	size_t n = 0;

	for (mapping = told.mappings; mapping < told.mappings + told.nr_mappings; mapping++) {
		if (mapping->tgid != told.tgid || mapping->frame_flags & PROFBUF_SPACE_ENDED ||
		    mapping->looked_ns == last)
			continue;
		if (id == PROFBUF_SPACE_ID(mapping->space)) {
			ASSERT_GE(mapping->looked_ns - last, 10000000);
			n++;
		}
		id = PROFBUF_SPACE_ID(mapping->space);
		last = mapping->looked_ns;
	}
	ASSERT_GT(n, 5);
}

TEST(a_process_that_changes_all_the_time_does_no_harm)
{
	struct profbuf_stats stats;
	struct told_record *record;
	unsigned long changes;
	pid_t pid;
	int fd;

	library_directory();
	library_make(0);
	ASSERT_EQ(pipe(hostile_pipe), 0);
	fd = told_begin(&told, &stream, 100000, 0);
	pid = child_start(change_all_the_time);
	told.tgid = pid;
	while (!waitpid(pid, NULL, WNOHANG))
		ASSERT_GT(stream_read(&stream, fd), 0);
	stream_finish(&stream, fd);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(read(hostile_pipe[0], &changes, sizeof(changes)), sizeof(changes));
	printf("# %lu rounds, %zu records, %zu frames, %llu losses told\n", changes,
	       told.nr_records, (size_t)stream.spaces, (unsigned long long)stats.spaces_lost);
	check_looks_apart();
	for (record = told.records; record < told.records + told.nr_records; record++)
		ASSERT_NE(record->space, PROFBUF_SPACE_UNKNOWN);
	ASSERT_EQ(close(fd), 0);
}

static void grow_code(void)
{
	char *place = PLACE;
	int i;

	/* As a just-in-time compiler does, page by page; each page is run. */
	for (i = 0; i < 400; i++, place += 8192) {
		ASSERT_EQ(mmap(place, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), place);
		memcpy(place, "\x48\xff\xcf\x75\xfb\xc3", 6);
		ASSERT_EQ(mprotect(place, 4096, PROT_READ | PROT_EXEC), 0);
		library_run(0, place, 2);
	}
}

TEST(code_of_no_file_is_no_flood)
{
	struct told_record *record;
	size_t grown = 0;
	uint64_t word = 0;
	pid_t pid;
	int fd;

	fd = told_begin(&told, &stream, 500000, 0);
	pid = child_start(grow_code);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	for (record = told.records; record < told.records + told.nr_records; record++) {
		if (record->ip - (uintptr_t)PLACE >= 400 * 8192)
			continue;
		grown++;
		ASSERT(!word || word == record->space);
		word = record->space;
	}
	ASSERT_GT(grown, 200);
	ASSERT_EQ(told_frames(&told, word), 1);
}

static void run_many_processes(void)
{
	for (;;)
		run_short_process(11);
}

/* What nobody reads takes no more memory than it may, and what lives is told when it is read. */
TEST(frames_that_nobody_reads_are_bounded_and_counted)
{
	struct profbuf_stats stats;
	struct told_record *record;
	uint64_t last = 0;
	pid_t pid;
	int fd;

	fd = told_begin(&told, &stream, 50000, 0);
	pid = child_start(run_many_processes);
	do {
		sleep_ms(50);
		device_stats(fd, PROFBUF_CPU_NONE, &stats);
	} while (!stats.spaces_lost);
	spin_stop(pid);
	pid = spin_start(0);
	sleep_ms(300);
	/* As soon as there is room, what was left is looked at. */
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
	while (stream_read(&stream, fd) == BUFFER_SIZE)
		;
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_RESUME, 0), 0);
	sleep_ms(300);
	stream_finish(&stream, fd);
	for (record = told.records; record < told.records + told.nr_records; record++)
		if (record->tgid == (uint32_t)pid && record->ip && !(record->ip >> 63))
			last = told_find(&told, record->space, record->ip) ? last + 1 : 0;
	ASSERT_GT(last, 0);
	spin_stop(pid);
	ASSERT_EQ(close(fd), 0);
}

TEST(two_sessions_tell_the_same_process)
{
	static struct stream other_stream;
	static struct told other;
	pid_t pid = spin_start(0);
	int fd, other_fd;

	fd = told_begin(&told, &stream, 500000, pid);
	other_fd = device_open(0);
	device_configure(other_fd, 700000, 1 << 16, 20000000);
	told_watch(&other, &other_stream, pid);
	ASSERT_EQ(ioctl(other_fd, PROFBUF_IOC_START, 0), 0);
	sleep_ms(200);
	stream_finish(&stream, fd);
	sleep_ms(100);
	stream_finish(&other_stream, other_fd);
	ASSERT_GT(told.nr_records, 10);
	ASSERT_GT(other.nr_records, 10);
	ASSERT(told_find(&told, told.records[9].space, told.records[9].ip));
	ASSERT(told_find(&other, other.records[9].space, other.records[9].ip));
	ASSERT_NE(PROFBUF_SPACE_ID(told.records[9].space),
		  PROFBUF_SPACE_ID(other.records[9].space));
	spin_stop(pid);
}

TEST(sessions_come_and_go_while_processes_change)
{
	pid_t pid;
	int fd, i;

	library_directory();
	library_make(0);
	ASSERT_EQ(pipe(hostile_pipe), 0);
	pid = child_start(change_all_the_time);
	for (i = 0; !waitpid(pid, NULL, WNOHANG); i++) {
		fd = told_begin(&told, &stream, 200000, 0);
		while (!stream_records(&stream))
			ASSERT_GT(stream_read(&stream, fd), 0);
		if (i % 3 == 0)
			ASSERT_EQ(ioctl(fd, PROFBUF_IOC_PAUSE, 0), 0);
		if (i % 2)
			stream_finish(&stream, fd);
		ASSERT_EQ(close(fd), 0);
		told_free(&told);
	}
	ASSERT_GT(i, 3);
}

static void run_for_ms(unsigned int ms)
{
	uint64_t end = now_ns() + ms * 1000000ULL;

	while (now_ns() < end)
		count_down(1000);
}

/*
 * What changes all the time is told of every 10 ms: the last change is not told yet. Returns when
 * the first of them was there.
 */
static uint64_t map_more_and_more(void)
{
	uint64_t first = 0;
	int i;

	for (i = 0; i < 30; i++) {
		library_map(0, PLACE + i * 4096, MAP_FIXED);
		first = first ?: now_ns();
		run_for_ms(1);
	}
	return first;
}

/* What is not told when the process exits is not told: it has no root to see paths from. */
TEST(a_session_ends_with_its_process)
{
	int i, status;
	pid_t pid;

	library_make_all();
	for (i = 0; i < 20; i++) {
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			int fd = device_open(0);

			device_configure(fd, 50000, 0, 0);
			if (ioctl(fd, PROFBUF_IOC_START, 0))
				_exit(1);
			map_more_and_more();
			_exit(0);
		}
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		ASSERT_EQ(status, 0);
	}
}

/* Whoever stops the session may have another root. */
TEST(paths_are_seen_from_everybodys_root)
{
	const struct told_mapping *mapping;
	const struct told_record *last;
	int rounds, fd, status;
	uint64_t mapped;
	int go[2];
	char byte;
	pid_t pid;

	library_make_all();
	for (rounds = 0; rounds < 20;) {
		fd = told_begin(&told, &stream, 200000, getpid());
		ASSERT_EQ(pipe(go), 0);
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			if (chroot(LIBRARY_DIRECTORY) || read(go[0], &byte, 1) != 1)
				_exit(1);
			_exit(!!ioctl(fd, PROFBUF_IOC_STOP, 0));
		}
		mapped = map_more_and_more();
		ASSERT_EQ(write(go[1], "", 1), 1);
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		ASSERT_EQ(status, 0);
		close(go[0]);
		close(go[1]);
		stream_drain(&stream, fd);
		close(fd);
		/* Nothing may have been sampled where the host was busy. */
		last = told.nr_records ? &told.records[told.nr_records - 1] : NULL;
		if (last && last->time > mapped) {
			mapping = told_find(&told, last->space, (uintptr_t)PLACE);
			ASSERT(mapping);
			check_map(mapping);
			rounds++;
		}
		told_free(&told);
		munmap(PLACE, 30 * 4096);
	}
}
