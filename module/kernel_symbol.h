/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_KERNEL_SYMBOL_H
#define PROFBUF_KERNEL_SYMBOL_H

struct profbuf_kernel_symbol;

int profbuf_kernel_symbol_find(struct profbuf_kernel_symbol *symbol);

#endif /* PROFBUF_KERNEL_SYMBOL_H */
