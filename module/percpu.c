// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of one CPU of a session: ring, scratch and counters, on the CPU's own node.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "percpu.h"
#include "source_timer.h"

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

/**
 * profbuf_cpu_pages - memory of one CPU
 * @config: a checked configuration
 *
 * Return: pages that profbuf_cpu_new() takes for the two rings, which is nearly all of it.
 */
unsigned long profbuf_cpu_pages(const struct profbuf_config *config)
{
	struct profbuf_ring_layout layout = {};

	cpu_ring_layout(config, &layout);
	return PFN_UP(layout.data_len * sizeof(u64)) + PFN_UP(layout.tag_len * sizeof(u64));
}

/* Who asks for too much gets an error: nobody else is killed for it, and no log filled. */
static void *cpu_zalloc(size_t size, int node)
{
	return kvmalloc_node(size, GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN |
			     __GFP_ZERO, node);
}

/**
 * profbuf_cpu_new - make what a session has for one CPU
 * @session: the session, whose running configuration is used
 * @cpu: number of the CPU
 *
 * Context: process.
 * Return: that, to be freed by profbuf_cpu_free(); NULL if there is no memory.
 */
struct profbuf_cpu *profbuf_cpu_new(struct profbuf_session *session, unsigned int cpu)
{
	const struct profbuf_config *config = &session->running;
	struct profbuf_ring_layout layout;
	u64 *data, *tags, *overflow_record;
	int node = cpu_to_node(cpu);
	struct profbuf_cpu *pc;

	if (cpu_ring_layout(config, &layout))
		return NULL;

	pc = cpu_zalloc(struct_size(pc, scratch, config->stack_depth), node);
	if (!pc)
		return NULL;
	data = cpu_zalloc(layout.data_len * sizeof(u64), node);
	tags = cpu_zalloc(layout.tag_len * sizeof(u64), node);
	overflow_record = cpu_zalloc(profbuf_ring_overflow_words(&layout) * sizeof(u64), node);
	profbuf_ring_init(&pc->ring, &layout, data, tags, overflow_record);
	if (!data || !tags || !overflow_record) {
		profbuf_cpu_free(pc);
		return NULL;
	}

	pc->ring.watermark = clamp_t(u64, config->watermark, sizeof(u64), config->ring_size / 2) /
			     sizeof(u64);
	pc->session = session;
	pc->cpu = cpu;
	profbuf_timer_init(pc);
	return pc;
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
	kvfree(pc->ring.data);
	kvfree(pc->ring.tags);
	kvfree(pc->ring.overflow_record);
	kvfree(pc);
}
