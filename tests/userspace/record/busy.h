/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that takes a known time on an idle machine, and longer on a busy one, but is never less,
 * and that lasts until who records it has seen it.
 */
#ifndef TESTS_USERSPACE_RECORD_BUSY_H
#define TESTS_USERSPACE_RECORD_BUSY_H

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of CPU time, in nanoseconds. */
static uint64_t used(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* What there is for our parent to read, and what it has read, if it records. */
static bool is_recorded(uint64_t *records, uint64_t *records_read)
{
	char directory[64], path[512], line[128];
	unsigned int found = 0;
	struct dirent *entry;
	DIR *list;

	snprintf(directory, sizeof(directory), "/proc/%d/fdinfo", getppid());
	list = opendir(directory);
	while (list && found < 3 && (entry = readdir(list))) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		file = fopen(path, "re");
		found = 0;
		while (file && fgets(line, sizeof(line), file)) {
			found += !strcmp(line, "profbuf-state:\trunning\n");
			found += sscanf(line, "profbuf-records:\t%" SCNu64, records) == 1;
			found += sscanf(line, "profbuf-records_read:\t%" SCNu64, records_read) == 1;
		}
		if (file)
			fclose(file);
	}
	if (list)
		closedir(list);
	return found == 3;
}

/*
 * Until what there is now was read, and then something else: by then the recorder knows what
 * there is to be known of it. A recorder that the machine does not let run for as long as we
 * live could tell little of us.
 */
static void busy_until_seen(void (*work)(void))
{
	uint64_t wanted, records, records_read;
	unsigned int step, n;

	if (!is_recorded(&wanted, &records_read))
		return;
	for (step = 0; step < 2; step++) {
		while (is_recorded(&records, &records_read) && records_read < wanted)
			for (n = 0; n < 3; n++)
				work();
		wanted = records_read + 1;
	}
}

/*
 * A virtual CPU that does not run uses CPU time nevertheless. What the quickest round takes is
 * what each of them is worth.
 */
static void busy(uint64_t milliseconds, void (*work)(void))
{
	uint64_t left = milliseconds * 1000000, least = UINT64_MAX;

	while (left) {
		uint64_t took = used();

		work();
		took = used() - took + 1;
		if (took < least)
			least = took;
		left = left > least ? left - least : 0;
	}
	busy_until_seen(work);
}

#endif /* TESTS_USERSPACE_RECORD_BUSY_H */
