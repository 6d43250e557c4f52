/* SPDX-License-Identifier: GPL-2.0 */
/*
 * needed: the files whose code a program has before it has executed anything: its own, the dynamic
 * linker and libraries. They are found by what the files say, as the dynamic linker finds
 * them, and nothing of them is executed.
 */
#ifndef PROFBUF_RECORD_NEEDED_H
#define PROFBUF_RECORD_NEEDED_H

/**
 * struct needed_places - where the dynamic linker looks
 * @ld_library_path: LD_LIBRARY_PATH; NULL: there is none
 * @preload: LD_PRELOAD; NULL: there is none
 * @preload_file: /etc/ld.so.preload
 * @cache: /etc/ld.so.cache
 */
struct needed_places {
	const char *ld_library_path;
	const char *preload;
	const char *preload_file;
	const char *cache;
};

/* As it does for us. */
void needed__get_places(struct needed_places *places);

/*
 * Call @function for the program @path and for each file that it needs, as far as they are found,
 * and for a few more that it may have instead, which other processors take. -ENOMEM, or what
 * @function returns: it ends when that is an error.
 */
int needed__find(const struct needed_places *places, const char *path,
		 int (*function)(void *context, const char *path), void *context);

#endif /* PROFBUF_RECORD_NEEDED_H */
