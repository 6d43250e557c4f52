// SPDX-License-Identifier: GPL-2.0
/*
 * What SPACE frames tell.
 */
#include <stdlib.h>
#include <string.h>

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
	new = &told->mappings[told->nr_mappings++];
	memset(new, 0, sizeof(*new));
	new->space = space->space;
	new->previous = space->previous;
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

/* The space word of the first frame of that space whose generation is not below; 0: none. */
static uint64_t frame_for(const struct told *told, uint64_t space)
{
	uint64_t found = 0;
	size_t i;

	for (i = 0; i < told->nr_mappings; i++) {
		uint64_t other = told->mappings[i].space;

		if (PROFBUF_SPACE_ID(other) == PROFBUF_SPACE_ID(space) && other >= space &&
		    (!found || other < found))
			found = other;
	}
	return found;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What was mapped at an address when a record was made that names @space; NULL: unknown. */
const struct told_mapping *told_find(const struct told *told, uint64_t space, uint64_t address)
{
	const struct told_mapping *gone = NULL, *present = NULL, *near = NULL, *each;
	uint32_t generation = PROFBUF_SPACE_GENERATION(space);
	uint64_t frame = frame_for(told, space);
	uint64_t next = frame ? frame_for(told, frame + 1) : 0;

	for (each = told->mappings; each < told->mappings + told->nr_mappings; each++) {
		if ((each->space != frame && each->space != next) || !contains(each, address))
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
size_t told_frames(const struct told *told, uint64_t space)
{
	uint64_t frame = space & ~0xffffffULL;
	size_t n = 0;

	while ((frame = frame_for(told, frame + 1)))
		n++;
	return n;
}

void told_free(struct told *told)
{
	free(told->mappings);
	free(told->records);
	memset(told, 0, sizeof(*told));
}
