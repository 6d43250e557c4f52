/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ld_cache: where the dynamic linker of the GNU C library has found libraries, /etc/ld.so.cache.
 */
#ifndef PROFBUF_RECORD_LD_CACHE_H
#define PROFBUF_RECORD_LD_CACHE_H

#include <stddef.h>

/**
 * struct ld_cache - the cache
 * @data: all of it; NULL: there is none
 * @size: its bytes
 */
struct ld_cache {
	char *data;
	size_t size;
};

/* Whether it can be read does not matter: then it has nothing. */
void ld_cache__open(struct ld_cache *cache, const char *path);
void ld_cache__close(struct ld_cache *cache);

/*
 * Call @function for each path of a library, for whichever processors, until it returns an error,
 * which is returned.
 */
int ld_cache__find(const struct ld_cache *cache, const char *name,
		   int (*function)(void *context, const char *path), void *context);

#endif /* PROFBUF_RECORD_LD_CACHE_H */
