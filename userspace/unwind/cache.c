// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "util/array.h"
#include "util/index.h"

/* To be changed whenever another compiler would make other tables of the same file. */
#define CACHE_VERSION	"2"

#define ROOT_CACHE	"/var/cache"

#define BUILD_ID_MAX	64

/* What a file takes at least, for most file systems. */
#define BLOCK_SIZE	4096

/* No table of a file that anybody runs is larger. */
#define FILE_MAX	(64 << 20)

/* What files are called before they are whole. */
#define UNFINISHED	".new-"

/* What a writer that was killed has left behind is that old, in seconds. */
#define UNFINISHED_AGE	3600

/**
 * struct cache_header - what a file of the cache begins with
 * @magic: CACHE_MAGIC
 * @checksum: of what follows. After a crash of the machine, a file may be there without all of what
 *	was written to it; to have it on disk before it gets its name takes too long.
 */
struct cache_header {
	char magic[8];
	uint64_t checksum;
};

static const char cache_magic[8] = "profbuf";

static uint64_t checksum(const void *data, size_t size)
{
	uint64_t sum = size, word;
	const char *next = data;

	for (; size >= sizeof(word); size -= sizeof(word), next += sizeof(word)) {
		memcpy(&word, next, sizeof(word));
		sum = hash_fold(sum ^ word ^ HASH_ODD1, HASH_ODD2) + word;
	}
	word = 0;
	if (size)
		memcpy(&word, next, size);
	return hash_fold(sum ^ word ^ HASH_ODD1, HASH_ODD2);
}

/* Whoever else could write there could have us unwind by tables of theirs. */
static int check_owner(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return -errno;
	return stat.st_uid == geteuid() && !(stat.st_mode & 0022) ? 0 : -EPERM;
}

/* Whoever else could rename what is in it could have us delete files that are elsewhere. */
static int check_base(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return -errno;
	if (stat.st_uid && stat.st_uid != geteuid())
		return -EPERM;
	return stat.st_mode & 0002 && !(stat.st_mode & S_ISVTX) ? -EPERM : 0;
}

/* Takes @parent. */
static int open_below(int parent, const char *name)
{
	int fd = -1, error = 0;

	if (mkdirat(parent, name, 0700) && errno != EEXIST)
		error = -errno;
	if (!error)
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!error && fd < 0)
		error = -errno;
	if (!error)
		error = check_owner(fd);
	if (error && fd >= 0)
		close(fd);
	close(parent);
	return error ? error : fd;
}

/* It may be a link to where there is room. */
static int open_checked(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	if (fd < 0)
		return -errno;
	error = check_base(fd);
	if (error)
		close(fd);
	return error ? error : fd;
}

/* Only what is absolute: a relative path would be another one wherever it is used. */
static int open_base(void)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char path[4096];

	/* The environment may be that of who has called sudo. */
	if (!geteuid())
		return open_checked(ROOT_CACHE);
	if (!base || *base != '/') {
		if (!home || *home != '/')
			return -ENOENT;
		if (snprintf(path, sizeof(path), "%s/.cache", home) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		base = path;
	}
	/* Where it cannot be made, it cannot be opened. */
	mkdir(base, 0700);
	return open_checked(base);
}

/**
 * unwind_cache__open - open the user's cache
 * @cache: the cache; on failure it is one that has nothing and keeps nothing
 *
 * Return: 0 or a negative errno: -EPERM if somebody else could write to it.
 */
int unwind_cache__open(struct unwind_cache *cache)
{
	static const char *const names[] = { "profbuf", "unwind-" CACHE_VERSION };
	int dir = open_base();
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names) && dir >= 0; i++)
		dir = open_below(dir, names[i]);
	cache->dir = dir < 0 ? -1 : dir;
	return dir < 0 ? dir : 0;
}

/**
 * unwind_cache__close - close a cache
 * @cache: the cache
 */
void unwind_cache__close(struct unwind_cache *cache)
{
	if (cache->dir >= 0)
		close(cache->dir);
	cache->dir = -1;
}

/*
 * Whose file it is, as far as that can be believed. Whoever serves a file system in userspace says
 * it, and so does an image that a user may have mounted, which is without set-user-ID programs
 * then: as many such file systems are the machine's own, they are told apart.
 */
static void print_owner(char *to, int fd, const struct stat *stat)
{
	struct statfs statfs;

	if (fstatfs(fd, &statfs) || statfs.f_type == FUSE_SUPER_MAGIC)
		strcpy(to, "fuse");
	else if (statfs.f_flags & ST_NOSUID)
		sprintf(to, "%" PRIu32 ".%jx", (uint32_t)stat->st_uid, (uintmax_t)stat->st_dev);
	else
		sprintf(to, "%" PRIu32, (uint32_t)stat->st_uid);
}

/**
 * unwind_cache__name - what the table of a file is called
 * @name: where to put it
 * @fd: the file
 * @build_id: of the file
 * @size: bytes of that; 0: it has none
 *
 * Anybody can make a file with any build-id: those of other owners are other ones. The size tells
 * a file from its stripped copy.
 *
 * Return: 0 or a negative errno: -ENOENT if it will not be found again.
 */
int unwind_cache__name(char name[UNWIND_CACHE_NAME], int fd, const uint8_t *build_id, size_t size)
{
	struct stat stat;
	char *end = name;
	size_t i;

	if (size > BUILD_ID_MAX)
		return -EINVAL;
	if (fstat(fd, &stat))
		return -errno;
	if (!size && !stat.st_nlink)
		return -ENOENT;
	for (i = 0; i < size; i++)
		end += sprintf(end, "%02x", build_id[i]);
	if (!size)
		end += sprintf(end, "%jx.%jx.%jx.%lx", (uintmax_t)stat.st_dev,
			       (uintmax_t)stat.st_ino, (uintmax_t)stat.st_ctim.tv_sec,
			       stat.st_ctim.tv_nsec);
	end += sprintf(end, "-%jx-", (uintmax_t)stat.st_size);
	print_owner(end, fd, &stat);
	return 0;
}

static bool is_unfinished(const char *name)
{
	return !strncmp(name, UNFINISHED, strlen(UNFINISHED));
}

/* All else in the directory is not to be trimmed. */
static bool is_name(const char *name)
{
	return isxdigit((unsigned char)*name) && strchr(name, '-') &&
	       strlen(name) < UNWIND_CACHE_NAME;
}

static int read_all(int fd, char *to, size_t size)
{
	ssize_t n;

	while (size) {
		n = read(fd, to, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		to += n;
		size -= n;
	}
	return 0;
}

static int write_all(int fd, const void *from, size_t size)
{
	const char *next = from;
	ssize_t n;

	while (size) {
		n = write(fd, next, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		next += n;
		size -= n;
	}
	return 0;
}

/* Of a file of so many bytes. */
static int read_checked(int fd, uint64_t file_size, void **data, size_t *size)
{
	struct cache_header header;
	int error;

	if (file_size < sizeof(header) || file_size > FILE_MAX)
		return -EBADMSG;
	error = read_all(fd, (char *)&header, sizeof(header));
	if (error)
		return error;
	*size = file_size - sizeof(header);
	*data = malloc(*size + 1);
	if (!*data)
		return -ENOMEM;
	error = read_all(fd, *data, *size);
	if (!error && (memcmp(header.magic, cache_magic, sizeof(cache_magic)) ||
		       header.checksum != checksum(*data, *size)))
		error = -EBADMSG;
	return error;
}

/**
 * unwind_cache__read_file - read a file of the cache
 * @cache: the cache
 * @name: its name
 * @data: where to put what is in it, to be freed by the caller
 * @size: where to put its bytes
 *
 * Return: 0 or a negative errno: -ENOENT if it is not there, -EBADMSG if it is damaged.
 */
int unwind_cache__read_file(const struct unwind_cache *cache, const char *name, void **data,
			    size_t *size)
{
	struct stat stat;
	int fd, error;

	if (cache->dir < 0)
		return -ENOENT;
	/* One that is no file must not be waited for. */
	fd = openat(cache->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*data = NULL;
	error = check_owner(fd);
	if (!error && fstat(fd, &stat))
		error = -errno;
	if (!error && !S_ISREG(stat.st_mode))
		error = -EINVAL;
	if (!error)
		error = read_checked(fd, stat.st_size, data, size);
	if (error)
		free(*data);
	else
		/* What was used last goes last. Where it cannot be noted, it goes sooner. */
		futimens(fd, NULL);
	close(fd);
	return error;
}

/**
 * unwind_cache__read - read a table
 * @cache: the cache
 * @name: what it is called
 * @table: where to put it, to be freed by the caller. It was not checked by the kernel's rules
 * @size: where to put its bytes
 *
 * Return: 0 or a negative errno: -ENOENT if it is not there, -ENODATA if the file is known to have
 * none, -EBADMSG if it is damaged.
 */
int unwind_cache__read(const struct unwind_cache *cache, const char *name, void **table,
		       size_t *size)
{
	int error = unwind_cache__read_file(cache, name, table, size);

	if (!error && !*size) {
		free(*table);
		error = -ENODATA;
	}
	return error;
}

/**
 * unwind_cache__write_file - write a file of the cache
 * @cache: the cache
 * @name: its name
 * @data: what is to be in it
 * @size: bytes of that
 *
 * It is there whole or not at all, whoever else writes it and whatever happens.
 *
 * Return: 0 or a negative errno.
 */
int unwind_cache__write_file(const struct unwind_cache *cache, const char *name, const void *data,
			     size_t size)
{
	struct cache_header header = { .checksum = checksum(data, size) };
	char unfinished[32];
	uint64_t number;
	int fd, error;

	if (cache->dir < 0)
		return -ENOENT;
	/* It would not be read. */
	if (size > FILE_MAX - sizeof(header))
		return -EFBIG;
	memcpy(header.magic, cache_magic, sizeof(cache_magic));
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	snprintf(unfinished, sizeof(unfinished), UNFINISHED "%016" PRIx64, number);
	fd = openat(cache->dir, unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	error = write_all(fd, &header, sizeof(header));
	if (!error)
		error = write_all(fd, data, size);
	if (close(fd) && !error)
		error = -errno;
	if (!error && renameat(cache->dir, unfinished, cache->dir, name))
		error = -errno;
	if (error)
		unlinkat(cache->dir, unfinished, 0);
	return error;
}

/**
 * unwind_cache__write - keep a table
 * @cache: the cache
 * @name: what it is called
 * @table: the table
 * @size: its bytes; 0: the file has none
 *
 * Return: 0 or a negative errno.
 */
int unwind_cache__write(const struct unwind_cache *cache, const char *name, const void *table,
			size_t size)
{
	return unwind_cache__write_file(cache, name, table, size);
}

/**
 * struct entry - a file of the cache
 * @name: its name
 * @size: its bytes
 * @used: when it was used last
 */
struct entry {
	char name[UNWIND_CACHE_NAME];
	uint64_t size;
	struct timespec used;
};

static int by_use(const void *first, const void *second)
{
	const struct entry *a = first, *b = second;

	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
	return (a->used.tv_nsec > b->used.tv_nsec) - (a->used.tv_nsec < b->used.tv_nsec);
}

static int list(int dir, struct entry **entries, uint32_t *nr, uint64_t *bytes)
{
	/* Its own place in the directory: @dir's would be shared. */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *dirent;
	struct stat stat;
	uint32_t max = 0;
	int error = 0;

	if (!stream) {
		error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	while ((dirent = readdir(stream))) {
		if (fstatat(dir, dirent->d_name, &stat, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(stat.st_mode))
			continue;
		if (is_unfinished(dirent->d_name) &&
		    stat.st_mtim.tv_sec + UNFINISHED_AGE < time(NULL))
			unlinkat(dir, dirent->d_name, 0);
		if (!is_name(dirent->d_name))
			continue;
		error = array__reserve(entries, *nr, &max, sizeof(**entries));
		if (error)
			break;
		strcpy((*entries)[*nr].name, dirent->d_name);
		(*entries)[*nr].size = (stat.st_size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE;
		(*entries)[*nr].used = stat.st_mtim;
		*bytes += (*entries)[*nr].size;
		++*nr;
	}
	closedir(stream);
	return error;
}

/**
 * unwind_cache__trim - remove what was not used for the longest time
 * @cache: the cache
 * @max: bytes that may stay
 *
 * Return: 0 or a negative errno.
 */
int unwind_cache__trim(const struct unwind_cache *cache, uint64_t max)
{
	struct entry *entries = NULL;
	uint64_t bytes = 0;
	uint32_t nr = 0, i;
	int error;

	if (cache->dir < 0)
		return 0;
	error = list(cache->dir, &entries, &nr, &bytes);
	if (!error && bytes > max) {
		qsort(entries, nr, sizeof(*entries), by_use);
		for (i = 0; i < nr && bytes > max; i++) {
			/* Somebody else may be doing the same. */
			if (unlinkat(cache->dir, entries[i].name, 0) && errno != ENOENT)
				error = -errno;
			else
				bytes -= entries[i].size;
		}
	}
	free(entries);
	return error;
}
