// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <lzma.h>
#include <zlib.h>

#include "debug_file.h"
#include "process.h"

/* The real ones have a megabyte at most. */
#define MINI_MAX	(64 << 20)
/* "xz -9" needs 65 MiB to unpack. */
#define MINI_WORK_MAX	(96 << 20)

/* Without build-id the checksum tells whether it is the right one. */
struct identity {
	const uint8_t *build_id;
	size_t build_id_size;
	bool has_checksum;
	uint32_t checksum;
};

static bool matches(const struct image *image, const struct identity *identity)
{
	if (identity->build_id_size && image->build_id_size)
		return image->build_id_size == identity->build_id_size &&
		       !memcmp(image->build_id, identity->build_id, identity->build_id_size);
	return identity->has_checksum &&
	       crc32_z(0, image->memory, image->size) == identity->checksum;
}

static int open_matching(struct image *image, int root, const char *path,
			 const struct identity *identity)
{
	int fd = process__open_file(root, path);

	if (fd < 0 || image__open(image, fd))
		return -ENOENT;
	if (matches(image, identity))
		return 0;
	image__close(image);
	return -ENOENT;
}

/* Path of the debug file with a build-id. NULL: no memory, or there is no build-id. */
static char *build_id_path(const char *directory, int length, const uint8_t *build_id, size_t size)
{
	char digits[2 * BUILD_ID_MAX + 1], *path;
	size_t i;

	if (size < 2 || size > BUILD_ID_MAX)
		return NULL;
	for (i = 0; i < size; i++)
		sprintf(digits + 2 * i, "%02x", build_id[i]);
	if (asprintf(&path, "%.*s/.build-id/%.2s/%s.debug", length, directory, digits,
		     digits + 2) < 0)
		return NULL;
	return path;
}

/* Takes @path. */
static int try_path(struct image *image, struct debug_file_search *search, int root, char *path,
		    const struct identity *identity)
{
	if (!path)
		return -ENOENT;
	if (open_matching(image, root, path, identity)) {
		free(path);
		return -ENOENT;
	}
	search->found_root = root;
	search->found_path = path;
	return 0;
}

static char *link_path(const char *before, int length, const char *file, const char *between,
		       const char *name)
{
	const char *slash = strrchr(file, '/');
	char *path;

	if (asprintf(&path, "%.*s%.*s/%s%s", length, before, slash ? (int)(slash - file) : 0, file,
		     between, name) < 0)
		return NULL;
	return path;
}

static int find_in_directory(struct image *debug, struct debug_file_search *search, int root,
			     const char *directory, int length)
{
	struct identity identity = { search->build_id, search->build_id_size, false, 0 };
	const char *name = NULL, *file = search->path;
	char *path;

	path = build_id_path(directory, length, search->build_id, search->build_id_size);
	if (!try_path(debug, search, root, path, &identity))
		return 0;

	if (search->image)
		name = dwelf_elf_gnu_debuglink(search->image->elf, &identity.checksum);
	if (!name || !*name || strchr(name, '/'))
		return -ENOENT;
	identity.has_checksum = true;
	path = link_path("", 0, file, "", name);
	if (!try_path(debug, search, root, path, &identity))
		return 0;
	path = link_path("", 0, file, ".debug/", name);
	if (!try_path(debug, search, root, path, &identity))
		return 0;
	path = link_path(directory, length, file, "", name);
	return try_path(debug, search, root, path, &identity);
}

int debug_file__find(struct image *debug, struct debug_file_search *search)
{
	const char *directory, *end;
	size_t i;

	for (i = 0; i < search->nroots; i++) {
		for (directory = search->directories; *directory; directory = end + !!*end) {
			end = strchrnul(directory, ':');
			if (!find_in_directory(debug, search, search->roots[i], directory,
					       end - directory))
				return 0;
		}
	}
	return -ENOENT;
}

/* A file name and behind its NUL the build-id. */
static const char *alternate_link(const struct image *debug, struct identity *identity)
{
	const char *name, *end;
	size_t size;

	name = image__section(debug, ".gnu_debugaltlink", &size);
	end = name ? memchr(name, '\0', size) : NULL;
	if (!end || end == name)
		return NULL;
	identity->build_id = (const uint8_t *)end + 1;
	identity->build_id_size = name + size - (end + 1);
	return identity->build_id_size ? name : NULL;
}

/* Takes @path. */
static int open_alternate(struct image *alternate, int root, char *path,
			  const struct identity *identity)
{
	int error = path ? open_matching(alternate, root, path, identity) : -ENOENT;

	free(path);
	return error;
}

int debug_file__find_alternate(struct image *alternate, const struct image *debug,
			       const struct debug_file_search *search)
{
	const char *debug_path = search->found_path ?: search->path;
	struct identity identity = { 0 };
	const char *name = alternate_link(debug, &identity);
	const char *directory, *end;
	size_t i;

	for (i = 0; name && i < search->nroots; i++) {
		int root = search->roots[i];
		char *path;

		if (search->found_path && root != search->found_root)
			continue;
		for (directory = search->directories; *directory; directory = end + !!*end) {
			end = strchrnul(directory, ':');
			path = build_id_path(directory, end - directory, identity.build_id,
					     identity.build_id_size);
			if (!open_alternate(alternate, root, path, &identity))
				return 0;
		}
		path = name[0] == '/' ? strdup(name) : link_path("", 0, debug_path, "", name);
		if (!open_alternate(alternate, root, path, &identity))
			return 0;
	}
	return -ENOENT;
}

static int unpack(lzma_stream *stream, uint8_t **memory, size_t *size)
{
	size_t allocated = 1 << 16;

	for (;;) {
		lzma_ret result;
		uint8_t *grown;

		grown = realloc(*memory, allocated);
		if (!grown)
			return -ENOMEM;
		*memory = grown;
		stream->next_out = *memory + *size;
		stream->avail_out = allocated - *size;
		result = lzma_code(stream, LZMA_FINISH);
		*size = allocated - stream->avail_out;
		if (result == LZMA_STREAM_END)
			return 0;
		if (result == LZMA_MEM_ERROR)
			return -ENOMEM;
		if (result != LZMA_OK)
			return -EBADMSG;
		if (stream->avail_out)
			continue;
		if (allocated >= MINI_MAX)
			return -EFBIG;
		allocated *= 2;
	}
}

int debug_file__unpack_mini(struct image *mini, const struct image *image)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	uint8_t *memory = NULL;
	size_t size = 0;
	int error;

	stream.next_in = image__section(image, ".gnu_debugdata", &stream.avail_in);
	if (!stream.next_in)
		return -ENOENT;
	if (lzma_stream_decoder(&stream, MINI_WORK_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	error = unpack(&stream, &memory, &size);
	lzma_end(&stream);
	if (error) {
		free(memory);
		return error;
	}
	return image__open_memory(mini, memory, size);
}
