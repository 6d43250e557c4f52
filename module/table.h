/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind tables that were loaded, for all sessions.
 *
 * Nobody holds a reference: who uses a table remembers its ID, which no other one ever has, and
 * looks it up in each section of RCU anew. So a table can go at any time, and holds nothing that
 * a file system or a process would miss.
 */
#ifndef PROFBUF_TABLE_H
#define PROFBUF_TABLE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/profbuf.h>
#include <linux/profbuf_unwind.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "memory.h"
#include "unwind_usual.h"

/* A power of two. */
#define PROFBUF_TABLES_MAX	4096

/**
 * struct profbuf_table - an unwind table
 * @id: its ID: the slot it is in, and how many were there before it
 * @used: jiffies, about when it was used last
 * @key: what file it is of
 * @node: among those of similar keys; RCU
 * @account: whom it is charged to
 * @pages: how many pages
 * @rcu: to be freed
 * @usual: its rules, ready for use; behind @unwind
 * @unwind: the table itself, checked
 */
struct profbuf_table {
	u64 id;
	unsigned long used;
	u64 key;
	struct hlist_node node;
	struct profbuf_account account;
	unsigned long pages;
	struct rcu_head rcu;
	struct profbuf_unwind_usual *usual;
	struct profbuf_unwind_table unwind;
};

extern struct profbuf_table __rcu *profbuf_tables[PROFBUF_TABLES_MAX];

/* How many were ever loaded. */
extern atomic_t profbuf_tables_loaded;

void profbuf_tables_keep(void);
void profbuf_tables_forget(void);
void profbuf_tables_setup(void);
int profbuf_table_load(const struct profbuf_unwind_load *load);
u64 profbuf_table_key(const struct vm_area_struct *vma);
u64 profbuf_table_find(u64 key);

/**
 * profbuf_table_get - the table with an ID
 * @id: the ID, or 0
 *
 * Context: any, under RCU.
 * Return: the table, valid as long as RCU's read side lasts; NULL if it has gone.
 */
static __always_inline const struct profbuf_table *profbuf_table_get(u64 id)
{
	struct profbuf_table *table;

	/* Raw: interrupts are read sides without rcu_read_lock(). */
	table = rcu_dereference_raw(profbuf_tables[id % PROFBUF_TABLES_MAX]);
	if (!table || table->id != id)
		return NULL;
	/* Written seldom, as each CPU may do so. */
	if (unlikely(jiffies - READ_ONCE(table->used) >= HZ))
		WRITE_ONCE(table->used, jiffies);
	return table;
}

#endif /* PROFBUF_TABLE_H */
