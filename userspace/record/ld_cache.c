// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ld_cache.h"
#include "symbol/process.h"

/* Hundreds of times what machines with many libraries have. */
#define SIZE_MAX_READ	(64 << 20)

static const char magic[] = "glibc-ld.so.cache1.1";
/* Before version 2.32 another cache, for older ones, came first. */
static const char old_magic[] = "ld.so-1.7.0";

/**
 * struct cache_header - what the file, or its newer part, begins with
 * @magic: not terminated
 * @nr: how many entries follow
 * @strings_size: bytes that follow these
 * @other: more
 */
struct cache_header {
	char magic[sizeof(magic) - 1];
	uint32_t nr;
	uint32_t strings_size;
	uint32_t other[5];
};

/**
 * struct cache_entry - a library
 * @flags: of what kind it is
 * @name: where its name is, from the header on
 * @path: where its path is
 * @os_version: that it needs
 * @processor: that it needs
 */
struct cache_entry {
	uint32_t flags;
	uint32_t name;
	uint32_t path;
	uint32_t os_version;
	uint64_t processor;
};

/**
 * struct old_header - what an older cache begins with
 * @magic: not terminated
 * @nr: how many entries of 12 bytes follow
 */
struct old_header {
	char magic[sizeof(old_magic) - 1];
	uint32_t nr;
};

#define OLD_ENTRY_SIZE	12

void ld_cache__open(struct ld_cache *cache, const char *path)
{
	int fd = process__open_file(AT_FDCWD, path);
	struct stat stat;
	ssize_t n;

	*cache = (struct ld_cache){ 0 };
	if (fd < 0)
		return;
	if (!fstat(fd, &stat) && stat.st_size > 0 && stat.st_size <= SIZE_MAX_READ) {
		/* With an end for the last string. */
		cache->data = calloc(stat.st_size + 1, 1);
		n = cache->data ? read(fd, cache->data, stat.st_size) : 0;
		cache->size = n > 0 ? n : 0;
	}
	close(fd);
}

void ld_cache__close(struct ld_cache *cache)
{
	free(cache->data);
	*cache = (struct ld_cache){ 0 };
}

/* Where the newer part begins. */
static size_t find_start(const struct ld_cache *cache)
{
	struct old_header old;
	uint64_t start;

	if (cache->size < sizeof(old) || memcmp(cache->data, old_magic, sizeof(old.magic)))
		return 0;
	memcpy(&old, cache->data, sizeof(old));
	start = sizeof(old) + (uint64_t)old.nr * OLD_ENTRY_SIZE;
	start = (start + 7) & ~7ULL;
	return start < cache->size ? start : cache->size;
}

int ld_cache__find(const struct ld_cache *cache, const char *name,
		   int (*function)(void *context, const char *path), void *context)
{
	size_t start = find_start(cache), size = cache->size - start, i;
	struct cache_header header;
	struct cache_entry entry;
	const char *data;
	int err = 0;

	if (size < sizeof(header))
		return 0;
	data = cache->data + start;
	memcpy(&header, data, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(header.magic)))
		return 0;
	for (i = 0; !err && i < header.nr; i++) {
		if ((size - sizeof(header)) / sizeof(entry) <= i)
			break;
		memcpy(&entry, data + sizeof(header) + i * sizeof(entry), sizeof(entry));
		if (entry.name >= size || entry.path >= size || strcmp(data + entry.name, name))
			continue;
		err = function(context, data + entry.path);
	}
	return err;
}
