// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"

/* Where control groups are, and where in there we are; "" if there are none. */
static void own_cgroup(char *path, size_t size)
{
	char line[4096], mount[4096] = "", own[4096] = "";
	FILE *file;

	*path = 0;
	file = fopen("/proc/self/mountinfo", "re");
	while (file && fgets(line, sizeof(line), file)) {
		char root[4096], point[4096];
		char *type = strstr(line, " - cgroup2 ");

		if (type && sscanf(line, "%*d %*d %*s %4095s %4095s", root, point) == 2 &&
		    !strcmp(root, "/"))
			strcpy(mount, point);
	}
	if (file)
		fclose(file);
	file = fopen("/proc/self/cgroup", "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = 0;
		strcpy(own, line + 3);
	}
	if (file)
		fclose(file);
	if (*mount && *own && strlen(mount) + strlen(own) < size)
		sprintf(path, "%s%s", mount, own);
}

/**
 * cgroup__make - make a control group below our own
 * @cgroup: has none if that is not possible
 */
void cgroup__make(struct cgroup *cgroup)
{
	char parent[8192], path[8192 + 64];
	struct stat status;

	own_cgroup(parent, sizeof(parent));
	if (!*parent)
		return;
	snprintf(path, sizeof(path), "%s/profbuf-%d", parent, getpid());
	if (mkdir(path, 0755))
		return;
	if (stat(path, &status)) {
		rmdir(path);
		return;
	}
	cgroup->path = strdup(path);
	if (!cgroup->path)
		rmdir(path);
	cgroup->id = status.st_ino;
}

/**
 * cgroup__join - put this process into it
 * @cgroup: the control group; if there is none, nothing is done
 *
 * Return: 0 or a negative errno.
 */
int cgroup__join(const struct cgroup *cgroup)
{
	char path[8192 + 128];
	int fd, err = 0;

	if (!cgroup->path)
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

/* Who is still there goes back to where the command came from. */
static void empty(const struct cgroup *cgroup)
{
	char from[8192 + 128], to[8192 + 128], line[32];
	int tries;

	snprintf(from, sizeof(from), "%s/cgroup.procs", cgroup->path);
	snprintf(to, sizeof(to), "%.*s/cgroup.procs",
		 (int)(strrchr(cgroup->path, '/') - cgroup->path), cgroup->path);
	/* Again if one was just about to have a child. */
	for (tries = 0; rmdir(cgroup->path) && errno == EBUSY && tries < 100; tries++) {
		FILE *list = fopen(from, "re");

		while (list && fgets(line, sizeof(line), list)) {
			FILE *procs = fopen(to, "we");

			if (!procs)
				break;
			fputs(line, procs);
			fclose(procs);
		}
		if (list)
			fclose(list);
	}
}

/**
 * cgroup__leave - remove it
 * @cgroup: the control group, or none
 */
void cgroup__leave(struct cgroup *cgroup)
{
	if (cgroup->path)
		empty(cgroup);
	free(cgroup->path);
}
