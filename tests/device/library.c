// SPDX-License-Identifier: GPL-2.0
/*
 * Files of code that can be mapped at the same place.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "library.h"

static ino_t inodes[LIBRARIES];

void library_directory(void)
{
	ASSERT(!mkdir(LIBRARY_DIRECTORY, 0755) || errno == EEXIST);
	/* Whatever the file system below is, this one has inode numbers and page cache. */
	ASSERT_EQ(unshare(CLONE_NEWNS), 0);
	ASSERT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ASSERT_EQ(mount("library", LIBRARY_DIRECTORY, "tmpfs", 0, NULL), 0);
}

static int library_open(int number, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/lib%d", LIBRARY_DIRECTORY, number);
	fd = open(path, flags | O_CLOEXEC, 0755);
	ASSERT_GE(fd, 0);
	return fd;
}

/* Code that counts its argument down and returns, in a page of traps. Returns its inode. */
ino_t library_make(int number)
{
	static const uint8_t code[] = {
		0x48, 0xff, 0xcf,		/* 1: dec %rdi */
		0x75, 0xfb,			/* jnz 1b */
		0xc3,				/* ret */
	};
	int fd = library_open(number, O_CREAT | O_TRUNC | O_RDWR);
	uint8_t page[4096];
	struct stat status;

	ASSERT_LT(number, LIBRARIES);
	memset(page, 0xcc, sizeof(page));
	memcpy(page + number * LIBRARY_STEP, code, sizeof(code));
	ASSERT_EQ(write(fd, page, sizeof(page)), sizeof(page));
	ASSERT_EQ(fstat(fd, &status), 0);
	ASSERT_EQ(close(fd), 0);
	inodes[number] = status.st_ino;
	return status.st_ino;
}

void library_make_all(void)
{
	int i;

	library_directory();
	for (i = 0; i < LIBRARIES; i++)
		library_make(i);
}

void library_map(int number, char *place, int flags)
{
	int fd = library_open(number, O_RDONLY);

	ASSERT_EQ(mmap(place, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | flags, fd, 0), place);
	ASSERT_EQ(close(fd), 0);
}

/* For as long as 10,000 rounds of its loop take. */
void library_call(int number, const char *place)
{
	void (*function)(long) =
		(void (*)(long))(uintptr_t)(place + number * LIBRARY_STEP);

	function(10000);
}

/* For so many milliseconds of CPU time, and more where a busy host has taken most of it. */
void library_run(int number, const char *place, unsigned int ms)
{
	uint64_t end = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + ms * 1000000ULL;
	unsigned int i;

	for (i = 0; i < ms * 20 || clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end; i++)
		library_call(number, place);
}

/*
 * What was told of each record at PLACE must be the library that its address is of. Returns how
 * many there are, and of each library in @each, unless it is NULL.
 */
size_t library_check(struct told *told, size_t *each)
{
	const struct told_record *record;
	size_t n = 0;

	for (record = told->records; record < told->records + told->nr_records; record++) {
		uint64_t offset = record->ip - (uintptr_t)PLACE;
		const struct told_mapping *mapping;

		if (offset >= LIBRARIES * LIBRARY_STEP)
			continue;
		mapping = told_find(told, record->space, record->ip);
		ASSERT(mapping);
		ASSERT_EQ(mapping->mapping.inode, inodes[offset / LIBRARY_STEP]);
		if (each)
			each[offset / LIBRARY_STEP]++;
		n++;
	}
	return n;
}
