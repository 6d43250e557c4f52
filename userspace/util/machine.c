// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define NANOSECONDS 1000000000LL

/* The inode number of the initial PID namespace, which is the same on all machines. */
#define INITIAL_PID_NAMESPACE 0xeffffffcU

/* How far the clocks may have been set apart. */
#define SAME_BOOT_SLACK (10 * NANOSECONDS)

/**
 * machine__clock - what time is it?
 * @clock: by this clock
 *
 * Return: nanoseconds.
 */
int64_t machine__clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

/**
 * machine__same_boot - was this recorded here, since the machine was started?
 * @info: of the stream
 *
 * Then the kernel is where it was, and processes that still run are the same.
 *
 * Return: true if so. A machine that slept since is not recognized.
 */
bool machine__same_boot(const struct profbuf_info *info)
{
	int64_t monotonic = machine__clock(CLOCK_MONOTONIC);
	int64_t booted = machine__clock(CLOCK_REALTIME) - monotonic;
	int64_t difference = booted - (int64_t)(info->realtime_ns - info->monotonic_ns);

	return (int64_t)info->monotonic_ns <= monotonic && difference > -SAME_BOOT_SLACK &&
	       difference < SAME_BOOT_SLACK;
}

/**
 * machine__thread_name - what is a thread called now?
 * @pid: process ID
 * @tid: thread ID
 * @name: its name goes here, of MACHINE_NAME_SIZE bytes with the 0 at its end
 *
 * Return: true if there is such a thread.
 */
bool machine__thread_name(uint32_t pid, uint32_t tid, char *name)
{
	char path[64];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	size = fread(name, 1, MACHINE_NAME_SIZE - 1, file);
	fclose(file);
	/* The last line feed only: a name may have some of its own. */
	if (size && name[size - 1] == '\n')
		size--;
	name[size] = 0;
	return size;
}

/**
 * machine__program - which program does a process execute?
 * @pid: process ID
 * @status: what stat() says of its file goes here
 *
 * Return: true if that is known.
 */
bool machine__program(uint32_t pid, struct stat *status)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	return !stat(path, status);
}

/**
 * machine__process_stat - whose child is a process, and since when does it run?
 * @pid: process ID
 * @parent: process ID of its parent goes here
 * @started: and when it was started: CLOCK_BOOTTIME in ticks, see machine__ticks()
 *
 * Return: true if there is such a process.
 */
bool machine__process_stat(uint32_t pid, uint32_t *parent, uint64_t *started)
{
	char path[64], line[1024];
	unsigned long long start;
	const char *field;
	bool known;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	known = fgets(line, sizeof(line), file);
	fclose(file);
	/* A name can have anything in it, also what looks like the next field. */
	field = known ? strrchr(line, ')') : NULL;
	if (!field || sscanf(field + 1,
			     " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			     parent, &start) != 2)
		return false;
	*started = start;
	return true;
}

static int64_t tick_ns(void)
{
	return NANOSECONDS / sysconf(_SC_CLK_TCK);
}

/**
 * machine__ticks - a time as /proc has it
 * @ns: the time in nanoseconds
 *
 * Return: the time in clock ticks.
 */
uint64_t machine__ticks(uint64_t ns)
{
	return ns / tick_ns();
}

/**
 * machine__process_is_old - did the process with this ID run at a time?
 * @pid: process ID
 * @time: CLOCK_MONOTONIC
 *
 * Return: true if so, false if there is none, or another one has got its ID since.
 */
bool machine__process_is_old(uint32_t pid, uint64_t time)
{
	int64_t asleep = machine__clock(CLOCK_BOOTTIME) - machine__clock(CLOCK_MONOTONIC);
	uint64_t started;
	uint32_t parent;

	return machine__process_stat(pid, &parent, &started) &&
	       (int64_t)(started * tick_ns()) - asleep <= (int64_t)time;
}

/**
 * machine__proc_pid - what does /proc call a process?
 * @pid: process ID in our own PID namespace, which need not be that of what is mounted on /proc
 *
 * Return: its number there; 0 if there is no such process.
 */
uint32_t machine__proc_pid(pid_t pid)
{
	int fd = pidfd_open(pid, 0);
	char path[64], line[128];
	unsigned int number = 0;
	FILE *file;

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && !number && fgets(line, sizeof(line), file))
		sscanf(line, "Pid: %u", &number);
	if (file)
		fclose(file);
	close(fd);
	return number;
}

/**
 * machine__pid_namespace - which PID namespace has the numbers that /proc shows?
 *
 * Return: its inode number; 0 if it is the initial one, or not known.
 */
uint64_t machine__pid_namespace(void)
{
	struct stat status;

	/* It takes privileges to see that of its first process. */
	if (stat("/proc/1/ns/pid", &status) && stat("/proc/self/ns/pid", &status))
		return 0;
	return status.st_ino == INITIAL_PID_NAMESPACE ? 0 : status.st_ino;
}

/**
 * machine__visible_pid - which number has a process in /proc, of which the kernel tells?
 * @here: what machine__pid_namespace() said
 * @pid_ns: inode number of its PID namespace; 0 if that is not known
 * @pid: process ID in the initial PID namespace
 * @ns_pid: process ID in its own one
 *
 * Return: the number; 0 if it cannot be seen from here, or not be told which one it is.
 */
uint32_t machine__visible_pid(uint64_t here, uint64_t pid_ns, uint32_t pid, uint32_t ns_pid)
{
	if (!here || !pid_ns)
		return pid;
	return here == pid_ns ? ns_pid : 0;
}
