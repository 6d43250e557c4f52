// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of the spaces: charged for, prepared for interrupts, and freed when these have done.
 */
#include <linux/cpumask.h>
#include <linux/llist.h>
#include <linux/overflow.h>
#include <linux/pfn.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "memory.h"
#include "percpu.h"
#include "session.h"
#include "space.h"
#include "space_look.h"
#include "space_memory.h"

/* More spaces there are not at a time. */
#define SPACES_MAX	16384

/**
 * profbuf_space_charge - charge the session's owner for memory
 * @spaces: the spaces
 * @size: bytes
 *
 * By pages as it grows, and not given back before the end of the session: what was needed once will
 * be again.
 *
 * Context: process. The worker's, as all that has no other comment here.
 * Return: false if there may be no more.
 */
bool profbuf_space_charge(struct profbuf_spaces *spaces, size_t size)
{
	unsigned long pages = PFN_UP(spaces->size + size);

	if (pages > spaces->pages) {
		if (profbuf_account_charge(&spaces->session->account, pages - spaces->pages))
			return false;
		spaces->pages = pages;
	}
	spaces->size += size;
	return true;
}

static void memory_uncharge(struct profbuf_spaces *spaces, size_t size)
{
	spaces->size -= size;
}

static size_t ranges_size(u32 capacity)
{
	struct profbuf_ranges *ranges;

	return struct_size(ranges, range, capacity);
}

/**
 * profbuf_space_new_ranges - make room for ranges
 * @spaces: the spaces
 * @capacity: for how many
 *
 * Context: process; sleeps.
 * Return: no ranges yet, to be freed by profbuf_space_drop_ranges(); NULL if there is no memory.
 */
struct profbuf_ranges *profbuf_space_new_ranges(struct profbuf_spaces *spaces, u32 capacity)
{
	size_t size = ranges_size(capacity);
	struct profbuf_ranges *ranges;

	if (!profbuf_space_charge(spaces, size))
		return NULL;
	ranges = profbuf_ranges_alloc(capacity, SPACE_GFP);
	if (!ranges)
		memory_uncharge(spaces, size);
	return ranges;
}

/**
 * profbuf_space_drop_ranges - free ranges that no interrupt finds any more
 * @spaces: the spaces
 * @ranges: the ranges
 *
 * Context: process.
 */
void profbuf_space_drop_ranges(struct profbuf_spaces *spaces, struct profbuf_ranges *ranges)
{
	memory_uncharge(spaces, ranges_size(ranges->capacity));
	kfree_rcu(ranges, rcu);
}

static struct profbuf_space *memory_new_space(struct profbuf_spaces *spaces)
{
	struct profbuf_space *space;

	if (spaces->count >= SPACES_MAX || !profbuf_space_charge(spaces, sizeof(*space)))
		return NULL;
	space = kzalloc(sizeof(*space), SPACE_GFP);
	if (space)
		spaces->count++;
	else
		memory_uncharge(spaces, sizeof(*space));
	return space;
}

static bool spares_need(const struct profbuf_spares *spares)
{
	/* Pairs with the release in spares_take(): the slot has been read. */
	return spares->made - smp_load_acquire(&spares->taken) < PROFBUF_SPARES;
}

static void spares_put(struct profbuf_spares *spares, void *item)
{
	spares->item[spares->made % PROFBUF_SPARES] = item;
	/* Pairs with the acquire in spares_peek(). */
	smp_store_release(&spares->made, spares->made + 1);
}

static int memory_prepare(struct profbuf_spaces *spaces, struct profbuf_cpu *pc)
{
	void *item;

	while (spares_need(&pc->spare_spaces)) {
		item = memory_new_space(spaces);
		if (!item)
			return -ENOMEM;
		spares_put(&pc->spare_spaces, item);
	}
	while (spares_need(&pc->spare_ranges)) {
		item = profbuf_space_new_ranges(spaces, PROFBUF_RANGES_SPARE);
		if (!item)
			return -ENOMEM;
		spares_put(&pc->spare_ranges, item);
	}
	return 0;
}

static void memory_unprepare(struct profbuf_spaces *spaces, struct profbuf_cpu *pc)
{
	u32 nr_spaces = pc->spare_spaces.made - pc->spare_spaces.taken;
	u32 nr_ranges = pc->spare_ranges.made - pc->spare_ranges.taken;

	profbuf_spares_free(pc);
	memory_uncharge(spaces, nr_spaces * sizeof(struct profbuf_space));
	memory_uncharge(spaces, nr_ranges * ranges_size(PROFBUF_RANGES_SPARE));
	spaces->count -= nr_spaces;
}

/**
 * profbuf_space_prepare_all - make sure that there is memory for all who cannot allocate
 * @spaces: the spaces
 *
 * Where there is none now, there may be when an interrupt asks again.
 *
 * Context: process; sleeps.
 */
void profbuf_space_prepare_all(struct profbuf_spaces *spaces)
{
	struct profbuf_cpu *pc;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		pc = profbuf_session_cpu(spaces->session, cpu);
		if (pc)
			memory_prepare(spaces, pc);
	}
	profbuf_look_prepare(spaces);
}

/**
 * profbuf_space_free_retired - free ranges that interrupts have replaced
 * @spaces: the spaces
 *
 * Context: process.
 */
void profbuf_space_free_retired(struct profbuf_spaces *spaces)
{
	struct profbuf_ranges *ranges, *next;

	llist_for_each_entry_safe(ranges, next, llist_del_all(&spaces->retired), retired)
		profbuf_space_drop_ranges(spaces, ranges);
}

/**
 * profbuf_space_free - free a space that nobody finds any more
 * @space: the space
 *
 * Who takes a mapping away may have noted it when the last look had been told.
 *
 * Context: process.
 */
void profbuf_space_free(struct profbuf_space *space)
{
	profbuf_look_free(space->chunks);
	profbuf_look_free(space->at_end);
	kfree(space->ranges);
	mmdrop(space->mm);
	kfree(space);
}

/*
 * Spaces that no interrupt sees any more. RCU's callbacks run in softirqs, in which the last
 * reference to an address space must not be given back: x86's pgd_lock is taken there, which
 * others hold with softirqs enabled.
 */
static LLIST_HEAD(dead_spaces);

static void memory_free_dead(struct work_struct *work)
{
	struct profbuf_space *space, *next;

	llist_for_each_entry_safe(space, next, llist_del_all(&dead_spaces), node)
		profbuf_space_free(space);
}

static DECLARE_WORK(dead_spaces_work, memory_free_dead);

static void memory_free_rcu(struct rcu_head *rcu)
{
	llist_add(&container_of(rcu, struct profbuf_space, rcu)->node, &dead_spaces);
	queue_work(system_dfl_wq, &dead_spaces_work);
}

/**
 * profbuf_space_drop - free a space that is not in the table any more
 * @spaces: the spaces
 * @space: the space, which interrupts may still be looking at
 *
 * Context: process.
 */
void profbuf_space_drop(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	const struct profbuf_ranges *ranges = space->ranges;

	if (ranges)
		memory_uncharge(spaces, ranges_size(ranges->capacity));
	memory_uncharge(spaces, sizeof(*space));
	spaces->count--;
	call_rcu(&space->rcu, memory_free_rcu);
}

/**
 * profbuf_spaces_prepare - make sure that there is memory for the interrupts of a CPU
 * @spaces: the spaces
 * @pc: a CPU's part of the session
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int profbuf_spaces_prepare(struct profbuf_spaces *spaces, struct profbuf_cpu *pc)
{
	int error;

	mutex_lock(&spaces->worker);
	error = memory_prepare(spaces, pc);
	if (error)
		memory_unprepare(spaces, pc);
	mutex_unlock(&spaces->worker);
	return error;
}

/**
 * profbuf_spaces_cleanup - at module exit, when there are no sessions
 *
 * Context: process; sleeps.
 */
void profbuf_spaces_cleanup(void)
{
	rcu_barrier();
	flush_work(&dead_spaces_work);
}

/**
 * profbuf_spares_free - free what was prepared for the interrupts of a CPU
 * @pc: a CPU's part of a session, which samples no more
 *
 * Context: process.
 */
void profbuf_spares_free(struct profbuf_cpu *pc)
{
	struct profbuf_spares *spares;

	for (spares = &pc->spare_spaces; spares->taken != spares->made; spares->taken++)
		kfree(spares->item[spares->taken % PROFBUF_SPARES]);
	for (spares = &pc->spare_ranges; spares->taken != spares->made; spares->taken++)
		kfree(spares->item[spares->taken % PROFBUF_SPARES]);
}
