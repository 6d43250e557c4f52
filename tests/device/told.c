// SPDX-License-Identifier: GPL-2.0
/*
 * What SPACE frames tell.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "told.h"

#define FIXED	PROFBUF_RECORD_FIXED

static void *grow(void *list, size_t count, size_t size)
{
	/* Each time that the number is a power of two. */
	if (count & (count - 1))
		return list;
	list = realloc(list, (count ? 2 * count : 1) * size);
	ASSERT(list);
	return list;
}

static void told_mapping(void *context, const struct profbuf_space_info *space,
			 const struct profbuf_mapping *mapping)
{
	const char *base = (const char *)mapping;
	struct told *told = context;
	struct told_mapping *new;

	told->mappings = grow(told->mappings, told->nr_mappings, sizeof(*told->mappings));
	new = &told->mappings[told->nr_mappings];
	memset(new, 0, sizeof(*new));
	new->number = told->nr_mappings++;
	new->space = space->space;
	new->previous = space->previous;
	new->start_ns = space->start_ns;
	new->sampled_ns = space->sampled_ns;
	new->looked_ns = space->looked_ns;
	new->tgid = space->tgid;
	new->parent = space->parent;
	new->ns_tgid = space->ns_tgid;
	new->pid_ns = space->pid_ns;
	new->mnt_ns = space->mnt_ns;
	new->frame_flags = space->flags;
	new->mapping = *mapping;
	ASSERT_LT(mapping->path_size, sizeof(new->path));
	memcpy(new->path, base + mapping->path_offset, mapping->path_size);
	ASSERT_LE(mapping->build_id_size, sizeof(new->build_id));
	memcpy(new->build_id, base + mapping->build_id_offset, mapping->build_id_size);
}

static void told_record(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint32_t kernel = PROFBUF_MODE_KERNEL_FRAMES(record[FIXED + 2]), i;
	const __u64 *user = record + FIXED + frame->hdrsize + kernel;
	uint32_t tgid = record[FIXED + 1] >> 32;
	struct told *told = context;
	struct told_record *new;

	for (i = 0; told->is_secret && i < record[0]; i++)
		told->secrets += told->is_secret(record[i]);
	if (told->tgid && told->tgid != tgid)
		return;
	told->records = grow(told->records, told->nr_records, sizeof(*told->records));
	new = &told->records[told->nr_records++];
	memset(new, 0, sizeof(*new));
	new->time = record[1];
	new->tgid = tgid;
	new->space = record[FIXED + 9];
	new->end = PROFBUF_END(record[FIXED + 10]);
	new->frames = record[0] - FIXED - frame->hdrsize - kernel;
	if (new->frames)
		new->ip = user[0];
	for (i = 1; i < new->frames && i <= 4; i++)
		new->callers[i - 1] = user[i];
}

/* Notes what @stream will tell; records of process @tgid alone, or all for 0. */
void told_watch(struct told *told, struct stream *stream, uint32_t tgid)
{
	memset(told, 0, sizeof(*told));
	told->tgid = tgid;
	stream->record = told_record;
	stream->mapping = told_mapping;
	stream->context = told;
}

static int contains(const struct told_mapping *told, uint64_t address)
{
	return address >= told->mapping.start && address < told->mapping.end;
}

static int compare_mappings(const void *a, const void *b)
{
	const struct told_mapping *first = a, *second = b;

	if (first->space != second->space)
		return first->space < second->space ? -1 : 1;
	return (first->number > second->number) - (first->number < second->number);
}

/* The first mapping of the first frame whose space word is not below; NULL: none. */
static const struct told_mapping *first_from(struct told *told, uint64_t space)
{
	size_t low = 0, high = told->nr_mappings;

	if (told->nr_sorted != told->nr_mappings)
		qsort(told->mappings, told->nr_mappings, sizeof(*told->mappings),
		      compare_mappings);
	told->nr_sorted = told->nr_mappings;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (told->mappings[middle].space < space)
			low = middle + 1;
		else
			high = middle;
	}
	return low < told->nr_mappings ? &told->mappings[low] : NULL;
}

/* The space word of the first frame of that space whose generation is not below; 0: none. */
static uint64_t frame_for(struct told *told, uint64_t space)
{
	const struct told_mapping *first = first_from(told, space);

	if (!first || PROFBUF_SPACE_ID(first->space) != PROFBUF_SPACE_ID(space))
		return 0;
	return first->space;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What was mapped at an address when a record was made that names @space; NULL: unknown. */
const struct told_mapping *told_find(struct told *told, uint64_t space, uint64_t address)
{
	const struct told_mapping *gone = NULL, *present = NULL, *near = NULL, *each;
	uint32_t generation = PROFBUF_SPACE_GENERATION(space);
	uint64_t frame = frame_for(told, space);
	uint64_t next = frame ? frame_for(told, frame + 1) : 0;
	const struct told_mapping *end = told->mappings + told->nr_mappings;

	if (!frame)
		return NULL;
	for (each = first_from(told, frame); each < end; each++) {
		if (each->space != frame && each->space != next)
			break;
		if (!contains(each, address))
			continue;
		if (!(each->mapping.flags & PROFBUF_MAPPING_GONE)) {
			if (each->space == frame)
				present = each;
			continue;
		}
		if (each->space == frame && each->mapping.generation >= generation &&
		    (!gone || each->mapping.generation < gone->mapping.generation))
			gone = each;
		if (!near || distance(each->mapping.generation, generation) <
			     distance(near->mapping.generation, generation))
			near = each;
	}
	return gone ? gone : present ? present : near;
}

/* Number of different frames of a space. */
size_t told_frames(struct told *told, uint64_t space)
{
	uint64_t frame = space & ~0xffffffULL;
	size_t n = 0;

	while ((frame = frame_for(told, frame + 1)))
		n++;
	return n;
}

/* The space that a process is said to have had before must have been its own. */
static void check_previous(struct told *told)
{
	const struct told_mapping *mapping, *previous;

	for (mapping = told->mappings; mapping < told->mappings + told->nr_mappings; mapping++) {
		previous = first_from(told, mapping->previous);
		if (!mapping->previous || !previous ||
		    PROFBUF_SPACE_ID(previous->space) != PROFBUF_SPACE_ID(mapping->previous))
			continue;
		ASSERT_EQ(previous->tgid, mapping->tgid);
		ASSERT_EQ(previous->start_ns, mapping->start_ns);
	}
}

/* Of each record in user code, what its address is in must have been told. Returns how many. */
size_t told_check(struct told *told)
{
	const struct told_record *record;
	size_t n = 0;

	check_previous(told);
	for (record = told->records; record < told->records + told->nr_records; record++) {
		if (record->space == PROFBUF_SPACE_NONE || !record->ip)
			continue;
		ASSERT_NE(record->space, PROFBUF_SPACE_UNKNOWN);
		/* The page of system calls of old is in no space. */
		if (record->ip >> 63)
			continue;
		if (!told_find(told, record->space, record->ip))
			FAIL("%#llx of process %u, space %#llx, is in nothing that was told",
			     (long long)record->ip, record->tgid, (long long)record->space);
		n++;
	}
	return n;
}

static int compare_records(const void *a, const void *b)
{
	const struct told_record *first = a, *second = b;

	if (first->space != second->space)
		return first->space < second->space ? -1 : 1;
	return (first->time > second->time) - (first->time < second->time);
}

static int compare_lags(const void *a, const void *b)
{
	const uint64_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

/* How long it took from the first record of a generation to the look that it is told by. */
void told_print_lags(struct told *told)
{
	uint64_t *lags = calloc(told->nr_records, sizeof(*lags));
	const struct told_record *record;
	uint64_t last = 0;
	size_t n = 0;

	ASSERT(lags);
	qsort(told->records, told->nr_records, sizeof(*told->records), compare_records);
	for (record = told->records; record < told->records + told->nr_records; record++) {
		uint64_t frame = frame_for(told, record->space), looked;

		if (record->space == last || !frame)
			continue;
		last = record->space;
		looked = first_from(told, frame)->looked_ns;
		/* Another look may have told it before it was sampled. */
		lags[n++] = looked > record->time ? looked - record->time : 0;
	}
	ASSERT_GT(n, 0);
	qsort(lags, n, sizeof(*lags), compare_lags);
	printf("# %zu states of spaces, told after %.1f ms (median), %.1f ms (99 %%), %.1f ms (most)\n",
	       n, lags[n / 2] / 1e6, lags[n * 99 / 100] / 1e6, lags[n - 1] / 1e6);
	free(lags);
}

/* Starts a session whose stream is noted in @told, see told_watch(). Returns it. */
int told_begin(struct told *told, struct stream *stream, uint64_t period_ns, uint32_t tgid)
{
	int fd = device_open(0);

	/* Where the host stops the machine in an interrupt, that seems to have cost much. */
	module_parameter("cpu_share", "1000");
	device_configure(fd, period_ns, 1 << 16, 20000000);
	memset(stream, 0, sizeof(*stream));
	told_watch(told, stream, tgid);
	ASSERT_EQ(ioctl(fd, PROFBUF_IOC_START, 0), 0);
	return fd;
}

/* Reads until @pid, a child, has ended, and then all there is. 0: no child. */
void told_end(struct stream *stream, int fd, pid_t pid)
{
	struct profbuf_stats stats;
	int status;

	while (pid && !waitpid(pid, &status, WNOHANG))
		ASSERT_GT(stream_read(stream, fd), 0);
	if (pid)
		ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
	stream_finish(stream, fd);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	ASSERT_EQ(stats.spaces_lost, 0);
	ASSERT_EQ(close(fd), 0);
}

void told_free(struct told *told)
{
	free(told->mappings);
	free(told->records);
	memset(told, 0, sizeof(*told));
}
