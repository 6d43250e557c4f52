/* SPDX-License-Identifier: GPL-2.0 */
/*
 * elf_symbols: the functions that the symbol tables of an ELF file name.
 */
#ifndef PROFBUF_SYMBOL_ELF_SYMBOLS_H
#define PROFBUF_SYMBOL_ELF_SYMBOLS_H

#include "image.h"
#include "symtab.h"

/* What a file had, to be or-ed together over several files. */
#define ELF_SYMBOLS_ALL		(1U << 0)	/* .symtab */
#define ELF_SYMBOLS_EXPORTED	(1U << 1)	/* .dynsym */

/*
 * Add them to @symtab, with names that point into the image. To be called under
 * guard__run().
 *
 * Return: ELF_SYMBOLS_*; -EBADMSG: the file is damaged; -ENOMEM.
 */
int elf_symbols__read(struct symtab *symtab, const struct image *image);

#endif /* PROFBUF_SYMBOL_ELF_SYMBOLS_H */
