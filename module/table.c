// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind tables: loaded, checked, shared, and taken away when there are too many.
 */
#include <linux/align.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kdev_t.h>
#include <linux/kprobes.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "table.h"
#include "unwind.h"
#include "unwind_usual.h"

#define TABLE_BUCKETS	1024

/* What was used in the last seconds stays: to take it away would be to load it again. */
#define TABLE_UNUSED	(10 * HZ)

static ulong unwind_memory = 64 << 20;
module_param(unwind_memory, ulong, 0644);
MODULE_PARM_DESC(unwind_memory, "bytes that all unwind tables may take together");

struct profbuf_table __rcu *profbuf_tables[PROFBUF_TABLES_MAX];
atomic_t profbuf_tables_loaded;

/* All but the look-ups: what follows, slots and buckets. */
static DEFINE_MUTEX(table_lock);
static struct hlist_head table_bucket[TABLE_BUCKETS];
static unsigned long table_pages;
static unsigned int table_count;
static unsigned int table_users;
static u64 table_last_id;

/* For administrators to see. */
static int table_get_count(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%u\n", READ_ONCE(table_count));
}

static int table_get_used(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu\n", PFN_PHYS((u64)READ_ONCE(table_pages)));
}

static int table_set_nothing(const char *text, const struct kernel_param *kp)
{
	return -EPERM;
}

static const struct kernel_param_ops table_count_ops = {
	.set = table_set_nothing,
	.get = table_get_count,
};

static const struct kernel_param_ops table_used_ops = {
	.set = table_set_nothing,
	.get = table_get_used,
};

module_param_cb(unwind_tables, &table_count_ops, NULL, 0444);
MODULE_PARM_DESC(unwind_tables, "how many unwind tables there are, to be read");
module_param_cb(unwind_used, &table_used_ops, NULL, 0444);
MODULE_PARM_DESC(unwind_used, "bytes that all unwind tables take, to be read");

/* What tells a file from all others, in a form without padding. */
struct table_file {
	u64 inode;
	u64 ctime_sec;
	u32 ctime_nsec;
	u32 inode_generation;
	u32 major;
	u32 minor;
};

static siphash_key_t table_secret __read_mostly;

/*
 * Nobody who does not know the secret finds two files of the same key, and by chance there are
 * none. 0 is no key.
 */
static u64 table_hash(const struct table_file *file)
{
	return siphash(file, sizeof(*file), &table_secret) ?: 1;
}

static u64 table_key_of_inode(const struct inode *inode)
{
	struct timespec64 ctime = inode_get_ctime(inode);
	struct table_file file = {
		.inode = inode->i_ino,
		.inode_generation = inode->i_generation,
		.ctime_sec = ctime.tv_sec,
		.ctime_nsec = ctime.tv_nsec,
		.major = MAJOR(inode->i_sb->s_dev),
		.minor = MINOR(inode->i_sb->s_dev),
	};

	return table_hash(&file);
}

static u64 table_key_of_vdso(void)
{
	static const struct table_file file;

	return table_hash(&file);
}

/**
 * profbuf_table_key - what file a mapping's code is of
 * @vma: the mapping, which must stay
 *
 * Context: any.
 * Return: the key, to be found by; 0 if it is of no file and not the vdso.
 */
u64 profbuf_table_key(const struct vm_area_struct *vma)
{
	if (vma->vm_file)
		return table_key_of_inode(file_user_inode(vma->vm_file));
	if (vma->vm_start == (unsigned long)vma->vm_mm->context.vdso)
		return table_key_of_vdso();
	return 0;
}

/* What @key is for mappings of an open file; 0 if there is no such file. */
static u64 table_key_of_fd(int fd)
{
	struct fd file = fdget(fd);
	u64 key = 0;

	if (fd_file(file))
		key = table_key_of_inode(file_mapped_inode(fd_file(file)));
	fdput(file);
	return key;
}

static struct hlist_head *table_bucket_of(u64 key)
{
	return &table_bucket[hash_64(key, ilog2(TABLE_BUCKETS))];
}

/**
 * profbuf_table_find - look for the table of a file
 * @key: the file's key
 *
 * Context: any, under RCU.
 * Return: the table's ID; 0 if there is none.
 */
notrace u64 profbuf_table_find(u64 key)
{
	const struct profbuf_table *table;

	hlist_for_each_entry_rcu(table, table_bucket_of(key), node, true)
		if (table->key == key)
			return table->id;
	return 0;
}
NOKPROBE_SYMBOL(profbuf_table_find);

/* An ID that was never used, of a slot that is free. */
static u64 table_new_id(void)
{
	unsigned int i;
	u64 id;

	for (i = 0; i < PROFBUF_TABLES_MAX; i++) {
		id = ++table_last_id;
		if (id && !rcu_access_pointer(profbuf_tables[id % PROFBUF_TABLES_MAX]))
			return id;
	}
	return 0;
}

static void table_drop(struct profbuf_table *table)
{
	hlist_del_rcu(&table->node);
	RCU_INIT_POINTER(profbuf_tables[table->id % PROFBUF_TABLES_MAX], NULL);
	WRITE_ONCE(table_pages, table_pages - table->pages);
	WRITE_ONCE(table_count, table_count - 1);
	profbuf_account_uncharge(&table->account, table->pages);
	profbuf_account_close(&table->account);
	kvfree_rcu(table, rcu);
}

static struct profbuf_table *table_in_slot(unsigned int slot)
{
	return rcu_dereference_protected(profbuf_tables[slot], lockdep_is_held(&table_lock));
}

/* The table that was used longest ago, if that is long enough. */
static struct profbuf_table *table_oldest(void)
{
	struct profbuf_table *oldest = NULL, *table;
	long unused, age = TABLE_UNUSED;
	unsigned long now = jiffies;
	unsigned int slot;

	for (slot = 0; slot < PROFBUF_TABLES_MAX; slot++) {
		table = table_in_slot(slot);
		if (!table)
			continue;
		/* Signed: an interrupt of a later tick may use it meanwhile. */
		unused = now - READ_ONCE(table->used);
		if (unused >= age) {
			oldest = table;
			age = unused;
		}
	}
	return oldest;
}

/* Makes room for one more, at the expense of what nobody uses. */
static int table_make_room(unsigned long pages)
{
	unsigned long limit = PFN_DOWN(READ_ONCE(unwind_memory));
	struct profbuf_table *table;

	if (pages > limit)
		return -E2BIG;
	while (table_pages > limit - pages) {
		table = table_oldest();
		if (!table)
			return -ENOSPC;
		table_drop(table);
	}
	return 0;
}

/*
 * Makes room for a table, and for what is made of its rules. What user memory says of their number
 * may be another one when it is read again.
 */
static struct profbuf_table *table_alloc(const struct profbuf_unwind_load *load,
					 struct profbuf_unwind_table *header)
{
	size_t size = offsetof(struct profbuf_table, unwind) + ALIGN(load->table_size, sizeof(u64));
	struct profbuf_table *table;

	if (copy_from_user(header, u64_to_user_ptr(load->table), sizeof(*header)))
		return ERR_PTR(-EFAULT);
	if (header->nr_rules > load->table_size / sizeof(struct profbuf_unwind_rule))
		return ERR_PTR(-EINVAL);
	/* Who asks for too much gets an error: nobody else is killed for it, and no log filled. */
	table = kvmalloc(size + header->nr_rules * sizeof(*table->usual),
			 GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!table)
		return ERR_PTR(-ENOMEM);
	memset(table, 0, offsetof(struct profbuf_table, unwind));
	table->usual = (void *)table + size;
	table->pages = PFN_UP(size + header->nr_rules * sizeof(*table->usual));
	return table;
}

/* Who could write to it between the check and the use would not be checked: it is copied first. */
static struct profbuf_table *table_copy(const struct profbuf_unwind_load *load)
{
	struct profbuf_unwind_table header;
	struct profbuf_table *table;
	int error = -EFAULT;

	table = table_alloc(load, &header);
	if (IS_ERR(table))
		return table;
	if (copy_from_user(&table->unwind, u64_to_user_ptr(load->table), load->table_size))
		goto free;
	error = -EINVAL;
	if (table->unwind.nr_rules != header.nr_rules)
		goto free;
	error = profbuf_unwind_check(&table->unwind, load->table_size);
	if (error)
		goto free;
	profbuf_unwind_prepare(&table->unwind, table->usual);
	return table;

free:
	kvfree(table);
	return ERR_PTR(error);
}

static int table_add(struct profbuf_table *table)
{
	int error;

	lockdep_assert_held(&table_lock);
	if (profbuf_table_find(table->key))
		return -EEXIST;
	error = table_make_room(table->pages);
	if (error)
		return error;
	table->id = table_new_id();
	if (!table->id) {
		struct profbuf_table *oldest = table_oldest();

		if (!oldest)
			return -ENOSPC;
		table_drop(oldest);
		table->id = table_new_id();
	}
	profbuf_account_open(&table->account);
	error = profbuf_account_charge(&table->account, table->pages);
	if (error) {
		profbuf_account_close(&table->account);
		return error;
	}
	WRITE_ONCE(table_pages, table_pages + table->pages);
	WRITE_ONCE(table_count, table_count + 1);
	table->used = jiffies;
	rcu_assign_pointer(profbuf_tables[table->id % PROFBUF_TABLES_MAX], table);
	hlist_add_head_rcu(&table->node, table_bucket_of(table->key));
	/* Fully ordered: who sees the new count and looks again finds it. */
	atomic_inc_return(&profbuf_tables_loaded);
	return 0;
}

/**
 * profbuf_table_load - PROFBUF_IOC_LOAD_UNWIND
 * @load: what to load, whose flags and reserved fields are in order
 *
 * Context: process; sleeps. profbuf_tables_keep() was called.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_table_load(const struct profbuf_unwind_load *load)
{
	struct profbuf_table *table;
	int error;
	u64 key;

	if (load->flags & PROFBUF_UNWIND_VDSO)
		key = table_key_of_vdso();
	else
		key = table_key_of_fd(load->fd);
	if (!key)
		return -EBADF;
	rcu_read_lock();
	/* Who is told that it is there will want it: this is a use. */
	error = profbuf_table_get(profbuf_table_find(key)) ? -EEXIST : 0;
	rcu_read_unlock();
	if (error)
		return error;
	if (!load->table_size)
		return -ENOENT;
	if (load->table_size < sizeof(struct profbuf_unwind_table))
		return -EINVAL;
	/* No more can be copied at a time; and what is allocated for so much does not overflow. */
	if (load->table_size > min_t(u64, READ_ONCE(unwind_memory), INT_MAX))
		return -E2BIG;

	table = table_copy(load);
	if (IS_ERR(table))
		return PTR_ERR(table);
	table->key = key;
	mutex_lock(&table_lock);
	error = table_add(table);
	mutex_unlock(&table_lock);
	if (error)
		kvfree(table);
	return error;
}

/**
 * profbuf_tables_keep - there is a session more that wants them
 *
 * Context: process; sleeps.
 */
void profbuf_tables_keep(void)
{
	mutex_lock(&table_lock);
	table_users++;
	mutex_unlock(&table_lock);
}

/**
 * profbuf_tables_forget - there is one less
 *
 * The last one takes all tables with it.
 *
 * Context: process; sleeps.
 */
void profbuf_tables_forget(void)
{
	struct profbuf_table *table;
	unsigned int slot;

	mutex_lock(&table_lock);
	if (!--table_users) {
		for (slot = 0; slot < PROFBUF_TABLES_MAX; slot++) {
			table = table_in_slot(slot);
			if (table)
				table_drop(table);
		}
	}
	mutex_unlock(&table_lock);
}

/**
 * profbuf_tables_setup - at module entry
 *
 * Context: process.
 */
void profbuf_tables_setup(void)
{
	get_random_bytes(&table_secret, sizeof(table_secret));
}
