// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "image.h"
#include "process.h"
#include "told_file.h"

/* File systems that have a number for each of their parts show another one to stat(). */
static bool same_device(const struct symbol_mapping *mapping, const struct stat *stat)
{
	return (mapping->major == major(stat->st_dev) && mapping->minor == minor(stat->st_dev)) ||
	       !mapping->major || !major(stat->st_dev);
}

/**
 * told_file__is - is a file the one that was mapped?
 * @mapping: the mapping
 * @stat: of the file
 *
 * A deleted file was changed by that, but as long as it is mapped nobody gets its number.
 *
 * Return: whether it is.
 */
bool told_file__is(const struct symbol_mapping *mapping, const struct stat *stat)
{
	if (stat->st_ino != mapping->inode || !same_device(mapping, stat))
		return false;
	return !stat->st_nlink || (stat->st_ctim.tv_sec == mapping->ctime_sec &&
				   stat->st_ctim.tv_nsec == mapping->ctime_nsec);
}

/* Takes @fd. */
static int if_it_is(const struct symbol_mapping *mapping, int fd)
{
	struct stat stat;

	if (fd < 0)
		return fd;
	if (!fstat(fd, &stat) && told_file__is(mapping, &stat))
		return fd;
	close(fd);
	return -ESTALE;
}

static int open_of_process(const struct symbol_mapping *mapping)
{
	int fd, root;

	fd = if_it_is(mapping, process__open_map_file(mapping));
	/* map_files takes privileges; an executable of one's own can be had without. */
	if (fd < 0)
		fd = if_it_is(mapping, process__open_exe(mapping->pid));
	if (fd >= 0)
		return fd;
	root = process__open_root(mapping->pid);
	if (root < 0)
		return root;
	fd = if_it_is(mapping, process__open_file(root, mapping->path));
	close(root);
	return fd;
}

/**
 * told_file__open - open the very file that was mapped
 * @mapping: the mapping
 *
 * By the process that has mapped it, as long as it lives; else by its path.
 *
 * Return: the file, or a negative errno: -ESTALE if another one is in its place.
 */
int told_file__open(const struct symbol_mapping *mapping)
{
	int fd = -ESRCH;

	if (process__is_alive(mapping->pid, mapping->start_ns))
		fd = open_of_process(mapping);
	return fd >= 0 ? fd : if_it_is(mapping, process__open_file(AT_FDCWD, mapping->path));
}

static bool has_build_id(const struct symbol_mapping *mapping, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct image image;
	bool same;

	if (copy < 0 || image__open(&image, copy))
		return false;
	same = image.build_id_size == mapping->build_id_size &&
	       !memcmp(image.build_id, mapping->build_id, image.build_id_size);
	image__close(&image);
	return same;
}

/**
 * told_file__find - open the file that was mapped, or one that is the same by its build-id
 * @mapping: the mapping
 *
 * If a build-id is told, the file has it: what a recording tells was not seen by this kernel.
 *
 * Return: as told_file__open().
 */
int told_file__find(const struct symbol_mapping *mapping)
{
	int fd = told_file__open(mapping);

	if (!mapping->build_id_size)
		return fd;
	if (fd < 0)
		fd = process__open_file(AT_FDCWD, mapping->path);
	if (fd < 0 || has_build_id(mapping, fd))
		return fd;
	close(fd);
	return -ESTALE;
}
