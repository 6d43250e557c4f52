/* SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only */
/*
 * libprofbuf: profile a machine through /dev/profbuf, or read what was saved of it.
 *
 * A session is an open /dev/profbuf: configure it, start it, stop it. A stream is where frames
 * come from: a session, a file, a pipe or memory. profbuf_stream__read() walks it and calls a
 * handler for each record and loss.
 *
 *	struct profbuf_stream *stream;
 *	int err = profbuf_stream__open(&stream, "profbuf.data", NULL);
 *
 *	if (!err)
 *		err = profbuf_stream__read(stream, &handler, context);
 *	if (err)
 *		fprintf(stderr, "%s\n", profbuf_stream__error(stream));
 *	profbuf_stream__close(stream);
 *
 * Functions that can fail return a negative errno. Option structures carry their size, so that
 * they can grow; NULL stands for all defaults. Nothing here is locked: use an object from one
 * thread at a time, save for profbuf_session__stop(), which may be called from another thread or
 * a signal handler to end a read.
 */
#ifndef PROFBUF_PROFBUF_H
#define PROFBUF_PROFBUF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/profbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROFBUF_API __attribute__((visibility("default")))

/* ---- Sessions ---- */

struct profbuf_session;

/**
 * struct profbuf_session_opts - how to open a session
 * @size: sizeof(struct profbuf_session_opts)
 * @device: the device; NULL: PROFBUF_DEVICE
 * @nonblock: profbuf_session__read() does not wait
 */
struct profbuf_session_opts {
	size_t size;
	const char *device;
	int nonblock;
};

PROFBUF_API int profbuf_session__open(struct profbuf_session **session,
				      const struct profbuf_session_opts *opts);
PROFBUF_API void profbuf_session__close(struct profbuf_session *session);
PROFBUF_API int profbuf_session__fd(const struct profbuf_session *session);
PROFBUF_API int profbuf_session__get_config(struct profbuf_session *session,
					    struct profbuf_config *config);
PROFBUF_API int profbuf_session__set_config(struct profbuf_session *session,
					    const struct profbuf_config *config);
PROFBUF_API int profbuf_session__set_hdrsize(struct profbuf_session *session, unsigned int words);
PROFBUF_API int profbuf_session__get_cpus(struct profbuf_session *session, uint64_t *mask,
					  unsigned int words);
PROFBUF_API int profbuf_session__set_cpus(struct profbuf_session *session, const uint64_t *mask,
					  unsigned int words);
PROFBUF_API int profbuf_session__start(struct profbuf_session *session);
PROFBUF_API int profbuf_session__stop(struct profbuf_session *session);
PROFBUF_API int profbuf_session__pause(struct profbuf_session *session);
PROFBUF_API int profbuf_session__resume(struct profbuf_session *session);
PROFBUF_API int profbuf_session__stats(struct profbuf_session *session, uint32_t cpu,
				       struct profbuf_stats *stats);
PROFBUF_API int profbuf_session__kernel_symbol(struct profbuf_session *session, uint64_t address,
					       uint64_t time_ns,
					       struct profbuf_kernel_symbol *symbol);
PROFBUF_API int profbuf_session__load_unwind(struct profbuf_session *session, int fd,
					     const void *table, size_t size);
PROFBUF_API ssize_t profbuf_session__read(struct profbuf_session *session, void *buffer,
					  size_t size);

/* ---- Streams ---- */

struct profbuf_stream;

/**
 * struct profbuf_stream_opts - how to open a stream
 * @size: sizeof(struct profbuf_stream_opts)
 * @name: what errors call it; NULL: the path
 * @max_frame: refuse frames larger than this where they have to be held in memory;
 *	0: 64 MiB
 */
struct profbuf_stream_opts {
	size_t size;
	const char *name;
	size_t max_frame;
};

/**
 * struct profbuf_record - a sample
 * @stream: where it is from
 * @tag: the tag of its thread; 0: none
 * @time: CLOCK_MONOTONIC, nanoseconds
 * @count: sampling periods it stands for, 1 or more
 * @pid: process ID, of the initial pid namespace
 * @tid: thread ID
 * @cpu: the CPU
 * @mode: the mode word; see PROFBUF_MODE()
 * @cgroup: ID of the cgroup
 * @period: nanoseconds of one sampling period; from the INFO frame if the record has no word
 *	for it, 0 if neither tells
 * @value: specific to the source
 * @comm: name of the thread, ends with 0
 * @has: bit n is set if the record has the word n of enum profbuf_word; what it does not have
 *	is 0 above
 * @hdrsize: words of the header
 * @header: the header as it is in the stream
 * @depth: number of addresses in the stack
 * @kernel_frames: how many of them, from the first, are the kernel's
 * @stack: the stack, interrupted instruction first
 * @late: periods of @count by which the interrupt came late, at least 1 less than @count. Over user
 *	code they are not that code's time, see <linux/profbuf.h>
 * @stolen: of these, those that are known to have been stolen by the host
 * @space: the space word, see <linux/profbuf.h>: the SPACE frames of its space tell what user
 *	addresses mean. They may come after the record
 * @end: enum profbuf_end, where the walk of the user stack ended
 * @end_flags: PROFBUF_END_NO_TABLE and the like: the rest of the end word
 * @copy_words: number of words of @copy; 0: nothing was copied, else PROFBUF_COPY_FIXED or more
 * @copy: registers and memory of the first user frame, see <linux/profbuf.h>
 */
struct profbuf_record {
	const struct profbuf_stream *stream;
	uint64_t tag;
	uint64_t time;
	uint64_t count;
	uint32_t pid;
	uint32_t tid;
	uint64_t mode;
	uint64_t cgroup;
	uint64_t period;
	uint64_t value;
	uint32_t cpu;
	char comm[16];
	uint32_t has;
	uint32_t hdrsize;
	const uint64_t *header;
	uint32_t depth;
	uint32_t kernel_frames;
	const uint64_t *stack;
	uint32_t late;
	uint32_t stolen;
	uint64_t space;
	uint32_t end;
	uint32_t end_flags;
	uint32_t copy_words;
	const uint64_t *copy;
};

/**
 * struct profbuf_loss - samples that were lost at this place in a CPU's stream
 * @stream: where it is from
 * @time: of the first one
 * @lost: how many
 * @tag: the tag, 0
 * @cpu: the CPU
 * @hdrsize: words of the header
 * @header: the header as it is in the stream
 */
struct profbuf_loss {
	const struct profbuf_stream *stream;
	uint64_t time;
	uint64_t lost;
	uint64_t tag;
	uint32_t cpu;
	uint32_t hdrsize;
	const uint64_t *header;
};

/**
 * struct profbuf_gap - frames that should be there and are not
 * @stream: where it is from
 * @cpu: whose records they held
 * @records: how many records
 */
struct profbuf_gap {
	const struct profbuf_stream *stream;
	uint64_t records;
	uint32_t cpu;
};

/**
 * struct profbuf_counts - the frames that a stream has had
 * @size: sizeof(struct profbuf_counts), set by the caller
 * @infos: INFO frames
 * @samples: SAMPLES frames, those included that were packed
 * @hosts: HOST frames, with which recordings begin
 * @ends: END frames
 * @others: PROCESS, MAPPING and SYMBOLS frames
 * @unknown: frames of types that this library does not know, so that what they say is missing
 * @unknown_offset: where the first of them is, in bytes from the beginning
 * @unknown_type: its type
 * @limits: LIMIT frames
 * @spaces: SPACE frames
 */
struct profbuf_counts {
	size_t size;
	uint64_t infos;
	uint64_t samples;
	uint64_t hosts;
	uint64_t ends;
	uint64_t others;
	uint64_t unknown;
	uint64_t unknown_offset;
	uint32_t unknown_type;
	uint64_t limits;
	uint64_t spaces;
};

/**
 * struct profbuf_space_mapping - a mapping of a SPACE frame
 * @fixed: what the frame says of it; its sizes and offsets have been checked
 * @path: of the file, "" if it has none
 * @build_id: of the file, of @fixed.build_id_size bytes; NULL if it is not told
 */
struct profbuf_space_mapping {
	struct profbuf_mapping fixed;
	const char *path;
	const uint8_t *build_id;
};

/**
 * struct profbuf_handler - what profbuf_stream__read() calls
 * @size: sizeof(struct profbuf_handler)
 * @info: for each INFO frame
 * @record: for each sample
 * @loss: for each loss
 * @gap: where the sequence numbers of a CPU's frames tell of missing ones
 * @frame: for each frame of another type, checked no further than its size; also for LIMIT
 *	and SPACE frames, if @size is too small for @limit or @space
 * @limit: for each LIMIT frame: a CPU is sampled less often than asked for, or no longer so
 * @space: for each SPACE frame, with its @info->nr_mappings mappings
 *
 * Each may be NULL. What they return other than 0 ends the reading and is returned. What their
 * arguments point to is gone when they return.
 */
struct profbuf_handler {
	size_t size;
	int (*info)(void *context, const struct profbuf_info *info);
	int (*record)(void *context, const struct profbuf_record *record);
	int (*loss)(void *context, const struct profbuf_loss *loss);
	int (*gap)(void *context, const struct profbuf_gap *gap);
	int (*frame)(void *context, const struct profbuf_frame *frame);
	int (*limit)(void *context, uint32_t cpu, const struct profbuf_limit *limit);
	int (*space)(void *context, const struct profbuf_space_info *info,
		     const struct profbuf_space_mapping *mappings);
};

PROFBUF_API int profbuf_stream__open(struct profbuf_stream **stream, const char *path,
				     const struct profbuf_stream_opts *opts);
PROFBUF_API int profbuf_stream__open_fd(struct profbuf_stream **stream, int fd,
					const struct profbuf_stream_opts *opts);
PROFBUF_API int profbuf_stream__open_memory(struct profbuf_stream **stream, const void *data,
					    size_t size, const struct profbuf_stream_opts *opts);
PROFBUF_API int profbuf_stream__open_session(struct profbuf_stream **stream,
					     struct profbuf_session *session,
					     const struct profbuf_stream_opts *opts);
PROFBUF_API void profbuf_stream__close(struct profbuf_stream *stream);
PROFBUF_API int profbuf_stream__rewind(struct profbuf_stream *stream);

PROFBUF_API int profbuf_stream__next(struct profbuf_stream *stream,
				     const struct profbuf_frame **frame);
PROFBUF_API int profbuf_stream__handle(struct profbuf_stream *stream,
				       const struct profbuf_frame *frame,
				       const struct profbuf_handler *handler, void *context);
PROFBUF_API int profbuf_stream__read(struct profbuf_stream *stream,
				     const struct profbuf_handler *handler, void *context);

PROFBUF_API const struct profbuf_info *profbuf_stream__info(const struct profbuf_stream *stream);
PROFBUF_API int profbuf_stream__counts(const struct profbuf_stream *stream,
				       struct profbuf_counts *counts);
PROFBUF_API uint64_t profbuf_stream__offset(const struct profbuf_stream *stream);
PROFBUF_API const char *profbuf_stream__name(const struct profbuf_stream *stream);
PROFBUF_API int profbuf_stream__failed(const struct profbuf_stream *stream);
PROFBUF_API const char *profbuf_stream__error(const struct profbuf_stream *stream);

#ifdef __cplusplus
}
#endif

#endif /* PROFBUF_PROFBUF_H */
