/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind tables on disk, by build-id, or by inode where there is none, so that each file is
 * compiled only once. That a file has no table is kept, too.
 *
 * The tables of root are in a directory that only root can write to, those of others in
 * directories of their own: nobody is given a table that somebody else has made.
 */
#ifndef PROFBUF_UNWIND_CACHE_H
#define PROFBUF_UNWIND_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* A build-id, a size and an owner, with room for the 0 at the end. */
#define UNWIND_CACHE_NAME	192

/* What the tables of many large programs take: whoever adds some trims the cache to that. */
#define UNWIND_CACHE_BYTES	(512ULL << 20)

/**
 * struct unwind_cache - tables on disk
 * @dir: the directory; -1: there is none, and nothing is found or kept
 */
struct unwind_cache {
	int dir;
};

int unwind_cache__open(struct unwind_cache *cache);
void unwind_cache__close(struct unwind_cache *cache);
int unwind_cache__read_file(const struct unwind_cache *cache, const char *name, void **data,
			    size_t *size);
int unwind_cache__write_file(const struct unwind_cache *cache, const char *name, const void *data,
			     size_t size);
int unwind_cache__name(char name[UNWIND_CACHE_NAME], int fd, const uint8_t *build_id, size_t size);
int unwind_cache__read(const struct unwind_cache *cache, const char *name, void **table,
		       size_t *size);
int unwind_cache__write(const struct unwind_cache *cache, const char *name, const void *table,
			size_t size);
int unwind_cache__trim(const struct unwind_cache *cache, uint64_t max);

#endif /* PROFBUF_UNWIND_CACHE_H */
