// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "recent.h"

#define FILE_NAME	"recent"

/**
 * recent__add - note a path, unless it is there
 * @recent: the paths
 * @path: the path
 *
 * Return: 0, or -ENOMEM. Where there are too many, it is left out.
 */
int recent__add(struct recent *recent, const char *path)
{
	uint32_t i;
	char *copy;

	/* It could not be told from two. */
	if (strchr(path, '\n'))
		return 0;
	for (i = 0; i < recent->nr; i++)
		if (!strcmp(recent->paths[i], path))
			return 0;
	if (recent->nr == RECENT_MAX)
		return 0;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	recent->paths[recent->nr++] = copy;
	return 0;
}

/**
 * recent__remove - forget a path
 * @recent: the paths
 * @path: the path
 */
void recent__remove(struct recent *recent, const char *path)
{
	uint32_t i;

	for (i = 0; i < recent->nr; i++) {
		if (strcmp(recent->paths[i], path))
			continue;
		free(recent->paths[i]);
		recent->nr--;
		memmove(&recent->paths[i], &recent->paths[i + 1],
			(recent->nr - i) * sizeof(*recent->paths));
		return;
	}
}

/**
 * recent__read - add what a cache has
 * @recent: the paths
 * @cache: the cache
 *
 * Return: 0 or a negative errno: -ENOENT if nothing was kept yet.
 */
int recent__read(struct recent *recent, const struct unwind_cache *cache)
{
	char *text, *end, *line, *next;
	size_t size;
	void *data;
	int err;

	err = unwind_cache__read_file(cache, FILE_NAME, &data, &size);
	if (err)
		return err;
	text = data;
	end = text + size;
	for (line = text; !err && line < end && (next = memchr(line, '\n', end - line));
	     line = next + 1) {
		*next = 0;
		if (*line == '/')
			err = recent__add(recent, line);
	}
	free(data);
	return err;
}

/**
 * recent__write - keep all paths in a cache
 * @recent: the paths
 * @cache: the cache
 *
 * Return: 0 or a negative errno.
 */
int recent__write(const struct recent *recent, const struct unwind_cache *cache)
{
	size_t size = 0, length;
	uint32_t i;
	char *text;
	int err;

	for (i = 0; i < recent->nr; i++)
		size += strlen(recent->paths[i]) + 1;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	for (i = 0, size = 0; i < recent->nr; i++) {
		length = strlen(recent->paths[i]);
		memcpy(text + size, recent->paths[i], length);
		size += length;
		text[size++] = '\n';
	}
	err = unwind_cache__write_file(cache, FILE_NAME, text, size);
	free(text);
	return err;
}

/**
 * recent__free - forget all paths
 * @recent: the paths
 */
void recent__free(struct recent *recent)
{
	while (recent->nr)
		free(recent->paths[--recent->nr]);
}
