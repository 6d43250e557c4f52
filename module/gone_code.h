/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_GONE_CODE_H
#define PROFBUF_GONE_CODE_H

#include <linux/types.h>

struct profbuf_kernel_symbol;

int profbuf_gone_code_setup(void);
void profbuf_gone_code_cleanup(void);

void profbuf_gone_code_keep(void);
void profbuf_gone_code_forget(void);

int profbuf_gone_code_lock(struct profbuf_kernel_symbol *symbol);
void profbuf_gone_code_unlock(void);

#endif /* PROFBUF_GONE_CODE_H */
