/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dwarf: inlined functions and source lines of the addresses of a file.
 *
 * Of each compilation unit that an address is in, the functions are read once and kept
 * sorted by address, and of each function that an address is in, the functions that are
 * inlined into it. The search that libdw offers walks the unit for each address.
 *
 * All of this is to be called under guard__run().
 */
#ifndef PROFBUF_SYMBOL_DWARF_H
#define PROFBUF_SYMBOL_DWARF_H

#include "image.h"

struct dwarf;

/**
 * struct dwarf_frame - a function
 * @name: as the linker knows it, else as its source has it; NULL: unknown
 * @file: source file; NULL: unknown
 * @line: source line; 0: unknown
 */
struct dwarf_frame {
	const char *name;
	const char *file;
	uint32_t line;
};

/**
 * dwarf__open - find the debugging information of a file
 * @dwarf: set unless it fails
 * @image: the file
 * @alternate: the file that .gnu_debugaltlink of @image names; NULL: none
 *
 * Return: 0; -ENOENT: there is none; -ENOLINK: @alternate is needed; -EBADMSG: it is
 * damaged; -ENOMEM.
 */
int dwarf__open(struct dwarf **dwarf, const struct image *image, const struct image *alternate);
void dwarf__close(struct dwarf *dwarf);

/**
 * dwarf__find - which functions an address is in
 * @dwarf: the file's debugging information
 * @address: address in the file
 * @frames: filled in, innermost first
 * @max: room in @frames, 1 or more; of deeper inlining the innermost ones are kept, and
 *	the outermost
 * @start: first address of the part of the outermost function that the address is in
 * @end: the address behind it
 *
 * Return: how many frames; 0: nothing is known.
 */
size_t dwarf__find(struct dwarf *dwarf, uint64_t address, struct dwarf_frame *frames, size_t max,
		   uint64_t *start, uint64_t *end);

#endif /* PROFBUF_SYMBOL_DWARF_H */
