/* SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only */
/*
 * What "profbuf record" adds to the kernel's stream, so that it can be understood later and
 * elsewhere: frames of types from PROFBUF_FRAME_USER on.
 *
 *	HOST		first of all: the machine, and what was asked for
 *	PROCESS		of older recorders, which had no SPACE frames: a process came up, executed
 *			another program, or mapped other files in the place of some. Its MAPPING
 *			and SAMPLES frames after it, up to the next one of the same process, have
 *			nothing to do with those before
 *	MAPPING		of older recorders, too: a part of a file that a process has mapped to
 *			execute it
 *	SYMBOLS		names of addresses that no file on another machine can tell: those of the
 *			kernel, its modules, the vdso, code that was compiled at run time,
 *			files that were deleted
 *	END		last of all: how it ended, and what the kernel counted
 *	PACKED		a SAMPLES frame, with each stack only once
 *	ZSTD		a number of whole frames, compressed
 *
 * PROCESS and MAPPING come before the SAMPLES frames in which a process was first seen, as far
 * as it still ran then. All of these have 0 in the header's hdrsize, records and words, and
 * PROFBUF_CPU_NONE as CPU; the sequence is the number of frames of this type before.
 *
 * A payload begins with a structure that carries its size. What follows it begins there, so that
 * structures can grow: strings, each ended by a 0 byte, in the order that is said below. Zeroes
 * fill up to a multiple of 8 bytes. Byte order is that of the stream.
 *
 * Filters of the recorder take records out of SAMPLES frames; sequence numbers are then those of
 * what is left, and the END frame says how many were taken out.
 *
 * ZSTD frames are one zstd stream, cut where frames end: each is decompressed with what those
 * before it left, and gives so many bytes of whole frames, none of them compressed again. They have
 * a checksum of what they give; frames that are not compressed have none.
 */
#ifndef PROFBUF_RECORDING_H
#define PROFBUF_RECORDING_H

#include <profbuf/profbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

enum profbuf_recording_type {
	PROFBUF_FRAME_HOST	= PROFBUF_FRAME_USER + 1,
	PROFBUF_FRAME_PROCESS	= PROFBUF_FRAME_USER + 2,
	PROFBUF_FRAME_MAPPING	= PROFBUF_FRAME_USER + 3,
	PROFBUF_FRAME_SYMBOLS	= PROFBUF_FRAME_USER + 4,
	PROFBUF_FRAME_END	= PROFBUF_FRAME_USER + 5,
	PROFBUF_FRAME_ZSTD	= PROFBUF_FRAME_USER + 6,
	PROFBUF_FRAME_PACKED	= PROFBUF_FRAME_USER + 7,
};

/* Most bytes that a ZSTD frame may give, and the window that it may ask for. */
#define PROFBUF_ZSTD_MAX		(16U << 20)
#define PROFBUF_ZSTD_WINDOW_LOG		23

/**
 * struct profbuf_host - payload of a HOST frame
 * @size: bytes of this structure
 * @nr_cpus: CPUs that were online
 * @realtime_ns: CLOCK_REALTIME when the recording was begun
 * @flags: PROFBUF_HOST_*
 * @page_size: bytes
 *
 * Strings: name of the host, release of the kernel, version of the kernel, architecture, the
 * command that recorded, its version, what was recorded.
 */
struct profbuf_host {
	__u32 size;
	__u32 nr_cpus;
	__aligned_u64 realtime_ns;
	__u32 flags;
	__u32 page_size;
};

/* Records of other processes than those asked for were taken out. */
#define PROFBUF_HOST_FILTERED (1U << 0)

/**
 * struct profbuf_process - payload of a PROCESS frame
 * @size: bytes of this structure
 * @pid: process ID
 * @ppid: process ID of its parent, 0 if unknown
 * @flags: PROFBUF_PROCESS_*
 *
 * Strings: path of the program, "" if unknown.
 */
struct profbuf_process {
	__u32 size;
	__u32 pid;
	__u32 ppid;
	__u32 flags;
};

/* It was seen before, and now runs another program. */
#define PROFBUF_PROCESS_EXEC	(1U << 0)
/* It had ended before anything could be read of it. */
#define PROFBUF_PROCESS_GONE	(1U << 1)
/* It was seen before, and has by now mapped other files in the place of some. */
#define PROFBUF_PROCESS_REMAPPED (1U << 2)

/**
 * struct profbuf_file_mapping - payload of a MAPPING frame
 * @size: bytes of this structure
 * @pid: process ID
 * @start: first address
 * @end: address behind the last one
 * @offset: where in the file @start is
 * @inode: of the file
 * @major: of its device
 * @minor: of its device
 * @prot: PROT_* of mmap()
 * @flags: PROFBUF_FILE_MAPPING_*
 *
 * Strings: path as the process sees it, or a name in brackets; build-id in hexadecimal digits,
 * "" if there is none.
 */
struct profbuf_file_mapping {
	__u32 size;
	__u32 pid;
	__aligned_u64 start;
	__aligned_u64 end;
	__aligned_u64 offset;
	__aligned_u64 inode;
	__u32 major;
	__u32 minor;
	__u32 prot;
	__u32 flags;
};

/* The file was unlinked. */
#define PROFBUF_FILE_MAPPING_DELETED (1U << 0)

/**
 * struct profbuf_symbols - payload of a SYMBOLS frame
 * @size: bytes of this structure
 * @pid: PROFBUF_SYMBOLS_KERNEL: of the kernel; PROFBUF_SYMBOLS_SPACE: of code in no file;
 *	PROFBUF_SYMBOLS_FILE: of a file, where addresses are places in it. From older recorders
 *	a process ID
 * @nr: number of struct profbuf_symbol that follow
 * @generation: of which mappings of the process: the number of PROCESS frames with
 *	PROFBUF_PROCESS_EXEC or PROFBUF_PROCESS_REMAPPED that there were of it, at most 1023
 * @space: ID << 24 of the space that the code is in
 * @inode: of the file. This and what follows is as in its struct profbuf_mapping
 * @major: of its device
 * @minor: of its device
 * @inode_generation: of the inode
 * @ctime_nsec: when it was changed last
 * @ctime_sec: seconds of that
 *
 * Strings: those that the symbols name.
 */
struct profbuf_symbols {
	__u32 size;
	__u32 pid;
	__u32 nr;
	__u32 generation;
	__aligned_u64 space;
	__aligned_u64 inode;
	__u32 major;
	__u32 minor;
	__u32 inode_generation;
	__u32 ctime_nsec;
	__aligned_s64 ctime_sec;
};

#define PROFBUF_SYMBOLS_KERNEL	0xffffffffU
#define PROFBUF_SYMBOLS_SPACE	0xfffffffeU
#define PROFBUF_SYMBOLS_FILE	0xfffffffdU

/**
 * struct profbuf_symbol - a name
 * @address: first address
 * @length: bytes; 0: unknown
 * @name: where its name begins, in bytes from the end of the symbols
 * @module: the same for the name of the kernel module, without brackets; "" if it is in none
 */
struct profbuf_symbol {
	__aligned_u64 address;
	__aligned_u64 length;
	__u32 name;
	__u32 module;
};

/**
 * struct profbuf_recording_end - payload of an END frame
 * @size: bytes of this structure
 * @flags: 0
 * @realtime_ns: CLOCK_REALTIME when the recording was ended
 * @monotonic_ns: CLOCK_MONOTONIC at the same time
 * @interrupts: sampling interrupts, and of these
 * @records: recorded
 * @lost: lost
 * @filtered: not asked for, and so not recorded by the kernel
 * @nested: of the lost ones, those that interrupted the taking of another sample
 * @periods: sampling periods that have passed: those that the interrupts stand for, and @slept
 * @taken_out: records that the recorder took out
 * @unknown: of these, records of processes that ended before it was known what they were
 * @slept: periods in which a CPU was idle and its timer stopped
 * @late: periods by which interrupts came late
 * @stolen: of the late ones, those that are known to have been stolen by a host
 * @cost_ns: time that the interrupts took
 * @limited_ns: time in which CPUs were sampled less often than asked for
 */
struct profbuf_recording_end {
	__u32 size;
	__u32 flags;
	__aligned_u64 realtime_ns;
	__aligned_u64 monotonic_ns;
	__aligned_u64 interrupts;
	__aligned_u64 records;
	__aligned_u64 lost;
	__aligned_u64 filtered;
	__aligned_u64 nested;
	__aligned_u64 periods;
	__aligned_u64 taken_out;
	__aligned_u64 unknown;
	__aligned_u64 slept;
	__aligned_u64 late;
	__aligned_u64 stolen;
	__aligned_u64 cost_ns;
	__aligned_u64 limited_ns;
};

/**
 * struct profbuf_zstd - payload of a ZSTD frame
 * @size: bytes of this structure
 * @packed: bytes of compressed data that follow
 * @unpacked: bytes that they give, at most PROFBUF_ZSTD_MAX
 * @checksum: CRC-32 of the bytes that they give, as crc32() of zlib makes it. Older recorders have
 *	none: their @size ends before it
 * @reserved: 0
 */
struct profbuf_zstd {
	__u32 size;
	__u32 packed;
	__aligned_u64 unpacked;
	__u32 checksum;
	__u32 reserved;
};

/**
 * struct profbuf_packed - payload of a PACKED frame
 * @size: bytes of this structure
 * @flags: PROFBUF_PACKED_*
 * @records: number of records in the SAMPLES frame that this one stands for
 * @words: their words, at most PROFBUF_PACKED_MAX_WORDS
 * @bytes: bytes that follow
 * @reserved: 0
 *
 * hdrsize, CPU and sequence are those of the SAMPLES frame. In the bytes there is for each record,
 * a "number" being 7 bits a byte, low ones first, the top bit set in all but the last:
 *
 *	stack	number; bit 0: the tag is another one than that of the record before. The rest: 0:
 *		a new stack, which gets the next ID, from 0; 1: one without an ID; from 2 on: the
 *		stack with the ID that is less by 2
 *	depth	number of words in the stack; only if that is 0 or 1, and so are
 *	words	the stack's, 8 bytes each
 *	time	number; difference to that of the record before, 0 at first, as
 *		difference * 2, and if it is negative as -difference * 2 - 1
 *	header	number; bit n: word n of the header is another one than that of the record before,
 *		0 at first
 *	words	these, 8 bytes each
 *	tag	8 bytes, if it is another one, 0 at first
 */
struct profbuf_packed {
	__u32 size;
	__u32 flags;
	__u32 records;
	__u32 words;
	__u32 bytes;
	__u32 reserved;
};

/* All IDs are forgotten, and begin with 0 again. */
#define PROFBUF_PACKED_RESET (1U << 0)

/* What a reader has to hold at most: words of a frame, stacks with an ID, and their words. */
#define PROFBUF_PACKED_MAX_WORDS	(2U << 20)
#define PROFBUF_PACKED_MAX_STACKS	(256U << 10)
#define PROFBUF_PACKED_MAX_STACK_WORDS	(8U << 20)

#define PROFBUF_RECORDING_STRINGS 8

/**
 * struct profbuf_strings - the strings of a payload
 * @nr: number of strings
 * @list: the strings; "" where there are fewer than are expected
 */
struct profbuf_strings {
	unsigned int nr;
	const char *list[PROFBUF_RECORDING_STRINGS];
};

PROFBUF_API int profbuf_recording__payload(const struct profbuf_frame *frame, void *structure,
					   size_t size, struct profbuf_strings *strings);
PROFBUF_API int profbuf_recording__symbols(const struct profbuf_frame *frame,
					   int (*symbol)(void *context,
							 const struct profbuf_symbols *frame,
							 const struct profbuf_symbol *symbol,
							 const char *name, const char *module),
					   void *context);

#ifdef __cplusplus
}
#endif

#endif /* PROFBUF_RECORDING_H */
