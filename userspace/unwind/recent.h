/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recent: the files that were sampled last, so that their tables can be loaded before they are
 * sampled again. One path a line, the last ones first.
 */
#ifndef PROFBUF_UNWIND_RECENT_H
#define PROFBUF_UNWIND_RECENT_H

#include <stdint.h>

struct unwind_cache;

#define RECENT_MAX	1000

/**
 * struct recent - paths
 * @paths: these; their memory belongs to this
 * @nr: how many
 */
struct recent {
	char *paths[RECENT_MAX];
	uint32_t nr;
};

int recent__read(struct recent *recent, const struct unwind_cache *cache);
int recent__write(const struct recent *recent, const struct unwind_cache *cache);
int recent__add(struct recent *recent, const char *path);
void recent__remove(struct recent *recent, const char *path);
void recent__free(struct recent *recent);

#endif /* PROFBUF_UNWIND_RECENT_H */
