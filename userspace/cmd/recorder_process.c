// SPDX-License-Identifier: GPL-2.0
/*
 * What a recorder finds out about processes: at once when the first record of one comes, when it
 * executes another program, and when a stack leads to memory that was not mapped before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder.h"
#include "symbol/process.h"

/*
 * Not to ask again and again about callers that frame pointers do not tell rightly, nor so often
 * where a program was for sure.
 */
#define FIRST_PATIENCE	20000000ULL
#define LEAF_PATIENCE	160000000ULL
#define LAST_PATIENCE	5000000000ULL

static bool read_exe(uint32_t pid, struct stat *status, char *path, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	length = readlink(link, path, size - 1);
	path[length > 0 ? length : 0] = 0;
	return !stat(link, status);
}

static bool sees_other_files(const struct recorder *recorder, uint32_t pid)
{
	struct stat status, root, own_root;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	if (!stat(path, &status) && status.st_ino != recorder->own_mount)
		return true;
	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	return !stat(path, &root) && !stat("/", &own_root) &&
	       (root.st_ino != own_root.st_ino || root.st_dev != own_root.st_dev);
}

static int write_process(struct recorder *recorder, const struct recorder_process *process,
			 const char *exe, uint32_t flags)
{
	struct profbuf_process payload = {
		.size = sizeof(payload),
		.pid = process->pid,
		.ppid = process__parent(process->pid),
		.flags = flags | (process->gone ? PROFBUF_PROCESS_GONE : 0),
	};
	const char *const strings[] = { exe, NULL };

	return writer__payload(&recorder->writer, PROFBUF_FRAME_PROCESS, &payload, sizeof(payload),
			       strings);
}

static int write_mapping(struct recorder *recorder, const struct symbol_mapping *mapping)
{
	struct profbuf_mapping payload = {
		.size = sizeof(payload),
		.pid = mapping->pid,
		.start = mapping->start,
		.end = mapping->end,
		.offset = mapping->offset,
		.inode = mapping->inode,
		.major = mapping->major,
		.minor = mapping->minor,
		.prot = PROT_READ | PROT_EXEC,
		.flags = mapping->deleted ? PROFBUF_MAPPING_DELETED : 0,
	};
	char *build_id = calloc(1, 2 * mapping->build_id_size + 1);
	const char *const strings[] = { mapping->path, build_id, NULL };
	size_t i;
	int err;

	if (!build_id)
		return -ENOMEM;
	for (i = 0; mapping->build_id && i < mapping->build_id_size; i++)
		sprintf(build_id + 2 * i, "%02x", mapping->build_id[i]);
	err = writer__payload(&recorder->writer, PROFBUF_FRAME_MAPPING, &payload, sizeof(payload),
			      strings);
	free(build_id);
	return err;
}

static bool is_local(const struct recorder_process *process, const struct symbol_mapping *mapping)
{
	return process->foreign || mapping->deleted || !mapping->path || mapping->path[0] != '/' ||
	       (mapping->module && mapping->module->path[0] == '[');
}

/* Of what overlaps, the new one counts. The list stays in the order of addresses. */
static int add_mapping(struct recorder_process *process, const struct symbol_mapping *mapping)
{
	struct recorder_mapping *list = process->mappings;
	uint32_t i, kept = 0, place = 0;

	if (process->nr_mappings == process->max_mappings) {
		uint32_t max = process->nr_mappings ? process->nr_mappings * 2 : 16;

		list = realloc(list, max * sizeof(*list));
		if (!list)
			return -ENOMEM;
		process->mappings = list;
		process->max_mappings = max;
	}
	for (i = 0; i < process->nr_mappings; i++) {
		if (list[i].end > mapping->start && list[i].start < mapping->end)
			continue;
		list[kept++] = list[i];
		if (list[i].start < mapping->start)
			place = kept;
	}
	memmove(list + place + 1, list + place, (kept - place) * sizeof(*list));
	process->nr_mappings = kept + 1;
	list[place] = (struct recorder_mapping){
		.start = mapping->start,
		.end = mapping->end,
		.local = is_local(process, mapping),
		.inode = mapping->inode,
		.path = mapping->path,
	};
	return 0;
}

/**
 * recorder__find_mapping - where is an address?
 * @process: whose address
 * @address: the address
 *
 * Return: the mapping, or NULL if it is in none.
 */
struct recorder_mapping *recorder__find_mapping(const struct recorder_process *process,
						uint64_t address)
{
	uint32_t low = 0, high = process->nr_mappings;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (process->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == process->nr_mappings || process->mappings[low].start > address)
		return NULL;
	return &process->mappings[low];
}

struct current_maps {
	struct recorder_mapping *list;
	size_t nr;
};

static int note_current(const struct symbol_mapping *mapping, void *context)
{
	struct current_maps *current = context;
	struct recorder_mapping *larger;

	larger = realloc(current->list, (current->nr + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	current->list = larger;
	larger[current->nr++] = (struct recorder_mapping){
		.start = mapping->start,
		.end = mapping->end,
	};
	return 0;
}

/*
 * After an exec some mappings may be where and what they were before, and the resolver tells
 * only what is new.
 */
static int write_current(struct recorder *recorder, struct recorder_process *process)
{
	const struct symbol_mapping *mapping = NULL;
	struct current_maps current = { 0 };
	int err;
	size_t i;

	process->nr_mappings = 0;
	err = process__read_maps(process->pid, note_current, &current);
	if (err)
		err = err == -ENOMEM ? err : 0;
	while (!err && (mapping = symbols__next_mapping(recorder->symbols, process->pid,
							mapping))) {
		process->last = mapping;
		for (i = 0; i < current.nr; i++)
			if (current.list[i].start == mapping->start &&
			    current.list[i].end == mapping->end)
				break;
		if (i == current.nr)
			continue;
		err = write_mapping(recorder, mapping);
		if (!err)
			err = add_mapping(process, mapping);
	}
	free(current.list);
	return err;
}

static int write_new(struct recorder *recorder, struct recorder_process *process)
{
	const struct symbol_mapping *mapping = process->last;
	int err = 0;

	while (!err && (mapping = symbols__next_mapping(recorder->symbols, process->pid,
							mapping))) {
		process->last = mapping;
		err = write_mapping(recorder, mapping);
		if (!err)
			err = add_mapping(process, mapping);
	}
	return err;
}

static int read_process(struct recorder *recorder, struct recorder_process *process)
{
	int err = symbols__read_process(recorder->symbols, process->pid);

	if (err == -ENOMEM)
		return err;
	process->gone = err == -ESRCH;
	return 0;
}

/* Returns a negative errno only where the recording cannot go on. */
static int first_look(struct recorder *recorder, struct recorder_process *process)
{
	struct stat exe = { 0 };
	char path[4096];
	int err;

	process->foreign = sees_other_files(recorder, process->pid);
	err = read_process(recorder, process);
	read_exe(process->pid, &exe, path, sizeof(path));
	process->exe_device = exe.st_dev;
	process->exe_inode = exe.st_ino;
	if (!err)
		err = write_process(recorder, process, path, 0);
	if (!err)
		err = write_new(recorder, process);
	return err;
}

static int look_for_exec(struct recorder *recorder, struct recorder_process *process)
{
	struct stat exe;
	char path[4096];
	int err;

	/* Threads name themselves as well. */
	if (!read_exe(process->pid, &exe, path, sizeof(path)) ||
	    (exe.st_dev == process->exe_device && exe.st_ino == process->exe_inode))
		return 0;
	process->exe_device = exe.st_dev;
	process->exe_inode = exe.st_ino;
	process->generation++;
	process->last_look = 0;
	process->look_at = PROCESS_LOOK_NEVER;
	process->patience = FIRST_PATIENCE;
	err = profile__set_generation(recorder->profile, process->pid, process->generation);
	if (!err)
		err = read_process(recorder, process);
	if (!err)
		err = recorder__split(recorder);
	if (!err)
		err = write_process(recorder, process, path, PROFBUF_PROCESS_EXEC);
	if (!err)
		err = write_current(recorder, process);
	return err;
}

/* A thread that has another name by now may execute another program, too. */
static bool has_new_name(const struct profbuf_record *record)
{
	char path[64], name[sizeof(record->comm) + 1] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", record->pid, record->tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		*name = 0;
	fclose(file);
	name[strcspn(name, "\n")] = 0;
	return *name && *record->comm && strcmp(name, record->comm);
}

/**
 * recorder__want_look - have mappings read again if a stack leads where nothing is known to be
 * @process: the process
 * @record: a record whose stack was not there before
 */
void recorder__want_look(struct recorder_process *process, const struct profbuf_record *record)
{
	uint64_t patience = LEAF_PATIENCE, look_at;
	uint32_t n = record->kernel_frames;

	while (n < record->depth && recorder__find_mapping(process, record->stack[n]))
		n++;
	if (n == record->depth)
		return;
	if (n > record->kernel_frames || patience > process->patience)
		patience = process->patience;
	look_at = process->last_look + patience;
	if (look_at < process->look_at)
		process->look_at = look_at;
}

/**
 * recorder__look - read again what a process has mapped, if that is wanted and its time has come
 * @recorder: the recorder
 * @process: the process
 * @record: any record of it; the one that gave cause may have come too soon after the last look
 *
 * Return: 0 or a negative errno.
 */
int recorder__look(struct recorder *recorder, struct recorder_process *process,
		   const struct profbuf_record *record)
{
	uint32_t known = process->nr_mappings;
	int err;

	if (record->time < process->look_at)
		return 0;
	if (has_new_name(record)) {
		process->look_at = record->time + FIRST_PATIENCE;
		return 0;
	}
	err = read_process(recorder, process);
	if (!err)
		err = write_new(recorder, process);
	if (process->nr_mappings != known)
		process->patience = FIRST_PATIENCE;
	else if (process->patience < LAST_PATIENCE)
		process->patience *= 2;
	process->last_look = record->time;
	process->look_at = PROCESS_LOOK_NEVER;
	return err;
}

static struct recorder_process *new_process(struct recorder *recorder, uint32_t pid)
{
	struct recorder_process *process;
	uint32_t i = recorder->nr_processes;

	if (i == recorder->max_processes) {
		uint32_t max = i ? i * 2 : 64;

		process = realloc(recorder->processes, max * sizeof(*process));
		if (!process)
			return NULL;
		recorder->processes = process;
		recorder->max_processes = max;
	}
	if (index__insert(&recorder->process_index, hash_pair(pid, 0), i))
		return NULL;
	process = &recorder->processes[recorder->nr_processes++];
	*process = (struct recorder_process){
		.pid = pid,
		.look_at = PROCESS_LOOK_NEVER,
		.patience = FIRST_PATIENCE,
	};
	return process;
}

/**
 * recorder__find_process - find a process that has come up
 * @recorder: the recorder
 * @pid: process ID
 *
 * Return: the process, or NULL.
 */
struct recorder_process *recorder__find_process(const struct recorder *recorder, uint32_t pid)
{
	uint32_t cursor, i;

	index_for_each_candidate(&recorder->process_index, hash_pair(pid, 0), cursor, i)
		if (recorder->processes[i].pid == pid)
			return &recorder->processes[i];
	return NULL;
}

/**
 * recorder__expect - know a child of ours before it executes another program
 * @recorder: the recorder
 * @pid: process ID
 *
 * Its first records may be read only when it has done so.
 *
 * Return: 0 or a negative errno.
 */
int recorder__expect(struct recorder *recorder, uint32_t pid)
{
	struct recorder_process *process = new_process(recorder, pid);

	if (!process)
		return -ENOMEM;
	/* It has ours. */
	prctl(PR_GET_NAME, process->comm);
	process->comm_known = true;
	return first_look(recorder, process);
}

/**
 * recorder__meet - know the process of a record
 * @recorder: the recorder
 * @record: the record
 *
 * Return: the process, or NULL if the recording cannot go on.
 */
struct recorder_process *recorder__meet(struct recorder *recorder,
					const struct profbuf_record *record)
{
	struct recorder_process *process = recorder__find_process(recorder, record->pid);
	bool main_thread = record->pid == record->tid;

	if (!process) {
		process = new_process(recorder, record->pid);
		if (!process || (record->pid && first_look(recorder, process)))
			return NULL;
	} else if (main_thread && process->comm_known &&
		   memcmp(process->comm, record->comm, sizeof(process->comm))) {
		if (look_for_exec(recorder, process))
			return NULL;
	}
	if (main_thread && record->comm[0]) {
		memcpy(process->comm, record->comm, sizeof(process->comm));
		process->comm_known = true;
	}
	return process;
}
