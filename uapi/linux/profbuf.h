/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * profbuf: what the machine is doing now, read from /dev/profbuf.
 *
 * Sessions
 * --------
 * Each open of /dev/profbuf is a session of its own: a configuration, a source of
 * sampling interrupts, and one ring of records for each CPU. Descriptors made by dup()
 * or fork() share it. Closing the last one undoes everything. A new session has
 * the configuration that the module's parameters give; it is changed with
 * PROFBUF_IOC_SET_CONFIG, PROFBUF_IOC_SET_HDRSIZE or PROFBUF_IOC_SET_CPUS.
 * PROFBUF_IOC_START starts it, and so does the first read(), so that plain cat works,
 * provided that the one who opened the device had the privilege as well as the one who
 * reads. A read of no bytes, or one that must not wait for anything (RWF_NOWAIT), does
 * not start it.
 *
 * Whoever may open the device can keep the module from being unloaded, by keeping it open.
 *
 *	idle ----- start ----> running <-- pause/resume --> paused
 *	                       ^     |                        |
 *	                     start   +--------- stop ---------+
 *	                       |                  |
 *	                     ended <---------- stopped: what is left can be read,
 *	                                          then read() returns 0
 *
 * An ended session can be configured anew. Only PROFBUF_IOC_START starts it again; until
 * then read() goes on to return 0.
 *
 * Reading
 * -------
 * read() returns one or more whole frames and blocks while there are none. They
 * come when a CPU has a watermark of bytes or when its oldest record is as old
 * as the deadline, whichever is first. Errors of read():
 *
 *	EAGAIN	nothing to read, and O_NONBLOCK or RWF_NOWAIT is set
 *	EINVAL	the buffer is too small for the next frame; nothing is lost. 64 KiB
 *		hold any frame of at most one record
 *	EFAULT	the buffer is not writable; nothing is lost
 *	EINTR	a signal came first
 *	EPERM, ENOMEM	the session could not be started, as by PROFBUF_IOC_START
 *	EIO	the records were overwritten in the kernel's memory
 *
 * With O_NONBLOCK, read() waits neither for records nor for another thread that uses the
 * session.
 *
 * poll() answers EPOLLIN when a read would not block, the end included, and EPOLLHUP in
 * addition when the end was read. An idle session is readable: a read starts it, or
 * says why it cannot. Edge-triggered epoll works; read until EAGAIN.
 *
 * The stream
 * ----------
 * What read() returns, and what is saved of it, is a sequence of frames in the byte order
 * of the machine, each a multiple of 8 bytes long and aligned to 8. A frame begins with
 * struct profbuf_frame. A magic number that reads PROFBUF_MAGIC_SWAPPED means the other
 * byte order. Skip frames of unknown type by their size. profbuf_frame_check() tells
 * whether a frame can be trusted to be walked.
 *
 * The first frame is an INFO frame; another follows whenever what it says has
 * changed, which the wall clock does when it is set and when the machine was suspended.
 * SAMPLES frames hold the records of one CPU, oldest first. Frames of different CPUs are
 * not in order of time. A frame's sequence number is the number of records of its CPU in
 * the frames before it, since the start; where it is not, frames are missing. LIMIT
 * frames tell when a CPU was sampled less often than asked for. SPACE frames tell what is
 * mapped in the address spaces of sampled processes.
 *
 * Records
 * -------
 * The payload of a SAMPLES frame is frame.words 64-bit words of records, then
 * frame.records 64-bit tags, the n-th for the n-th record. Tag 0 means none. A record is
 *
 *	word 0			its length in words, this one included
 *	word 1			time, CLOCK_MONOTONIC, nanoseconds
 *	2 .. 1 + hdrsize	header
 *	2 + hdrsize ..		stack
 *
 * The header has as many of the words below as frame.hdrsize asks for, in this order;
 * further ones are 0. The INFO frame names them (enum profbuf_word).
 *
 *	0 count		sampling periods that the record stands for, 1 or more: above 1 if
 *			the interrupt came late, or the CPU's sampling was slowed down
 *	1 task		process ID (tgid) << 32 | thread ID, of the initial pid namespace
 *	2 mode		see PROFBUF_MODE_CPU() and following
 *	3 cgroup	ID in the unified hierarchy, the inode number of its directory
 *	4,5 comm	name of the thread, 16 bytes in memory order, ends with 0
 *	6 period	of the event that sampled; for the timer nanoseconds
 *	7 value		specific to the source; 0 for the timer
 *	8 late		of the count, see PROFBUF_LATE_PERIODS() and PROFBUF_LATE_STOLEN()
 *	9 space		the address space and its generation, see below
 *	10 end		where the walk of the user stack ended, see PROFBUF_END()
 *	11 copy		how many words at the end of the stack are no addresses, but a copy, see
 *			below
 *
 * The stack begins with the interrupted instruction, exact, and goes on with return
 * addresses, callers last; kernel frames come before user frames. When the kernel was
 * interrupted, the first user frame is where user space will go on, exact as well.
 *
 * User frames are addresses that were executable when the record was made: of what else
 * the process has in its memory, nothing is recorded, unless a copy was asked for. The walk
 * of a user stack goes by unwind tables where they are loaded, PROFBUF_IOC_LOAD_UNWIND, else, or
 * if PROFBUF_FRAME_POINTERS is set, by frame pointers. It ends where it has reached the
 * beginning of the thread for certain, or for a reason, which the end word tells. While a process
 * executes another program it has no user frames.
 *
 * Copies
 * ------
 * If a session asks for it, by stack_copy of its configuration, what lies on top of the user
 * stack is put into the record, for walks that are made later: whatever it is, passwords
 * and keys included. A copy comes behind the frames:
 *
 *	16 words	the registers, numbered as DWARF does: rax, rdx, rcx, rbx, rsi, rdi, rbp,
 *			rsp, r8 to r15
 *	1 word		the address from which on memory follows: that of the red zone,
 *			PROFBUF_COPY_RED_ZONE bytes below rsp, or rsp where that is not present
 *	the others	the memory, up to stack_copy bytes above rsp, or up to what is not present
 *
 * They are of the first user frame, which has the instruction pointer. There is no copy where
 * there is no user frame, nor of 32-bit code. The walk is made besides, and
 * header word 10 tells of it alone.
 *
 * Spaces
 * ------
 * A space is an address space for as long as one program is executed in it; its ID is
 * never used again. Whenever a file is mapped there to be executed, or such a mapping
 * goes, its generation grows by one. A SPACE frame tells what was mapped at one
 * generation. There is one for each space and generation that records name, or for a later
 * generation, and it comes soon after the first such record: usually some milliseconds,
 * in any case before the end of the stream.
 *
 * What an address of a record stands for is told by the first SPACE frame of its space whose
 * generation is not below the record's: a mapping there that has gone since
 * (PROFBUF_MAPPING_GONE), contains the address, and whose generation is not below the
 * record's, the oldest one of several; else one that is there and contains the address; else, of
 * those in this frame and the next one of that space that have gone and contain the address, the
 * one whose generation is nearest to the record's: it was going when the record was made, or
 * when this frame was. Memory of no file that becomes executable later, as that of
 * just-in-time compilers, is not told: what lies nowhere is that.
 *
 * Late timers
 * -----------
 * User code cannot hold an interrupt up. Periods by which one came late over user code
 * were not spent there, but by whatever kept the CPU: an interrupt handler, the firmware
 * or, for a virtual machine, its host. Over kernel code they were spent, as a rule, by
 * what ran with interrupts disabled, and that is what the stack shows. Of the late periods
 * the kernel knows some to have been stolen by the host.
 *
 * Sampling that takes too much
 * ----------------------------
 * All sessions together take no more of a CPU's time than the module's parameter cpu_share
 * says, and a session no more than its cpu_share, in 1/1000. Where their periods and stacks
 * would take more, interrupts are left out, and the count of the next one includes their
 * periods: the sum of counts stays what it was, there are fewer records. Short bursts are
 * let pass. A LIMIT frame tells that this has begun, another one that it has ended.
 *
 * Idle CPUs
 * ---------
 * Unless idle CPUs are asked for (PROFBUF_IDLE), the timer of a CPU that is idle is stopped
 * until it wakes up. The periods that pass meanwhile are told by PROFBUF_IOC_STATS.
 *
 * Losses
 * ------
 * A record whose count is 0 stands for samples that were lost at this place in the
 * CPU's stream, for want of room or because a sample interrupted the taking of
 * another. All its header is 0, its stack is one word, the number of samples lost
 * (sticking at 2^32-1), and its time is that of the first one. So for each CPU,
 * once the end was read:
 *
 *	interrupts = records + sum of losses + filtered
 *
 * where filtered ones, idle CPUs for instance, were not asked for. PROFBUF_IOC_STATS
 * has all of these numbers.
 */
#ifndef _UAPI_LINUX_PROFBUF_H
#define _UAPI_LINUX_PROFBUF_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PROFBUF_DEVICE		"/dev/profbuf"
#define PROFBUF_VERSION		1

#define PROFBUF_MAGIC		0x46425250	/* "PRBF" in a little-endian stream */
#define PROFBUF_MAGIC_SWAPPED	0x50524246

/* Words of a record besides header and stack: its length and its time. */
#define PROFBUF_RECORD_FIXED	2

/* Ranges of the configuration. */
#define PROFBUF_HDRSIZE_MIN	1
#define PROFBUF_HDRSIZE_MAX	64
#define PROFBUF_STACK_MAX	1024		/* frames */
#define PROFBUF_PERIOD_MIN	10000ULL	/* 10 us */
#define PROFBUF_PERIOD_MAX	60000000000ULL	/* 60 s */
#define PROFBUF_DEADLINE_MAX	3600000000000ULL	/* 1 h */
#define PROFBUF_RING_SIZE_MAX	(1ULL << 30)	/* bytes */
#define PROFBUF_CPU_SHARE_MAX	1000		/* 1/1000 */
#define PROFBUF_STACK_COPY_MAX	32768		/* bytes */

/**
 * enum profbuf_frame_type - what a frame holds
 * @PROFBUF_FRAME_INFO: struct profbuf_info
 * @PROFBUF_FRAME_SAMPLES: records and their tags
 * @PROFBUF_FRAME_LIMIT: struct profbuf_limit
 * @PROFBUF_FRAME_SPACE: struct profbuf_space_info and mappings
 * @PROFBUF_FRAME_USER: this and all above never come from the kernel; they are for
 *	programs that add to a recorded stream
 */
enum profbuf_frame_type {
	PROFBUF_FRAME_INFO	= 1,
	PROFBUF_FRAME_SAMPLES	= 2,
	PROFBUF_FRAME_LIMIT	= 3,
	PROFBUF_FRAME_SPACE	= 4,
	PROFBUF_FRAME_USER	= 0x8000,
};

/**
 * struct profbuf_frame - how each frame begins
 * @magic: PROFBUF_MAGIC
 * @type: enum profbuf_frame_type
 * @hdrsize: header words of each record
 * @size: bytes of the frame, this header included; a multiple of 8
 * @cpu: CPU that the frame is about; PROFBUF_CPU_NONE where that has no meaning
 * @records: number of records, and of tags; 0 unless the type is PROFBUF_FRAME_SAMPLES
 * @words: words of all records together; 0 unless the type is PROFBUF_FRAME_SAMPLES
 * @sequence: SAMPLES: records of this CPU in earlier frames; INFO: INFO frames before;
 *	LIMIT: LIMIT frames of this CPU before; SPACE: SPACE frames before
 */
struct profbuf_frame {
	__u32 magic;
	__u16 type;
	__u16 hdrsize;
	__u32 size;
	__u32 cpu;
	__u32 records;
	__u32 words;
	__aligned_u64 sequence;
};

#define PROFBUF_CPU_NONE	0xffffffffU

/**
 * enum profbuf_source - where sampling interrupts come from
 * @PROFBUF_SOURCE_TIMER: a high resolution timer on each CPU
 */
enum profbuf_source {
	PROFBUF_SOURCE_TIMER	= 1,
};

/* What is sampled: flags of struct profbuf_config and struct profbuf_info. */
#define PROFBUF_KERNEL		(1U << 0)	/* kernel frames */
#define PROFBUF_USER		(1U << 1)	/* user frames */
#define PROFBUF_IDLE		(1U << 2)	/* idle CPUs; otherwise filtered */
#define PROFBUF_FRAME_POINTERS	(1U << 3)	/* user frames without unwind tables */
#define PROFBUF_FLAGS		(PROFBUF_KERNEL | PROFBUF_USER | PROFBUF_IDLE | \
				 PROFBUF_FRAME_POINTERS)

/**
 * enum profbuf_word - what a header word means, as told by INFO frames
 * @PROFBUF_WORD_ZERO: nothing; it is 0
 * @PROFBUF_WORD_COUNT: sampling periods; 0 in a loss
 * @PROFBUF_WORD_TASK: process and thread
 * @PROFBUF_WORD_MODE: CPU, mode and properties of the stack
 * @PROFBUF_WORD_CGROUP: cgroup
 * @PROFBUF_WORD_COMM: first half of the thread's name
 * @PROFBUF_WORD_COMM2: second half
 * @PROFBUF_WORD_PERIOD: period of the event
 * @PROFBUF_WORD_VALUE: a value specific to the source
 * @PROFBUF_WORD_LATE: periods by which the interrupt was late
 * @PROFBUF_WORD_SPACE: the space and its generation
 * @PROFBUF_WORD_END: where the walk of the user stack ended
 * @PROFBUF_WORD_COPY: words at the end of the stack that are a copy
 */
enum profbuf_word {
	PROFBUF_WORD_ZERO	= 0,
	PROFBUF_WORD_COUNT	= 1,
	PROFBUF_WORD_TASK	= 2,
	PROFBUF_WORD_MODE	= 3,
	PROFBUF_WORD_CGROUP	= 4,
	PROFBUF_WORD_COMM	= 5,
	PROFBUF_WORD_COMM2	= 6,
	PROFBUF_WORD_PERIOD	= 7,
	PROFBUF_WORD_VALUE	= 8,
	PROFBUF_WORD_LATE	= 9,
	PROFBUF_WORD_SPACE	= 10,
	PROFBUF_WORD_END	= 11,
	PROFBUF_WORD_COPY	= 12,
};

/* Header words that mean something; and as many of them as do where there are no copies. */
#define PROFBUF_WORDS		12
#define PROFBUF_WORDS_DEFAULT	11

/**
 * struct profbuf_info - payload of an INFO frame
 * @size: bytes of this structure; what follows it begins there
 * @version: PROFBUF_VERSION of the kernel's side
 * @source: enum profbuf_source
 * @flags: PROFBUF_KERNEL, PROFBUF_USER, PROFBUF_IDLE, PROFBUF_FRAME_POINTERS
 * @period_ns: time between the samples of a CPU
 * @monotonic_ns: CLOCK_MONOTONIC, the clock of records, when the frame was made
 * @realtime_ns: CLOCK_REALTIME at the same instant
 * @stack_depth: most frames of a record's stack
 * @nr_words: number of header words: as many __u32 follow this structure, each an
 *	enum profbuf_word, padded with 0 to a multiple of 8 bytes
 * @nr_cpus: number of bits in the mask of sampled CPUs, which is next, in __u64
 * @stack_copy: bytes of the user stack, from rsp upwards, that a copy holds at most
 */
struct profbuf_info {
	__u32 size;
	__u32 version;
	__u32 source;
	__u32 flags;
	__aligned_u64 period_ns;
	__aligned_u64 monotonic_ns;
	__aligned_u64 realtime_ns;
	__u32 stack_depth;
	__u32 nr_words;
	__u32 nr_cpus;
	__u32 stack_copy;
};

/**
 * struct profbuf_limit - payload of a LIMIT frame: a CPU is sampled less often than asked for
 * @size: bytes of this structure
 * @share: what sampling may take of the CPU's time, in 1/1000
 * @begin_ns: CLOCK_MONOTONIC, when it began
 * @end_ns: when it ended; 0 if it goes on
 * @cost_ns: mean cost of a sampling interrupt of that CPU
 * @times: how many times it has begun since the last LIMIT frame of that CPU; if more than
 *	once, or once while it went on already, @begin_ns is of the last time and earlier ones
 *	were too short to be told one by one
 */
struct profbuf_limit {
	__u32 size;
	__u32 share;
	__aligned_u64 begin_ns;
	__aligned_u64 end_ns;
	__aligned_u64 cost_ns;
	__aligned_u64 times;
};

/**
 * struct profbuf_space_info - payload of a SPACE frame, followed by its mappings
 * @size: bytes of this structure; the first mapping begins there
 * @flags: PROFBUF_SPACE_MORE and the like
 * @space: the space word of records that were made when what is told was mapped
 * @previous: ID << 24 of the space that the process had before, if it was sampled in that
 *	and not too much happened since; 0: not known
 * @tgid: the process, as seen from the initial PID namespace
 * @parent: its parent
 * @ns_tgid: the process, as seen from its own PID namespace
 * @nr_mappings: number of mappings in this frame
 * @pid_ns: inode number of its PID namespace
 * @mnt_ns: inode number of its mount namespace; 0 if the kernel does not say
 * @start_ns: CLOCK_BOOTTIME, when the process was started: with the process ID it tells it
 *	from all others
 * @sampled_ns: CLOCK_MONOTONIC, when the space was sampled first
 * @looked_ns: CLOCK_MONOTONIC, when what it tells was there
 *
 * These but @nr_mappings are as they were when the space was sampled first.
 */
struct profbuf_space_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 space;
	__aligned_u64 previous;
	__u32 tgid;
	__u32 parent;
	__u32 ns_tgid;
	__u32 nr_mappings;
	__aligned_u64 pid_ns;
	__aligned_u64 mnt_ns;
	__aligned_u64 start_ns;
	__aligned_u64 sampled_ns;
	__aligned_u64 looked_ns;
};

/* The next SPACE frame goes on with mappings of the same space and generation. */
#define PROFBUF_SPACE_MORE			(1U << 0)
/* There was no memory for some mapping, or there were too many. */
#define PROFBUF_SPACE_INCOMPLETE		(1U << 1)
/* The address space has ended: nothing more will be told of it. */
#define PROFBUF_SPACE_ENDED			(1U << 2)

#define PROFBUF_SPACE_ID(word)			((word) >> 24)
#define PROFBUF_SPACE_GENERATION(word)		((__u32)(0xffffff & (word)))

/*
 * Space words that no frame tells of: the record is of a kernel thread, or the CPU was
 * idle; or it could not be told which space it is of.
 */
#define PROFBUF_SPACE_NONE			0
#define PROFBUF_SPACE_UNKNOWN			1

/**
 * struct profbuf_mapping - a mapping of a SPACE frame
 * @size: bytes of this structure with what follows it, a multiple of 8; the next one begins there
 * @flags: PROFBUF_MAPPING_GONE and the like
 * @start: first address
 * @end: address after the last one
 * @offset: of @start in the file, in bytes
 * @inode: number of the file's inode
 * @major: of the device of the file's inode
 * @minor: of that
 * @generation: up to which the mapping was there, if it has gone; else that of the frame
 * @inode_generation: tells apart files that get the same inode number; 0 where the file system
 *	has none
 * @ctime_sec: when the file or its inode was changed last, as of when it was looked at
 * @ctime_nsec: nanoseconds of that
 * @path_offset: where the path begins, in bytes from the beginning of this structure
 * @path_size: bytes of the path, without the 0 byte after it; as seen from the root of the mount
 *	namespace that the file was opened in
 * @build_id_offset: where the build-id begins
 * @build_id_size: bytes of the build-id; 0 if there is none, or it was not in memory
 * @reserved: 0
 *
 * Mappings of no file have numbers and sizes of 0.
 */
struct profbuf_mapping {
	__u32 size;
	__u32 flags;
	__aligned_u64 start;
	__aligned_u64 end;
	__aligned_u64 offset;
	__aligned_u64 inode;
	__u32 major;
	__u32 minor;
	__u32 generation;
	__u32 inode_generation;
	__aligned_s64 ctime_sec;
	__u32 ctime_nsec;
	__u16 path_offset;
	__u16 path_size;
	__u16 build_id_offset;
	__u16 build_id_size;
	__u32 reserved;
};

/* It is not there any more: @generation tells since when. */
#define PROFBUF_MAPPING_GONE			(1U << 0)
/* The file was deleted, or another one has taken its place. */
#define PROFBUF_MAPPING_DELETED			(1U << 1)
/* Memory of no file. */
#define PROFBUF_MAPPING_ANONYMOUS		(1U << 2)
/* Code that the kernel provides. */
#define PROFBUF_MAPPING_VDSO			(1U << 3)

/**
 * enum profbuf_end - where the walk of a user stack ended
 * @PROFBUF_END_NONE: no user frames were to be found, or asked for
 * @PROFBUF_END_ROOT: where the program or a thread begins: the stack is whole
 * @PROFBUF_END_ZERO: at a frame pointer of 0: the beginning of a thread, unless the code has no
 *	frame pointers and uses the register for something else
 * @PROFBUF_END_UNKNOWN: where it was not known yet what is executable
 * @PROFBUF_END_STRAY: at a frame pointer that does not point into the stack: the code has none; or
 *	where the table leads down the stack
 * @PROFBUF_END_DATA: at a return address that is not executable: it is none
 * @PROFBUF_END_ABSENT: at memory that is not present
 * @PROFBUF_END_DEPTH: at the most frames that may be
 * @PROFBUF_END_TIME: at the longest time that a walk may take
 * @PROFBUF_END_SEGMENT: 32-bit code with segments of its own
 * @PROFBUF_END_TABLE: at code whose unwind table does not lead to its caller; or whose table, or
 *	frame pointer if it has none, is of no use as the callee's table has lost a register
 * @PROFBUF_END_COPY: at memory above what was copied; of walks of copies, no record has it
 */
enum profbuf_end {
	PROFBUF_END_NONE	= 0,
	PROFBUF_END_ROOT	= 1,
	PROFBUF_END_ZERO	= 2,
	PROFBUF_END_UNKNOWN	= 3,
	PROFBUF_END_STRAY	= 4,
	PROFBUF_END_DATA	= 5,
	PROFBUF_END_ABSENT	= 6,
	PROFBUF_END_DEPTH	= 7,
	PROFBUF_END_TIME	= 8,
	PROFBUF_END_SEGMENT	= 9,
	PROFBUF_END_TABLE	= 10,
	PROFBUF_END_COPY	= 11,
};

/* The end word: enum profbuf_end in bits 0-7, what follows in the others; the rest is 0. */
#define PROFBUF_END(word)			((__u32)(0xff & (word)))

/*
 * There was no unwind table of the last frame's code, or none was to be used, and the walk did
 * not reach a beginning. Not told where nothing was walked, nor with PROFBUF_END_UNKNOWN.
 */
#define PROFBUF_END_NO_TABLE			(1ULL << 8)

/*
 * The late word: periods of the count that passed between the time at which the
 * interrupt was due and the one at which it came, and how many of these the kernel
 * knows to have been stolen by the host of a virtual machine.
 */
#define PROFBUF_LATE_PERIODS(word)		((__u32)(word))
#define PROFBUF_LATE_STOLEN(word)		((__u32)((word) >> 32))

/*
 * The mode word: CPU in bits 0-31, enum profbuf_mode in bits 32-39, flags in bits
 * 40-47, number of kernel frames at the beginning of the stack in bits 48-63.
 */
#define PROFBUF_MODE_CPU(word)			((__u32)(word))
#define PROFBUF_MODE(word)			((__u32)((word) >> 32) & 0xff)
#define PROFBUF_MODE_KERNEL_FRAMES(word)	((__u32)((word) >> 48))

/* The stack has more kernel or user frames than stack_depth left room for. */
#define PROFBUF_MODE_TRUNCATED			(1ULL << 40)
/* The kernel frames do not reach the entry to the kernel or the thread's beginning. */
#define PROFBUF_MODE_KERNEL_INCOMPLETE		(1ULL << 41)
/* The user frames are not known to reach the beginning of the thread. */
#define PROFBUF_MODE_USER_INCOMPLETE		(1ULL << 42)
/* The walk of the stack took too long and was given up: callers are missing. */
#define PROFBUF_MODE_TIMED_OUT			(1ULL << 43)

/**
 * enum profbuf_mode - what the CPU was doing
 * @PROFBUF_MODE_KERNEL: kernel code, for a user thread or one of its own; softirqs of a
 *	CPU that is idle otherwise, too
 * @PROFBUF_MODE_USER: user code
 * @PROFBUF_MODE_IDLE: nothing
 * @PROFBUF_MODE_GUEST: a virtual machine
 */
enum profbuf_mode {
	PROFBUF_MODE_KERNEL	= 0,
	PROFBUF_MODE_USER	= 1,
	PROFBUF_MODE_IDLE	= 2,
	PROFBUF_MODE_GUEST	= 3,
};

/**
 * struct profbuf_config - configuration of a session
 * @size: sizeof(struct profbuf_config), so that the structure can grow. What a kernel
 *	does not know must be 0
 * @source: enum profbuf_source
 * @flags: PROFBUF_KERNEL, PROFBUF_USER, PROFBUF_IDLE, PROFBUF_FRAME_POINTERS
 * @hdrsize: header words of each record, PROFBUF_HDRSIZE_MIN to PROFBUF_HDRSIZE_MAX; at least
 *	PROFBUF_WORDS with @stack_copy
 * @period_ns: time between the samples of a CPU, PROFBUF_PERIOD_MIN to PROFBUF_PERIOD_MAX
 * @ring_size: bytes of each CPU's ring, at most PROFBUF_RING_SIZE_MAX, at least four of
 *	the largest records; rounded up to a power of two
 * @watermark: bytes in a ring that wake the reader; half of @ring_size if that is less;
 *	0 for every record
 * @deadline_ns: the reader is woken for a record at most so long after it was taken; at
 *	most PROFBUF_DEADLINE_MAX
 * @stack_depth: most frames of a stack, kernel's and user's together, 1 to
 *	PROFBUF_STACK_MAX, or less if the module's parameter max_stack_depth says so
 * @cpu_share: what the session's sampling may take of a CPU's time, in 1/1000, at most
 *	PROFBUF_CPU_SHARE_MAX; 0, or more than the module's parameter cpu_share: as much as that
 * @stack_copy: bytes of the user stack, from rsp upwards, that a copy holds at most: a multiple of
 *	8 up to PROFBUF_STACK_COPY_MAX; 0: nothing is copied
 * @reserved: 0
 */
struct profbuf_config {
	__u32 size;
	__u32 source;
	__u32 flags;
	__u32 hdrsize;
	__aligned_u64 period_ns;
	__aligned_u64 ring_size;
	__aligned_u64 watermark;
	__aligned_u64 deadline_ns;
	__u32 stack_depth;
	__u32 cpu_share;
	__u32 stack_copy;
	__u32 reserved;
};

/* What a copy consists of, besides the stack from rsp upwards. */
#define PROFBUF_COPY_REGISTERS	16	/* words */
#define PROFBUF_COPY_FIXED	(PROFBUF_COPY_REGISTERS + 1)	/* and where memory begins */
#define PROFBUF_COPY_RED_ZONE	128	/* bytes */

/**
 * struct profbuf_cpus - which CPUs to sample
 * @size: sizeof(struct profbuf_cpus), so that the structure can grow. What a kernel
 *	does not know must be 0
 * @bytes: of the mask, a multiple of 8. GET sets it to what the kernel's mask takes
 * @mask: address of the mask, CPU 0 being the lowest bit of its first __u64
 *
 * No bytes stand for what the module's parameter says: by default all CPUs but those that
 * are isolated or run without ticks (isolcpus=, nohz_full=).
 */
struct profbuf_cpus {
	__u32 size;
	__u32 bytes;
	__aligned_u64 mask;
};

/**
 * enum profbuf_state - state of a session
 * @PROFBUF_STATE_IDLE: not started
 * @PROFBUF_STATE_RUNNING: sampling
 * @PROFBUF_STATE_PAUSED: sampling is interrupted
 * @PROFBUF_STATE_STOPPED: sampling has ended, the stream is being read to its end
 * @PROFBUF_STATE_ENDED: the end of the stream was read
 */
enum profbuf_state {
	PROFBUF_STATE_IDLE	= 0,
	PROFBUF_STATE_RUNNING	= 1,
	PROFBUF_STATE_PAUSED	= 2,
	PROFBUF_STATE_STOPPED	= 3,
	PROFBUF_STATE_ENDED	= 4,
};

/**
 * struct profbuf_stats - totals since the start
 * @size: in: sizeof(struct profbuf_stats); out: bytes filled in
 * @cpu: in: a CPU that was sampled, or PROFBUF_CPU_NONE for the sum of all
 * @state: enum profbuf_state
 * @reserved: 0
 * @interrupts: sampling interrupts
 * @records: of these, recorded
 * @lost: of these, lost
 * @filtered: of these, not asked for
 * @nested: of the lost ones, those that interrupted the taking of another sample
 * @periods: sampling periods that have passed: those that the interrupts stand for, and @slept
 * @records_read: records that were read, those that stand for losses included
 * @lost_read: lost samples that were read of
 * @slept: periods in which the CPU was idle and its timer stopped
 * @late: periods by which interrupts came late
 * @stolen: of the late ones, those that the kernel knows to have been stolen by a host
 * @cost_ns: time that the session's interrupts took; of one that seems to have taken longer than
 *	four times the module's parameter walk_ns, only so much: it was interrupted itself
 * @cost_mean_ns: running mean of a sampling interrupt, whichever session it was of; for all
 *	CPUs the highest
 * @cost_max_ns: the longest one since the module was loaded, whichever session it was of
 * @limited_ns: time in which the CPU was sampled less often than asked for
 * @spaces: spaces that were sampled first on the CPU
 * @spaces_unknown: records of which it could not be told which space they are of
 * @spaces_lost: what could not be told of a space for want of room or memory; for all CPUs only
 *
 * Exact unless the session is running.
 */
struct profbuf_stats {
	__u32 size;
	__u32 cpu;
	__u32 state;
	__u32 reserved;
	__aligned_u64 interrupts;
	__aligned_u64 records;
	__aligned_u64 lost;
	__aligned_u64 filtered;
	__aligned_u64 nested;
	__aligned_u64 periods;
	__aligned_u64 records_read;
	__aligned_u64 lost_read;
	__aligned_u64 slept;
	__aligned_u64 late;
	__aligned_u64 stolen;
	__aligned_u64 cost_ns;
	__aligned_u64 cost_mean_ns;
	__aligned_u64 cost_max_ns;
	__aligned_u64 limited_ns;
	__aligned_u64 spaces;
	__aligned_u64 spaces_unknown;
	__aligned_u64 spaces_lost;
};

#define PROFBUF_SYMBOL_NAME_LEN		512
#define PROFBUF_SYMBOL_MODULE_LEN	64

/**
 * struct profbuf_kernel_symbol - a function of the kernel
 * @size: in: sizeof(struct profbuf_kernel_symbol); out: bytes filled in
 * @reserved: 0
 * @address: in: an address of the kernel. A return address may be that of the next function: ask
 *	for the one before
 * @time_ns: in: CLOCK_MONOTONIC, when that address was sampled; 0: what is there now
 * @start: first address of the function
 * @length: its bytes
 * @name: its name, ends with 0
 * @module: the module that it is in, "bpf" and the like, ends with 0; empty for the kernel itself
 */
struct profbuf_kernel_symbol {
	__u32 size;
	__u32 reserved;
	__aligned_u64 address;
	__aligned_u64 time_ns;
	__aligned_u64 start;
	__aligned_u64 length;
	char name[PROFBUF_SYMBOL_NAME_LEN];
	char module[PROFBUF_SYMBOL_MODULE_LEN];
};

/**
 * struct profbuf_unwind_load - the unwind table of a file
 * @size: in: sizeof(struct profbuf_unwind_load)
 * @flags: PROFBUF_UNWIND_VDSO
 * @table: address of a table, see <linux/profbuf_unwind.h>
 * @table_size: its bytes; 0: ask whether there is one
 * @fd: the file, open; -1 for the vdso
 * @reserved: 0
 */
struct profbuf_unwind_load {
	__u32 size;
	__u32 flags;
	__aligned_u64 table;
	__aligned_u64 table_size;
	__s32 fd;
	__u32 reserved;
};

/* The table is that of the code that the kernel provides to 64-bit programs. */
#define PROFBUF_UNWIND_VDSO			(1U << 0)

/*
 * ioctls. The structures carry their size themselves. Any of them may fail with
 *
 *	ENOTTY	not one of these
 *	EFAULT	a structure is not readable or writable
 *	E2BIG	a structure is larger than a page, or sets what this kernel does not know
 *	EINTR	a signal came first
 */
#define PROFBUF_IOC_MAGIC	0xbf

/*
 * Read the configuration. @size is set to the bytes filled in.
 *	EINVAL	the structure is too small
 */
#define PROFBUF_IOC_GET_CONFIG	_IOC(_IOC_READ | _IOC_WRITE, PROFBUF_IOC_MAGIC, 0, 0)

/*
 * Set the whole configuration.
 *	EINVAL	a value is out of range, an unknown flag or a reserved field is set, or the
 *		structure is too small
 *	EBUSY	the session has been started, and its end has not been read
 */
#define PROFBUF_IOC_SET_CONFIG	_IOC(_IOC_WRITE, PROFBUF_IOC_MAGIC, 1, 0)

/*
 * Set the header size alone; the argument is the number of words itself.
 *	EINVAL	out of range, too small for copies, or the ring would be too small
 *	EBUSY	as above
 */
#define PROFBUF_IOC_SET_HDRSIZE	_IO(PROFBUF_IOC_MAGIC, 2)

/*
 * Start sampling. The argument of this and the next three must be 0, or they fail with
 * EINVAL.
 *	EBUSY	the session has been started, and its end has not been read
 *	EPERM	the caller has neither CAP_PERFMON nor CAP_SYS_ADMIN, or the kernel is
 *		locked down
 *	ENOMEM	no memory, or more than the user may lock without CAP_IPC_LOCK: RLIMIT_MEMLOCK
 *		and what the module's parameter user_memory allows for each CPU, for all
 *		of the user's sessions
 */
#define PROFBUF_IOC_START	_IO(PROFBUF_IOC_MAGIC, 3)

/*
 * Stop sampling for good. What has been recorded can be read; then comes the end.
 *	EINVAL	the session is neither running nor paused
 */
#define PROFBUF_IOC_STOP	_IO(PROFBUF_IOC_MAGIC, 4)

/*
 * Interrupt sampling. Readers are woken for what has been recorded.
 *	EINVAL	the session is not running
 */
#define PROFBUF_IOC_PAUSE	_IO(PROFBUF_IOC_MAGIC, 5)

/*
 * Go on sampling.
 *	EINVAL	the session is not paused
 */
#define PROFBUF_IOC_RESUME	_IO(PROFBUF_IOC_MAGIC, 6)

/*
 * Read the totals.
 *	EINVAL	no such CPU, a reserved field is set, or the structure is too small
 */
#define PROFBUF_IOC_STATS	_IOC(_IOC_READ | _IOC_WRITE, PROFBUF_IOC_MAGIC, 7, 0)

/*
 * Choose the CPUs to sample.
 *	EINVAL	the mask holds no CPU, or one that this machine cannot have, the structure
 *		is too small, or @bytes is no multiple of 8
 *	EBUSY	the session has been started, and its end has not been read
 */
#define PROFBUF_IOC_SET_CPUS	_IOC(_IOC_WRITE, PROFBUF_IOC_MAGIC, 8, 0)

/*
 * Read which CPUs are to be sampled. @bytes says how large the mask may be.
 *	EINVAL	the mask takes more bytes, or the structure is too small
 */
#define PROFBUF_IOC_GET_CPUS	_IOC(_IOC_READ | _IOC_WRITE, PROFBUF_IOC_MAGIC, 9, 0)

/*
 * Ask for the function that a sampled address of the kernel is in. It is told to whoever may
 * sample the kernel, no matter whether /proc/kallsyms shows addresses. What has been unloaded
 * since the session was started is known, too.
 *	EINVAL	the session has not been started yet, a reserved field is set, or the structure is
 *		too small
 *	EPERM	as for PROFBUF_IOC_START
 *	ENOENT	no function is known to have been there at that time
 */
#define PROFBUF_IOC_KERNEL_SYMBOL	_IOC(_IOC_READ | _IOC_WRITE, PROFBUF_IOC_MAGIC, 10, 0)

/*
 * Load the unwind table of a file. From then on, walks of all sessions go by it in that file's
 * code, wherever it is mapped. It stays until no session is open any more that was started or has
 * called this, or others need its place and it was neither used nor asked for in the last
 * seconds: what is missing can be loaded again.
 *	EEXIST	there is a table of that file already
 *	ENOENT	there is none, and it was only asked
 *	EBADF	@fd is not an open file
 *	EINVAL	the table is not as <linux/profbuf_unwind.h> says, an unknown flag or a reserved
 *		field is set, @fd is not -1 for the vdso, or the structure is too small
 *	E2BIG	the table and what is made of it take more than the module's parameter
 *		unwind_memory, or the table is larger than 2 GiB
 *	ENOSPC	there would be too many or too large ones, and those that are there are in use
 *	ENOMEM	there is no memory, or the user would have too much of it locked
 *	EPERM	as for PROFBUF_IOC_START
 */
#define PROFBUF_IOC_LOAD_UNWIND	_IOC(_IOC_WRITE, PROFBUF_IOC_MAGIC, 11, 0)

/**
 * profbuf_frame_check - can this frame be walked?
 * @frame: what may be a frame, aligned to 8 bytes
 * @size: bytes that there are at @frame
 *
 * Return: 1 if the whole frame is there and its sizes agree with each other, 0 if not.
 */
static __inline__ int profbuf_frame_check(const struct profbuf_frame *frame, __u64 size)
{
	__u64 payload;

	if (size < sizeof(*frame) || frame->magic != PROFBUF_MAGIC)
		return 0;
	if (frame->size < sizeof(*frame) || frame->size > size || frame->size % 8)
		return 0;
	if (frame->type != PROFBUF_FRAME_SAMPLES)
		return 1;
	payload = ((__u64)frame->words + frame->records) * 8;
	return frame->size - sizeof(*frame) == payload;
}

/**
 * profbuf_frame_records - the first word of the records of a SAMPLES frame
 * @frame: a frame that profbuf_frame_check() accepts
 *
 * Return: the words; frame->words of them.
 */
static __inline__ const __u64 *profbuf_frame_records(const struct profbuf_frame *frame)
{
	return (const __u64 *)(frame + 1);
}

/**
 * profbuf_frame_tags - the tags of a SAMPLES frame
 * @frame: a frame that profbuf_frame_check() accepts
 *
 * Return: the tags; frame->records of them.
 */
static __inline__ const __u64 *profbuf_frame_tags(const struct profbuf_frame *frame)
{
	return profbuf_frame_records(frame) + frame->words;
}

/**
 * profbuf_record_check - can this record be used?
 * @frame: the SAMPLES frame, which profbuf_frame_check() accepts
 * @position: where in the frame's words the record begins
 *
 * The next record begins at @position plus the length.
 *
 * Return: the record's length in words if it is whole, otherwise 0, also at the end.
 */
static __inline__ __u32 profbuf_record_check(const struct profbuf_frame *frame, __u32 position)
{
	__u64 length;

	if (position >= frame->words)
		return 0;
	length = profbuf_frame_records(frame)[position];
	if (length < PROFBUF_RECORD_FIXED + (__u32)frame->hdrsize ||
	    length > frame->words - position)
		return 0;
	return (__u32)length;
}

#endif /* _UAPI_LINUX_PROFBUF_H */
