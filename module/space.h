/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address spaces of sampled processes, and what is mapped in them.
 *
 * An interrupt looks the address space of what it interrupted up in a hash table, without a
 * lock; one that is not there yet is put there, with memory that a worker has prepared. The
 * worker then looks at what is mapped, and makes SPACE frames of it, for the reader.
 *
 * Each change of what is mapped adds 1 to the space's generation (space_watch.c). A record
 * names the generation, and the frame tells which one it is of.
 *
 * An entry pins the address space's structure (mm_count), so that its address is nobody else's
 * meanwhile, but not what is mapped there (mm_users): a process that ends gives
 * back all it has. Entries are freed when the address space has ended.
 *
 * The lock of the spaces protects what is marked so below. Entries are put into the table by
 * interrupts and taken out by the worker alone; who looks them up is in RCU's read side.
 */
#ifndef PROFBUF_SPACE_H
#define PROFBUF_SPACE_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/profbuf.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "ranges.h"

struct profbuf_cpu;
struct profbuf_session;
struct space_chunk;

#define PROFBUF_SPACE_BUCKETS	1024

/*
 * How many spaces there are in the same bucket of all sessions. At least those that a look-up
 * can find are counted: where there is none, it can be left out.
 */
extern atomic_t profbuf_spaces_in_bucket[PROFBUF_SPACE_BUCKETS];

/* What is prepared for the interrupts of a CPU; a power of two. */
#define PROFBUF_SPARES		32

#define PROFBUF_GENERATION_BITS	24
#define PROFBUF_GENERATION_MAX	((1U << PROFBUF_GENERATION_BITS) - 1)

/* It is queued for the worker. */
#define SPACE_QUEUED		1

/* Nobody uses the address space any more. The worker frees it when it comes to it. */
#define SPACE_ENDED		2

/**
 * struct profbuf_space - a space
 * @next: in the bucket; RCU
 * @key: the address space that is looked up; NULL: none any more
 * @id: its ID, shifted as in the space word
 * @generation: grows with each file that is mapped or unmapped
 * @sampled: the newest generation that a record may name
 * @ranges: what is executable; RCU; NULL if that is not known yet
 * @grown: how many times memory of no file has become executable
 * @shrunk: how many times any memory ceased to be, as it became data or was unmapped
 * @ranges_at: when an interrupt has last looked for ranges
 * @state: SPACE_QUEUED and SPACE_ENDED
 * @node: for that
 * @mm: the address space; holds a reference of mm_count
 * @entry: where its program begins, or 0
 * @told: the newest generation that a frame was made of, 0: none. Under the lock
 * @told_all: that frame misses nothing that was mapped in its generation. Under the lock
 * @chunks: mappings that went. Under the lock
 * @gone: how many. Under the lock
 * @at_end: what was there at the end; for the worker, once it is told of that
 * @incomplete: not all of them are there. Under the lock
 * @previous: ID of the space that the process had before; under the worker's mutex
 * @looked_at: when the worker has last looked at it; under its mutex
 * @sampled_ns: when it was put into the table
 * @tgid: the process that it was first sampled of
 * @parent: its parent then
 * @ns_tgid: the process in its own PID namespace
 * @pid_ns: that namespace
 * @mnt_ns: its mount namespace, or 0
 * @start_ns: when the process was started
 * @rcu: to be freed
 */
struct profbuf_space {
	struct profbuf_space *next;
	struct mm_struct *key;
	u64 id;
	atomic_t generation;
	atomic_t sampled;
	struct profbuf_ranges *ranges;
	atomic_t grown;
	atomic_t shrunk;
	u64 ranges_at;
	atomic_t state;
	struct llist_node node;
	struct mm_struct *mm;
	unsigned long entry;

	u32 told;
	bool told_all;
	bool incomplete;
	struct space_chunk *chunks;
	u32 gone;
	struct space_chunk *at_end;

	u64 previous;
	u64 looked_at;
	u64 sampled_ns;
	u32 tgid;
	u32 parent;
	u32 ns_tgid;
	u64 pid_ns;
	u64 mnt_ns;
	u64 start_ns;
	struct rcu_head rcu;
};

/**
 * struct profbuf_spares - what is prepared for the interrupts of a CPU
 * @item: what is there is from @taken on, up to @made
 * @made: how many have been put there; the worker's
 * @taken: how many have been taken; the interrupt's
 */
struct profbuf_spares {
	void *item[PROFBUF_SPARES];
	u32 made;
	u32 taken;
};

/**
 * struct profbuf_spaces - the spaces that a session has sampled
 * @session: the session
 * @rcu: to be freed
 * @bucket: the hash table
 * @pending: spaces that the worker is to look at
 * @retired: ranges that were replaced
 * @wake: has the worker called
 * @work: the worker
 * @later: calls it for what must not be looked at again so soon
 * @flush: calls it to have all told
 * @node: in the list of those that are told of changes
 * @tellers: hooks that tell of a change now, and one while they may
 * @untold: none is left
 * @lock: see above
 * @chunks: prepared for those who cannot allocate. Under @lock
 * @nr_chunks: how many. Under @lock
 * @frames: SPACE frames for the reader. Under @frames_lock
 * @frames_size: bytes of them. Under @frames_lock
 * @frames_lock: protects these
 * @starved: frames were not made, as too many waited for the reader
 * @blind: nobody tells of changes: there are no spaces
 * @lost: what could not be told
 * @worker: serializes the worker with those who do its work themselves; protects what follows
 * @ended: nothing is looked at any more
 * @sequence: frames made
 * @last: which space a process had last, by the last digits of its ID
 * @count: spaces that there are, spare ones included
 * @size: bytes of spaces and ranges
 * @pages: pages that were charged for
 */
struct profbuf_spaces {
	struct profbuf_session *session;
	struct rcu_head rcu;
	struct profbuf_space *bucket[PROFBUF_SPACE_BUCKETS];
	struct llist_head pending;
	struct llist_head retired;
	struct irq_work wake;
	struct work_struct work;
	struct delayed_work later;
	struct work_struct flush;
	struct list_head node;
	refcount_t tellers;
	struct completion untold;
	raw_spinlock_t lock;
	struct space_chunk *chunks;
	unsigned int nr_chunks;
	struct list_head frames;
	size_t frames_size;
	/* Of @frames and @frames_size. */
	spinlock_t frames_lock;
	bool starved;
	bool blind;
	atomic64_t lost;
	/* Of the worker and who does its work. */
	struct mutex worker;
	bool ended;
	u64 sequence;
	struct profbuf_space_last *last;
	unsigned long count;
	size_t size;
	unsigned long pages;
};

/* For the session. */
struct profbuf_spaces *profbuf_spaces_new(struct profbuf_session *session);
void profbuf_spaces_begin(struct profbuf_spaces *spaces);
int profbuf_spaces_prepare(struct profbuf_spaces *spaces, struct profbuf_cpu *pc);
void profbuf_spaces_flush(struct profbuf_spaces *spaces);
void profbuf_spaces_end(struct profbuf_spaces *spaces, bool tell);
void profbuf_spaces_free(struct profbuf_spaces *spaces);
void profbuf_spares_free(struct profbuf_cpu *pc);
void profbuf_spaces_cleanup(void);
void profbuf_space_setup(void);

/* For the reader. */
void profbuf_spaces_read(struct profbuf_spaces *spaces);

/* For the sampling interrupt. */
struct profbuf_space *profbuf_space_add(struct profbuf_cpu *pc, u64 now);
u32 profbuf_space_sample_new(struct profbuf_spaces *spaces, struct profbuf_space *space);
struct profbuf_ranges *profbuf_space_ranges_new(struct profbuf_cpu *pc,
						struct profbuf_space *space,
						struct pt_regs *regs, u64 now);

/* For who looks at it. */
void profbuf_space_find_entry(struct profbuf_space *space);

/* For those who tell of changes and ask for a look. */
void profbuf_space_queue(struct profbuf_spaces *spaces, struct profbuf_space *space, int state);

static __always_inline u32 profbuf_space_hash(const struct mm_struct *mm)
{
	return hash_ptr(mm, ilog2(PROFBUF_SPACE_BUCKETS));
}

static __always_inline struct profbuf_space **profbuf_space_bucket(struct profbuf_spaces *spaces,
								   const struct mm_struct *mm)
{
	return &spaces->bucket[profbuf_space_hash(mm)];
}

/* The pointers carry the address dependency that orders what is read through them. */
static __always_inline struct profbuf_space *profbuf_space_search(struct profbuf_space *space,
								  const struct mm_struct *mm)
{
	while (space && READ_ONCE(space->key) != mm)
		space = READ_ONCE(space->next);
	return space;
}

/**
 * profbuf_space_find - the space of an address space
 * @spaces: the spaces
 * @mm: the address space, which the caller keeps from being freed
 *
 * Context: any, under RCU.
 * Return: the space, or NULL if it was not sampled.
 */
static __always_inline struct profbuf_space *profbuf_space_find(struct profbuf_spaces *spaces,
								const struct mm_struct *mm)
{
	return profbuf_space_search(READ_ONCE(*profbuf_space_bucket(spaces, mm)), mm);
}

/**
 * profbuf_space_sample - a record is about to name a space
 * @spaces: the spaces
 * @space: the space
 *
 * Context: hard interrupt or NMI.
 * Return: the generation that it is to name.
 */
static __always_inline u32 profbuf_space_sample(struct profbuf_spaces *spaces,
						struct profbuf_space *space)
{
	int generation = atomic_read(&space->generation);

	if (likely(generation <= atomic_read(&space->sampled)))
		return generation;
	return profbuf_space_sample_new(spaces, space);
}

/**
 * profbuf_space_ranges - what is executable in the current task's space
 * @pc: this CPU's part of a session
 * @space: the space
 * @generation: its generation
 * @regs: what was interrupted, or NULL
 * @now: the monotonic clock
 *
 * Context: as profbuf_space_add().
 * Return: the ranges, valid until the end of the interrupt; NULL if they are not known. Those of an
 * earlier generation lack what was mapped since.
 */
static __always_inline struct profbuf_ranges *
profbuf_space_ranges(struct profbuf_cpu *pc, struct profbuf_space *space, u32 generation,
		     struct pt_regs *regs, u64 now)
{
	struct profbuf_ranges *ranges = READ_ONCE(space->ranges);

	if (likely(ranges && ranges->generation == generation &&
		   ranges->shrunk == atomic_read(&space->shrunk) &&
		   ranges->grown == atomic_read(&space->grown)))
		return ranges;
	return profbuf_space_ranges_new(pc, space, regs, now);
}

#endif /* PROFBUF_SPACE_H */
