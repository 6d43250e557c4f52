// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of rings: pages of a node, and the user whom they are charged to.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/pfn.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/vmalloc.h>

#include "memory.h"

/* Who asks for too much gets an error: nobody else is killed for it, and no log filled. */
#define MEMORY_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/*
 * What is left free, one part in so many of all there is. The last free pages of a machine are
 * needed by others, who would have somebody killed for them.
 */
#define MEMORY_RESERVE	16

static ulong user_memory = 2 << 20;
module_param(user_memory, ulong, 0644);
MODULE_PARM_DESC(user_memory, "bytes, for each CPU, that a user may use besides RLIMIT_MEMLOCK");

/**
 * profbuf_account_open - have the caller pay
 * @account: where to note who that is, and how much the user may have
 *
 * Context: process.
 */
void profbuf_account_open(struct profbuf_account *account)
{
	account->user = get_uid(current_user());
	if (capable(CAP_IPC_LOCK) || rlimit(RLIMIT_MEMLOCK) == RLIM_INFINITY)
		account->limit = ULONG_MAX;
	else
		account->limit = PFN_DOWN(rlimit(RLIMIT_MEMLOCK));
}

/**
 * profbuf_account_close - forget who pays, when all is paid back
 * @account: the account, open or not
 *
 * Context: process.
 */
void profbuf_account_close(struct profbuf_account *account)
{
	if (account->user)
		free_uid(account->user);
	account->user = NULL;
}

/* As for perf's buffers, it grows with the machine: so does what a session of it takes. */
static unsigned long account_allowance(void)
{
	u64 bytes;

	if (check_mul_overflow((u64)READ_ONCE(user_memory), (u64)num_online_cpus(), &bytes))
		return ULONG_MAX;
	return PFN_DOWN(bytes);
}

/**
 * profbuf_account_charge - count pages as locked by the user
 * @account: an open account
 * @pages: their number
 *
 * Context: any but NMI; not necessarily the user's own.
 * Return: 0, or -ENOMEM if the user would have more than allowed.
 */
int profbuf_account_charge(struct profbuf_account *account, unsigned long pages)
{
	unsigned long locked = atomic_long_add_return(pages, &account->user->locked_vm);
	unsigned long allowed;

	if (account->limit == ULONG_MAX ||
	    check_add_overflow(account->limit, account_allowance(), &allowed) || locked <= allowed)
		return 0;
	atomic_long_sub(pages, &account->user->locked_vm);
	return -ENOMEM;
}

/**
 * profbuf_account_uncharge - give pages back
 * @account: the account
 * @pages: their number
 *
 * Context: any but NMI.
 */
void profbuf_account_uncharge(struct profbuf_account *account, unsigned long pages)
{
	atomic_long_sub(pages, &account->user->locked_vm);
}

/* Taking all there is and then failing would leave others nothing meanwhile. */
static bool memory_is_short(unsigned long pages)
{
	long rest;

	return check_sub_overflow(si_mem_available(), (long)pages, &rest) ||
	       rest < (long)(totalram_pages() / MEMORY_RESERVE);
}

/**
 * profbuf_memory_alloc - allocate pages of a node, mapped one behind the other
 * @size: bytes
 * @node: the node that they are preferably of
 *
 * Single pages, so that no block of them has to be found or made free.
 *
 * Context: process; sleeps.
 * Return: zeroed memory, to be freed by profbuf_memory_free(); NULL if there is none.
 */
void *profbuf_memory_alloc(size_t size, int node)
{
	unsigned long count = PFN_UP(size);
	unsigned long i;
	struct page **pages;
	void *memory;

	if (memory_is_short(count))
		return NULL;
	pages = kvmalloc_array(count, sizeof(*pages), MEMORY_GFP);
	if (!pages)
		return NULL;
	for (i = 0; i < count; i++) {
		if (fatal_signal_pending(current))
			goto free;
		pages[i] = alloc_pages_node(node, MEMORY_GFP | __GFP_ZERO, 0);
		if (!pages[i])
			goto free;
		cond_resched();
	}
	/* With this flag, pages and array belong to the mapping. */
	memory = vmap(pages, count, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (memory)
		return memory;

free:
	while (i--)
		__free_page(pages[i]);
	kvfree(pages);
	return NULL;
}

/**
 * profbuf_memory_free - free what profbuf_memory_alloc() returned
 * @memory: that, or NULL
 *
 * Context: process.
 */
void profbuf_memory_free(void *memory)
{
	vfree(memory);
}
