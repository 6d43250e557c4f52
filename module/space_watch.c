// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of what is mapped in sampled address spaces.
 *
 * Three functions of the kernel are hooked from the first session on, for as long as the module is
 * loaded. To take a hook away waits for all tasks of the machine, and so for a real-time task that
 * keeps others from running; a session that is to start would wait with it.
 *
 *	perf_event_mmap(vma)		something was mapped, or its protection changed; with the
 *					address space's lock held for writing
 *	uprobe_munmap(vma, start, end)	a mapping of a file is about to go
 *	uprobe_clear_state(mm)		nobody uses the address space any more, but all
 *					mappings are still there
 *
 * The kernel has them for its own profilers and debuggers, which need to know the same. Hooks of
 * ftrace's that are marked as permanent cannot be switched off behind our back. For
 * the address space of a process that was never sampled, each of them is a failing look-up.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/string.h>

#include "compat.h"
#include "space.h"
#include "space_look.h"
#include "space_watch.h"

/* Those of all sessions that sample. Changed under watch_lock, read under RCU. */
static LIST_HEAD(watched);
static DEFINE_MUTEX(watch_lock);

static void watch_put(struct profbuf_spaces *spaces)
{
	if (refcount_dec_and_test(&spaces->tellers))
		complete(&spaces->untold);
}

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS

/* Mappings that went since the last look and are told of one by one. */
#define WATCH_GONE_MAX		32

/* Tells one session's space of a change of what is mapped at some addresses. */
typedef void (*watch_fn)(struct profbuf_spaces *spaces, struct profbuf_space *space,
			 struct vm_area_struct *vma, unsigned long start, unsigned long end);

/* Returns the generation that ends. */
static u32 watch_change(struct profbuf_space *space)
{
	/* Fully ordered: pairs with the exchange in profbuf_space_sample_new(). */
	u32 generation = atomic_inc_return(&space->generation);

	/* There are no more: what is sampled from now on is of another space. */
	if (unlikely(generation == PROFBUF_GENERATION_MAX))
		WRITE_ONCE(space->key, NULL);
	return generation - 1;
}

/* A part of a mapping of @space goes, and with it the generation. */
static void watch_gone(struct profbuf_spaces *spaces, struct profbuf_space *space,
		       struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct space_mapping mapping = {
		.start = start,
		.end = end,
		.offset = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT),
		.file = vma->vm_file,
		.flags = PROFBUF_MAPPING_GONE,
		.generation = watch_change(space),
	};
	struct space_chunk *chunk;
	unsigned long flags;
	bool room;

	atomic_inc(&space->shrunk);
	raw_spin_lock_irqsave(&spaces->lock, flags);
	/* No record names a generation in which it was there but was not told. */
	if (atomic_read(&space->sampled) <= space->told && space->told_all) {
		raw_spin_unlock_irqrestore(&spaces->lock, flags);
		return;
	}
	chunk = space->chunks;
	room = space->gone < WATCH_GONE_MAX;
	if (room && (!chunk || chunk->count == SPACE_CHUNK_MAPPINGS)) {
		chunk = spaces->chunks;
		room = chunk;
		if (chunk) {
			spaces->chunks = chunk->next;
			spaces->nr_chunks--;
			chunk->next = space->chunks;
			chunk->count = 0;
			space->chunks = chunk;
		}
	}
	if (room) {
		chunk->mapping[chunk->count++] = mapping;
		get_file(mapping.file);
		space->gone++;
	} else {
		space->incomplete = true;
	}
	raw_spin_unlock_irqrestore(&spaces->lock, flags);
	profbuf_space_queue(spaces, space, 0);
}

static void watch_map(struct profbuf_spaces *spaces, struct profbuf_space *space,
		      struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct profbuf_ranges *ranges;

	if (vma->vm_flags & VM_EXEC) {
		/* A just-in-time compiler may do this thousands of times a second. */
		if (vma->vm_file)
			watch_change(space);
		else
			atomic_inc(&space->grown);
		return;
	}

	/* Is it data where code was? */
	ranges = READ_ONCE(space->ranges);
	if (!ranges || !profbuf_ranges_overlap(ranges, start, end))
		return;
	if (vma->vm_file)
		watch_gone(spaces, space, vma, start, end);
	else
		atomic_inc(&space->shrunk);
}

/* The last look at an address space, before its mappings go. */
static void watch_last_look(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	struct space_look look = {};
	unsigned long flags;

	/* Others that have a reference may look at it, the killer of memory hogs for one. */
	if (mmap_read_trylock(space->mm)) {
		profbuf_space_look(spaces, &look, space, 0);
		mmap_read_unlock(space->mm);
	} else {
		look.incomplete = true;
	}

	/*
	 * Not among those that went: the worker may be about to take these for a look that it
	 * made before.
	 */
	space->at_end = look.chunks;
	raw_spin_lock_irqsave(&spaces->lock, flags);
	space->incomplete |= look.incomplete;
	raw_spin_unlock_irqrestore(&spaces->lock, flags);
}

/* All of it goes: @vma, @start and @end tell nothing. */
static void watch_end(struct profbuf_spaces *spaces, struct profbuf_space *space,
		      struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long flags;
	bool told;

	WRITE_ONCE(space->key, NULL);
	raw_spin_lock_irqsave(&spaces->lock, flags);
	told = space->told >= atomic_read(&space->sampled);
	raw_spin_unlock_irqrestore(&spaces->lock, flags);
	if (!told)
		watch_last_look(spaces, space);
	profbuf_space_queue(spaces, space, SPACE_ENDED);
}

/*
 * What is to be told of sampled address spaces is not inlined: for all the others, the hooks then
 * have no registers to save.
 */
static noinline void watch_tell(struct mm_struct *mm, watch_fn tell, struct vm_area_struct *vma,
				unsigned long start, unsigned long end)
{
	struct profbuf_spaces *spaces;
	struct profbuf_space *space;

	rcu_read_lock();
	list_for_each_entry_rcu(spaces, &watched, node) {
		/* Has it left the list meanwhile? */
		if (!refcount_inc_not_zero(&spaces->tellers))
			continue;
		space = profbuf_space_find(spaces, mm);
		if (space)
			tell(spaces, space, vma, start, end);
		watch_put(spaces);
	}
	rcu_read_unlock();
}

/* Most address spaces are not sampled: there is no need to ask each session. */
static __always_inline bool watch_may_be_sampled(const struct mm_struct *mm)
{
	return unlikely(atomic_read(&profbuf_spaces_in_bucket[profbuf_space_hash(mm)]));
}

static void notrace watch_perf_event_mmap(unsigned long ip, unsigned long parent_ip,
					  struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)ftrace_regs_get_argument(fregs, 0);

	if (watch_may_be_sampled(vma->vm_mm))
		watch_tell(vma->vm_mm, watch_map, vma, vma->vm_start, vma->vm_end);
}

static void notrace watch_uprobe_munmap(unsigned long ip, unsigned long parent_ip,
					struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)ftrace_regs_get_argument(fregs, 0);

	if ((vma->vm_flags & VM_EXEC) && vma->vm_file && watch_may_be_sampled(vma->vm_mm))
		watch_tell(vma->vm_mm, watch_gone, vma, ftrace_regs_get_argument(fregs, 1),
			   ftrace_regs_get_argument(fregs, 2));
}

static void notrace watch_uprobe_clear_state(unsigned long ip, unsigned long parent_ip,
					     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct mm_struct *mm = (void *)ftrace_regs_get_argument(fregs, 0);

	if (watch_may_be_sampled(mm))
		watch_tell(mm, watch_end, NULL, 0, 0);
}

static struct watch_hook {
	const char *name;
	struct ftrace_ops ops;
	bool registered;
} watch_hooks[] = {
	{ .name = "perf_event_mmap", .ops.func = watch_perf_event_mmap },
	{ .name = "uprobe_munmap", .ops.func = watch_uprobe_munmap },
	{ .name = "uprobe_clear_state", .ops.func = watch_uprobe_clear_state },
};

static bool watch_hooked;

static void watch_unhook(void)
{
	struct watch_hook *hook;

	for (hook = watch_hooks; hook < watch_hooks + ARRAY_SIZE(watch_hooks); hook++) {
		if (hook->registered)
			unregister_ftrace_function(&hook->ops);
		hook->registered = false;
	}
	watch_hooked = false;
}

static int watch_hook(void)
{
	struct watch_hook *hook;
	int error;

	for (hook = watch_hooks; hook < watch_hooks + ARRAY_SIZE(watch_hooks); hook++) {
		hook->ops.flags = FTRACE_OPS_FL_PERMANENT;
		error = ftrace_set_filter(&hook->ops, (unsigned char *)hook->name,
					  strlen(hook->name), 1);
		if (!error)
			error = register_ftrace_function(&hook->ops);
		hook->registered = !error;
		if (error) {
			pr_warn("%s() cannot be hooked, error %d: user stacks are of one frame, and what is mapped is not told\n",
				hook->name, error);
			watch_unhook();
			return error;
		}
	}
	watch_hooked = true;
	return 0;
}

static void watch_cleanup(void)
{
	struct watch_hook *hook;

	if (watch_hooked)
		watch_unhook();
	/* Before 6.3 a filter that was freed cannot be set anew, so this comes last. */
	for (hook = watch_hooks; hook < watch_hooks + ARRAY_SIZE(watch_hooks); hook++)
		ftrace_free_filter(&hook->ops);
}

#else /* !CONFIG_DYNAMIC_FTRACE_WITH_ARGS */

static const bool watch_hooked;

static int watch_hook(void)
{
	pr_warn("the kernel's functions cannot be hooked: user stacks are of one frame, and what is mapped is not told\n");
	return -EOPNOTSUPP;
}

static void watch_cleanup(void)
{
}

#endif

/**
 * profbuf_space_watch - have changes told
 * @spaces: to whom
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int profbuf_space_watch(struct profbuf_spaces *spaces)
{
	int error = 0;

	mutex_lock(&watch_lock);
	if (!watch_hooked)
		error = watch_hook();
	if (!error) {
		refcount_set(&spaces->tellers, 1);
		list_add_rcu(&spaces->node, &watched);
	}
	mutex_unlock(&watch_lock);
	return error;
}

/**
 * profbuf_space_unwatch - undo profbuf_space_watch()
 * @spaces: to whom changes were told; afterwards nobody is about to
 *
 * Context: process; sleeps.
 */
void profbuf_space_unwatch(struct profbuf_spaces *spaces)
{
	mutex_lock(&watch_lock);
	list_del_rcu(&spaces->node);
	mutex_unlock(&watch_lock);
	/*
	 * Not synchronize_rcu(): on PREEMPT_RT a grace period waits for every CPU that a real-time
	 * task keeps for itself.
	 */
	watch_put(spaces);
	wait_for_completion(&spaces->untold);
}

/**
 * profbuf_space_watch_cleanup - at module exit, when there are no sessions
 *
 * Context: process; sleeps.
 */
void profbuf_space_watch_cleanup(void)
{
	watch_cleanup();
}
