/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compile: from an ELF file to the table of it, by all that the file tells.
 */
#ifndef PROFBUF_UNWIND_COMPILE_H
#define PROFBUF_UNWIND_COMPILE_H

#include <stddef.h>
#include <stdint.h>

#include <linux/profbuf_unwind.h>

/**
 * struct unwind_summary - what a table was made of
 * @code_size: bytes of the file's code
 * @source_size: bytes of .eh_frame with its header, of .debug_frame, .sframe and .gopclntab
 * @functions: that these tell of
 * @damaged: their entries that could not be read, or not to their end
 */
struct unwind_summary {
	uint64_t code_size;
	uint64_t source_size;
	uint32_t functions;
	uint32_t damaged;
};

/*
 * Both take what they are given, @fd or @memory from malloc(), also if they fail; the table is to
 * be freed. -ENODATA: the file does not tell of any code; -ENOEXEC: it is no ELF file;
 * -EOPNOTSUPP: it is one, but not of x86-64; -EBADMSG: it is damaged; -EFAULT: it was truncated
 * meanwhile; -E2BIG: it tells more than any real one; -EISDIR, -ENODEV: it is no file; -ENOMEM.
 */
int unwind__compile(int fd, struct profbuf_unwind_table **table, struct unwind_summary *summary);
int unwind__compile_memory(void *memory, size_t size, struct profbuf_unwind_table **table,
			   struct unwind_summary *summary);

#endif /* PROFBUF_UNWIND_COMPILE_H */
