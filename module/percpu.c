// SPDX-License-Identifier: GPL-2.0
/*
 * What a session has for one CPU: ring, scratch and counters, on the CPU's own node.
 */
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "copy.h"
#include "memory.h"
#include "percpu.h"
#include "session.h"
#include "source.h"
#include "unwind_usual.h"

/*
 * Sizes of the ring that @config asks for. There is a tag slot for every record that the
 * data ring could hold, so that only words can be short.
 */
static int cpu_ring_layout(const struct profbuf_config *config, struct profbuf_ring_layout *layout)
{
	u32 words = config->ring_size / sizeof(u64);
	u32 least_record = PROFBUF_RECORD_FIXED + config->hdrsize;

	return profbuf_ring_layout(layout, config->hdrsize, words, words / least_record);
}

/* Rules of unwind tables are of user stacks. */
static size_t cpu_unwind_words(const struct profbuf_config *config)
{
	BUILD_BUG_ON(sizeof(struct profbuf_unwind_cache) % SMP_CACHE_BYTES);
	return config->flags & PROFBUF_USER ? sizeof(struct profbuf_unwind_cache) / sizeof(u64) : 0;
}

/*
 * Words of what is small and never seen from outside: rules of unwind tables, an overflow entry and
 * the scratch.
 */
static size_t cpu_other_words(const struct profbuf_config *config,
			      const struct profbuf_ring_layout *layout)
{
	return cpu_unwind_words(config) + profbuf_ring_overflow_words(layout) +
	       config->stack_depth + profbuf_copy_words(config);
}

static unsigned long cpu_pages(const struct profbuf_config *config,
			       const struct profbuf_ring_layout *layout)
{
	return PFN_UP(layout->data_len * sizeof(u64)) + PFN_UP(layout->tag_len * sizeof(u64)) +
	       PFN_UP(cpu_other_words(config, layout) * sizeof(u64));
}

static int cpu_alloc_ring(struct profbuf_cpu *pc, const struct profbuf_ring_layout *layout,
			  int node)
{
	const struct profbuf_config *config = &pc->session->running;
	u64 *data = profbuf_memory_alloc(layout->data_len * sizeof(u64), node);
	u64 *tags = profbuf_memory_alloc(layout->tag_len * sizeof(u64), node);
	u64 *other = profbuf_memory_alloc(cpu_other_words(config, layout) * sizeof(u64), node);

	pc->other = other;
	if (other && cpu_unwind_words(config)) {
		pc->unwind_cache = (struct profbuf_unwind_cache *)other;
		other += cpu_unwind_words(config);
	}
	profbuf_ring_init(&pc->ring, layout, data, tags, other);
	if (!data || !tags || !other)
		return -ENOMEM;
	pc->scratch = other + profbuf_ring_overflow_words(layout);

	/* With no deadline to wait for, every record wakes. */
	if (config->deadline_ns)
		pc->ring.watermark = clamp_t(u64, config->watermark, sizeof(u64),
					     config->ring_size / 2) / sizeof(u64);
	return 0;
}

static void cpu_free_memory(struct profbuf_cpu *pc)
{
	profbuf_spares_free(pc);
	profbuf_memory_free(pc->ring.data);
	profbuf_memory_free(pc->ring.tags);
	profbuf_memory_free(pc->other);
	kfree(pc);
}

/**
 * profbuf_cpu_new - make what a session has for one CPU
 * @session: the session, whose running configuration is used and whose account is charged
 * @cpu: number of the CPU
 *
 * Context: process.
 * Return: that, to be freed by profbuf_cpu_free(); an error pointer if there is no memory, or no
 * more for this user.
 */
struct profbuf_cpu *profbuf_cpu_new(struct profbuf_session *session, unsigned int cpu)
{
	struct profbuf_ring_layout layout;
	int node = cpu_to_node(cpu);
	struct profbuf_cpu *pc;
	unsigned long pages;
	int error;

	error = cpu_ring_layout(&session->running, &layout);
	if (error)
		return ERR_PTR(error);
	pages = cpu_pages(&session->running, &layout);
	error = profbuf_account_charge(&session->account, pages);
	if (error)
		return ERR_PTR(error);

	error = -ENOMEM;
	/*
	 * Not vmalloc'ed: before 6.4 a copy from user memory to @frame would, with hardened
	 * usercopy, take a lock that the interrupted task may hold.
	 */
	pc = kzalloc_node(sizeof(*pc), GFP_KERNEL_ACCOUNT, node);
	if (!pc)
		goto uncharge;
	pc->session = session;
	pc->cpu = cpu;
	pc->pages = pages;
	profbuf_overload_init(&pc->overload, &session->running);

	error = cpu_alloc_ring(pc, &layout, node);
	if (error)
		goto free;
	error = session->source->init(pc, node);
	if (error)
		goto free;
	error = profbuf_spaces_prepare(session->spaces, pc);
	if (error)
		goto free_source;
	return pc;

free_source:
	session->source->free(pc);
free:
	cpu_free_memory(pc);
uncharge:
	profbuf_account_uncharge(&session->account, pages);
	return ERR_PTR(error);
}

/**
 * profbuf_cpu_free - free what profbuf_cpu_new() made
 * @pc: that, or NULL; its source has been stopped
 *
 * Context: process.
 */
void profbuf_cpu_free(struct profbuf_cpu *pc)
{
	if (!pc)
		return;
	profbuf_account_uncharge(&pc->session->account, pc->pages);
	pc->session->source->free(pc);
	cpu_free_memory(pc);
}
