/* SPDX-License-Identifier: GPL-2.0 */
/*
 * plt: the stubs through which a file calls functions of others, "name@plt". They have
 * no symbols: a stub is known by the relocated word through which it jumps.
 */
#ifndef PROFBUF_SYMBOL_PLT_H
#define PROFBUF_SYMBOL_PLT_H

#include "image.h"
#include "strings.h"
#include "symtab.h"

/* Add them to @symtab. To be called under guard__run(). -ENOMEM. */
int plt__read(struct symtab *symtab, const struct image *image, struct strings *strings);

#endif /* PROFBUF_SYMBOL_PLT_H */
