// SPDX-License-Identifier: GPL-2.0
/*
 * A control group is the one sure sign of a command's descendants: they are born into it, and
 * records name it, even those of processes that have ended when their records are read. Where
 * none can be made, parents are asked for while they live; the recorder is the reaper
 * of orphans, so that these do not leave the family.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "family.h"

/* So many generations are asked for; more would be a circle of numbers that are used again. */
#define MAX_ANCESTORS 64

/**
 * process__parent - who started a process?
 * @pid: process ID
 *
 * Return: process ID of its parent; 0: it has none, or has ended.
 */
uint32_t process__parent(uint32_t pid)
{
	char path[64], line[1024];
	const char *field;
	unsigned int parent;
	FILE *file;
	bool known;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	known = fgets(line, sizeof(line), file);
	fclose(file);
	field = known ? strrchr(line, ')') : NULL;
	return field && sscanf(field + 1, " %*c %u", &parent) == 1 ? parent : 0;
}

static struct family_member *family__find(struct family *family, uint32_t pid)
{
	uint32_t cursor, i;

	index_for_each_candidate(&family->index, hash_pair(pid, 0), cursor, i)
		if (family->members[i].pid == pid)
			return &family->members[i];
	return NULL;
}

/**
 * family__add - know whether a process belongs to the family
 * @family: the family
 * @pid: process ID
 * @answer: whether it does
 *
 * Return: 0 or a negative errno.
 */
int family__add(struct family *family, uint32_t pid, enum family_answer answer)
{
	struct family_member *member = family__find(family, pid);

	if (member) {
		member->answer = answer;
		return 0;
	}
	if (family->nr_members == family->max_members) {
		uint32_t max = family->max_members ? family->max_members * 2 : 64;

		member = realloc(family->members, max * sizeof(*member));
		if (!member)
			return -ENOMEM;
		family->members = member;
		family->max_members = max;
	}
	family->members[family->nr_members] = (struct family_member){ pid, answer };
	return index__insert(&family->index, hash_pair(pid, 0), family->nr_members++);
}

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
 * family__make_cgroup - make a control group for the command
 * @family: the family; it has none if that is not possible
 */
void family__make_cgroup(struct family *family)
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
	family->cgroup = strdup(path);
	family->cgroup_id = status.st_ino;
}

/**
 * family__join_cgroup - put this process into the family's control group
 * @family: the family
 *
 * Return: 0 or a negative errno.
 */
int family__join_cgroup(const struct family *family)
{
	char path[8192 + 128];
	int fd, err = 0;

	if (!family->cgroup)
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.procs", family->cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

/* Up to the first ancestor of which it is known whether it belongs. */
static enum family_answer ask_parents(struct family *family, uint32_t pid)
{
	uint32_t way[MAX_ANCESTORS];
	enum family_answer answer = FAMILY_UNKNOWN;
	const struct family_member *member;
	uint32_t n = 0;

	while (n < MAX_ANCESTORS) {
		way[n++] = pid;
		pid = process__parent(pid);
		/* We have no children but the command, and its orphans. */
		if (pid == (uint32_t)getpid()) {
			answer = FAMILY_YES;
			break;
		}
		if (!pid) {
			/* The first process and kernel threads have no parent. */
			if (way[n - 1] <= 2)
				answer = FAMILY_NO;
			break;
		}
		member = family__find(family, pid);
		if (member && member->answer != FAMILY_UNKNOWN) {
			answer = member->answer;
			break;
		}
	}
	/* Of one that has ended nothing is learnt later either. */
	while (n)
		if (family__add(family, way[--n], answer))
			break;
	return answer;
}

/**
 * family__has - does a process belong to the family?
 * @family: the family
 * @pid: process ID
 * @cgroup: its control group, 0 if unknown
 *
 * Return: whether it does; FAMILY_UNKNOWN if it ended before its parents could be asked for.
 */
enum family_answer family__has(struct family *family, uint32_t pid, uint64_t cgroup)
{
	const struct family_member *member;

	if (family->everything)
		return FAMILY_YES;
	if (family->cgroup && cgroup == family->cgroup_id)
		return FAMILY_YES;
	member = family__find(family, pid);
	if (member)
		return member->answer;
	return ask_parents(family, pid);
}

/* Who is still there goes back to where the command came from. */
static void family__leave_cgroup(const struct family *family)
{
	char from[8192 + 128], to[8192 + 128], line[32];
	int tries;

	snprintf(from, sizeof(from), "%s/cgroup.procs", family->cgroup);
	snprintf(to, sizeof(to), "%.*s/cgroup.procs",
		 (int)(strrchr(family->cgroup, '/') - family->cgroup), family->cgroup);
	/* Again if one was just about to have a child. */
	for (tries = 0; rmdir(family->cgroup) && errno == EBUSY && tries < 100; tries++) {
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
 * family__exit - give back what is known of a family
 * @family: the family
 */
void family__exit(struct family *family)
{
	if (family->cgroup)
		family__leave_cgroup(family);
	free(family->cgroup);
	free(family->members);
	index__free(&family->index);
}
