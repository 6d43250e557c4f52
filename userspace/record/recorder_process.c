// SPDX-License-Identifier: GPL-2.0
/*
 * What a recorder finds out about processes: at once when the first record of one comes and when it
 * executes another program. Nobody tells when something is mapped, thus it looks again now and
 * then, and soon where a stack is a new one: it may lead to what was not mapped before, or to
 * another file than there was.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"
#include "symbol/process.h"
#include "util/machine.h"

/*
 * Nanoseconds between looks. Not to ask again and again about callers that frame pointers do not
 * tell rightly, nor so often where a program was for sure, or, if looks have become expensive,
 * where all of a new stack is known to lead. The last is for a process that is sampled at all.
 */
#define FIRST_PATIENCE	20000000ULL
#define LEAF_PATIENCE	160000000ULL
#define KNOWN_PATIENCE	1000000000ULL
#define LAST_PATIENCE	5000000000ULL

/* Looks are cheap as long as they take less than a part of the time, after a while at first. */
#define CHEAP_AT_FIRST	20000000ULL
#define CHEAP_PART	200

static bool read_exe(uint32_t pid, struct stat *status, char *path, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	length = readlink(link, path, size - 1);
	path[length > 0 ? length : 0] = 0;
	return machine__program(pid, status);
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

static int write_mapping(struct recorder *recorder, const struct recorder_process *process,
			 const struct symbol_mapping *mapping)
{
	struct profbuf_file_mapping payload = {
		.size = sizeof(payload),
		.pid = process->pid,
		.start = mapping->start,
		.end = mapping->end,
		.offset = mapping->offset,
		.inode = mapping->inode,
		.major = mapping->major,
		.minor = mapping->minor,
		.prot = PROT_READ | PROT_EXEC,
		.flags = mapping->deleted ? PROFBUF_FILE_MAPPING_DELETED : 0,
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

static int write_new(struct recorder *recorder, struct recorder_process *process)
{
	const struct symbol_mapping *mapping = process->last;
	int err = 0;

	while (!err && (mapping = symbols__next_mapping(recorder->symbols, process->symbol_pid,
							mapping))) {
		process->last = mapping;
		err = write_mapping(recorder, process, mapping);
	}
	return err;
}

static int read_process(struct recorder *recorder, struct recorder_process *process)
{
	int err = symbols__read_process(recorder->symbols, process->symbol_pid);

	if (err == -ENOMEM)
		return err;
	process->gone = err == -ESRCH;
	return 0;
}

static void set_looked(struct recorder_process *process, uint64_t time)
{
	process->last_look = time;
	process->look_at = time + LAST_PATIENCE;
	process->put_off_until = 0;
}

/* And it is remembered. */
static bool is_other_program(struct recorder_process *process, const struct stat *exe)
{
	bool same = exe->st_dev == process->exe_device && exe->st_ino == process->exe_inode;

	process->exe_device = exe->st_dev;
	process->exe_inode = exe->st_ino;
	return !same;
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
	is_other_program(process, &exe);
	if (!err)
		err = write_process(recorder, process, path, 0);
	if (!err)
		err = write_new(recorder, process);
	return err;
}

/*
 * From here on the process's addresses mean something else. The records so far are written with
 * what they meant.
 */
static int next_generation(struct recorder *recorder, struct recorder_process *process,
			   const char *exe, uint32_t why)
{
	int err;

	if (process->generation < SYMBOL_MAX_GENERATION) {
		process->generation++;
		process->symbol_pid = symbol_pid(process->pid, process->generation);
		process->last = NULL;
	}
	process->foreign = sees_other_files(recorder, process->pid);
	if (why == PROFBUF_PROCESS_EXEC)
		err = profile__set_program(recorder->profile, process->pid, process->generation);
	else
		err = profile__set_mappings(recorder->profile, process->pid, process->generation);
	if (!err)
		err = read_process(recorder, process);
	if (!err)
		err = recorder__split(recorder);
	if (!err)
		err = write_process(recorder, process, exe, why);
	if (!err)
		err = write_new(recorder, process);
	return err;
}

static int look_for_exec(struct recorder *recorder, struct recorder_process *process,
			 uint64_t time)
{
	struct stat exe;
	char path[4096];

	/* Threads name themselves as well. */
	if (!read_exe(process->pid, &exe, path, sizeof(path)) || !is_other_program(process, &exe))
		return 0;
	set_looked(process, time);
	/* It may have been looked at before all of the program was mapped. */
	process->patience = 0;
	return next_generation(recorder, process, path, PROFBUF_PROCESS_EXEC);
}

/* A thread that has another name by now may execute another program, too. */
static bool has_new_name(const struct profbuf_record *record)
{
	char name[MACHINE_NAME_SIZE];

	return *record->comm && machine__thread_name(record->pid, record->tid, name) &&
	       strcmp(name, record->comm);
}

static bool looks_are_cheap(struct recorder *recorder, uint64_t time)
{
	if (!recorder->first_time)
		recorder->first_time = time;
	/* Records of different CPUs are not in order. */
	if (time < recorder->first_time)
		return true;
	return recorder->look_ns < CHEAP_AT_FIRST + (time - recorder->first_time) / CHEAP_PART;
}

/**
 * recorder__want_look - have mappings read again for what a stack may lead to
 * @recorder: the recorder
 * @process: the process
 * @record: a record whose stack was not there before
 */
void recorder__want_look(struct recorder *recorder, struct recorder_process *process,
			 const struct profbuf_record *record)
{
	uint64_t patience = process->patience;
	uint32_t n = record->kernel_frames;

	/* Our own stacks are ever new ones, and lead to nothing new. */
	if (n == record->depth || process->pid == recorder->own_pid)
		return;
	while (n < record->depth && symbols__find_mapping(recorder->symbols, process->symbol_pid,
							  record->stack[n]))
		n++;
	if (n == record->depth)
		patience = looks_are_cheap(recorder, record->time) ? FIRST_PATIENCE :
								     KNOWN_PATIENCE;
	else if (n == record->kernel_frames && patience > LEAF_PATIENCE)
		patience = LEAF_PATIENCE;
	if (process->last_look + patience < process->look_at)
		process->look_at = process->last_look + patience;
}

static uint64_t cpu_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int look_again(struct recorder *recorder, struct recorder_process *process,
		      enum symbols_news *news)
{
	uint64_t began = cpu_time();
	struct stat exe;
	char path[4096];
	int err;

	err = symbols__check_process(recorder->symbols, process->symbol_pid, news);
	recorder->look_ns += cpu_time() - began;
	if (err == -ENOMEM)
		return err;
	process->gone = err == -ESRCH;
	if (*news == SYMBOLS_NO_NEWS || !read_exe(process->pid, &exe, path, sizeof(path)))
		return 0;
	/* Of the same name: other than by its mappings nobody would have told. */
	if (is_other_program(process, &exe))
		return next_generation(recorder, process, path, PROFBUF_PROCESS_EXEC);
	if (*news == SYMBOLS_REPLACED)
		return next_generation(recorder, process, path, PROFBUF_PROCESS_REMAPPED);
	err = read_process(recorder, process);
	return err ? err : write_new(recorder, process);
}

/**
 * recorder__look - read again what a process has mapped, if the time for that has come
 * @recorder: the recorder
 * @process: the process
 * @record: any record of it; one that gave cause may have come too soon after the last look
 *
 * Return: 0 or a negative errno.
 */
int recorder__look(struct recorder *recorder, struct recorder_process *process,
		   const struct profbuf_record *record)
{
	enum symbols_news news = SYMBOLS_NO_NEWS;
	int err;

	if (record->time < process->look_at || record->time < process->not_before)
		return 0;
	if (!process->put_off_until)
		process->put_off_until = record->time + KNOWN_PATIENCE;
	/* Records of the new program come soon, if that is what it is. */
	if (record->time < process->put_off_until && has_new_name(record)) {
		process->not_before = record->time + FIRST_PATIENCE;
		return 0;
	}
	err = look_again(recorder, process, &news);
	if (news != SYMBOLS_NO_NEWS || !process->patience)
		process->patience = FIRST_PATIENCE;
	else if (process->patience < LAST_PATIENCE)
		process->patience *= 2;
	set_looked(process, record->time);
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
		.symbol_pid = pid,
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
		set_looked(process, record->time);
	} else if (main_thread && process->comm_known &&
		   memcmp(process->comm, record->comm, sizeof(process->comm))) {
		if (look_for_exec(recorder, process, record->time))
			return NULL;
	}
	if (main_thread && record->comm[0]) {
		memcpy(process->comm, record->comm, sizeof(process->comm));
		process->comm_known = true;
	}
	return process;
}
