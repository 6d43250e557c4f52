/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug_file: the file that holds what was stripped from another one.
 */
#ifndef PROFBUF_SYMBOL_DEBUG_FILE_H
#define PROFBUF_SYMBOL_DEBUG_FILE_H

#include "image.h"

/**
 * struct debug_file_search - what to look for and where
 * @image: the stripped file; without one only the build-id is looked for
 * @path: of the stripped file, below the roots
 * @build_id: of the stripped file
 * @build_id_size: its bytes; 0: none
 * @roots: root directories to look below, as process__open_file() takes them
 * @nroots: how many
 * @directories: separated by colons
 * @found_root: below which of the roots the debug file was found
 * @found_path: at which path, to be freed; NULL: not found
 */
struct debug_file_search {
	const struct image *image;
	const char *path;
	const uint8_t *build_id;
	size_t build_id_size;
	int roots[2];
	size_t nroots;
	const char *directories;
	int found_root;
	char *found_path;
};

/* By build-id, then by .gnu_debuglink. -ENOENT: there is none. */
int debug_file__find(struct image *debug, struct debug_file_search *search);

/*
 * The file that .gnu_debugaltlink of @debug names: what several debug files have in
 * common. @debug is what was found, or the file itself. -ENOENT: there is none.
 */
int debug_file__find_alternate(struct image *alternate, const struct image *debug,
			       const struct debug_file_search *search);

/*
 * What .gnu_debugdata has inside, which is an ELF file with a symbol table only.
 * -ENOENT: there is none; -EFBIG: it unpacks to more than any real one.
 */
int debug_file__unpack_mini(struct image *mini, const struct image *image);

#endif /* PROFBUF_SYMBOL_DEBUG_FILE_H */
