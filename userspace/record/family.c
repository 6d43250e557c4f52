// SPDX-License-Identifier: GPL-2.0
/*
 * A control group is the one sure sign of a command's descendants: they are born into it, and
 * records name it. Where none can be made, and for processes that ran already, the kernel tells
 * with the space of a record which process it is of, and who its parent was when it was sampled
 * first. Processes are told apart by the time at which they were started: what is known of one is
 * never taken for that of another that has got its number. Of ancestors that were not sampled
 * /proc tells, while they live; the recorder is the reaper of orphans, so that these do not leave
 * the family.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "family.h"
#include "util/array.h"

/* So many generations are asked for; more would be a circle of numbers that are used again. */
#define MAX_ANCESTORS 64

/* For so long what is known of a process is true of records that tell nothing but its number. */
#define TRUE_NS 1000000000ULL

#define NONE UINT32_MAX

/**
 * struct family_process - a process
 * @pid: process ID
 * @started: when it was started, in clock ticks, as /proc has it
 * @parent: process ID of its parent, when it was seen first
 * @checked: when it was seen to have that ID, CLOCK_MONOTONIC
 * @asked: of its ancestors was asked
 * @answer: whether it belongs
 */
struct family_process {
	uint32_t pid;
	uint64_t started;
	uint32_t parent;
	uint64_t checked;
	bool asked;
	enum family_answer answer;
};

/**
 * struct family_space - an address space
 * @id: its ID
 * @pid: a process that uses it
 * @process: its number in the table
 */
struct family_space {
	uint64_t id;
	uint32_t pid;
	uint32_t process;
};

static uint64_t ticks(uint64_t start_ns)
{
	return start_ns / (1000000000 / sysconf(_SC_CLK_TCK));
}

/* False: there is no such process. */
static bool read_stat(uint32_t pid, uint32_t *parent, uint64_t *started)
{
	char path[64], line[1024];
	unsigned long long start;
	const char *field;
	unsigned int ppid;
	FILE *file;
	bool known;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	known = fgets(line, sizeof(line), file);
	fclose(file);
	field = known ? strrchr(line, ')') : NULL;
	if (!field || sscanf(field + 1,
			     " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			     &ppid, &start) != 2)
		return false;
	*parent = ppid;
	*started = start;
	return true;
}

/* The one with this ID that was started last, but not after @until. */
static uint32_t find_process(const struct family *family, uint32_t pid, uint64_t until)
{
	uint32_t cursor, i, found = NONE;

	index_for_each_candidate(&family->process_index, hash_pair(pid, 0), cursor, i) {
		const struct family_process *process = &family->processes[i];

		if (process->pid == pid && process->started <= until &&
		    (found == NONE || process->started > family->processes[found].started))
			found = i;
	}
	return found;
}

static uint32_t add_process(struct family *family, uint32_t pid, uint64_t started, uint32_t parent)
{
	uint32_t i = find_process(family, pid, started);

	if (i != NONE && family->processes[i].started == started)
		return i;
	i = family->nr_processes;
	if (array__reserve(&family->processes, i, &family->max_processes,
			   sizeof(*family->processes)) ||
	    index__insert(&family->process_index, hash_pair(pid, 0), i))
		return NONE;
	family->nr_processes++;
	family->processes[i] = (struct family_process){
		.pid = pid,
		.started = started,
		.parent = parent,
	};
	return i;
}

/**
 * family__add - know that a living process belongs to the family
 * @family: the family
 * @pid: process ID
 *
 * Return: 0, -ESRCH if there is no such process, or another negative errno.
 */
int family__add(struct family *family, uint32_t pid)
{
	uint64_t started;
	uint32_t parent, i;

	if (!read_stat(pid, &parent, &started))
		return -ESRCH;
	i = add_process(family, pid, started, parent);
	if (i == NONE)
		return -ENOMEM;
	family->processes[i].answer = FAMILY_YES;
	return 0;
}

static struct family_space *find_space(const struct family *family, uint64_t id, uint32_t pid)
{
	uint32_t cursor, i;

	index_for_each_candidate(&family->space_index, hash_pair(id, pid), cursor, i)
		if (family->spaces[i].id == id && family->spaces[i].pid == pid)
			return &family->spaces[i];
	return NULL;
}

/**
 * family__tell - take note of whose an address space is
 * @family: the family
 * @info: what a SPACE frame says of it
 *
 * Return: 0 or a negative errno.
 */
int family__tell(struct family *family, const struct profbuf_space_info *info)
{
	uint64_t id = PROFBUF_SPACE_ID(info->space);
	uint32_t process, i = family->nr_spaces;

	if (find_space(family, id, info->tgid))
		return 0;
	process = add_process(family, info->tgid, ticks(info->start_ns), info->parent);
	if (process == NONE)
		return -ENOMEM;
	if (array__reserve(&family->spaces, i, &family->max_spaces, sizeof(*family->spaces)) ||
	    index__insert(&family->space_index, hash_pair(id, info->tgid), i))
		return -ENOMEM;
	family->spaces[family->nr_spaces++] = (struct family_space){ id, info->tgid, process };
	return 0;
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

/* The parent of a process, as far as it is known; NONE: nothing is. */
static uint32_t parent_of(struct family *family, uint32_t process)
{
	uint32_t pid = family->processes[process].parent, grandparent, found;
	uint64_t until = family->processes[process].started, started;

	found = find_process(family, pid, until);
	if (found != NONE)
		return found;
	if (!read_stat(pid, &grandparent, &started) || started > until)
		return NONE;
	return add_process(family, pid, started, grandparent);
}

/* Up to the first ancestor of which it is known whether it belongs. */
static enum family_answer ask(struct family *family, uint32_t process)
{
	uint32_t way[MAX_ANCESTORS];
	enum family_answer answer = FAMILY_UNKNOWN;
	uint32_t n = 0;

	while (process != NONE && n < MAX_ANCESTORS) {
		const struct family_process *p = &family->processes[process];

		if (p->answer != FAMILY_UNKNOWN || p->asked) {
			answer = p->answer;
			break;
		}
		way[n++] = process;
		/* We have no children but the command, and its orphans. */
		if (p->parent == (uint32_t)getpid()) {
			answer = FAMILY_YES;
			break;
		}
		/* The first process and kernel threads have no parent. */
		if (!p->parent) {
			answer = FAMILY_NO;
			break;
		}
		process = parent_of(family, process);
	}
	/* Of ancestors that have ended nothing is learnt later either. */
	while (n) {
		struct family_process *p = &family->processes[way[--n]];

		p->answer = answer;
		p->asked = true;
	}
	return answer;
}

/* Of a record that does not tell which process it is of but by its number. */
static enum family_answer ask_by_number(struct family *family, const struct profbuf_record *record)
{
	uint32_t i = find_process(family, record->pid, UINT64_MAX), parent;
	uint64_t started;

	/* Records of different CPUs are not in order. */
	if (i == NONE || record->time >= family->processes[i].checked + TRUE_NS) {
		if (!read_stat(record->pid, &parent, &started))
			return FAMILY_UNKNOWN;
		i = add_process(family, record->pid, started, parent);
		if (i == NONE)
			return FAMILY_UNKNOWN;
		family->processes[i].checked = record->time;
	}
	return ask(family, i);
}

/**
 * family__has - does a record belong to the family?
 * @family: the family
 * @record: the record; what tells of its space comes first, if it comes at all
 *
 * Return: whether it does; FAMILY_UNKNOWN if its process ended before its ancestors could be
 *	asked for.
 */
enum family_answer family__has(struct family *family, const struct profbuf_record *record)
{
	const struct family_space *space;

	if (family->everything)
		return FAMILY_YES;
	if (family->cgroup && record->cgroup == family->cgroup_id)
		return FAMILY_YES;
	/* Idle CPUs are nobody's. */
	if (!record->pid)
		return FAMILY_NO;
	space = find_space(family, PROFBUF_SPACE_ID(record->space), record->pid);
	if (space) {
		family->processes[space->process].checked = record->time;
		return ask(family, space->process);
	}
	/* Who ends has no space any more, but had one; who never had one is a kernel thread. */
	if (record->has & 1U << PROFBUF_WORD_SPACE && record->space == PROFBUF_SPACE_NONE &&
	    find_process(family, record->pid, UINT64_MAX) == NONE)
		return FAMILY_NO;
	return ask_by_number(family, record);
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
	free(family->processes);
	free(family->spaces);
	index__free(&family->process_index);
	index__free(&family->space_index);
}
