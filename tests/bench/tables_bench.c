// SPDX-License-Identifier: GPL-2.0
/*
 * tables_bench DIR	what the unwind tables of files take in the kernel: in DIR are tables,
 *			NAME, and links to the files that they are of, NAME.file
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/profbuf.h>

#include "count.h"

static uint64_t parameter(const char *name)
{
	char path[128], text[32];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/profbuf/parameters/%s", name);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		die(path);
	fclose(file);
	return strtoull(text, NULL, 10);
}

/* Returns its size; 0 if there is no room for it. */
static uint64_t load(int session, int dir, const char *name)
{
	struct profbuf_unwind_load load = { .size = sizeof(load) };
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char link[NAME_MAX + 8];
	struct stat stat;
	void *table;
	int err = 0;

	snprintf(link, sizeof(link), "%s.file", name);
	load.fd = openat(dir, link, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || load.fd < 0 || fstat(fd, &stat))
		die(name);
	table = malloc(stat.st_size);
	if (!table || read(fd, table, stat.st_size) != stat.st_size)
		die(name);
	load.table = (uintptr_t)table;
	load.table_size = stat.st_size;
	if (ioctl(session, PROFBUF_IOC_LOAD_UNWIND, &load))
		err = errno;
	if (err && err != ENOSPC)
		die(name);
	close(load.fd);
	close(fd);
	free(table);
	return err ? 0 : load.table_size;
}

int main(int argc, char **argv)
{
	int session = open(PROFBUF_DEVICE, O_RDONLY | O_CLOEXEC);
	uint64_t size, bytes = 0;
	unsigned int loaded = 0, refused = 0;
	struct dirent *entry;
	DIR *dir;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	dir = opendir(argv[1]);
	if (session < 0 || !dir)
		die(session < 0 ? PROFBUF_DEVICE : argv[1]);
	while ((entry = readdir(dir))) {
		if (strchr(entry->d_name, '.'))
			continue;
		size = load(session, dirfd(dir), entry->d_name);
		bytes += size;
		if (size)
			loaded++;
		else
			refused++;
	}
	printf("%u loaded of %.1f MB, %u refused for want of room; unwind_tables=%llu, unwind_used=%llu (%.1f MB), %.1f kB each\n",
	       loaded, bytes / 1e6, refused, (unsigned long long)parameter("unwind_tables"),
	       (unsigned long long)parameter("unwind_used"), parameter("unwind_used") / 1e6,
	       parameter("unwind_used") / 1e3 / (loaded ? loaded : 1));
	return 0;
}
