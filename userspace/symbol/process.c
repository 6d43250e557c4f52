// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "process.h"
#include "util/machine.h"

#define DELETED		" (deleted)"

/* Without its generation, a process ID is what /proc has. */
static uint32_t proc_pid(uint32_t pid)
{
	return pid & ((1U << SYMBOL_PID_BITS) - 1);
}

static int proc_path(char *path, size_t size, uint32_t pid, const char *name)
{
	return snprintf(path, size, "/proc/%" PRIu32 "/%s", proc_pid(pid), name);
}

/* One line of maps, in place. False: not an executable mapping. */
static bool parse_mapping(char *line, struct symbol_mapping *mapping)
{
	char permissions[5];
	size_t length;
	int path = 0;

	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32 " %" SCNu64 " %n",
		   &mapping->start, &mapping->end, permissions, &mapping->offset,
		   &mapping->major, &mapping->minor, &mapping->inode, &path) != 7 || !path)
		return false;
	if (strlen(permissions) < 3 || permissions[2] != 'x')
		return false;

	line += path;
	length = strcspn(line, "\n");
	if (length > strlen(DELETED) &&
	    !strncmp(line + length - strlen(DELETED), DELETED, strlen(DELETED))) {
		mapping->deleted = true;
		length -= strlen(DELETED);
	}
	line[length] = '\0';
	mapping->path = line;
	return true;
}

int process__read_maps(uint32_t pid,
		       int (*function)(const struct symbol_mapping *mapping, void *data),
		       void *data)
{
	char path[64], *line = NULL;
	size_t allocated = 0;
	int error = 0;
	FILE *maps;

	proc_path(path, sizeof(path), pid, "maps");
	maps = fopen(path, "re");
	if (!maps)
		return errno == ENOENT ? -ESRCH : -errno;

	errno = 0;
	while (!error && getline(&line, &allocated, maps) >= 0) {
		struct symbol_mapping mapping = { .pid = pid };

		if (parse_mapping(line, &mapping))
			error = function(&mapping, data);
	}
	if (!error && ferror(maps))
		error = -errno;
	free(line);
	fclose(maps);
	return error;
}

/* Open again, for reading, what @path names; @path is O_PATH and is closed. */
static int reopen_regular(int path)
{
	struct stat stat;
	char name[32];
	int fd;

	if (fstat(path, &stat)) {
		fd = -errno;
	} else if (!S_ISREG(stat.st_mode)) {
		fd = -ENODEV;
	} else {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
		/* Its owner may have a lease, whose end would be waited for. */
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			fd = -errno;
	}
	close(path);
	return fd;
}

static int open_regular(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : reopen_regular(fd);
}

int process__open_root(uint32_t pid)
{
	char path[64];
	int fd;

	proc_path(path, sizeof(path), pid, "root");
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* @flags: O_NOFOLLOW, or none. */
static int open_below(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : reopen_regular(fd);
}

int process__open_file(int root, const char *path)
{
	return root == AT_FDCWD ? open_regular(path) : open_below(root, path, 0);
}

/*
 * Close @fd unless it is the mapped file. @exact: ask for the same device, too. What maps
 * has is the superblock's, which on btrfs and overlayfs is another than that of stat().
 */
static int keep_if_mapped(int fd, const struct symbol_mapping *mapping, bool exact)
{
	struct stat stat;

	if (fd < 0)
		return fd;
	if (!fstat(fd, &stat) && stat.st_ino == mapping->inode &&
	    (!exact || stat.st_dev == makedev(mapping->major, mapping->minor)))
		return fd;
	close(fd);
	return -ESTALE;
}

/* By its path, as the process sees it or, if it is in a chroot, as it is seen from here. */
static int open_path(const struct symbol_mapping *mapping)
{
	int root = process__open_root(mapping->pid), fd, here;

	if (root < 0)
		return root;
	fd = keep_if_mapped(process__open_file(root, mapping->path), mapping, false);
	close(root);
	if (fd >= 0)
		return fd;
	here = keep_if_mapped(open_regular(mapping->path), mapping, true);
	return here >= 0 ? here : fd;
}

int process__open_map_file(const struct symbol_mapping *mapping)
{
	char path[128], name[64];

	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, mapping->start,
		 mapping->end);
	proc_path(path, sizeof(path), mapping->pid, name);
	return open_regular(path);
}

int process__open_exe(uint32_t pid)
{
	char path[64];

	proc_path(path, sizeof(path), pid, "exe");
	return open_regular(path);
}

int process__open_mapping(const struct symbol_mapping *mapping)
{
	int fd, exe;

	fd = process__open_map_file(mapping);
	if (fd >= 0 || fd == -ENODEV)
		return fd;

	/* map_files takes privileges; an executable of one's own can be had without. */
	exe = keep_if_mapped(process__open_exe(mapping->pid), mapping, false);
	if (exe >= 0)
		return exe;
	if (mapping->deleted)
		return fd == -EPERM || fd == -EACCES ? fd : -ENOENT;
	return open_path(mapping);
}

bool process__is_alive(uint32_t pid, uint64_t start_ns)
{
	uint64_t started;
	uint32_t parent;

	return machine__process_stat(proc_pid(pid), &parent, &started) &&
	       started == machine__ticks(start_ns);
}

int process__read_memory(uint32_t pid, uint64_t address, void *memory, uint64_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	proc_path(path, sizeof(path), pid, "mem");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, memory, size, address);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n >= 0 && (uint64_t)n != size)
		return -EIO;
	return n < 0 ? n : 0;
}

/* What the process takes for its own number, in the innermost of its pid namespaces. */
static int read_status(uint32_t pid, uint32_t *own_pid, uid_t *uid)
{
	char path[64], *line = NULL;
	size_t allocated = 0;
	FILE *status;

	*own_pid = proc_pid(pid);
	*uid = (uid_t)-1;
	proc_path(path, sizeof(path), pid, "status");
	status = fopen(path, "re");
	if (!status)
		return errno == ENOENT ? -ESRCH : -errno;
	while (getline(&line, &allocated, status) >= 0) {
		if (!strncmp(line, "NSpid:", 6)) {
			char *last = line + strcspn(line, "\n");

			while (last > line && isspace((unsigned char)last[-1]))
				last--;
			*last = '\0';
			while (last > line && isdigit((unsigned char)last[-1]))
				last--;
			*own_pid = strtoul(last, NULL, 10);
		}
		/* The second one is the effective user ID. */
		if (!strncmp(line, "Uid:", 4))
			sscanf(line, "Uid: %*u %u", uid);
	}
	free(line);
	fclose(status);
	return 0;
}

int process__find_left_perf_map(const struct process_identity *process,
				struct process_perf_map *perf_map)
{
	struct stat stat_ns;

	if (stat("/proc/self/ns/pid", &stat_ns) || stat_ns.st_ino != process->pid_ns)
		return -ESRCH;
	*perf_map = (struct process_perf_map){
		.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.pid = process->ns_pid,
		.uid = geteuid(),
		.not_before = machine__clock(CLOCK_REALTIME) - machine__clock(CLOCK_BOOTTIME) +
			      (int64_t)process->start_ns,
	};
	return perf_map->root < 0 ? -errno : 0;
}

int process__find_perf_map(uint32_t pid, struct process_perf_map *perf_map)
{
	int error = read_status(pid, &perf_map->pid, &perf_map->uid);

	perf_map->not_before = 0;
	if (error)
		return error;
	perf_map->root = process__open_root(pid);
	return perf_map->root < 0 ? perf_map->root : 0;
}

int process__open_perf_map(const struct process_perf_map *perf_map)
{
	struct stat stat;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/perf-%" PRIu32 ".map", perf_map->pid);
	/* Everybody may write to /tmp: names for this process come from itself, or root. */
	fd = open_below(perf_map->root, path, O_NOFOLLOW);
	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) || (stat.st_uid != perf_map->uid && stat.st_uid)) {
		close(fd);
		return -EPERM;
	}
	if (stat.st_mtim.tv_sec < perf_map->not_before / 1000000000) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}
