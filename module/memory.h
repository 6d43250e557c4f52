/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_MEMORY_H
#define PROFBUF_MEMORY_H

#include <linux/types.h>

struct user_struct;

/**
 * struct profbuf_account - whom memory is charged to
 * @user: the user; NULL if there is none yet
 * @limit: pages that the user may have locked, besides the allowance; ULONG_MAX: any number
 */
struct profbuf_account {
	struct user_struct *user;
	unsigned long limit;
};

void profbuf_account_open(struct profbuf_account *account);
void profbuf_account_close(struct profbuf_account *account);
int profbuf_account_charge(struct profbuf_account *account, unsigned long pages);
void profbuf_account_uncharge(struct profbuf_account *account, unsigned long pages);

void *profbuf_memory_alloc(size_t size, int node);
void profbuf_memory_free(void *memory);

#endif /* PROFBUF_MEMORY_H */
