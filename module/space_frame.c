// SPDX-License-Identifier: GPL-2.0
/*
 * SPACE frames: made of what was seen of an address space, and kept for the reader.
 */
#include <linux/align.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "build_id.h"
#include "compat.h"
#include "session.h"
#include "space.h"
#include "space_frame.h"
#include "space_look.h"

/*
 * No more mappings are put into a frame that has reached this size, so that those who read with
 * small buffers can read it.
 */
#define FRAME_FULL	4096

/* The last mapping that is put there may be as large as that. */
#define MAPPING_MAX	(sizeof(struct profbuf_mapping) + ALIGN(PATH_MAX, 8) + \
			 ALIGN(BUILD_ID_MAX, 8))
#define FRAME_MAX	(FRAME_FULL + MAPPING_MAX)

/* Bytes of frames that may wait for a reader. */
#define FRAMES_MAX	(512 << 10)

#define FRAME_GFP	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/* What d_path() adds for people. */
static const char deleted[] = " (deleted)";

/**
 * struct frame_maker - frames of a space in the making
 * @spaces: the spaces
 * @frames: those that are whole
 * @frames_size: bytes of them
 * @space: what each of them says of the space
 * @filled: bytes of @buffer that are filled
 * @buffer: the frame that is being filled
 * @path: room for a path
 */
struct frame_maker {
	struct profbuf_spaces *spaces;
	struct list_head frames;
	size_t frames_size;
	struct profbuf_space_info space;
	size_t filled;
	char path[PATH_MAX];
	char buffer[FRAME_MAX] __aligned(8);
};

static void maker_begin(struct frame_maker *maker)
{
	maker->space.nr_mappings = 0;
	maker->filled = sizeof(struct profbuf_frame) + sizeof(maker->space);
}

/* The frame in the buffer is whole. */
static bool maker_finish(struct frame_maker *maker, u32 flags)
{
	struct profbuf_frame header;
	struct space_frame *frame;

	frame = kvmalloc(struct_size(frame, bytes, maker->filled), FRAME_GFP);
	if (!frame)
		return false;
	maker->space.flags = flags;
	header = (struct profbuf_frame){
		.magic = PROFBUF_MAGIC,
		.type = PROFBUF_FRAME_SPACE,
		.hdrsize = maker->spaces->session->running.hdrsize,
		.size = maker->filled,
		.cpu = PROFBUF_CPU_NONE,
		.sequence = maker->spaces->sequence++,
	};
	memcpy(maker->buffer, &header, sizeof(header));
	memcpy(maker->buffer + sizeof(header), &maker->space, sizeof(maker->space));
	memcpy(frame->bytes, maker->buffer, maker->filled);
	list_add_tail(&frame->node, &maker->frames);
	maker->frames_size += maker->filled;
	return true;
}

static void maker_put(struct frame_maker *maker, const void *from, size_t size)
{
	memcpy(maker->buffer + maker->filled, from, size);
	memset(maker->buffer + maker->filled + size, 0, ALIGN(size, 8) - size);
	maker->filled += ALIGN(size, 8);
}

/* What the file system says of a file. */
static void maker_describe_file(struct profbuf_mapping *mapping, struct file *file)
{
	const struct inode *inode = file_user_inode(file);
	struct timespec64 ctime = inode_get_ctime(inode);

	mapping->inode = inode->i_ino;
	mapping->major = MAJOR(inode->i_sb->s_dev);
	mapping->minor = MINOR(inode->i_sb->s_dev);
	mapping->inode_generation = inode->i_generation;
	mapping->ctime_sec = ctime.tv_sec;
	mapping->ctime_nsec = ctime.tv_nsec;
}

/* Returns the path, its size without the 0 behind it in @size. */
static const char *maker_path(struct frame_maker *maker, struct profbuf_mapping *mapping,
			      struct file *file, size_t *size)
{
	const struct path *path = file_user_path(file);
	const char *name = d_path(path, maker->path, sizeof(maker->path));

	if (IS_ERR(name)) {
		*size = 0;
		return "";
	}
	*size = strlen(name);
	if (d_unlinked(path->dentry)) {
		mapping->flags |= PROFBUF_MAPPING_DELETED;
		if (*size > strlen(deleted) && !strcmp(name + *size - strlen(deleted), deleted))
			*size -= strlen(deleted);
	}
	return name;
}

static bool maker_add(struct frame_maker *maker, const struct space_mapping *seen)
{
	struct profbuf_mapping mapping = {
		.flags = seen->flags,
		.start = seen->start,
		.end = seen->end,
		.offset = (u64)seen->offset << PAGE_SHIFT,
		.generation = seen->generation,
	};
	size_t path_size = 0, id_size = 0;
	const char *path = "";
	u8 id[BUILD_ID_MAX];

	if (maker->filled >= FRAME_FULL) {
		if (!maker_finish(maker, PROFBUF_SPACE_MORE))
			return false;
		maker_begin(maker);
	}
	if (seen->file) {
		maker_describe_file(&mapping, seen->file);
		path = maker_path(maker, &mapping, seen->file, &path_size);
		id_size = profbuf_build_id(seen->file, id);
	}
	mapping.path_offset = sizeof(mapping);
	mapping.path_size = path_size;
	mapping.build_id_offset = sizeof(mapping) + ALIGN(path_size + 1, 8);
	mapping.build_id_size = id_size;
	mapping.size = mapping.build_id_offset + ALIGN(id_size, 8);

	maker_put(maker, &mapping, sizeof(mapping));
	maker_put(maker, path, path_size);
	/* The path ends with a 0. */
	if (path_size % 8 == 0)
		maker_put(maker, &(u64){ 0 }, sizeof(u64));
	maker_put(maker, id, id_size);
	maker->space.nr_mappings++;
	return true;
}

static bool maker_add_all(struct frame_maker *maker, const struct space_look *look)
{
	const struct space_chunk *chunk;
	u32 i;

	for (chunk = look->chunks; chunk; chunk = chunk->next)
		for (i = 0; i < chunk->count; i++)
			if (!maker_add(maker, &chunk->mapping[i]))
				return false;
	return true;
}

static const struct profbuf_frame *frame_header(const struct space_frame *frame)
{
	return (const struct profbuf_frame *)frame->bytes;
}

static void frames_free(struct list_head *frames)
{
	struct space_frame *frame, *next;

	list_for_each_entry_safe(frame, next, frames, node)
		kvfree(frame);
}

/**
 * profbuf_frames_make - tell what was seen of a space
 * @spaces: the spaces
 * @space: the space
 * @look: what was seen
 * @flags: PROFBUF_SPACE_INCOMPLETE and the like
 * @now: when it was seen, monotonic clock
 *
 * Context: process; sleeps. The worker's.
 * Return: whether there was memory; else nothing is told.
 */
bool profbuf_frames_make(struct profbuf_spaces *spaces, const struct profbuf_space *space,
			 const struct space_look *look, u32 flags, u64 now)
{
	struct frame_maker *maker = kvmalloc(sizeof(*maker), FRAME_GFP);
	u64 sequence = spaces->sequence;
	bool made;

	if (!maker)
		return false;
	maker->spaces = spaces;
	maker->frames_size = 0;
	INIT_LIST_HEAD(&maker->frames);
	maker->space = (struct profbuf_space_info){
		.size = sizeof(maker->space),
		.space = space->id | look->generation,
		.previous = space->previous,
		.tgid = space->tgid,
		.parent = space->parent,
		.ns_tgid = space->ns_tgid,
		.pid_ns = space->pid_ns,
		.mnt_ns = space->mnt_ns,
		.start_ns = space->start_ns,
		.sampled_ns = space->sampled_ns,
		.looked_ns = now,
	};
	maker_begin(maker);
	made = maker_add_all(maker, look) && maker_finish(maker, flags);
	if (made) {
		spin_lock(&spaces->frames_lock);
		list_splice_tail(&maker->frames, &spaces->frames);
		spaces->frames_size += maker->frames_size;
		spin_unlock(&spaces->frames_lock);
	} else {
		frames_free(&maker->frames);
		spaces->sequence = sequence;
	}
	kvfree(maker);
	return made;
}

/**
 * profbuf_frames_full - do as many frames wait for the reader as may?
 * @spaces: the spaces
 *
 * Context: process.
 * Return: whether no more may be made.
 */
bool profbuf_frames_full(struct profbuf_spaces *spaces)
{
	return READ_ONCE(spaces->frames_size) >= FRAMES_MAX;
}

/**
 * profbuf_frames_first - the frame that is to be read next
 * @spaces: the spaces
 *
 * Context: process, the reader's.
 * Return: the frame, or NULL if there is none.
 */
const struct profbuf_frame *profbuf_frames_first(struct profbuf_spaces *spaces)
{
	struct space_frame *first;

	spin_lock(&spaces->frames_lock);
	first = list_first_entry_or_null(&spaces->frames, struct space_frame, node);
	spin_unlock(&spaces->frames_lock);
	return first ? frame_header(first) : NULL;
}

/**
 * profbuf_frames_pop - the first frame was read
 * @spaces: the spaces
 *
 * Context: process, the reader's.
 */
void profbuf_frames_pop(struct profbuf_spaces *spaces)
{
	struct space_frame *first;

	spin_lock(&spaces->frames_lock);
	first = list_first_entry(&spaces->frames, struct space_frame, node);
	list_del(&first->node);
	WRITE_ONCE(spaces->frames_size, spaces->frames_size - frame_header(first)->size);
	spin_unlock(&spaces->frames_lock);
	kvfree(first);
}

/**
 * profbuf_frames_free - forget all frames
 * @spaces: the spaces, which nobody uses any more
 *
 * Context: process.
 */
void profbuf_frames_free(struct profbuf_spaces *spaces)
{
	frames_free(&spaces->frames);
	INIT_LIST_HEAD(&spaces->frames);
	spaces->frames_size = 0;
}
